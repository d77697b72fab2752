/* SPDX-License-Identifier: BSD-3-Clause */
/* A whole file: header, blocks, records, appendix, geo blocks. Damage may come any number of times,
 * but the reading ends, and every record that is given lies within its block. */
#include "config.h" /* memfd_create() */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "flow/record.h"
#include "nffile/fileio.h"
#include "nffile/geosummary.h"
#include "nffile/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct block *block)
{
	struct block_cursor cursor = block_cursor(block);
	struct record_view view;
	const uint8_t *record;
	size_t len;

	record_view_init(&view);
	while (block_next(&cursor, &record, &len) == 1) {
		if (bytes_get16(record) != RECORD_FLOW || record_view(&view, record, len) != NFGEO_OK)
			continue;
		for (int id = 0; id < FIELD_COUNT; id++)
			(void)view_number(&view, (enum field_id)id);
	}
	if (cursor.left)
		abort(); /* the reader promised that they are readable */
}

static void read_all(struct nffile_reader *reader, size_t size)
{
	struct block block = {0};
	struct error error;
	size_t turns = 0;
	int status;

	(void)nffile_summary(reader);
	while ((status = nffile_next(reader, &block, &error)) != 0) {
		look_at(&block);
		if (++turns > size / 12 + 2)
			abort(); /* it does not move on */
	}
	block_fini(&block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct nffile_reader *reader;
	struct error error;
	char path[32];

	if (fd < 0 || file_write_at(fd, data, size, 0) != NFGEO_OK)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (nffile_open(&reader, path, &error) == NFGEO_OK) {
		read_all(reader, size);
		nffile_close(reader);
	}
	close(fd);
	return 0;
}
