/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/lib/dump.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "flow/record.h"
#include "include/nfgeo.h"

/* The only block is always large enough for one more record. */
static int make_room(struct flow_sink *sink)
{
	return block_grow(sink->block, 2 * sink->block->capacity);
}

int dump_init(struct dump *dump, const struct decoder_options *wanted)
{
	struct decoder_options options = *wanted;

	options.sysids = &dump->sysids;
	*dump = (struct dump){.sender = address_ip4(0x7f000001), .received_ms = 1700000000000};
	dump->sink = (struct flow_sink){.block = &dump->block, .flush = make_room};
	if (block_init(&dump->block, 1 << 20) != NFGEO_OK)
		return NFGEO_ENOMEM;
	dump->decoder = decoder_new(&options);
	return dump->decoder ? NFGEO_OK : NFGEO_ENOMEM;
}

void dump_fini(struct dump *dump)
{
	decoder_free(dump->decoder);
	block_fini(&dump->block);
}

void dump_datagram(const uint8_t *bytes, size_t len, void *arg)
{
	struct dump *dump = arg;

	decoder_datagram(dump->decoder, bytes, len, &dump->sender, dump->received_ms, &dump->sink);
}

void dump_finish(struct dump *dump)
{
	decoder_slot_end(dump->decoder, &dump->sink, &dump->counts);
}

static void print_hex(FILE *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%02x", bytes[i]);
	fputc('\n', out);
}

static void print_flow(FILE *out, const uint8_t *record, size_t len)
{
	size_t at = RECORD_HEADER_BYTES;

	fprintf(out, "flow size=%zu flags=%u nfversion=%u engine=%u/%u sysid=%u\n", len, record[10],
		record[11], record[6], record[7], bytes_get16(record + 8));
	while (at + 4 <= len) {
		unsigned id = bytes_get16(record + at), size = bytes_get16(record + at + 2);
		uint8_t generic[48];

		if (size < 4 || size > len - at) {
			fprintf(out, "  element %u length %u BROKEN\n", id, size);
			return;
		}
		fprintf(out, "  element %u length %u ", id, size);
		if (id == ELEMENT_GENERIC && size == 52) {
			memcpy(generic, record + at + 4, sizeof(generic));
			memset(generic + 16, 0, 8);
			print_hex(out, generic, sizeof(generic));
		} else {
			print_hex(out, record + at + 4, size - 4);
		}
		at += size;
	}
}

void dump_print(const struct dump *dump, FILE *out)
{
	struct block_cursor cursor = block_cursor(&dump->block);
	const uint8_t *record;
	size_t len;
	int rc;

	while ((rc = block_next(&cursor, &record, &len)) > 0) {
		if (bytes_get16(record) == RECORD_FLOW) {
			print_flow(out, record, len);
		} else {
			fprintf(out, "record type=%u size=%zu ", bytes_get16(record), len);
			print_hex(out, record + 4, len - 4);
		}
	}
	if (rc < 0 || cursor.at != dump->block.used)
		fprintf(out, "BROKEN BLOCK\n");
}

static void print_value(FILE *out, const struct record_view *view, enum field_id id)
{
	const struct field *field = &field_table[id];
	const uint8_t *at = view_payload(view, field->element) + field->offset;
	struct address address;
	char text[ADDRESS_TEXT];

	if (field->type == FIELD_TYPE_IP4 || field->type == FIELD_TYPE_IP6) {
		address = field->type == FIELD_TYPE_IP4
				  ? address_ip4(bytes_get32(at))
				  : address_ip6(bytes_get64(at), bytes_get64(at + 8));
		address_print(&address, text);
		fprintf(out, " %s=%s", field->json, text);
	} else if (field->type == FIELD_TYPE_TEXT) {
		fprintf(out, " %s=%.66s", field->json, (const char *)at);
	} else if (field->type != FIELD_TYPE_BYTES && view_number(view, id)) {
		fprintf(out, " %s=%" PRIu64, field->json, view_number(view, id));
	}
}

static void print_payload(FILE *out, const struct record_view *view, enum element element)
{
	fprintf(out, " %s=", element_table[element].name);
	for (unsigned i = 0; i < view->payload_bytes[element]; i++)
		fprintf(out, "%02x", view_payload(view, element)[i]);
}

