/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rewrite.h - what the verbs have in common that rewrite flow files in place: a file is read block
 * by block, written aside, and put in the place of the old one by a rename when it is complete.
 * Ident, creator, date, codec, totals, mode and owner stay. A file that is damaged, still open or
 * changed meanwhile is left alone, and the exit status says so.
 */
#ifndef PROGRAMS_REWRITE_H
#define PROGRAMS_REWRITE_H

#include <limits.h>
#include <sys/stat.h>

#include "nffile/reader.h"
#include "nffile/writer.h"
#include "programs/file_list.h"

/* The file in work. */
struct rewrite_file {
	const struct file_item *item;
	struct stat before;
	struct nffile_reader *reader;
	struct nffile_options options; /* of the new file: like the old one's, until changed */
	char target[PATH_MAX], work[PATH_MAX];
	bool changed;	    /* set by the verb: the new file is worth keeping */
	uint64_t records;   /* the verb's own count */
	uint64_t new_bytes; /* on disk, once it is complete */
};

struct rewrite {
	struct file_list list;
	const char *word;      /* of the verb, in names of work files */
	const char *write_dir; /* copies go there, in place of the files; NULL = in place */
	bool keep_time;	       /* the new file has the old one's time of modification */
	bool dry;	       /* nothing takes the place of anything: only look what would be */
	bool force, quiet;     /* -f, for the verb; -q: neither bar nor summary */
	bool has_sketches;     /* the verb has -s; .. */
	bool sketches;	       /* .. and it was given */
	/**
	 * Before anything is written: is there something to do? May change file->options. NULL = yes.
	 * @return 1 yes, 0 no, <0 *error
	 */
	int (*decide)(struct rewrite *rewrite, struct rewrite_file *file, struct error *error);
	/** A block of records that was read. @param out  what is written in its place; NULL = it */
	int (*block)(struct rewrite *rewrite, struct rewrite_file *file, const struct block *in,
		     const struct block **out, struct error *error);
	/** The new file is complete, under its work name: last chance to look at it. May be NULL. */
	void (*made)(struct rewrite *rewrite, const struct rewrite_file *file);
	/** What was done, on standard output. */
	void (*summary)(const struct rewrite *rewrite);
	size_t done_files, unchanged_files, failed_files;
	struct raw_block raw; /* the memory of these two is kept from file to file */
	struct block in;
};

/** All files of the list, until done or stopped, and the summary. @return exit status */
int rewrite_run(struct rewrite *rewrite);

/** Files and directories after the options, with a bar for people, into the list. @return exit status */
int rewrite_arguments(struct rewrite *rewrite, int argc, char **argv);

/** A verb that has the options -n, -f, -q, -h and perhaps -s only, from beginning to end. @return exit status */
int rewrite_main(struct rewrite *rewrite, const char *usage, int argc, char **argv);

void rewrite_fini(struct rewrite *rewrite);

#endif
