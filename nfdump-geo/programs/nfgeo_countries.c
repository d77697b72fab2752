/* SPDX-License-Identifier: BSD-3-Clause */
/* nfgeo countries - the table of countries and address classes: numbers, letters, names. */
#include <string.h>

#include "geo/country.h"
#include "geo/group.h"
#include "programs/nfgeo.h"

static const char usage[] =
	"usage: nfgeo countries\n"
	"\n"
	"All countries with number, two and three letters, continent and name, then the classes "
	"of\n"
	"addresses that are no country. Tab-separated; what is empty is a dash.\n";

static void print(unsigned code, const char *alpha2, const char *alpha3, const char *continent,
		  const char *name)
{
	printf("%u\t%s\t%s\t%s\t%s\n", code, alpha2, alpha3, *continent ? continent : "-", name);
}

int nfgeo_countries(int argc, char **argv)
{
	size_t count;
	const struct country *country = country_all(&count);

	if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		fputs(usage, stdout);
		return EXIT_DONE;
	}
	if (argc > 1) {
		common_complain(argv[0], "no argument is wanted");
		return nfgeo_usage(argv[0]);
	}
	for (size_t i = 0; i < count; i++)
		print(country[i].number, country[i].alpha2, country[i].alpha3,
		      country_continent(country[i].number), country[i].name);
	print(COUNTRY_UNKNOWN, country_alpha2(0), country_alpha3(0), "", country_name(0));
	for (uint16_t code = CLASS_PRIVATE; code <= CLASS_MAX; code++)
		print(code, country_alpha2(code), country_alpha3(code), "",
		      country_class_word(code));
	return EXIT_DONE;
}
