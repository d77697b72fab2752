/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * compile.c - jumps instead of and, or, not.
 *
 * A node is compiled knowing where to go when it is true and when it is false. The children of an
 * and share the false target, and each one's true target is the next child; an or likewise; a not
 * swaps the two. So steps are written from the last to the first, jumps only lead forward, and
 * no operator is left when the filter runs.
 */
#include "filter/compile.h"

#include "include/nfgeo.h"

struct compiler {
	struct arena *arena;
	struct program *program;
	uint32_t next; /* steps from here on are written */
	bool failed;
};

static uint32_t count_steps(const struct node *node)
{
	uint32_t count = node->kind == NODE_TEST || node->kind == NODE_LABEL;

	for (const struct node *child = node->child; child; child = child->next)
		count += count_steps(child);
	return count;
}

static uint32_t put_step(struct compiler *compiler, const struct test *test, uint32_t on_true,
			 uint32_t on_false)
{
	compiler->program->steps[--compiler->next] = (struct step){*test, on_true, on_false};
	return compiler->next;
}

static uint32_t emit(struct compiler *compiler, const struct node *node, uint32_t on_true,
		     uint32_t on_false, bool negated);

/* Children of an and or or, last one first. */
static uint32_t emit_children(struct compiler *compiler, const struct node *node, uint32_t on_true,
			      uint32_t on_false, bool negated)
{
	bool is_and = node->kind == NODE_AND;
	uint32_t count = 0, at = is_and ? on_true : on_false;
	const struct node **children;

	for (const struct node *child = node->child; child; child = child->next)
		count++;
	children = arena_alloc(compiler->arena, count * sizeof(struct node *));
	if (!children) {
		compiler->failed = true;
		return STEP_FALSE;
	}
	for (const struct node *child = node->child; child; child = child->next)
		*children++ = child;
	for (; count; count--) {
		const struct node *child = *--children;

		at = emit(compiler, child, is_and ? at : on_true, is_and ? on_false : at, negated);
	}
	return at;
}

static uint32_t emit_label(struct compiler *compiler, const struct node *node, uint32_t on_true,
			   uint32_t on_false, bool negated)
{
	struct test test = {.op = TEST_LABEL, .count = node->label->len};

	test.text = arena_strndup(compiler->arena, node->label->text, node->label->len);
	if (!test.text) {
		compiler->failed = true;
		return STEP_FALSE;
	}
	on_true = put_step(compiler, &test, on_true, on_true);
	return emit(compiler, node->child, on_true, on_false, negated);
}

static bool asks_now(const struct test *test)
{
	return test->op >= TEST_COUNTRY_NOW && test->op <= TEST_NOW_DIFFERENT;
}

static bool asks_stored(const struct test *test)
{
	if (test->op == TEST_COUNTRY_NOW)
		return false;
	return asks_now(test) ? !(test->place[0] & test->place[1] & PLACE_NOW)
			      : test->op >= TEST_COUNTRY && test->op <= TEST_COUNTRY_OTHER;
}

/* Under an odd number of negations "flags LETTERS" asks for any of the letters, so that
 * "not flags AFRPU" is: none of them. */
static uint32_t emit_test(struct compiler *compiler, const struct node *node, uint32_t on_true,
			  uint32_t on_false, bool negated)
{
	struct test test = *node->test;

	if (test.op == TEST_FLAGS_ALL && negated)
		test.op = TEST_FLAGS_ANY;
	return put_step(compiler, &test, on_true, on_false);
}

static uint32_t emit(struct compiler *compiler, const struct node *node, uint32_t on_true,
		     uint32_t on_false, bool negated)
{
	if (compiler->failed)
		return STEP_FALSE;
	switch ((enum node_kind)node->kind) {
	case NODE_TRUE:
		return on_true;
	case NODE_FALSE:
		return on_false;
	case NODE_AND:
	case NODE_OR:
		return emit_children(compiler, node, on_true, on_false, negated);
	case NODE_NOT:
		return emit(compiler, node->child, on_false, on_true, !negated);
	case NODE_LABEL:
		return emit_label(compiler, node, on_true, on_false, negated);
	case NODE_PHRASE:
		return emit(compiler, node->child, on_true, on_false, negated);
	case NODE_TEST:
		return emit_test(compiler, node, on_true, on_false, negated);
	}
	return on_false;
}

/* Something is needed if a step that can be reached asks for it ("any or ctry CZ" needs no
 * countries). As jumps only lead forward, one pass finds what can be reached. */
static void find_needs(struct program *program, bool *reached)
{
	if (program->start < program->count)
		reached[program->start] = true;
	for (uint32_t i = 0; i < program->count; i++) {
		const struct step *step = &program->steps[i];

		if (!reached[i])
			continue;
		program->needs_country |= asks_stored(&step->test);
		program->needs_now |= asks_now(&step->test);
		program->needs_count |= step->test.op == TEST_COUNT;
		if (step->on_true < program->count)
			reached[step->on_true] = true;
		if (step->on_false < program->count)
			reached[step->on_false] = true;
	}
}

int compile_tree(struct program *program, struct arena *arena, struct node *root)
{
	struct compiler compiler = {arena, program};
	bool *reached;

	*program = (struct program){0};
	program->count = count_steps(root);
	program->steps = arena_alloc(arena, (program->count + 1ull) * sizeof(struct step));
	reached = arena_alloc(arena, program->count + 1ull);
	if (!program->steps || !reached)
		return NFGEO_ENOMEM;
	compiler.next = program->count;
	program->start = emit(&compiler, root, STEP_TRUE, STEP_FALSE, false);
	if (compiler.failed)
		return NFGEO_ENOMEM;
	find_needs(program, reached);
	return NFGEO_OK;
}
