/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/host_sketches.h"

#include <stdlib.h>
#include <string.h>

#include "geo/country.h"
#include "include/nfgeo.h"
#include "nffile/geoseal.h"
#include "nffile/varint.h"

struct host_sketches *host_sketches_new(void)
{
	return calloc(1, sizeof(struct host_sketches));
}

void host_sketches_free(struct host_sketches *sketches)
{
	for (unsigned i = 0; sketches && i < COUNTRY_CODES; i++) {
		free(sketches->src[i]);
		free(sketches->dst[i]);
	}
	free(sketches);
}

struct sketch *host_sketch(struct host_sketches *sketches, struct sketch *side[COUNTRY_CODES],
			   uint16_t code)
{
	if (!side[code] && !(side[code] = calloc(1, sizeof(struct sketch))))
		sketches->failed = true;
	return side[code];
}

static void add_host(struct host_sketches *sketches, struct sketch *side[COUNTRY_CODES],
		     uint16_t code, uint64_t hash)
{
	struct sketch *sketch =
		host_sketch(sketches, side, code < COUNTRY_CODES ? code : COUNTRY_UNKNOWN);

	if (sketch)
		sketch_add(sketch, hash);
}

void host_sketches_add(struct host_sketches *sketches, const struct record_view *view)
{
	uint16_t src = view_src_country(view), dst = view_dst_country(view);
	const uint8_t *at;

	if (!view->geo) {
		sketches->untagged++;
		return;
	}
	sketches->records++;
	if (view_is_ip6(view)) {
		at = view_payload(view, ELEMENT_IP6);
		add_host(sketches, sketches->src, src,
			 host_hash(bytes_get64(at), bytes_get64(at + 8)));
		add_host(sketches, sketches->dst, dst,
			 host_hash(bytes_get64(at + 16), bytes_get64(at + 24)));
	} else if (view_has(view, ELEMENT_IP4)) {
		at = view_payload(view, ELEMENT_IP4);
		add_host(sketches, sketches->src, src, host_hash4(bytes_get32(at)));
		add_host(sketches, sketches->dst, dst, host_hash4(bytes_get32(at + 4)));
	}
}

static void merge_side(struct host_sketches *to, struct sketch *side[COUNTRY_CODES],
		       struct sketch *const from[COUNTRY_CODES])
{
	for (uint16_t code = 0; code < COUNTRY_CODES; code++) {
		struct sketch *sketch = from[code] ? host_sketch(to, side, code) : NULL;

		if (sketch)
			sketch_merge(sketch, from[code]);
	}
}

void host_sketches_merge(struct host_sketches *to, const struct host_sketches *from)
{
	merge_side(to, to->src, from->src);
	merge_side(to, to->dst, from->dst);
	to->records += from->records;
	to->untagged += from->untagged;
	to->failed |= from->failed;
}

uint64_t host_sketches_count(struct sketch *const side[COUNTRY_CODES], uint16_t code)
{
	return side[code] ? sketch_estimate(side[code]) : 0;
}

uint64_t host_sketches_all(struct sketch *const side[COUNTRY_CODES])
{
	struct sketch all = {{0}};

	for (unsigned code = 0; code < COUNTRY_CODES; code++)
		if (side[code])
			sketch_merge(&all, side[code]);
	return sketch_estimate(&all);
}

/* --- the section ------------------------------------------------------------------------------ */

enum {
	RANK_BITS = 6,
	PACKED_BYTES = SKETCH_REGISTERS * RANK_BITS / 8,
	SPARSE_MAX_BYTES = SKETCH_REGISTERS * 3,
};

/* The registers that are not 0, each as the distance from the one before and its rank. */
static size_t put_sparse(const struct sketch *sketch, uint8_t *out)
{
	size_t used = 0;
	unsigned next = 0;

	for (unsigned i = 0; i < SKETCH_REGISTERS; i++) {
		if (!sketch->rank[i])
			continue;
		used += varint_put(out + used, (i - next) << RANK_BITS | sketch->rank[i]);
		next = i + 1;
	}
	return used;
}

/* Four registers in three bytes, the first in the lowest bits. */
static void put_packed(const struct sketch *sketch, uint8_t *out)
{
	for (const uint8_t *at = sketch->rank; at < sketch->rank + SKETCH_REGISTERS; at += 4) {
		uint32_t four = at[0] | (uint32_t)at[1] << 6 | (uint32_t)at[2] << 12 |
				(uint32_t)at[3] << 18;

		*out++ = (uint8_t)four;
		*out++ = (uint8_t)(four >> 8);
		*out++ = (uint8_t)(four >> 16);
	}
}

