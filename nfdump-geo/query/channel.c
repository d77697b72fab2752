/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/channel.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FIELDS = 5 };

/* A name becomes a part of a path, and must stay one part. */
static bool is_name(const char *text, size_t len)
{
	return len && !memchr(text, '/', len) && !(len == 1 && text[0] == '.') &&
	       !(len == 2 && text[0] == '.' && text[1] == '.');
}

/* `a|b`; leading, trailing and doubled bars do not count. */
static int parse_sources(struct channel *channel, const char *text, struct arena *arena)
{
	size_t bars = 0;

	for (const char *at = text; *at; at++)
		bars += *at == '|';
	channel->source = arena_alloc(arena, (bars + 1) * sizeof(*channel->source));
	if (!channel->source)
		return NFGEO_ENOMEM;
	for (size_t len; *text; text += len + (text[len] == '|')) {
		len = strcspn(text, "|");
		if (len == 1 && *text == '*') {
			channel->source_count = 0;
			return NFGEO_OK;
		}
		if (!len)
			continue;
		channel->source[channel->source_count] = arena_strndup(arena, text, len);
		if (!channel->source[channel->source_count++])
			return NFGEO_ENOMEM;
	}
	return NFGEO_OK;
}

static char *join_path(struct arena *arena, const char *dir, const struct channel *channel)
{
	bool grouped = strcmp(channel->group, ".") != 0;
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s%s%s/%s", dir, grouped ? channel->group : "",
			   grouped ? "/" : "", channel->profile, channel->name);

	/* room for sub-directories and file names behind it */
	if (len < 0 || len >= PATH_MAX - 256)
		return NULL;
	return arena_strndup(arena, path, (size_t)len);
}

static int set_paths(struct channel *channel, const struct channel_places *places,
		     struct arena *arena, struct error *error)
{
	channel->data_dir = join_path(arena, places->data_dir, channel);
	channel->stat_path = join_path(arena, places->stat_dir, channel);
	if (!channel->data_dir || !channel->stat_path)
		return error_set(error, NFGEO_EINVAL, "channel %.64s: its path is too long",
				 channel->name);
	return NFGEO_OK;
}

static int parse_type(const char *text, unsigned *type)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value > 15)
		return NFGEO_EINVAL;
	*type = (unsigned)value;
	return NFGEO_OK;
}

int channel_parse(struct channel *channel, const char *line, const struct channel_places *places,
		  struct arena *arena, struct error *error)
{
	const char *field[FIELDS], *at = line;

	*channel = (struct channel){0};
	totals_init(&channel->totals);
	for (unsigned i = 0; i < FIELDS; i++) {
		size_t len = i == FIELDS - 1 ? strlen(at) : strcspn(at, "#");

		/* the sources may be left out, bar and all */
		if (i < FIELDS - 2 && !at[len])
			return error_set(error, NFGEO_EINVAL,
					 "'%.200s': wants GROUP#PROFILE#TYPE#CHANNEL#SOURCES", line);
		field[i] = arena_strndup(arena, at, len);
		if (!field[i])
			return error_set(error, NFGEO_ENOMEM, "out of memory");
		at += len + (at[len] == '#');
	}
	channel->group = field[0];
	channel->profile = field[1];
	channel->name = field[3];
	if (strcmp(field[0], ".") != 0 && !is_name(field[0], strlen(field[0])))
		return error_set(error, NFGEO_EINVAL, "'%.200s': not a group", line);
	if (!is_name(field[1], strlen(field[1])) || !is_name(field[3], strlen(field[3])))
		return error_set(error, NFGEO_EINVAL, "'%.200s': no name of profile or channel",
				 line);
	if (parse_type(field[2], &channel->type) != NFGEO_OK)
		return error_set(error, NFGEO_EINVAL, "'%.200s': '%.20s' is not a profile type", line,
				 field[2]);
	if (parse_sources(channel, field[4], arena) != NFGEO_OK)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	return set_paths(channel, places, arena, error);
}

static int need_directory(const struct channel *channel, const char *path, struct error *error)
{
	struct stat info;

	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return NFGEO_OK;
	return error_set(error, NFGEO_ENOTFOUND,
			 "channel %s of profile %s skipped: there is no directory '%s'",
			 channel->name, channel->profile, path);
}

int channel_prepare(struct channel *channel, const struct channel_places *places,
		    struct error *error)
{
	char path[PATH_MAX];
	struct error why = {0};
	int status = NFGEO_OK;

	if (channel_has_file(channel))
		status = need_directory(channel, channel->data_dir, error);
	if (status != NFGEO_OK)
		return status;
	if (snprintf(path, sizeof(path), "%s-%s", channel->stat_path, places->filter_name) >=
	    PATH_MAX)
		return error_set(error, NFGEO_EINVAL, "path is too long: '%.60s...'",
				 channel->stat_path);
	status = filter_compile_file(&channel->filter, path, &why);
	if (status != NFGEO_OK)
		return error_set(error, status, "channel %s of profile %s skipped: %s",
				 channel->name, channel->profile, why.text);
	if (filter_needs_now(channel->filter))
		return error_set(error, NFGEO_EINVAL,
				 "channel %s of profile %s skipped: profiles keep what was stored, so "
				 "they cannot ask for today's countries (now)",
				 channel->name, channel->profile);
	channel->needs_country = filter_needs_country(channel->filter);
	return filter_gate(channel->filter, &channel->gate);
}

void channel_fini(struct channel *channel)
{
	filter_free(channel->filter);
	nffile_abort(channel->writer);
	block_fini(&channel->block);
}

bool channel_takes(const struct channel *channel, const char *ident)
{
	for (size_t i = 0; i < channel->source_count; i++)
		if (strcmp(channel->source[i], ident) == 0)
			return true;
	return channel->source_count == 0;
}
