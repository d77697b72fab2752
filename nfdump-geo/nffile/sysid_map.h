/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysid_map.h - when several files become one: a sysid names an exporter within its file only (file
 * format, exporter record), so exporters of the same number get numbers of their own.
 */
#ifndef NFFILE_SYSID_MAP_H
#define NFFILE_SYSID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sysid_map;

struct sysid_map *sysid_map_new(void);
void sysid_map_free(struct sysid_map *map);

/** The records that follow are of this file; the numbers of another one mean nothing to them. */
void sysid_map_file(struct sysid_map *map, size_t file);

/**
 * Give an exporter, sampler or flow record the number that its exporter has in the output. The same
 * exporter in two files is one; numbers are kept where they are free.
 *
 * @return false when there are no numbers left, or no memory
 */
bool sysid_map_record(struct sysid_map *map, uint8_t *record, size_t len);

#endif
