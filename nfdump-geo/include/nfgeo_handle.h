/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo_handle.h - the hooks for nfdump 1.7.5 and later, whose programs hold a record by a
 * recordHandle_t: a pointer to each element's payload. Included last in its nfdump.h, whose handle
 * the patches give a member `uint16_t ctry[2]`.
 */
#ifndef NFGEO_HANDLE_H
#define NFGEO_HANDLE_H

#include "nfgeo_start.h"

#define OFFsrcCtry offsetof(recordHandle_t, ctry)
#define OFFdstCtry (offsetof(recordHandle_t, ctry) + sizeof(uint16_t))
#define SizeCtry   sizeof(uint16_t)

/* Bytes from a record in a block that is being filled to where the block ends; what is longer is
 * left untagged. */
#define nfgeo_room(block, record) nfgeo_left(record, (char *)GetCursor(block) + WRITE_BUFFSIZE)

/* The addresses of a handle: element 2, element 3. */
#define NFGEO_ELEMENTS(handle)                                                                     \
	(handle)->extensionList[EXipv4FlowID], (handle)->extensionList[EXipv6FlowID]

/* The handle's record was mapped: a stored country is what nfdump's own geo words show, too. */
static inline void nfgeo_mapped(recordHandle_t *handle)
{
	uint16_t pair[2];

	if (!nfgeo_tagged(NFGEO_ELEMENTS(handle), pair))
		return;
	memcpy(handle->geo, nfgeo_country_alpha2(pair[0]), 2);
	memcpy(handle->geo + 2, nfgeo_country_alpha2(pair[1]), 2);
}

/* Compute the pair as it is shown and counted. */
static inline void nfgeo_pair_of(recordHandle_t *handle)
{
	nfgeo_pair(NFGEO_ELEMENTS(handle), handle->ctry);
	handle->ctry[0] = nfgeo_shown(handle->ctry[0]);
	handle->ctry[1] = nfgeo_shown(handle->ctry[1]);
}

/* For the statistics, which call this before they read a member of the handle. */
static inline void *nfgeo_stat(void *member, recordHandle_t *handle)
{
	nfgeo_pair_of(handle);
	return member;
}

static inline int nfgeo_match(const void *set, recordHandle_t *handle)
{
	uint16_t pair[2];

	nfgeo_pair(NFGEO_ELEMENTS(handle), pair);
	return nfgeo_set_match(set, pair[0], pair[1]);
}

/* The flow of the handle was turned round. */
static inline void nfgeo_turn(recordHandle_t *handle)
{
	char geo[2];

	nfgeo_swap(NFGEO_ELEMENTS(handle));
	nfgeo_swap_pair(handle->ctry);
	memcpy(geo, handle->geo, 2);
	memcpy(handle->geo, handle->geo + 2, 2);
	memcpy(handle->geo + 2, geo, 2);
}

static inline unsigned nfgeo_handle_src(recordHandle_t *handle)
{
	return nfgeo_shown(nfgeo_src(NFGEO_ELEMENTS(handle)));
}

static inline unsigned nfgeo_handle_dst(recordHandle_t *handle)
{
	return nfgeo_shown(nfgeo_dst(NFGEO_ELEMENTS(handle)));
}

/* Raw output: what is stored, and nothing else. */
static inline void nfgeo_raw(FILE *out, const void *el2, const void *el3)
{
	uint16_t pair[2];

	if (nfgeo_tagged(el2, el3, pair))
		fprintf(out,
			"  src country  =             %s %3u\n  dst country  =             %s "
			"%3u\n",
			nfgeo_country_alpha2(pair[0]), nfgeo_shown(pair[0]),
			nfgeo_country_alpha2(pair[1]), nfgeo_shown(pair[1]));
}

/* Aggregation makes a record of the elements of its key; which countries are part of it? */
typedef struct {
	recordHandle_t *flow;
	uint16_t pair[2];
	int any;
} nfgeo_kept_t;

static inline nfgeo_kept_t nfgeo_keep(recordHandle_t *flow)
{
	return (nfgeo_kept_t){.flow = flow};
}

/* @return true for what is no element of the record and cannot be copied into the new one */
static inline int nfgeo_keep_key(nfgeo_kept_t *kept, uint32_t element, size_t offset)
{
	if (element != EXlocal || (offset != OFFsrcCtry && offset != OFFdstCtry))
		return element >= MAXEXTENSIONS;
	kept->any = 1;
	if (offset == OFFsrcCtry)
		kept->pair[0] = nfgeo_src(NFGEO_ELEMENTS(kept->flow));
	else
		kept->pair[1] = nfgeo_dst(NFGEO_ELEMENTS(kept->flow));
	return 1;
}

/* A block has megabytes behind the place where writing it ends. */
static inline void nfgeo_store(const nfgeo_kept_t *kept, recordHeaderV3_t *record)
{
	if (kept->any)
		nfgeo_put_pair(record, record->size + NFGEO_PUT_ROOM, kept->pair[0], kept->pair[1]);
}

/* Columns of fmt: and csv: */
#define NFGEO_COLUMN(name, fmt, csv, value)                                                        \
	static inline void nfgeo_fmt_##name(FILE *out, recordHandle_t *handle)                     \
	{                                                                                          \
		fprintf(out, fmt, value);                                                          \
	}                                                                                          \
	static inline char *nfgeo_csv_##name(char *out, recordHandle_t *handle)                    \
	{                                                                                          \
		return out + sprintf(out, csv, value);                                             \
	}

NFGEO_COLUMN(scc, "%3u", "%u", nfgeo_handle_src(handle))
NFGEO_COLUMN(dcc, "%3u", "%u", nfgeo_handle_dst(handle))
NFGEO_COLUMN(sccan, "%s", "%s", nfgeo_country_alpha2((uint16_t)nfgeo_handle_src(handle)))
NFGEO_COLUMN(dccan, "%s", "%s", nfgeo_country_alpha2((uint16_t)nfgeo_handle_dst(handle)))

#endif
