/* SPDX-License-Identifier: BSD-3-Clause */
/* Channels found by a flow's countries are those whose filters match it; lines of standard input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "filter/gate.h"
#include "query/dispatch.h"
#include "tests/lib/makeflow.h"

enum { CZ = 203, US = 840, CN = 156, DE = 276 };

static const uint16_t codes[] = {0, CZ, US, CN, DE, 1, 999, CLASS_PRIVATE, 1023};
enum { CODES = sizeof(codes) / sizeof(*codes) };

static const struct {
	const char *text;
	bool open, exact;
} filters[] = {
	{"src ctry CZ", false, true},
	{"dst ctry CZ", false, true},
	{"ctry CZ", false, true},
	{"src ctry in [ CZ US 156 ]", false, true},
	{"ctry @EU", false, true},
	{"src ctry CZ and dst ctry US", false, false},
	{"src ctry CZ or dst ctry US", false, true},
	{"src ctry CZ and not dst ctry in [ 203 840 166 ]", false, false},
	{"not src ctry CZ and dst ctry CN", false, true},
	{"src ctry CZ and not src ctry CZ", false, true},
	{"proto tcp and flags S and not flags AFRPU and dst ctry 203 and src ctry 156", false, false},
	{"proto tcp and ((dst port 443 and dst ctry 840) or (src port 443 and src ctry 840))", false,
	 false},
	{"(src ctry CZ and proto tcp) or (dst ctry CN and proto udp)", false, false},
	{"not ctry CZ", true, false},
	{"not src ctry in [ CZ US ]", true, false},
	{"src ctry != dst ctry", true, false},
	{"src ctry = dst ctry and dst ctry CZ", false, false},
	{"src ctry 0", false, true},
	{"src ctry > 300", false, true},
	{"src ctry unknown and dst ctry CZ", false, false},
	{"proto tcp", true, false},
	{"proto tcp or ctry CZ", true, false},
	{"any", true, false},
};
enum { FILTERS = sizeof(filters) / sizeof(*filters) };

static struct filter *compile(size_t i)
{
	struct error error = {0};
	struct filter *filter;

	if (filter_compile(&filter, filters[i].text, NULL, &error) != NFGEO_OK)
		fail_msg("%s: %s", filters[i].text, error.text);
	return filter;
}

/* Flows of all pairs of codes, TCP and UDP, with and without countries. */
struct sample {
	uint8_t bytes[512];
	struct record_view view;
};

static bool make_sample(struct sample *sample, unsigned number)
{
	unsigned pair = number / 6, kind = number % 6;
	struct make_flow flow = {
		.src4 = 0xc0000201, .dst4 = 0xc6336401, .tagged = kind < 4,
		.src_country = codes[pair / CODES % CODES], .dst_country = codes[pair % CODES],
		.proto = kind % 2 ? 17 : 6, .tcp_flags = kind % 4 < 2 ? 2 : 0x1b, .packets = 1,
	};

	record_view_init(&sample->view);
	assert_int_equal(record_view(&sample->view, sample->bytes,
				     make_flow(&flow, sample->bytes, sizeof(sample->bytes))),
			 NFGEO_OK);
	return number + 1 < CODES * CODES * 6;
}

static void gates(void **state)
{
	struct sample sample;

	(void)state;
	for (size_t i = 0; i < FILTERS; i++) {
		struct filter *filter = compile(i);
		struct country_gate gate;
		unsigned number = 0;

		assert_int_equal(filter_gate(filter, &gate), NFGEO_OK);
		print_message("# %s\n", filters[i].text);
		assert_int_equal(gate.open, filters[i].open);
		assert_int_equal(gate.exact, filters[i].exact);
		for (bool more = true; more;) {
			struct filter_context context = {.ident = "a", .record_count = 1};
			bool match, passes;

			more = make_sample(&sample, number++);
			match = filter_match(filter, &sample.view, &context, NULL);
			passes = gate_passes(&gate, view_src_country(&sample.view),
					     view_dst_country(&sample.view));
			assert_true(passes || !match);
			if (gate.exact)
				assert_int_equal(passes, match);
		}
		filter_free(filter);
	}
}

static unsigned met[FILTERS];

static void meet(uint32_t number, void *arg)
{
	(void)arg;
	met[number]++;
}

