/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * file_list.h - the flow files that a verb's arguments name, one by one or by directory, and how far
 * the verb has come with them: a bar on the terminal.
 */
#ifndef PROGRAMS_FILE_LIST_H
#define PROGRAMS_FILE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file, and the part of its path that a copy elsewhere keeps. */
struct file_item {
	char *path;   /* owns */
	size_t shown; /* offset of that part */
	uint64_t bytes;
};

struct file_list {
	const char *verb; /* for messages; borrowed */
	bool bar;	  /* draw one */
	struct file_item *item; /* owns; those of a directory in the order of their names */
	size_t count, capacity;
	size_t missing; /* places that could not be looked at; told */
	size_t done;	/* files */
	uint64_t all_bytes, done_bytes;
	int64_t next_bar_ms;
};

/**
 * Add a file, or the files below a directory that nfdump(1) would read.
 * @return NFGEO_OK or NFGEO_ENOMEM; what could not be looked at is told and counted
 */
int file_list_add(struct file_list *list, char *argument);
void file_list_fini(struct file_list *list);

/** All words of a command line. @return EXIT_DONE, EXIT_FAILED, or EXIT_USAGE when there is none */
int file_list_arguments(struct file_list *list, int count, char **word);

/** Path of a file below the directory that named it. */
const char *file_item_below(const struct file_item *item);

/** Draw the bar if it is time. @param bytes  of the file in work that are done */
void file_list_progress(struct file_list *list, uint64_t bytes);

/** A file is through. */
void file_list_next(struct file_list *list, const struct file_item *item);

/** A message, where the bar was. */
void file_list_complain(const struct file_list *list, const char *text);
void file_list_clear_bar(const struct file_list *list);

#endif
