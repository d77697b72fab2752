/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/nfprofile_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

enum { LONG_NO_GEO = 256, LAYOUT_MAX = 8 };

const char nfprofile_help[] =
	"usage: nfprofile [options] < CHANNELS\n"
	"Sorts the flows of a slot into the channels of NfSen's profiles.\n"
	"  -I             channels on standard input: GROUP#PROFILE#TYPE#CHANNEL#SOURCE|SOURCE\n"
	"  -p DIR         the profiles' flow files\n"
	"  -P DIR         the profiles' filters and round-robin databases\n"
	"  -M DIR1:DIR2   directories of the sources\n"
	"  -r FILE        the slot's file in each of them\n"
	"  -R RANGE       FIRST[:LAST]\n"
	"  -t TIME        start of the slot, seconds since 1970; else from the name of the file\n"
	"  -S LAYOUT      sub-directories, 0 to 8, as nfcapd -S\n"
	"  -f NAME        filters are CHANNEL-NAME (filter.txt)\n"
	"  -z[=CODEC]     compress: none (default), lzo (bare -z), bz2, lz4[:LEVEL], zstd[:LEVEL]\n"
	"  -j, -y         compress with bz2, LZ4\n"
	"  -L FACILITY    messages to syslog instead of standard error\n"
	"  -G DB, --geodb DB   country database for flows that have no countries stored\n"
	"  --no-geo       none; the same as -G none\n"
	"  -C FILE        configuration, 'none' = none\n"
	"  -Z             check the filters, do nothing\n"
	"  -V, -h         version, this help\n";

static const struct {
	const char *name;
	int facility;
} facility_row[] = {
	{"daemon", LOG_DAEMON}, {"user", LOG_USER},	{"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},
	{"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5},
	{"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7}, {"auth", LOG_AUTH},	{"cron", LOG_CRON},
	{"kern", LOG_KERN},	{"lpr", LOG_LPR},	{"mail", LOG_MAIL},	{"news", LOG_NEWS},
	{"syslog", LOG_SYSLOG}, {"uucp", LOG_UUCP},	{"authpriv", LOG_AUTHPRIV},
	{"ftp", LOG_FTP},
};

static int set_facility(struct nfprofile_options *options, const char *text, struct error *error)
{
	for (size_t i = 0; i < sizeof(facility_row) / sizeof(facility_row[0]); i++)
		if (strcmp(facility_row[i].name, text) == 0) {
			options->facility = facility_row[i].facility;
			return NFGEO_OK;
		}
	return error_set(error, NFGEO_EINVAL, "-L %s: use daemon, user or local0 to local7", text);
}

static int set_layout(struct nfprofile_options *options, const char *text, struct error *error)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (!*text || *end || value < 0 || value > LAYOUT_MAX)
		return error_set(error, NFGEO_EINVAL, "-S %s: No such subdir level, use 0 to %d", text,
				 LAYOUT_MAX);
	options->layout = (unsigned)value;
	return NFGEO_OK;
}

static int set_slot(struct nfprofile_options *options, const char *text, struct error *error)
{
	char *end;

	options->slot_s = strtoll(text, &end, 10);
	options->has_slot = true;
	if (!*text || *end || options->slot_s <= 0 || options->slot_s > INT64_MAX / 1000)
		return error_set(error, NFGEO_EINVAL, "-t %s: wants seconds since 1970", text);
	return NFGEO_OK;
}

static int set_codec(struct nfprofile_options *options, const char *text, struct error *error)
{
	struct error why = {0};

	if (codec_parse(text, &options->codec, &options->level, &why) != NFGEO_OK)
		return error_set(error, NFGEO_EINVAL, "-z: %s", why.text);
	return NFGEO_OK;
}

static int set_text(struct nfprofile_options *options, int letter, const char *value,
		    struct error *error)
{
	const char **const text[] = {
		['C'] = &options->conf_path,  ['G'] = &options->geodb,
		['M'] = &options->input.dirs, ['P'] = &options->stat_dir,
		['R'] = &options->input.range, ['f'] = &options->filter_name,
		['p'] = &options->data_dir,   ['r'] = &options->input.file,
	};

	if (letter >= (int)(sizeof(text) / sizeof(text[0])) || !text[letter])
		return NFGEO_OK; /* -D, -s, -i, -J, -H, -n: nothing here needs them */
	if (!*value)
		return error_set(error, NFGEO_EINVAL, "-%c: wants a value", letter);
	*text[letter] = value;
	return NFGEO_OK;
}

static int apply(struct nfprofile_options *options, int letter, const char *value,
		 struct error *error)
{
	switch (letter) {
	case 'I':
		options->from_stdin = true;
		return NFGEO_OK;
	case 'L':
		return set_facility(options, value, error);
	case 'S':
		return set_layout(options, value, error);
	case 't':
		return set_slot(options, value, error);
	case 'z':
		return set_codec(options, !value ? "lzo" : value + (*value == '='), error);
	case 'j':
		return set_codec(options, "bz2", error);
	case 'y':
		return set_codec(options, "lz4", error);
	case 'Z':
		options->task = PROFILE_CHECK;
		return NFGEO_OK;
	case 'V':
		options->task = PROFILE_VERSION;
		return NFGEO_OK;
	case 'h':
		options->task = PROFILE_HELP;
		return NFGEO_OK;
	case LONG_NO_GEO:
		options->geodb = "none";
		return NFGEO_OK;
	case '?':
		options->task = PROFILE_WRONG;
		return error_set(error, NFGEO_EINVAL, "unknown option or missing value");
	default:
		return set_text(options, letter, value, error);
	}
}

int nfprofile_options_parse(struct nfprofile_options *options, int argc, char **argv,
			    struct error *error)
{
	static const struct option long_options[] = {
		{"geodb", required_argument, NULL, 'G'}, {"no-geo", no_argument, NULL, LONG_NO_GEO},
		{"help", no_argument, NULL, 'h'},	 {"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int letter, status = NFGEO_OK;

	*options = (struct nfprofile_options){
		.filter_name = "filter.txt", .facility = -1, .codec = CODEC_NONE};
	while (status == NFGEO_OK &&
	       (letter = getopt_long(argc, argv, "C:D:f:G:hHi:IjJ::L:M:n:p:P:r:R:s:S:t:VyZz::",
				     long_options, NULL)) != -1)
		status = apply(options, letter, optarg, error);
	return status;
}
