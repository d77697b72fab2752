/* SPDX-License-Identifier: BSD-3-Clause */
/* arena.h - allocate many small things, free them all at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk; /* owns */
};

/** Zeroed memory aligned to 16 bytes, owned by the arena; NULL when out of memory. */
void *arena_alloc(struct arena *arena, size_t len);

/** Copy of `len` bytes plus a NUL, owned by the arena; NULL when out of memory. */
char *arena_strndup(struct arena *arena, const char *text, size_t len);

void arena_fini(struct arena *arena);

#endif
