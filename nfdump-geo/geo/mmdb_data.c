/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/mmdb_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "include/nfgeo.h"

enum { DEPTH_MAX = 64 }; /* of maps and arrays; real records have five */

int mmdb_path_parse(struct mmdb_path *path, const char *text)
{
	size_t len = strlen(text), parts = 0;
	char *rest;

	if (len >= sizeof(path->text))
		return NFGEO_EINVAL;
	memcpy(path->text, text, len + 1);
	memset(path->part, 0, sizeof(path->part));
	for (char *part = strtok_r(path->text, "./", &rest); part;
	     part = strtok_r(NULL, "./", &rest)) {
		if (parts == MMDB_PATH_PARTS)
			return NFGEO_EINVAL;
		path->part[parts++] = part;
	}
	return parts ? NFGEO_OK : NFGEO_EINVAL;
}

/* Sizes from 29 on stand in one, two or three bytes behind the control byte. */
static uint32_t take_size(struct wire *wire, uint8_t control)
{
	static const uint32_t base[] = {29, 285, 65821};
	unsigned size = control & 0x1f, bytes;
	const uint8_t *at;

	if (size < 29)
		return size;
	bytes = size - 28;
	at = wire_slice(wire, bytes);
	return at ? base[bytes - 1] + (uint32_t)wire_number(at, bytes) : 0;
}

static uint32_t take_pointer(struct wire *wire, uint8_t control)
{
	static const uint32_t base[] = {0, 2048, 526336, 0};
	unsigned bytes = (control >> 3 & 3) + 1;
	const uint8_t *at = wire_slice(wire, bytes);
	uint32_t low;

	if (!at)
		return 0;
	low = (uint32_t)wire_number(at, bytes);
	return bytes == 4 ? low : base[bytes - 1] + ((control & 7u) << 8 * bytes | low);
}

/* Bytes that follow the head of a value; SIZE_MAX for a type or size that does not exist. */
static size_t content_bytes(const struct mmdb_value *value)
{
	static const uint8_t widest[MMDB_FLOAT + 1] = {
		[MMDB_UINT16] = 2, [MMDB_UINT32] = 4,	[MMDB_INT32] = 4,
		[MMDB_UINT64] = 8, [MMDB_UINT128] = 16,
	};

	switch (value->type) {
	case MMDB_TEXT:
	case MMDB_BYTES:
		return value->size;
	case MMDB_DOUBLE:
		return value->size == 8 ? 8 : SIZE_MAX;
	case MMDB_FLOAT:
		return value->size == 4 ? 4 : SIZE_MAX;
	case MMDB_UINT16:
	case MMDB_UINT32:
	case MMDB_INT32:
	case MMDB_UINT64:
	case MMDB_UINT128:
		return value->size <= widest[value->type] ? value->size : SIZE_MAX;
	case MMDB_BOOLEAN:
		return value->size <= 1 ? 0 : SIZE_MAX;
	case MMDB_MAP:
	case MMDB_ARRAY:
	case MMDB_POINTER:
		return 0;
	}
	return SIZE_MAX;
}

/* One value as it stands there. */
static int read_head(struct mmdb_data *data, size_t at, struct mmdb_value *value, size_t *next)
{
	struct wire wire;
	uint8_t control;
	size_t content;

	if (at >= data->len)
		return NFGEO_ECORRUPT;
	if (data->work_left == 0)
		return NFGEO_ELIMIT;
	data->work_left--;
	wire = wire_init(data->bytes + at, data->len - at);
	control = wire_u8(&wire);
	value->type = (enum mmdb_type)(control >> 5);
	if (value->type == MMDB_POINTER) {
		value->size = 0;
		value->at = take_pointer(&wire, control);
		*next = (size_t)(wire.at - data->bytes);
		return wire.truncated || value->at >= data->len ? NFGEO_ECORRUPT : NFGEO_OK;
	}
	if (value->type == 0)
		value->type = (enum mmdb_type)(wire_u8(&wire) + 7u);
	value->size = take_size(&wire, control);
	value->at = (size_t)(wire.at - data->bytes);
	content = content_bytes(value);
	if (wire.truncated || content > wire_left(&wire))
		return NFGEO_ECORRUPT;
	*next = value->at + content;
	return NFGEO_OK;
}

