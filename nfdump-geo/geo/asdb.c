/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libmaxminddb reads the file; all its networks are walked once, in the order of their addresses,
 * into a list of ranges, each of which begins where its predecessor ends. IPv4 lies in ::/96, as in
 * the trees of IPv6. What the file says is not
 * believed: a tree that leads to more places than it has nodes is refused, a name is cut and
 * cleaned.
 */
#include "geo/asdb.h"

#include <maxminddb.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "include/nfgeo.h"

struct range {
	uint64_t high, low; /* first */
	uint32_t number;
};

struct as_name {
	uint32_t number;
	const char *name; /* in asdb.text */
};

struct asdb {
	struct range *range;
	size_t count, capacity;
	struct as_name *name; /* by number */
	size_t name_count;
	struct arena text;
};

static struct asdb *opened;

static void asdb_free(struct asdb *db)
{
	if (!db)
		return;
	free(db->range);
	free(db->name);
	arena_fini(&db->text);
	free(db);
}

/* --- reading ---------------------------------------------------------------------------------- */

enum { DEPTH_MAX = 128, FIELDS = 7 };

/* Where vendors have them. The first that is there counts. */
static const char *const number_paths[FIELDS][4] = {
	{"autonomous_system_number", NULL},	      {"asn", NULL},	   {"as_number", NULL},
	{"traits", "autonomous_system_number", NULL}, {"as", "asn", NULL}, {"asn", "asn", NULL},
};
static const char *const name_paths[FIELDS][4] = {
	{"autonomous_system_organization", NULL},
	{"as_name", NULL},
	{"as_org", NULL},
	{"traits", "autonomous_system_organization", NULL},
	{"as", "name", NULL},
	{"asn", "name", NULL},
	{"name", NULL},
};

struct walk {
	struct asdb *db;
	MMDB_s *mmdb;
	struct hash numbers; /* offset of a record in the data section -> its AS */
	struct hash names;   /* AS -> name */
	uint64_t steps_left;
	uint32_t ip4_node; /* where IPv4 begins in a tree of IPv6; 0 = nowhere */
	bool failed;	   /* out of memory */
	bool endless;	   /* more ways than the tree has nodes */
};

/* Numbers and text; a map of that name holds them under other names. */
static bool is_plain(const MMDB_entry_data_s *data)
{
	return data->has_data &&
	       (data->type == MMDB_DATA_TYPE_UTF8_STRING || data->type == MMDB_DATA_TYPE_UINT16 ||
		data->type == MMDB_DATA_TYPE_UINT32 || data->type == MMDB_DATA_TYPE_UINT64);
}

/* @return false when there is no such thing */
static bool get_field(MMDB_entry_s *entry, const char *const (*paths)[4], MMDB_entry_data_s *data)
{
	for (unsigned i = 0; i < FIELDS && paths[i][0]; i++)
		if (MMDB_aget_value(entry, data, (const char *const *)paths[i]) == MMDB_SUCCESS &&
		    is_plain(data))
			return true;
	return false;
}

/* A number, or text as in "AS15169". */
static uint32_t number_of(const MMDB_entry_data_s *data)
{
	char text[16] = "", *digits = text, *end;
	unsigned long value;

	switch (data->type) {
	case MMDB_DATA_TYPE_UINT16:
		return data->uint16;
	case MMDB_DATA_TYPE_UINT32:
		return data->uint32;
	case MMDB_DATA_TYPE_UINT64:
		return data->uint64 <= UINT32_MAX ? (uint32_t)data->uint64 : 0;
	case MMDB_DATA_TYPE_UTF8_STRING:
		if (data->data_size < sizeof(text))
			memcpy(text, data->utf8_string, data->data_size);
		if ((text[0] | 32) == 'a' && (text[1] | 32) == 's')
			digits += 2;
		value = strtoul(digits, &end, 10);
		return *digits >= '0' && *digits <= '9' && !*end && value <= UINT32_MAX
			       ? (uint32_t)value
			       : 0;
	default:
		return 0;
	}
}

/* What a terminal could take for a command: C0, DEL, and C1 (U+0080 to U+009F, C2 80 to C2 9F). */
static bool is_control(const char *text, size_t i, size_t len)
{
	unsigned char byte = (unsigned char)text[i];

	if (byte < ' ' || byte == 0x7f)
		return true;
	if (byte == 0xc2 && i + 1 < len)
		return ((unsigned char)text[i + 1] & 0xe0) == 0x80;
	return i > 0 && (unsigned char)text[i - 1] == 0xc2 && (byte & 0xe0) == 0x80;
}

