/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/nfdump_files.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nffile/host_sketches.h"
#include "nffile/reader.h"
#include "nffile/writer.h"
#include "output/print.h"
#include "programs/common.h"

enum { STATUS_NO_DATA = 250 };

static void print_group(const char *label, uint64_t sum, const uint64_t *class)
{
	static const char *const name[PROTO_CLASSES] = {"tcp", "udp", "icmp", "other"};

	printf("%s: %" PRIu64 "\n", label, sum);
	for (unsigned i = 0; i < PROTO_CLASSES; i++)
		printf("%s_%s: %" PRIu64 "\n", label, name[i], class[i]);
}

/* NfSen reads this line by line. */
static void print_totals(const char *ident, const struct flow_totals *sum)
{
	uint64_t first = sum->first_ms == UINT64_MAX ? 0 : sum->first_ms;

	printf("Ident: %s\n", *ident ? ident : "none");
	print_group("Flows", sum->flows, sum->class_flows);
	print_group("Packets", sum->packets, sum->class_packets);
	print_group("Bytes", sum->bytes, sum->class_bytes);
	printf("First: %" PRIu64 "\nLast: %" PRIu64 "\n", first / 1000, sum->last_ms / 1000);
	printf("msec_first: %" PRIu64 "\nmsec_last: %" PRIu64 "\n", first % 1000, sum->last_ms % 1000);
	printf("Sequence failures: %" PRIu64 "\n", sum->sequence_failures);
}

/* Totals of a file that has none (it was never closed) are counted. */
static int count_totals(struct nffile_reader *reader, struct flow_totals *totals)
{
	struct block block;
	struct record_view view;
	struct error error = {0};
	int status = EXIT_DONE, got = block_init(&block, BLOCK_WRITE_BYTES);

	record_view_init(&view);
	totals_init(totals);
	if (got != NFGEO_OK)
		return EXIT_FAILED;
	while ((got = nffile_next(reader, &block, &error)) != 0) {
		struct block_cursor cursor = block_cursor(&block);
		const uint8_t *record;
		size_t len;

		if (got < 0) {
			common_complain("nfdump", "%s", error.text);
			status = EXIT_INCOMPLETE;
		}
		while (block_next(&cursor, &record, &len) > 0)
			if (bytes_get16(record) == RECORD_FLOW && record_view(&view, record, len) == NFGEO_OK)
				totals_query(totals, &view);
	}
	block_fini(&block);
	return status;
}

/* Totals of one file. @return exit status that it gives the program */
static int file_totals(const char *path, struct flow_totals *totals, char *ident, size_t ident_len)
{
	struct nffile_reader *reader;
	struct error error = {0};
	const struct nffile_info *info;
	int status = EXIT_DONE;

	if (nffile_open(&reader, path, &error) != NFGEO_OK) {
		common_complain("nfdump", "%s", error.text);
		return STATUS_NO_DATA;
	}
	info = nffile_info(reader);
	snprintf(ident, ident_len, "%s", info->ident);
	if (info->has_totals) {
		*totals = info->totals;
	} else {
		common_complain("nfdump", "%s: was never closed: its totals are counted", path);
		status = count_totals(reader, totals);
		if (status == EXIT_DONE)
			status = EXIT_INCOMPLETE;
	}
	nffile_close(reader);
	return status;
}

int files_totals(const struct inputs *inputs)
{
	struct flow_totals sum, one;
	char ident[256] = "", other[256];
	int status = EXIT_DONE;
	bool any = false;

	totals_init(&sum);
	for (size_t i = 0; i < inputs->path.count; i++) {
		int got = file_totals(inputs->path.text[i], &one, any ? other : ident, sizeof(ident));

		if (got != EXIT_DONE)
			status = got == STATUS_NO_DATA ? EXIT_INCOMPLETE : got;
		if (got == STATUS_NO_DATA)
			continue;
		totals_merge(&sum, &one);
		any = true;
	}
	if (!any)
		return STATUS_NO_DATA;
	print_totals(ident, &sum);
	return status;
}

/* -g: the time is that of the name, nfcapd.YYYYMMDDhhmm. */
int files_plot(const struct inputs *inputs)
{
	int status = EXIT_DONE;

	printf("# yyyy-mm-dd HH:MM:SS,flows,packets,bytes\n");
	for (size_t i = 0; i < inputs->path.count; i++) {
		const char *name = strrchr(inputs->path.text[i], '.');
		struct flow_totals totals;
		char ident[256];
		int got;

		if (!name || strlen(name + 1) < 12 || strspn(name + 1, "0123456789") < 12) {
			common_complain("nfdump", "%s: no time in the name (nfcapd.YYYYMMDDhhmm)",
					inputs->path.text[i]);
			status = EXIT_INCOMPLETE;
			continue;
		}
		got = file_totals(inputs->path.text[i], &totals, ident, sizeof(ident));
		if (got != EXIT_DONE)
			status = EXIT_INCOMPLETE;
		if (got == STATUS_NO_DATA)
			continue;
		printf("%.4s-%.2s-%.2s %.2s:%.2s:00,%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", name + 1,
		       name + 5, name + 7, name + 9, name + 11, totals.flows, totals.packets,
		       totals.bytes);
	}
	return status;
}

