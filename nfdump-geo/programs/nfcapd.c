/* SPDX-License-Identifier: BSD-3-Clause */
/* nfcapd - collect NetFlow v5, v9 and IPFIX into time-sliced files, countries included. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"
#include "collect/geo_watch.h"
#include "collect/launcher.h"
#include "collect/pipeline.h"
#include "collect/receive.h"
#include "collect/spool.h"
#include "geo/group.h"
#include "nffile/cells.h"
#include "programs/common.h"
#include "programs/conf_keys.h"
#include "programs/nfcapd_options.h"
#include "sys/daemon.h"
#include "sys/signals.h"
#include "sys/udp.h"

/* Blocks of at most BLOCK_WRITE_BYTES on their way to the disk, next to the one each source fills. */
enum { SPOOL_BLOCKS = 512 };

struct nfcapd {
	struct nfcapd_options options;
	char dir[PATH_MAX], dynamic_dir[PATH_MAX]; /* absolute; "" = not given */
	struct daemon daemon;
	struct pidfile pidfile;
	struct signals signals;
	struct launcher *launcher;
	struct geo_watch *geo;
	struct spool *spool;
	struct pipeline *pipeline;
	struct receive receive;
};

/* --- messages: the Ident line is read by other programs, so no line gets a prefix ------------- */

