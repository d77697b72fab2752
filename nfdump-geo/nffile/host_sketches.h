/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * host_sketches.h - how many different hosts a file has in each country, about: a sketch of the
 * source addresses of each source country, and one of the destination addresses of each destination
 * country; of flows with countries only. And the section that holds them, as bytes and back
 * (doc/file-format.md "Geo blocks", type 6).
 */
#ifndef NFFILE_HOST_SKETCHES_H
#define NFFILE_HOST_SKETCHES_H

#include <stdbool.h>

#include "base/sketch.h"
#include "flow/record.h"
#include "geo/group.h"
#include "nffile/geosection.h"

struct host_sketches {
	struct sketch *src[COUNTRY_CODES], *dst[COUNTRY_CODES]; /* owns; NULL = nothing was seen */
	uint64_t records, untagged; /* flow records that were added: with countries, and without */
	bool failed;		    /* memory was out: something was not added */
};

struct host_sketches *host_sketches_new(void);
void host_sketches_free(struct host_sketches *sketches);

/** Part of the ones below: the sketch of a country, made when it is asked for first. */
struct sketch *host_sketch(struct host_sketches *sketches, struct sketch *side[COUNTRY_CODES],
			   uint16_t code);

/* An IPv4 address counts as ::ffff:a.b.c.d, so that a host is the same in both elements. */
static inline uint64_t host_hash(uint64_t high, uint64_t low)
{
	return sketch_mix(sketch_mix(high) + low);
}

static inline uint64_t host_hash4(uint32_t address)
{
	return host_hash(0, 0xffff00000000u | address);
}

/** Add a flow record. */
void host_sketches_add(struct host_sketches *sketches, const struct record_view *view);

void host_sketches_merge(struct host_sketches *to, const struct host_sketches *from);

/** Estimate of a side, or of all of its countries. */
uint64_t host_sketches_count(struct sketch *const side[COUNTRY_CODES], uint16_t code);
uint64_t host_sketches_all(struct sketch *const side[COUNTRY_CODES]);

void geo_put_sketches(struct geo_stream *stream, const struct host_sketches *sketches);

/** @param sketches  gets what the section has added; NULL: only check. Nothing is added of a
 * section that is bad, if it was checked before.
 * @param records   with countries, and in all
 * @return NFGEO_OK or NFGEO_ECORRUPT */
int geo_get_sketches(const uint8_t *bytes, size_t len, struct host_sketches *sketches,
		     uint64_t *records);

struct nffile_reader;

/** Add the file's sketches. NULL: only say whether there are some. False when the file has none,
 * when it was changed since, or when not every flow of it was counted. Not thread safe. */
bool nffile_add_sketches(struct nffile_reader *reader, struct host_sketches *sketches);

#endif
