/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/nfdump_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs/common.h"

enum {
	STATUS_NO_DATA = 250,
	LONG_NO_GEO = 256,
	LONG_ARRIVAL_ORDER,
	LONG_PROVENANCE,
	LONG_EXPLAIN,
	LONG_GEO_COMPARE,
	LONG_ASDB,
	LONG_NO_INDEX,
};

/* Fits a screen of 40 lines and 80 columns; the whole story is in nfdump(1). */
static const char help[] =
	"usage: nfdump [options] [filter]                            more: man nfdump\n"
	"Input\n"
	"  -r PATH         a file, or a directory with all files below it\n"
	"  -R FIRST[:LAST] a range of files, or a directory\n"
	"  -M DIR1:DIR2    the same files in several directories\n"
	"  -t WINDOW       YYYY/MM/dd.hh:mm:ss[-YYYY/MM/dd.hh:mm:ss], +SECONDS, -SECONDS\n"
	"  -c N            the first N selected flows\n"
	"  -f FILE         filter from a file; -Z checks the filter, -X shows it\n"
	"Output\n"
	"  -o FORMAT       line long extended biline bilong gline glong cline clong nsel\n"
	"                  nel raw table csv csv+ctry csv-fast csv:%TOKEN,.. json ndjson\n"
	"                  json+class ndjson+class pipe null fmt:TEXT, or configured\n"
	"  -q -N -6 -T     no header and summary; plain numbers; long IPv6; tags\n"
	"  -w FILE         write the selected flows to a file, by countries;\n"
	"                  --arrival-order or -O: in that order\n"
	"  -z[=CODEC]      its codec: none lzo (bare -z) bz2 lz4[:LEVEL] zstd[:LEVEL]\n"
	"  -j, -y          bz2, LZ4 (the default)\n"
	"Statistics and aggregation\n"
	"  -s STAT         NAME[:p][/ORDER..], e.g. srcctry/bytes, record; up to 8 times\n"
	"  -n N            N lines, 0 = all\n"
	"  -l, -L [+-]N    only entries with more (less) packets, bytes\n"
	"  -a              merge flows of equal protocol, addresses and ports\n"
	"  -A FIELDS       merge by fields: srcip4/24,dstport,srcctry,...\n"
	"  -b, -B          merge both directions; -B guesses the client\n"
	"  -O ORDER[:a|:d] flows packets bytes pps bps bpp tstart tend duration\n"
	"  -P FILTER       filter after aggregation\n"
	"Countries\n"
	"  -G DB, --geodb DB  for flows without stored countries; --no-geo: none\n"
	"  --geo-compare   what moved since it was stored, by -G; -o compare lists flows\n"
	"  --provenance    which databases the stored countries are of; also -o json\n"
	"  --asdb FILE     names of AS for %sasn %dasn, -s asn: as GeoLite2-ASN.mmdb\n"
	"Files\n"
	"  -I, -g          totals of the files; a line a file\n"
	"  -v, -E FILE     verify a file; its exporters\n"
	"  -J CODEC        rewrite the files with another compression\n"
	"  -i IDENT        change the ident of the file\n"
	"Others\n"
	"  --explain       say what was read, passed over, and answered from sums\n"
	"  -C FILE         configuration, 'none' = none\n"
	"  -W N            threads; -V version, -h this help\n";

void nfdump_help(void)
{
	fputs(help, stdout);
}

static int wrong(const char *format, const char *value)
{
	common_complain("nfdump", format, value);
	return EXIT_FAILED;
}

static int parse_number(const char *text, long long least, long long *value)
{
	char *end;

	*value = strtoll(text, &end, 10);
	return *text && !*end && *value >= least ? EXIT_DONE : EXIT_FAILED;
}

static int set_codec(struct nfdump_options *options, char option, const char *text)
{
	struct error error = {0};

	if (options->codec_given)
		return wrong("use one of -z, -j, -y%s", "");
	options->codec_given = true;
	if (codec_parse(text, &options->codec, &options->level, &error) != NFGEO_OK)
		return option == 'J' ? wrong("-J: %s", error.text) : wrong("-z: %s", error.text);
	return EXIT_DONE;
}

/* 0..4 are numbers of the file header's compression byte. */
static int set_recode(struct nfdump_options *options, const char *text)
{
	options->task = TASK_RECODE;
	if (text[0] >= '0' && text[0] < '0' + CODEC_COUNT && !text[1])
		text = codec_name((enum codec)(text[0] - '0'));
	return set_codec(options, 'J', text);
}

static int add_statistic(struct nfdump_options *options, const char *text)
{
	struct statistic_request request;
	struct error error = {0};

	if (statistic_parse(&request, text, &error) != NFGEO_OK)
		return wrong("%s", error.text);
	if (!request.record && options->stat_count - options->stat_record == STATISTICS_MAX)
		return wrong("Too many stat options: %s is the ninth", text);
	if (request.record && options->stat_record)
		return wrong("-s %s: record once, please", text);
	options->stat_record |= request.record;
	options->stat_element |= !request.record;
	options->stat[options->stat_count++] = request;
	return EXIT_DONE;
}

