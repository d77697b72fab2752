/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/appendix.h"

#include <string.h>

#include "base/bytes.h"
#include "include/nfgeo.h"
#include "nffile/format.h"

/* Up to the NUL, or to the end of a record that has none. */
static void take_ident(struct appendix *appendix, const uint8_t *text, size_t len)
{
	len = strnlen((const char *)text, len);
	if (len > IDENT_TEXT - 1)
		len = IDENT_TEXT - 1;
	memcpy(appendix->ident, text, len);
	appendix->ident[len] = '\0';
}

static void take_totals(struct appendix *appendix, const uint8_t *bytes, size_t len)
{
	if (len != TOTALS_BYTES)
		return;
	totals_decode(bytes, &appendix->totals);
	appendix->has_totals = true;
}

int appendix_decode(struct appendix *appendix, const uint8_t *bytes, size_t len)
{
	while (len >= RECORD_SMALL_HEADER_BYTES) {
		size_t record_bytes = bytes_get16(bytes + 2);
		const uint8_t *payload = bytes + RECORD_SMALL_HEADER_BYTES;

		if (record_bytes < RECORD_SMALL_HEADER_BYTES || record_bytes > len)
			return NFGEO_ECORRUPT;
		switch (bytes_get16(bytes)) {
		case RECORD_IDENT:
			take_ident(appendix, payload, record_bytes - RECORD_SMALL_HEADER_BYTES);
			appendix->known_records++;
			break;
		case RECORD_TOTALS:
			take_totals(appendix, payload, record_bytes - RECORD_SMALL_HEADER_BYTES);
			appendix->known_records++;
			break;
		}
		bytes += record_bytes;
		len -= record_bytes;
	}
	return NFGEO_OK;
}

static uint8_t *put_header(uint8_t *at, enum record_type type, size_t payload_bytes)
{
	bytes_put16(at, (uint16_t)type);
	bytes_put16(at + 2, (uint16_t)(RECORD_SMALL_HEADER_BYTES + payload_bytes));
	return at + RECORD_SMALL_HEADER_BYTES;
}

size_t appendix_encode(const char *ident, const struct flow_totals *totals, uint8_t *out)
{
	size_t len = strnlen(ident, IDENT_WRITE_MAX);
	uint8_t *at = put_header(out, RECORD_IDENT, len + 1);

	memcpy(at, ident, len);
	at[len] = '\0';
	at = put_header(at + len + 1, RECORD_TOTALS, TOTALS_BYTES);
	totals_encode(totals, at);
	return (size_t)(at + TOTALS_BYTES - out);
}
