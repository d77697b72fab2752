/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/nfcapd_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "sys/daemon.h"

enum {
	SAMPLING_MAX = 10000000,
	BUFFER_MAX_BYTES = 104857600,
	METRIC_INTERVAL_MIN_S = 10,
	LONG_NO_GEO = 256, /* options without a letter */
	LONG_ARRIVAL_ORDER,
	LONG_SYNC_CELLS,
	LONG_CELL_MEMORY,
	LONG_SKETCHES,
};

/* --- values ----------------------------------------------------------------------------------- */

static int number(const char *text, char letter, long least, long most, long *value,
		  struct error *error)
{
	char *end;

	*value = strtol(text, &end, 10);
	if (!*text || *end || *value < least || *value > most)
		return error_set(error, NFGEO_EINVAL, "-%c %s: wants a number from %ld to %ld",
				 letter, text, least, most);
	return NFGEO_OK;
}

static int check_ident(const char *ident, size_t len, struct error *error)
{
	if (!len || len >= IDENT_BYTES || strcspn(ident, " \t") < len)
		return error_set(error, NFGEO_EINVAL,
				 "ident '%.*s': wants 1 to %d characters without blanks",
				 (int)(len < 200 ? len : 200), ident, IDENT_BYTES - 1);
	return NFGEO_OK;
}

int nfcapd_options_exporter(struct nfcapd_options *options, const char *ident, size_t ident_len,
			    const char *ip, const char *dir, struct error *error)
{
	struct exporter_option *exporter;
	int status = check_ident(ident, ident_len, error);

	if (status != NFGEO_OK)
		return status;
	exporter = realloc(options->exporter,
			   (options->exporter_count + 1) * sizeof(*options->exporter));
	if (!exporter)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	options->exporter = exporter;
	exporter += options->exporter_count;
	memcpy(exporter->ident, ident, ident_len);
	exporter->ident[ident_len] = '\0';
	if (address_parse(ip, &exporter->sender) != NFGEO_OK)
		return error_set(error, NFGEO_EINVAL,
				 "source '%s': '%s' is not an IPv4 or IPv6 address",
				 exporter->ident, ip);
	status = path_absolute(dir, exporter->dir, error);
	if (status == NFGEO_OK)
		options->exporter_count++;
	return status;
}

static int set_exporter(struct nfcapd_options *options, const char *arg, struct error *error)
{
	const char *ip = strchr(arg, ','), *dir = ip ? strchr(ip + 1, ',') : NULL;
	char text[ADDRESS_TEXT];

	if (!dir || !dir[1] || (size_t)(dir - ip - 1) >= sizeof(text))
		return error_set(error, NFGEO_EINVAL, "-n %s: wants IDENT,IP,DIRECTORY", arg);
	memcpy(text, ip + 1, (size_t)(dir - ip - 1));
	text[dir - ip - 1] = '\0';
	return nfcapd_options_exporter(options, arg, (size_t)(ip - arg), text, dir + 1, error);
}

#define SET_TEXT(name, member)                                                                     \
	static int set_##name(struct nfcapd_options *options, const char *arg,                     \
			      struct error *error)                                                 \
	{                                                                                          \
		(void)error;                                                                       \
		options->member = arg;                                                             \
		return NFGEO_OK;                                                                   \
	}
SET_TEXT(dir, dir)
SET_TEXT(dynamic_dir, dynamic_dir)
SET_TEXT(host, host)
SET_TEXT(group, group)
SET_TEXT(command, command)
SET_TEXT(pid_file, pid_file)
SET_TEXT(user, user)
SET_TEXT(unix_group, unix_group)
SET_TEXT(conf, conf)
SET_TEXT(geodb, geodb)

#define SET_FLAG(name, member)                                                                     \
	static int set_##name(struct nfcapd_options *options, const char *arg,                     \
			      struct error *error)                                                 \
	{                                                                                          \
		(void)arg;                                                                         \
		(void)error;                                                                       \
		options->member = true;                                                            \
		return NFGEO_OK;                                                                   \
	}
SET_FLAG(ip4, ip4)
SET_FLAG(ip6, ip6)
SET_FLAG(zone, zone)
SET_FLAG(expire, expire)
SET_FLAG(daemon, daemon)
SET_FLAG(arrival_order, arrival_order)
SET_FLAG(sketches, sketches)
SET_FLAG(sync_cells, sync_cells)

static int set_old_dir(struct nfcapd_options *options, const char *arg, struct error *error)
{
	printf("-l is the old name of -w and still works\n");
	return set_dir(options, arg, error);
}

