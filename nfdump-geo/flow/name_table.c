/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/name_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "flow/record.h"

/* Where elements start; doc/file-format.md, "Array records". */
enum { NBAR_HEAD = 14, NAMES_HEAD = 12 };

void name_table_fini(struct name_table *table)
{
	free(table->entry);
	arena_fini(&table->arena);
	*table = (struct name_table){0};
}

static void add(struct name_table *table, uint16_t kind, uint64_t number, const uint8_t *name,
		size_t len)
{
	const char *text = arena_strndup(&table->arena, (const char *)name,
					 strnlen((const char *)name, len));

	if (table->count == table->capacity) {
		size_t capacity = table->capacity ? 2 * table->capacity : 64;
		struct name_entry *grown = realloc(table->entry, capacity * sizeof(*grown));

		if (!grown)
			return;
		table->entry = grown;
		table->capacity = capacity;
	}
	if (text)
		table->entry[table->count++] = (struct name_entry){number, text, kind};
}

void name_table_add(struct name_table *table, const uint8_t *record, size_t len)
{
	uint16_t kind = len >= NBAR_HEAD ? bytes_get16(record) : 0;
	size_t head = kind == RECORD_NBAR ? NBAR_HEAD : NAMES_HEAD, count, step, id_len = 4, name_len;

	if (kind < RECORD_NBAR || kind > RECORD_VRFNAMES)
		return;
	count = bytes_get16(record + 4);
	step = bytes_get16(record + 6);
	name_len = bytes_get32(record + 8);
	if (kind == RECORD_NBAR) {
		id_len = bytes_get16(record + 8);
		name_len = bytes_get16(record + 10);
	}
	if (!step || !name_len || id_len > 8 || name_len > step || id_len > step - name_len ||
	    count > (len - head) / step)
		return;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *element = record + head + i * step;
		uint64_t number = 0;

		for (size_t k = 0; kind == RECORD_NBAR && k < id_len; k++)
			number = number << 8 | element[k];
		add(table, kind, kind == RECORD_NBAR ? number : bytes_get32(element),
		    element + id_len, name_len);
	}
}

const char *name_table_find(const struct name_table *table, uint16_t kind, uint64_t number)
{
	for (size_t i = table ? table->count : 0; i > 0; i--)
		if (table->entry[i - 1].kind == kind && table->entry[i - 1].number == number)
			return table->entry[i - 1].text;
	return NULL;
}
