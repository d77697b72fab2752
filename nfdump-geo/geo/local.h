/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * local.h - what the operator knows better than a database: the local-networks file, and geofeeds
 * (RFC 8805) that networks publish about themselves.
 */
#ifndef GEO_LOCAL_H
#define GEO_LOCAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "geo/build.h"

struct local_net {
	struct prefix prefix;
	uint16_t code;	  /* country or address class */
	int line;	  /* in its file */
	const char *site; /* "" if none; borrowed from the list */
};

/* Prefixes of one file, sorted. */
struct local_nets;

/**
 * Local networks: lines of PREFIX, country or class, and optionally the name of a site; # starts a
 * comment. Anything wrong is an error that names file, line and value: an unknown country, a
 * prefix with host bits set, one prefix with two countries.
 */
int local_load(struct local_nets **nets, const char *path, struct error *error);

/** As local_load from text in memory, borrowed for the call. */
int local_parse(struct local_nets **nets, const char *name, const char *text, size_t len,
		struct error *error);

/**
 * Geofeed: lines of PREFIX,alpha-2,region,city,postal. It is made by others: wrong lines, lines
 * without a country and prefixes with contradicting countries are left out and logged as a
 * count; a file without any good line is an error.
 */
int geofeed_load(struct local_nets **nets, const char *path, struct error *error);
int geofeed_parse(struct local_nets **nets, const char *name, const char *text, size_t len,
		  struct error *error);

void local_free(struct local_nets *nets);

/** Put all prefixes into a layer of a builder. */
int local_apply(const struct local_nets *nets, enum geo_layer layer, struct geo_builder *builder);

/** The most specific prefix with the address; NULL when there is none. nets may be NULL. */
const struct local_net *local_find(const struct local_nets *nets, const struct address *address);

/** Number of prefixes. */
size_t local_count(const struct local_nets *nets);

/** SHA-256 of the file, SHA256_BYTES long. Borrowed. */
const uint8_t *local_sha256(const struct local_nets *nets);

#endif
