/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo.h - the public interface of libnfgeo: countries for NetFlow records.
 *
 * The only installed header. Functions return NFGEO_OK or a negative enum nfgeo_err; results come
 * back through pointers. The library never prints and never exits.
 */
#ifndef NFGEO_H
#define NFGEO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum nfgeo_err {
	NFGEO_OK = 0,
	NFGEO_ENOMEM = -1,     /* out of memory */
	NFGEO_EIO = -2,	       /* the operating system refused; errno tells */
	NFGEO_ETRUNCATED = -3, /* input ended inside something */
	NFGEO_ECORRUPT = -4,   /* input contradicts itself or its format */
	NFGEO_EVERSION = -5,   /* a known kind of input in a version that is not supported */
	NFGEO_EINVAL = -6,     /* a value outside its range, or text that does not parse */
	NFGEO_ENOTFOUND = -7,  /* a name or file that does not exist */
	NFGEO_ELIMIT = -8,     /* a safety limit was reached */
	NFGEO_ENODB = -9,      /* no country database */
};

/** Text of an error code; static, never NULL. */
const char *nfgeo_strerror(int code);

/** Version of the library, for example "0.1.0"; static. */
const char *nfgeo_version(void);

#ifdef __cplusplus
}
#endif
#endif
