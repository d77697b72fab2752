/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: nffile show FILE               counts, geo blocks, damage; exit status 3 when damaged
 *        nffile fields FILE             every field of every flow, a "name value" line each
 *        nffile copy FILE NEW CODEC [query] [tail] [plain]
 *               rewrite; query: totals as a query tool makes them; tail: with made-up countries;
 *               plain: without geo blocks
 *        nffile append FILE NEW CODEC   NEW.tmp <- all blocks of FILE, renamed to NEW
 *
 * The file layer by hand, for tests/cli/nffile-*.t.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flow/geotail.h"
#include "nffile/geosummary.h"
#include "nffile/reader.h"
#include "nffile/writer.h"

enum { EXIT_DAMAGED = 3 };

struct counts {
	unsigned long blocks, records, flows, unreadable, damaged;
};

static void die(const char *what, const struct error *error)
{
	fprintf(stderr, "%s: %s\n", what, error->text);
	exit(1);
}

/* Give every block to `each`; print damage as it comes. */
static struct counts each_block(struct nffile_reader *reader,
				void (*each)(const struct block *block, void *arg), void *arg)
{
	struct counts counts = {0};
	struct block block = {0};
	struct error error;
	int status;

	while ((status = nffile_next(reader, &block, &error)) != 0) {
		if (status < 0) {
			printf("damage %s\n", error.text);
			counts.damaged++;
		}
		if (!block.record_count)
			continue;
		counts.blocks++;
		each(&block, arg);
	}
	block_fini(&block);
	return counts;
}

static void count_block(const struct block *block, void *arg)
{
	struct block_cursor cursor = block_cursor(block);
	struct counts *counts = arg;
	struct record_view view;
	const uint8_t *record;
	size_t len;

	record_view_init(&view);
	while (block_next(&cursor, &record, &len) == 1) {
		counts->records++;
		if (bytes_get16(record) != RECORD_FLOW)
			continue;
		if (record_view(&view, record, len) == NFGEO_OK)
			counts->flows++;
		else
			counts->unreadable++;
	}
}

static void show_geo(const struct geo_summary *summary)
{
	if (!summary) {
		printf("geo none\n");
		return;
	}
	printf("geo sealed=%d complete=%d entries=%u flows=%" PRIu64 " untagged=%" PRIu64 "\n",
	       summary->sealed, summary->complete, summary->entry_count,
	       summary->totals.flow_records, summary->totals.untagged.flows);
	for (uint32_t i = 0; i < summary->provenance_count; i++)
		printf("provenance %u %s\n", i + 1, summary->provenance[i]->type);
	for (unsigned code = 0; code < COUNTRY_CODES; code++) {
		const struct geo_count *src = &summary->totals.src[code];
		const struct geo_count *dst = &summary->totals.dst[code];

		if (src->flows || dst->flows)
			printf("country %u src %" PRIu64 " %" PRIu64 " dst %" PRIu64 " %" PRIu64
			       "\n",
			       code, src->flows, src->bytes, dst->flows, dst->bytes);
	}
}

static int show(struct nffile_reader *reader)
{
	const struct nffile_info *info = nffile_info(reader);
	struct counts inner = {0}, counts = each_block(reader, count_block, &inner);

	printf("blocks=%lu records=%lu flows=%lu unreadable=%lu skipped=%u codec=%s ident=%s "
	       "totals=%s/%" PRIu64 "/%" PRIu64 " open=%d\n",
	       counts.blocks, inner.records, inner.flows, inner.unreadable, nffile_skipped(reader),
	       codec_name(info->codec), info->ident, info->has_totals ? "yes" : "no",
	       info->totals.flows, info->totals.sequence_failures, info->never_closed);
	show_geo(nffile_summary(reader));
	return counts.damaged || inner.unreadable ? EXIT_DAMAGED : 0;
}

static void print_ip6(const uint8_t *at)
{
	struct address address = address_ip6(bytes_get64(at), bytes_get64(at + 8));
	char text[ADDRESS_TEXT];

	address_print(&address, text);
	printf("%s\n", text);
}

static void print_time(uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	printf("%s.%03u\n", text, (unsigned)(ms % 1000));
}

static void print_field(const struct record_view *view, enum field_id id)
{
	const struct field *field = &field_table[id];
	uint64_t number = view_number(view, id);
	struct address address = address_ip4((uint32_t)number);
	char text[ADDRESS_TEXT];

	printf("%s ", field->json);
	switch ((enum field_type)field->type) {
	case FIELD_TYPE_TIME:
		print_time(number);
		return;
	case FIELD_TYPE_IP4:
		address_print(&address, text);
		printf("%s\n", text);
		return;
	case FIELD_TYPE_IP6:
		print_ip6(view_payload(view, field->element) + field->offset);
		return;
	case FIELD_TYPE_MAC:
		for (int shift = 40; shift >= 0; shift -= 8)
			printf("%02x%s", (unsigned)(number >> shift & 0xff), shift ? ":" : "\n");
		return;
	case FIELD_TYPE_MPLS:
		printf("%u-%u-%u\n", (unsigned)number >> 4, (unsigned)number >> 1 & 7,
		       (unsigned)number & 1);
		return;
	case FIELD_TYPE_TEXT:
	case FIELD_TYPE_BYTES:
		printf("-\n");
		return;
	default:
		printf("%" PRIu64 "\n", number);
	}
}

