/* SPDX-License-Identifier: BSD-3-Clause */
/* compress.h - the table of codecs of the file format: none, LZO, BZ2, LZ4, ZSTD. */
#ifndef NFFILE_COMPRESS_H
#define NFFILE_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Numbers of the file header's compression byte. */
enum codec { CODEC_NONE, CODEC_LZO, CODEC_BZ2, CODEC_LZ4, CODEC_ZSTD, CODEC_COUNT };

/** Codec by name ("none", "lzo", "bz2", "bzip2", "lz4", "zstd"), with an optional ":level".
 * @return NFGEO_OK or NFGEO_EINVAL with the list of names */
int codec_parse(const char *text, enum codec *codec, int *level, struct error *error);
const char *codec_name(enum codec codec);

/** Most bytes that compressing `len` bytes can give. */
size_t codec_bound(enum codec codec, size_t len);

/** @param level  0 = the codec's default; @return NFGEO_OK and *out_len, or an error */
int codec_compress(enum codec codec, int level, const uint8_t *in, size_t in_len, uint8_t *out,
		   size_t out_capacity, size_t *out_len);

/** Safe on hostile input: never writes past out_capacity. @return NFGEO_OK or NFGEO_ECORRUPT */
int codec_decompress(enum codec codec, const uint8_t *in, size_t in_len, uint8_t *out,
		     size_t out_capacity, size_t *out_len);

#endif
