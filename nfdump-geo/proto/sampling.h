/* SPDX-License-Identifier: BSD-3-Clause */
/* sampling.h - the samplers of one exporter, and which of them a record belongs to. */
#ifndef PROTO_SAMPLING_H
#define PROTO_SAMPLING_H

#include <stdbool.h>
#include <stdint.h>

/* Sampler ids of the collector's own making; ids >= 0 come from the exporter. */
enum { SAMPLER_GENERIC = -1, SAMPLER_DEFAULT = -2, SAMPLER_OVERRIDE = -3 };

enum { SAMPLERS_MAX = 4096 }; /* per exporter */

/* `interval` packets in a row are taken, then `space` are left out. */
struct sampler {
	int64_t id;
	uint32_t interval, space;
	uint16_t algorithm;
};

struct sampling {
	struct sampler *list; /* owns; in order of insertion */
	unsigned count, capacity;
	int override, generic, fallback; /* places in the list of ids -3, -1, -2; -1 = none */
};

enum sampling_change { SAMPLING_SAME, SAMPLING_ADDED, SAMPLING_UPDATED, SAMPLING_REFUSED };

void sampling_init(struct sampling *sampling);
void sampling_fini(struct sampling *sampling);

/** Insert a sampler or replace the one with its id. */
enum sampling_change sampling_set(struct sampling *sampling, const struct sampler *sampler);

/** Make this the only sampler. */
enum sampling_change sampling_replace(struct sampling *sampling, const struct sampler *sampler);

/** Sampler of a record that names `id` (0 when it names none); NULL = not sampled. */
const struct sampler *sampling_pick(const struct sampling *sampling, int64_t id);

/** A sampler that takes one packet out of `rate`; 0 is taken as 1. */
static inline struct sampler sampler_of_rate(int64_t id, uint32_t rate, uint16_t algorithm)
{
	return (struct sampler){id, 1, rate ? rate - 1 : 0, algorithm};
}

/** A counter as it was before sampling, rounded down. */
static inline uint64_t sampler_scale(const struct sampler *sampler, uint64_t count)
{
	return count * ((uint64_t)sampler->interval + sampler->space) / sampler->interval;
}

#endif
