/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/sketch.h"

#include <math.h>

void sketch_merge(struct sketch *to, const struct sketch *from)
{
	for (unsigned i = 0; i < SKETCH_REGISTERS; i++)
		if (from->rank[i] > to->rank[i])
			to->rank[i] = from->rank[i];
}

/* Ertl, algorithm 6: what registers that nothing fell into tell. @param x  their share, below 1 */
static double sigma(double x)
{
	double y = 1, z = x, before;

	do {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

/* Ertl, algorithm 6: what full registers tell. @param x  the share of those that are not full */
static double tau(double x)
{
	double y = 1, z = 1 - x, before;

	if (x == 0 || x == 1)
		return 0;
	do {
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

uint64_t sketch_estimate(const struct sketch *sketch)
{
	const double m = SKETCH_REGISTERS;
	unsigned count[SKETCH_RANK_MAX + 1] = {0};
	double z;

	for (unsigned i = 0; i < SKETCH_REGISTERS; i++)
		count[sketch->rank[i]]++;
	if (count[0] == SKETCH_REGISTERS)
		return 0;
	z = m * tau(1 - count[SKETCH_RANK_MAX] / m);
	for (unsigned k = SKETCH_RANK_MAX - 1; k > 0; k--)
		z = 0.5 * (z + count[k]);
	z += m * sigma(count[0] / m);
	return (uint64_t)llround(m * m / (2 * log(2)) / z);
}
