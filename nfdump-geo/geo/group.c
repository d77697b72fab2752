/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Named sets of countries.
 *
 * Built-in and user groups are definitions in the same language, "CZ SK @EFTA"; the continents
 * come from the country table. User groups are resolved once, depth first, when they are
 * configured; a group that is met again while it is being resolved is a cycle.
 */
#include "geo/group.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/conf.h"

enum { GROUP_NAME_MAX = 32, USER_GROUPS_MAX = 256 };

static const struct {
	const char *name, *members;
} builtin_table[] = {
	{"EU", "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"},
	{"EEA", "@EU IS LI NO"},
	{"EFTA", "CH IS LI NO"},
};

/* EU the word is the union, so Europe the continent needs another name. */
static const struct {
	const char *name, *continent;
} continent_names[] = {
	{"AF", "AF"}, {"AFRICA", "AF"},	       {"AN", "AN"}, {"ANTARCTICA", "AN"},
	{"AS", "AS"}, {"ASIA", "AS"},	       {"EU-CONT", "EU"}, {"EUROPE", "EU"},
	{"NA", "NA"}, {"NORTH-AMERICA", "NA"}, {"OC", "OC"}, {"OCEANIA", "OC"},
	{"SA", "SA"}, {"SOUTH-AMERICA", "SA"},
};

enum resolve_state { UNRESOLVED, RESOLVING, RESOLVED };

struct user_group {
	const char *name;
	struct group_text {
		struct group_text *next;
		const char *text;
		int line;
	} *text, **last; /* a list in the configuration gives several */
	struct country_set set;
	enum resolve_state state;
};

struct user_groups {
	struct arena arena; /* owns names and texts */
	struct user_group group[USER_GROUPS_MAX];
	size_t count;
	const char *file;
	struct error *error;
};

static struct user_groups *configured; /* owns; set once at start */

static bool name_equals(const char *name, size_t len, const char *other)
{
	return strlen(other) == len && strncasecmp(name, other, len) == 0;
}

static void add_all(struct country_set *set, const struct country_set *more)
{
	for (size_t i = 0; i < sizeof(set->bits) / sizeof(*set->bits); i++)
		set->bits[i] |= more->bits[i];
}

static struct user_group *find_user(struct user_groups *groups, const char *name, size_t len)
{
	for (size_t i = 0; groups && i < groups->count; i++)
		if (name_equals(name, len, groups->group[i].name))
			return &groups->group[i];
	return NULL;
}

static bool find_continent(const char *name, size_t len, struct country_set *set)
{
	for (size_t i = 0; i < sizeof(continent_names) / sizeof(*continent_names); i++) {
		size_t count;
		const struct country *row = country_all(&count);

		if (!name_equals(name, len, continent_names[i].name))
			continue;
		for (size_t j = 0; j < count; j++)
			if (strcmp(country_continent(row[j].number),
				   continent_names[i].continent) == 0)
				country_set_add(set, row[j].number);
		return true;
	}
	return false;
}

/* A country as it may be written in a group; 0 if it is none. */
static uint16_t member_code(const char *word, size_t len)
{
	const struct country *country = country_by_letters(word, len);
	unsigned number = 0;

	if (country)
		return country->number;
	if (len > 3)
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)word[i]))
			return 0;
		number = number * 10 + (unsigned)(word[i] - '0');
	}
	return (uint16_t)number;
}

/* The next word of a definition; blanks and commas part words. @return length, 0 = the end */
static size_t next_word(const char **at)
{
	*at += strspn(*at, " \t\n,");
	return strcspn(*at, " \t\n,");
}

static bool find_builtin(const char *name, size_t len, struct country_set *set)
{
	for (size_t i = 0; i < sizeof(builtin_table) / sizeof(*builtin_table); i++) {
		const char *at = builtin_table[i].members;
		size_t word_len;

		if (!name_equals(name, len, builtin_table[i].name))
			continue;
		for (; (word_len = next_word(&at)) > 0; at += word_len)
			if (*at == '@')
				find_builtin(at + 1, word_len - 1, set);
			else
				country_set_add(set, member_code(at, word_len));
		return true;
	}
	return find_continent(name, len, set);
}

static int resolve(struct user_groups *groups, struct user_group *group);

