/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/database.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sha256.h"
#include "geo/build.h"
#include "geo/image.h"
#include "geo/mmdb.h"
#include "geo/ranges.h"

enum {
	HEAD_BYTES = 512,
	TAIL_BYTES = 128 * 1024 + 64, /* libmaxminddb looks for metadata in the last 128 KiB */
};

static bool exists(const char *path)
{
	struct stat stat_buffer;

	return stat(path, &stat_buffer) == 0;
}

/* DIR/NAME as the next file, if it exists. */
static void take(struct database_files *files, const char *dir, const char *name)
{
	char *path = files->path[files->count];
	int len = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	if (len > 0 && len < PATH_MAX && exists(path))
		files->count++;
}

int database_find(const char *path, struct database_files *files, struct error *error)
{
	struct stat stat_buffer;

	files->count = 0;
	if (strlen(path) >= PATH_MAX)
		return error_set(error, NFGEO_EINVAL, "path of the country database is too long");
	if (stat(path, &stat_buffer) != 0 && errno == ENOENT)
		return error_set(error, NFGEO_ENODB, "%s does not exist", path);
	if (!S_ISDIR(stat_buffer.st_mode)) {
		snprintf(files->path[files->count++], PATH_MAX, "%s", path);
		return NFGEO_OK;
	}
	take(files, path, "country.nfgeo");
	if (files->count)
		return NFGEO_OK;
	take(files, path, "geoip");
	take(files, path, "geoip6");
	if (files->count)
		return NFGEO_OK;
	return error_set(error, NFGEO_ENODB, "%.300s has no country.nfgeo, geoip or geoip6", path);
}

/* Beginnings of files that people name by mistake. */
static const struct {
	const char *bytes;
	size_t len;
	const char *complaint;
} mistakes[] = {
	{"\x0c\xa5", 2,
	 "this is stock nfdump's own format (geolookup), or flow data: make it from the CSV files "
	 "you made that of, or name an MMDB"},
	{"\x1f\x8b", 2, "this is a gzip archive: unpack it first (gunzip, tar xf)"},
	{"PK\x03\x04", 4, "this is a zip archive: unpack it first (unzip)"},
	{"\xfd" "7zXZ", 5, "this is an xz archive: unpack it first (unxz)"},
	{"!<arch>\n", 8, "this is a Debian package or an archive: use nfgeo db update --from"},
	{"<", 1, "this is HTML or XML, perhaps the page of a failed download"},
};

static bool is_text(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] < ' ' && !strchr("\t\r\n", bytes[i]))
			return false;
	return len > 0;
}

/* Up to `len` bytes from `offset`. */
static int read_at(FILE *file, long offset, uint8_t *bytes, size_t len, size_t *got)
{
	if (fseek(file, offset, SEEK_SET) != 0)
		return NFGEO_EIO;
	*got = fread(bytes, 1, len, file);
	return ferror(file) ? NFGEO_EIO : NFGEO_OK;
}

static int has_mmdb_mark(FILE *file, bool *found)
{
	uint8_t *tail = malloc(TAIL_BYTES);
	size_t got = 0;
	long size;
	int status = NFGEO_EIO;

	*found = false;
	if (!tail)
		return NFGEO_ENOMEM;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0)
		status = read_at(file, size > TAIL_BYTES ? size - TAIL_BYTES : 0, tail, TAIL_BYTES,
				 &got);
	if (status == NFGEO_OK)
		*found = mmdb_probe(tail, got);
	free(tail);
	return status;
}

static int kind_of_stream(FILE *file, const char *path, enum database_kind *kind,
			  struct error *error)
{
	uint8_t head[HEAD_BYTES];
	bool is_mmdb = false;
	size_t got = 0;

	if (read_at(file, 0, head, sizeof(head), &got) != NFGEO_OK ||
	    has_mmdb_mark(file, &is_mmdb) != NFGEO_OK)
		return error_set_errno(error, "%s: cannot read the country database", path);
	if (image_probe(head, got)) {
		*kind = DATABASE_IMAGE;
		return NFGEO_OK;
	}
	if (is_mmdb) {
		*kind = DATABASE_MMDB;
		return NFGEO_OK;
	}
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++)
		if (got >= mistakes[i].len && memcmp(head, mistakes[i].bytes, mistakes[i].len) == 0)
			return error_set(error, NFGEO_EINVAL, "%.250s is no country database: %s",
					 path, mistakes[i].complaint);
	if (!is_text(head, got))
		return error_set(error, NFGEO_EINVAL, "%.250s is no country database: %s", path,
				 got ? "neither an MMDB, nor text with ranges, nor made by nfgeo"
				     : "the file is empty");
	*kind = DATABASE_RANGES;
	return NFGEO_OK;
}

