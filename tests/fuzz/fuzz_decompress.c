/* SPDX-License-Identifier: BSD-3-Clause */
/* First byte: codec and room for the output. The rest: what is decompressed. */
#include <stdint.h>
#include <stdlib.h>

#include "nffile/compress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room, len = 0;
	uint8_t *out;

	if (!size)
		return 0;
	room = (size_t)1 << (data[0] >> 3 & 15);
	out = malloc(room); /* the sanitizer watches its end */
	if (out && codec_decompress((enum codec)(data[0] % CODEC_COUNT), data + 1, size - 1, out,
				    room, &len) == NFGEO_OK &&
	    len > room)
		abort();
	free(out);
	return 0;
}