static int set_ident(struct nfcapd_options *options, const char *arg, struct error *error)
{
	options->ident = arg;
	return check_ident(arg, strlen(arg), error);
}

static int set_buffer(struct nfcapd_options *options, const char *arg, struct error *error)
{
	long value;
	int status = number(arg, 'B', 1, BUFFER_MAX_BYTES, &value, error);

	options->buffer_bytes = (int)value;
	return status;
}

static int set_interval(struct nfcapd_options *options, const char *arg, struct error *error)
{
	long value;
	int status = number(arg, 't', SLOT_INTERVAL_MIN_S, 86400, &value, error);

	options->interval_s = (int32_t)value;
	return status;
}

static int set_layout(struct nfcapd_options *options, const char *arg, struct error *error)
{
	long value;
	int status = number(arg, 'S', 0, SLOT_LAYOUTS - 1, &value, error);

	options->layout = (unsigned)value;
	return status;
}

static int set_sampling(struct nfcapd_options *options, const char *arg, struct error *error)
{
	long value;
	int status = number(arg, 's', -SAMPLING_MAX, SAMPLING_MAX, &value, error);

	if (status == NFGEO_OK && value == 0)
		return error_set(error, NFGEO_EINVAL,
				 "-s 0: a sampling rate is at least 1, or at most -1 to override "
				 "what exporters announce");
	options->sampling = (int32_t)value;
	return status;
}

/* A number, or a service's name. getaddrinfo() takes 99999 for 34463. */
static int check_port(const char *port, char letter, struct error *error)
{
	long value;

	return port[strspn(port, "0123456789")] ? NFGEO_OK
						: number(port, letter, 0, 65535, &value, error);
}

static int set_port(struct nfcapd_options *options, const char *arg, struct error *error)
{
	options->port = arg;
	return check_port(arg, 'p', error);
}

static int set_repeater(struct nfcapd_options *options, const char *arg, struct error *error)
{
	const char *slash = strrchr(arg, '/');

	if (slash && check_port(slash + 1, 'R', error) != NFGEO_OK)
		return NFGEO_EINVAL;
	if (options->repeater_count == REPEATERS_MAX)
		return error_set(error, NFGEO_EINVAL, "-R %s: at most %d repeaters", arg,
				 REPEATERS_MAX);
	options->repeater[options->repeater_count++] = arg;
	return NFGEO_OK;
}

static int set_codec(struct nfcapd_options *options, const char *name, struct error *error)
{
	if (options->codec_given)
		return error_set(error, NFGEO_EINVAL, "only one of -z, -j, -y");
	options->codec_given = true;
	return codec_parse(name, &options->codec, &options->level, error);
}

/* Bare -z is LZO, as ever; -z=lz4:3 names codec and level. */
static int set_z(struct nfcapd_options *options, const char *arg, struct error *error)
{
	return set_codec(options, !arg ? "lzo" : *arg == '=' ? arg + 1 : arg, error);
}

static int set_j(struct nfcapd_options *options, const char *arg, struct error *error)
{
	(void)arg;
	return set_codec(options, "bz2", error);
}

static int set_y(struct nfcapd_options *options, const char *arg, struct error *error)
{
	(void)arg;
	return set_codec(options, "lz4", error);
}

/* -v -v and -v2 are the same. */
static int set_verbose(struct nfcapd_options *options, const char *arg, struct error *error)
{
	long value = options->verbose + 1;
	int status = arg ? number(arg, 'v', 0, 3, &value, error) : NFGEO_OK;

	options->verbose = (int)value;
	return status;
}

static int set_no_geo(struct nfcapd_options *options, const char *arg, struct error *error)
{
	(void)arg;
	(void)error;
	options->geodb = "none";
	return NFGEO_OK;
}

static int set_cell_memory(struct nfcapd_options *options, const char *arg, struct error *error)
{
	char *end;
	long value = strtol(arg, &end, 10);

	if (end == arg || *end || value < 1 || value > 1023)
		return error_set(error, NFGEO_EINVAL, "--cell-memory %.60s: use 1 to 1023 (MiB)", arg);
	options->cell_memory = (size_t)value << 20;
	return NFGEO_OK;
}

static int set_metric_interval(struct nfcapd_options *options, const char *arg,
			       struct error *error)
{
	long value;

	(void)options;
	return number(arg, 'i', METRIC_INTERVAL_MIN_S, 86400, &value, error);
}

static int set_metric_socket(struct nfcapd_options *options, const char *arg, struct error *error)
{
	(void)options;
	(void)error;
	printf("-m %s: there is no metric exporter yet, the option is ignored\n", arg);
	return NFGEO_OK;
}

