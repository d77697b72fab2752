/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/databases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/sha256.h"
#include "flow/record.h"
#include "nffile/geosummary.h"
#include "nffile/reader.h"

void databases_add(struct databases *databases, const struct geo_provenance *provenance)
{
	for (size_t i = 0; i < databases->count; i++)
		if (databases->provenance[i] == provenance)
			return;
	if (databases->count < DATABASES_MAX)
		databases->provenance[databases->count++] = provenance;
}

void databases_merge(struct databases *to, const struct databases *from)
{
	for (size_t i = 0; i < from->count; i++)
		databases_add(to, from->provenance[i]);
	to->unknown |= from->unknown;
}

/* As the last geo block tells it, without the index. */
static bool add_sealed(struct databases *databases, struct nffile_reader *reader)
{
	const struct geo_provenance *list[GEO_PROVENANCE_MAX];
	uint32_t count;

	if (!nffile_provenance(reader, list, &count))
		return false;
	for (uint32_t i = 0; i < count; i++)
		databases_add(databases, list[i]);
	return true;
}

void databases_add_file(struct databases *databases, struct nffile_reader *reader)
{
	const struct geo_summary *summary;

	if (add_sealed(databases, reader))
		return;
	summary = nffile_summary(reader);
	for (uint32_t i = 0; summary && i < summary->entry_count; i++) {
		const struct geo_entry *entry = &summary->entry[i];

		if (entry->provenance)
			databases_add(databases, summary->provenance[entry->provenance - 1]);
		else if (entry->untagged_count < entry->flow_count)
			databases->unknown = true;
	}
}

enum tagged_by databases_tagged_by(struct nffile_reader *reader,
				   const struct geo_provenance *provenance)
{
	const struct geo_summary *summary = nffile_summary(reader);
	enum tagged_by found = TAGGED_WHOLLY;

	if (!summary || !summary->complete)
		return nffile_info(reader)->totals.flows ? TAGGED_OTHERWISE : TAGGED_PARTLY;
	for (uint32_t i = 0; i < summary->entry_count; i++) {
		const struct geo_entry *entry = &summary->entry[i];

		if (entry->untagged_count)
			found = TAGGED_PARTLY;
		if (entry->untagged_count < entry->flow_count &&
		    (!entry->provenance ||
		     !geo_provenance_same_data(summary->provenance[entry->provenance - 1],
					       provenance)))
			return TAGGED_OTHERWISE;
	}
	return found;
}

void hash_print_short(const uint8_t hash[SHA256_BYTES], char text[HASH_SHORT_TEXT])
{
	static const uint8_t none[SHA256_BYTES];
	char whole[SHA256_TEXT];

	sha256_print(hash, whole);
	snprintf(text, HASH_SHORT_TEXT, "%.12s", memcmp(hash, none, SHA256_BYTES) ? whole : "none");
}

static const char *type_of(const struct geo_provenance *provenance)
{
	return *provenance->type ? provenance->type : "unnamed";
}

/* A type is a text of the database's maker: nothing in it must move a terminal's cursor. */
static int put_database(char *at, size_t len, const struct geo_provenance *provenance)
{
	char hash[HASH_SHORT_TEXT], date[sizeof("2026-01-31")] = "?";
	time_t built = (time_t)provenance->build_epoch_s;
	struct tm parts;
	int used;

	hash_print_short(provenance->sha256, hash);
	if (built && gmtime_r(&built, &parts))
		strftime(date, sizeof(date), "%Y-%m-%d", &parts);
	used = snprintf(at, len, "%s %s %s", type_of(provenance), date, hash);
	for (; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	return used;
}

void databases_print(const struct databases *databases, char text[DATABASES_TEXT])
{
	size_t used, room = DATABASES_TEXT - 32; /* for the end */

	*text = '\0';
	if (databases->count + databases->unknown < 2)
		return;
	used = (size_t)sprintf(text, "%zu database%s: ", databases->count,
			       databases->count == 1 ? "" : "s");
	for (size_t i = 0; i < databases->count; i++) {
		char one[160];
		size_t len = (size_t)put_database(one, sizeof(one), databases->provenance[i]);

		if (used + len + 2 > room) {
			strcpy(text + used, ", ..");
			used += 4;
			break;
		}
		used += (size_t)sprintf(text + used, "%s%s", i ? ", " : "", one);
	}
	if (databases->unknown)
		strcpy(text + used, ", unknown ones");
}

void tagged_list_init(struct tagged_list *list)
{
	*list = (struct tagged_list){.unknown.first_ms = UINT64_MAX,
				     .untagged.first_ms = UINT64_MAX};
}

void tagged_list_fini(struct tagged_list *list)
{
	free(list->row);
	*list = (struct tagged_list){0};
}

static struct tagged *find_row(struct tagged_list *list, const struct geo_provenance *provenance)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->row[i].provenance == provenance)
			return &list->row[i];
	if (list->count == list->capacity) {
		size_t capacity = 2 * list->capacity + 8;
		struct tagged *row = reallocarray(list->row, capacity, sizeof(*row));

		if (!row)
			return NULL;
		list->row = row;
		list->capacity = capacity;
	}
	list->row[list->count] =
		(struct tagged){.provenance = provenance, .first_ms = UINT64_MAX};
	return &list->row[list->count++];
}

