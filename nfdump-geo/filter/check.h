/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * check.h - names, types, ranges and country sets resolved; all messages about meaning.
 *
 * Each phrase gets a child: the tests it means, joined by and, or, not. The children of each and
 * and or are then put in order of cost, which cannot change what they say.
 */
#ifndef FILTER_CHECK_H
#define FILTER_CHECK_H

#include "filter/parse.h"

/** @return NFGEO_OK or the code of the error that was reported */
int check_tree(struct parse *parse, struct node *root);

#endif
