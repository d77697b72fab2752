/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image.h - a compiled table in a file: ready in milliseconds, versioned, checksummed, and tied to
 * its sources by the hashes in its provenance.
 *
 * An image is a database like any other: it can be all there is, and geo_builder_table() puts
 * local networks on top of one that was compiled without them.
 */
#ifndef GEO_IMAGE_H
#define GEO_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "geo/provenance.h"
#include "geo/table.h"

/** Whether these bytes, the first of a file, are those of an image. */
bool image_probe(const void *bytes, size_t len);

/** Write a table to a file: complete under its name, or not at all. */
int image_save(const struct geo_table *table, const char *path, struct error *error);

/** Read the file into private memory, check it completely, make the table. Owned by the caller. */
int image_load(const char *path, struct geo_table **table, struct error *error);

/** As image_load from bytes, which are borrowed for the call; `name` is for messages. */
int image_load_bytes(const char *name, const void *bytes, size_t len, struct geo_table **table,
		     struct error *error);

/** Read only what the image was made of; the rest is not checked. */
int image_provenance(const char *path, struct geo_provenance *provenance, struct error *error);

#endif
