/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 3954 and RFC 7011. A datagram is filled with sets; a set is closed when a flow of another
 * template comes. A template goes out before its first flow and again with the next flow when
 * TEMPLATE_DATAGRAMS datagrams or TEMPLATE_MS went by: over UDP nobody asks for a lost one.
 */
#include "proto/encode_tmpl.h"

#include <stdlib.h>

#include "base/wire.h"
#include "include/nfgeo.h"
#include "proto/ie.h"

enum {
	V9 = 9,
	V9_HEADER_BYTES = 20,
	IPFIX_HEADER_BYTES = 16,
	SET_HEADER_BYTES = 4,
	TEMPLATE_ID_MIN = 256,
	TEMPLATES_MAX = 1024, /* then all are forgotten and ids start anew */
	FIELDS_MAX = FIELD_COUNT + 4,
	APP_ID_MAX = 255,     /* bytes; no exporter sends longer ones */
	TEMPLATE_DATAGRAMS = 64,
	TEMPLATE_MS = 60000,
	PROTO_ICMP4 = 1,
	PROTO_ICMP6 = 58,
	IE_ICMP4 = 32,
	IE_ICMP6 = 139,
	IE_EVENT_TIME = 323,
};

/* Everything that decides about a template. */
struct layout {
	uint64_t present;
	uint16_t app_id_bytes;
	uint8_t icmp; /* protocol, when it is an ICMP: ports are type and code then */
	bool ip6, engine;
};

struct out_field {
	uint16_t number;
	uint8_t wire_bytes;
	uint8_t bytes;	 /* in the record; 0 = copied as it is */
	uint8_t element; /* enum element */
	uint16_t offset; /* in its payload */
};

struct out_template {
	struct layout layout;
	unsigned id, field_count, record_bytes;
	bool announced;
	uint32_t announced_datagram;
	uint64_t announced_ms;
	struct out_field field[FIELDS_MAX];
};

struct tmpl_encoder {
	unsigned version, header_bytes;
	struct encode_sink sink;
	struct out_template *list[TEMPLATES_MAX]; /* owns */
	unsigned count, last;
	uint8_t datagram[ENCODE_DATAGRAM_MAX];
	size_t used, set_at; /* set_at: of the open set's header, 0 = none */
	unsigned set_id, flows, records; /* records: flows and templates */
	uint32_t datagrams, flows_before;
	uint64_t start_ms, now_ms;
};

/* Templates. */

/* Sizes that the standards have, where they are shorter than the record's; VLAN ids and MPLS
 * labels lose nothing by it. */
static unsigned wire_size(enum field_id id, const struct field *field)
{
	if (id == FIELD_SRC_VLAN || id == FIELD_DST_VLAN)
		return 2;
	if (field->type == FIELD_TYPE_MPLS)
		return 3;
	if (field->type == FIELD_TYPE_MAC)
		return 6;
	return field->bytes;
}

/* A decoder of ours puts the number where the value came from. */
static bool comes_back(const struct tmpl_encoder *encoder, const struct field *field,
		       const struct ie *ie)
{
	unsigned protocols = encoder->version == V9 ? IE_V9 : IE_IPFIX | IE_EXTENDED;

	return !ie->enterprise && (ie->protocols & protocols) && ie->kind != IE_ASIDE &&
	       ie->kind != IE_LIST && ie->element == field->element && ie->offset == field->offset;
}

/* The field's own number before others that mean the same (proto/ie.def). */
static const struct ie *number_of(const struct tmpl_encoder *encoder, const struct field *field)
{
	const struct ie *rows, *found = NULL;
	size_t count;

	rows = ie_rows(&count);
	for (size_t i = 0; i < count; i++) {
		if (!comes_back(encoder, field, &rows[i]))
			continue;
		if (!found || rows[i].number == field->ipfix)
			found = &rows[i];
	}
	return found;
}