/* Each channel at most once, and none that matches is missing. */
static void dispatching(void **state)
{
	static const char *source[] = {"a"};
	struct channel channel[FILTERS] = {0};
	struct dispatch dispatch = {0};
	struct sample sample;
	const size_t count = FILTERS;
	unsigned number = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		channel[i].filter = compile(i);
		channel[i].source = source;
		channel[i].source_count = i % 3 == 0;
		assert_int_equal(filter_gate(channel[i].filter, &channel[i].gate), NFGEO_OK);
	}
	assert_int_equal(dispatch_build(&dispatch, channel, count, "a"), NFGEO_OK);
	for (bool more = true; more;) {
		struct filter_context context = {.ident = "a", .record_count = 1};
		uint16_t src, dst;

		more = make_sample(&sample, number++);
		src = view_src_country(&sample.view);
		dst = view_dst_country(&sample.view);
		memset(met, 0, sizeof(met));
		dispatch_each(&dispatch, src, dst, meet, NULL);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(met[i], gate_passes(&channel[i].gate, src, dst));
		for (size_t i = 0; i < count; i++)
			if (filter_match(channel[i].filter, &sample.view, &context, NULL))
				assert_int_equal(met[i], 1);
	}
	/* every third channel takes flows of "a" only */
	assert_int_equal(dispatch_build(&dispatch, channel, count, "b"), NFGEO_OK);
	memset(met, 0, sizeof(met));
	dispatch_each(&dispatch, CZ, US, meet, NULL);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(met[i], i % 3 && gate_passes(&channel[i].gate, CZ, US));
	dispatch_fini(&dispatch);
	for (size_t i = 0; i < count; i++)
		filter_free(channel[i].filter);
}

static const struct {
	const char *line;
	const char *data_dir; /* NULL = refused */
	unsigned type;
	const char *sources; /* "" = all */
} lines[] = {
	{".#geo#2#https#uplink1|peer2", "/data/geo/https", 2, "uplink1,peer2,"},
	{"grp#geo3#6#udp#peer2", "/data/grp/geo3/udp", 6, "peer2,"},
	{".#~scan#8#~scan#|a||b|", "/data/~scan/~scan", 8, "a,b,"},
	{".#geo#2#all#*", "/data/geo/all", 2, ""},
	{".#geo#2#all#", "/data/geo/all", 2, ""},
	{".#geo#2#all", "/data/geo/all", 2, ""},
	{".#geo#2", NULL, 0, NULL},
	{"nonsense", NULL, 0, NULL},
	{"", NULL, 0, NULL},
	{".#geo##c#a", NULL, 0, NULL},
	{".#geo#x#c#a", NULL, 0, NULL},
	{".#geo#-1#c#a", NULL, 0, NULL},
	{".#geo#99999999999999999999#c#a", NULL, 0, NULL},
	{".#..#2#c#a", NULL, 0, NULL},
	{".#geo#2#../../etc#a", NULL, 0, NULL},
	{"..#geo#2#c#a", NULL, 0, NULL},
	{".#geo#2##a", NULL, 0, NULL},
};

static void parsing(void **state)
{
	static const struct channel_places places = {"/data", "/stat", "filter.txt"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct arena arena = {0};
		struct channel channel;
		struct error error = {0};
		char sources[64] = "";
		int status = channel_parse(&channel, lines[i].line, &places, &arena, &error);

		assert_int_equal(status, lines[i].data_dir ? NFGEO_OK : NFGEO_EINVAL);
		if (status == NFGEO_OK) {
			assert_string_equal(channel.data_dir, lines[i].data_dir);
			assert_int_equal(channel.type, lines[i].type);
			for (size_t s = 0; s < channel.source_count; s++) {
				strcat(sources, channel.source[s]);
				strcat(sources, ",");
			}
			assert_string_equal(sources, lines[i].sources);
		} else {
			assert_true(*error.text);
		}
		arena_fini(&arena);
	}
}

/* Stock cuts lines at 512 bytes. */
static void long_line(void **state)
{
	static const struct channel_places places = {"/data", "/stat", "filter.txt"};
	char line[8192] = ".#geo#2#all#";
	struct arena arena = {0};
	struct channel channel;
	struct error error;

	(void)state;
	for (unsigned i = 0; i < 400; i++)
		sprintf(line + strlen(line), "source%u|", i);
	assert_int_equal(channel_parse(&channel, line, &places, &arena, &error), NFGEO_OK);
	assert_int_equal(channel.source_count, 400);
	assert_true(channel_takes(&channel, "source399"));
	assert_false(channel_takes(&channel, "source400"));
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gates),
		cmocka_unit_test(dispatching),
		cmocka_unit_test(parsing),
		cmocka_unit_test(long_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
