/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One row per codec. Every payload is coded alone, without a length prefix: the stored length is
 * in the block header, the plain length is whatever the decoder gives (file format "Codecs").
 */
#include "nffile/compress.h"

#include <bzlib.h>
#include <limits.h>
#include <lz4.h>
#include <lzo/lzo1x.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zstd.h>

struct codec_row {
	const char *name, *alias;
	int level_min, level_max; /* 0, 0 = no levels */
	size_t (*bound)(size_t len);
	int (*compress)(int level, const uint8_t *in, size_t in_len, uint8_t *out,
			size_t out_capacity, size_t *out_len);
	int (*decompress)(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_capacity,
			  size_t *out_len);
};

static size_t none_bound(size_t len)
{
	return len;
}

static int none_copy(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_capacity,
		     size_t *out_len)
{
	if (in_len > out_capacity)
		return NFGEO_ELIMIT;
	memcpy(out, in, in_len);
	*out_len = in_len;
	return NFGEO_OK;
}

static int none_compress(int level, const uint8_t *in, size_t in_len, uint8_t *out,
			 size_t out_capacity, size_t *out_len)
{
	(void)level;
	return none_copy(in, in_len, out, out_capacity, out_len);
}

/* Worst case of LZO1X, from the library's own FAQ. */
static size_t lzo_bound(size_t len)
{
	return len + len / 16 + 64 + 3;
}

/* The compressor's dictionary, one per thread, freed when the thread ends. */
static pthread_key_t lzo_key;
static pthread_once_t lzo_once = PTHREAD_ONCE_INIT;
static bool lzo_ready;

static void lzo_prepare(void)
{
	lzo_ready = lzo_init() == LZO_E_OK && pthread_key_create(&lzo_key, free) == 0;
}

static void *lzo_memory(void)
{
	void *memory;

	pthread_once(&lzo_once, lzo_prepare);
	if (!lzo_ready)
		return NULL;
	memory = pthread_getspecific(lzo_key);
	if (!memory) {
		memory = malloc(LZO1X_1_MEM_COMPRESS);
		if (memory && pthread_setspecific(lzo_key, memory) != 0) {
			free(memory);
			memory = NULL;
		}
	}
	return memory;
}

static int lzo_compress(int level, const uint8_t *in, size_t in_len, uint8_t *out,
			size_t out_capacity, size_t *out_len)
{
	void *memory = lzo_memory();
	lzo_uint len = out_capacity;

	(void)level;
	if (!memory)
		return NFGEO_ENOMEM;
	if (out_capacity < lzo_bound(in_len)) /* lzo1x_1_compress() has no limit of its own */
		return NFGEO_ELIMIT;
	if (lzo1x_1_compress(in, in_len, out, &len, memory) != LZO_E_OK)
		return NFGEO_EINVAL;
	*out_len = len;
	return NFGEO_OK;
}

static int lzo_decompress(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_capacity,
			  size_t *out_len)
{
	lzo_uint len = out_capacity;

	if (lzo1x_decompress_safe(in, in_len, out, &len, NULL) != LZO_E_OK)
		return NFGEO_ECORRUPT;
	*out_len = len;
	return NFGEO_OK;
}

/* Worst case of bzip2, from its manual section 3.5.1. */
static size_t bz2_bound(size_t len)
{
	return len + len / 100 + 600 + 1;
}

static int bz2_compress(int level, const uint8_t *in, size_t in_len, uint8_t *out,
			size_t out_capacity, size_t *out_len)
{
	unsigned len = (unsigned)out_capacity;
	int got;

	if (in_len > UINT_MAX || out_capacity > UINT_MAX)
		return NFGEO_ELIMIT;
	got = BZ2_bzBuffToBuffCompress((char *)out, &len, (char *)(uintptr_t)in, (unsigned)in_len,
				       level ? level : 9, 0, 0);
	if (got != BZ_OK)
		return got == BZ_MEM_ERROR ? NFGEO_ENOMEM : NFGEO_ELIMIT;
	*out_len = len;
	return NFGEO_OK;
}

/* A small input may stand for gigabytes: the decoder stops when the output is full. */
static int bz2_decompress(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_capacity,
			  size_t *out_len)
{
	unsigned len = (unsigned)out_capacity;
	int got;

	if (in_len > UINT_MAX || out_capacity > UINT_MAX)
		return NFGEO_ECORRUPT;
	got = BZ2_bzBuffToBuffDecompress((char *)out, &len, (char *)(uintptr_t)in, (unsigned)in_len,
					 0, 0);
	if (got != BZ_OK)
		return got == BZ_MEM_ERROR ? NFGEO_ENOMEM : NFGEO_ECORRUPT;
	*out_len = len;
	return NFGEO_OK;
}

static size_t lz4_bound(size_t len)
{
	return len > LZ4_MAX_INPUT_SIZE ? 0 : (size_t)LZ4_compressBound((int)len);
}