static int set_keys(struct nfdump_options *options, const char *text)
{
	struct error error = {0};

	if (options->has_keys)
		return wrong("-A %s: use -A only once", text);
	if (keys_parse(&options->keys, text, &error) != NFGEO_OK)
		return wrong("%s", error.text);
	options->has_keys = true;
	return EXIT_DONE;
}

static int set_order(struct nfdump_options *options, const char *text)
{
	unsigned order;

	if (order_parse(text, strlen(text), &order, &options->ascending) != NFGEO_OK ||
	    !order_table[order].value)
		return wrong("Unknown print order '%s': use flows, packets, bytes, ipkg, opkg, ibyte, "
			     "obyte, pps, bps, bpp (i.., o..), tstart, tend or duration, with :a or :d",
			     text);
	options->order = (int)order;
	return EXIT_DONE;
}

static int set_limit(const char *text, struct statistic_limit *limit)
{
	struct error error = {0};

	if (statistic_limit_parse(text, limit, &error) != NFGEO_OK)
		return wrong("%s", error.text);
	return EXIT_DONE;
}

static int set_count(struct nfdump_options *options, int option, const char *text)
{
	long long value;

	switch (option) {
	case 'c':
		if (parse_number(text, 1, &value) != EXIT_DONE)
			return wrong("-c %s: use a number above 0", text);
		options->limit = (uint64_t)value;
		break;
	case 'n':
		if (parse_number(text, 0, &value) != EXIT_DONE)
			return wrong("-n %s: use a number, 0 = all", text);
		options->top = value;
		break;
	case 'W':
		if (parse_number(text, 0, &value) != EXIT_DONE || value > 1024)
			return wrong("-W %s: use a number of threads", text);
		options->threads = (unsigned)value;
		break;
	}
	return EXIT_DONE;
}

static int set_task(struct nfdump_options *options, enum nfdump_task task)
{
	if (options->task == TASK_QUERY || task >= TASK_HELP)
		options->task = task;
	return EXIT_DONE;
}

static int set_range(struct nfdump_options *options, const char *text)
{
	if (options->input.range)
		common_complain("nfdump", "-R %s ignored: the first -R counts", text);
	else
		options->input.range = text;
	return EXIT_DONE;
}

static int set_ident(struct nfdump_options *options, const char *text)
{
	if (!*text || strlen(text) > 128 || strpbrk(text, " \t\n"))
		return wrong("-i '%s': an ident has no blanks, and 128 characters at most", text);
	options->ident = text;
	return set_task(options, TASK_IDENT);
}

/* Options that only set a value. @return false if it is none of them */
static bool set_plain(struct nfdump_options *options, int option, const char *value)
{
	switch (option) {
	case 'r':
		options->input.file = value;
		return true;
	case 'M':
		options->input.dirs = value;
		return true;
	case 'w':
		options->write_path = value;
		return true;
	case 'f':
		options->filter_file = value;
		return true;
	case 'P':
		options->after_filter = value;
		return true;
	case 't':
		options->window = value;
		return true;
	case 'o':
		options->format = value;
		return true;
	case 'C':
		options->conf_path = value;
		return true;
	case 'G':
		options->geodb = value;
		return true;
	case LONG_ASDB:
		options->asdb = value;
		return true;
	case LONG_NO_GEO:
		options->geodb = "none";
		return true;
	case LONG_ARRIVAL_ORDER:
		options->arrival_order = true;
		return true;
	case LONG_EXPLAIN:
		options->explain = true;
		return true;
	case LONG_NO_INDEX:
		options->no_index = true;
		return true;
	case LONG_GEO_COMPARE:
		options->geo_compare = true;
		return true;
	case 'q':
		options->quiet = true;
		return true;
	case 'N':
		options->plain = true;
		return true;
	case '6':
		options->long6 = true;
		return true;
	case 'T':
		options->tag = true;
		return true;
	case 'D': /* name server and tor database: nothing here looks names up */
	case 'H':
		return true;
	}
	return false;
}

static int set_mode(struct nfdump_options *options, enum aggregate_mode mode)
{
	options->aggregate = true;
	if (mode > options->mode)
		options->mode = mode;
	return EXIT_DONE;
}

