/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 32768, ALIGN = 16 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, capacity;
	alignas(ALIGN) unsigned char bytes[];
};

static struct arena_chunk *chunk_new(struct arena *arena, size_t need)
{
	size_t capacity = need > CHUNK_BYTES ? need : CHUNK_BYTES;
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + capacity);

	if (!chunk)
		return NULL;
	chunk->capacity = capacity;
	chunk->next = arena->chunk;
	arena->chunk = chunk;
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t len)
{
	struct arena_chunk *chunk = arena->chunk;
	size_t need;
	void *at;

	if (len > (size_t)-1 - ALIGN - sizeof(struct arena_chunk))
		return NULL;
	need = (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!chunk || chunk->capacity - chunk->used < need)
		chunk = chunk_new(arena, need);
	if (!chunk)
		return NULL;
	at = chunk->bytes + chunk->used;
	chunk->used += need;
	return at;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

void arena_fini(struct arena *arena)
{
	while (arena->chunk) {
		struct arena_chunk *next = arena->chunk->next;

		free(arena->chunk);
		arena->chunk = next;
	}
}
