/* SPDX-License-Identifier: BSD-3-Clause */
/* names.h - words for protocol numbers, firewall and NAT events, and flow end reasons. */
#ifndef OUTPUT_NAMES_H
#define OUTPUT_NAMES_H

#include <stddef.h>
#include <stdint.h>

/** "TCP"; NULL for 0 and unassigned numbers, which print as numbers. */
const char *protocol_name(uint8_t proto);

/** Seven characters or less, as the column of %evt shows them. */
const char *nsel_event_name(uint8_t event);
const char *nat_event_name(uint8_t event);

/** Why a firewall denied a flow; NULL for codes without a word. */
const char *event_ext_name(uint64_t code);

/** What a NAT event means, in words. */
const char *nat_event_text(uint8_t event);

/** Event of a firewall record in words. */
const char *nsel_event_text(uint8_t event);

/** Why a column or key of stock has no values here (ja3, ..); NULL = it has. */
const char *missing_reason(const char *name);

/** "idle timeout"; "" for 0. */
const char *end_reason_name(uint8_t reason);

#endif
