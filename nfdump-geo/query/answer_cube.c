/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * answer_cube.c - whole files from their sums by country and protocol class.
 *
 * Of a cell of the cube, one country's flows, the sums of all classes are there. A class is what is
 * known of its flows' protocol and ports, so the filter is decided for each: a cell counts with the
 * classes that match, when all others fail.
 */
#include <stdlib.h>
#include <string.h>

#include "nffile/reader.h"
#include "query/answer.h"

/* What a flow can be. HTTPS and DNS have the port on either side: both ways must say the same. */
enum part {
	PART_TCP,
	PART_UDP,
	PART_ICMP,
	PART_OTHER,
	PART_HTTPS,
	PART_TCP_REST,	   /* TCP but not HTTPS */
	PART_DNS,
	PART_TCP_NOT_DNS,
	PART_UDP_NOT_DNS,
	PARTS,
};

/* One way in which a flow belongs to a part. Proto 0: none that has a part of its own. */
struct part_way {
	uint8_t part, proto;
	struct fact_port src, dst;
};

#define PORT(way, number) {PORT_##way, number, number}
static const struct part_way part_ways[] = {
	{PART_TCP, 6, {0}, {0}},
	{PART_UDP, 17, {0}, {0}},
	{PART_ICMP, 1, {0}, {0}},
	{PART_ICMP, 58, {0}, {0}},
	{PART_OTHER, 0, {0}, {0}},
	{PART_HTTPS, 6, PORT(IS, 443), {0}},
	{PART_HTTPS, 6, {0}, PORT(IS, 443)},
	{PART_TCP_REST, 6, PORT(IS_NOT, 443), PORT(IS_NOT, 443)},
	{PART_DNS, 6, PORT(IS, 53), {0}},
	{PART_DNS, 6, {0}, PORT(IS, 53)},
	{PART_DNS, 17, PORT(IS, 53), {0}},
	{PART_DNS, 17, {0}, PORT(IS, 53)},
	{PART_TCP_NOT_DNS, 6, PORT(IS_NOT, 53), PORT(IS_NOT, 53)},
	{PART_UDP_NOT_DNS, 17, PORT(IS_NOT, 53), PORT(IS_NOT, 53)},
};
enum { WAYS = sizeof(part_ways) / sizeof(*part_ways) };

/* How a cell is put together: parts that cover all flows, and the class that has a part's sum;
 * CUBE_CLASSES: no class has, so it must not match. */
struct split {
	unsigned count;
	struct {
		uint8_t part, class;
	} of[5];
};

static const struct split splits[] = {
	{4, {{PART_TCP, CUBE_TCP}, {PART_UDP, CUBE_UDP}, {PART_ICMP, CUBE_ICMP},
	     {PART_OTHER, CUBE_OTHER}}},
	{5, {{PART_HTTPS, CUBE_HTTPS}, {PART_TCP_REST, CUBE_CLASSES}, {PART_UDP, CUBE_UDP},
	     {PART_ICMP, CUBE_ICMP}, {PART_OTHER, CUBE_OTHER}}},
	{5, {{PART_DNS, CUBE_DNS}, {PART_TCP_NOT_DNS, CUBE_CLASSES},
	     {PART_UDP_NOT_DNS, CUBE_CLASSES}, {PART_ICMP, CUBE_ICMP}, {PART_OTHER, CUBE_OTHER}}},
};
enum { SPLITS = sizeof(splits) / sizeof(*splits) };

struct answer_cells {
	struct country_cube cube; /* of the file in work; zero between files */
	bool fixed; /* a cell's answer is the same in every file: it depends on neither time nor ident */
	/* Answers that are known: enum answer of the parts, two bits each; 0 = not asked yet. */
	uint32_t of_src[COUNTRY_CODES], of_dst[COUNTRY_CODES];
	uint32_t of_pair[COUNTRY_CODES * COUNTRY_CODES]; /* pages in use take memory */
};

static struct answer_cells *cells(struct answers *answers)
{
	if (!answers->cells && (answers->cells = calloc(1, sizeof(*answers->cells))))
		answers->cells->fixed =
			!answers->plan->filter || facts_are_fixed(&answers->paths);
	return answers->cells;
}

/* Cells */

/* The countries of a cell: COUNTRY_CODES = of any. */
struct cell {
	unsigned src, dst;
	const struct cube_sum *class;
	const char *ident;
};

static struct fact_country country(unsigned code)
{
	if (code == COUNTRY_CODES)
		return (struct fact_country){.is = COUNTRY_ANY};
	return (struct fact_country){.is = COUNTRY_ONE, .code = (uint16_t)code};
}