static void add(struct out_template *template, unsigned number, unsigned wire_bytes, unsigned bytes,
		enum element element, unsigned offset)
{
	if (!wire_bytes || wire_bytes > UINT8_MAX || template->field_count == FIELDS_MAX)
		return;
	template->field[template->field_count++] = (struct out_field){
		(uint16_t)number, (uint8_t)wire_bytes, (uint8_t)bytes, (uint8_t)element,
		(uint16_t)offset};
	template->record_bytes += wire_bytes;
}

static bool is_port(enum field_id id)
{
	return id == FIELD_SRC_PORT || id == FIELD_DST_PORT;
}

static void add_field(const struct tmpl_encoder *encoder, struct out_template *template,
		      enum field_id id)
{
	const struct field *field = &field_table[id];
	const struct ie *ie;

	if (field->element == ELEMENT_RECORD || !(template->layout.present >> field->element & 1) ||
	    (template->layout.icmp && is_port(id)))
		return;
	if (id == FIELD_FIRST || id == FIELD_LAST) {
		add(template, field->ipfix, 8, 8, ELEMENT_GENERIC, field->offset);
		return;
	}
	ie = number_of(encoder, field);
	if (!ie)
		return;
	if (ie->kind == IE_PAYLOAD)
		add(template, ie->number, template->layout.app_id_bytes, 0, field->element, 0);
	else if (ie->kind == IE_BYTES)
		add(template, ie->number, ie->bytes, 0, field->element, field->offset);
	else if (template->layout.ip6 && (id == FIELD_SRC_MASK || id == FIELD_DST_MASK))
		add(template, id == FIELD_SRC_MASK ? 29 : 30, 1, 1, ELEMENT_MISC, field->offset);
	else
		add(template, ie->number, wire_size(id, field), field->bytes, field->element,
		    field->offset);
}

/* Fields that a decoder puts together from several. */
static void add_special(const struct tmpl_encoder *encoder, struct out_template *template)
{
	const struct layout *layout = &template->layout;

	if (layout->icmp) /* v9 has one number for both */
		add(template, encoder->version != V9 && layout->icmp == PROTO_ICMP6 ? IE_ICMP6
										    : IE_ICMP4,
		    2, 2, ELEMENT_GENERIC, field_table[FIELD_DST_PORT].offset);
	if (layout->engine) {
		add(template, field_table[FIELD_ENGINE_TYPE].ipfix, 1, 1, ELEMENT_RECORD, 6);
		add(template, field_table[FIELD_ENGINE_ID].ipfix, 1, 1, ELEMENT_RECORD, 7);
	}
	if (encoder->version == V9 && layout->present >> ELEMENT_NSEL & 1)
		add(template, IE_EVENT_TIME, 8, 8, ELEMENT_NSEL, 0);
	else if (encoder->version == V9 && layout->present >> ELEMENT_NAT_EVENT & 1)
		add(template, IE_EVENT_TIME, 8, 8, ELEMENT_NAT_EVENT, 0);
}

static struct layout layout_of(const struct record_view *view)
{
	struct layout layout = {
		.present = view->present & ~(1ull << ELEMENT_GEO | 1ull << ELEMENT_RECORD),
		.ip6 = view_is_ip6(view),
		.engine = view->bytes[6] || view->bytes[7],
	};
	uint8_t proto = view_proto(view);

	/* A record of both families has the flow's addresses in one of them. */
	if (view_has(view, ELEMENT_IP4) && view_has(view, ELEMENT_IP6))
		layout.present &= ~(1ull << (layout.ip6 ? ELEMENT_IP4 : ELEMENT_IP6));
	if (proto == PROTO_ICMP4 || proto == PROTO_ICMP6)
		layout.icmp = proto;
	if (view_has(view, ELEMENT_APP_ID) && view->payload_bytes[ELEMENT_APP_ID] <= APP_ID_MAX)
		layout.app_id_bytes = view->payload_bytes[ELEMENT_APP_ID];
	return layout;
}

