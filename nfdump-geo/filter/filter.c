/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter/filter.h"

#include <stdlib.h>
#include <string.h>

#include "filter/check.h"
#include "filter/compile.h"
#include "filter/parse.h"
#include "filter/regex.h"

struct filter {
	struct arena arena; /* everything below */
	struct program program;
	struct node *root;
	struct regex_list *regexes;
};

static void prepare(struct parse *parse, struct filter *filter,
		    const struct filter_options *options, struct error *error)
{
	*parse = (struct parse){.arena = &filter->arena, .options = options, .error = error};
}

static int compile_source(struct filter *filter, struct parse *parse, struct source *source)
{
	if (parse_run(parse, source) != NFGEO_OK || check_tree(parse, parse->root) != NFGEO_OK)
		goto done;
	if (compile_tree(&filter->program, &filter->arena, parse->root) != NFGEO_OK)
		parse_error_memory(parse);
	filter->root = parse->root;
done:
	filter->regexes = parse->regexes;
	return parse->result;
}

int filter_compile_with(struct filter **filter, const char *text, size_t len,
			const struct filter_options *options, struct error *error)
{
	struct filter *made = calloc(1, sizeof(*made));
	struct source source = {options->name, NULL, len};
	struct parse parse;
	int result;

	*filter = NULL;
	if (!made)
		return error_set(error, NFGEO_ENOMEM, "Out of memory for a filter");
	prepare(&parse, made, options, error);
	if (len > FILTER_TEXT_MAX) {
		result = error_set(error, NFGEO_ELIMIT, "Filter is longer than %d bytes",
				   FILTER_TEXT_MAX);
		goto failed;
	}
	parse.text_bytes = len;
	source.text = arena_strndup(&made->arena, text, len);
	result = source.text ? compile_source(made, &parse, &source) : parse_error_memory(&parse);
	if (result != NFGEO_OK)
		goto failed;
	*filter = made;
	return NFGEO_OK;
failed:
	filter_free(made);
	return result;
}

int filter_compile(struct filter **filter, const char *text, const char *name, struct error *error)
{
	struct filter_options options = {.name = name};

	return filter_compile_with(filter, text, strlen(text), &options, error);
}

int filter_compile_file(struct filter **filter, const char *path, struct error *error)
{
	struct filter_options options = {.name = path};
	struct filter *made = calloc(1, sizeof(*made));
	struct source *source;
	struct parse parse;
	int result;

	*filter = NULL;
	if (!made)
		return error_set(error, NFGEO_ENOMEM, "Out of memory for a filter");
	prepare(&parse, made, &options, error);
	source = parse_read_file(&parse, path, NULL);
	result = source ? compile_source(made, &parse, source) : parse.result;
	if (result == NFGEO_OK)
		*filter = made;
	else
		filter_free(made);
	return result;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (struct regex_list *link = filter->regexes; link; link = link->next)
		regex_free(link->regex);
	arena_fini(&filter->arena);
	free(filter);
}

bool filter_match(const struct filter *filter, const struct record_view *view,
		  const struct filter_context *context, const char **label)
{
	if (label)
		*label = NULL;
	return eval_run(filter->program.steps, filter->program.start, view, context, label);
}

bool filter_needs_country(const struct filter *filter)
{
	return filter->program.needs_country;
}

bool filter_needs_now(const struct filter *filter)
{
	return filter->program.needs_now;
}

const struct program *filter_program(const struct filter *filter)
{
	return &filter->program;
}

bool filter_needs_count(const struct filter *filter)
{
	return filter->program.needs_count;
}

bool filter_is_any(const struct filter *filter)
{
	return filter->program.start == STEP_TRUE;
}

void filter_dump(const struct filter *filter, FILE *out)
{
	fputs("filter:", out);
	tree_print(filter->root, out);
	fputc('\n', out);
	program_dump(&filter->program, out);
}
