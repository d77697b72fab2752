/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * options.h - data records of options templates: samplers, boot time, and the names of
 * applications, interfaces and VRFs. They are rare, so their fields are looked up as they come.
 */
#ifndef PROTO_OPTIONS_H
#define PROTO_OPTIONS_H

#include "proto/flow.h"

/* Fields that mean something to us. */
enum option {
	OPTION_SAMPLER_ID,
	OPTION_ALGORITHM,
	OPTION_SPACE, /* 50: the rate itself; 306: packets left out, or the rate without 305 */
	OPTION_INTERVAL,
	OPTION_RATE, /* 34 */
	OPTION_RATE_ALGORITHM,
	OPTION_BOOT,
	OPTION_APP_ID,
	OPTION_APP_NAME,
	OPTION_APP_TEXT,
	OPTION_INTERFACE,
	OPTION_INTERFACE_NAME,
	OPTION_VRF,
	OPTION_VRF_NAME,
	OPTION_COUNT,
};

/* One options record: where its fields lie; `at` is NULL for those it does not have. */
struct option_values {
	struct value_bytes value[OPTION_COUNT];
};

static inline bool option_has(const struct option_values *values, enum option option)
{
	return values->value[option].at != NULL;
}

/** A number; 0 when it is absent or not 1..8 bytes long. */
static inline uint64_t option_number(const struct option_values *values, enum option option)
{
	const struct value_bytes *value = &values->value[option];

	return value->at && value->len <= 8 ? wire_number(value->at, value->len) : 0;
}

/** The next record of an options set. @return false at its end, padding included */
bool option_next(const struct template *template, struct wire *set, struct option_values *values);

/**
 * Use all records of an options data set.
 *
 * @return number of records, -1 when the set was cut off in the middle of one
 */
long options_set(const struct flow_context *context, const struct template *template,
		 struct wire *set);

#endif