static bool same_layout(const struct layout *a, const struct layout *b)
{
	return a->present == b->present && a->app_id_bytes == b->app_id_bytes &&
	       a->icmp == b->icmp && a->ip6 == b->ip6 && a->engine == b->engine;
}

static void forget_all(struct tmpl_encoder *encoder)
{
	for (unsigned i = 0; i < encoder->count; i++)
		free(encoder->list[i]);
	encoder->count = encoder->last = 0;
}

static struct out_template *template_new(struct tmpl_encoder *encoder, const struct layout *layout)
{
	struct out_template *template = calloc(1, sizeof(*template));

	if (!template)
		return NULL;
	template->layout = *layout;
	template->id = TEMPLATE_ID_MIN + encoder->count;
	for (int id = 0; id < FIELD_COUNT; id++)
		add_field(encoder, template, id);
	add_special(encoder, template);
	encoder->last = encoder->count;
	encoder->list[encoder->count++] = template;
	return template;
}

static struct out_template *template_of(struct tmpl_encoder *encoder,
					const struct record_view *view)
{
	struct layout layout = layout_of(view);

	if (encoder->count && same_layout(&encoder->list[encoder->last]->layout, &layout))
		return encoder->list[encoder->last];
	for (unsigned i = 0; i < encoder->count; i++)
		if (same_layout(&encoder->list[i]->layout, &layout)) {
			encoder->last = i;
			return encoder->list[i];
		}
	if (encoder->count == TEMPLATES_MAX) {
		if (tmpl_flush(encoder) != NFGEO_OK)
			return NULL;
		forget_all(encoder);
	}
	return template_new(encoder, &layout);
}

/* Datagrams. */

static void put16(struct tmpl_encoder *encoder, size_t at, unsigned value)
{
	encoder->datagram[at] = (uint8_t)(value >> 8);
	encoder->datagram[at + 1] = (uint8_t)value;
}

static void append16(struct tmpl_encoder *encoder, unsigned value)
{
	put16(encoder, encoder->used, value);
	encoder->used += 2;
}

static void close_set(struct tmpl_encoder *encoder)
{
	if (!encoder->set_at)
		return;
	while (encoder->used % 4)
		encoder->datagram[encoder->used++] = 0;
	put16(encoder, encoder->set_at + 2, (unsigned)(encoder->used - encoder->set_at));
	encoder->set_at = 0;
}

static void open_set(struct tmpl_encoder *encoder, unsigned id)
{
	close_set(encoder);
	encoder->set_at = encoder->used;
	encoder->set_id = id;
	append16(encoder, id);
	append16(encoder, 0);
}

static void put_header(struct tmpl_encoder *encoder)
{
	struct wire_out out = wire_out_init(encoder->datagram, encoder->header_bytes);
	bool v9 = encoder->version == V9;

	wire_put_u16(&out, (uint16_t)encoder->version);
	wire_put_u16(&out, (uint16_t)(v9 ? encoder->records : encoder->used));
	if (v9)
		wire_put_u32(&out, (uint32_t)(encoder->now_ms - encoder->start_ms));
	wire_put_u32(&out, (uint32_t)(encoder->now_ms / 1000));
	wire_put_u32(&out, v9 ? encoder->datagrams : encoder->flows_before);
	wire_put_u32(&out, 0); /* source id, observation domain */
}

int tmpl_flush(struct tmpl_encoder *encoder)
{
	size_t len;
	unsigned flows = encoder->flows;

	close_set(encoder);
	if (!encoder->records)
		return NFGEO_OK;
	put_header(encoder);
	len = encoder->used;
	encoder->datagrams++;
	encoder->flows_before += flows;
	encoder->flows = encoder->records = 0;
	encoder->used = encoder->header_bytes;
	return encoder->sink.send(encoder->datagram, len, flows, encoder->sink.arg);
}

