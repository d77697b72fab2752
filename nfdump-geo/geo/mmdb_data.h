/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmdb_data.h - values in the data section of a MaxMind DB (format specification 2.0, "Output Data
 * Section"). Every offset is checked; nothing is copied.
 */
#ifndef GEO_MMDB_DATA_H
#define GEO_MMDB_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mmdb_type {
	MMDB_POINTER = 1,
	MMDB_TEXT = 2,
	MMDB_DOUBLE = 3,
	MMDB_BYTES = 4,
	MMDB_UINT16 = 5,
	MMDB_UINT32 = 6,
	MMDB_MAP = 7,
	MMDB_INT32 = 8,
	MMDB_UINT64 = 9,
	MMDB_UINT128 = 10,
	MMDB_ARRAY = 11,
	MMDB_BOOLEAN = 14,
	MMDB_FLOAT = 15,
};

/* The section that pointers count from. */
struct mmdb_data {
	const uint8_t *bytes; /* borrowed */
	size_t len;
	uint64_t work_left; /* values that may still be looked at: bounds hostile repetition */
};

struct mmdb_value {
	enum mmdb_type type;
	uint32_t size; /* bytes; pairs of a map, items of an array; a boolean's value */
	size_t at;     /* its content; of a pointer: where it points */
};

enum { MMDB_PATH_PARTS = 8, MMDB_PATH_TEXT = 128 };

/* "country.iso_code" taken apart. */
struct mmdb_path {
	char text[MMDB_PATH_TEXT];
	const char *part[MMDB_PATH_PARTS + 1]; /* ended by NULL */
};

/** Split at dots and slashes. @return NFGEO_OK, or NFGEO_EINVAL for one that is empty or too long
 */
int mmdb_path_parse(struct mmdb_path *path, const char *text);

/**
 * The value that begins at `at`, a pointer followed.
 *
 * @param next  what is behind it (for maps and arrays: behind the head); may be NULL
 * @return NFGEO_OK, NFGEO_ECORRUPT or NFGEO_ELIMIT
 */
int mmdb_value(struct mmdb_data *data, size_t at, struct mmdb_value *value, size_t *next);

/** Check a value with all that is in it; what pointers lead to only for its head. */
int mmdb_check(struct mmdb_data *data, size_t at, size_t *next);

/** Follow a path of map keys and array indices. @return also NFGEO_ENOTFOUND */
int mmdb_find(struct mmdb_data *data, size_t at, const struct mmdb_path *path,
	      struct mmdb_value *value);

/** An unsigned number of any width; false if it is none or needs more than 64 bits. */
bool mmdb_number(const struct mmdb_data *data, const struct mmdb_value *value, uint64_t *number);

#endif