/* Printable, whole characters, no longer than a name may be. */
static size_t clean_name(char *out, const char *text, size_t len)
{
	size_t used = 0;

	for (; used < len && used < ASDB_NAME_MAX; used++)
		out[used] = is_control(text, used, len) ? ' ' : text[used];
	if (used < len)
		while (used && ((unsigned char)text[used] & 0xc0) == 0x80)
			used--;
	return used;
}

static void keep_name(struct walk *walk, uint32_t number, const MMDB_entry_data_s *data)
{
	char name[ASDB_NAME_MAX], *kept;
	uint64_t key = number;
	const char **value;
	bool fresh;

	if (data->type != MMDB_DATA_TYPE_UTF8_STRING)
		return;
	kept = arena_strndup(&walk->db->text, name,
			     clean_name(name, data->utf8_string, data->data_size));
	value = kept ? hash_upsert(&walk->names, &key, hash_bytes(&key, sizeof(key)), &fresh)
		     : NULL;
	if (!value)
		walk->failed = true;
	else if (fresh)
		*value = kept;
}

/* Networks of one AS share a record, mostly: each is read once. */
static uint32_t number_at(struct walk *walk, const MMDB_entry_s *place)
{
	MMDB_entry_s entry = *place;
	MMDB_entry_data_s data;
	uint64_t key = entry.offset;
	uint32_t *number;
	bool fresh;

	number = hash_upsert(&walk->numbers, &key, hash_bytes(&key, sizeof(key)), &fresh);
	if (!number) {
		walk->failed = true;
		return 0;
	}
	if (!fresh || !get_field(&entry, number_paths, &data) || !(*number = number_of(&data)))
		return *number;
	if (get_field(&entry, name_paths, &data))
		keep_name(walk, *number, &data);
	return *number;
}

/* From here on, up to what is added next. */
static void add(struct walk *walk, const uint64_t first[2], uint32_t number)
{
	struct asdb *db = walk->db;

	if (db->count && db->range[db->count - 1].number == number)
		return;
	if (db->count == db->capacity) {
		size_t capacity = 2 * db->capacity + 4096;
		struct range *grown = reallocarray(db->range, capacity, sizeof(*grown));

		if (!grown) {
			walk->failed = true;
			return;
		}
		db->range = grown;
		db->capacity = capacity;
	}
	db->range[db->count++] = (struct range){first[0], first[1], number};
}

struct network {
	uint64_t first[2]; /* high, low */
	unsigned depth;
};

static bool holds_ip4(const struct network *network)
{
	return !network->first[0] && !(network->first[1] >> 32);
}

static struct network half(const struct network *network, bool right)
{
	struct network part = *network;
	unsigned bit = DEPTH_MAX - ++part.depth;

	if (right)
		part.first[bit < 64] |= 1ull << bit % 64;
	return part;
}

static void walk_node(struct walk *walk, uint32_t node, const struct network *network);

static void walk_record(struct walk *walk, uint8_t type, uint64_t record, const MMDB_entry_s *entry,
			const struct network *network)
{
	if (type == MMDB_RECORD_TYPE_DATA)
		add(walk, network->first, number_at(walk, entry));
	else if (type == MMDB_RECORD_TYPE_SEARCH_NODE && network->depth < DEPTH_MAX &&
		 (record != walk->ip4_node || holds_ip4(network)))
		walk_node(walk, (uint32_t)record, network);
	else /* nothing there; or IPv4 by another way, 2002::/16: asked for as IPv4 */
		add(walk, network->first, 0);
}

static void walk_node(struct walk *walk, uint32_t node, const struct network *network)
{
	struct network left = half(network, false), right = half(network, true);
	MMDB_search_node_s records;

	if (walk->failed || walk->endless)
		return;
	if (!walk->steps_left-- || MMDB_read_node(walk->mmdb, node, &records) != MMDB_SUCCESS) {
		walk->endless = true;
		return;
	}
	walk_record(walk, records.left_record_type, records.left_record, &records.left_record_entry,
		    &left);
	walk_record(walk, records.right_record_type, records.right_record,
		    &records.right_record_entry, &right);
}

static int by_number(const void *one, const void *other)
{
	uint32_t a = ((const struct as_name *)one)->number,
		 b = ((const struct as_name *)other)->number;

	return (a > b) - (a < b);
}

