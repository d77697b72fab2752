/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/file_list.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "include/nfgeo.h"
#include "programs/nfgeo.h"

enum { BAR_CELLS = 30, BAR_INTERVAL_MS = 100 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void file_list_progress(struct file_list *list, uint64_t bytes)
{
	double share = 1;
	int64_t now = now_ms();
	int cells;

	if (!list->bar || now < list->next_bar_ms)
		return;
	list->next_bar_ms = now + BAR_INTERVAL_MS;
	if (list->all_bytes)
		share = (double)(list->done_bytes + bytes) / (double)list->all_bytes;
	cells = (int)((share < 1 ? share : 1) * BAR_CELLS);
	fprintf(stderr, "\r[%.*s%*s] %3.0f %%  %zu of %zu files", cells,
		"##############################", BAR_CELLS - cells, "", 100 * share, list->done,
		list->count);
}

void file_list_clear_bar(const struct file_list *list)
{
	if (list->bar)
		fputs("\r\033[K", stderr);
}

void file_list_complain(const struct file_list *list, const char *text)
{
	file_list_clear_bar(list);
	common_complain(list->verb, "%s", text);
}

void file_list_next(struct file_list *list, const struct file_item *item)
{
	list->done++;
	list->done_bytes += item->bytes;
	file_list_progress(list, 0);
}

const char *file_item_below(const struct file_item *item)
{
	const char *below = item->path + item->shown;

	return below + strspn(below, "/");
}

/* Which files are there is the user's decision where one is named, ours in directories: those that
 * nfdump reads (nfdump(1)). */
static bool is_flow_file(const char *name)
{
	return name[0] != '.' && strncmp(name, "nfcapd.current", 14) != 0 &&
	       strncmp(name, "nfprofile.", 10) != 0 && !strstr(name, ".stat");
}

static int add_item(struct file_list *list, const char *path, size_t shown, uint64_t bytes)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 64;
		struct file_item *item = reallocarray(list->item, capacity, sizeof(*item));

		if (!item)
			return NFGEO_ENOMEM;
		list->item = item;
		list->capacity = capacity;
	}
	list->item[list->count] = (struct file_item){strdup(path), shown, bytes};
	list->all_bytes += bytes;
	return list->item[list->count++].path ? NFGEO_OK : NFGEO_ENOMEM;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* One entry below an argument; level 0 is the argument itself. */
static int add_entry(struct file_list *list, FTS *fts, FTSENT *entry, size_t root_len)
{
	char text[PATH_MAX + 100];

	if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
		snprintf(text, sizeof(text), "%s: %s", entry->fts_path, strerror(entry->fts_errno));
		file_list_complain(list, text);
		list->missing++;
	}
	if (entry->fts_info == FTS_D && entry->fts_level > 0 && entry->fts_name[0] == '.')
		fts_set(fts, entry, FTS_SKIP);
	if (entry->fts_info != FTS_F || (entry->fts_level > 0 && !is_flow_file(entry->fts_name)))
		return NFGEO_OK;
	return add_item(list, entry->fts_path,
			entry->fts_level ? root_len
					 : (size_t)entry->fts_pathlen - entry->fts_namelen,
			(uint64_t)entry->fts_statp->st_size);
}

int file_list_add(struct file_list *list, char *argument)
{
	char *const roots[] = {argument, NULL};
	FTS *fts = fts_open(roots, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	int status = NFGEO_OK;
	FTSENT *entry;

	if (!fts)
		return NFGEO_ENOMEM;
	while (status == NFGEO_OK && (entry = fts_read(fts)))
		status = add_entry(list, fts, entry, strlen(argument));
	fts_close(fts);
	return status;
}

int file_list_arguments(struct file_list *list, int count, char **word)
{
	if (!count) {
		common_complain(list->verb, "name flow files or directories of them");
		return nfgeo_usage(list->verb);
	}
	for (int i = 0; i < count; i++)
		if (file_list_add(list, word[i]) != NFGEO_OK) {
			common_complain(list->verb, "out of memory");
			return EXIT_FAILED;
		}
	return EXIT_DONE;
}

void file_list_fini(struct file_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->item[i].path);
	free(list->item);
	*list = (struct file_list){0};
}
