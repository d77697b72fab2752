/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/cubesection.h"

#include <stdlib.h>

#include "include/nfgeo.h"
#include "nffile/varint.h"

/* Before a sum: which of its numbers are there. */
enum { SUM_HAS_FLOWS = 1, SUM_HAS_SYN = 2, SUM_HAS_OUT = 4, SUM_HAS_ALL = 7 };

enum { SUM_MIN_BYTES = 6, ALL_CLASSES = (1 << CUBE_CLASSES) - 1 };

/* Times are told as distances from these. */
struct times {
	uint64_t first_ms, last_ms;
};

static void times_take(struct times *times, const struct counters *sum)
{
	if (sum->first_ms < times->first_ms)
		times->first_ms = sum->first_ms;
	if (sum->last_ms > times->last_ms)
		times->last_ms = sum->last_ms;
}

static struct times times_of(const struct sum_table *table)
{
	struct times times = {.first_ms = UINT64_MAX};

	for (uint32_t i = 0; i < table->count; i++)
		times_take(&times, &table->sum[i].sum);
	return times;
}

/* --- one sum ---------------------------------------------------------------------------------- */

static void put_sum(struct geo_stream *stream, const struct cube_sum *cube,
		    const struct times *times)
{
	const struct counters *sum = &cube->sum;
	uint8_t bytes[1 + 9 * VARINT_MAX_BYTES], *at = bytes + 1;

	bytes[0] = (uint8_t)((sum->flows != cube->records ? SUM_HAS_FLOWS : 0) |
			     (cube->syn_only ? SUM_HAS_SYN : 0) |
			     (sum->out_packets | sum->out_bytes ? SUM_HAS_OUT : 0));
	at += varint_put(at, cube->records);
	if (bytes[0] & SUM_HAS_FLOWS)
		at += varint_put(at, sum->flows - cube->records);
	if (bytes[0] & SUM_HAS_SYN)
		at += varint_put(at, cube->syn_only);
	at += varint_put(at, sum->in_packets);
	at += varint_put(at, sum->in_bytes);
	if (bytes[0] & SUM_HAS_OUT) {
		at += varint_put(at, sum->out_packets);
		at += varint_put(at, sum->out_bytes);
	}
	at += varint_put(at, sum->first_ms - times->first_ms);
	at += varint_put(at, times->last_ms - sum->last_ms);
	geo_stream_add(stream, bytes, (size_t)(at - bytes));
}

/* A sum of no records would be in the way of cube_sum_merge(), and is never written. */
static struct cube_sum get_sum(struct varint_in *in, const struct times *times)
{
	struct cube_sum cube = {0};
	uint8_t has = varint_u8(in);

	cube.records = varint_get(in);
	cube.sum.flows = cube.records + (has & SUM_HAS_FLOWS ? varint_get(in) : 0);
	cube.syn_only = has & SUM_HAS_SYN ? varint_get(in) : 0;
	cube.sum.in_packets = varint_get(in);
	cube.sum.in_bytes = varint_get(in);
	cube.sum.out_packets = has & SUM_HAS_OUT ? varint_get(in) : 0;
	cube.sum.out_bytes = has & SUM_HAS_OUT ? varint_get(in) : 0;
	cube.sum.first_ms = times->first_ms + varint_get(in);
	cube.sum.last_ms = times->last_ms - varint_get(in);
	if (has > SUM_HAS_ALL || !cube.records || cube.sum.flows < cube.records ||
	    cube.syn_only > cube.sum.flows)
		in->bad = true;
	return cube;
}

/* The classes that have flows. */
static void put_classes(struct geo_stream *stream, const struct cube_sum class[CUBE_CLASSES],
			const struct times *times)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < CUBE_CLASSES; i++)
		mask |= (unsigned)(class[i].records != 0) << i;
	geo_stream_varint(stream, mask);
	for (unsigned i = 0; i < CUBE_CLASSES; i++)
		if (class[i].records)
			put_sum(stream, &class[i], times);
}

