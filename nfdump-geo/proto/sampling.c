/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/sampling.h"

#include <stdlib.h>
#include <string.h>

void sampling_init(struct sampling *sampling)
{
	*sampling = (struct sampling){.override = -1, .generic = -1, .fallback = -1};
}

void sampling_fini(struct sampling *sampling)
{
	free(sampling->list);
	sampling_init(sampling);
}

static struct sampler *find(const struct sampling *sampling, int64_t id)
{
	for (unsigned i = 0; i < sampling->count; i++)
		if (sampling->list[i].id == id)
			return &sampling->list[i];
	return NULL;
}

static bool grow(struct sampling *sampling)
{
	unsigned capacity = sampling->capacity ? 2 * sampling->capacity : 4;
	struct sampler *list;

	if (sampling->count < sampling->capacity)
		return true;
	if (sampling->count >= SAMPLERS_MAX)
		return false;
	list = realloc(sampling->list, capacity * sizeof(*list));
	if (!list)
		return false;
	sampling->list = list;
	sampling->capacity = capacity;
	return true;
}

static void remember_place(struct sampling *sampling, int64_t id, int place)
{
	switch (id) {
	case SAMPLER_OVERRIDE:
		sampling->override = place;
		break;
	case SAMPLER_GENERIC:
		sampling->generic = place;
		break;
	case SAMPLER_DEFAULT:
		sampling->fallback = place;
		break;
	}
}

enum sampling_change sampling_set(struct sampling *sampling, const struct sampler *sampler)
{
	struct sampler *old = find(sampling, sampler->id);

	if (old && old->interval == sampler->interval && old->space == sampler->space &&
	    old->algorithm == sampler->algorithm)
		return SAMPLING_SAME;
	if (old) {
		*old = *sampler;
		return SAMPLING_UPDATED;
	}
	if (!grow(sampling))
		return SAMPLING_REFUSED;
	remember_place(sampling, sampler->id, (int)sampling->count);
	sampling->list[sampling->count++] = *sampler;
	return SAMPLING_ADDED;
}

enum sampling_change sampling_replace(struct sampling *sampling, const struct sampler *sampler)
{
	struct sampling fresh;
	enum sampling_change change;

	if (sampling->count == 1 && sampling->list[0].id == sampler->id)
		return sampling_set(sampling, sampler);
	sampling_init(&fresh);
	change = sampling_set(&fresh, sampler);
	if (change == SAMPLING_REFUSED)
		return change;
	change = sampling->count ? SAMPLING_UPDATED : SAMPLING_ADDED;
	sampling_fini(sampling);
	*sampling = fresh;
	return change;
}

const struct sampler *sampling_pick(const struct sampling *sampling, int64_t id)
{
	const struct sampler *own;

	if (!sampling->count)
		return NULL;
	if (sampling->override >= 0)
		return &sampling->list[sampling->override];
	own = id >= 0 ? find(sampling, id) : NULL;
	if (own)
		return own;
	if (sampling->generic >= 0)
		return &sampling->list[sampling->generic];
	if (sampling->fallback >= 0)
		return &sampling->list[sampling->fallback];
	return NULL;
}