static void set_proto(struct facts *facts, unsigned proto)
{
	static const uint8_t own[] = {1, 6, 17, 58};

	memset(facts->proto, proto ? 0 : 0xff, sizeof(facts->proto));
	if (proto)
		facts->proto[proto / 64] |= 1ull << (proto % 64);
	for (size_t i = 0; i < sizeof(own) && !proto; i++)
		facts->proto[own[i] / 64] &= ~(1ull << (own[i] % 64));
}

/* All flows of the file that could be meant have been added up: bounds of their times. */
static void take_times(struct facts *facts, const struct cell *cell)
{
	struct cube_sum all = {0};

	for (unsigned class = 0; class < CUBE_DISJOINT; class++)
		cube_sum_merge(&all, &cell->class[class]);
	facts->first.low = all.sum.first_ms;
	facts->last.high = all.sum.last_ms;
}

static enum answer decide_part(struct answers *answers, const struct cell *cell, enum part part)
{
	struct facts facts;
	unsigned answer = 0;

	if (!answers->plan->filter)
		return ANSWER_YES;
	facts_init(&facts);
	facts.src = country(cell->src);
	facts.dst = country(cell->dst);
	facts.ident = cell->ident;
	if (!answers->cells->fixed)
		take_times(&facts, cell);
	for (unsigned i = 0; i < WAYS; i++) {
		if (part_ways[i].part != part)
			continue;
		set_proto(&facts, part_ways[i].proto);
		facts.src_port = part_ways[i].src;
		facts.dst_port = part_ways[i].dst;
		answer |= facts_decide(&answers->paths, &facts);
	}
	return (enum answer)answer;
}

static uint32_t *known_answers(struct answer_cells *cells, const struct cell *cell)
{
	if (cell->dst == COUNTRY_CODES)
		return &cells->of_src[cell->src];
	if (cell->src == COUNTRY_CODES)
		return &cells->of_dst[cell->dst];
	return &cells->of_pair[cell->src * COUNTRY_CODES + cell->dst];
}

static enum answer answer_part(struct answers *answers, const struct cell *cell, enum part part,
			       uint32_t *known)
{
	if (!(*known >> 2 * part & 3))
		*known |= (uint32_t)decide_part(answers, cell, part) << 2 * part;
	return (enum answer)(*known >> 2 * part & 3);
}

/* Is there a flow in this part, as far as the sums tell? */
static bool is_empty(const struct cell *cell, enum part part, unsigned class)
{
	const struct cube_sum *sum = cell->class;

	if (class != CUBE_CLASSES)
		return !sum[class].records;
	if (part == PART_TCP_REST)
		return sum[CUBE_TCP].records == sum[CUBE_HTTPS].records;
	return !sum[part == PART_TCP_NOT_DNS ? CUBE_TCP : CUBE_UDP].records;
}

/* One way to cut the cell. @return false when it does not decide */
static bool try_split(struct answers *answers, const struct cell *cell, const struct split *split,
		      uint32_t *known, struct cube_sum *sum)
{
	*sum = (struct cube_sum){0};
	for (unsigned i = 0; i < split->count; i++) {
		unsigned part = split->of[i].part, class = split->of[i].class;
		enum answer answer;

		if (is_empty(cell, part, class))
			continue;
		answer = answer_part(answers, cell, part, known);
		if (answer == ANSWER_EITHER || (answer == ANSWER_YES && class == CUBE_CLASSES))
			return false;
		if (answer == ANSWER_YES)
			cube_sum_merge(sum, &cell->class[class]);
	}
	return true;
}

/* Sums hold flows inside of the window and outside alike. */
static bool is_inside(const struct answers *answers, const struct cube_sum *sum)
{
	return sum->sum.first_ms >= answers->plan->from_ms &&
	       sum->sum.last_ms <= answers->plan->to_ms;
}

/* What of a cell matches. @return false when only the records know */
static bool decide_cell(struct answers *answers, const struct cell *cell, struct cube_sum *sum)
{
	uint32_t asked = 0, *known = &asked;
	bool done = false;

	if (answers->cells->fixed)
		known = known_answers(answers->cells, cell);
	for (unsigned i = 0; i < SPLITS && !done; i++)
		done = try_split(answers, cell, &splits[i], known, sum);
	if (!done || !sum->records)
		return done;
	return is_inside(answers, sum) && (!answers->sink->sums_counted || sum->sum.first_ms);
}

/* Files */

static uint64_t cell_records(const struct cube_sum *class)
{
	uint64_t records = 0;

	for (unsigned i = 0; i < CUBE_DISJOINT; i++)
		records += class[i].records;
	return records;
}

