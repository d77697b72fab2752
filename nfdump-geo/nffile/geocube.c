/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/geocube.h"

struct block_totals nffile_block_totals(struct nffile_reader *reader, uint32_t ordinal)
{
	(void)reader, (void)ordinal;
	return (struct block_totals){0};
}

bool nffile_add_cube(struct nffile_reader *reader, struct country_cube *cube,
		     struct cube_sum *untagged)
{
	(void)reader, (void)cube, (void)untagged;
	return false;
}

bool nffile_pairs(struct nffile_reader *reader, const struct pair_row **row, uint32_t *count)
{
	(void)reader, (void)row;
	*count = 0;
	return false;
}
