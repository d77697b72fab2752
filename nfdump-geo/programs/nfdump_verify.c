/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The block index and the sums by country are made again from the records and compared with those
 * of the file. A file that other programs added to or recompressed has geo blocks that speak of
 * what it was: they are told to be outdated, which is no damage.
 */
#include "programs/nfdump_verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/record_kind.h"
#include "flow/totals.h"
#include "nffile/geoblock.h"
#include "nffile/geocheck.h"
#include "nffile/geosummary.h"
#include "nffile/reader.h"
#include "programs/common.h"

struct verify {
	const char *path;
	const struct verify_watch *watch;
	struct nffile_reader *reader;
	const struct geo_summary *summary; /* NULL = no geo blocks that can be used */
	struct raw_block raw;
	struct block block;
	struct record_views views;
	/* Each flow once, and as often as its flow counter says: collectors and queries differ. */
	struct geo_totals once, counted;
	struct geo_stream stream; /* the geo blocks of one run */
	size_t last;		  /* where its newest part starts */
	struct geo_part part;	  /* the newest */
	uint64_t blocks, records, flows, damage;
	uint64_t generic_flows, all_flows; /* with element 1; as often as their counters say */
	uint32_t geo_blocks, entry; /* entry: of the index, the next to be compared */
	struct geo_check *sums;	    /* owns */
};