/* Adds to `class` unless it is NULL. @return records, each once */
static uint64_t get_classes(struct varint_in *in, struct cube_sum *class, const struct times *times)
{
	unsigned mask = varint_u8(in);
	uint64_t records[CUBE_CLASSES] = {0};

	for (unsigned i = 0; i < CUBE_CLASSES && !in->bad; i++)
		if (mask >> i & 1) {
			struct cube_sum sum = get_sum(in, times);

			records[i] = sum.records;
			if (class)
				cube_sum_merge(&class[i], &sum);
		}
	if (mask > ALL_CLASSES || records[CUBE_HTTPS] > records[CUBE_TCP] ||
	    records[CUBE_DNS] > records[CUBE_TCP] + records[CUBE_UDP])
		in->bad = true;
	records[CUBE_TCP] += records[CUBE_UDP] + records[CUBE_ICMP] + records[CUBE_OTHER];
	if (!records[CUBE_TCP])
		in->bad = true;
	return records[CUBE_TCP];
}

static void put_times(struct geo_stream *stream, const struct times *times)
{
	geo_stream_varint(stream, times->first_ms);
	geo_stream_varint(stream, times->last_ms);
}

static struct times get_times(struct varint_in *in)
{
	struct times times = {.first_ms = varint_get(in)};

	times.last_ms = varint_get(in);
	return times;
}

/* --- cube ------------------------------------------------------------------------------------- */

enum { SIDE_SHIFT = SUM_SRC_SHIFT };

/* Sums of one key but for the kind, from i on. @return number of the first one behind them */
static uint32_t take_key(const struct sum_table *table, uint32_t i,
			 struct cube_sum class[CUBE_CLASSES])
{
	uint32_t key = table->sum[i].key >> SUM_DST_SHIFT;

	memset(class, 0, CUBE_CLASSES * sizeof(*class));
	for (; i < table->count && table->sum[i].key >> SUM_DST_SHIFT == key; i++)
		flow_sum_classes(&table->sum[i], class);
	return i;
}

static uint32_t count_keys(const struct sum_table *table, uint32_t from, uint32_t to)
{
	uint32_t count = 0;

	for (uint32_t i = from; i < to; i++)
		count += i == from || table->sum[i].key >> SUM_DST_SHIFT !=
					      table->sum[i - 1].key >> SUM_DST_SHIFT;
	return count;
}

static void put_side(struct geo_stream *stream, const struct sum_table *cells, uint32_t from,
		     uint32_t to, const struct times *times)
{
	struct cube_sum class[CUBE_CLASSES];
	uint32_t next = 0;

	geo_stream_varint(stream, count_keys(cells, from, to));
	while (from < to) {
		uint32_t code = cells->sum[from].key >> SUM_DST_SHIFT & SUM_CODE_MASK;

		geo_stream_varint(stream, code - next);
		next = code + 1;
		from = take_key(cells, from, class);
		put_classes(stream, class, times);
	}
}

/* @param has  gets the codes of the rows; NULL as `row` */
static uint64_t get_side(struct varint_in *in, struct cube_sum (*row)[CUBE_CLASSES],
			 struct country_set *has, const struct times *times)
{
	uint64_t rows = varint_below(in, COUNTRY_CODES + 1), code = 0, records = 0;

	for (; rows && !in->bad; rows--, code++) {
		code += varint_below(in, COUNTRY_CODES - code);
		if (code >= COUNTRY_CODES)
			in->bad = true;
		if (in->bad)
			break;
		if (row)
			country_set_add(has, (uint16_t)code);
		records += get_classes(in, row ? row[code] : NULL, times);
	}
	return records;
}

/* A sum that may be none. */
static void put_optional(struct geo_stream *stream, const struct cube_sum *sum,
			 const struct times *times)
{
	geo_stream_varint(stream, sum->records != 0);
	if (sum->records)
		put_sum(stream, sum, times);
}

void geo_put_cube(struct geo_stream *stream, const struct sum_table *cells,
		  const struct cube_sum *untagged)
{
	struct times times = times_of(cells);
	uint32_t middle = 0;

	if (untagged->records)
		times_take(&times, &untagged->sum);
	while (middle < cells->count && cells->sum[middle].key < 1u << SIDE_SHIFT)
		middle++;
	geo_section_begin(stream, GEO_SECTION_CUBE);
	put_times(stream, &times);
	put_optional(stream, untagged, &times);
	put_side(stream, cells, 0, middle, &times);
	put_side(stream, cells, middle, cells->count, &times);
	geo_section_end(stream);
}