static bool is_due(const struct tmpl_encoder *encoder, const struct out_template *template)
{
	return !template->announced ||
	       encoder->datagrams - template->announced_datagram >= TEMPLATE_DATAGRAMS ||
	       encoder->now_ms - template->announced_ms >= TEMPLATE_MS;
}

static void announce(struct tmpl_encoder *encoder, struct out_template *template)
{
	open_set(encoder, encoder->version == V9 ? 0 : 2);
	append16(encoder, template->id);
	append16(encoder, template->field_count);
	for (unsigned i = 0; i < template->field_count; i++) {
		append16(encoder, template->field[i].number);
		append16(encoder, template->field[i].wire_bytes);
	}
	close_set(encoder);
	encoder->records++;
	template->announced = true;
	template->announced_datagram = encoder->datagrams;
	template->announced_ms = encoder->now_ms;
}

/* The most bytes that a flow adds. */
static size_t room_for(const struct tmpl_encoder *encoder, const struct out_template *template)
{
	size_t room = 3 + SET_HEADER_BYTES + template->record_bytes + 3; /* 3: padding */

	if (is_due(encoder, template))
		room += SET_HEADER_BYTES + 4 + 4 * template->field_count;
	return room;
}

static void put_value(uint8_t *to, const uint8_t *from, const struct out_field *field)
{
	if (!field->bytes) {
		memcpy(to, from, field->wire_bytes);
	} else if (field->bytes == 16) { /* two host-order halves, high first */
		for (unsigned i = 0; i < 16; i++)
			to[i] = from[(i & 8) + 7 - (i & 7)];
	} else {
		for (unsigned i = 0; i < field->wire_bytes; i++)
			to[field->wire_bytes - 1 - i] = from[i];
	}
}

static void put_flow(struct tmpl_encoder *encoder, const struct out_template *template,
		     const struct record_view *view)
{
	if (!encoder->set_at || encoder->set_id != template->id)
		open_set(encoder, template->id);
	for (unsigned i = 0; i < template->field_count; i++) {
		const struct out_field *field = &template->field[i];
		const uint8_t *from = field->element == ELEMENT_RECORD
					      ? view->bytes
					      : view_payload(view, field->element);

		put_value(encoder->datagram + encoder->used, from + field->offset, field);
		encoder->used += field->wire_bytes;
	}
	encoder->flows++;
	encoder->records++;
}

int tmpl_encode(struct tmpl_encoder *encoder, const struct record_view *view, uint64_t now_ms)
{
	struct out_template *template = template_of(encoder, view);
	int status;

	if (!template)
		return NFGEO_ENOMEM;
	if (!template->field_count)
		return ENCODED_NOT_FIT;
	if (!encoder->start_ms)
		encoder->start_ms = now_ms;
	encoder->now_ms = now_ms;
	if (room_for(encoder, template) > ENCODE_DATAGRAM_MAX - encoder->used) {
		status = tmpl_flush(encoder);
		if (status != NFGEO_OK)
			return status;
	}
	if (room_for(encoder, template) > ENCODE_DATAGRAM_MAX - encoder->used)
		return ENCODED_NOT_FIT;
	if (is_due(encoder, template))
		announce(encoder, template);
	put_flow(encoder, template, view);
	return ENCODED;
}

struct tmpl_encoder *tmpl_encoder_new(unsigned version, const struct encode_sink *sink)
{
	struct tmpl_encoder *encoder = calloc(1, sizeof(*encoder));

	if (!encoder)
		return NULL;
	encoder->version = version;
	encoder->header_bytes = version == V9 ? V9_HEADER_BYTES : IPFIX_HEADER_BYTES;
	encoder->used = encoder->header_bytes;
	encoder->sink = *sink;
	return encoder;
}

void tmpl_encoder_free(struct tmpl_encoder *encoder)
{
	if (!encoder)
		return;
	forget_all(encoder);
	free(encoder);
}