/* The level is LZ4's acceleration: 1 the smallest file, each step less work and a bigger file. */
static int lz4_compress(int level, const uint8_t *in, size_t in_len, uint8_t *out,
			size_t out_capacity, size_t *out_len)
{
	int len;

	if (in_len > LZ4_MAX_INPUT_SIZE)
		return NFGEO_ELIMIT;
	if (out_capacity > INT_MAX)
		out_capacity = INT_MAX;
	len = LZ4_compress_fast((const char *)in, (char *)out, (int)in_len, (int)out_capacity,
				level ? level : 1);
	if (len <= 0)
		return NFGEO_ELIMIT;
	*out_len = (size_t)len;
	return NFGEO_OK;
}

static int lz4_decompress(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_capacity,
			  size_t *out_len)
{
	int len;

	if (in_len > INT_MAX)
		return NFGEO_ECORRUPT;
	if (out_capacity > INT_MAX)
		out_capacity = INT_MAX;
	len = LZ4_decompress_safe((const char *)in, (char *)out, (int)in_len, (int)out_capacity);
	if (len < 0)
		return NFGEO_ECORRUPT;
	*out_len = (size_t)len;
	return NFGEO_OK;
}

static size_t zstd_bound(size_t len)
{
	return ZSTD_compressBound(len);
}

static int zstd_compress(int level, const uint8_t *in, size_t in_len, uint8_t *out,
			 size_t out_capacity, size_t *out_len)
{
	size_t len = ZSTD_compress(out, out_capacity, in, in_len, level ? level : ZSTD_CLEVEL_DEFAULT);

	if (ZSTD_isError(len))
		return NFGEO_ELIMIT;
	*out_len = len;
	return NFGEO_OK;
}

static int zstd_decompress(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_capacity,
			   size_t *out_len)
{
	size_t len = ZSTD_decompress(out, out_capacity, in, in_len);

	if (ZSTD_isError(len))
		return NFGEO_ECORRUPT;
	*out_len = len;
	return NFGEO_OK;
}

static const struct codec_row codec_table[CODEC_COUNT] = {
	[CODEC_NONE] = {"none", "no", 0, 0, none_bound, none_compress, none_copy},
	[CODEC_LZO] = {"lzo", "lzo1x", 0, 0, lzo_bound, lzo_compress, lzo_decompress},
	[CODEC_BZ2] = {"bz2", "bzip2", 1, 9, bz2_bound, bz2_compress, bz2_decompress},
	[CODEC_LZ4] = {"lz4", "lz4", 1, 100, lz4_bound, lz4_compress, lz4_decompress},
	[CODEC_ZSTD] = {"zstd", "zst", 1, 22, zstd_bound, zstd_compress, zstd_decompress},
};

static bool is_word(const char *word, const char *text, size_t len)
{
	return strlen(word) == len && strncasecmp(word, text, len) == 0;
}

static int parse_level(const char *text, enum codec codec, const char *digits, int *level,
		       struct error *error)
{
	const struct codec_row *row = &codec_table[codec];
	char *end;
	long value = strtol(digits, &end, 10);

	if (!row->level_max)
		return error_set(error, NFGEO_EINVAL, "compression '%s': %s has no levels", text,
				 row->name);
	if (end == digits || *end || value < row->level_min || value > row->level_max)
		return error_set(error, NFGEO_EINVAL,
				 "compression '%s': the level of %s is a number from %d to %d", text,
				 row->name, row->level_min, row->level_max);
	*level = (int)value;
	return NFGEO_OK;
}

int codec_parse(const char *text, enum codec *codec, int *level, struct error *error)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	for (unsigned i = 0; i < CODEC_COUNT; i++) {
		if (!is_word(codec_table[i].name, text, len) &&
		    !is_word(codec_table[i].alias, text, len))
			continue;
		*codec = (enum codec)i;
		*level = 0;
		return colon ? parse_level(text, *codec, colon + 1, level, error) : NFGEO_OK;
	}
	return error_set(error, NFGEO_EINVAL,
			 "compression '%s' is not known: use none, lzo, bz2[:1-9], lz4[:1-100] or "
			 "zstd[:1-22]",
			 text);
}

const char *codec_name(enum codec codec)
{
	return (unsigned)codec < CODEC_COUNT ? codec_table[codec].name : "unknown";
}

size_t codec_bound(enum codec codec, size_t len)
{
	return codec_table[codec].bound(len);
}

int codec_compress(enum codec codec, int level, const uint8_t *in, size_t in_len, uint8_t *out,
		   size_t out_capacity, size_t *out_len)
{
	return codec_table[codec].compress(level, in, in_len, out, out_capacity, out_len);
}

int codec_decompress(enum codec codec, const uint8_t *in, size_t in_len, uint8_t *out,
		     size_t out_capacity, size_t *out_len)
{
	int status = codec_table[codec].decompress(in, in_len, out, out_capacity, out_len);

	return status == NFGEO_OK || status == NFGEO_ENOMEM ? status : NFGEO_ECORRUPT;
}
