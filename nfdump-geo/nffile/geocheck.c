/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/geocheck.h"

#include <stdlib.h>

#include "base/hash.h"
#include "nffile/geocube.h"
#include "nffile/geoseal.h"
#include "nffile/host_sketches.h"

struct geo_check {
	struct country_cube want, got;
	struct cube_sum untagged, got_untagged;
	struct hash pairs; /* of the file: source << 16 | destination -> a sum for each class */
	struct hash block; /* of the block: the same key -> one sum */
	struct host_sketches *sketches; /* owns; NULL = the file has none */
	bool failed;	   /* out of memory: nothing is compared any more */
};

/* The directory leads to a section of this type. */
static bool announces(struct nffile_reader *reader, enum geo_section_type type)
{
	const struct geo_seal *seal = nffile_seal(reader);

	for (uint32_t i = 0; seal && seal->has_directory && i < seal->directory.places; i++)
		if (seal->directory.place[i].type == type)
			return true;
	return false;
}

struct geo_check *geo_check_new(struct nffile_reader *reader)
{
	struct geo_check *check = calloc(1, sizeof(*check));

	if (!check)
		return NULL;
	hash_init(&check->pairs, sizeof(uint64_t), CUBE_CLASSES * sizeof(struct cube_sum));
	hash_init(&check->block, sizeof(uint64_t), sizeof(struct cube_sum));
	if (announces(reader, GEO_SECTION_SKETCHES)) {
		check->sketches = host_sketches_new();
		check->failed = !check->sketches;
	}
	return check;
}

void geo_check_free(struct geo_check *check)
{
	if (!check)
		return;
	hash_fini(&check->pairs);
	hash_fini(&check->block);
	host_sketches_free(check->sketches);
	free(check);
}

/* The classes of a flow, a bit each. */
static unsigned classes_of(const struct record_view *view)
{
	uint8_t proto = view_proto(view);
	uint16_t src = view_u16(view, ELEMENT_GENERIC, 40), dst = view_u16(view, ELEMENT_GENERIC, 42);
	unsigned dns = src == 53 || dst == 53 ? 1 << CUBE_DNS : 0;

	if (proto == 6)
		return 1 << CUBE_TCP | dns | (src == 443 || dst == 443 ? 1 << CUBE_HTTPS : 0);
	if (proto == 17)
		return 1 << CUBE_UDP | dns;
	return proto == 1 || proto == 58 ? 1 << CUBE_ICMP : 1 << CUBE_OTHER;
}

static void add_to_classes(struct cube_sum class[CUBE_CLASSES], unsigned classes,
			   const struct cube_sum *sum)
{
	for (unsigned i = 0; i < CUBE_CLASSES; i++)
		if (classes >> i & 1)
			cube_sum_merge(&class[i], sum);
}

static struct cube_sum *sum_of(struct geo_check *check, struct hash *hash, uint64_t pair)
{
	bool fresh;
	struct cube_sum *sum = hash_upsert(hash, &pair, hash_bytes(&pair, sizeof(pair)), &fresh);

	if (!sum)
		check->failed = true;
	return sum;
}

void geo_check_add(struct geo_check *check, const struct record_view *view)
{
	struct cube_sum one = {.records = 1, .sum = counters_of(view)}, *sum;
	unsigned classes = classes_of(view);
	uint16_t src = view_src_country(view), dst = view_dst_country(view);

	if (check->sketches)
		host_sketches_add(check->sketches, view);
	if (flow_is_syn_only(view_proto(view), view_tcp_flags(view)))
		one.syn_only = one.sum.flows;
	if (!view->geo) {
		cube_sum_merge(&check->untagged, &one);
		return;
	}
	src = src < COUNTRY_CODES ? src : COUNTRY_UNKNOWN;
	dst = dst < COUNTRY_CODES ? dst : COUNTRY_UNKNOWN;
	add_to_classes(check->want.src[src], classes, &one);
	add_to_classes(check->want.dst[dst], classes, &one);
	sum = sum_of(check, &check->pairs, (uint64_t)src << 16 | dst);
	if (sum)
		add_to_classes(sum, classes, &one);
	sum = sum_of(check, &check->block, (uint64_t)src << 16 | dst);
	if (sum)
		cube_sum_merge(sum, &one);
}