/* All countries of one side into the rows. @return false when one is not decided */
static bool take_side(struct answers *answers, bool source, const char *ident,
		      struct answer_sums *sums)
{
	struct country_cube *cube = &answers->cells->cube;
	const struct country_set *has = source ? &cube->has_src : &cube->has_dst;

	answers->rows.count = 0;
	*sums = (struct answer_sums){0};
	for (unsigned code = country_set_next(has, 0); code < COUNTRY_CODES;
	     code = country_set_next(has, code + 1)) {
		struct cell cell = {source ? code : COUNTRY_CODES, source ? COUNTRY_CODES : code,
				    source ? cube->src[code] : cube->dst[code], ident};
		uint64_t records = cell_records(cell.class);
		struct cube_sum sum;

		sums->processed += records;
		if (!decide_cell(answers, &cell, &sum))
			return false;
		if (!sum.records)
			continue;
		answer_rows_add(&answers->rows, source ? (uint16_t)code : 0,
				source ? 0 : (uint16_t)code, &sum);
		cube_sum_merge(&sums->all, &sum);
	}
	return !answers->rows.failed;
}

static bool feed_side(struct answers *answers, void *worker, bool source, const char *ident,
		      struct answer_sums *sums)
{
	if (!take_side(answers, source, ident, sums))
		return false;
	answers->sink->sums(worker, answers->rows.row, answers->rows.count,
			    source ? SUMS_SRC : SUMS_DST);
	return true;
}

/* Of both sides the second must be decided before the first is fed. A sink of neither takes the one
 * that is. */
static bool take_sides(struct answers *answers, void *worker, const char *ident,
		       struct answer_sums *sums)
{
	unsigned of = answers->sink->sums_of;

	if (of & SUMS_PAIR)
		return false;
	if (!of)
		return feed_side(answers, worker, true, ident, sums) ||
		       feed_side(answers, worker, false, ident, sums);
	if (of == (SUMS_SRC | SUMS_DST) && !take_side(answers, true, ident, sums))
		return false;
	if ((of & SUMS_DST) && !feed_side(answers, worker, false, ident, sums))
		return false;
	return !(of & SUMS_SRC) || feed_side(answers, worker, true, ident, sums);
}

static bool take_pairs(struct answers *answers, void *worker, struct nffile_reader *reader,
		       struct answer_sums *sums)
{
	const char *ident = nffile_info(reader)->ident;
	const struct pair_row *row;
	uint32_t count;

	if (!nffile_pairs(reader, &row, &count))
		return false;
	answers->rows.count = 0;
	*sums = (struct answer_sums){0};
	for (uint32_t i = 0; i < count; i++) {
		struct cell cell = {row[i].src, row[i].dst, row[i].class, ident};
		struct cube_sum sum;

		sums->processed += cell_records(cell.class);
		if (!decide_cell(answers, &cell, &sum))
			return false;
		if (!sum.records)
			continue;
		answer_rows_add(&answers->rows, row[i].src, row[i].dst, &sum);
		cube_sum_merge(&sums->all, &sum);
	}
	if (answers->rows.failed)
		return false;
	answers->sink->sums(worker, answers->rows.row, answers->rows.count, SUMS_BOTH);
	return true;
}

/* Flows without countries are in no cell, and nothing is known of them but their sum. */
static bool take_untagged(const struct answers *answers, const struct cube_sum *untagged)
{
	if (!untagged->records)
		return true;
	return !answers->country && !answers->plan->filter && !answers->sink->sums_of &&
	       is_inside(answers, untagged);
}

static void clear_side(struct cube_sum (*row)[CUBE_CLASSES], struct country_set *has)
{
	for (unsigned code = country_set_next(has, 0); code < COUNTRY_CODES;
	     code = country_set_next(has, code + 1))
		memset(row[code], 0, sizeof(row[code]));
	memset(has, 0, sizeof(*has));
}

static void clear_cube(struct country_cube *cube)
{
	clear_side(cube->src, &cube->has_src);
	clear_side(cube->dst, &cube->has_dst);
}

bool answers_from_cube(struct answers *answers, void *worker, struct nffile_reader *reader,
		       struct answer_sums *sums)
{
	struct cube_sum untagged = {0};
	bool done;

	if (!answers->sum || !answers->suffices || !cells(answers))
		return false;
	done = nffile_add_cube(reader, &answers->cells->cube, &untagged) &&
	       take_untagged(answers, &untagged) &&
	       (take_sides(answers, worker, nffile_info(reader)->ident, sums) ||
		take_pairs(answers, worker, reader, sums));
	clear_cube(&answers->cells->cube);
	if (done && untagged.records) {
		cube_sum_merge(&sums->all, &untagged);
		sums->processed += untagged.records;
	}
	return done;
}