int geo_get_cube(const uint8_t *bytes, size_t len, struct cube_head *head,
		 struct country_cube *cube)
{
	struct varint_in in = {bytes, bytes + len, false};
	struct times times = get_times(&in);
	uint64_t records;

	*head = (struct cube_head){0};
	if (varint_below(&in, 2))
		head->untagged = get_sum(&in, &times);
	head->records = get_side(&in, cube ? cube->src : NULL, cube ? &cube->has_src : NULL, &times);
	records = get_side(&in, cube ? cube->dst : NULL, cube ? &cube->has_dst : NULL, &times);
	return in.bad || in.at != in.end || records != head->records ? NFGEO_ECORRUPT : NFGEO_OK;
}

/* --- pairs ------------------------------------------------------------------------------------ */

/* As the row before: 0 and the distance in dst; else the distance in src, and dst. */
static void put_pair(struct geo_stream *stream, uint32_t pair, uint32_t *before)
{
	uint32_t src = pair >> 10, dst = pair & SUM_CODE_MASK;

	geo_stream_varint(stream, src - (*before >> 10));
	geo_stream_varint(stream, src == *before >> 10 ? dst - (*before & SUM_CODE_MASK) : dst);
	*before = pair;
}

/* Pairs ascend; the first may be (0, 0), where `before` starts. */
static uint32_t get_pair(struct varint_in *in, uint32_t *before, bool first)
{
	uint32_t src = (uint32_t)varint_below(in, COUNTRY_CODES - (*before >> 10));
	uint32_t dst = (uint32_t)varint_below(in, COUNTRY_CODES);

	if (src)
		*before = ((*before >> 10) + src) << 10 | dst;
	else if (dst + (*before & SUM_CODE_MASK) < COUNTRY_CODES && (dst || first))
		*before += dst;
	else
		in->bad = true;
	return *before;
}

bool geo_put_pairs(struct geo_stream *stream, const struct sum_table *pairs, size_t limit)
{
	struct times times = times_of(pairs);
	struct cube_sum class[CUBE_CLASSES];
	uint32_t before = 0, rows = count_keys(pairs, 0, pairs->count);
	size_t begin = stream->used;

	if (rows > PAIR_ROWS_MAX)
		return false;
	geo_section_begin(stream, GEO_SECTION_PAIRS);
	put_times(stream, &times);
	geo_stream_varint(stream, rows);
	for (uint32_t i = 0; i < pairs->count;) {
		if (stream->used - begin > limit) {
			stream->used = begin;
			return false;
		}
		put_pair(stream, pairs->sum[i].key >> SUM_DST_SHIFT, &before);
		i = take_key(pairs, i, class);
		put_classes(stream, class, &times);
	}
	geo_section_end(stream);
	return true;
}

int geo_get_pairs(const uint8_t *bytes, size_t len, struct pair_row **out, uint32_t *count,
		  uint64_t *records)
{
	struct varint_in in = {bytes, bytes + len, false};
	struct times times = get_times(&in);
	uint64_t rows = varint_below(&in, PAIR_ROWS_MAX + 1);
	uint32_t pair = 0;
	struct pair_row *row;

	*out = NULL;
	*count = 0;
	*records = 0;
	if (in.bad || rows > len / (3 + SUM_MIN_BYTES))
		return NFGEO_ECORRUPT;
	row = calloc(rows ? rows : 1, sizeof(*row));
	if (!row)
		return NFGEO_ENOMEM;
	for (uint64_t i = 0; i < rows && !in.bad; i++) {
		get_pair(&in, &pair, i == 0);
		row[i].src = (uint16_t)(pair >> 10);
		row[i].dst = (uint16_t)(pair & SUM_CODE_MASK);
		*records += get_classes(&in, row[i].class, &times);
	}
	if (in.bad || in.at != in.end) {
		free(row);
		return NFGEO_ECORRUPT;
	}
	*out = row;
	*count = (uint32_t)rows;
	return NFGEO_OK;
}

/* --- totals of the blocks --------------------------------------------------------------------- */

