/* SPDX-License-Identifier: BSD-3-Clause */
/* dump.c - compiled steps as text. */
#include <inttypes.h>

#include "filter/compile.h"
#include "flow/field.h"

static const char *const op_word[] = {
	[TEST_RANGE8] = "u8",
	[TEST_RANGE16] = "u16",
	[TEST_RANGE32] = "u32",
	[TEST_RANGE64] = "u64",
	[TEST_RANGE_NET32] = "net32",
	[TEST_BITS32] = "bits",
	[TEST_FLAGS_ALL] = "all flags",
	[TEST_FLAGS_ANY] = "any flag",
	[TEST_PORT_MAP] = "port map",
	[TEST_NUMBERS] = "numbers",
	[TEST_NET4] = "net4",
	[TEST_NET6] = "net6",
	[TEST_RANGES4] = "ranges4",
	[TEST_RANGES6] = "ranges6",
	[TEST_IS_IP4] = "is ipv4",
	[TEST_IS_IP6] = "is ipv6",
	[TEST_COUNTRY] = "country",
	[TEST_COUNTRY_EQUAL] = "same country",
	[TEST_COUNTRY_OTHER] = "other country",
	[TEST_FLOWS] = "flows",
	[TEST_DURATION] = "duration",
	[TEST_PPS] = "pps",
	[TEST_BPS] = "bps",
	[TEST_BPP] = "bpp",
	[TEST_COUNT] = "count",
	[TEST_FIRST_SEEN] = "first seen",
	[TEST_MPLS_ANY] = "mpls any",
	[TEST_MPLS_END] = "mpls eos",
	[TEST_TTL_EQUAL] = "ttl equal",
	[TEST_IN_PBLOCK] = "port block",
	[TEST_IDENT] = "ident",
	[TEST_TEXT] = "text",
	[TEST_CONTENT] = "content",
	[TEST_REGEX] = "regex",
	[TEST_COUNTRY_NOW] = "country now",
	[TEST_NOW_SAME] = "same code",
	[TEST_NOW_OTHER] = "other code",
	[TEST_NOW_EQUAL] = "same country",
	[TEST_NOW_DIFFERENT] = "other country",
	[TEST_LABEL] = "label",
};

static const char *const place_word[] = {"src", "dst", "now src", "now dst"};

/* What the test compares with. */
static void print_operand(const struct test *test, FILE *out)
{
	char text[PREFIX_TEXT];
	struct prefix prefix;

	switch ((enum test_op)test->op) {
	case TEST_FLAGS_ALL:
	case TEST_FLAGS_ANY:
		fprintf(out, "0x%02" PRIx64, test->mask);
		return;
	case TEST_NET4:
		prefix.address = address_ip4((uint32_t)test->net[1]);
		prefix.bits = (uint8_t)__builtin_popcountll(test->net_mask[1]);
		prefix_print(&prefix, text);
		fputs(text, out);
		return;
	case TEST_NET6:
		prefix.address = address_ip6(test->net[0], test->net[1]);
		prefix.bits = (uint8_t)(__builtin_popcountll(test->net_mask[0]) +
					__builtin_popcountll(test->net_mask[1]));
		prefix_print(&prefix, text);
		fputs(text, out);
		return;
	case TEST_PORT_MAP:
	case TEST_NUMBERS:
	case TEST_RANGES4:
	case TEST_RANGES6:
	case TEST_COUNTRY:
	case TEST_COUNTRY_NOW:
		fprintf(out, "one of %" PRIu32, test->count);
		return;
	case TEST_IDENT:
	case TEST_TEXT:
	case TEST_CONTENT:
	case TEST_LABEL:
		fprintf(out, "'%s'", test->text);
		return;
	case TEST_NOW_SAME:
	case TEST_NOW_OTHER:
	case TEST_NOW_EQUAL:
	case TEST_NOW_DIFFERENT:
		fprintf(out, "%s, %s", place_word[test->place[0]], place_word[test->place[1]]);
		return;
	case TEST_IS_IP4:
	case TEST_IS_IP6:
	case TEST_COUNTRY_EQUAL:
	case TEST_COUNTRY_OTHER:
	case TEST_TTL_EQUAL:
	case TEST_IN_PBLOCK:
	case TEST_REGEX:
		return;
	default:
		fprintf(out, "%" PRIu64 "..%" PRIu64, test->low, test->high);
	}
}

static void print_target(uint32_t target, FILE *out)
{
	if (target == STEP_TRUE)
		fputs("match", out);
	else if (target == STEP_FALSE)
		fputs("no match", out);
	else
		fprintf(out, "%" PRIu32, target);
}

void program_dump(const struct program *program, FILE *out)
{
	fputs("start: ", out);
	print_target(program->start, out);
	fputc('\n', out);
	for (uint32_t i = 0; i < program->count; i++) {
		const struct step *step = &program->steps[i];
		const char *word = field_table[step->test.field].word;

		fprintf(out, "%4" PRIu32 ": %s (%s) ", i, op_word[step->test.op],
			step->test.op == TEST_LABEL ? "" : word);
		print_operand(&step->test, out);
		fputs("  true: ", out);
		print_target(step->on_true, out);
		fputs("  false: ", out);
		print_target(step->on_false, out);
		fputc('\n', out);
	}
}
