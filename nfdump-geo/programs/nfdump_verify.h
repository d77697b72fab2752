/* SPDX-License-Identifier: BSD-3-Clause */
/* nfdump_verify.h - nfdump -v: is all of a file as it was written? */
#ifndef PROGRAMS_NFDUMP_VERIFY_H
#define PROGRAMS_NFDUMP_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

struct block;

/* Who wants to know, and what is told meanwhile. */
struct verify_watch {
	void (*complain)(const char *text, void *arg); /* one damage */
	/** A block of records that is sound. @param read  bytes of the file so far. May be NULL. */
	void (*block)(const struct block *block, uint64_t read, void *arg);
	void *arg;
};

struct verify_found {
	uint64_t blocks, records, flows, damage;
	uint32_t geo_blocks;
	const char *index; /* "complete", "none", or why it is of no use */
	bool never_closed;
};

/** Read every block, compare what the geo blocks say with the records; each damage is told.
 * @return false when the file cannot be opened, which is told, too */
bool verify_look(const char *path, const struct verify_watch *watch, struct verify_found *found);

/**
 * Read every block, compare what the geo blocks say with the records, print what was found.
 * @return exit status: 3 for damage and for a file that was never closed
 */
int verify_file(const char *path);

#endif
