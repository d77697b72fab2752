/* SPDX-License-Identifier: BSD-3-Clause */
/* appendix.h - ident and stat record at the end of a file, as bytes (format section "Appendix"). */
#ifndef NFFILE_APPENDIX_H
#define NFFILE_APPENDIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/totals.h"

enum {
	IDENT_TEXT = 256, /* buffer size, NUL included */
	APPENDIX_MAX_BYTES = 4 + IDENT_TEXT + 4 + TOTALS_BYTES,
	APPENDIX_RECORDS = 2,
};

struct appendix {
	char ident[IDENT_TEXT]; /* "" = none */
	bool has_totals;
	struct flow_totals totals;
	unsigned known_records; /* ident and stat records met, readable or not */
};

/**
 * Take what is known out of one appendix block: the last record of a kind wins, unknown ones are
 * passed over, so is a stat record of another size.
 *
 * @return NFGEO_OK, or NFGEO_ECORRUPT when a size leaves the payload; what came before is kept
 */
int appendix_decode(struct appendix *appendix, const uint8_t *bytes, size_t len);

/** Ident and stat record. @param out  room for APPENDIX_MAX_BYTES @return length of the payload */
size_t appendix_encode(const char *ident, const struct flow_totals *totals, uint8_t *out);

#endif