int mmdb_value(struct mmdb_data *data, size_t at, struct mmdb_value *value, size_t *next)
{
	size_t behind, ignored;
	int code = read_head(data, at, value, &behind);

	if (!code && value->type == MMDB_POINTER) {
		code = read_head(data, value->at, value, &ignored);
		if (!code && value->type == MMDB_POINTER)
			code = NFGEO_ECORRUPT; /* the format forbids pointers to pointers */
	}
	if (!code && next)
		*next = behind;
	return code;
}

static bool is_container(const struct mmdb_value *value)
{
	return value->type == MMDB_MAP || value->type == MMDB_ARRAY;
}

/* A map's keys count as items, too; each item takes at least a byte. */
static int check_nested(struct mmdb_data *data, size_t at, size_t *next, unsigned depth)
{
	struct mmdb_value value, target;
	int code = read_head(data, at, &value, next);
	uint64_t items;

	if (code)
		return code;
	if (value.type == MMDB_POINTER)
		return mmdb_value(data, at, &target, NULL);
	if (!is_container(&value))
		return NFGEO_OK;
	if (depth == DEPTH_MAX)
		return NFGEO_ELIMIT;
	items = value.type == MMDB_MAP ? 2 * (uint64_t)value.size : value.size;
	if (items > data->len - *next)
		return NFGEO_ECORRUPT;
	for (uint64_t i = 0; !code && i < items; i++) {
		bool key = value.type == MMDB_MAP && i % 2 == 0;

		if (key && (mmdb_value(data, *next, &target, NULL) || target.type != MMDB_TEXT))
			return NFGEO_ECORRUPT;
		code = check_nested(data, *next, next, depth + 1);
	}
	return code;
}

int mmdb_check(struct mmdb_data *data, size_t at, size_t *next)
{
	return check_nested(data, at, next, 0);
}

static bool is_key(const struct mmdb_data *data, const struct mmdb_value *key, const char *name)
{
	return key->type == MMDB_TEXT && key->size == strlen(name) &&
	       memcmp(data->bytes + key->at, name, key->size) == 0;
}

static int find_key(struct mmdb_data *data, const struct mmdb_value *map, const char *name,
		    size_t *found)
{
	size_t at = map->at;

	for (uint32_t i = 0; i < map->size; i++) {
		struct mmdb_value key;
		int code = mmdb_value(data, at, &key, &at);

		if (code)
			return code;
		if (is_key(data, &key, name)) {
			*found = at;
			return NFGEO_OK;
		}
		code = mmdb_check(data, at, &at);
		if (code)
			return code;
	}
	return NFGEO_ENOTFOUND;
}

static int find_item(struct mmdb_data *data, const struct mmdb_value *array, const char *name,
		     size_t *found)
{
	char *end;
	unsigned long index = strtoul(name, &end, 10);
	size_t at = array->at;

	if (*end || index >= array->size)
		return NFGEO_ENOTFOUND;
	for (; index > 0; index--) {
		int code = mmdb_check(data, at, &at);

		if (code)
			return code;
	}
	*found = at;
	return NFGEO_OK;
}

int mmdb_find(struct mmdb_data *data, size_t at, const struct mmdb_path *path,
	      struct mmdb_value *value)
{
	int code = mmdb_value(data, at, value, NULL);

	for (const char *const *part = path->part; !code && *part; part++) {
		size_t found = 0;

		if (value->type == MMDB_MAP)
			code = find_key(data, value, *part, &found);
		else if (value->type == MMDB_ARRAY)
			code = find_item(data, value, *part, &found);
		else
			code = NFGEO_ENOTFOUND;
		if (!code)
			code = mmdb_value(data, found, value, NULL);
	}
	return code;
}

bool mmdb_number(const struct mmdb_data *data, const struct mmdb_value *value, uint64_t *number)
{
	if (value->type != MMDB_UINT16 && value->type != MMDB_UINT32 && value->type != MMDB_UINT64)
		return false;
	*number = wire_number(data->bytes + value->at, value->size);
	return true;
}