int database_kind(const char *path, enum database_kind *kind, struct error *error)
{
	struct stat info;
	FILE *file;
	int status;

	/* opening a named pipe nobody writes to would wait for ever */
	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
		return error_set(error, NFGEO_EINVAL, "%.250s is no country database: it is not a "
				 "regular file", path);
	file = fopen(path, "r");
	if (!file)
		return error_set_errno(error, "%s: cannot read the country database", path);
	status = kind_of_stream(file, path, kind, error);
	fclose(file);
	return status;
}

const char *database_kind_name(enum database_kind kind)
{
	static const char *const names[] = {
		[DATABASE_IMAGE] = "compiled table",
		[DATABASE_MMDB] = "MaxMind DB",
		[DATABASE_RANGES] = "text with ranges",
	};

	return names[kind];
}

/* Hash of the geofeeds: of one, its own; of several, of their hashes in order. */
static void hash_feeds(const struct geo_overlay *overlay, uint8_t *out)
{
	uint8_t *all;

	if (overlay->feed_count == 1)
		memcpy(out, local_sha256(overlay->feed[0]), SHA256_BYTES);
	if (overlay->feed_count <= 1)
		return;
	all = malloc(overlay->feed_count * SHA256_BYTES);
	for (size_t i = 0; all && i < overlay->feed_count; i++)
		memcpy(all + i * SHA256_BYTES, local_sha256(overlay->feed[i]), SHA256_BYTES);
	if (all)
		sha256(all, overlay->feed_count * SHA256_BYTES, out);
	free(all);
}

static int apply_overlay(struct geo_builder *builder, const struct geo_overlay *overlay,
			 struct geo_provenance *provenance)
{
	int status = NFGEO_OK;

	for (size_t i = 0; status == NFGEO_OK && i < overlay->feed_count; i++)
		status = local_apply(overlay->feed[i], GEO_LAYER_FEED, builder);
	if (status == NFGEO_OK && overlay->local) {
		status = local_apply(overlay->local, GEO_LAYER_LOCAL, builder);
		memcpy(provenance->local_sha256, local_sha256(overlay->local), SHA256_BYTES);
	}
	hash_feeds(overlay, provenance->feed_sha256);
	return status;
}

static bool is_empty(const struct geo_overlay *overlay)
{
	return !overlay || (!overlay->local && !overlay->feed_count);
}

/* An image is ready as it is, unless something lies over it. */
static int load_image(const char *path, struct geo_builder *builder, bool as_it_is,
		      struct geo_provenance *provenance, struct geo_table **table,
		      struct error *error)
{
	struct geo_table *image;
	int status = image_load(path, &image, error);

	if (status != NFGEO_OK)
		return status;
	if (as_it_is) {
		*table = image;
		return NFGEO_OK;
	}
	*provenance = *geo_table_provenance(image);
	status = geo_builder_table(builder, GEO_LAYER_DATABASE, image);
	geo_table_unref(image);
	return status == NFGEO_OK ? status : error_set(error, status, "%s: %s", path,
						       nfgeo_strerror(status));
}

static int load_kind(enum database_kind kind, const char *const path[], size_t count,
		     const char *field, struct geo_builder *builder,
		     struct geo_provenance *provenance, struct error *error)
{
	if (kind == DATABASE_MMDB)
		return mmdb_load(path[0], field, builder, provenance, error);
	return ranges_load(path, count, builder, provenance, error);
}

/* All of several files must be of the one kind that can be spread over files. */
static int kind_of_all(const char *const path[], size_t count, enum database_kind *kind,
		       struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		int status = database_kind(path[i], kind, error);

		if (status != NFGEO_OK)
			return status;
		if (count > 1 && *kind != DATABASE_RANGES)
			return error_set(error, NFGEO_EINVAL,
					 "%.200s is a %s: only text with ranges can be spread over "
					 "several files", path[i], database_kind_name(*kind));
	}
	return NFGEO_OK;
}

int database_load(const char *const path[], size_t count, const char *field,
		  const struct geo_overlay *overlay, struct geo_table **table,
		  struct error *error)
{
	struct geo_provenance provenance = {{0}};
	struct geo_builder *builder = geo_builder_new();
	enum database_kind kind = DATABASE_RANGES;
	int status;

	*table = NULL;
	if (!builder)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	status = kind_of_all(path, count, &kind, error);
	if (status != NFGEO_OK)
		goto done;
	if (kind == DATABASE_IMAGE)
		status = load_image(path[0], builder, is_empty(overlay), &provenance, table, error);
	else
		status = load_kind(kind, path, count, field, builder, &provenance, error);
	if (status != NFGEO_OK || *table)
		goto done;
	snprintf(provenance.program, sizeof(provenance.program), "nfdump-geo %s", nfgeo_version());
	if (overlay && (status = apply_overlay(builder, overlay, &provenance)) != NFGEO_OK)
		error_set(error, status, "local networks: %s", nfgeo_strerror(status));
	else
		status = geo_builder_finish(builder, &provenance, table, error);
done:
	geo_builder_free(builder);
	return status;
}
