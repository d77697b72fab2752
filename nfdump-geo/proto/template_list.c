/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "proto/template.h"

void template_list_init(struct template_list *list, size_t *memory)
{
	*list = (struct template_list){.memory = memory};
}

static void drop(struct template_list *list, struct template *template)
{
	*list->memory -= template->memory;
	template_free(template);
}

void template_list_fini(struct template_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		drop(list, list->list[i]);
	free(list->list);
	template_list_init(list, list->memory);
}

/* Place of the first template whose id is not below `id`. */
static unsigned place_of(const struct template_list *list, uint16_t id)
{
	unsigned low = 0, high = list->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (list->list[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct template *template_find(struct template_list *list, uint16_t id)
{
	unsigned place;

	if (list->recent && list->recent->id == id)
		return list->recent;
	place = place_of(list, id);
	if (place == list->count || list->list[place]->id != id)
		return NULL;
	list->recent = list->list[place];
	return list->recent;
}

bool template_room(const struct template_list *list, uint16_t id)
{
	unsigned place = place_of(list, id);
	bool known = place < list->count && list->list[place]->id == id;

	return *list->memory < TEMPLATE_MEMORY_MAX && (known || list->count < TEMPLATES_MAX);
}

static bool grow(struct template_list *list)
{
	unsigned capacity = list->capacity ? 2 * list->capacity : 8;
	struct template **grown;

	if (list->count < list->capacity)
		return true;
	grown = realloc(list->list, capacity * sizeof(struct template *));
	if (!grown)
		return false;
	list->list = grown;
	list->capacity = capacity;
	return true;
}

bool template_put(struct template_list *list, struct template *template)
{
	unsigned place;

	template_forget(list, template->id);
	if (!grow(list)) {
		template_free(template);
		return false;
	}
	place = place_of(list, template->id);
	memmove(list->list + place + 1, list->list + place,
		(list->count - place) * sizeof(struct template *));
	list->list[place] = template;
	list->count++;
	*list->memory += template->memory;
	return true;
}

void template_forget(struct template_list *list, uint16_t id)
{
	unsigned place = place_of(list, id);

	if (place == list->count || list->list[place]->id != id)
		return;
	drop(list, list->list[place]);
	list->count--;
	memmove(list->list + place, list->list + place + 1,
		(list->count - place) * sizeof(struct template *));
	list->recent = NULL;
}

void template_forget_all(struct template_list *list, bool options)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < list->count; i++) {
		if ((list->list[i]->kind == TEMPLATE_OPTIONS) == options)
			drop(list, list->list[i]);
		else
			list->list[kept++] = list->list[i];
	}
	list->count = kept;
	list->recent = NULL;
}
