/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MaxMind DB file format 2.0: search tree, 16 zero bytes, data section, and behind the last mark
 * in the file the metadata. We read it ourselves, because every answer is wanted, not some; the
 * library then has to agree.
 */
#include "config.h"

#include "geo/mmdb.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/sha256.h"
#include "geo/country.h"
#include "geo/mmdb_check.h"
#include "geo/mmdb_data.h"
#include "geo/mmdb_tree.h"

enum {
	METADATA_MAX = 128 * 1024, /* it begins in the last so many bytes of the file */
	LAYOUT_SAMPLES = 4096,	   /* records that are looked at to find out the layout, */
	LAYOUT_NODES = 65536,	   /* in so many nodes, or all if there is none */
	FORMAT_VERSION = 2,
};

static const char mark[] = "\xab\xcd\xefMaxMind.com";
enum { MARK_BYTES = sizeof(mark) - 1 };

/* Where vendors put the two letters: MaxMind, DB-IP and older IPinfo; ip-location-db and newer
 * IPinfo; others. The first one that is there counts. */
static const char *const known_layouts[] = {"country.iso_code", "country_code", "country"};
enum { LAYOUTS = sizeof(known_layouts) / sizeof(*known_layouts) };

struct database {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	struct mmdb_tree tree;
	struct mmdb_data data;
	struct mmdb_path path;
	struct geo_builder *builder;
	struct error *error;
	/* By offset in the data section: code of the record there + 1; 0 = not read yet. Owned. */
	uint16_t *code_at;
	size_t country_count; /* different records that name a country */
	/* Range that may still grow; bits = 0: none. */
	struct {
		unsigned bits;
		number128 first, last;
		uint16_t code;
	} pending;
};

/* The last mark; NULL without one. */
static const uint8_t *find_mark(const uint8_t *bytes, size_t len)
{
	size_t search = len < METADATA_MAX ? len : METADATA_MAX;
	const uint8_t *at = bytes + (len - search), *end = bytes + len, *found = NULL;

	while ((at = memmem(at, (size_t)(end - at), mark, MARK_BYTES)) != NULL)
		found = at++;
	return found;
}

bool mmdb_probe(const void *bytes, size_t len)
{
	return find_mark(bytes, len) != NULL;
}

static int refuse(const struct database *db, int code, const char *what)
{
	return error_set(db->error, code, "%s is refused: %s: get it again", db->name, what);
}

static int metadata_number(struct mmdb_data *metadata, const char *key, uint64_t *number)
{
	struct mmdb_value value;
	struct mmdb_path path;

	if (mmdb_path_parse(&path, key) || mmdb_find(metadata, 0, &path, &value) ||
	    !mmdb_number(metadata, &value, number))
		return NFGEO_ECORRUPT;
	return NFGEO_OK;
}

/* Control characters would spoil messages and log lines. */
static void copy_type(char *out, size_t room, const uint8_t *text, size_t len)
{
	size_t used = 0;

	for (size_t i = 0; i < len && used + 1 < room; i++)
		if (text[i] >= ' ' && text[i] < 0x7f)
			out[used++] = (char)text[i];
	out[used] = '\0';
}

static int read_metadata(struct database *db, const uint8_t *at, struct geo_provenance *provenance)
{
	struct mmdb_data metadata = {at, (size_t)(db->bytes + db->len - at), 65536};
	uint64_t version, node_count, record_bits, ip_version;
	struct mmdb_value value;
	struct mmdb_path path;
	size_t end;

	if (mmdb_check(&metadata, 0, &end) ||
	    metadata_number(&metadata, "binary_format_major_version", &version) ||
	    metadata_number(&metadata, "node_count", &node_count) ||
	    metadata_number(&metadata, "record_size", &record_bits) ||
	    metadata_number(&metadata, "ip_version", &ip_version))
		return refuse(db, NFGEO_ECORRUPT, "its metadata is damaged");
	if (version != FORMAT_VERSION)
		return refuse(db, NFGEO_EVERSION, "its format has another version than 2");
	if ((record_bits != 24 && record_bits != 28 && record_bits != 32) ||
	    (ip_version != 4 && ip_version != 6) || node_count == 0 || node_count >= UINT32_MAX)
		return refuse(db, NFGEO_ECORRUPT, "its metadata says what cannot be");
	db->tree.node_count = (uint32_t)node_count;
	db->tree.record_bits = (uint32_t)record_bits;
	db->tree.bits = ip_version == 4 ? 32 : 128;
	if (metadata_number(&metadata, "build_epoch", &provenance->build_epoch_s))
		provenance->build_epoch_s = 0;
	mmdb_path_parse(&path, "database_type");
	provenance->type[0] = '\0';
	if (!mmdb_find(&metadata, 0, &path, &value) && value.type == MMDB_TEXT)
		copy_type(provenance->type, sizeof(provenance->type), metadata.bytes + value.at,
			  value.size);
	return NFGEO_OK;
}