static void print_flow_named(FILE *out, const struct record_view *view)
{
	fprintf(out, "flow version=%u flags=%u elements=", view->bytes[11], view->bytes[10]);
	for (unsigned i = 0; i < view->count; i++)
		fprintf(out, "%s%u", i ? "," : "", view->order[i]);
	for (int id = 0; id < FIELD_COUNT; id++)
		if (field_table[id].json[0] && view_has(view, field_table[id].element) &&
		    id != FIELD_RECEIVED && id != FIELD_RECORD_FLAGS)
			print_value(out, view, id);
	for (unsigned id = ELEMENT_APP_ID; id <= ELEMENT_PAYLOAD_OUT; id++)
		if (view_has(view, id))
			print_payload(out, view, id);
	if (view_has(view, ELEMENT_ACL))
		print_payload(out, view, ELEMENT_ACL);
	fputc('\n', out);
}

void dump_print_named(const struct dump *dump, FILE *out)
{
	struct block_cursor cursor = block_cursor(&dump->block);
	struct record_view view;
	const uint8_t *record;
	size_t len;

	record_view_init(&view);
	while (block_next(&cursor, &record, &len) > 0) {
		if (bytes_get16(record) != RECORD_FLOW) {
			fprintf(out, "record type=%u size=%zu ", bytes_get16(record), len);
			print_hex(out, record + 4, len - 4);
		} else if (record_view(&view, record, len) == NFGEO_OK) {
			print_flow_named(out, &view);
		} else {
			fprintf(out, "BROKEN FLOW\n");
		}
	}
}

static void add_totals(const struct dump *dump, struct flow_totals *totals)
{
	struct block_cursor cursor = block_cursor(&dump->block);
	struct record_view view;
	const uint8_t *record;
	size_t len;

	totals_init(totals);
	record_view_init(&view);
	while (block_next(&cursor, &record, &len) > 0)
		if (bytes_get16(record) == RECORD_FLOW &&
		    record_view(&view, record, len) == NFGEO_OK)
			totals_collect(totals, &view);
	totals->sequence_failures = dump->counts.sequence_failures;
}

static void print_group(FILE *out, const char *name, uint64_t all, const uint64_t *group)
{
	fprintf(out, "%s: %" PRIu64 "\n", name, all);
	fprintf(out, "%s_tcp: %" PRIu64 "\n", name, group[PROTO_TCP]);
	fprintf(out, "%s_udp: %" PRIu64 "\n", name, group[PROTO_UDP]);
	fprintf(out, "%s_icmp: %" PRIu64 "\n", name, group[PROTO_ICMP]);
	fprintf(out, "%s_other: %" PRIu64 "\n", name, group[PROTO_OTHER]);
}

void dump_print_totals(const struct dump *dump, FILE *out)
{
	struct flow_totals totals;

	add_totals(dump, &totals);
	fprintf(out,
		"Ident: 'vec' Flows: %" PRIu64 ", Packets: %" PRIu64 ", Bytes: %" PRIu64
		", Sequence Errors: %" PRIu64 ", Bad Packets: %" PRIu64 "\n",
		totals.flows, totals.packets, totals.bytes, totals.sequence_failures,
		dump->counts.bad_datagrams);
	print_group(out, "Flows", totals.flows, totals.class_flows);
	print_group(out, "Packets", totals.packets, totals.class_packets);
	print_group(out, "Bytes", totals.bytes, totals.class_bytes);
	if (totals.last_ms)
		fprintf(out,
			"First: %" PRIu64 "\nLast: %" PRIu64 "\nmsec_first: %" PRIu64
			"\nmsec_last: %" PRIu64 "\n",
			totals.first_ms / 1000, totals.last_ms / 1000, totals.first_ms % 1000,
			totals.last_ms % 1000);
	else
		fprintf(out, "First: SLOT\nLast: SLOT\nmsec_first: 0\nmsec_last: 0\n");
	fprintf(out, "Sequence failures: %" PRIu64 "\n", totals.sequence_failures);
}