static void print_fields(const struct block *block, void *arg)
{
	struct block_cursor cursor = block_cursor(block);
	struct record_view view;
	const uint8_t *record;
	size_t len;

	(void)arg;
	record_view_init(&view);
	while (block_next(&cursor, &record, &len) == 1) {
		if (bytes_get16(record) != RECORD_FLOW || record_view(&view, record, len) != NFGEO_OK)
			continue;
		printf("flow\nsampled %u\n", record[10] & RECORD_FLAG_SAMPLED ? 1 : 0);
		for (int id = 0; id < FIELD_COUNT; id++)
			if (*field_table[id].json && view_has(&view, field_table[id].element))
				print_field(&view, (enum field_id)id);
	}
}

struct copy {
	struct nffile_writer *writer;
	bool tail;
	struct block out;
};

/* Countries that no database needs to know: of the address' last bits. */
static uint16_t made_up_country(struct address address)
{
	return (uint16_t)(address.low % 999);
}

static void write_block(struct copy *copy, const struct block *block)
{
	struct error error;

	if (nffile_write(copy->writer, block, &error) != NFGEO_OK)
		die("write", &error);
}

static void copy_block(const struct block *block, void *arg)
{
	static const struct geo_provenance made_up = {.type = "made-up"};
	struct block_cursor cursor = block_cursor(block);
	struct copy *copy = arg;
	struct record_view view;
	const uint8_t *record;
	size_t len, added;

	if (!copy->tail) {
		write_block(copy, block);
		return;
	}
	block_clear(&copy->out);
	block_grow(&copy->out, 2 * BLOCK_READ_MAX_BYTES);
	copy->out.provenance = geo_provenance_intern(&made_up);
	record_view_init(&view);
	while (block_next(&cursor, &record, &len) == 1) {
		uint8_t *out = block_reserve(&copy->out, len + 2 * GEOTAIL_BYTES);

		added = 0;
		if (bytes_get16(record) == RECORD_FLOW && record_view(&view, record, len) == NFGEO_OK)
			added = geotail_add(&view, made_up_country(view_src(&view)),
					    made_up_country(view_dst(&view)), out);
		if (!added)
			memcpy(out, record, len);
		block_commit(&copy->out, added ? added : len);
	}
	write_block(copy, &copy->out);
}

static bool has_word(char **words, const char *word)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static void create(struct copy *copy, const char *path, const struct nffile_info *info,
		   char **words)
{
	struct nffile_options options = {.ident = info->ident,
					 .creator = CREATOR_NFDUMP,
					 .query_totals = has_word(words, "query"),
					 .no_geo_blocks = has_word(words, "plain"),
					 .arrival_order = !has_word(words, "cluster")};
	struct error error;

	if (codec_parse(words[0], &options.codec, &options.level, &error) != NFGEO_OK ||
	    nffile_create(&copy->writer, path, &options, &error) != NFGEO_OK)
		die("create", &error);
	copy->tail = has_word(words, "tail");
}

static int copy_file(struct nffile_reader *reader, const char *path, char **words)
{
	const struct nffile_info *info = nffile_info(reader);
	struct nffile_finish finish = {.sequence_failures = info->totals.sequence_failures,
				       .empty_first_ms = info->totals.first_ms,
				       .empty_last_ms = info->totals.last_ms};
	struct copy copy = {0};
	struct counts counts;
	struct error error;

	create(&copy, path, info, words);
	counts = each_block(reader, copy_block, &copy);
	block_fini(&copy.out);
	if (nffile_finish(copy.writer, &finish, &error) != NFGEO_OK)
		die("finish", &error);
	return counts.damaged ? EXIT_DAMAGED : 0;
}

static int append_file(struct nffile_reader *reader, const char *path, char **words)
{
	struct nffile_finish finish = {.rename_to = path};
	struct copy copy = {0};
	struct error error;
	char work[4096];

	snprintf(work, sizeof(work), "%s.tmp", path);
	create(&copy, work, nffile_info(reader), words);
	if (nffile_append_file(copy.writer, nffile_path(reader), &error) != NFGEO_OK)
		die("append", &error);
	if (nffile_finish(copy.writer, &finish, &error) != NFGEO_OK)
		die("finish", &error);
	return 0;
}

int main(int argc, char **argv)
{
	struct nffile_reader *reader;
	struct error error;
	int status = 2;

	if (argc < 3) {
		fprintf(stderr, "usage: nffile show|fields|copy|append FILE ...\n");
		return 2;
	}
	if (nffile_open(&reader, argv[2], &error) != NFGEO_OK) {
		printf("refused %s\n", error.text);
		return 1;
	}
	if (strcmp(argv[1], "show") == 0)
		status = show(reader);
	else if (strcmp(argv[1], "fields") == 0)
		status = each_block(reader, print_fields, NULL).damaged ? EXIT_DAMAGED : 0;
	else if (strcmp(argv[1], "copy") == 0 && argc > 4)
		status = copy_file(reader, argv[3], argv + 4);
	else if (strcmp(argv[1], "append") == 0 && argc > 4)
		status = append_file(reader, argv[3], argv + 4);
	nffile_close(reader);
	return status;
}