/* Tree, separator and data section within the file. */
static int lay_out(struct database *db, const uint8_t *found)
{
	uint64_t tree_bytes = (uint64_t)db->tree.node_count * (db->tree.record_bits / 4);
	uint64_t before = (uint64_t)(found - db->bytes);

	if (tree_bytes + MMDB_SEPARATOR > before)
		return refuse(db, NFGEO_ETRUNCATED, "its search tree is longer than the file");
	db->tree.name = db->name;
	db->tree.nodes = db->bytes;
	db->data.bytes = db->bytes + tree_bytes + MMDB_SEPARATOR;
	db->data.len = (size_t)(before - tree_bytes - MMDB_SEPARATOR);
	/* Looking at each byte a few times is more than any honest database needs. */
	db->data.work_left = (uint64_t)db->data.len * 64 + 65536;
	db->tree.data_len = db->data.len;
	db->code_at = calloc(db->data.len + 1, sizeof(*db->code_at));
	return db->code_at ? NFGEO_OK : refuse(db, NFGEO_ENOMEM, "out of memory");
}

/* Offsets of the first different records of the tree. */
static size_t sample_records(struct database *db, uint32_t node_limit, uint32_t *sample)
{
	size_t count = 0;

	for (uint64_t i = 0; i < 2 * (uint64_t)node_limit && count < LAYOUT_SAMPLES; i++) {
		uint32_t record = mmdb_record(&db->tree, (uint32_t)(i / 2), i % 2);
		size_t at;

		if (record <= db->tree.node_count)
			continue;
		at = mmdb_record_data(&db->tree, record);
		if (!db->code_at[at])
			sample[count++] = (uint32_t)at;
		db->code_at[at] = 1;
	}
	for (size_t i = 0; i < count; i++)
		db->code_at[sample[i]] = 0;
	return count;
}

/* Two letters, whatever they mean: a layout is not judged by its countries. */
static bool has_letters(struct database *db, size_t at, const struct mmdb_path *path)
{
	struct mmdb_value value;

	return mmdb_find(&db->data, at, path, &value) == NFGEO_OK && value.type == MMDB_TEXT &&
	       value.size == 2;
}

static bool find_layout(struct database *db, uint32_t node_limit)
{
	uint32_t sample[LAYOUT_SAMPLES];
	size_t count = sample_records(db, node_limit, sample);

	for (size_t i = 0; i < LAYOUTS; i++) {
		mmdb_path_parse(&db->path, known_layouts[i]);
		for (size_t k = 0; k < count; k++)
			if (has_letters(db, sample[k], &db->path))
				return true;
	}
	return false;
}

static int choose_path(struct database *db, const char *field_path)
{
	uint32_t nodes = db->tree.node_count;

	if (!field_path && !(nodes > LAYOUT_NODES && find_layout(db, LAYOUT_NODES)) &&
	    !find_layout(db, nodes))
		return error_set(db->error, NFGEO_EINVAL,
				 "%s: no record has a country as country.iso_code, country_code or "
				 "country: name the field with geodb.field",
				 db->name);
	if (field_path && mmdb_path_parse(&db->path, field_path))
		return error_set(db->error, NFGEO_EINVAL,
				 "'%s' is no field path: write, for example, country.iso_code",
				 field_path);
	return NFGEO_OK;
}

/* Code of the record at an offset; the whole record is checked when it is met first. */
static int record_code(struct database *db, size_t at, uint16_t *code)
{
	const struct country *country = NULL;
	struct mmdb_value value;
	size_t end;
	int status;

	if (db->code_at[at]) {
		*code = db->code_at[at] - 1;
		return NFGEO_OK;
	}
	status = mmdb_check(&db->data, at, &end);
	if (!status)
		status = mmdb_find(&db->data, at, &db->path, &value);
	if (status && status != NFGEO_ENOTFOUND)
		return refuse(db, status, "a record is damaged");
	if (!status && value.type == MMDB_TEXT && value.size == 2)
		country = country_by_letters((const char *)db->data.bytes + value.at, 2);
	*code = country ? country->number : COUNTRY_UNKNOWN;
	db->country_count += country != NULL;
	db->code_at[at] = *code + 1;
	return NFGEO_OK;
}

