/* SPDX-License-Identifier: BSD-3-Clause */
/* error.h - an error code with one line of text that names the place, the value and the fix. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "include/nfgeo.h"

struct error {
	int code; /* NFGEO_OK or negative */
	char text[480];
};

/**
 * Fill an error and return its code, so that a function can end with `return error_set(...)`.
 *
 * @param error  may be NULL: then only the code is returned
 */
int error_set(struct error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** As error_set with code NFGEO_EIO and ": " + strerror(errno) appended. */
int error_set_errno(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
