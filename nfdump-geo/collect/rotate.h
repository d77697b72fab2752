/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rotate.h - time slots: when one ends, which comes next, what its file is called.
 *
 * Slots are aligned to the interval (epoch modulo), names are the slot's start in local time. No
 * clock is read here: the caller brings the time, so tests can let it jump.
 */
#ifndef COLLECT_ROTATE_H
#define COLLECT_ROTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	SLOT_INTERVAL_MIN_S = 2,
	SLOT_INTERVAL_DEFAULT_S = 300,
	SLOT_GRACE_S = 1, /* without traffic a slot is closed this long after its end */
	/* After a stall files are written for at most this many missed slots (a day of five
	 * minutes); a longer gap is a wrong clock, and is jumped over. */
	SLOT_CATCH_UP = 288,
	SLOT_NAME_BYTES = 24, /* YYYYMMDDhhmmss+zzzz and NUL */
	SLOT_SUBDIR_BYTES = 24,
	SLOT_LAYOUTS = 9, /* -S 0..8 */
};

struct slot {
	int64_t start_s;
	int32_t interval_s;
};

/** The slot that contains a time. */
struct slot slot_at(int64_t now_s, int32_t interval_s);

/**
 * Is the slot over? With traffic at once, without SLOT_GRACE_S later, so that datagrams which wait
 * in the socket still find it open. Also when the clock went back by more than one slot.
 */
bool slot_over(const struct slot *slot, int64_t now_s, bool traffic);

/**
 * The slot to open when this one was closed: the following one, or the present one when the clock
 * went back or jumped ahead by more than SLOT_CATCH_UP slots.
 *
 * @param jumped  set to true when slots were left out or are repeated
 */
struct slot slot_next(const struct slot *slot, int64_t now_s, bool *jumped);

/** Milliseconds until an idle collector has to look again: at the end of the slot, in a second. */
int slot_wait_ms(const struct slot *slot, int64_t now_ms);

/** YYYYMMDDhhmm, with seconds for intervals below a minute, with +zzzz where asked for.
 * @param name  SLOT_NAME_BYTES */
void slot_name(const struct slot *slot, bool zone, char *name);

/** Sub-directory of a layout, "" for layout 0. @param subdir  SLOT_SUBDIR_BYTES */
void slot_subdir(const struct slot *slot, unsigned layout, char *subdir);

/** Time in a file name "nfcapd.YYYYMMDDhhmm[ss][+zzzz]". @return NFGEO_OK or NFGEO_EINVAL */
int slot_parse(const char *file_name, int64_t *start_s);

/** Create a directory and those above it, mode 0755; those that exist are fine. */
int directory_create(const char *path, struct error *error);

#endif
