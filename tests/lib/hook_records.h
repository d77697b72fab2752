/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hook_records.h - for tests of the hooks (include/nfgeo_hooks.h): records laid out as the collectors of
 * nfdump 1.7.1, 1.7.5 and 1.7.8 lay them out (which elements, in which order), and a database of
 * their addresses. Include tests/lib/scratch.h before.
 */
#ifndef TESTS_HOOK_RECORDS_H
#define TESTS_HOOK_RECORDS_H

#include "base/bytes.h"
#include "flow/record.h"
#include "hooks/hooks.h"
#include "include/nfgeo_hooks.h"

enum { CZ = 203, US = 840, DE = 276, BUFFER = 1024 };

/* Addresses that hook_ranges knows. */
enum { IP_CZ = 0xc3710001u, IP_US = 0x08080808u, IP_PRIVATE = 0x0a000001u };
#define IP6_DE 0x2a00000000000000ull
#define IP6_US 0x2600000000000000ull

struct layout {
	const char *name;
	enum element element[12]; /* 0 ends */
};

/* What a record of each collector consists of, by default and with everything that is asked for. */
static const struct layout layouts[] = {
	{"1.7.1 v5",
	 {ELEMENT_GENERIC, ELEMENT_IP4, ELEMENT_MISC, ELEMENT_AS, ELEMENT_NEXT4, ELEMENT_ROUTER4}},
	{"1.7.1 v9 IPv6",
	 {ELEMENT_GENERIC, ELEMENT_IP6, ELEMENT_MISC, ELEMENT_COUNTERS, ELEMENT_ROUTER4}},
	{"1.7.1 NSEL",
	 {ELEMENT_GENERIC, ELEMENT_IP4, ELEMENT_NSEL, ELEMENT_NAT4, ELEMENT_NAT_PORT, ELEMENT_ACL,
	  ELEMENT_USER, ELEMENT_ROUTER4}},
	{"1.7.1 both families",
	 {ELEMENT_GENERIC, ELEMENT_IP4, ELEMENT_IP6, ELEMENT_MISC, ELEMENT_ROUTER4}},
	{"1.7.5 sFlow",
	 {ELEMENT_GENERIC, ELEMENT_IP4, ELEMENT_MISC, ELEMENT_VLAN, ELEMENT_AS, ELEMENT_MAC,
	  ELEMENT_INMON_META}},
	{"1.7.5 pcap",
	 {ELEMENT_GENERIC, ELEMENT_IP6, ELEMENT_VLAN, ELEMENT_MAC, ELEMENT_LAYER2,
	  ELEMENT_IP_INFO}},
	{"1.7.8 v1", {ELEMENT_GENERIC, ELEMENT_IP4, ELEMENT_MISC, ELEMENT_NEXT4, ELEMENT_ROUTER6}},
	{"1.7.8 IPFIX",
	 {ELEMENT_GENERIC, ELEMENT_IP6, ELEMENT_MISC, ELEMENT_LAYER2, ELEMENT_FLOW_ID,
	  ELEMENT_IP_INFO, ELEMENT_ROUTER4}},
	{"addresses first, last", {ELEMENT_IP6, ELEMENT_GENERIC, ELEMENT_IP4}},
	{"addresses alone", {ELEMENT_IP4}},
};

enum { LAYOUTS = sizeof(layouts) / sizeof(*layouts) };

static inline bool has(const struct layout *layout, enum element element)
{
	for (int i = 0; i < 12 && layout->element[i]; i++)
		if (layout->element[i] == element)
			return true;
	return false;
}

/* Every byte that is no address has a value of its own. */
static inline size_t build(const struct layout *layout, uint8_t *out)
{
	struct record_builder builder;

	record_begin(&builder, out, BUFFER);
	for (int i = 0; i < 12 && layout->element[i]; i++) {
		enum element element = layout->element[i];
		size_t bytes = element_table[element].bytes;
		uint8_t *at = record_element(&builder, element, bytes);

		assert_non_null(at);
		for (size_t k = 0; k < bytes; k++)
			at[k] = (uint8_t)(16 * element + k);
		if (element == ELEMENT_IP4) {
			bytes_put32(at, IP_CZ);
			bytes_put32(at + 4, IP_US);
		} else if (element == ELEMENT_IP6) {
			bytes_put64(at, IP6_DE);
			bytes_put64(at + 16, IP6_US);
		}
	}
	return record_end(&builder);
}

/* As a collector does: a tail when the record is complete, its countries when the block is full. */
static inline uint32_t tag(uint8_t *record, size_t room)
{
	uint32_t added = nfgeo_tag_record(record, room);

	nfgeo_fill(record, bytes_get16(record + 2));
	return added;
}

static inline const uint8_t *payload(const struct record_view *view, enum element element)
{
	return view_has(view, element) ? view_payload(view, element) : NULL;
}

/* nfgeo_args() of these words. */
static inline int take(const char *const *words, int *argc, char **argv)
{
	for (*argc = 0; words[*argc]; ++*argc)
		argv[*argc] = (char *)(uintptr_t)words[*argc];
	argv[*argc] = NULL;
	return nfgeo_args(argc, argv);
}

static const char hook_ranges[] =
	"195.113.0.0/16,CZ\n8.8.8.0/24,US\n2a00::/16,DE\n2600::/16,US\n";
static const char hook_conf[] =
	"[geo]\nmin_coverage = 0\nmax_change = 100\nctrygroup.V4 = \"CZ SK PL HU\"\n";

#endif
