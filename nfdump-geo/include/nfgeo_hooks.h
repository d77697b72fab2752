/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo_hooks.h - what a collector or analyser that is not ours calls to have countries in its flow
 * records: the hooks of patches/, stable like nfgeo.h.
 *
 * A record is the V3 record of nfdump files (type 11) as it lies in memory; el2 and el3 are the
 * payloads of its IPv4 and IPv6 address elements, NULL for one that it has not, each with its
 * element header in the four bytes before. The library knows no struct of nfdump's: what does is
 * nfgeo_master.h (nfdump 1.7.1) and nfgeo_handle.h (1.7.5 and later).
 *
 * A pair is two codes, source and destination, as in nfgeo.h. Everything but nfgeo_args() may be
 * called from any thread. Nothing here prints or exits.
 */
#ifndef NFGEO_HOOKS_H
#define NFGEO_HOOKS_H

#include "nfgeo.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Most bytes that tagging adds to a record, a tail to each address element; and nfgeo_put_pair().
 */
enum { NFGEO_TAIL_BYTES = 8, NFGEO_ROOM = 2 * NFGEO_TAIL_BYTES, NFGEO_PUT_ROOM = 12 + NFGEO_ROOM };

/* --- start and slot change -------------------------------------------------------------------- */

/**
 * Take the country options out of a command line, and load what they name. Before any other hook,
 * before threads start.
 *
 *   --geodb FILE    country database (MMDB, ranges, compiled); "none" = no database
 *   --geoconf FILE  nfdump-geo.conf(5): local networks, groups, checks; "none" = no configuration
 *
 * Without --geodb there is no database: nothing is tagged, and records that carry no countries
 * have none. Environment variables do not count.
 *
 * @param argv  what was taken is gone, the rest has moved up and still ends with NULL
 * @return NFGEO_OK, also when there was nothing to take; or why not: nfgeo_args_error()
 */
int nfgeo_args(int *argc, char **argv);

/** The message that goes with a failed nfgeo_args(); one line, static. */
const char *nfgeo_args_error(void);

/**
 * A slot is over: use the database that was loaded meanwhile, and start looking whether its file
 * has changed (in a thread of its own, so that no datagram waits for it). Each block's database is
 * noted in its file, so it does not matter when blocks of the slot are written.
 *
 * @return a line for the log: what was tagged since the last call, and what happened to the
 *         database; static, valid until the next call. NULL without database
 */
const char *nfgeo_rotate(void);

/** Countries that were asked for of records that carry none, while there was no database. */
uint64_t nfgeo_missing(void);

/* --- countries of records --------------------------------------------------------------------- */

/**
 * Give a record a tail for the countries of its addresses, in place: one behind each address
 * element; their lengths and the record's size are corrected. Nothing happens to a record that has
 * one, has no addresses, or is damaged; and without database. The countries themselves are looked
 * up by nfgeo_fill(), many at a time, which costs a fraction of one by one.
 *
 * @param room  bytes from the start of the record to the end of the memory that may be written
 * @return bytes that the record grew by: 0, 8 or 16
 */
uint32_t nfgeo_tag_record(void *record, size_t room);

/** Look up the countries of all records in a block that nfgeo_tag_record() prepared. Before it is
 * compressed; the next nfgeo_file_block() of this thread is about the same block. */
void nfgeo_fill(void *payload, size_t bytes);

/** Countries of a record: stored, else looked up, else 0. */
void nfgeo_pair(const void *el2, const void *el3, uint16_t pair[2]);
uint16_t nfgeo_src(const void *el2, const void *el3);
uint16_t nfgeo_dst(const void *el2, const void *el3);

/** Are they stored, or is there a database to look them up? pair gets them; 0 and 0 if not. */
int nfgeo_known(const void *el2, const void *el3, uint16_t pair[2]);

/** Are they stored? If so, pair (may be NULL) gets them; else it is left alone. */
int nfgeo_tagged(const void *el2, const void *el3, uint16_t pair[2]);

/** The flow was turned round: exchange stored countries. */
void nfgeo_swap(void *el2, void *el3);
void nfgeo_swap_pair(uint16_t pair[2]);

/**
 * Store a pair in a record, over one that is there. A record without addresses gets an IPv4
 * element of zeros to carry it.
 *
 * @return bytes that the record grew by, 0 also when there was no room
 */
uint32_t nfgeo_put_pair(void *record, size_t room, uint16_t src, uint16_t dst);

/** The addresses of an element were anonymised: its countries, if any, become unknown. They stay
 * stored, so that nobody looks up what the anonymised address says. */
void nfgeo_clear(void *payload);

/** The same, if `src` or `dst` was anonymised: of that side alone. */
void nfgeo_clear_sides(void *payload, int src, int dst);

/** A code as it is printed and counted: address classes are 0, unknown. */
static inline uint16_t nfgeo_shown(uint16_t code)
{
	return code < NFGEO_PRIVATE ? code : 0;
}

/**
 * Append a flow's countries as JSON members to a text that is being made, or nothing when they are
 * not known: "src_ctry" and "dst_ctry" (numbers), "src_ctry_a2" and "dst_ctry_a2" (letters or
 * null), each with its comma.
 *
 * @param to     room for 160 characters
 * @param lines  not 0: each on a line of its own
 * @return the new end, where a NUL is
 */
char *nfgeo_json(char *to, const void *el2, const void *el3, int lines);

/* --- filters ---------------------------------------------------------------------------------- */

struct nfgeo_set; /* one country primitive, compiled; immutable */

/**
 * Compile one primitive of nfgeo-filter(7), for example "src or dst ctry in [ CZ 840 @EU ]".
 *
 * @param error  on failure what is wrong, one line; valid in this thread until the next call
 * @return NULL on failure; else owned by the caller
 */
struct nfgeo_set *nfgeo_set_parse(const char *clause, const char **error);
void nfgeo_set_free(struct nfgeo_set *set);

/** @return 1 or 0; does not allocate */
int nfgeo_set_match(const struct nfgeo_set *set, uint16_t src, uint16_t dst);

/* --- files ------------------------------------------------------------------------------------ */

/*
 * The geo blocks of a file that is being written (doc/file-format.md): sums per country, an index
 * of its blocks, and what database tagged it. A file is known by any pointer that stays the same
 * while it is open.
 */

/** Is this block, uncompressed, a geo block of some other file? Then leave it out: this file gets
 * its own. */
int nfgeo_file_stale(uint16_t type, const void *payload, size_t bytes);

/**
 * A block of records was written.
 *
 * @param ordinal  its number in the file, from 0
 * @param stored   bytes of its payload on disk, after compression
 */
void nfgeo_file_block(const void *file, uint32_t ordinal, const void *payload, size_t bytes,
		      size_t stored);

/**
 * All blocks are written: write the geo blocks at the current position of `fd`, if any record has
 * countries, and forget the file.
 *
 * @param codec       compression byte of the file's header
 * @param stat_flows  flows of the file's stat record
 * @param blocks      number of data blocks; grows by those written
 * @param last_bytes  gets the size of the last one on disk, 0 = none was written; left alone when
 *                    no block of records came to the file
 * @return NFGEO_OK, or why nothing was written (the file is as it was)
 */
int nfgeo_file_seal(const void *file, int fd, unsigned codec, uint64_t stat_flows, uint32_t *blocks,
		    uint32_t *last_bytes);

/** The file is closed; forget it if it was not sealed. */
void nfgeo_file_forget(const void *file);

#ifdef __cplusplus
}
#endif
#endif
