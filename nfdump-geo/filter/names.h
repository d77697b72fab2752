/* SPDX-License-Identifier: BSD-3-Clause */
/* names.h - words that stand for numbers in a filter. */
#ifndef FILTER_NAMES_H
#define FILTER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name {
	const char *word; /* NULL ends a table */
	uint16_t number;
};

extern const struct name proto_names[], fwdstat_names[], direction_names[], asa_event_names[],
	asa_denied_names[], nat_event_names[];

/** Number of a word in any case. @return false if the table has none */
bool name_find(const struct name *names, const char *word, size_t len, uint64_t *number);

#endif
