/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/nfdump_provenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/sha256.h"
#include "programs/common.h"
#include "query/databases.h"

static const uint8_t no_hash[SHA256_BYTES];

static void complain(const char *text, void *arg)
{
	(void)arg;
	common_complain("nfdump", "%s", text);
}

/* "2026-01-31 12:00:00"; "-" when there is no time. */
static void print_time(uint64_t ms, char text[DATE_TEXT])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts;

	if (!ms || ms == UINT64_MAX || !localtime_r(&seconds, &parts) ||
	    !strftime(text, DATE_TEXT, "%Y-%m-%d %H:%M:%S", &parts))
		strcpy(text, "-");
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static const char *type_of(const struct geo_provenance *provenance)
{
	return *provenance->type ? provenance->type : "unnamed";
}

/* A text of a file on somebody's terminal. */
static void print_text(const char *text, int width)
{
	for (; *text; text++, width--)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
	printf("%*s  ", width > 0 ? width : 0, "");
}

static void print_counts(const struct tagged *row, uint64_t all)
{
	char first[DATE_TEXT], last[DATE_TEXT];

	print_time(row->first_ms, first);
	print_time(row->last_ms, last);
	printf("%7" PRIu64 " %8" PRIu64 " %12" PRIu64 " %5.1f  %-19s  %s\n", row->files, row->blocks,
	       row->flows, share(row->flows, all), first, last);
}

enum { TYPE_WIDTH = 24, PROGRAM_WIDTH = 18 };

static void print_row(const struct tagged *row, uint64_t all)
{
	const struct geo_provenance *provenance = row->provenance;
	char date[DATE_TEXT] = "-", hash[3][HASH_SHORT_TEXT];

	if (provenance->build_epoch_s)
		common_date(provenance->build_epoch_s, date);
	hash_print_short(provenance->sha256, hash[0]);
	hash_print_short(provenance->local_sha256, hash[1]);
	hash_print_short(provenance->feed_sha256, hash[2]);
	print_text(type_of(provenance), TYPE_WIDTH);
	printf("%-10s  %-12s  %-12s  %-12s  ", date, hash[0], hash[1], hash[2]);
	print_text(*provenance->program ? provenance->program : "-", PROGRAM_WIDTH);
	print_counts(row, all);
}

static void print_other(const char *label, const struct tagged *row, uint64_t all)
{
	if (!row->flows)
		return;
	printf("%-*s", TYPE_WIDTH + 2 + 10 + 2 + 3 * (12 + 2) + PROGRAM_WIDTH + 2, label);
	print_counts(row, all);
}

static void print_hash(const char *of, const uint8_t hash[SHA256_BYTES])
{
	char text[SHA256_TEXT];

	if (memcmp(hash, no_hash, SHA256_BYTES) == 0)
		return;
	sha256_print(hash, text);
	printf("  %-14s  %s\n", of, text);
}

/* The short hashes of the table in full, for those who look for the very file. */
static void print_hashes(const struct tagged *row)
{
	const struct geo_provenance *provenance = row->provenance;
	char date[DATE_TEXT];

	common_date(provenance->build_epoch_s, date);
	print_text(type_of(provenance), 0);
	printf("%s\n", date);
	print_hash("database", provenance->sha256);
	print_hash("local networks", provenance->local_sha256);
	print_hash("geofeeds", provenance->feed_sha256);
}

static void print_table(const struct tagged_list *list, bool quiet)
{
	if (!quiet)
		printf("%-*s  %-10s  %-12s  %-12s  %-12s  %-*s  %7s %8s %12s %5s  %-19s  %s\n",
		       TYPE_WIDTH, "Database", "Built", "SHA-256", "Local nets", "Geofeeds",
		       PROGRAM_WIDTH, "Program", "Files", "Blocks", "Flows", "%", "First seen",
		       "Last seen");
	for (size_t i = 0; i < list->count; i++)
		print_row(&list->row[i], list->flows);
	print_other("unknown or mixed", &list->unknown, list->flows);
	print_other("no countries stored", &list->untagged, list->flows);
	if (quiet)
		return;
	printf("\n%" PRIu64 " flows in %" PRIu64 " files", list->flows, list->files);
	if (list->blocks_read)
		printf("; of %" PRIu64 " blocks the records were read: no index tells about them",
		       list->blocks_read);
	putchar('\n');
	if (list->count)
		puts("\nSHA-256");
	for (size_t i = 0; i < list->count; i++)
		print_hashes(&list->row[i]);
}