static void log_stderr(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

static void log_syslog(enum log_level level, const char *line, void *arg)
{
	static const int priority[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

	(void)arg;
	syslog(priority[level], "%s", line);
}

/* While a daemon starts, its messages go to the terminal too. */
static void log_both(enum log_level level, const char *line, void *arg)
{
	log_stderr(level, line, arg);
	log_syslog(level, line, arg);
}

/* --- sources ---------------------------------------------------------------------------------- */

/* Items of exporter.IDENT = ["IP", "DIR"] come one by one. */
struct exporter_items {
	struct nfcapd_options *options;
	char key[IDENT_BYTES + 16], ip[ADDRESS_TEXT];
	struct error *error;
};

static int take_exporter(const char *key, const char *value, int line, void *arg)
{
	struct exporter_items *items = arg;
	const char *ident = key + strlen("exporter.");

	(void)line;
	if (strcmp(items->key, key)) {
		snprintf(items->key, sizeof(items->key), "%s", key);
		snprintf(items->ip, sizeof(items->ip), "%s", value);
		return 0;
	}
	return nfcapd_options_exporter(items->options, ident, strlen(ident), items->ip, value,
				       items->error);
}

static int configure(struct nfcapd *nfcapd, struct error *error)
{
	struct nfcapd_options *options = &nfcapd->options;
	struct exporter_items items = {.options = options, .error = error};
	struct conf *conf;
	int status = conf_open(&conf, options->conf, error);

	if (status != NFGEO_OK)
		return status;
	status = conf_keys_check(conf, error);
	conf_keys_warn(conf, "nfcapd");
	if (status == NFGEO_OK)
		status = group_configure(conf, error);
	options->sketches = options->sketches || conf_bool(conf, "geo", "sketches", false);
	/* The command line wins as a whole: its sources replace those of the file. */
	if (status == NFGEO_OK && !options->dir && !options->dynamic_dir &&
	    !options->exporter_count)
		status = conf_each(conf, "nfcapd", "exporter.", take_exporter, &items);
	conf_free(conf);
	if (status == NFGEO_OK && !options->dir && !options->dynamic_dir &&
	    !options->exporter_count)
		status = error_set(error, NFGEO_EINVAL,
				   "no source: give -w directory, -n ident,IP,directory or "
				   "-M directory");
	return status;
}

static int check_directory(const char *dir, struct error *error)
{
	struct stat info;

	if (stat(dir, &info))
		return error_set_errno(error, "no valid directory '%s'", dir);
	if (!S_ISDIR(info.st_mode))
		return error_set(error, NFGEO_EINVAL, "'%s' is not a directory", dir);
	if (access(dir, W_OK | X_OK))
		return error_set_errno(error, "cannot write into directory '%s' as this user", dir);
	return NFGEO_OK;
}

static int check_directories(struct nfcapd *nfcapd, struct error *error)
{
	const struct nfcapd_options *options = &nfcapd->options;
	int status = NFGEO_OK;

	if (options->dir)
		status = path_absolute(options->dir, nfcapd->dir, error);
	if (status == NFGEO_OK && options->dynamic_dir)
		status = path_absolute(options->dynamic_dir, nfcapd->dynamic_dir, error);
	if (status == NFGEO_OK && nfcapd->dir[0])
		status = check_directory(nfcapd->dir, error);
	if (status == NFGEO_OK && nfcapd->dynamic_dir[0])
		status = check_directory(nfcapd->dynamic_dir, error);
	for (size_t i = 0; status == NFGEO_OK && i < options->exporter_count; i++)
		status = check_directory(options->exporter[i].dir, error);
	return status;
}

static int add_sources(struct nfcapd *nfcapd, struct error *error)
{
	const struct nfcapd_options *options = &nfcapd->options;
	int status = NFGEO_OK;

	if (options->dir)
		status = pipeline_add(nfcapd->pipeline, options->ident, NULL, nfcapd->dir, error);
	for (size_t i = 0; status == NFGEO_OK && i < options->exporter_count; i++) {
		const struct exporter_option *exporter = &options->exporter[i];

		status = pipeline_add(nfcapd->pipeline, exporter->ident, &exporter->sender,
				      exporter->dir, error);
	}
	return status;
}

/* --- sockets ---------------------------------------------------------------------------------- */

static int open_repeater(struct receive *receive, const char *target, struct error *error)
{
	char host[256];
	const char *slash = strrchr(target, '/');
	size_t len = slash ? (size_t)(slash - target) : strlen(target);
	int status;

	if (len >= sizeof(host))
		return error_set(error, NFGEO_EINVAL, "-R %.60s...: host name is too long", target);
	memcpy(host, target, len);
	host[len] = '\0';
	status = udp_connect(&receive->repeater[receive->repeater_count], host,
			     slash ? slash + 1 : "9995", error);
	receive->repeater_count += status == NFGEO_OK;
	return status;
}

static int open_sockets(struct nfcapd *nfcapd, struct error *error)
{
	static const char *const family_text[] = {"IPv4/IPv6", "IPv4", "IPv6"};
	const struct nfcapd_options *options = &nfcapd->options;
	const int one = options->ip4 != options->ip6; /* both = neither = dual stack */
	const struct udp_listen listen = {
		.host = options->host,
		.port = options->port,
		.family = !one ? AF_UNSPEC : options->ip4 ? AF_INET : AF_INET6,
		.buffer_bytes = options->buffer_bytes,
		.group = options->group,
	};
	int status = udp_open(&nfcapd->receive.socket, &listen, error);

	if (status != NFGEO_OK)
		return status;
	log_info("Bound to %s host/IP: %s, Port: %u, socket buffer: %d bytes",
		 family_text[!one ? 0 : options->ip4 ? 1 : 2],
		 options->group ? options->group : options->host ? options->host : "any",
		 udp_port(nfcapd->receive.socket), udp_buffer_bytes(nfcapd->receive.socket));
	for (size_t i = 0; status == NFGEO_OK && i < options->repeater_count; i++)
		status = open_repeater(&nfcapd->receive, options->repeater[i], error);
	return status;
}

/* --- start, run, stop ------------------------------------------------------------------------- */

/* Every source has its part of the memory; how many senders -M will meet is not known. */
static size_t cell_memory(const struct nfcapd_options *options, bool dynamic)
{
	size_t all = options->cell_memory ? options->cell_memory : CELLS_MEMORY_BYTES;
	size_t sources = options->exporter_count + (options->dir != NULL);

	return dynamic ? all / 8 : all / (sources ? sources : 1);
}

static int build_pipeline(struct nfcapd *nfcapd, struct error *error)
{
	const struct nfcapd_options *options = &nfcapd->options;
	const struct spool_options spool = {SPOOL_BLOCKS, nfcapd->launcher};
	struct pipeline_options pipeline = {
		.file = {.codec = options->codec,
			 .level = options->level,
			 .layout = options->layout,
			 .zone = options->zone,
			 .no_geo_blocks = nfcapd->geo == NULL,
			 .arrival_order = options->arrival_order,
			 .sync_cells = options->sync_cells,
			 .sketches = options->sketches,
			 .cell_memory = cell_memory(options, nfcapd->dynamic_dir[0] != '\0')},
		.geo = nfcapd->geo,
		.sampling = options->sampling,
		.interval_s = options->interval_s,
		.dynamic_dir = nfcapd->dynamic_dir[0] ? nfcapd->dynamic_dir : NULL,
	};
	int status = spool_new(&nfcapd->spool, &spool, error);

	if (status != NFGEO_OK)
		return status;
	pipeline.spool = nfcapd->spool;
	nfcapd->pipeline = pipeline_new(&pipeline);
	if (!nfcapd->pipeline)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	return add_sources(nfcapd, error);
}

/* Everything that needs the process id, in the process that collects. */
static int start(struct nfcapd *nfcapd, struct error *error)
{
	const struct nfcapd_options *options = &nfcapd->options;
	int status = NFGEO_OK;

	if (options->pid_file)
		status = pidfile_create(&nfcapd->pidfile, options->pid_file, error);
	if (status == NFGEO_OK)
		status = signals_open(&nfcapd->signals, error);
	if (status == NFGEO_OK && (options->command || options->expire))
		status = launcher_start(&nfcapd->launcher, options->command, options->expire,
					error);
	if (status == NFGEO_OK)
		status = build_pipeline(nfcapd, error);
	if (status == NFGEO_OK && nfcapd->geo)
		status = geo_watch_start(nfcapd->geo, error);
	nfcapd->receive.pipeline = nfcapd->pipeline;
	nfcapd->receive.geo = nfcapd->geo;
	if (status == NFGEO_OK)
		status = receive_begin(&nfcapd->receive, error);
	return status;
}

/* @return records that could not be written */
static uint64_t stop(struct nfcapd *nfcapd)
{
	uint64_t lost_records = spool_free(nfcapd->spool);

	pipeline_free(nfcapd->pipeline);
	geo_watch_close(nfcapd->geo);
	launcher_stop(nfcapd->launcher);
	pidfile_remove(&nfcapd->pidfile);
	nfcapd_options_fini(&nfcapd->options);
	return lost_records;
}

static int prepare(struct nfcapd *nfcapd, struct error *error)
{
	const struct nfcapd_options *options = &nfcapd->options;
	const struct geo_watch_options geo = {options->geodb, options->conf, "nfcapd"};
	int status = configure(nfcapd, error);

	if (status == NFGEO_OK)
		status = open_sockets(nfcapd, error);
	if (status == NFGEO_OK)
		status = privileges_drop(options->user, options->unix_group, error);
	if (status == NFGEO_OK)
		status = check_directories(nfcapd, error);
	if (status == NFGEO_OK)
		status = geo_watch_open(&nfcapd->geo, &geo, error);
	return status;
}

static int collect(struct nfcapd *nfcapd)
{
	struct error error;
	int status = prepare(nfcapd, &error);

	if (status == NFGEO_OK && nfcapd->options.daemon) {
		status = daemon_fork(&nfcapd->daemon, &error);
		if (status == DAEMON_PARENT)
			return nfcapd->daemon.exit_status;
		log_to(log_both, NULL);
		status = status < 0 ? status : NFGEO_OK;
	}
	if (status == NFGEO_OK)
		status = start(nfcapd, &error);
	if (status != NFGEO_OK) {
		log_error("%s", error.text);
		stop(nfcapd);
		return EXIT_FAILED;
	}
	if (nfcapd->options.daemon) {
		log_to(log_syslog, NULL);
		daemon_ready(&nfcapd->daemon);
	}
	log_info("Startup nfcapd.");
	status = receive_run(&nfcapd->receive, &error);
	if (status != NFGEO_OK)
		log_error("%s", error.text);
	if (stop(nfcapd) != 0 && status == NFGEO_OK)
		status = NFGEO_EIO;
	log_info("Terminating nfcapd.");
	return status == NFGEO_OK ? EXIT_DONE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	static struct nfcapd nfcapd;
	struct error error;
	int status;

	/* Notices and help come in order with the messages on standard error. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	status = nfcapd_options_parse(&nfcapd.options, argc, argv, &error);
	if (nfcapd.options.action == ACTION_WRONG || nfcapd.options.extra > 1) {
		nfcapd_options_help(stdout);
		return EXIT_FAILED;
	}
	if (status != NFGEO_OK) {
		common_complain("nfcapd", "%s", error.text);
		return EXIT_FAILED;
	}
	if (nfcapd.options.action == ACTION_VERSION)
		common_print_version("nfcapd");
	if (nfcapd.options.action == ACTION_HELP)
		nfcapd_options_help(stdout);
	if (nfcapd.options.action != ACTION_COLLECT)
		return common_finish("nfcapd", EXIT_DONE);
	openlog("nfcapd", LOG_PID, LOG_DAEMON);
	log_to(log_stderr, NULL);
	log_limit(nfcapd.options.verbose && !nfcapd.options.daemon ? LOG_LEVEL_DEBUG
								   : LOG_LEVEL_INFO);
	nfcapd.receive.signals = &nfcapd.signals;
	return collect(&nfcapd);
}
