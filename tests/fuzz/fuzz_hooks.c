/* SPDX-License-Identifier: BSD-3-Clause */
/* What patched programs hand to the hooks: bytes that are a record, and text that is a filter. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "flow/record.h"
#include "include/nfgeo_hooks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A database, once: without one nothing is tagged. */
static void load(void)
{
	static bool loaded;
	char path[] = "/tmp/nfgeo-fuzz-XXXXXX.csv", conf[] = "/tmp/nfgeo-fuzz-XXXXXX.conf";
	char *argv[] = {(char *)"fuzz", (char *)"--geodb", path, (char *)"--geoconf", conf, NULL};
	FILE *file;
	int argc = 5;

	if (loaded)
		return;
	loaded = true;
	file = fdopen(mkstemps(path, 4), "w");
	if (!file || fputs("0.0.0.0/1,CZ\n2000::/3,US\n", file) < 0 || fclose(file) != 0)
		abort();
	file = fdopen(mkstemps(conf, 5), "w");
	if (!file || fputs("[geo]\nmin_coverage = 0\n", file) < 0 || fclose(file) != 0)
		abort();
	if (nfgeo_args(&argc, argv) != NFGEO_OK) {
		fprintf(stderr, "%s\n", nfgeo_args_error());
		abort();
	}
	unlink(path);
	unlink(conf);
}

/* A record that our own view accepts stays one, with countries where it has addresses. */
static void tag(const uint8_t *data, size_t size, size_t slack)
{
	size_t room = size + slack;
	uint8_t *record = calloc(1, room + 1);
	struct record_view view;
	uint16_t src, dst;
	bool good;

	if (!record)
		return;
	memcpy(record, data, size);
	record_view_init(&view);
	good = size >= RECORD_HEADER_BYTES && bytes_get16(record) == RECORD_FLOW &&
	       record_view(&view, record, size) == NFGEO_OK;
	if (nfgeo_tag_record(record, room) && good) {
		nfgeo_fill(record, bytes_get16(record + 2));
		if (nfgeo_record_countries(record, room, &src, &dst) != 1 || src == UINT16_MAX)
			abort();
	}
	nfgeo_fill(record, room);
	if (nfgeo_put_pair(record, room, 203, 840) && good &&
	    nfgeo_record_countries(record, room, &src, &dst) != 1)
		abort();
	free(record);
}

/* An element alone, as a reader's pointer shows it: header in front, as long as it says. */
static void look(const uint8_t *data, size_t size)
{
	uint8_t *element = malloc(4 + 65536);
	uint16_t pair[2], len;
	char text[160];

	if (!element)
		return;
	memset(element, 0, 4 + 65536);
	memcpy(element, data, size < 65536 ? size : 65536);
	len = bytes_get16(element + 2);
	bytes_put16(element, ELEMENT_IP6);
	nfgeo_pair(NULL, element + 4, pair);
	bytes_put16(element, ELEMENT_IP4);
	nfgeo_pair(element + 4, NULL, pair);
	nfgeo_json(text, element + 4, NULL, len & 1);
	nfgeo_swap(element + 4, NULL);
	nfgeo_clear(element + 4);
	if (nfgeo_tagged(element + 4, NULL, pair) && (pair[0] || pair[1]))
		abort();
	free(element);
}

static void parse(const uint8_t *data, size_t size)
{
	char *clause = strndup((const char *)data, size);
	const char *error = NULL;
	struct nfgeo_set *set = clause ? nfgeo_set_parse(clause, &error) : NULL;

	for (uint16_t code = 0; set && code < 1024; code += 203)
		if (nfgeo_set_match(set, code, 840) != nfgeo_set_match(set, code, 840))
			abort();
	if (clause && !set && !error)
		abort();
	nfgeo_set_free(set);
	free(clause);
}

static void files(const uint8_t *data, size_t size)
{
	uint32_t blocks = 1, last;

	nfgeo_file_block(&blocks, 0, data, size, size);
	(void)nfgeo_file_stale(4, data, size);
	nfgeo_file_seal(&blocks, -1, 3, 0, &blocks, &last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	load();
	if (!size)
		return 0;
	tag(data, size, 0);
	tag(data, size, 64);
	look(data, size);
	parse(data, size);
	files(data, size);
	return 0;
}
