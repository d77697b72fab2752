/* SPDX-License-Identifier: BSD-3-Clause */
/* nfdump_verify.h - nfdump -v: is all of a file as it was written? */
#ifndef PROGRAMS_NFDUMP_VERIFY_H
#define PROGRAMS_NFDUMP_VERIFY_H

/**
 * Read every block, compare what the geo blocks say with the records, print what was found.
 * @return exit status: 3 for damage and for a file that was never closed
 */
int verify_file(const char *path);

#endif