static void json_hash(const char *name, const uint8_t hash[SHA256_BYTES])
{
	char text[SHA256_TEXT];

	sha256_print(hash, text);
	if (memcmp(hash, no_hash, SHA256_BYTES) == 0)
		printf("\"%s\": null, ", name);
	else
		printf("\"%s\": \"%s\", ", name, text);
}

static void json_time(const char *name, uint64_t ms)
{
	if (ms && ms != UINT64_MAX)
		printf(", \"%s\": %" PRIu64, name, ms);
	else
		printf(", \"%s\": null", name);
}

static void json_counts(const struct tagged *row)
{
	printf("\"files\": %" PRIu64 ", \"blocks\": %" PRIu64 ", \"flows\": %" PRIu64, row->files,
	       row->blocks, row->flows);
	json_time("first_ms", row->first_ms);
	json_time("last_ms", row->last_ms);
	putchar('}');
}

static void json_row(const struct tagged *row, bool more)
{
	const struct geo_provenance *provenance = row->provenance;

	printf("    {\"type\": ");
	common_json_text(stdout, provenance->type);
	printf(", \"build_epoch\": %" PRIu64 ", ", provenance->build_epoch_s);
	json_hash("sha256", provenance->sha256);
	json_hash("local_sha256", provenance->local_sha256);
	json_hash("geofeed_sha256", provenance->feed_sha256);
	printf("\"program\": ");
	common_json_text(stdout, provenance->program);
	printf(", ");
	json_counts(row);
	puts(more ? "," : "");
}

static void print_json(const struct tagged_list *list)
{
	printf("{\n  \"files\": %" PRIu64 ", \"flows\": %" PRIu64 ", \"blocks_read\": %" PRIu64
	       ",\n  \"databases\": [\n",
	       list->files, list->flows, list->blocks_read);
	for (size_t i = 0; i < list->count; i++)
		json_row(&list->row[i], i + 1 < list->count);
	printf("  ],\n  \"unknown\": {");
	json_counts(&list->unknown);
	printf(",\n  \"untagged\": {");
	json_counts(&list->untagged);
	puts("\n}");
}

/* Whole blocks are counted, so what selects single flows would be a lie. */
static int check_options(const struct nfdump_options *options)
{
	bool json = options->format && strcmp(options->format, "json") == 0;

	if (options->format && !json && strcmp(options->format, "table") != 0)
		common_complain("nfdump", "--provenance: prints a table or -o json, not -o %s",
				options->format);
	else if (options->filter_text || options->filter_file || options->window)
		common_complain("nfdump", "--provenance: is about whole files: leave the %s out",
				options->window ? "-t" : "filter");
	else
		return EXIT_DONE;
	return EXIT_FAILED;
}

int provenance_report(const struct nfdump_options *options, const struct inputs *inputs)
{
	struct tagged_list list;
	int status = check_options(options);

	if (status != EXIT_DONE)
		return status;
	tagged_list_init(&list);
	for (size_t i = 0; i < inputs->path.count; i++)
		if (tagged_list_add(&list, inputs->path.text[i], complain, NULL) != NFGEO_OK)
			status = EXIT_INCOMPLETE;
	if (!list.files)
		status = EXIT_FAILED;
	tagged_list_sort(&list);
	if (list.files && options->format && strcmp(options->format, "json") == 0)
		print_json(&list);
	else if (list.files)
		print_table(&list, options->quiet);
	tagged_list_fini(&list);
	return status;
}
