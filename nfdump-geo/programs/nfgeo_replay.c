/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo replay - send the flows of files to a collector, as NetFlow v5, v9 or IPFIX.
 *
 * One scan in order of time feeds the encoder, which feeds a socket; what was read, selected, sent
 * and not sent is counted and printed at the end, also after Ctrl-C.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "geo/reload.h"
#include "include/nfgeo.h"
#include "programs/nfgeo.h"
#include "programs/nfgeo_query.h"
#include "proto/encode_tmpl.h"
#include "proto/encode_v5.h"
#include "query/inputs.h"
#include "query/scan.h"
#include "sys/udp.h"

static const char usage[] =
	"usage: nfgeo replay [OPTION]... -r FILE|-R RANGE|-M DIRECTORIES [FILTER]\n"
	"\n"
	"Send the flows of files to a collector. Countries are not sent: the collector knows better.\n"
	"\n"
	"  -H, --host HOST    collector (127.0.0.1)\n"
	"  -p, --port PORT    its UDP port (9995)\n"
	"  -v, --version N    5, 9 or 10 = IPFIX (9)\n"
	"  -r, -R, -M         input as for nfdump\n"
	"  -t TIME[-TIME]     flows inside this time, YYYY/MM/dd.hh:mm:ss\n"
	"  -c, --count N      the first N flows\n"
	"      --speed HOW    recorded: at the times of the file; Nx: N times faster;\n"
	"                     max: no pause (default, but see --rate)\n"
	"      --rate PPS     datagrams a second at most; 0 = no limit (10000; with --speed max\n"
	"                     said: 0)\n"
	"  -G, --geodb FILE   country database for a filter on files without countries\n"
	"  -C, --config FILE  configuration file; none for no configuration\n"
	"  -q, --quiet        no progress line and no summary\n"
	"  -h, --help         this text\n"
	"\n"
	"Exit status: 0 all sent, 1 failed, 2 wrong usage, 3 something could not be read or sent.\n";

enum { OPTION_SPEED = 256, OPTION_RATE };