static int add_member(struct user_groups *groups, struct user_group *group, const char *word,
		      size_t len, int line)
{
	struct user_group *other = *word == '@' ? find_user(groups, word + 1, len - 1) : NULL;
	const char *successors = country_successors(word, len);
	int shown = len < 40 ? (int)len : 40;
	uint16_t code;

	if (other && other->state == RESOLVING)
		return error_set(groups->error, NFGEO_EINVAL,
				 "%.100s:%d: group %s contains itself by way of %.*s", groups->file,
				 line, group->name, shown, word);
	if (other) {
		int status = resolve(groups, other);

		add_all(&group->set, &other->set);
		return status;
	}
	if (*word == '@') {
		if (find_builtin(word + 1, len - 1, &group->set))
			return NFGEO_OK;
		return error_set(groups->error, NFGEO_EINVAL,
				 "%.100s:%d: unknown country group '%.*s' in group %s",
				 groups->file, line, shown, word, group->name);
	}
	code = member_code(word, len);
	if (code) {
		country_set_add(&group->set, code);
		return NFGEO_OK;
	}
	return error_set(groups->error, NFGEO_EINVAL,
			 "%.100s:%d: unknown country code '%.*s' in group %s%s%s", groups->file,
			 line, shown, word, group->name, successors ? " - did you mean " : "",
			 successors ? successors : "; groups of groups are written @NAME");
}

static int resolve(struct user_groups *groups, struct user_group *group)
{
	if (group->state == RESOLVED)
		return NFGEO_OK;
	group->state = RESOLVING;
	for (const struct group_text *text = group->text; text; text = text->next) {
		const char *at = text->text;
		size_t len;

		for (; (len = next_word(&at)) > 0; at += len) {
			int status = add_member(groups, group, at, len, text->line);

			if (status != NFGEO_OK)
				return status;
		}
	}
	group->state = RESOLVED;
	return NFGEO_OK;
}

static int check_name(const struct user_groups *groups, const char *name, int line)
{
	size_t len = strlen(name);

	if (strcasecmp(name, "include") == 0)
		return error_set(groups->error, NFGEO_EINVAL,
				 "%.100s:%d: a group cannot be called include: that word includes "
				 "files in filters", groups->file, line);
	for (size_t i = 0; i < len && i <= GROUP_NAME_MAX; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
			len = 0;
	if (len > 0 && len <= GROUP_NAME_MAX)
		return NFGEO_OK;
	return error_set(groups->error, NFGEO_EINVAL,
			 "%.100s:%d: group name '%.40s': use at most %d letters, digits, _ and -",
			 groups->file, line, name, GROUP_NAME_MAX);
}

static struct user_group *new_group(struct user_groups *groups, const char *name)
{
	struct user_group *group = &groups->group[groups->count];

	group->name = arena_strndup(&groups->arena, name, strlen(name));
	group->last = &group->text;
	if (!group->name)
		return NULL;
	groups->count++;
	return group;
}

/* One value of a key ctrygroup.NAME. */
static int learn(const char *key, const char *value, int line, void *arg)
{
	const char *name = strchr(key, '.') + 1;
	struct user_groups *groups = arg;
	struct user_group *group = find_user(groups, name, strlen(name));
	struct group_text *text = arena_alloc(&groups->arena, sizeof(*text));
	int status = check_name(groups, name, line);

	if (status != NFGEO_OK)
		return status;
	if (!group && groups->count == USER_GROUPS_MAX)
		return error_set(groups->error, NFGEO_ELIMIT, "%.100s:%d: more than %d groups",
				 groups->file, line, USER_GROUPS_MAX);
	if (!group)
		group = new_group(groups, name);
	if (text)
		text->text = arena_strndup(&groups->arena, value, strlen(value));
	if (!group || !text || !text->text)
		return error_set(groups->error, NFGEO_ENOMEM, "out of memory");
	text->line = line;
	*group->last = text;
	group->last = &text->next;
	return NFGEO_OK;
}

static void free_groups(struct user_groups *groups)
{
	if (groups)
		arena_fini(&groups->arena);
	free(groups);
}

int group_configure(const struct conf *conf, struct error *error)
{
	struct user_groups *groups = calloc(1, sizeof(*groups));
	int status;

	if (!groups)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	groups->file = conf_path(conf);
	groups->error = error;
	status = conf_each(conf, "geo", "ctrygroup.", learn, groups);
	for (size_t i = 0; status == NFGEO_OK && i < groups->count; i++)
		status = resolve(groups, &groups->group[i]);
	if (status != NFGEO_OK) {
		free_groups(groups);
		return status;
	}
	free_groups(configured);
	configured = groups;
	return NFGEO_OK;
}

int group_find(const char *name, size_t len, struct country_set *set)
{
	const struct user_group *user = find_user(configured, name, len);

	*set = (struct country_set){{0}};
	if (user)
		*set = user->set;
	return user || find_builtin(name, len, set) ? NFGEO_OK : NFGEO_ENOTFOUND;
}
