/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect/source.h"

#include <stdlib.h>

static bool equal(const struct address *a, const struct address *b)
{
	return a->low == b->low && a->high == b->high && a->family == b->family;
}

/* Multiply and take high bits (Fibonacci hashing). */
static size_t slot_of(const struct source_table *table, const struct address *sender)
{
	uint64_t hash = (sender->low ^ sender->high * 3 ^ sender->family) * 0x9e3779b97f4a7c15u;

	return (size_t)(hash >> 32) & (table->slots - 1);
}

struct source *source_find(struct source_table *table, const struct address *sender)
{
	if (table->any)
		return table->any;
	if (table->last && equal(&table->last->sender, sender))
		return table->last;
	if (!table->slots)
		return NULL;
	for (size_t at = slot_of(table, sender); table->slot[at];
	     at = (at + 1) & (table->slots - 1)) {
		struct source *source = table->source[table->slot[at] - 1];

		if (equal(&source->sender, sender))
			return table->last = source;
	}
	return NULL;
}

static void enter(struct source_table *table, size_t index)
{
	size_t at = slot_of(table, &table->source[index]->sender);

	while (table->slot[at])
		at = (at + 1) & (table->slots - 1);
	table->slot[at] = (uint32_t)index + 1;
}

/* Room for one more; the hash table stays at most half full. */
static int grow(struct source_table *table)
{
	size_t capacity = table->capacity ? table->capacity * 2 : 16;
	struct source **source;
	uint32_t *slot;

	if (table->count < table->capacity)
		return NFGEO_OK;
	source = realloc(table->source, capacity * sizeof(struct source *));
	if (!source)
		return NFGEO_ENOMEM;
	table->source = source;
	slot = calloc(capacity * 2, sizeof(*slot));
	if (!slot)
		return NFGEO_ENOMEM;
	free(table->slot);
	table->slot = slot;
	table->slots = capacity * 2;
	table->capacity = capacity;
	for (size_t i = 0; i < table->count; i++)
		enter(table, i);
	return NFGEO_OK;
}

int source_add(struct source_table *table, struct source *source)
{
	if (table->count >= SOURCES_MAX)
		return NFGEO_ELIMIT;
	if (source_find(table, &source->sender))
		return NFGEO_EINVAL;
	if (grow(table) != NFGEO_OK)
		return NFGEO_ENOMEM;
	table->source[table->count] = source;
	if (source->sender.family)
		enter(table, table->count);
	else
		table->any = source;
	table->count++;
	return NFGEO_OK;
}

void source_free(struct source *source)
{
	if (!source)
		return;
	slotfile_free(source->file);
	decoder_free(source->decoder);
	free(source);
}

void source_table_fini(struct source_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		source_free(table->source[i]);
	free(table->source);
	free(table->slot);
	*table = (struct source_table){0};
}
