/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/inputs.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { DEPTH_MAX = 16, LAYOUTS = 9 };

/* nfcapd -S, as strftime(3) patterns */
static const char *const layouts[LAYOUTS] = {"",	 "%Y/%m/%d",	"%Y/%m/%d/%H",
					     "%Y/%W/%u", "%Y/%W/%u/%H", "%Y/%j",
					     "%Y/%j/%H", "%F",		"%F/%H"};

static int add(struct inputs *inputs, struct input_list *list, const char *text)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 64;
		const char **grown = arena_alloc(&inputs->arena, capacity * sizeof(*grown));

		if (!grown)
			return NFGEO_ENOMEM;
		if (list->count)
			memcpy(grown, list->text, list->count * sizeof(*grown));
		list->text = grown;
		list->capacity = capacity;
	}
	list->text[list->count] = arena_strndup(&inputs->arena, text, strlen(text));
	return list->text[list->count++] ? NFGEO_OK : NFGEO_ENOMEM;
}

static bool is_dir(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool is_file(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

/* Work files, statistics of nfexpire, and everything hidden are no data. */
static int is_data_name(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return *name != '.' && strncmp(name, "nfcapd.current", 14) != 0 &&
	       !strstr(name, ".stat") && strncmp(name, "nfprofile.", 10) != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Names between two others, both included; directories on the way to them. */
struct bounds {
	const char *first, *last; /* relative to the root; NULL = no bound */
	bool recurse;
};

/* Order of reading: component by component. */
static int compare_paths(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	/* a separator sorts before every other character, so that a/b precedes a.b */
	return (*a == '/' ? 1 : (unsigned char)*a) - (*b == '/' ? 1 : (unsigned char)*b);
}

static bool inside(const struct bounds *bounds, const char *relative)
{
	return (!bounds->first || compare_paths(relative, bounds->first) >= 0) &&
	       (!bounds->last || compare_paths(relative, bounds->last) <= 0);
}

/* Files below root/relative that lie inside the bounds, in order. */
static int walk(struct inputs *inputs, const char *root, const char *relative,
		const struct bounds *bounds, unsigned depth)
{
	char path[PATH_MAX], inner[PATH_MAX];
	struct dirent **entry;
	int count, status = NFGEO_OK;

	if (snprintf(path, sizeof(path), "%s%s%s", root, *relative ? "/" : "", relative) >= PATH_MAX)
		return NFGEO_EINVAL;
	count = scandir(path, &entry, is_data_name, by_name);
	if (count < 0) {
		char text[PATH_MAX + 64];

		snprintf(text, sizeof(text), "cannot read directory %s", path);
		return add(inputs, &inputs->problem, text);
	}
	for (int i = 0; i < count; i++) {
		bool fits = snprintf(inner, sizeof(inner), "%s%s%s", relative, *relative ? "/" : "",
				     entry[i]->d_name) < PATH_MAX &&
			    snprintf(path, sizeof(path), "%s/%s", root, inner) < PATH_MAX;

		if (status == NFGEO_OK && fits && is_dir(path)) {
			if (bounds->recurse && depth < DEPTH_MAX)
				status = walk(inputs, root, inner, bounds, depth + 1);
		} else if (status == NFGEO_OK && fits && inside(bounds, inner)) {
			status = add(inputs, &inputs->path, path);
		}
		free(entry[i]);
	}
	free(entry);
	return status;
}

static int all_below(struct inputs *inputs, const char *dir)
{
	static const struct bounds everything = {.recurse = true};

	return walk(inputs, dir, "", &everything, 0);
}

/* YYYYMMDDhhmm[ss] behind the last dot of a name */
static bool time_of_name(const char *name, struct tm *tm)
{
	const char *dot = strrchr(name, '.');
	int used = 0;

	*tm = (struct tm){.tm_isdst = -1};
	if (!dot || sscanf(dot + 1, "%4d%2d%2d%2d%2d%n", &tm->tm_year, &tm->tm_mon, &tm->tm_mday,
			   &tm->tm_hour, &tm->tm_min, &used) != 5 || used != 12)
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return mktime(tm) != (time_t)-1; /* fills in the week and the day of the year */
}

int inputs_subdir(unsigned layout, const char *name, char *subdir, size_t len)
{
	struct tm tm;

	if (!layout || layout >= LAYOUTS || !time_of_name(name, &tm) ||
	    !strftime(subdir, len, layouts[layout], &tm))
		return NFGEO_EINVAL;
	return NFGEO_OK;
}

/* The path of `name` relative to dir: as given, or in a layout's sub-directory. */
static bool find_name(const char *dir, const char *name, char *relative, unsigned *layout)
{
	char path[PATH_MAX], subdir[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(relative, PATH_MAX, "%s", name);
	*layout = 0;
	if (is_file(path))
		return true;
	if (strchr(name, '/'))
		return false;
	for (unsigned i = 1; i < LAYOUTS; i++) {
		if (inputs_subdir(i, name, subdir, sizeof(subdir)) != NFGEO_OK ||
		    snprintf(path, sizeof(path), "%s/%s/%s", dir, subdir, name) >= PATH_MAX)
			continue;
		if (is_file(path)) {
			memmove(relative, path + strlen(dir) + 1, strlen(path + strlen(dir)));
			*layout = i;
			return true;
		}
	}
	return false;
}

/* The end of a range in the layout in which its begin was found. */
static void place_last(unsigned layout, const char *last, char *relative)
{
	char subdir[64];
	int used;

	if (layout && !strchr(last, '/') &&
	    inputs_subdir(layout, last, subdir, sizeof(subdir)) == NFGEO_OK)
		used = snprintf(relative, PATH_MAX, "%s/%s", subdir, last);
	else
		used = snprintf(relative, PATH_MAX, "%s", last);
	if (used >= PATH_MAX)
		*relative = '\0';
}

static unsigned slashes(const char *text)
{
	unsigned count = 0;

	for (; *text; text++)
		count += *text == '/';
	return count;
}

/* Split "first:last"; last stays empty when there is none. */
static int split_range(const char *range, char *first, char *last, struct error *error)
{
	const char *colon = strchr(range, ':');
	size_t len = colon ? (size_t)(colon - range) : strlen(range);

	if (len >= PATH_MAX || (colon && strlen(colon + 1) >= PATH_MAX))
		return error_set(error, NFGEO_EINVAL, "-R: path too long");
	if (colon && strchr(colon + 1, ':'))
		return error_set(error, NFGEO_EINVAL, "-R %s: use FIRST:LAST", range);
	memcpy(first, range, len);
	first[len] = '\0';
	snprintf(last, PATH_MAX, "%s", colon ? colon + 1 : "");
	return NFGEO_OK;
}

/* Cut `count` components (and the name) off a path: what remains is the root of a range. */
static const char *cut_root(char *path, unsigned count)
{
	char *slash = NULL;

	for (unsigned i = 0; i <= count; i++) {
		if (slash)
			*slash = '\0';
		slash = strrchr(path, '/');
		if (!slash)
			return NULL;
	}
	*slash = '\0';
	return slash + 1;
}

/* -R without -M: a directory, or a file and those after it. */
static int expand_range(struct inputs *inputs, const char *range, struct error *error)
{
	char first[PATH_MAX], last[PATH_MAX], root[PATH_MAX], whole[PATH_MAX + 2];
	struct bounds bounds = {0};
	const char *name;
	unsigned depth;
	int status = split_range(range, first, last, error);

	if (status != NFGEO_OK)
		return status;
	if (is_dir(first) && !*last)
		return all_below(inputs, first);
	if (!is_file(first))
		return error_set(error, NFGEO_ENOTFOUND, "-R: first file %s: not found", first);
	if (*last == '/') /* an absolute end: only its name counts beside the first file */
		memmove(last, strrchr(last, '/') + 1, strlen(strrchr(last, '/')));
	depth = slashes(last);
	/* the common root may be the working directory */
	snprintf(whole, sizeof(whole), "%s%s",
		 *first == '/' || slashes(first) > depth ? "" : "./", first);
	snprintf(root, sizeof(root), "%.*s", PATH_MAX - 1, whole);
	name = cut_root(root, depth);
	if (!name)
		return error_set(error, NFGEO_EINVAL, "-R %s: the ends lie in different depths", range);
	bounds.first = whole + (name - root);
	bounds.last = *last ? last : NULL;
	bounds.recurse = depth > 0;
	return walk(inputs, *root ? root : "/", "", &bounds, 0);
}

/* "/data/rtr1:rtr2": the first with its path, the others beside it. */
static int split_dirs(struct inputs *inputs, const char *dirs, struct input_list *list)
{
	char text[PATH_MAX], path[2 * PATH_MAX];
	char *save = NULL;
	const char *slash, *base = NULL;

	if (strlen(dirs) >= sizeof(text))
		return NFGEO_EINVAL;
	strcpy(text, dirs);
	for (char *name = strtok_r(text, ":", &save); name; name = strtok_r(NULL, ":", &save)) {
		int status;

		if (!base) {
			size_t len = strlen(name);

			while (len > 1 && name[len - 1] == '/')
				name[--len] = '\0';
			slash = strrchr(name, '/');
			base = arena_strndup(&inputs->arena, name,
					     slash ? (size_t)(slash - name) + 1 : 0);
			if (!base)
				return NFGEO_ENOMEM;
			snprintf(path, sizeof(path), "%s", name);
		} else if (*name == '/') {
			snprintf(path, sizeof(path), "%s", name);
		} else {
			snprintf(path, sizeof(path), "%s%s", base, name);
		}
		status = add(inputs, list, path);
		if (status != NFGEO_OK)
			return status;
	}
	return NFGEO_OK;
}

static int note_missing(struct inputs *inputs, const char *what, const char *dir, const char *name)
{
	char text[2 * PATH_MAX];

	snprintf(text, sizeof(text), "%s%s%s: %s", dir, name ? "/" : "", name ? name : "", what);
	return add(inputs, &inputs->problem, text);
}

/* -M with -r, in one directory */
static int file_in_dir(struct inputs *inputs, const char *dir, const char *name)
{
	char relative[PATH_MAX], path[2 * PATH_MAX];
	unsigned layout;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (is_dir(path))
		return all_below(inputs, path);
	if (!find_name(dir, name, relative, &layout))
		return note_missing(inputs, "not found", dir, name);
	snprintf(path, sizeof(path), "%s/%s", dir, relative);
	return add(inputs, &inputs->path, path);
}

/* -M with -R, in one directory. @param found  set when the range's first file is there */
static int range_in_dir(struct inputs *inputs, const char *dir, const char *first,
			const char *last, bool *found)
{
	char from[PATH_MAX], to[PATH_MAX], path[2 * PATH_MAX];
	struct bounds bounds = {.first = from};
	unsigned layout;

	snprintf(path, sizeof(path), "%s/%s", dir, first);
	if (!*last && is_dir(path)) {
		*found = true;
		return all_below(inputs, strcmp(first, ".") == 0 ? dir : path);
	}
	*found |= find_name(dir, first, from, &layout);
	place_last(layout, last, to);
	bounds.last = *last ? to : NULL;
	bounds.recurse = strchr(from, '/') || strchr(to, '/');
	return walk(inputs, dir, "", &bounds, 0);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of a range the directories are read by their names, as stock does; of one file as they are given. */
static int expand_dirs(struct inputs *inputs, const struct input_options *options,
		       struct error *error)
{
	struct input_list dirs = {0};
	char first[PATH_MAX], last[PATH_MAX];
	bool found = options->file != NULL;
	int status = split_dirs(inputs, options->dirs, &dirs);

	if (status == NFGEO_OK && !dirs.count)
		return error_set(error, NFGEO_EINVAL, "-M %s: no directory", options->dirs);
	if (status == NFGEO_OK && options->range)
		status = split_range(options->range, first, last, error);
	if (status == NFGEO_OK && options->range)
		qsort(dirs.text, dirs.count, sizeof(*dirs.text), by_path);
	for (size_t i = 0; status == NFGEO_OK && i < dirs.count; i++) {
		if (!is_dir(dirs.text[i]))
			status = note_missing(inputs, "no such directory", dirs.text[i], NULL);
		else if (options->file)
			status = file_in_dir(inputs, dirs.text[i], options->file);
		else
			status = range_in_dir(inputs, dirs.text[i], first, last, &found);
	}
	if (status == NFGEO_OK && !found)
		return error_set(error, NFGEO_ENOTFOUND, "-R: first file %s: not found below %s", first,
				 options->dirs);
	return status;
}

int inputs_expand(struct inputs *inputs, const struct input_options *options, struct error *error)
{
	int status;

	*inputs = (struct inputs){0};
	if (options->file && options->range)
		return error_set(error, NFGEO_EINVAL, "-r and -R are mutually exclusive");
	if (!options->file && !options->range)
		return error_set(error, NFGEO_EINVAL, "-M needs -r or -R (-R . for everything)");
	if (options->dirs)
		status = expand_dirs(inputs, options, error);
	else if (options->range)
		status = expand_range(inputs, options->range, error);
	else if (is_dir(options->file))
		status = all_below(inputs, options->file);
	else if (is_file(options->file))
		status = add(inputs, &inputs->path, options->file);
	else
		return error_set_errno(error, "%s", options->file);
	if (status == NFGEO_ENOMEM)
		error_set(error, status, "out of memory");
	else if (status == NFGEO_OK && !inputs->path.count)
		return error_set(error, NFGEO_EIO, "no files to read%s%s",
				 inputs->problem.count ? ": " : "",
				 inputs->problem.count ? inputs->problem.text[0] : "");
	return status;
}

void inputs_fini(struct inputs *inputs)
{
	arena_fini(&inputs->arena);
	*inputs = (struct inputs){0};
}

int inputs_time(const char *text, const char **end, uint64_t *ms)
{
	static const struct {
		char before;
		unsigned digits;
		int least, most;
	} part[] = {{0, 4, 1970, 9999}, {'/', 2, 1, 12}, {'/', 2, 1, 31},
		    {'.', 2, 0, 23},	{':', 2, 0, 59}, {':', 2, 0, 60}};
	int value[6] = {1970, 1, 1, 0, 0, 0};
	struct tm tm = {.tm_isdst = -1};
	time_t second;

	for (unsigned i = 0; i < 6; i++) {
		int number = 0;

		if (part[i].before && *text != part[i].before)
			break;
		text += part[i].before != 0;
		for (unsigned digit = 0; digit < part[i].digits; digit++, text++) {
			if (*text < '0' || *text > '9')
				return NFGEO_EINVAL;
			number = number * 10 + (*text - '0');
		}
		if (number < part[i].least || number > part[i].most)
			return NFGEO_EINVAL;
		value[i] = number;
	}
	tm.tm_year = value[0] - 1900;
	tm.tm_mon = value[1] - 1;
	tm.tm_mday = value[2];
	tm.tm_hour = value[3];
	tm.tm_min = value[4];
	tm.tm_sec = value[5];
	second = mktime(&tm);
	if (second == (time_t)-1 || second < 0 || tm.tm_mday != value[2])
		return NFGEO_EINVAL;
	*end = text;
	*ms = (uint64_t)second * 1000;
	return NFGEO_OK;
}
