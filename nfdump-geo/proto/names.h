/* SPDX-License-Identifier: BSD-3-Clause */
/* names.h - names in options data -> records 12, 13 and 14 (file format section 7.4). */
#ifndef PROTO_NAMES_H
#define PROTO_NAMES_H

#include "proto/options.h"

/** Write the applications, interfaces or VRFs that a set of options records names. */
void names_write(struct datagram *datagram, const struct template *template,
		 const struct wire *set);

#endif
