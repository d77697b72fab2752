/* SPDX-License-Identifier: BSD-3-Clause */
/* The block index, which files of before had in a longer form without families. */
#include "nffile/geosection.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "include/nfgeo.h"
#include "nffile/varint.h"

enum {
	ENTRY_MIN_BYTES = 14, /* crc and ten numbers of at least one byte */
	SET_BYTES = COUNTRY_CODES / 8,
	SET_LIST_MAX = 100, /* a longer list would be longer than the bits, or nearly so */
	OLD_ENTRY_BYTES = 6 * 4 + 2 * 8, /* the fixed part, before the two sets */
	OLD_SET_BITMAP = 0xffff,	 /* instead of a list's length */
};

/* 2 n and n distances from the code before (at first from -1); or 1 and all bits. */
static void put_set(struct geo_stream *stream, const struct country_set *set)
{
	unsigned count = 0, next = 0;

	for (unsigned i = 0; i < COUNTRY_CODES / 64; i++)
		count += (unsigned)__builtin_popcountll(set->bits[i]);
	if (count > SET_LIST_MAX) {
		geo_stream_varint(stream, 1);
		geo_stream_add(stream, set->bits, SET_BYTES);
		return;
	}
	geo_stream_varint(stream, 2 * count);
	for (unsigned i = 0; i < COUNTRY_CODES / 64; i++)
		for (uint64_t bits = set->bits[i]; bits; bits &= bits - 1) {
			unsigned code = 64 * i + (unsigned)__builtin_ctzll(bits);

			geo_stream_varint(stream, code + 1 - next);
			next = code + 1;
		}
}

static void get_bits(struct varint_in *in, struct country_set *set)
{
	if (in->end - in->at < SET_BYTES) {
		in->bad = true;
		return;
	}
	memcpy(set->bits, in->at, SET_BYTES);
	in->at += SET_BYTES;
}

/* @param next  one more than the code before; 0 at first. @return the same of this one */
static uint64_t get_code(struct varint_in *in, uint64_t next)
{
	uint64_t distance = varint_below(in, COUNTRY_CODES + 1 - next);

	in->bad |= !distance;
	return next + distance;
}

static void get_list(struct varint_in *in, uint64_t count, struct country_set *set)
{
	for (uint64_t next = 0; count && !in->bad; count--) {
		next = get_code(in, next);
		if (!in->bad)
			country_set_add(set, (uint16_t)(next - 1));
	}
}

/* @return NULL for what is no set, and when memory is out */
static const struct country_set *get_many(struct varint_in *in, uint64_t count,
					  struct country_sets *sets)
{
	struct country_set set = {{0}};

	if (count == 1)
		get_bits(in, &set);
	else if (count & 1)
		in->bad = true;
	else
		get_list(in, count / 2, &set);
	return in->bad ? NULL : country_sets_keep(sets, &set);
}

/* Most are of one country. */
static const struct country_set *get_set(struct varint_in *in, struct country_sets *sets)
{
	uint64_t count = varint_below(in, 2 * COUNTRY_CODES + 1), next;

	if (count != 2)
		return get_many(in, count, sets);
	next = get_code(in, 0);
	return in->bad ? NULL : country_sets_one(sets, (uint16_t)(next - 1));
}

/* What most entries are near to. */
struct base {
	uint32_t ordinal;
	uint64_t first_ms, last_ms;
};

static struct base base_of(const struct geo_entry *entry, uint32_t count)
{
	struct base base = {.first_ms = UINT64_MAX};

	for (uint32_t i = 0; i < count; i++) {
		if (entry[i].first_ms < base.first_ms)
			base.first_ms = entry[i].first_ms;
		if (entry[i].last_ms > base.last_ms)
			base.last_ms = entry[i].last_ms;
	}
	return base;
}

static void put_entry(struct geo_stream *stream, const struct geo_entry *entry, struct base *base)
{
	uint8_t crc[4];

	bytes_put32(crc, entry->crc);
	geo_stream_add(stream, crc, sizeof(crc));
	geo_stream_varint(stream, entry->ordinal - base->ordinal);
	geo_stream_varint(stream, entry->stored_bytes);
	geo_stream_varint(stream, entry->flow_count);
	geo_stream_varint(stream, entry->untagged_count);
	geo_stream_varint(stream, entry->provenance);
	geo_stream_varint(stream, entry->families);
	geo_stream_varint(stream, entry->first_ms - base->first_ms);
	geo_stream_varint(stream, base->last_ms - entry->last_ms);
	put_set(stream, entry->src);
	put_set(stream, entry->dst);
	base->ordinal = entry->ordinal + 1;
}

void geo_put_index(struct geo_stream *stream, const struct geo_entry *entry, uint32_t count)
{
	struct base base = base_of(entry, count);

	geo_section_begin(stream, GEO_SECTION_INDEX);
	geo_stream_varint(stream, count);
	geo_stream_varint(stream, base.first_ms);
	geo_stream_varint(stream, base.last_ms);
	for (uint32_t i = 0; i < count; i++)
		put_entry(stream, &entry[i], &base);
	geo_section_end(stream);
}

