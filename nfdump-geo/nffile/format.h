/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * format.h - the numbers of nfdump's file layout 2, exactly as in doc/file-format.md. Every number
 * in a file is little-endian; read and write with base/bytes.h.
 */
#ifndef NFFILE_FORMAT_H
#define NFFILE_FORMAT_H

/* The file header. */
enum {
	FILE_MAGIC = 0xa50c,
	FILE_MAGIC_SWAPPED = 0x0ca5, /* written on a big-endian host */
	FILE_LAYOUT = 2,
	FILE_NFDVERSION = 0x01070800, /* informational; nobody acts on it */
	FILE_HEADER_BYTES = 40,
};

enum file_header {
	FILE_AT_MAGIC = 0,	     /* u16 */
	FILE_AT_LAYOUT = 2,	     /* u16 */
	FILE_AT_NFDVERSION = 4,	     /* u32 */
	FILE_AT_CREATED = 8,	     /* s64, UNIX seconds */
	FILE_AT_CODEC = 16,	     /* u8, enum codec */
	FILE_AT_ENCRYPTION = 17,     /* u8, must be 0 */
	FILE_AT_APPENDIX_BLOCKS = 18, /* u16, 0 while the file is open */
	FILE_AT_CREATOR = 20,	     /* u32, enum nffile_creator */
	FILE_AT_APPENDIX = 24,	     /* s64, offset of the first appendix block, 0 while open */
	FILE_AT_GEO_BYTES = 32, /* u32 "BlockSize", ignored by stock: size on disk of the last geo block */
	FILE_AT_BLOCKS = 36,	/* u32, data blocks without the appendix, 0 while open */
};

/* The header of a block. */
enum { BLOCK_HEADER_BYTES = 12 };

enum block_header {
	BLOCK_AT_RECORDS = 0, /* u32 */
	BLOCK_AT_STORED = 4,  /* u32, bytes of payload on disk */
	BLOCK_AT_TYPE = 8,    /* u16, enum block_type */
	BLOCK_AT_FLAGS = 10,  /* u16, always 0: readers ignore the "not compressed" bit */
};

/* Records in the appendix. */
enum {
	RECORD_SMALL_HEADER_BYTES = 4, /* u16 type, u16 size with this header */
	/* Stock refuses an ident record of 128 bytes or more. */
	IDENT_WRITE_MAX = 122,
};

#endif