static void sort_names(struct walk *walk)
{
	struct asdb *db = walk->db;

	db->name = calloc(walk->names.count + 1, sizeof(*db->name));
	if (!db->name) {
		walk->failed = true;
		return;
	}
	for (uint32_t i = 0; i < walk->names.count; i++)
		db->name[i] =
			(struct as_name){(uint32_t) * (const uint64_t *)hash_key(&walk->names, i),
					 *(const char *const *)hash_value(&walk->names, i)};
	db->name_count = walk->names.count;
	qsort(db->name, db->name_count, sizeof(*db->name), by_number);
}

static int read_all(struct asdb *db, MMDB_s *mmdb, const char *path, struct error *error)
{
	const MMDB_metadata_s *metadata = &mmdb->metadata;
	struct walk walk = {.db = db, .mmdb = mmdb, .steps_left = metadata->node_count};
	const bool only4 = metadata->ip_version == 4;
	const struct network all = {.depth = only4 ? DEPTH_MAX - 32 : 0};
	const uint64_t behind_ip4[2] = {0, 1ull << 32};

	if (!only4 && mmdb->ipv4_start_node.netmask == 96)
		walk.ip4_node = mmdb->ipv4_start_node.node_value;
	hash_init(&walk.numbers, sizeof(uint64_t), sizeof(uint32_t));
	hash_init(&walk.names, sizeof(uint64_t), sizeof(const char *));
	walk_node(&walk, 0, &all);
	if (only4)
		add(&walk, behind_ip4, 0);
	sort_names(&walk);
	hash_fini(&walk.numbers);
	hash_fini(&walk.names);
	if (walk.failed)
		return error_set(error, NFGEO_ENOMEM, "%s: out of memory", path);
	if (walk.endless)
		return error_set(error, NFGEO_ECORRUPT,
				 "%s is refused: its search tree is damaged: get it again", path);
	if (db->count == 1 && !db->range->number)
		return error_set(
			error, NFGEO_EINVAL,
			"%s (%s) has no AS numbers: take a database of them, as GeoLite2-ASN", path,
			metadata->database_type ? metadata->database_type : "");
	return NFGEO_OK;
}

int asdb_open(const char *path, struct error *error)
{
	struct asdb *db = calloc(1, sizeof(*db));
	MMDB_s mmdb;
	int status;

	asdb_close();
	if (!db)
		return error_set(error, NFGEO_ENOMEM, "%s: out of memory", path);
	status = MMDB_open(path, MMDB_MODE_MMAP, &mmdb);
	if (status != MMDB_SUCCESS) {
		asdb_free(db);
		return error_set(error, NFGEO_EINVAL, "database of AS numbers %s: %s", path,
				 MMDB_strerror(status));
	}
	status = read_all(db, &mmdb, path, error);
	MMDB_close(&mmdb);
	if (status == NFGEO_OK)
		opened = db;
	else
		asdb_free(db);
	return status;
}

void asdb_close(void)
{
	asdb_free(opened);
	opened = NULL;
}

bool asdb_is_open(void)
{
	return opened != NULL;
}

/* --- asking ----------------------------------------------------------------------------------- */

uint32_t asdb_number(uint64_t high, uint64_t low)
{
	size_t from = 0, to = opened ? opened->count : 0;

	if (!high && low >> 32 == 0xffff)
		low = (uint32_t)low;
	while (from < to) {
		size_t middle = (from + to) / 2;
		const struct range *range = &opened->range[middle];

		if (range->high < high || (range->high == high && range->low <= low))
			from = middle + 1;
		else
			to = middle;
	}
	return from ? opened->range[from - 1].number : 0;
}

const char *asdb_name(uint32_t number)
{
	const struct as_name key = {.number = number}, *found;

	if (!opened)
		return "";
	found = bsearch(&key, opened->name, opened->name_count, sizeof(key), by_number);
	return found ? found->name : "";
}

uint32_t as_of(const struct record_view *view, bool dst)
{
	uint32_t number = (uint32_t)view_number(view, dst ? FIELD_DST_AS : FIELD_SRC_AS);
	const uint8_t *at;

	if (number || !opened)
		return number;
	if (view_is_ip6(view)) {
		at = view_payload(view, ELEMENT_IP6) + (dst ? 16 : 0);
		return asdb_number(bytes_get64(at), bytes_get64(at + 8));
	}
	if (!view_has(view, ELEMENT_IP4))
		return 0;
	return asdb_number(0, bytes_get32(view_payload(view, ELEMENT_IP4) + (dst ? 4 : 0)));
}
