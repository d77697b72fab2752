/* SPDX-License-Identifier: BSD-3-Clause */
/* emit_words.c - tokens that print words: countries, names that the files hold, keys of -A. */
#include "geo/asdb.h"
#include "geo/country.h"
#include "output/emit.h"
#include "output/names.h"
#include "output/value.h"

#define EMIT(name) char *emit_##name(char *at, const struct step *step, const struct flow_row *row)

EMIT(ctry2)
{
	return put_text(at, country_alpha2((uint16_t)step_number(step, row->view)), 2);
}

EMIT(ctry_now)
{
	return put_text(at, country_alpha2(row->now ? row->now[step->arg] : 0), 2);
}

EMIT(ctry3)
{
	return put_text(at, country_alpha3((uint16_t)step_number(step, row->view)), 3);
}

EMIT(ctry_number)
{
	uint16_t code = (uint16_t)step_number(step, row->view);

	return put_number_right(at, country_number(code), step->width);
}

EMIT(ctry_name)
{
	const char *name = country_name((uint16_t)step_number(step, row->view));

	return put_left(at, name, strlen(name), step->width);
}

EMIT(ctry_class)
{
	const char *word = country_class_word((uint16_t)step_number(step, row->view));

	return put_left(at, word, strlen(word), step->width);
}

EMIT(as_name)
{
	return put_name_left(at, asdb_name(as_of(row->view, step->arg)), step->width);
}

EMIT(country)
{
	if (!view_has(row->view, ELEMENT_GEO))
		return at;
	return put_country_cell(at, (uint16_t)step_number(step, row->view), &step->terminal,
				step->terminal.names);
}

uint64_t row_application_id(const struct record_view *view)
{
	uint64_t number = 0;

	if (view_has(view, ELEMENT_APP_ID))
		for (unsigned i = 0; i < view->payload_bytes[ELEMENT_APP_ID] && i < 8; i++)
			number = number << 8 | view_payload(view, ELEMENT_APP_ID)[i];
	return number;
}

/* step->arg is the type of the records that hold the names. Without any, stock prints nothing. */
EMIT(name)
{
	uint64_t number =
		step->arg == RECORD_NBAR ? row_application_id(row->view) : step_number(step, row->view);
	const char *name = name_table_find(row->names, step->arg, number);

	if (!name && step->arg == RECORD_NBAR)
		return put_string(at, "<no info>");
	if (!name)
		return row->names && row->names->count ? put_number(at, number) : at;
	for (size_t i = 0; name[i] && i < NAME_SHOWN_MAX; i++)
		*at++ = (unsigned char)name[i] < ' ' || name[i] == 127 ? '.' : name[i];
	return at;
}

EMIT(key)
{
	char text[STAT_VALUE_MAX];
	char *end;

	if (!row->key)
		return put_blanks(at, step->width);
	end = put_stat_value(text, step->key->kind, &row->key[step->arg], step->plain);
	return put_right(at, text, (size_t)(end - text), step->width);
}