static int set_option(struct nfdump_options *options, int option, const char *value)
{
	if (set_plain(options, option, value))
		return EXIT_DONE;
	switch (option) {
	case 'R':
		return set_range(options, value);
	case 'c':
	case 'n':
	case 'W':
		return set_count(options, option, value);
	case 's':
		return add_statistic(options, value);
	case 'a':
		return set_mode(options, AGGREGATE_FLOW);
	case 'b':
		return set_mode(options, AGGREGATE_BIDIR);
	case 'B':
		return set_mode(options, AGGREGATE_GUESS);
	case 'A':
		return set_keys(options, value);
	case 'O':
		return set_order(options, value);
	case 'm':
		fputs("Option -m deprecated. Use '-O tstart' instead\n", stderr);
		return set_order(options, "tstart");
	case 'l':
		return set_limit(value, &options->packets);
	case 'L':
		return set_limit(value, &options->bytes);
	case 'z':
		return set_codec(options, 'z', !value ? "lzo" : value + (*value == '='));
	case 'j':
		return set_codec(options, 'j', "bz2");
	case 'y':
		return set_codec(options, 'y', "lz4");
	case 'J':
		return set_recode(options, value);
	case 'i':
		return set_ident(options, value);
	case 'I':
		return set_task(options, TASK_TOTALS);
	case 'Z':
		return set_task(options, TASK_CHECK_FILTER);
	case 'X':
		return set_task(options, TASK_DUMP_FILTER);
	case 'g':
		return set_task(options, TASK_PLOT);
	case 'V':
		return set_task(options, TASK_VERSION);
	case 'h':
		return set_task(options, TASK_HELP);
	case LONG_PROVENANCE:
		return set_task(options, TASK_PROVENANCE);
	case 'v':
	case 'E':
		options->task_file = value;
		return set_task(options, option == 'v' ? TASK_VERIFY : TASK_EXPORTERS);
	case 'x':
		return wrong("-x %s: checks extension maps of nfdump 1.6 files, which are not read; "
			     "-v FILE verifies a file",
			     value);
	}
	fputs(help, stderr);
	return EXIT_FAILED;
}

static int join_filter(struct nfdump_options *options, int count, char **word)
{
	size_t len = 1;
	char *at;

	for (int i = 0; i < count; i++)
		len += strlen(word[i]) + 1;
	at = options->filter_text = calloc(1, len);
	if (!at)
		return wrong("out of memory%s", "");
	for (int i = 0; i < count; i++)
		at += sprintf(at, "%s%s", i ? " " : "", word[i]);
	return EXIT_DONE;
}

/* Options that exclude or overrule each other. */
static int check(struct nfdump_options *options)
{
	bool limits = options->packets.sign || options->bytes.sign;

	if (options->geo_compare && (options->stat_count || options->aggregate ||
				     options->has_keys || options->order >= 0 || options->write_path))
		return wrong("--geo-compare counts single flows: leave -s, -a, -A, -b, -B, -O and -w "
			     "out%s", "");
	if (options->has_keys && options->mode > AGGREGATE_FLOW && options->mode != AGGREGATE_GUESS)
		return wrong("-A and -b are mutually exclusive%s", "");
	if (options->has_keys && options->mode == AGGREGATE_GUESS && !options->stat_element)
		return wrong("-A and -B are mutually exclusive%s", "");
	if (options->stat_record && options->order >= 0)
		return wrong("-s record and -O (-m) are mutually exclusive options%s", "");
	if (limits && !options->stat_count && !options->aggregate && !options->has_keys) {
		common_complain("nfdump", "-l and -L need -s or -a");
		return STATUS_NO_DATA;
	}
	if (options->has_keys) {
		options->aggregate = true;
		options->mode = AGGREGATE_KEYS;
	}
	if (options->stat_element && !options->stat_record && options->aggregate) {
		fputs(options->has_keys ? "Warning: Aggregation ignored for element statistics\n"
					: "Command line switch -s overwrites -a\n",
		      stderr);
		options->aggregate = options->has_keys = false;
	}
	if (options->stat_record && !options->aggregate)
		options->mode = AGGREGATE_FLOW;
	return EXIT_DONE;
}

int nfdump_options_parse(struct nfdump_options *options, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"geodb", required_argument, NULL, 'G'}, {"no-geo", no_argument, NULL, LONG_NO_GEO},
		{"asdb", required_argument, NULL, LONG_ASDB},
		{"arrival-order", no_argument, NULL, LONG_ARRIVAL_ORDER},
		{"provenance", no_argument, NULL, LONG_PROVENANCE},
		{"geo-compare", no_argument, NULL, LONG_GEO_COMPARE},
		{"help", no_argument, NULL, 'h'},	 {"version", no_argument, NULL, 'V'},
		{"explain", no_argument, NULL, LONG_EXPLAIN},
		{"no-index", no_argument, NULL, LONG_NO_INDEX},
		{NULL, 0, NULL, 0},
	};
	int option, status;

	*options = (struct nfdump_options){.top = -1, .order = -1, .codec = CODEC_LZ4};
	while ((option = getopt_long(argc, argv,
				     "6aA:bBc:C:D:E:f:gG:hH:i:Ij" "J:l:L:mM:n:No:O:P:qr:R:s:t:Tv:Vw:W:"
				     "x:XyZz::",
				     long_options, NULL)) != -1) {
		status = set_option(options, option, optarg);
		if (status != EXIT_DONE)
			return status;
	}
	if (optind < argc && join_filter(options, argc - optind, argv + optind) != EXIT_DONE)
		return EXIT_FAILED;
	return check(options);
}

void nfdump_options_fini(struct nfdump_options *options)
{
	free(options->filter_text);
	options->filter_text = NULL;
}