static const struct option options[] = {
	{"host", required_argument, NULL, 'H'},	  {"port", required_argument, NULL, 'p'},
	{"version", required_argument, NULL, 'v'}, {"count", required_argument, NULL, 'c'},
	{"speed", required_argument, NULL, OPTION_SPEED},
	{"rate", required_argument, NULL, OPTION_RATE},
	{"geodb", required_argument, NULL, 'G'},  {"config", required_argument, NULL, 'C'},
	{"quiet", no_argument, NULL, 'q'},	  {"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

enum {
	RATE_DEFAULT = 10000,	   /* datagrams a second: a collector's socket buffer takes it */
	PROGRESS_NS = 200000000,
	HOLD_BACK_NS = 100000000,  /* a pause longer than this does not hold flows back */
};

struct replay {
	const char *verb, *host, *port, *geodb, *config;
	unsigned version;
	double factor;	/* of recorded time; 0 = no pauses */
	uint64_t rate;	/* datagrams a second; 0 = no limit */
	bool quiet, bar, failed;
	int socket;
	struct v5_encoder v5;
	struct tmpl_encoder *tmpl; /* owns */
	struct error error;	   /* of sending */
	struct geo_source *source; /* owns */
	struct geo_table *table;   /* owns */
	int64_t start_ns, next_bar_ns;
	uint64_t first_recorded_ms;
	uint64_t selected, flows, datagrams, bytes, not_ip6, not_fit, refused, damage;
	struct scan_sink sink;
	struct scan_progress progress;
};

static struct scan_progress *interrupted; /* by INT, TERM or HUP */

static void stop(int signal)
{
	(void)signal;
	atomic_store(&interrupted->stop, true);
}

static void catch_signals(struct replay *replay)
{
	struct sigaction action = {.sa_handler = stop};

	interrupted = &replay->progress;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static bool is_stopped(struct replay *replay)
{
	return atomic_load(&replay->progress.stop);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Until the monotonic clock shows `due`; a signal ends it. */
static void wait_until(struct replay *replay, int64_t due_ns)
{
	struct timespec due = {due_ns / 1000000000, due_ns % 1000000000};

	while (!is_stopped(replay) &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
}

static void show_progress(struct replay *replay)
{
	int64_t now = replay->bar ? clock_ns(CLOCK_MONOTONIC) : 0;

	if (!replay->bar || now < replay->next_bar_ns)
		return;
	replay->next_bar_ns = now + PROGRESS_NS;
	fprintf(stderr, "\r%" PRIu64 " flows in %" PRIu64 " datagrams sent", replay->flows,
		replay->datagrams);
}

static void clear_progress(const struct replay *replay)
{
	if (replay->bar)
		fputs("\r\033[K", stderr);
}

/* A full send buffer is waited for. ECONNREFUSED tells of an earlier datagram that nobody took. */
static int send_datagram(const uint8_t *datagram, size_t len, unsigned flow_count, void *arg)
{
	struct replay *replay = arg;

	if (replay->rate)
		wait_until(replay, replay->start_ns + (int64_t)(replay->datagrams * 1e9 /
								(double)replay->rate));
	for (;;) {
		if (send(replay->socket, datagram, len, 0) >= 0)
			break;
		if (errno == ECONNREFUSED)
			replay->refused++;
		else if (errno == EAGAIN || errno == ENOBUFS)
			wait_until(replay, clock_ns(CLOCK_MONOTONIC) + 1000000);
		else if (errno != EINTR)
			return error_set_errno(&replay->error, "cannot send to %s port %s",
					       replay->host, replay->port);
	}
	replay->datagrams++;
	replay->bytes += len;
	replay->flows += flow_count;
	show_progress(replay);
	return NFGEO_OK;
}

static int flush_flows(struct replay *replay)
{
	return replay->version == 5 ? v5_flush(&replay->v5) : tmpl_flush(replay->tmpl);
}

/* Recorded speed: a flow goes out when it ended, counted from the first one. Flows come in the order
 * in which they were received, which is not quite that; what is late goes at once. */
static int keep_pace(struct replay *replay, const struct record_view *view)
{
	uint64_t recorded = view_last_ms(view);
	int64_t due;

	if (!replay->first_recorded_ms)
		replay->first_recorded_ms = recorded;
	if (recorded <= replay->first_recorded_ms)
		return NFGEO_OK;
	due = replay->start_ns +
	      (int64_t)((double)(recorded - replay->first_recorded_ms) * 1e6 / replay->factor);
	if (due - clock_ns(CLOCK_MONOTONIC) > HOLD_BACK_NS) {
		int status = flush_flows(replay);

		if (status != NFGEO_OK)
			return status;
	}
	wait_until(replay, due);
	return NFGEO_OK;
}

static int replay_flow(struct replay *replay, const struct record_view *view)
{
	int status = replay->factor > 0 ? keep_pace(replay, view) : NFGEO_OK;

	if (status != NFGEO_OK || is_stopped(replay))
		return status;
	replay->selected++;
	status = replay->version == 5
			 ? v5_encode(&replay->v5, view)
			 : tmpl_encode(replay->tmpl, view,
				       (uint64_t)(clock_ns(CLOCK_REALTIME) / 1000000));
	replay->not_ip6 += status == ENCODED_NOT_IP6;
	replay->not_fit += status == ENCODED_NOT_FIT;
	return status < 0 ? status : NFGEO_OK;
}

static void *open_worker(struct scan_sink *sink)
{
	return (char *)sink - offsetof(struct replay, sink);
}

static void take_flow(void *worker, const struct flow_row *row, uint64_t order)
{
	struct replay *replay = worker;

	(void)order;
	if (replay->failed || is_stopped(replay))
		return;
	if (replay_flow(replay, row->view) != NFGEO_OK)
		replay->failed = true;
}

static int end_block(void *worker, struct error *error)
{
	struct replay *replay = worker;

	if (!replay->failed)
		return NFGEO_OK;
	*error = replay->error;
	return error->code ? error->code : error_set(error, NFGEO_ENOMEM, "out of memory");
}

static void complain(const char *text, void *arg)
{
	struct replay *replay = arg;

	clear_progress(replay);
	common_complain(replay->verb, "%s", text);
	replay->damage++;
}

static const struct geo_table *give_table(void *arg)
{
	struct replay *replay = arg;
	struct geo_settings settings = {.option = replay->geodb};
	struct conf *conf = NULL;
	struct error error = {.text = "the country database is switched off"};

	if (nfgeo_conf(replay->verb, replay->config, &conf) != EXIT_DONE)
		return NULL;
	settings.conf = conf;
	if (geo_source_open(&replay->source, &settings, &error) == NFGEO_OK && replay->source)
		replay->table = geo_source_table(replay->source);
	conf_free(conf);
	if (!replay->table)
		complain(error.text, replay);
	return replay->table;
}

static void line(uint64_t count, const char *text)
{
	if (count)
		printf("  %" PRIu64 " %s\n", count, text);
}

static void print_summary(struct replay *replay, const struct scan_result *result)
{
	double seconds = (double)(clock_ns(CLOCK_MONOTONIC) - replay->start_ns) / 1e9;

	printf("%s%" PRIu64 " flows sent in %" PRIu64 " datagrams, %" PRIu64
	       " bytes, to %s port %s in %.3f s\n",
	       is_stopped(replay) ? "Interrupted: " : "", replay->flows, replay->datagrams,
	       replay->bytes, replay->host, replay->port, seconds);
	printf("  %" PRIu64 " flows selected, %" PRIu64 " read\n", replay->selected,
	       result->processed);
	line(replay->not_ip6, "IPv6 flows not sent: NetFlow v5 has no IPv6, use -v 9 or -v 10");
	line(replay->not_fit, "flows not sent: this version has no form for them");
	line(replay->v5.cut_count, "flows sent with numbers cut to the 16 or 32 bits of NetFlow v5");
	line(replay->refused, "times the host said that nobody listens on that port");
	line(result->untagged_count, "flows whose countries are not known");
}

static int exit_status(struct replay *replay, const struct scan_result *result)
{
	bool incomplete = replay->not_ip6 || replay->not_fit || replay->v5.cut_count ||
			  replay->refused || replay->damage || result->damage_count ||
			  result->untagged_count || is_stopped(replay);

	return incomplete ? EXIT_INCOMPLETE : EXIT_DONE;
}

static int run(struct replay *replay, const struct scan_plan *plan)
{
	struct encode_sink to = {send_datagram, replay};
	struct scan_result result = {0};
	struct error error;
	int status;

	v5_encoder_init(&replay->v5, &to);
	replay->tmpl = tmpl_encoder_new(replay->version, &to);
	if (!replay->tmpl) {
		common_complain(replay->verb, "out of memory");
		return EXIT_FAILED;
	}
	catch_signals(replay);
	replay->start_ns = clock_ns(CLOCK_MONOTONIC);
	status = scan_run(plan, &replay->sink, &result, &error);
	if (status == NFGEO_OK && flush_flows(replay) != NFGEO_OK) {
		error = replay->error;
		status = error.code;
	}
	clear_progress(replay);
	if (!replay->quiet)
		print_summary(replay, &result);
	if (status == NFGEO_OK)
		return exit_status(replay, &result);
	common_complain(replay->verb, "%s", error.text);
	return EXIT_FAILED;
}

static bool parse_window(const char *text, struct scan_plan *plan)
{
	const char *end;

	plan->to_ms = UINT64_MAX;
	if (!text)
		return true;
	if (inputs_time(text, &end, &plan->from_ms) != NFGEO_OK)
		return false;
	if (*end == '-' && inputs_time(end + 1, &end, &plan->to_ms) != NFGEO_OK)
		return false;
	return *end == '\0';
}

static bool parse_speed(struct replay *replay, const char *text, bool *max)
{
	char *end;

	*max = strcmp(text, "max") == 0;
	replay->factor = strcmp(text, "recorded") == 0 ? 1 : 0;
	if (*max || replay->factor > 0)
		return true;
	replay->factor = strtod(text, &end);
	return end != text && (*end == '\0' || strcmp(end, "x") == 0) && replay->factor > 0 &&
	       replay->factor <= 1e9;
}

static bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return !errno && end != text && !*end && *text != '-';
}

static bool parse_version(const char *text, unsigned *version)
{
	uint64_t number;

	if (!parse_number(text, &number) || (number != 5 && number != 9 && number != 10))
		return false;
	*version = (unsigned)number;
	return true;
}

static int wrong(const struct replay *replay, const char *what, const char *value)
{
	common_complain(replay->verb, "%s '%s' is not understood", what, value);
	return nfgeo_usage(replay->verb);
}

static int parse_options(struct replay *replay, struct input_options *input, struct scan_plan *plan,
			 int argc, char **argv)
{
	bool max = false, rate_given = false;
	int option;

	while ((option = getopt_long(argc, argv, "H:p:v:r:R:M:t:c:G:C:qh", options, NULL)) != -1) {
		bool good = true;

		switch (option) {
		case 'H':
			replay->host = optarg;
			break;
		case 'p':
			replay->port = optarg;
			break;
		case 'v':
			good = parse_version(optarg, &replay->version);
			break;
		case 't':
			good = parse_window(optarg, plan);
			break;
		case 'c':
			good = parse_number(optarg, &plan->limit);
			break;
		case OPTION_SPEED:
			good = parse_speed(replay, optarg, &max);
			break;
		case OPTION_RATE:
			good = parse_number(optarg, &replay->rate);
			rate_given = true;
			break;
		case 'G':
			replay->geodb = optarg;
			break;
		case 'C':
			replay->config = optarg;
			break;
		case 'q':
			replay->quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		default:
			if (!nfgeo_input_option(input, option, optarg))
				return nfgeo_usage(replay->verb);
		}
		if (!good)
			return wrong(replay, "the value", optarg);
	}
	if (max && !rate_given)
		replay->rate = 0;
	if (!nfgeo_input_named(replay->verb, input))
		return nfgeo_usage(replay->verb);
	return argc - optind > 1 ? wrong(replay, "more than one filter:", argv[optind + 1])
				 : EXIT_DONE;
}

/* Everything is looked at before the first datagram goes out. */
static int prepare(struct replay *replay, const struct input_options *input, const char *text,
		   struct inputs *inputs, struct filter **filter)
{
	struct error error;

	if (filter_compile(filter, text, NULL, &error) == NFGEO_OK &&
	    inputs_expand(inputs, input, &error) == NFGEO_OK &&
	    udp_connect(&replay->socket, replay->host, replay->port, &error) == NFGEO_OK) {
		for (size_t i = 0; i < inputs->problem.count; i++)
			complain(inputs->problem.text[i], replay);
		return EXIT_DONE;
	}
	common_complain(replay->verb, "%s", error.text);
	return EXIT_FAILED;
}

static void replay_fini(struct replay *replay)
{
	if (replay->socket >= 0)
		close(replay->socket);
	tmpl_encoder_free(replay->tmpl);
	if (replay->table)
		geo_table_unref(replay->table);
	geo_source_close(replay->source);
}

int nfgeo_replay(int argc, char **argv)
{
	struct replay replay = {
		.verb = argv[0], .host = "127.0.0.1", .port = "9995", .version = 9,
		.rate = RATE_DEFAULT, .socket = -1,
		.sink = {.open = open_worker, .flow = take_flow, .block_end = end_block,
			 .in_order = true},
	};
	struct inputs inputs = {0};
	struct filter *filter = NULL;
	struct input_options input = {0};
	struct scan_plan plan = {
		.inputs = &inputs, .to_ms = UINT64_MAX, .threads = 1, .numbered = true,
		.in_time_order = true,
		.progress = &replay.progress, .table = give_table, .complain = complain,
		.arg = &replay,
	};
	int status = parse_options(&replay, &input, &plan, argc, argv);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	replay.bar = !replay.quiet && isatty(STDERR_FILENO);
	status = prepare(&replay, &input, optind < argc ? argv[optind] : "", &inputs, &filter);
	if (status == EXIT_DONE) {
		plan.filter = filter;
		plan.need_country = filter_needs_country(filter);
		status = run(&replay, &plan);
	}
	replay_fini(&replay);
	filter_free(filter);
	inputs_fini(&inputs);
	return status;
}
