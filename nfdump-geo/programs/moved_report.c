/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/moved_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sha256.h"
#include "geo/country.h"
#include "programs/common.h"
#include "query/databases.h"

static double share(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static struct moved_row *rows_of(const struct moved_report *report, size_t *count)
{
	struct moved_row *row =
		report->moved->failed ? NULL : moved_rows(report->moved, count);

	if (row && report->top && *count > report->top)
		*count = report->top;
	return row;
}

/* Letters; the word of a class. */
static const char *letters(uint16_t code)
{
	const char *class = country_class_word(code);

	return *class ? class : country_alpha2(code);
}

static void print_row(const struct moved_row *row, const struct moved *moved)
{
	printf("%s  %-13s %-13s %12" PRIu64 " %5.1f %14" PRIu64 " %18" PRIu64 "  %s\n",
	       row->dst ? "dst" : "src", letters(row->stored), letters(row->now),
	       row->count.flows, share(row->count.flows, moved->all.flows), row->count.packets,
	       row->count.bytes, country_name(row->now));
}

static void print_heading(const struct moved_report *report)
{
	const struct moved *moved = report->moved;
	char hash[HASH_SHORT_TEXT], date[DATE_TEXT];

	hash_print_short(report->now->sha256, hash);
	common_date(report->now->build_epoch_s, date);
	printf("Stored countries against those of today, by %s %s %s:\n", report->now->type, date,
	       hash);
	printf("%" PRIu64 " of %" PRIu64 " flows (%.1f %%), %" PRIu64 " of %" PRIu64
	       " bytes (%.1f %%) moved",
	       moved->changed.flows, moved->all.flows,
	       share(moved->changed.flows, moved->all.flows), moved->changed.bytes,
	       moved->all.bytes, share(moved->changed.bytes, moved->all.bytes));
	if (moved->untagged.flows)
		printf("; %" PRIu64 " flows have no countries stored", moved->untagged.flows);
	putchar('\n');
}

bool moved_print(const struct moved_report *report)
{
	size_t count = 0;
	struct moved_row *row = rows_of(report, &count);

	if (!row)
		return false;
	if (!report->quiet)
		print_heading(report);
	if (!report->quiet && count)
		printf("\nSide %-13s %-13s %12s %5s %14s %18s  %s\n", "Stored", "Now", "Flows", "%",
		       "Packets", "Bytes", "Name of today");
	for (size_t i = 0; i < count; i++)
		print_row(&row[i], report->moved);
	free(row);
	return true;
}

bool moved_print_csv(const struct moved_report *report)
{
	size_t count = 0;
	struct moved_row *row = rows_of(report, &count);

	if (!row)
		return false;
	puts("side,stored,now,storedA2,nowA2,flows,packets,bytes");
	for (size_t i = 0; i < count; i++)
		printf("%s,%u,%u,%s,%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
		       row[i].dst ? "dst" : "src", row[i].stored, row[i].now,
		       country_alpha2(row[i].stored), country_alpha2(row[i].now),
		       row[i].count.flows, row[i].count.packets, row[i].count.bytes);
	free(row);
	return true;
}

static void json_count(const char *name, const struct moved_count *count)
{
	printf("  \"%s\": {\"flows\": %" PRIu64 ", \"packets\": %" PRIu64 ", \"bytes\": %" PRIu64
	       "},\n",
	       name, count->flows, count->packets, count->bytes);
}

bool moved_print_json(const struct moved_report *report)
{
	const struct moved *moved = report->moved;
	char hash[SHA256_TEXT];
	size_t count = 0;
	struct moved_row *row = rows_of(report, &count);

	if (!row)
		return false;
	sha256_print(report->now->sha256, hash);
	printf("{\n  \"now\": {\"type\": ");
	common_json_text(stdout, report->now->type);
	printf(", \"build_epoch\": %" PRIu64 ", \"sha256\": \"%s\"},\n", report->now->build_epoch_s,
	       hash);
	json_count("compared", &moved->all);
	json_count("moved", &moved->changed);
	json_count("untagged", &moved->untagged);
	puts("  \"rows\": [");
	for (size_t i = 0; i < count; i++)
		printf("    {\"side\": \"%s\", \"stored\": %u, \"now\": %u, \"flows\": %" PRIu64
		       ", \"packets\": %" PRIu64 ", \"bytes\": %" PRIu64 "}%s\n",
		       row[i].dst ? "dst" : "src", row[i].stored, row[i].now, row[i].count.flows,
		       row[i].count.packets, row[i].count.bytes, i + 1 < count ? "," : "");
	puts("  ]\n}");
	free(row);
	return true;
}