static struct address address_of(unsigned bits, number128 number)
{
	if (bits == 32)
		return address_ip4((uint32_t)number);
	return address_ip6((uint64_t)(number >> 64), (uint64_t)number);
}

static int flush(struct database *db)
{
	struct address first = address_of(db->pending.bits, db->pending.first);
	struct address last = address_of(db->pending.bits, db->pending.last);
	unsigned bits = db->pending.bits;

	db->pending.bits = 0;
	if (bits == 0)
		return NFGEO_OK;
	return geo_builder_range(db->builder, GEO_LAYER_DATABASE, &first, &last, db->pending.code);
}

/* Neighbours of one country become one range; no prefix of a tree lies inside another. */
static int visit_data(void *arg, unsigned bits, number128 first, number128 last, size_t offset)
{
	struct database *db = arg;
	uint16_t code = COUNTRY_UNKNOWN;
	int status = record_code(db, offset, &code);

	if (status)
		return status;
	if (db->pending.bits == bits && db->pending.code == code && db->pending.last + 1 == first) {
		db->pending.last = last;
		return NFGEO_OK;
	}
	status = flush(db);
	db->pending.bits = bits;
	db->pending.first = first;
	db->pending.last = last;
	db->pending.code = code;
	return status;
}

static int visit_alias(void *arg, number128 first, unsigned prefix_bits)
{
	struct database *db = arg;
	struct prefix prefix = {address_of(128, first), (uint8_t)prefix_bits};
	int status = flush(db);

	return status ? status : geo_builder_alias4(db->builder, &prefix);
}

static int walk(struct database *db)
{
	const struct mmdb_visitor visitor = {db, visit_data, visit_alias};
	int status = mmdb_tree_walk(&db->tree, &visitor);

	if (!status)
		status = flush(db);
	if (status == NFGEO_ELIMIT)
		return refuse(db, status, "its parts repeat without end");
	if (status == NFGEO_ENOMEM)
		return refuse(db, status, "out of memory");
	if (!status && db->country_count == 0)
		return error_set(db->error, NFGEO_EINVAL,
				 "%s: no record has a country in the field that was named",
				 db->name);
	return status;
}

static int load(struct database *db, const char *field_path, struct geo_provenance *provenance)
{
	const uint8_t *found = find_mark(db->bytes, db->len);
	int status;

	if (!found)
		return error_set(db->error, NFGEO_EINVAL,
				 "%s is no MaxMind DB: its metadata is missing", db->name);
	status = read_metadata(db, found + MARK_BYTES, provenance);
	if (!status)
		status = lay_out(db, found);
	if (!status)
		status = mmdb_tree_check(&db->tree, db->error);
	if (!status)
		status = choose_path(db, field_path);
	if (!status)
		status = walk(db);
	if (!status)
		status = mmdb_compare(db->name, db->bytes, db->len, &db->path, db->builder,
				      db->error);
	return status;
}

/* The hash is a third of the work, and of no matter for the rest: it has a thread of its own. */
struct hasher {
	pthread_t thread;
	bool running;
	const void *bytes;
	size_t len;
	uint8_t *hash; /* of SHA256_BYTES */
};

static void *hash_bytes(void *arg)
{
	struct hasher *hasher = arg;

	sha256(hasher->bytes, hasher->len, hasher->hash);
	return NULL;
}

static void hasher_start(struct hasher *hasher)
{
	hasher->running = pthread_create(&hasher->thread, NULL, hash_bytes, hasher) == 0;
	if (!hasher->running)
		hash_bytes(hasher);
}

static void hasher_wait(struct hasher *hasher)
{
	if (hasher->running)
		pthread_join(hasher->thread, NULL);
}

int mmdb_load_bytes(const char *name, const void *bytes, size_t len, const char *field_path,
		    struct geo_builder *builder, struct geo_provenance *provenance,
		    struct error *error)
{
	struct database db = {
		.name = name, .bytes = bytes, .len = len, .builder = builder, .error = error};
	struct hasher hasher = {.bytes = bytes, .len = len, .hash = provenance->sha256};
	int code;

	hasher_start(&hasher);
	code = load(&db, field_path, provenance);
	hasher_wait(&hasher);
	mmdb_tree_fini(&db.tree);
	free(db.code_at);
	return code;
}

int mmdb_load(const char *path, const char *field_path, struct geo_builder *builder,
	      struct geo_provenance *provenance, struct error *error)
{
	struct file_bytes file;
	int code = file_read(path, &file, error);

	if (code)
		return code;
	code = mmdb_load_bytes(path, file.bytes, file.len, field_path, builder, provenance, error);
	file_bytes_fini(&file);
	return code;
}
