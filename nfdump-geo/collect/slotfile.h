/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * slotfile.h - the data file of one source for one slot after the other: written under the name
 * nfcapd.current.<pid> and renamed when its slot is over.
 *
 * Data that cannot be written (disk full, directory gone) is kept and tried again; what a slot had
 * before a restart of the collector is put in front of what came after.
 * All functions but slotfile_new() belong to the writer thread.
 */
#ifndef COLLECT_SLOTFILE_H
#define COLLECT_SLOTFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "collect/rotate.h"
#include "flow/block.h"
#include "flow/totals.h"
#include "nffile/compress.h"

enum { IDENT_BYTES = 129 }; /* at most 128 characters */

/* The same for all sources of a process; borrowed for their life. */
struct slotfile_options {
	enum codec codec;
	int level;
	unsigned layout; /* -S */
	bool zone;	 /* -Z */
	bool no_geo_blocks; /* no countries: write the stock form */
	bool arrival_order; /* not clustered by countries (nffile/cluster.h) */
	bool sync_cells;    /* have the open blocks on the disk each second */
	bool sketches; /* of the hosts of each country (nffile/host_sketches.h) */
	size_t cell_memory; /* for the open blocks of a source; 0 = CELLS_MEMORY_BYTES */
};

struct slotfile;

/** Remember where and how; nothing is opened yet. Texts are copied. NULL when out of memory. */
struct slotfile *slotfile_new(const char *dir, const char *ident,
			      const struct slotfile_options *options);
void slotfile_free(struct slotfile *file);

const char *slotfile_ident(const struct slotfile *file);
const char *slotfile_dir(const struct slotfile *file);

/** Create the work file of a slot. On error the next write tries again. */
int slotfile_open(struct slotfile *file, const struct slot *slot, struct error *error);

/** Append a block. @return NFGEO_OK; else nothing of it was written: keep it, come again */
int slotfile_write(struct slotfile *file, const struct block *block, struct error *error);

/** Once a second: write open blocks that are too old, sync the others where that is asked for. */
int slotfile_tick(struct slotfile *file, struct error *error);

struct slotfile_done {
	char name[SLOT_SUBDIR_BYTES + 8 + SLOT_NAME_BYTES]; /* relative to the directory */
	char time[SLOT_NAME_BYTES];
	struct flow_totals totals; /* of what this process wrote */
	int64_t bytes;		   /* disk space used, or grown by */
	bool new_file;		   /* false: joined with the file of an earlier run */
};

/**
 * The slot is over: complete the file and give it its name. Whatever happens the object is ready
 * for slotfile_open(); data that could not get its name stays in the directory, and the error says
 * where.
 */
int slotfile_close(struct slotfile *file, uint64_t sequence_failures, struct slotfile_done *done,
		   struct error *error);

/**
 * Complete what one collector that died has left in the directory: its blocks, and those that were
 * open, join the file of their slot. What cannot be completed is kept aside.
 *
 * @param done  name, time, disk space and new_file of that slot's file
 * @return 1 done, 0 there is none, <0 one could not be completed
 */
int slotfile_recover(struct slotfile *file, struct slotfile_done *done, struct error *error);

#endif
