/* SPDX-License-Identifier: BSD-3-Clause */
/* Holding and asking for settings; conf_parse.c reads the text. */
#include "base/conf.h"

#include <bsd/sys/tree.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_store.h"

enum { FILE_MAX_BYTES = 1048576 };

static int compare_entries(const struct conf_entry *a, const struct conf_entry *b)
{
	return strcmp(a->path, b->path);
}

RB_GENERATE_INTERNAL(conf_tree, conf_entry, node, compare_entries, __attribute__((unused)) static)

struct conf *conf_new(const char *name)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	if (!conf)
		return NULL;
	RB_INIT(&conf->tree);
	conf->last = &conf->first;
	conf->name = arena_strndup(&conf->arena, name, strlen(name));
	if (!conf->name) {
		conf_free(conf);
		return NULL;
	}
	return conf;
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	arena_fini(&conf->arena);
	free(conf);
}

struct conf_entry *conf_insert(struct conf *conf, struct conf_entry *entry)
{
	struct conf_entry *old = RB_INSERT(conf_tree, &conf->tree, entry);

	if (old)
		return old;
	*conf->last = entry;
	conf->last = &entry->next;
	return NULL;
}

static const struct conf_entry *find(const struct conf *conf, const char *section, const char *key)
{
	char path[CONF_PATH_MAX];
	struct conf_entry wanted = {.path = path};

	if (!conf || (size_t)snprintf(path, sizeof(path), "%s.%s", section, key) >= sizeof(path))
		return NULL;
	return RB_FIND(conf_tree, (struct conf_tree *)&conf->tree, &wanted);
}

const char *conf_text(const struct conf *conf, const char *section, const char *key)
{
	const struct conf_entry *entry = find(conf, section, key);

	return entry && entry->value ? entry->value->text : NULL;
}

bool conf_bool(const struct conf *conf, const char *section, const char *key, bool otherwise)
{
	const char *text = conf_text(conf, section, key);

	if (!text)
		return otherwise;
	if (strcmp(text, "true") == 0)
		return true;
	return strcmp(text, "false") == 0 ? false : otherwise;
}

