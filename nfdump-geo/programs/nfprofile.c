/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfprofile - sort the flows of a slot into the channels of NfSen's profiles. Options, standard
 * input and files are those of the stock program; what is ours is in nfprofile(1).
 *
 * Once it has begun, the exit status is 0 whatever went wrong with data: NfSen builds histories in
 * a loop that tries a slot again, for ever, until the status is 0. So everything that goes wrong
 * is an error in the log.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/conf.h"
#include "collect/expire.h"
#include "collect/rotate.h"
#include "export/rrd.h"
#include "geo/group.h"
#include "geo/reload.h"
#include "programs/common.h"
#include "programs/conf_keys.h"
#include "programs/nfprofile_options.h"
#include "query/profile.h"

enum { STATUS_SETUP = 255, STATUS_INPUT = 254, SLOT_S = 300 };

struct run {
	struct nfprofile_options options;
	struct conf *conf;
	struct inputs inputs;
	struct profile_set set;
	struct scan_plan plan;
	struct scan_result result;
	struct geo_source *source;
	struct geo_table *table;
	struct error geo_error; /* why there is no table */
	char slot_name[NAME_MAX + 1]; /* nfcapd.YYYYMMDDhhmm */
	char subdir[64];
	unsigned lines, refused; /* of standard input; filters */
};