static int ignore_with_notice(struct nfcapd_options *options, const char *arg, struct error *error)
{
	(void)options;
	(void)error;
	printf("'%s': extensions need not be listed any more, all are stored\n", arg);
	return NFGEO_OK;
}

static int ignore_number(struct nfcapd_options *options, const char *arg, struct error *error)
{
	long value;

	(void)options;
	return number(arg, 'W', 0, 1024, &value, error);
}

static int refuse_pcap(struct nfcapd_options *options, const char *arg, struct error *error)
{
	(void)options;
	return error_set(error, NFGEO_EINVAL,
			 "-f %s: reading packet files is not built in; replay them to a port", arg);
}

static int refuse_print(struct nfcapd_options *options, const char *arg, struct error *error)
{
	(void)options;
	(void)arg;
	return error_set(error, NFGEO_EINVAL,
			 "-E: records are not printed while collecting; use nfdump -r on the files");
}

static int set_help(struct nfcapd_options *options, const char *arg, struct error *error)
{
	(void)arg;
	(void)error;
	options->action = ACTION_HELP;
	return NFGEO_OK;
}

static int set_version(struct nfcapd_options *options, const char *arg, struct error *error)
{
	(void)arg;
	(void)error;
	options->action = ACTION_VERSION;
	return NFGEO_OK;
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct option_row {
	int letter;	       /* or LONG_.. */
	const char *name;      /* long form; NULL = none */
	int takes;	       /* no_argument, required_argument, optional_argument */
	const char *arg, *help; /* help NULL = not listed */
	int (*set)(struct nfcapd_options *options, const char *arg, struct error *error);
} row[] = {
	{'w', NULL, required_argument, "dir", "directory for the flows of one source", set_dir},
	{'l', NULL, required_argument, "dir", "old name of -w", set_old_dir},
	{'I', NULL, required_argument, "ident", "name of that source (none)", set_ident},
	{'n', NULL, required_argument, "ident,IP,dir", "a source by its address; repeat for more",
	 set_exporter},
	{'M', NULL, required_argument, "dir", "a source and sub-directory for each new sender",
	 set_dynamic_dir},
	{'G', "geodb", required_argument, "file", "country database; none = store no countries",
	 set_geodb},
	{LONG_NO_GEO, "no-geo", no_argument, NULL, "as -G none", set_no_geo},
	{LONG_ARRIVAL_ORDER, "arrival-order", no_argument, NULL,
	 "store flows as they come, not by countries", set_arrival_order},
	{LONG_SKETCHES, "sketches", no_argument, NULL,
	 "keep what estimates the hosts of each country", set_sketches},
	{LONG_CELL_MEMORY, "cell-memory", required_argument, "MiB",
	 "for the open blocks by countries (64)", set_cell_memory},
	{LONG_SYNC_CELLS, "sync-cells", no_argument, NULL, "sync open blocks each second",
	 set_sync_cells},
	{'C', NULL, required_argument, "file", "configuration file; none = read none", set_conf},
	{'p', NULL, required_argument, "port", "UDP port to listen on (9995)", set_port},
	{'b', NULL, required_argument, "host", "address to bind to (any)", set_host},
	{'4', NULL, no_argument, NULL, "listen on IPv4 only", set_ip4},
	{'6', NULL, no_argument, NULL, "listen on IPv6 only", set_ip6},
	{'J', NULL, required_argument, "group", "multicast group to join", set_group},
	{'B', NULL, required_argument, "bytes", "socket receive buffer", set_buffer},
	{'R', NULL, required_argument, "host[/port]", "repeat datagrams to this host; at most 8",
	 set_repeater},
	{'t', NULL, required_argument, "seconds", "a new file every so often (300)", set_interval},
	{'S', NULL, required_argument, "layout", "sub-directories by time, 0..8 (0)", set_layout},
	{'Z', NULL, no_argument, NULL, "time zone offset in file names", set_zone},
	{'z', NULL, optional_argument, "[=codec[:level]]",
	 "compress: lzo, bz2, lz4, zstd, none; bare = lzo (lz4)", set_z},
	{'j', NULL, no_argument, NULL, "compress with bz2", set_j},
	{'y', NULL, no_argument, NULL, "compress with lz4", set_y},
	{'s', NULL, required_argument, "rate", "default sampling rate; negative overrides",
	 set_sampling},
	{'x', NULL, required_argument, "command", "run for each file: %d %f %t %u %i", set_command},
	{'e', NULL, no_argument, NULL, "expire old files by the limits in .nfstat", set_expire},
	{'D', NULL, no_argument, NULL, "go to the background, log to syslog", set_daemon},
	{'P', NULL, required_argument, "file", "pid file", set_pid_file},
	{'u', NULL, required_argument, "user", "run as this user", set_user},
	{'g', NULL, required_argument, "group", "run as this group", set_unix_group},
	{'v', NULL, optional_argument, "[level]", "more messages", set_verbose},
	{'V', NULL, no_argument, NULL, "print the version", set_version},
	{'h', NULL, no_argument, NULL, "print this text", set_help},
	{'f', NULL, required_argument, NULL, NULL, refuse_pcap},
	{'E', NULL, no_argument, NULL, NULL, refuse_print},
	{'T', NULL, required_argument, NULL, NULL, ignore_with_notice},
	{'X', NULL, required_argument, NULL, NULL, ignore_with_notice},
	{'W', NULL, required_argument, NULL, NULL, ignore_number},
	{'i', NULL, required_argument, NULL, NULL, set_metric_interval},
	{'m', NULL, required_argument, NULL, NULL, set_metric_socket},
};
enum { ROWS = sizeof(row) / sizeof(row[0]) };

void nfcapd_options_help(FILE *out)
{
	fprintf(out, "usage: nfcapd [options]\n"
		     "Collects NetFlow v5, v9 and IPFIX with countries. At least one of -w, -n, -M is "
		     "needed.\n\n");
	for (size_t i = 0; i < ROWS; i++) {
		char left[64] = "";

		if (!row[i].help)
			continue;
		if (row[i].letter < 256)
			snprintf(left, sizeof(left), "-%c%s%s%s", row[i].letter,
				 row[i].name ? ", --" : "", row[i].name ? row[i].name : "",
				 row[i].arg && row[i].takes == required_argument ? " " : "");
		else
			snprintf(left, sizeof(left), "--%s%s", row[i].name, row[i].arg ? " " : "");
		if (row[i].arg)
			strncat(left, row[i].arg, sizeof(left) - strlen(left) - 1);
		fprintf(out, "  %-22s %s\n", left, row[i].help);
	}
}

static void make_getopt(char *letters, struct option *names)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (row[i].name)
			*names++ = (struct option){row[i].name, row[i].takes, NULL, row[i].letter};
		if (row[i].letter >= 256)
			continue;
		*letters++ = (char)row[i].letter;
		for (int colons = row[i].takes; colons > 0; colons--)
			*letters++ = ':';
	}
	*letters = '\0';
	*names = (struct option){0};
}

