/* SPDX-License-Identifier: BSD-3-Clause */
/* varint.h - LEB128: 7 bits a byte, the lowest first, the top bit says that more follow. */
#ifndef NFFILE_VARINT_H
#define NFFILE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VARINT_MAX_BYTES = 10 };

/** @return bytes written to `out`, which has room for VARINT_MAX_BYTES */
static inline size_t varint_put(uint8_t *out, uint64_t value)
{
	size_t used = 0;

	for (; value > 0x7f; value >>= 7)
		out[used++] = (uint8_t)(value | 0x80);
	out[used++] = (uint8_t)value;
	return used;
}

/* The first number that is not there sets `bad`; later ones are 0: check once. */
struct varint_in {
	const uint8_t *at, *end;
	bool bad;
};

static inline uint8_t varint_u8(struct varint_in *in)
{
	if (in->at < in->end)
		return *in->at++;
	in->bad = true;
	return 0;
}

static inline uint64_t varint_get_long(struct varint_in *in)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint64_t byte = varint_u8(in);

		if (shift == 63 && byte > 1)
			break;
		value |= (byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	in->bad = true;
	in->at = in->end;
	return 0;
}

/* Most are short. */
static inline uint64_t varint_get(struct varint_in *in)
{
	return in->at < in->end && *in->at < 0x80 ? *in->at++ : varint_get_long(in);
}

/** A number that must be below a limit. */
static inline uint64_t varint_below(struct varint_in *in, uint64_t limit)
{
	uint64_t value = varint_get(in);

	if (value < limit)
		return value;
	in->bad = true;
	in->at = in->end;
	return 0;
}

#endif
