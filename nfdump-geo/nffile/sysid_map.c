/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/sysid_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "flow/record.h"

/* Offsets of the sysid in records; doc/file-format.md, "Exporters". */
enum { EXPORTER_BYTES = 32, EXPORTER_SYSID = 26, SAMPLER_SYSID = 4, SAMPLER_OLD_SYSID = 14,
       FLOW_SYSID = 8, SYSIDS = 65536 };

struct sysid_map {
	uint16_t to[SYSIDS]; /* this file's numbers; 0 = as it is */
	bool taken[SYSIDS];  /* in the output */
	struct hash exporter; /* record with sysid 0 -> u64 number in the output */
	size_t file;
	uint32_t next; /* where to look for a free number */
};

struct sysid_map *sysid_map_new(void)
{
	struct sysid_map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	hash_init(&map->exporter, EXPORTER_BYTES, sizeof(uint64_t));
	map->next = 1;
	return map;
}

void sysid_map_free(struct sysid_map *map)
{
	if (!map)
		return;
	hash_fini(&map->exporter);
	free(map);
}

void sysid_map_file(struct sysid_map *map, size_t file)
{
	if (file != map->file)
		memset(map->to, 0, sizeof(map->to));
	map->file = file;
}

static uint16_t free_number(struct sysid_map *map, uint16_t wanted)
{
	if (wanted && !map->taken[wanted])
		return wanted;
	while (map->next < SYSIDS && map->taken[map->next])
		map->next++;
	return map->next < SYSIDS ? (uint16_t)map->next : 0;
}

static bool map_exporter(struct sysid_map *map, uint8_t *record)
{
	uint16_t sysid = bytes_get16(record + EXPORTER_SYSID);
	uint8_t key[EXPORTER_BYTES];
	uint64_t *number;
	bool fresh;

	memcpy(key, record, sizeof(key));
	bytes_put16(key + EXPORTER_SYSID, 0);
	number = hash_upsert(&map->exporter, key, hash_bytes(key, sizeof(key)), &fresh);
	if (!number)
		return false;
	if (fresh)
		*number = free_number(map, sysid);
	if (!*number)
		return false;
	map->taken[*number] = true;
	map->to[sysid] = (uint16_t)*number;
	bytes_put16(record + EXPORTER_SYSID, (uint16_t)*number);
	return true;
}

bool sysid_map_record(struct sysid_map *map, uint8_t *record, size_t len)
{
	uint16_t type = bytes_get16(record);
	size_t at;

	if (type == RECORD_EXPORTER)
		return len != EXPORTER_BYTES || map_exporter(map, record);
	if (type == RECORD_FLOW)
		at = FLOW_SYSID;
	else if (type == RECORD_SAMPLER)
		at = SAMPLER_SYSID;
	else if (type == RECORD_SAMPLER_OLD)
		at = SAMPLER_OLD_SYSID;
	else
		return true;
	if (len >= at + 2 && map->to[bytes_get16(record + at)])
		bytes_put16(record + at, map->to[bytes_get16(record + at)]);
	return true;
}
