/* SPDX-License-Identifier: BSD-3-Clause */
/* crc32c.h - CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the processor's instruction if any. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/**
 * Checksum of bytes that follow what `seed` is the checksum of.
 *
 * @param seed  0 at the start, else the result for the bytes before
 * @return for "123456789" from seed 0: 0xe3069283
 */
uint32_t crc32c(uint32_t seed, const void *bytes, size_t len);

/** The same without special instructions: the fallback, and what tests compare with. */
uint32_t crc32c_portable(uint32_t seed, const void *bytes, size_t len);

#endif
