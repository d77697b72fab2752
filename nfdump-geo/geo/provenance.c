/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/provenance.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A process meets a handful: one per database it ever loaded or found in files. */
static struct interned {
	struct interned *next;
	struct geo_provenance provenance;
} *interned;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool geo_provenance_same_data(const struct geo_provenance *a, const struct geo_provenance *b)
{
	return memcmp(a->sha256, b->sha256, SHA256_BYTES) == 0 &&
	       memcmp(a->local_sha256, b->local_sha256, SHA256_BYTES) == 0 &&
	       memcmp(a->feed_sha256, b->feed_sha256, SHA256_BYTES) == 0;
}

/* Field by field: bytes behind the NUL of a text do not count. */
static bool is_equal(const struct geo_provenance *a, const struct geo_provenance *b)
{
	return a->build_epoch_s == b->build_epoch_s && geo_provenance_same_data(a, b) &&
	       strncmp(a->type, b->type, sizeof(a->type)) == 0 &&
	       strncmp(a->program, b->program, sizeof(a->program)) == 0;
}

const struct geo_provenance *geo_provenance_intern(const struct geo_provenance *provenance)
{
	struct interned *found;

	pthread_mutex_lock(&lock);
	for (found = interned; found; found = found->next)
		if (is_equal(&found->provenance, provenance))
			break;
	if (!found) {
		found = malloc(sizeof(*found));
		if (found) {
			found->provenance = *provenance;
			found->next = interned;
			interned = found;
		}
	}
	pthread_mutex_unlock(&lock);
	return found ? &found->provenance : NULL;
}
