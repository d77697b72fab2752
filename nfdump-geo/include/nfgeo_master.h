/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo_master.h - the hooks for nfdump 1.7.1, whose programs unpack every record into one struct,
 * master_record_t, read as an array of 64-bit words. Included last in its nfdump.h, whose struct
 * the patches give a word of its own, `uint16_t ctry[4]`: source and destination as they are shown
 * and counted; then both again as they are stored, plus one, so that 0 means not known.
 */
#ifndef NFGEO_MASTER_H
#define NFGEO_MASTER_H

#include "nfgeo_start.h"

#define OffsetCtry   (offsetof(master_record_t, ctry) >> 3)
#define MaskSrcCtry  0x000000000000ffffLL
#define ShiftSrcCtry 0
#define MaskDstCtry  0x00000000ffff0000LL
#define ShiftDstCtry 16

/* Bytes from a record in the block that is being filled to where the block ends; what is longer is
 * left untagged. */
#define nfgeo_room(file, record)                                                                   \
	nfgeo_left(record, (char *)(file)->block_header + sizeof(dataBlock_t) + WRITE_BUFFSIZE)

/* nfdump's own geo words show the country that is known. */
static inline void nfgeo_letters(master_record_t *flow)
{
	if (!flow->ctry[2])
		return;
	strcpy(flow->src_geo, nfgeo_country_alpha2(flow->ctry[2] - 1));
	strcpy(flow->dst_geo, nfgeo_country_alpha2(flow->ctry[3] - 1));
}

/* An address element was unpacked. */
static inline void nfgeo_expand(master_record_t *flow, const void *el2, const void *el3)
{
	uint16_t pair[2];

	if (!nfgeo_known(el2, el3, pair))
		return;
	flow->ctry[0] = nfgeo_shown(pair[0]);
	flow->ctry[1] = nfgeo_shown(pair[1]);
	flow->ctry[2] = pair[0] + 1;
	flow->ctry[3] = pair[1] + 1;
	nfgeo_letters(flow);
}

/* A filter was asked of a flow whose countries nobody knows: an element without tail is counted. */
static inline void nfgeo_not_known(void)
{
	static const uint16_t element[6] = {2, sizeof(element)};
	uint16_t pair[2];

	nfgeo_pair(element + 2, NULL, pair);
}

/* values[1] is the set; afterwards the two are equal if it matches. */
static inline void nfgeo_match(const uint64_t *words, uint64_t *values)
{
	const uint16_t *ctry = ((const master_record_t *)words)->ctry;

	if (!ctry[2])
		nfgeo_not_known();
	values[0] = nfgeo_set_match((const struct nfgeo_set *)(uintptr_t)values[1],
				    ctry[2] ? ctry[2] - 1 : 0, ctry[3] ? ctry[3] - 1 : 0);
	values[1] = 1;
}

/* The flow was turned round. */
static inline void nfgeo_turn(master_record_t *flow)
{
	nfgeo_swap_pair(flow->ctry);
	nfgeo_swap_pair(flow->ctry + 2);
	nfgeo_letters(flow);
}

static inline const char *nfgeo_quoted(uint16_t code, char text[6])
{
	snprintf(text, 6, code ? "\"%s\"" : "null", nfgeo_country_alpha2(code));
	return text;
}

static inline void nfgeo_json_members(FILE *out, const master_record_t *flow)
{
	char src[6], dst[6];

	if (flow->ctry[2])
		fprintf(out,
			"\t\"src_ctry\" : %u,\n\t\"dst_ctry\" : %u,\n"
			"\t\"src_ctry_a2\" : %s,\n\t\"dst_ctry_a2\" : %s,\n",
			flow->ctry[0], flow->ctry[1], nfgeo_quoted(flow->ctry[0], src),
			nfgeo_quoted(flow->ctry[1], dst));
}

static inline void nfgeo_raw(FILE *out, const master_record_t *flow)
{
	if (flow->ctry[2])
		fprintf(out,
			"  src country  =             %s %3u\n  dst country  =             %s "
			"%3u\n",
			nfgeo_country_alpha2(flow->ctry[0]), flow->ctry[0],
			nfgeo_country_alpha2(flow->ctry[1]), flow->ctry[1]);
}

/* Columns of fmt: */
#define NFGEO_COLUMN(name, format, value)                                                          \
	static inline void nfgeo_fmt_##name(FILE *out, master_record_t *flow)                      \
	{                                                                                          \
		fprintf(out, format, value);                                                       \
	}

NFGEO_COLUMN(scc, "%3u", flow->ctry[0])
NFGEO_COLUMN(dcc, "%3u", flow->ctry[1])
NFGEO_COLUMN(sccan, "%s", nfgeo_country_alpha2(flow->ctry[0]))
NFGEO_COLUMN(dccan, "%s", nfgeo_country_alpha2(flow->ctry[1]))

#endif
