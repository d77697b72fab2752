/* SPDX-License-Identifier: BSD-3-Clause */
/* sha256.h - SHA-256 (FIPS 180-4) by libmd. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_HASH_BYTES = 32, SHA256_TEXT = 65 };

void sha256(const void *bytes, size_t len, uint8_t hash[SHA256_HASH_BYTES]);

/** As 64 lower-case hexadecimal digits and a NUL. */
void sha256_print(const uint8_t hash[SHA256_HASH_BYTES], char text[SHA256_TEXT]);

#endif
