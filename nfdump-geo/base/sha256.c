/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/sha256.h"

#include <sha2.h>

void sha256(const void *bytes, size_t len, uint8_t hash[SHA256_HASH_BYTES])
{
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, bytes, len);
	SHA256Final(hash, &context);
}

void sha256_print(const uint8_t hash[SHA256_HASH_BYTES], char text[SHA256_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_HASH_BYTES; i++) {
		text[2 * i] = digits[hash[i] >> 4];
		text[2 * i + 1] = digits[hash[i] & 15];
	}
	text[2 * SHA256_HASH_BYTES] = '\0';
}