/* One kind of flows of a block. */
static void count_in(struct tagged_list *list, struct tagged *row, uint64_t flows,
		     const struct geo_entry *entry)
{
	if (!flows)
		return;
	row->files += row->last_file != list->files;
	row->last_file = list->files;
	row->blocks++;
	row->flows += flows;
	if (entry->first_ms && entry->first_ms < row->first_ms)
		row->first_ms = entry->first_ms;
	if (entry->last_ms > row->last_ms)
		row->last_ms = entry->last_ms;
}

static int count_block(struct tagged_list *list, const struct geo_summary *summary,
		       const struct geo_entry *entry)
{
	struct tagged *row = &list->unknown;

	if (entry->provenance && entry->untagged_count < entry->flow_count)
		row = find_row(list, summary->provenance[entry->provenance - 1]);
	if (!row)
		return NFGEO_ENOMEM;
	list->flows += entry->flow_count;
	count_in(list, row, entry->flow_count - entry->untagged_count, entry);
	count_in(list, &list->untagged, entry->untagged_count, entry);
	return NFGEO_OK;
}

/* What an index would say of a block, as far as it is asked for here. */
static struct geo_entry look_through(const struct block *block, struct record_views *views)
{
	struct block_cursor cursor = block_cursor(block);
	struct geo_entry entry;
	const uint8_t *record;
	size_t len;

	geosum_entry_init(&entry);
	while (block_next(&cursor, &record, &len) > 0) {
		const struct record_view *view;

		if (bytes_get16(record) != RECORD_FLOW ||
		    !(view = record_views_look(views, record, len)))
			continue;
		entry.flow_count++;
		entry.untagged_count += !view->geo;
		if (view_first_ms(view) && view_first_ms(view) < entry.first_ms)
			entry.first_ms = view_first_ms(view);
		if (view_last_ms(view) > entry.last_ms)
			entry.last_ms = view_last_ms(view);
	}
	return entry;
}

/* A file that is being added. */
struct adding {
	struct tagged_list *list;
	struct nffile_reader *reader;
	const struct geo_summary *summary; /* NULL = none */
	uint32_t entry;			   /* of it, the next */
	struct raw_block raw;
	struct block block;
	struct record_views views;
};

static const struct geo_entry *entry_of(struct adding *adding, uint32_t ordinal)
{
	const struct geo_summary *summary = adding->summary;

	while (summary && adding->entry < summary->entry_count &&
	       summary->entry[adding->entry].ordinal < ordinal)
		adding->entry++;
	return summary && adding->entry < summary->entry_count &&
			       summary->entry[adding->entry].ordinal == ordinal
		       ? &summary->entry[adding->entry]
		       : NULL;
}

/* The block whose header was read. @return NFGEO_OK, or damage of which the rest was counted */
static int add_block(struct adding *adding, struct error *error)
{
	const struct geo_entry *entry = entry_of(adding, adding->raw.ordinal);
	struct geo_entry found;
	int status, counted;

	if (entry)
		return count_block(adding->list, adding->summary, entry);
	adding->list->blocks_read++;
	status = nffile_load(adding->reader, &adding->raw, error);
	if (status != NFGEO_OK)
		return status;
	status = nffile_decode(adding->reader, &adding->raw, &adding->block, error);
	found = look_through(&adding->block, &adding->views);
	counted = count_block(adding->list, NULL, &found);
	return counted != NFGEO_OK ? error_set(error, counted, "out of memory") : status;
}

static int add_blocks(struct adding *adding, void (*complain)(const char *text, void *arg),
		      void *arg)
{
	struct error error;
	int got, status = NFGEO_OK;

	while ((got = nffile_next_head(adding->reader, &adding->raw, &error)) != 0) {
		if (got == 1 && adding->raw.type == BLOCK_RECORDS)
			got = add_block(adding, &error);
		if (got < 0) {
			complain(error.text, arg);
			status = NFGEO_ECORRUPT;
		}
	}
	return status;
}

int tagged_list_add(struct tagged_list *list, const char *path,
		    void (*complain)(const char *text, void *arg), void *arg)
{
	struct adding adding = {.list = list};
	struct error error;
	int status = nffile_open(&adding.reader, path, &error);

	if (status != NFGEO_OK) {
		complain(error.text, arg);
		return status;
	}
	list->files++;
	if (block_init(&adding.block, BLOCK_WRITE_BYTES) != NFGEO_OK) {
		nffile_close(adding.reader);
		return NFGEO_ENOMEM;
	}
	record_views_init(&adding.views);
	if (!nffile_info(adding.reader)->never_closed)
		adding.summary = nffile_summary(adding.reader);
	status = add_blocks(&adding, complain, arg);
	raw_block_fini(&adding.raw);
	block_fini(&adding.block);
	nffile_close(adding.reader);
	return status;
}

static int by_flows(const void *a, const void *b)
{
	const struct tagged *one = a, *other = b;

	return one->flows < other->flows ? 1 : -(one->flows > other->flows);
}

void tagged_list_sort(struct tagged_list *list)
{
	if (list->count)
		qsort(list->row, list->count, sizeof(*list->row), by_flows);
}