/* One file with another compression or ident, put in its place when complete. */
static int rewrite(const struct nfdump_options *options, const char *path)
{
	struct nffile_finish finish = {.rename_to = path};
	struct nffile_options form = {.creator = CREATOR_NFDUMP};
	struct nffile_writer *writer = NULL;
	struct nffile_reader *reader;
	struct error error = {0};
	char ident[256], name[PATH_MAX];
	int status = nffile_open(&reader, path, &error);

	if (status != NFGEO_OK)
		goto failed;
	snprintf(ident, sizeof(ident), "%s", nffile_info(reader)->ident);
	form.ident = options->task == TASK_IDENT ? options->ident : ident;
	form.codec = options->task == TASK_IDENT ? nffile_info(reader)->codec : options->codec;
	form.level = options->level;
	form.expected_flows = nffile_info(reader)->totals.flows;
	form.creator = nffile_info(reader)->creator;
	form.sketches = nffile_add_sketches(reader, NULL);
	nffile_close(reader);
	if (!common_work_name(path, "nfdump", name)) {
		status = error_set(&error, NFGEO_EINVAL, "%.200s: path too long", path);
		goto failed;
	}
	status = nffile_create(&writer, name, &form, &error);
	if (status != NFGEO_OK)
		goto failed;
	status = nffile_append_file(writer, path, &error);
	if (status == NFGEO_OK)
		status = nffile_finish(writer, &finish, &error);
	else
		nffile_abort(writer);
	if (status == NFGEO_OK)
		return EXIT_DONE;
failed:
	common_complain("nfdump", "%s", error.text);
	return status == NFGEO_ECORRUPT || status == NFGEO_ETRUNCATED ? EXIT_INCOMPLETE : EXIT_FAILED;
}

int files_rewrite(const struct nfdump_options *options, const struct inputs *inputs)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < inputs->path.count; i++) {
		int one = rewrite(options, inputs->path.text[i]);

		if (one != EXIT_DONE)
			status = one;
	}
	return status;
}

struct found {
	uint64_t blocks, records, flows, damage;
};

/* Read everything; each damage is named. */
static void walk(struct nffile_reader *reader, struct found *found,
		 void (*each)(const uint8_t *record, size_t len))
{
	struct block block;
	struct error error = {0};
	int got;

	if (block_init(&block, BLOCK_WRITE_BYTES) != NFGEO_OK)
		return;
	while ((got = nffile_next(reader, &block, &error)) != 0) {
		struct block_cursor cursor = block_cursor(&block);
		const uint8_t *record;
		size_t len;

		if (got < 0) {
			common_complain("nfdump", "%s", error.text);
			found->damage++;
		}
		found->blocks++;
		while (block_next(&cursor, &record, &len) > 0) {
			found->records++;
			found->flows += bytes_get16(record) == RECORD_FLOW;
			if (each)
				each(record, len);
		}
	}
	block_fini(&block);
}

static int open_file(const char *path, struct nffile_reader **reader)
{
	struct error error = {0};

	if (nffile_open(reader, path, &error) == NFGEO_OK)
		return EXIT_DONE;
	common_complain("nfdump", "%s", error.text);
	return EXIT_FAILED;
}

/* doc/file-format.md "Exporter records": address, version, id; and samplers */
static void print_exporter(const uint8_t *record, size_t len)
{
	uint16_t type = bytes_get16(record);
	char text[PRINT_ADDRESS_MAX + 1];

	if (type == RECORD_EXPORTER && len >= 32) {
		struct address address = bytes_get16(record + 24) == AF_INET6
						 ? address_ip6(bytes_get64(record + 8),
							       bytes_get64(record + 16))
						 : address_ip4(bytes_get32(record + 16));

		*put_address(text, &address) = '\0';
		printf("SysID: %u, IP: %s, version: %u, ID: %u\n", bytes_get16(record + 26), text,
		       bytes_get32(record + 4), bytes_get32(record + 28));
	} else if (type == RECORD_SAMPLER && len >= 24) {
		printf("  Sampler for Exporter SysID: %u, Sampler: id: %" PRId64
		       ", algorithm: %u, packet interval: %u, packet space: %u\n",
		       bytes_get16(record + 4), (int64_t)bytes_get64(record + 8),
		       bytes_get16(record + 6), bytes_get32(record + 16), bytes_get32(record + 20));
	} else if (type == RECORD_EXPORTER_STATS && len >= 8) {
		uint32_t count = bytes_get32(record + 4);

		for (uint32_t i = 0; i < count && 8 + 24 * ((size_t)i + 1) <= len; i++) {
			const uint8_t *at = record + 8 + 24 * (size_t)i;

			printf("  Stat: SysID: %u, packets: %" PRIu64 ", flows: %" PRIu64
			       ", sequence failures: %u\n",
			       bytes_get32(at), bytes_get64(at + 8), bytes_get64(at + 16),
			       bytes_get32(at + 4));
		}
	}
}

int files_exporters(const char *path)
{
	struct nffile_reader *reader;
	struct found found = {0};
	int status = open_file(path, &reader);

	if (status != EXIT_DONE)
		return status;
	printf("Exporters:\n");
	walk(reader, &found, print_exporter);
	nffile_close(reader);
	return found.damage ? EXIT_INCOMPLETE : EXIT_DONE;
}
