/* SPDX-License-Identifier: BSD-3-Clause */
/* The layout of header and record is at the top of proto/nfv5.c. */
#include "proto/encode_v5.h"

#include "base/wire.h"
#include "include/nfgeo.h"

enum {
	HEADER_BYTES = 24,
	RECORD_BYTES = 48,
	RECORDS_MAX = (ENCODE_DATAGRAM_MAX - HEADER_BYTES) / RECORD_BYTES, /* 28; v5 allows 30 */
	UPTIME_START_MS = 86400000, /* before the first flow: later ones may have begun earlier */
	AS_TRANS = 23456,	    /* RFC 6793: stands for an AS number of more than 16 bits */
};

void v5_encoder_init(struct v5_encoder *encoder, const struct encode_sink *sink)
{
	*encoder = (struct v5_encoder){.sink = *sink};
}

int v5_flush(struct v5_encoder *encoder)
{
	struct wire_out out = wire_out_init(encoder->datagram, HEADER_BYTES);
	unsigned count = encoder->count;

	if (!count)
		return NFGEO_OK;
	wire_put_u16(&out, 5);
	wire_put_u16(&out, (uint16_t)count);
	wire_put_u32(&out, (uint32_t)(encoder->latest_ms - encoder->boot_ms));
	wire_put_u32(&out, (uint32_t)(encoder->latest_ms / 1000));
	wire_put_u32(&out, (uint32_t)(encoder->latest_ms % 1000 * 1000000));
	wire_put_u32(&out, encoder->sequence);
	wire_put_u32(&out, 0); /* engine, sampling: counters in records are scaled already */
	encoder->sequence += count;
	encoder->count = 0;
	encoder->latest_ms = 0;
	return encoder->sink.send(encoder->datagram, HEADER_BYTES + count * RECORD_BYTES, count,
				  encoder->sink.arg);
}

static bool boot_fits(const struct v5_encoder *encoder, uint64_t first, uint64_t last)
{
	return encoder->boot_ms <= first && last - encoder->boot_ms <= UINT32_MAX;
}

/* Room for one more flow with these times. */
static int make_room(struct v5_encoder *encoder, uint64_t first, uint64_t last)
{
	bool moved = !encoder->boot_ms || !boot_fits(encoder, first, last);
	int status = NFGEO_OK;

	if (encoder->count == RECORDS_MAX || moved)
		status = v5_flush(encoder);
	if (moved)
		encoder->boot_ms = first > UPTIME_START_MS ? first - UPTIME_START_MS : 0;
	if (!boot_fits(encoder, first, last))
		encoder->boot_ms = first;
	return status;
}

static uint32_t cut(uint64_t value, uint64_t max, uint32_t instead, bool *was_cut)
{
	if (value <= max)
		return (uint32_t)value;
	*was_cut = true;
	return instead;
}

static void put_record(struct v5_encoder *encoder, const struct record_view *view, uint64_t first,
		       uint64_t last)
{
	struct wire_out out = wire_out_init(encoder->datagram + HEADER_BYTES +
					    encoder->count * RECORD_BYTES, RECORD_BYTES);
	bool was_cut = false;

	wire_put_u32(&out, view_u32(view, ELEMENT_IP4, 0));
	wire_put_u32(&out, view_u32(view, ELEMENT_IP4, 4));
	wire_put_u32(&out, view_u32(view, ELEMENT_NEXT4, 0));
	wire_put_u16(&out, (uint16_t)cut(view_u32(view, ELEMENT_MISC, 0), 0xffff, 0, &was_cut));
	wire_put_u16(&out, (uint16_t)cut(view_u32(view, ELEMENT_MISC, 4), 0xffff, 0, &was_cut));
	wire_put_u32(&out, cut(view_u64(view, ELEMENT_GENERIC, 24), UINT32_MAX, UINT32_MAX, &was_cut));
	wire_put_u32(&out, cut(view_u64(view, ELEMENT_GENERIC, 32), UINT32_MAX, UINT32_MAX, &was_cut));
	wire_put_u32(&out, (uint32_t)(first - encoder->boot_ms));
	wire_put_u32(&out, (uint32_t)(last - encoder->boot_ms));
	wire_put_u16(&out, view_u16(view, ELEMENT_GENERIC, 40));
	wire_put_u16(&out, view_u16(view, ELEMENT_GENERIC, 42));
	wire_put_u8(&out, 0);
	wire_put_u8(&out, view_tcp_flags(view));
	wire_put_u8(&out, view_proto(view));
	wire_put_u8(&out, view_u8(view, ELEMENT_GENERIC, 47));
	wire_put_u16(&out, (uint16_t)cut(view_u32(view, ELEMENT_AS, 0), 0xffff, AS_TRANS, &was_cut));
	wire_put_u16(&out, (uint16_t)cut(view_u32(view, ELEMENT_AS, 4), 0xffff, AS_TRANS, &was_cut));
	wire_put_u8(&out, view_u8(view, ELEMENT_MISC, 8));
	wire_put_u8(&out, view_u8(view, ELEMENT_MISC, 9));
	wire_put_u16(&out, 0);
	encoder->count++;
	encoder->cut_count += was_cut;
	if (last > encoder->latest_ms)
		encoder->latest_ms = last;
}

int v5_encode(struct v5_encoder *encoder, const struct record_view *view)
{
	uint64_t first = view_first_ms(view), last = view_last_ms(view);
	int status;

	if (view_is_ip6(view))
		return ENCODED_NOT_IP6;
	/* The header's clock has 32 bits of seconds, a flow 32 bits of milliseconds. */
	if (!view_has(view, ELEMENT_GENERIC) || !view_has(view, ELEMENT_IP4) || last < first ||
	    last - first > UINT32_MAX || last / 1000 > UINT32_MAX)
		return ENCODED_NOT_FIT;
	status = make_room(encoder, first, last);
	if (status != NFGEO_OK)
		return status;
	put_record(encoder, view, first, last);
	return ENCODED;
}