static int apply(struct nfcapd_options *options, int letter, const char *arg, struct error *error)
{
	for (size_t i = 0; i < ROWS; i++)
		if (row[i].letter == letter)
			return row[i].set(options, arg, error);
	options->action = ACTION_WRONG;
	return error_set(error, NFGEO_EINVAL, "unknown option");
}

/* What does not go together. */
static int check(const struct nfcapd_options *options, struct error *error)
{
	const char *wrong = NULL;

	if (options->extra > 1)
		wrong = "arguments that are no option: nfcapd takes no filter";
	else if (options->dir && (options->exporter_count || options->dynamic_dir))
		wrong = "-w takes every sender: it cannot be mixed with -n or -M";
	else if (options->group && options->host)
		wrong = "-J and -b cannot go together: a group is an address to bind to";
	else if (options->expire && options->zone)
		wrong = "-e and -Z cannot go together";
	return wrong ? error_set(error, NFGEO_EINVAL, "%s", wrong) : NFGEO_OK;
}

int nfcapd_options_parse(struct nfcapd_options *options, int argc, char **argv,
			 struct error *error)
{
	char letters[3 * ROWS + 1];
	struct option names[ROWS + 1];
	int letter, status = NFGEO_OK;

	*options = (struct nfcapd_options){
		.ident = "none",
		.port = "9995",
		.interval_s = SLOT_INTERVAL_DEFAULT_S,
		.sampling = 1,
		.codec = CODEC_LZ4,
	};
	make_getopt(letters, names);
	while (status == NFGEO_OK && options->action == ACTION_COLLECT &&
	       (letter = getopt_long(argc, argv, letters, names, NULL)) != -1)
		status = apply(options, letter, optarg, error);
	if (status != NFGEO_OK || options->action != ACTION_COLLECT)
		return status; /* not all was looked at */
	options->extra = argc - optind;
	return check(options, error);
}

void nfcapd_options_fini(struct nfcapd_options *options)
{
	free(options->exporter);
}
