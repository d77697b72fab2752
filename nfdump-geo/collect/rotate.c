/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* _GNU_SOURCE, before all else */

#include "collect/rotate.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct slot slot_at(int64_t now_s, int32_t interval_s)
{
	int64_t rest = now_s % interval_s;

	return (struct slot){now_s - (rest < 0 ? rest + interval_s : rest), interval_s};
}

bool slot_over(const struct slot *slot, int64_t now_s, bool traffic)
{
	int64_t end_s = slot->start_s + slot->interval_s + (traffic ? 0 : SLOT_GRACE_S);

	return now_s >= end_s || now_s < slot->start_s - slot->interval_s;
}

struct slot slot_next(const struct slot *slot, int64_t now_s, bool *jumped)
{
	struct slot now = slot_at(now_s, slot->interval_s);
	struct slot next = {slot->start_s + slot->interval_s, slot->interval_s};
	int64_t missed = (now.start_s - next.start_s) / slot->interval_s;

	*jumped = missed < -1 || missed > SLOT_CATCH_UP;
	return *jumped ? now : next;
}

int slot_wait_ms(const struct slot *slot, int64_t now_ms)
{
	int64_t left = (slot->start_s + slot->interval_s + SLOT_GRACE_S) * 1000 - now_ms;

	/* The clock may be set while we wait, so never trust a long wait. */
	return left < 0 ? 0 : left > 1000 ? 1000 : (int)left;
}

static void format_local(int64_t time_s, const char *format, char *out, size_t out_bytes)
{
	time_t at = (time_t)time_s;
	struct tm local;

	if (!localtime_r(&at, &local) || !strftime(out, out_bytes, format, &local))
		*out = '\0';
}

void slot_name(const struct slot *slot, bool zone, char *name)
{
	static const char *const format[2][2] = {
		{"%Y%m%d%H%M", "%Y%m%d%H%M%z"},
		{"%Y%m%d%H%M%S", "%Y%m%d%H%M%S%z"},
	};

	format_local(slot->start_s, format[slot->interval_s < 60][zone], name, SLOT_NAME_BYTES);
}

void slot_subdir(const struct slot *slot, unsigned layout, char *subdir)
{
	static const char *const format[SLOT_LAYOUTS] = {
		"",	    "%Y/%m/%d", "%Y/%m/%d/%H", "%Y/%W/%u", "%Y/%W/%u/%H",
		"%Y/%j", "%Y/%j/%H", "%F",	   "%F/%H",
	};

	*subdir = '\0';
	if (layout > 0 && layout < SLOT_LAYOUTS)
		format_local(slot->start_s, format[layout], subdir, SLOT_SUBDIR_BYTES);
}

/* Digits from *text on, `count` of them; -1 when there are fewer. */
static int take_number(const char **text, int count)
{
	int value = 0;

	for (; count; count--, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

static bool take_zone(const char *text, int64_t *offset_s)
{
	int sign = *text == '-' ? -1 : 1, hours, minutes;

	if (*text != '+' && *text != '-')
		return false;
	text++;
	hours = take_number(&text, 2);
	minutes = hours < 0 ? -1 : take_number(&text, 2);
	*offset_s = sign * (hours * 3600 + minutes * 60);
	return minutes >= 0 && !*text;
}

int slot_parse(const char *file_name, int64_t *start_s)
{
	static const char prefix[] = "nfcapd.";
	const char *at = file_name + sizeof(prefix) - 1;
	struct tm local = {.tm_isdst = -1};
	int64_t offset_s = 0;
	int *const part[] = {&local.tm_year, &local.tm_mon, &local.tm_mday, &local.tm_hour,
			     &local.tm_min};

	if (strncmp(file_name, prefix, sizeof(prefix) - 1))
		return NFGEO_EINVAL;
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		*part[i] = take_number(&at, i ? 2 : 4);
		if (*part[i] < 0)
			return NFGEO_EINVAL;
	}
	local.tm_year -= 1900;
	local.tm_mon -= 1;
	if (*at >= '0' && *at <= '9') {
		local.tm_sec = take_number(&at, 2);
		if (local.tm_sec < 0)
			return NFGEO_EINVAL;
	}
	if (!*at) {
		*start_s = mktime(&local);
		return NFGEO_OK;
	}
	if (!take_zone(at, &offset_s))
		return NFGEO_EINVAL;
	*start_s = timegm(&local) - offset_s;
	return NFGEO_OK;
}

int directory_create(const char *path, struct error *error)
{
	char part[PATH_MAX];
	size_t len = strlen(path);
	struct stat info;

	if (len >= sizeof(part))
		return error_set(error, NFGEO_EINVAL, "path is too long: '%.60s...'", path);
	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (part[i] != '/' && part[i])
			continue;
		part[i] = '\0';
		if (mkdir(part, 0755) && errno != EEXIST)
			return error_set_errno(error, "cannot create directory '%s'", part);
		part[i] = path[i];
	}
	if (stat(path, &info) || !S_ISDIR(info.st_mode))
		return error_set(error, NFGEO_EIO, "'%s' is not a directory", path);
	return NFGEO_OK;
}
