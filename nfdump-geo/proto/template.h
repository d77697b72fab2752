/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PROTO_TEMPLATE_H
#define PROTO_TEMPLATE_H

#include <stddef.h>

struct template_list {
	size_t *bytes;
};

static inline void template_list_init(struct template_list *list, size_t *bytes)
{
	list->bytes = bytes;
}

static inline void template_list_fini(struct template_list *list)
{
	(void)list;
}

#endif