static void tell(const struct verify *verify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void tell(const struct verify *verify, const char *format, ...)
{
	char text[sizeof(((struct error *)0)->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	verify->watch->complain(text, verify->watch->arg);
}

static void damaged(struct verify *verify, const char *what, uint64_t number)
{
	tell(verify, "%s: %s %" PRIu64, verify->path, what, number);
	verify->damage++;
}

static void note_unknown(struct verify *verify, const uint8_t *record)
{
	tell(verify, "%s: a record of unknown type %u in block %u", verify->path,
	     bytes_get16(record), verify->raw.ordinal);
	verify->damage++;
}

/* What the index should say of the block. */
static struct geo_entry sum_up(struct verify *verify, struct geo_sides *sides)
{
	struct block_cursor cursor = block_cursor(&verify->block);
	struct geo_entry entry, unused;
	const uint8_t *record;
	size_t len;

	geosum_entry_init(&entry);
	geosum_entry_init(&unused);
	while (block_next(&cursor, &record, &len) == 1) {
		const struct record_view *view;

		enum record_kind kind = record_kind(record, len);

		verify->records++;
		if (kind == RECORD_IS_FOREIGN || kind == RECORD_IS_UNKNOWN)
			note_unknown(verify, record);
		if (kind != RECORD_IS_FLOW) {
			entry.families |= kind == RECORD_IS_SERVICE ? GEO_HAS_OTHERS
								    : GEO_HAS_UNREADABLE;
			continue;
		}
		verify->flows++;
		view = record_views_look(&verify->views, record, len);
		if (!view) {
			entry.families |= GEO_HAS_UNREADABLE;
			damaged(verify, "a record contradicts itself in block",
				verify->raw.ordinal);
			continue;
		}
		verify->generic_flows += view_has(view, ELEMENT_GENERIC);
		verify->all_flows += view_flows(view);
		geosum_add(&verify->once, &entry, sides, view, 1);
		geosum_add(&verify->counted, &unused, sides, view, view_flows(view));
		geo_check_add(verify->sums, view);
	}
	return entry;
}

/* Files of before do not tell: all may be there. */
static bool same_families(const struct geo_entry *said, const struct geo_entry *found)
{
	return said->families == found->families || said->families == GEO_HAS_UNKNOWN;
}

static bool same_entry(const struct geo_entry *said, const struct geo_entry *found,
		       const struct geo_sides *sides)
{
	return said->flow_count == found->flow_count &&
	       said->untagged_count == found->untagged_count && said->first_ms == found->first_ms &&
	       said->last_ms == found->last_ms && same_families(said, found) &&
	       memcmp(said->src, &sides->src, sizeof(sides->src)) == 0 &&
	       memcmp(said->dst, &sides->dst, sizeof(sides->dst)) == 0;
}

static void check_records(struct verify *verify)
{
	struct geo_sides sides = {0};
	struct geo_entry found = sum_up(verify, &sides);
	const struct geo_summary *summary = verify->summary;

	verify->blocks++;
	while (summary && verify->entry < summary->entry_count &&
	       summary->entry[verify->entry].ordinal < verify->raw.ordinal)
		verify->entry++;
	if (summary && verify->entry < summary->entry_count &&
	    summary->entry[verify->entry].ordinal == verify->raw.ordinal &&
	    !same_entry(&summary->entry[verify->entry], &found, &sides))
		damaged(verify, "the index does not say what is in block", verify->raw.ordinal);
	if (!geo_check_block(verify->sums, verify->reader, verify->raw.ordinal))
		damaged(verify, "the sums are not those of the flows in block", verify->raw.ordinal);
}

/* A run is complete: its leading parts are one stream of sections, its last part is another. */
static void check_run(struct verify *verify)
{
	const struct geo_stream *stream = &verify->stream;

	if (!geo_sections_whole(stream->bytes, verify->last) ||
	    !geo_sections_whole(stream->bytes + verify->last, stream->used - verify->last))
		damaged(verify, "a checksum is wrong in the geo blocks before block",
			verify->raw.ordinal + 1);
	verify->stream.used = 0;
}

static void check_geo(struct verify *verify)
{
	size_t last = verify->stream.used;
	struct geo_part part;

	if (geo_part_decode(verify->block.bytes, verify->block.used, &part, &verify->stream) !=
	    NFGEO_OK) {
		if (nffile_info(verify->reader)->geo_bytes)
			damaged(verify, "no geo block where there should be one: block",
				verify->raw.ordinal);
		return; /* an array of other programs */
	}
	verify->geo_blocks++;
	if (part.part != (last ? verify->part.part + 1 : 0) ||
	    (last && part.run != verify->part.run))
		damaged(verify, "geo blocks are missing before block", verify->raw.ordinal);
	verify->last = last;
	verify->part = part;
	if (part.part + 1 == part.parts)
		check_run(verify);
}

static void check_blocks(struct verify *verify)
{
	struct error error = {0};
	int got;

	while ((got = nffile_next_raw(verify->reader, &verify->raw, &error)) != 0) {
		if (got == 1)
			got = nffile_decode(verify->reader, &verify->raw, &verify->block, &error);
		if (got < 0) {
			verify->watch->complain(error.text, verify->watch->arg);
			verify->damage++;
		}
		if (got < 0 && !verify->block.record_count)
			continue;
		if (verify->block.type == BLOCK_RECORDS) {
			check_records(verify);
			if (verify->watch->block)
				verify->watch->block(&verify->block, verify->raw.offset,
						     verify->watch->arg);
		} else {
			check_geo(verify);
		}
		block_clear(&verify->block);
	}
	if (verify->stream.used)
		damaged(verify, "geo blocks are missing after block", verify->raw.ordinal);
}

static void check_sums(struct verify *verify)
{
	const struct geo_summary *summary = verify->summary;
	const char *wrong = verify->damage ? NULL : geo_check_file(verify->sums, verify->reader);

	if (wrong) {
		tell(verify, "%s: %s", verify->path, wrong);
		verify->damage++;
	}
	if (summary && summary->complete && !verify->damage &&
	    memcmp(&summary->totals, &verify->once, sizeof(verify->once)) != 0 &&
	    memcmp(&summary->totals, &verify->counted, sizeof(verify->counted)) != 0)
		damaged(verify, "the sums by country are not those of the flows, which are",
			verify->flows);
}

/*
 * The stat record counts the flows by one of several rules (doc/file-format.md): once each or as
 * often as their counter says, records without element 1 or not; and a file that was appended to
 * has sums by two rules. So the number must lie between the least and the most of them.
 */
static void check_flows(struct verify *verify)
{
	const struct nffile_info *info = nffile_info(verify->reader);

	if (!info->has_totals || verify->damage)
		return;
	if (info->totals.flows >= verify->generic_flows && info->totals.flows <= verify->all_flows)
		return;
	tell(verify, "%s: the stat record announces %" PRIu64 " flows, the blocks hold %" PRIu64,
	     verify->path, info->totals.flows, verify->flows);
	verify->damage++;
}

static const char *state_of_index(const struct verify *verify)
{
	if (!verify->geo_blocks)
		return "none";
	if (!verify->summary || !verify->summary->complete)
		return "outdated: the file was changed by other programs";
	return "complete";
}

static void print_findings(const struct verify *verify)
{
	const struct nffile_info *info = nffile_info(verify->reader);

	printf("File: %s\nVersion: 2\nCompression: %s\nIdent: %s\n", verify->path,
	       codec_name(info->codec), info->ident);
	printf("Blocks: %" PRIu64 "\nGeo blocks: %u\nRecords: %" PRIu64 "\nFlows: %" PRIu64 "\n",
	       verify->blocks, verify->geo_blocks, verify->records, verify->flows);
	printf("Country index: %s\n", state_of_index(verify));
	printf("Status: %s\n", info->never_closed ? "never closed"
			       : verify->damage	  ? "damaged"
						  : "ok");
}

static void verify_free(struct verify *verify)
{
	if (!verify)
		return;
	geo_stream_fini(&verify->stream);
	raw_block_fini(&verify->raw);
	block_fini(&verify->block);
	nffile_close(verify->reader);
	geo_check_free(verify->sums);
	free(verify);
}

/* A file that was looked at to its end; NULL when it cannot be opened, which is told. */
static struct verify *verify_run(const char *path, const struct verify_watch *watch)
{
	struct verify *verify = calloc(1, sizeof(*verify)); /* large */
	struct error error = {.text = "out of memory"};

	if (!verify || block_init(&verify->block, BLOCK_WRITE_BYTES) != NFGEO_OK ||
	    nffile_open(&verify->reader, path, &error) != NFGEO_OK ||
	    !(verify->sums = geo_check_new(verify->reader))) {
		watch->complain(error.text, watch->arg);
		verify_free(verify);
		return NULL;
	}
	verify->path = path;
	verify->watch = watch;
	record_views_init(&verify->views);
	verify->summary = nffile_summary(verify->reader);
	check_blocks(verify);
	check_sums(verify);
	check_flows(verify);
	return verify;
}

bool verify_look(const char *path, const struct verify_watch *watch, struct verify_found *found)
{
	struct verify *verify = verify_run(path, watch);

	if (!verify)
		return false;
	*found = (struct verify_found){.blocks = verify->blocks,
				       .records = verify->records,
				       .flows = verify->flows,
				       .damage = verify->damage,
				       .geo_blocks = verify->geo_blocks,
				       .index = state_of_index(verify),
				       .never_closed = nffile_info(verify->reader)->never_closed};
	verify_free(verify);
	return true;
}

static void complain(const char *text, void *arg)
{
	(void)arg;
	common_complain("nfdump", "%s", text);
}

int verify_file(const char *path)
{
	const struct verify_watch watch = {.complain = complain};
	struct verify *verify = verify_run(path, &watch);
	bool good;

	if (!verify)
		return EXIT_FAILED;
	print_findings(verify);
	good = !verify->damage && !nffile_info(verify->reader)->never_closed;
	verify_free(verify);
	return good ? EXIT_DONE : EXIT_INCOMPLETE;
}