static void get_entry(struct varint_in *in, struct country_sets *sets, struct geo_entry *entry,
		      struct base *base)
{
	if (in->end - in->at < ENTRY_MIN_BYTES) {
		in->bad = true;
		return;
	}
	entry->crc = bytes_get32(in->at);
	in->at += 4;
	entry->ordinal = base->ordinal + (uint32_t)varint_below(in, UINT32_MAX);
	entry->stored_bytes = (uint32_t)varint_below(in, 1ull << 32);
	entry->flow_count = (uint32_t)varint_below(in, 1ull << 32);
	entry->untagged_count = (uint32_t)varint_below(in, (uint64_t)entry->flow_count + 1);
	entry->provenance = (uint32_t)varint_below(in, 1ull << 32);
	entry->families = (uint8_t)varint_below(in, GEO_HAS_UNKNOWN + 1);
	entry->first_ms = base->first_ms + varint_get(in);
	entry->last_ms = base->last_ms - varint_get(in);
	entry->src = get_set(in, sets);
	entry->dst = get_set(in, sets);
	in->bad |= !entry->src || !entry->dst;
	base->ordinal = entry->ordinal + 1;
}

static bool get_entries(struct varint_in *in, struct country_sets *sets, struct geo_entry *entry,
			uint32_t count, struct base *base)
{
	for (uint32_t i = 0; i < count && !in->bad; i++)
		get_entry(in, sets, &entry[i], base);
	return !in->bad && in->at == in->end;
}

/* --- version 1 -------------------------------------------------------------------------------- */

/* @return bytes taken, 0 when they are not there */
static size_t old_set(const uint8_t *at, size_t left, struct country_set *set)
{
	unsigned count;
	size_t need;

	if (left < 4)
		return 0;
	count = bytes_get16(at);
	if (count == OLD_SET_BITMAP) {
		if (left < 4 + SET_BYTES)
			return 0;
		for (unsigned i = 0; i < COUNTRY_CODES / 64; i++)
			set->bits[i] = bytes_get64(at + 4 + 8 * i);
		return 4 + SET_BYTES;
	}
	need = (2 + 2 * (size_t)count + 3) & ~(size_t)3;
	if (need > left)
		return 0;
	for (unsigned i = 0; i < count; i++)
		country_set_add(set, bytes_get16(at + 2 + 2 * i));
	return need;
}

/* @return bytes taken, 0 when they are not there */
static size_t old_entry(const uint8_t *at, size_t left, struct country_sets *sets,
			struct geo_entry *entry)
{
	struct geo_sides sides = {0};
	size_t src, dst;

	if (left < OLD_ENTRY_BYTES)
		return 0;
	entry->ordinal = bytes_get32(at);
	entry->stored_bytes = bytes_get32(at + 4);
	entry->flow_count = bytes_get32(at + 8);
	entry->untagged_count = bytes_get32(at + 12);
	entry->crc = bytes_get32(at + 16);
	entry->provenance = bytes_get32(at + 20);
	entry->families = GEO_HAS_UNKNOWN;
	entry->first_ms = bytes_get64(at + 24);
	entry->last_ms = bytes_get64(at + 32);
	src = old_set(at + OLD_ENTRY_BYTES, left - OLD_ENTRY_BYTES, &sides.src);
	if (!src)
		return 0;
	dst = old_set(at + OLD_ENTRY_BYTES + src, left - OLD_ENTRY_BYTES - src, &sides.dst);
	entry->src = country_sets_keep(sets, &sides.src);
	entry->dst = country_sets_keep(sets, &sides.dst);
	return dst && entry->src && entry->dst ? OLD_ENTRY_BYTES + src + dst : 0;
}

static bool old_entries(const uint8_t *bytes, size_t len, struct country_sets *sets,
			struct geo_entry *entry, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		size_t taken = old_entry(bytes, len, sets, &entry[i]);

		if (!taken)
			return false;
		bytes += taken;
		len -= taken;
	}
	return true;
}

int geo_get_index(const uint8_t *bytes, size_t len, unsigned version, struct country_sets *sets,
		  struct geo_entry **out, uint32_t *count)
{
	struct varint_in in = {bytes, bytes + len, false};
	struct geo_entry *entry;
	struct base base = {0};
	uint64_t entries;

	*out = NULL;
	*count = 0;
	if (version == 1 && len < 4)
		return NFGEO_ECORRUPT;
	entries = version == 1 ? bytes_get32(bytes) : varint_get(&in);
	if (entries > len / (version == 1 ? OLD_ENTRY_BYTES + 8 : ENTRY_MIN_BYTES))
		return NFGEO_ECORRUPT;
	if (version != 1) {
		base.first_ms = varint_get(&in);
		base.last_ms = varint_get(&in);
	}
	entry = calloc(entries ? entries : 1, sizeof(*entry));
	if (!entry)
		return NFGEO_ENOMEM;
	if (version == 1 ? !old_entries(bytes + 4, len - 4, sets, entry, (uint32_t)entries)
			 : !get_entries(&in, sets, entry, (uint32_t)entries, &base)) {
		free(entry);
		return NFGEO_ECORRUPT;
	}
	*out = entry;
	*count = (uint32_t)entries;
	return NFGEO_OK;
}