/* In the form that is shorter: its registers but for zeros, or 0 and all of them. */
static void put_sketch(struct geo_stream *stream, const struct sketch *sketch)
{
	uint8_t bytes[SPARSE_MAX_BYTES];
	size_t len = put_sparse(sketch, bytes);
	unsigned set = 0;

	for (unsigned i = 0; i < SKETCH_REGISTERS; i++)
		set += sketch->rank[i] != 0;
	if (len >= PACKED_BYTES) {
		set = 0;
		len = PACKED_BYTES;
		put_packed(sketch, bytes);
	}
	geo_stream_varint(stream, set);
	geo_stream_add(stream, bytes, len);
}

static void put_side(struct geo_stream *stream, struct sketch *const side[COUNTRY_CODES])
{
	unsigned rows = 0, next = 0;

	for (unsigned code = 0; code < COUNTRY_CODES; code++)
		rows += side[code] != NULL;
	geo_stream_varint(stream, rows);
	for (unsigned code = 0; code < COUNTRY_CODES; code++) {
		if (!side[code])
			continue;
		geo_stream_varint(stream, code - next);
		put_sketch(stream, side[code]);
		next = code + 1;
	}
}

void geo_put_sketches(struct geo_stream *stream, const struct host_sketches *sketches)
{
	geo_section_begin(stream, GEO_SECTION_SKETCHES);
	geo_stream_varint(stream, SKETCH_BITS);
	geo_stream_varint(stream, sketches->records);
	geo_stream_varint(stream, sketches->untagged);
	put_side(stream, sketches->src);
	put_side(stream, sketches->dst);
	geo_section_end(stream);
}

static void take_rank(struct varint_in *in, struct sketch *sketch, unsigned i, unsigned rank)
{
	if (rank > SKETCH_RANK_MAX)
		in->bad = true;
	else if (sketch && rank > sketch->rank[i])
		sketch->rank[i] = (uint8_t)rank;
}

static void get_sparse(struct varint_in *in, struct sketch *sketch, unsigned set)
{
	unsigned next = 0;

	for (; set && !in->bad; set--) {
		uint64_t value = varint_below(in, (uint64_t)(SKETCH_REGISTERS - next) << RANK_BITS);
		unsigned rank = value & ((1 << RANK_BITS) - 1);

		next += (unsigned)(value >> RANK_BITS) + 1;
		if (!rank || next > SKETCH_REGISTERS)
			in->bad = true;
		else
			take_rank(in, sketch, next - 1, rank);
	}
}

static void get_packed(struct varint_in *in, struct sketch *sketch)
{
	if (in->end - in->at < PACKED_BYTES) {
		in->bad = true;
		return;
	}
	for (unsigned i = 0; i < SKETCH_REGISTERS; i += 4, in->at += 3) {
		uint32_t four = in->at[0] | (uint32_t)in->at[1] << 8 | (uint32_t)in->at[2] << 16;

		for (unsigned k = 0; k < 4; k++)
			take_rank(in, sketch, i + k, four >> k * RANK_BITS & 63);
	}
}

static void get_side(struct varint_in *in, struct host_sketches *sketches,
		     struct sketch *side[COUNTRY_CODES])
{
	uint64_t rows = varint_below(in, COUNTRY_CODES + 1), code = 0;

	for (; rows && !in->bad; rows--, code++) {
		struct sketch *sketch = NULL;
		unsigned set;

		code += varint_below(in, COUNTRY_CODES - code);
		set = (unsigned)varint_below(in, SKETCH_REGISTERS + 1);
		if (code >= COUNTRY_CODES)
			in->bad = true;
		if (in->bad)
			return;
		if (side)
			sketch = host_sketch(sketches, side, (uint16_t)code);
		if (set)
			get_sparse(in, sketch, set);
		else
			get_packed(in, sketch);
	}
}

int geo_get_sketches(const uint8_t *bytes, size_t len, struct host_sketches *sketches,
		     uint64_t *records)
{
	struct varint_in in = {bytes, bytes + len, false};
	uint64_t untagged;

	if (varint_get(&in) != SKETCH_BITS)
		return NFGEO_ECORRUPT;
	records[0] = varint_get(&in);
	untagged = varint_get(&in);
	records[1] = records[0] + untagged;
	get_side(&in, sketches, sketches ? sketches->src : NULL);
	get_side(&in, sketches, sketches ? sketches->dst : NULL);
	if (in.bad || in.at != in.end)
		return NFGEO_ECORRUPT;
	if (sketches) {
		sketches->records += records[0];
		sketches->untagged += untagged;
	}
	return NFGEO_OK;
}

bool nffile_add_sketches(struct nffile_reader *reader, struct host_sketches *sketches)
{
	struct geo_seal *seal = nffile_seal(reader);
	struct geo_stream stream = {0};
	struct geo_section section;
	uint64_t records[2];
	bool good = seal &&
		    geo_seal_section(seal, reader, GEO_SECTION_SKETCHES, &stream, &section) &&
		    geo_get_sketches(section.bytes, section.len, NULL, records) == NFGEO_OK &&
		    records[1] == seal->cover.flow_records;

	if (good && sketches)
		geo_get_sketches(section.bytes, section.len, sketches, records);
	geo_stream_fini(&stream);
	return good;
}
