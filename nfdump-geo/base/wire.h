/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wire.h - bounded big-endian reader and writer.
 *
 * The first read past the end sets `truncated`; that read and all later ones give zero. So a
 * decoder reads straight down the page and checks once. A container becomes a slice first: an
 * inner reader cannot leave it.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire {
	const uint8_t *at, *end; /* borrowed */
	bool truncated;
};

static inline struct wire wire_init(const void *bytes, size_t len)
{
	return (struct wire){bytes, (const uint8_t *)bytes + len, false};
}

static inline size_t wire_left(const struct wire *wire)
{
	return (size_t)(wire->end - wire->at);
}

/** The next `len` bytes, or NULL (and truncated) when there are fewer. */
static inline const uint8_t *wire_slice(struct wire *wire, size_t len)
{
	const uint8_t *at = wire->at;

	if (wire_left(wire) < len) {
		wire->truncated = true;
		wire->at = wire->end;
		return NULL;
	}
	wire->at += len;
	return at;
}

/** A reader of the next `len` bytes; empty (and truncated) when there are fewer. */
static inline struct wire wire_sub(struct wire *wire, size_t len)
{
	const uint8_t *at = wire_slice(wire, len);

	return at ? wire_init(at, len) : (struct wire){wire->end, wire->end, true};
}

static inline void wire_skip(struct wire *wire, size_t len)
{
	(void)wire_slice(wire, len);
}

/** Big-endian number of 1..8 bytes. */
static inline uint64_t wire_number(const uint8_t *at, size_t len)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++)
		value = value << 8 | at[i];
	return value;
}

static inline uint16_t wire_get16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap16(value);
}

static inline uint32_t wire_get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap32(value);
}

static inline uint64_t wire_get64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap64(value);
}

static inline uint8_t wire_u8(struct wire *wire)
{
	const uint8_t *at = wire_slice(wire, 1);

	return at ? *at : 0;
}

static inline uint16_t wire_u16(struct wire *wire)
{
	const uint8_t *at = wire_slice(wire, 2);

	return at ? wire_get16(at) : 0;
}

static inline uint32_t wire_u32(struct wire *wire)
{
	const uint8_t *at = wire_slice(wire, 4);

	return at ? wire_get32(at) : 0;
}

static inline uint64_t wire_u64(struct wire *wire)
{
	const uint8_t *at = wire_slice(wire, 8);

	return at ? wire_get64(at) : 0;
}

/* A bounded writer: a write past the end sets `full` and writes nothing. */
struct wire_out {
	uint8_t *at, *end; /* borrowed */
	bool full;
};

static inline struct wire_out wire_out_init(void *bytes, size_t len)
{
	return (struct wire_out){bytes, (uint8_t *)bytes + len, false};
}

static inline void wire_put(struct wire_out *out, const void *bytes, size_t len)
{
	if ((size_t)(out->end - out->at) < len) {
		out->full = true;
		return;
	}
	memcpy(out->at, bytes, len);
	out->at += len;
}

static inline void wire_put_u8(struct wire_out *out, uint8_t value)
{
	wire_put(out, &value, 1);
}

static inline void wire_put_u16(struct wire_out *out, uint16_t value)
{
	value = __builtin_bswap16(value);
	wire_put(out, &value, 2);
}

static inline void wire_put_u32(struct wire_out *out, uint32_t value)
{
	value = __builtin_bswap32(value);
	wire_put(out, &value, 4);
}

static inline void wire_put_u64(struct wire_out *out, uint64_t value)
{
	value = __builtin_bswap64(value);
	wire_put(out, &value, 8);
}

#endif
