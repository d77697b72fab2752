/* SPDX-License-Identifier: BSD-3-Clause */
/* Equal provenance is one object; any difference makes another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "geo/provenance.h"

static void test_intern(void **state)
{
	struct geo_provenance one = {.type = "Country", .build_epoch_s = 5, .program = "p"};
	const struct geo_provenance *first = geo_provenance_intern(&one);
	struct geo_provenance other = one;

	(void)state;
	assert_non_null(first);
	assert_ptr_not_equal(first, &one);
	memset(other.type + 8, 'x', sizeof(other.type) - 9); /* behind the NUL */
	assert_ptr_equal(geo_provenance_intern(&other), first);
	for (int i = 0; i < 6; i++) {
		other = one;
		switch (i) {
		case 0: other.type[0] = 'c'; break;
		case 1: other.build_epoch_s = 6; break;
		case 2: other.sha256[31] = 1; break;
		case 3: other.local_sha256[0] = 1; break;
		case 4: other.feed_sha256[0] = 1; break;
		case 5: other.program[0] = 'q'; break;
		}
		assert_ptr_not_equal(geo_provenance_intern(&other), first);
		assert_ptr_equal(geo_provenance_intern(&other), geo_provenance_intern(&other));
	}
	assert_ptr_equal(geo_provenance_intern(&one), first);
	assert_string_equal(first->type, "Country");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_intern)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("provenance", tests, NULL, NULL);
}