/* One line a message: a filter's error shows the place on lines of its own. */
static void log_syslog(enum log_level level, const char *line, void *arg)
{
	static const int priority[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
	char flat[1024];

	(void)arg;
	snprintf(flat, sizeof(flat), "%s", line);
	for (char *at = flat; *at; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	syslog(priority[level], "%s", flat);
}

static void start_log(const struct nfprofile_options *options)
{
	common_log_stderr("nfprofile", LOG_LEVEL_WARN);
	if (options->facility < 0)
		return;
	openlog("nfprofile", LOG_PID, options->facility);
	log_to(log_syslog, NULL);
}

static int setup_failed(const struct error *error)
{
	log_error("%s", error->text);
	return STATUS_SETUP;
}

static void on_damage(const char *text, void *arg)
{
	(void)arg;
	log_error("%s", text);
}

static const struct geo_table *open_table(void *arg)
{
	struct run *run = arg;
	struct geo_settings settings = {
		.option = run->options.geodb, .program = "nfprofile", .conf = run->conf};

	if (geo_source_require(&run->source, &run->table, &settings, &run->geo_error) != NFGEO_OK)
		return NULL;
	return run->table;
}

/* --- before the scan -------------------------------------------------------------------------- */

static int need_directory(const char *path, const char *what, struct error *error)
{
	struct stat info;

	if (!path)
		return error_set(error, NFGEO_EINVAL, "Profile %s directory required!", what);
	if (stat(path, &info))
		return error_set_errno(error, "profile %s directory '%s'", what, path);
	if (!S_ISDIR(info.st_mode))
		return error_set(error, NFGEO_EINVAL, "'%s' not a directory", path);
	return NFGEO_OK;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The name of the channels' files, their sub-directory, and the time where -t does not tell it. */
static int find_slot(struct run *run, struct error *error)
{
	struct nfprofile_options *options = &run->options;
	const char *name = options->input.file ? options->input.file : options->input.range;
	size_t len;
	struct slot slot = {options->slot_s, SLOT_S};
	int64_t named_s;

	if (!name)
		return error_set(error, NFGEO_EINVAL, "-r is missing: nfcapd.YYYYMMDDhhmm");
	name = base_name(name);
	len = strlen(name);
	if (len > NAME_MAX)
		return error_set(error, NFGEO_EINVAL, "-r: the name is too long");
	snprintf(run->slot_name, sizeof(run->slot_name), "%s", name);
	if (slot_parse(name, &named_s) != NFGEO_OK) {
		if (!options->has_slot)
			return error_set(error, NFGEO_EINVAL, "-t is missing, and '%s' is not named "
					 "nfcapd.YYYYMMDDhhmm", name);
		snprintf(run->slot_name, sizeof(run->slot_name), "nfcapd.");
		slot_name(&slot, false, run->slot_name + 7);
	} else if (!options->has_slot) {
		options->slot_s = named_s;
	}
	if (options->layout &&
	    inputs_subdir(options->layout, run->slot_name, run->subdir, sizeof(run->subdir)) !=
		    NFGEO_OK)
		return error_set(error, NFGEO_EINVAL, "-S %u: '%s' tells no time", options->layout,
				 run->slot_name);
	return NFGEO_OK;
}

/* Each real channel keeps a file open. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void add_line(struct run *run, const char *line)
{
	struct error error = {0};
	int status = profile_add(&run->set, line, &error);

	run->lines++;
	if (status != NFGEO_OK) {
		log_error("%s", error.text);
		run->refused++;
	} else if (run->options.task == PROFILE_CHECK) {
		const struct channel *channel = &run->set.channel[run->set.count - 1];

		printf("Check filter for channel %s in profile %s in group %s: ok.\n",
		       channel->name, channel->profile, channel->group);
	}
}

static void read_channels(struct run *run)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t len;

	while (run->options.from_stdin && (len = getline(&line, &capacity, stdin)) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strcmp(line, ".") == 0)
			break;
		if (*line)
			add_line(run, line);
	}
	free(line);
}

static int configure(struct run *run, struct error *error)
{
	const struct nfprofile_options *options = &run->options;
	int status = profile_init(&run->set);

	if (status != NFGEO_OK)
		return error_set(error, status, "out of memory");
	status = need_directory(options->data_dir, "data", error);
	if (status == NFGEO_OK)
		status = need_directory(options->stat_dir, "stat", error);
	if (status == NFGEO_OK && options->task == PROFILE_RUN)
		status = find_slot(run, error);
	if (status == NFGEO_OK)
		status = conf_open(&run->conf, options->conf_path, error);
	if (status == NFGEO_OK)
		status = conf_keys_check(run->conf, error);
	if (status == NFGEO_OK)
		status = group_configure(run->conf, error);
	conf_keys_warn(run->conf, "nfprofile");
	run->set.places = (struct channel_places){options->data_dir, options->stat_dir,
						  options->filter_name};
	run->set.codec = options->codec;
	run->set.level = options->level;
	run->set.sketches = status == NFGEO_OK && conf_bool(run->conf, "geo", "sketches", false);
	return status;
}

/* A source without a file is logged; the slot's files are written all the same, as NfSen wants a
 * file for every slot. */
static int expand_inputs(struct run *run)
{
	struct error error = {0};
	int status = inputs_expand(&run->inputs, &run->options.input, &error);

	for (size_t i = 0; i < run->inputs.problem.count; i++)
		log_error("%s", run->inputs.problem.text[i]);
	if (status != NFGEO_OK)
		log_error("%s", error.text);
	return status == NFGEO_EINVAL ? STATUS_INPUT : EXIT_DONE;
}

/* --- after the scan --------------------------------------------------------------------------- */

static int64_t disk_bytes(const char *path)
{
	struct stat info;

	return lstat(path, &info) || !S_ISREG(info.st_mode) ? -1 : (int64_t)info.st_blocks * 512;
}

static int final_path(const struct run *run, const struct channel *channel, char *path,
		      struct error *error)
{
	bool flat = !*run->subdir || channel->type & CHANNEL_ALERT;

	if (!flat) {
		int status;

		snprintf(path, PATH_MAX, "%s/%s", channel->data_dir, run->subdir);
		status = directory_create(path, error);
		if (status != NFGEO_OK)
			return status;
	}
	if (snprintf(path, PATH_MAX, "%s/%s%s%s", channel->data_dir, flat ? "" : run->subdir,
		     flat ? "" : "/", run->slot_name) >= PATH_MAX)
		return error_set(error, NFGEO_EINVAL, "path is too long: '%.60s...'",
				 channel->data_dir);
	return NFGEO_OK;
}

/* Complete the file, give it its name, book it. */
static int finish_file(const struct run *run, struct channel *channel, struct error *error)
{
	struct nffile_finish finish = {
		.empty_first_ms = (uint64_t)run->options.slot_s * 1000,
		.empty_last_ms = (uint64_t)(run->options.slot_s + SLOT_S) * 1000,
	};
	struct nffile_writer *writer = channel->writer;
	char path[PATH_MAX], work[PATH_MAX];
	int64_t before;
	int status = final_path(run, channel, path, error);

	if (status != NFGEO_OK)
		return status; /* channel_fini() drops the work file */
	before = disk_bytes(path);
	finish.rename_to = path;
	channel->writer = NULL; /* freed by nffile_finish() in every case */
	status = nffile_finish(writer, &finish, error);
	if (status != NFGEO_OK) {
		profile_work_path(channel, work);
		nffile_remove(work);
		return status;
	}
	return expire_book(channel->data_dir, run->options.slot_s,
			   disk_bytes(path) - (before < 0 ? 0 : before), before < 0, error);
}

static int update_rrd(const struct run *run, const struct channel *channel, struct error *error)
{
	char path[PATH_MAX];
	int status;

	if (snprintf(path, sizeof(path), "%s.rrd", channel->stat_path) >= PATH_MAX)
		return error_set(error, NFGEO_EINVAL, "path is too long: '%.60s...'",
				 channel->stat_path);
	status = rrd_channel_update(path, run->options.slot_s, &channel->totals, error);
	if (status != NFGEO_ENOTFOUND)
		return status;
	status = rrd_channel_create(path, run->options.slot_s, error);
	if (status != NFGEO_OK)
		return status;
	log_warn("'%s' was missing and is new: it begins with this slot", path);
	return rrd_channel_update(path, run->options.slot_s, &channel->totals, error);
}

static void complain(const struct channel *channel, const char *text)
{
	log_error("channel %s of profile %s: %s", channel->name, channel->profile, text);
}

/* What a damaged input still gives is counted, as the stock program does, and the log tells. But where
 * countries are not known, or memory ran out, the counts mean nothing: a gap in the graph. */
static void finish_channel(struct run *run, struct channel *channel)
{
	struct error error = {0};
	char text[900];

	if (channel->writer && channel->error.code == NFGEO_OK &&
	    finish_file(run, channel, &error) != NFGEO_OK)
		channel->error = error;
	if (channel->error.code != NFGEO_OK)
		complain(channel, channel->error.text);
	if (channel->unknown_count) {
		snprintf(text, sizeof(text), "its filter asks for countries, which %llu flows do not "
			 "have: %s%s", (unsigned long long)channel->unknown_count,
			 run->geo_error.text,
			 channel->type & CHANNEL_ALERT ? "" : "; its RRD is not updated");
		complain(channel, text);
		return;
	}
	if (channel->type & CHANNEL_ALERT || !rrd_available() || run->set.failed)
		return;
	if (update_rrd(run, channel, &error) != NFGEO_OK)
		complain(channel, error.text);
}

static void profile(struct run *run)
{
	struct error error = {0};

	run->plan = (struct scan_plan){
		.inputs = &run->inputs,
		.to_ms = UINT64_MAX,
		.threads = 1, /* NfSen starts several processes, each with its own channels */
		.need_country = profile_needs_country(&run->set),
		.want_country = run->options.geodb && strcmp(run->options.geodb, "none") != 0,
		.numbered = true,
		.table = open_table,
		.complain = on_damage,
		.arg = run,
	};
	profile_open(&run->set);
	if (scan_run(&run->plan, &run->set.sink, &run->result, &error) == NFGEO_OK)
		profile_flush(&run->set);
	else
		profile_fail(&run->set, &error);
	if (!rrd_available())
		log_error("no RRD is updated: this nfprofile was built without librrd; install "
			  "librrd-dev and build again");
	for (size_t i = 0; i < run->set.count; i++)
		finish_channel(run, &run->set.channel[i]);
}

static int run_task(struct run *run)
{
	struct error error = {0};
	int status;

	if (configure(run, &error) != NFGEO_OK)
		return setup_failed(&error);
	read_channels(run);
	if (!run->lines && run->options.from_stdin) {
		log_error("no channel on standard input");
		return STATUS_INPUT;
	}
	if (run->options.task == PROFILE_CHECK)
		return run->refused ? FILTER_STATUS_INVALID : EXIT_DONE;
	if (!run->set.count) {
		log_error("No channels to process.");
		return EXIT_DONE;
	}
	raise_file_limit();
	status = expand_inputs(run);
	if (status == EXIT_DONE)
		profile(run);
	return status;
}

static void run_fini(struct run *run)
{
	profile_fini(&run->set);
	geo_table_unref(run->table);
	geo_source_close(run->source);
	inputs_fini(&run->inputs);
	conf_free(run->conf);
}

int main(int argc, char **argv)
{
	static struct run run;
	struct error error = {0};
	int status;

	common_log_stderr("nfprofile", LOG_LEVEL_WARN);
	status = nfprofile_options_parse(&run.options, argc, argv, &error);
	start_log(&run.options);
	if (run.options.task == PROFILE_WRONG) {
		/* status 0 as the stock program; NfSen would not show the text, so log it too */
		log_error("%s: see nfprofile(1)", error.text);
		fputs(nfprofile_help, stderr);
		return EXIT_DONE;
	}
	if (status != NFGEO_OK)
		return setup_failed(&error);
	if (run.options.task == PROFILE_VERSION)
		common_print_version("nfprofile");
	else if (run.options.task == PROFILE_HELP)
		fputs(nfprofile_help, stdout);
	else
		status = run_task(&run);
	run_fini(&run);
	return common_finish("nfprofile", status);
}
