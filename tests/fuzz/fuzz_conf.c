/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration text from anybody: parsed, checked, walked, its groups resolved. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "geo/group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(const char *path, const char *value, int line, void *arg)
{
	*(size_t *)arg += strlen(path) + strlen(value) + (size_t)line;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct conf_known known[] = {
		{"geo", "min_coverage", CONF_NUMBER, 0, 100},
		{"geo", "ctrygroup.", CONF_LIST},
	};
	char *text = malloc(size + 1);
	struct error error;
	struct conf *conf;
	size_t sum = 0;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (conf_parse(&conf, "fuzz", text, &error) == NFGEO_OK) {
		conf_walk(conf, count, &sum);
		conf_check(conf, known, 2, &error);
		group_configure(conf, &error);
		group_configure(NULL, NULL);
		conf_free(conf);
	}
	free(text);
	return 0;
}