static bool same(const struct cube_sum *one, const struct cube_sum *other, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (one[i].records != other[i].records ||
		    (one[i].records && memcmp(&one[i], &other[i], sizeof(*one)) != 0))
			return false;
	return true;
}

/* A pair that is not there is made, and is not the same. */
static bool same_row(struct geo_check *check, struct hash *hash, uint16_t src, uint16_t dst,
		     const struct cube_sum *said, unsigned count)
{
	const struct cube_sum *sum = sum_of(check, hash, (uint64_t)src << 16 | dst);

	return !sum || same(sum, said, count);
}

bool geo_check_block(struct geo_check *check, struct nffile_reader *reader, uint32_t ordinal)
{
	struct block_totals totals = nffile_block_totals(reader, ordinal);
	bool good = !totals.known || totals.count == check->block.count;

	for (uint32_t i = 0; totals.known && good && i < totals.count; i++)
		good = same_row(check, &check->block, totals.row[i].src, totals.row[i].dst,
				&totals.row[i].all, 1);
	hash_fini(&check->block);
	hash_init(&check->block, sizeof(uint64_t), sizeof(struct cube_sum));
	return good || check->failed;
}

static const char *check_pairs(struct geo_check *check, struct nffile_reader *reader)
{
	const struct pair_row *row;
	uint32_t count;

	if (!nffile_pairs(reader, &row, &count))
		return announces(reader, GEO_SECTION_PAIRS)
			       ? "the sums by pair of countries cannot be read"
			       : NULL;
	for (uint32_t i = 0; i < count; i++)
		if (!same_row(check, &check->pairs, row[i].src, row[i].dst, row[i].class,
			      CUBE_CLASSES))
			return "the sums by pair of countries are not those of the flows";
	return count == check->pairs.count
		       ? NULL
		       : "the sums by pair of countries are not those of all flows";
}

static bool same_hosts(struct sketch *const want[COUNTRY_CODES],
		       struct sketch *const got[COUNTRY_CODES])
{
	for (unsigned i = 0; i < COUNTRY_CODES; i++)
		if (!want[i] != !got[i] || (want[i] && memcmp(want[i], got[i], sizeof(*want[i])) != 0))
			return false;
	return true;
}

static const char *check_sketches(const struct host_sketches *want, struct nffile_reader *reader)
{
	struct host_sketches *got;
	const char *wrong = NULL;

	if (!want)
		return NULL;
	got = host_sketches_new();
	if (!got)
		wrong = "out of memory for the sketches of hosts";
	else if (!nffile_add_sketches(reader, got))
		wrong = "the sketches of hosts cannot be read";
	else if (got->records != want->records || !same_hosts(want->src, got->src) ||
		 !same_hosts(want->dst, got->dst))
		wrong = "the sketches of hosts are not those of the flows";
	host_sketches_free(got);
	return wrong;
}

static const char *check_cube(struct geo_check *check, struct nffile_reader *reader)
{
	if (!nffile_add_cube(reader, &check->got, &check->got_untagged))
		return announces(reader, GEO_SECTION_CUBE)
			       ? "the sums by country and protocol cannot be read"
			       : NULL;
	if (!same(&check->want.src[0][0], &check->got.src[0][0], COUNTRY_CODES * CUBE_CLASSES) ||
	    !same(&check->want.dst[0][0], &check->got.dst[0][0], COUNTRY_CODES * CUBE_CLASSES) ||
	    !same(&check->untagged, &check->got_untagged, 1))
		return "the sums by country and protocol are not those of the flows";
	return check_pairs(check, reader);
}

const char *geo_check_file(struct geo_check *check, struct nffile_reader *reader)
{
	const char *wrong;

	if (check->failed)
		return "out of memory for the sums by country";
	wrong = check_cube(check, reader);
	return wrong ? wrong : check_sketches(check->sketches, reader);
}