int64_t conf_int(const struct conf *conf, const char *section, const char *key, int64_t otherwise)
{
	const char *text = conf_text(conf, section, key);
	char *end;
	long long value;

	if (!text || !*text)
		return otherwise;
	errno = 0;
	value = strtoll(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	return *end || errno ? otherwise : value;
}

double conf_number(const struct conf *conf, const char *section, const char *key, double otherwise)
{
	const char *text = conf_text(conf, section, key);
	char *end;
	double value;

	if (!text || !*text)
		return otherwise;
	value = strtod(text, &end);
	return *end ? otherwise : value;
}

const char *conf_path(const struct conf *conf)
{
	return conf ? conf->name : "";
}

int conf_line(const struct conf *conf, const char *section, const char *key)
{
	const struct conf_entry *entry = find(conf, section, key);

	return entry ? entry->line : 0;
}

int conf_walk(const struct conf *conf,
	      int (*each)(const char *path, const char *value, int line, void *arg), void *arg)
{
	for (const struct conf_entry *entry = conf ? conf->first : NULL; entry; entry = entry->next)
		for (const struct conf_value *value = entry->value; value; value = value->next) {
			int result = each(entry->path, value->text, value->line, arg);

			if (result)
				return result;
		}
	return 0;
}

/* conf_walk for one section's keys with a prefix. */
struct selection {
	char start[CONF_PATH_MAX];
	size_t start_len, section_len;
	int (*each)(const char *key, const char *value, int line, void *arg);
	void *arg;
};

static int each_selected(const char *path, const char *value, int line, void *arg)
{
	const struct selection *selection = arg;

	if (strncmp(path, selection->start, selection->start_len) != 0)
		return 0;
	return selection->each(path + selection->section_len, value, line, selection->arg);
}

int conf_each(const struct conf *conf, const char *section, const char *prefix,
	      int (*each)(const char *key, const char *value, int line, void *arg), void *arg)
{
	struct selection selection = {.each = each, .arg = arg};
	int len = snprintf(selection.start, sizeof(selection.start), "%s.%s", section, prefix);

	if (len < 0 || (size_t)len >= sizeof(selection.start))
		return 0;
	selection.start_len = (size_t)len;
	selection.section_len = strlen(section) + 1;
	return conf_walk(conf, each_selected, &selection);
}

static const char *const kind_names[] = {
	[CONF_TEXT] = "text in quotes",
	[CONF_NUMBER] = "a number",
	[CONF_BOOL] = "true or false",
	[CONF_LIST] = "text in quotes or a list [ \"..\", \"..\" ] of texts",
};

static bool kind_fits(const struct conf_entry *entry, enum conf_kind kind)
{
	if (kind != CONF_LIST)
		return entry->kind == kind;
	if (entry->kind != CONF_LIST)
		return entry->kind == CONF_TEXT;
	for (const struct conf_value *value = entry->value; value; value = value->next)
		if (value->kind != CONF_TEXT)
			return false;
	return true;
}

static int check_entry(const struct conf *conf, const struct conf_entry *entry,
		       const struct conf_known *known, struct error *error)
{
	double value;

	if (!kind_fits(entry, known->kind))
		return error_set(error, NFGEO_EINVAL, "%s:%d: %s must be %s", conf->name,
				 entry->line, entry->path, kind_names[known->kind]);
	if (known->kind != CONF_NUMBER)
		return NFGEO_OK;
	value = strtod(entry->value->text, NULL);
	if (value >= known->minimum && value <= known->maximum)
		return NFGEO_OK;
	return error_set(error, NFGEO_EINVAL, "%s:%d: %s is %s; it must be %.15g to %.15g",
			 conf->name, entry->line, entry->path, entry->value->text, known->minimum,
			 known->maximum);
}

bool conf_is_known(const struct conf_known *known, const char *path)
{
	size_t section_len = strlen(known->section), key_len = strlen(known->key);

	if (strncmp(path, known->section, section_len) != 0 || path[section_len] != '.')
		return false;
	path += section_len + 1;
	if (key_len && known->key[key_len - 1] == '.')
		return strncmp(path, known->key, key_len) == 0 && path[key_len];
	return strcmp(path, known->key) == 0;
}

int conf_check(const struct conf *conf, const struct conf_known *known, size_t count,
	       struct error *error)
{
	for (const struct conf_entry *entry = conf ? conf->first : NULL; entry; entry = entry->next)
		for (size_t i = 0; i < count; i++)
			if (conf_is_known(&known[i], entry->path)) {
				int status = check_entry(conf, entry, &known[i], error);

				if (status != NFGEO_OK)
					return status;
				break;
			}
	return NFGEO_OK;
}

/* The whole file with a NUL behind it; *text belongs to the caller. */
static int read_file(const char *path, char **text, size_t *len, struct error *error)
{
	FILE *file = fopen(path, "r");
	char *buffer = NULL;
	int status = NFGEO_OK;

	if (!file && errno == ENOENT)
		return error_set(error, NFGEO_ENOTFOUND, "%s: no such configuration file", path);
	if (!file)
		return error_set_errno(error, "%s: cannot read the configuration file", path);
	buffer = malloc(FILE_MAX_BYTES + 1);
	if (!buffer) {
		status = error_set(error, NFGEO_ENOMEM, "%s: out of memory", path);
		goto done;
	}
	*len = fread(buffer, 1, FILE_MAX_BYTES, file);
	buffer[*len] = '\0';
	if (ferror(file))
		status = error_set_errno(error, "%s: cannot read the configuration file", path);
	else if (!feof(file) && getc(file) != EOF)
		status = error_set(error, NFGEO_EINVAL, "%s: larger than 1 MiB: no configuration",
				   path);
done:
	fclose(file);
	if (status != NFGEO_OK) {
		free(buffer);
		buffer = NULL;
	}
	*text = buffer;
	return status;
}

int conf_load(struct conf **conf, const char *path, struct error *error)
{
	char *text = NULL;
	size_t len = 0;
	int status = read_file(path, &text, &len, error);

	*conf = NULL;
	if (status != NFGEO_OK)
		return status;
	if (strlen(text) != len)
		status = error_set(error, NFGEO_EINVAL, "%s: a NUL byte: this is no text file", path);
	else
		status = conf_parse(conf, path, text, error);
	free(text);
	return status;
}

int conf_open(struct conf **conf, const char *option, struct error *error)
{
	static const char standard[] = SYSCONFDIR "/nfdump-geo.conf";
	const char *path = option ? option : getenv("NFCONF");
	int status;

	*conf = NULL;
	if (path && *path)
		return strcmp(path, "none") == 0 ? NFGEO_OK : conf_load(conf, path, error);
	if (option)
		return error_set(error, NFGEO_EINVAL,
				 "-C needs a configuration file, or none for no configuration");
	status = conf_load(conf, standard, error);
	return status == NFGEO_ENOTFOUND ? NFGEO_OK : status;
}
