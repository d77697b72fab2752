/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gate.h - which countries a filter can match at all. Hundreds of filters that differ by country
 * are run by asking each record's two countries once, instead of every filter for every record.
 */
#ifndef FILTER_GATE_H
#define FILTER_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "filter/filter.h"
#include "geo/group.h"

/*
 * Never shuts out a record that matches; may let pass one that does not. Source countries that the
 * filter names decide alone; for all other sources the destination does. So each filter is found
 * by one of two look-ups, and `ctry X` between two hosts of X is not found twice.
 */
struct country_gate {
	bool open;  /* can match whatever the countries are */
	bool exact; /* whatever passes does match: there is nothing left to ask */
	struct country_set src_named, src, dst;
};

/** @return NFGEO_OK or NFGEO_ENOMEM (the gate is then open) */
int filter_gate(const struct filter *filter, struct country_gate *gate);

static inline bool gate_passes(const struct country_gate *gate, uint16_t src, uint16_t dst)
{
	if (gate->open)
		return true;
	src = src < COUNTRY_CODES ? src : COUNTRY_UNKNOWN; /* as the filter has it */
	dst = dst < COUNTRY_CODES ? dst : COUNTRY_UNKNOWN;
	return country_set_has(&gate->src_named, src) ? country_set_has(&gate->src, src)
						      : country_set_has(&gate->dst, dst);
}

#endif