/* Flows without generic element have times that the index does not count. */
static struct times times_of_block(const struct sum_table *block, const struct geo_entry *entry)
{
	struct times times = {entry->first_ms, entry->last_ms};

	for (uint32_t i = 0; i < block->count && block->sum[i].key < SUM_UNTAGGED; i++)
		times_take(&times, &block->sum[i].sum);
	return times;
}

void geo_put_block_rows(struct geo_stream *stream, const struct sum_table *block,
			const struct geo_entry *entry)
{
	struct times times = times_of_block(block, entry);
	uint32_t tagged = 0, before = 0;

	while (tagged < block->count && block->sum[tagged].key < SUM_UNTAGGED)
		tagged++;
	geo_stream_varint(stream, 1 + count_keys(block, 0, tagged));
	geo_stream_varint(stream, entry->first_ms - times.first_ms);
	geo_stream_varint(stream, times.last_ms - entry->last_ms);
	for (uint32_t i = 0; i < tagged;) {
		uint32_t pair = block->sum[i].key >> SUM_DST_SHIFT;
		struct cube_sum all = {0};

		for (; i < tagged && block->sum[i].key >> SUM_DST_SHIFT == pair; i++) {
			struct cube_sum one = flow_sum_cube(&block->sum[i]);

			cube_sum_merge(&all, &one);
		}
		put_pair(stream, pair, &before);
		put_sum(stream, &all, &times);
	}
}

void geo_put_block_totals(struct geo_stream *stream, const struct geo_stream *list,
			  const struct geo_section_place *place, uint32_t count)
{
	geo_section_begin(stream, GEO_SECTION_BLOCK_TOTALS);
	for (uint32_t i = 0; i < count; i++)
		if (place[i].len)
			geo_stream_add(stream, list->bytes + place[i].offset, place[i].len);
		else
			geo_stream_varint(stream, 0);
	geo_section_end(stream);
}

/* Rows of one block, behind their number. @return their records */
static uint64_t get_block_rows(struct varint_in *in, const struct geo_entry *entry, uint64_t rows,
			       struct pair_sum *row)
{
	struct times times = {entry->first_ms - varint_get(in), 0};
	uint64_t records = 0;
	uint32_t pair = 0;

	times.last_ms = entry->last_ms + varint_get(in);
	for (uint64_t i = 0; i < rows && !in->bad; i++) {
		get_pair(in, &pair, i == 0);
		row[i].src = (uint16_t)(pair >> 10);
		row[i].dst = (uint16_t)(pair & SUM_CODE_MASK);
		row[i].all = get_sum(in, &times);
		records += row[i].all.records;
		if (!country_set_has(entry->src, row[i].src) ||
		    !country_set_has(entry->dst, row[i].dst))
			in->bad = true;
	}
	return records;
}

/* @return false for what contradicts itself or the index */
static bool get_blocks(struct varint_in *in, const struct geo_entry *entry, uint32_t count,
		       struct block_totals *totals, struct pair_sum *row, uint64_t room)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t rows = varint_below(in, room + 2);

		if (!rows)
			continue;
		totals[i] = (struct block_totals){row, (uint32_t)(rows - 1), true};
		if (get_block_rows(in, &entry[i], rows - 1, row) !=
		    entry[i].flow_count - entry[i].untagged_count)
			return false;
		row += rows - 1;
		room -= rows - 1;
	}
	return !in->bad && in->at == in->end;
}

int geo_get_block_totals(const uint8_t *bytes, size_t len, const struct geo_entry *entry,
			 uint32_t count, struct block_totals **out, struct pair_sum **rows)
{
	struct varint_in in = {bytes, bytes + len, false};
	size_t room = len / (2 + SUM_MIN_BYTES);
	struct block_totals *totals = calloc(count ? count : 1, sizeof(*totals));
	struct pair_sum *row = calloc(room ? room : 1, sizeof(*row));
	int status;

	*out = NULL;
	*rows = NULL;
	if (totals && row && get_blocks(&in, entry, count, totals, row, room)) {
		*out = totals;
		*rows = row;
		return NFGEO_OK;
	}
	status = totals && row ? NFGEO_ECORRUPT : NFGEO_ENOMEM;
	free(totals);
	free(row);
	return status;
}
