/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/geoblock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "flow/block.h"
#include "nffile/format.h"
#include "nffile/geosummary.h"
#include "nffile/reader.h"
#include "nffile/writer.h"
#include "tests/lib/makeflow.h"
#include "tests/lib/scratch.h"

static uint32_t random_state;

static uint32_t next_random(void)
{
	return (random_state = random_state * 1103515245 + 12345) >> 8;
}

/* The container: any length there and back, in the shape that stock tools accept. */
static const size_t length_case[] = {
	0, 1, 3, 4, 5, 100, 4096, 65535, GEO_PART_MAX_BYTES - 1, GEO_PART_MAX_BYTES};

static void test_parts(void **state)
{
	uint8_t *in = malloc(GEO_PART_MAX_BYTES), *payload = malloc(GEO_PAYLOAD_MAX_BYTES);

	(void)state;
	for (size_t i = 0; i < GEO_PART_MAX_BYTES; i++)
		in[i] = (uint8_t)next_random();
	for (size_t i = 0; i < sizeof(length_case) / sizeof(length_case[0]); i++) {
		struct geo_part part = {.part = 1, .parts = 3, .run = 0x12345678}, got;
		struct geo_stream stream = {0};
		size_t len = geo_part_encode(&part, in, length_case[i], payload), size;

		size = bytes_get16(payload + 2);
		assert_int_equal(size % 4, 0);
		assert_int_equal(bytes_get16(payload), 0xc0c1);
		assert_int_equal(bytes_get16(payload + size), 0xc0c2);
		assert_int_equal(bytes_get16(payload + size + 2), size + 4);
		assert_int_equal(len, 2 * size + 4);
		assert_true(len <= GEO_PAYLOAD_MAX_BYTES);
		assert_memory_equal(payload + 4, "NGX1", 4);
		assert_int_equal(geo_part_decode(payload, len, &got, &stream), NFGEO_OK);
		assert_int_equal(got.part, 1);
		assert_int_equal(got.parts, 3);
		assert_int_equal(got.run, 0x12345678);
		assert_true(stream.used >= length_case[i] && stream.used <= length_case[i] + 20);
		if (length_case[i])
			assert_memory_equal(stream.bytes, in, length_case[i]);
		for (size_t rest = length_case[i]; rest < stream.used; rest++)
			assert_int_equal(stream.bytes[rest], 0);
		/* Cut or longer: not ours. */
		assert_int_equal(geo_part_decode(payload, len - 1, &got, &stream), NFGEO_ECORRUPT);
		geo_stream_fini(&stream);
	}
	free(in);
	free(payload);
}

static void test_sections(void **state)
{
	struct geo_stream stream = {0};
	struct geo_section section;
	struct geo_totals *totals = calloc(1, sizeof(*totals));
	struct geo_cover cover = {.file_blocks = 3};
	size_t at = 0;

	(void)state;
	geo_put_index(&stream, NULL, 0);
	geo_put_totals(&stream, &cover, totals);
	geo_stream_add(&stream, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(geo_section_next(stream.bytes, stream.used, &at, &section), 1);
	assert_int_equal(section.type, GEO_SECTION_INDEX);
	assert_int_equal(geo_section_next(stream.bytes, stream.used, &at, &section), 1);
	assert_int_equal(section.type, GEO_SECTION_TOTALS);
	assert_int_equal(geo_section_next(stream.bytes, stream.used, &at, &section), 0);
	/* A damaged section is passed over, the next one is still there. */
	stream.bytes[GEO_SECTION_HEADER_BYTES] ^= 1;
	at = 0;
	assert_int_equal(geo_section_next(stream.bytes, stream.used, &at, &section), 1);
	assert_int_equal(section.type, GEO_SECTION_TOTALS);
	/* A length that leaves the stream ends it. */
	bytes_put32(stream.bytes + 4, (uint32_t)stream.used);
	at = 0;
	assert_int_equal(geo_section_next(stream.bytes, stream.used, &at, &section), 0);
	geo_stream_fini(&stream);
	free(totals);
}

/* Sets of all sizes around the border between list and bitmap. */
static void test_sets_there_and_back(void **state)
{
	static const unsigned count_case[] = {0, 1, 2, 63, 64, 65, 250, 1024};
	struct geo_entry *in = calloc(8, sizeof(*in)), *out;
	struct geo_sides *sides = calloc(8, sizeof(*sides));
	struct country_sets sets;
	struct geo_stream stream = {0};
	struct geo_section section;
	uint32_t count;
	size_t at = 0;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		in[i].ordinal = 2 * i;
		in[i].stored_bytes = next_random() << 8;
		in[i].flow_count = next_random();
		in[i].untagged_count = in[i].flow_count - i;
		in[i].provenance = i;
		in[i].families = (uint8_t)i;
		in[i].crc = next_random();
		in[i].first_ms = i == 3 ? UINT64_MAX : next_random();
		in[i].last_ms = i == 3 ? 0 : next_random();
		for (unsigned n = 0; n < count_case[i]; n++) {
			country_set_add(&sides[i].src, (uint16_t)n);
			country_set_add(&sides[i].dst, (uint16_t)(1023 - n));
		}
		in[i].src = &sides[i].src;
		in[i].dst = &sides[i].dst;
	}
	country_sets_init(&sets);
	geo_put_index(&stream, in, 8);
	assert_int_equal(geo_section_next(stream.bytes, stream.used, &at, &section), 1);
	assert_int_equal(stream.used % 4, 0);
	assert_int_equal(geo_get_index(section.bytes, section.len, 2, &sets, &out, &count), NFGEO_OK);
	assert_int_equal(count, 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_memory_equal(in[i].src, out[i].src, sizeof(*in[i].src));
		assert_memory_equal(in[i].dst, out[i].dst, sizeof(*in[i].dst));
		out[i].src = in[i].src;
		out[i].dst = in[i].dst;
		assert_memory_equal(&in[i], &out[i], sizeof(in[i]));
	}
	free(out);
	/* Cut anywhere: refused. */
	for (size_t len = 0; len < section.len; len += 3)
		assert_int_equal(geo_get_index(section.bytes, len, 2, &sets, &out, &count),
				 NFGEO_ECORRUPT);
	/* Sets of the same countries are one, whatever asked for them. */
	assert_ptr_equal(country_sets_keep(&sets, &sides[1].src), country_sets_one(&sets, 0));
	assert_int_equal(sets.hash.count, 14); /* none and all are the same on both sides */
	country_sets_fini(&sets);
	geo_stream_fini(&stream);
	free(sides);
	free(in);
}

/* The index of files of before: entries of a list and of bits. */
static void test_old_index(void **state)
{
	uint8_t bytes[4 + 2 * 40 + 12 + 4 + 132 + 4] = {2}, *at = bytes + 4;
	struct geo_entry *out;
	struct country_sets sets;
	uint32_t count;

	(void)state;
	country_sets_init(&sets);
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned n = 0; n < 6; n++)
			bytes_put32(at + 4 * n, 100 * i + n);
		bytes_put64(at + 24, 1000 + i);
		bytes_put64(at + 32, 2000 + i);
		at += 40;
		if (i == 0) { /* 3 codes; none */
			bytes_put16(at, 3);
			bytes_put16(at + 2, 7);
			bytes_put16(at + 4, 203);
			bytes_put16(at + 6, 1023);
			at += 8 + 4;
		} else { /* bits; none */
			bytes_put16(at, 0xffff);
			memset(at + 4, 0x81, 128);
			at += 132 + 4;
		}
	}
	assert_ptr_equal(at, bytes + sizeof(bytes) - 4);
	assert_int_equal(geo_get_index(bytes, sizeof(bytes), 1, &sets, &out, &count), NFGEO_OK);
	assert_int_equal(count, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(out[i].ordinal, 100 * i);
		assert_int_equal(out[i].stored_bytes, 100 * i + 1);
		assert_int_equal(out[i].flow_count, 100 * i + 2);
		assert_int_equal(out[i].untagged_count, 100 * i + 3);
		assert_int_equal(out[i].crc, 100 * i + 4);
		assert_int_equal(out[i].provenance, 100 * i + 5);
		assert_int_equal(out[i].families, GEO_HAS_UNKNOWN);
		assert_true(out[i].first_ms == 1000 + i && out[i].last_ms == 2000 + i);
		for (uint16_t code = 0; code < COUNTRY_CODES; code++) {
			bool listed = code == 7 || code == 203 || code == 1023;

			assert_int_equal(country_set_has(out[i].src, code),
					 i ? code % 8 == 0 || code % 8 == 7 : listed);
			assert_false(country_set_has(out[i].dst, code));
		}
	}
	free(out);
	for (size_t len = 0; len < sizeof(bytes) - 4; len++)
		assert_int_equal(geo_get_index(bytes, len, 1, &sets, &out, &count), NFGEO_ECORRUPT);
	country_sets_fini(&sets);
}

#define FILE_NAME "file"

static char path[160];

static int make_folder(void **state)
{
	int status = scratch_make(state);

	random_state = 42;
	strcpy(path, scratch_path(FILE_NAME));
	return status;
}

static struct make_flow random_flow(unsigned countries)
{
	uint32_t r = next_random();

	return (struct make_flow){
		.src4 = r & 1 ? next_random() | 1 : 0,
		.src6 = r & 1 ? 0 : 1 + next_random(),
		.tagged = (r & 0x3e) != 0,
		.src_country = (uint16_t)(next_random() % countries),
		.dst_country = (uint16_t)(1000 + next_random() % 8),
		.no_counters = (r >> 8 & 0x1f) == 0,
		.first_ms = 1000000 + next_random() % 5000,
		.last_ms = 1005000 + next_random() % 5000,
		.packets = next_random() % 100,
		.bytes = next_random() % 100000,
		.out_packets = r >> 16 & 1 ? next_random() % 10 : 0,
		.flows = r >> 17 & 1 ? 1 + next_random() % 4 : 0,
		.proto = r >> 18 & 1 ? 6 : 17,
		.tcp_flags = (uint8_t)(r >> 19 & 3 ? 0xc2 : 0x12),
	};
}

/* The reference: no set, no view that remembers, just every flow against every question. */
struct naive {
	struct geo_count src[COUNTRY_CODES], dst[COUNTRY_CODES], untagged;
	uint64_t bare_flows; /* without element 1: in a collector's stat record, in no sum */
	uint64_t flow_records;
};

static void naive_add(struct geo_count *count, const struct make_flow *flow, uint64_t flows)
{
	if (flow->no_counters)
		return;
	count->flows += flows;
	count->packets += flow->packets + flow->out_packets;
	count->bytes += flow->bytes + flow->out_bytes;
	if (flow->proto == 6 && flow->tcp_flags == 0xc2) /* S, with both ECN bits */
		count->syn_only += flows;
}

static void naive_flow(struct naive *naive, const struct make_flow *flow, bool query)
{
	uint64_t flows = query && flow->flows ? flow->flows : 1;

	naive->flow_records++;
	naive->bare_flows += flow->no_counters;
	if (!flow->tagged) {
		naive_add(&naive->untagged, flow, flows);
		return;
	}
	naive_add(&naive->src[flow->src_country], flow, flows);
	naive_add(&naive->dst[flow->dst_country], flow, flows);
}

enum { FILE_BLOCKS = 12, BLOCK_FLOWS = 150 };

static struct make_flow file_flow[FILE_BLOCKS][BLOCK_FLOWS];

static const struct geo_provenance *provenance(unsigned i)
{
	struct geo_provenance made = {.build_epoch_s = i, .program = "test"};

	snprintf(made.type, sizeof(made.type), "database %u", i);
	made.sha256[31] = (uint8_t)i;
	return geo_provenance_intern(&made);
}

/* Whether a list of databases is all: sections of before end with their last entry. */
static void test_provenance_is_all(void **state)
{
	const struct geo_provenance *list[2] = {provenance(1), provenance(2)}, *got[2];

	(void)state;
	for (unsigned all = 0; all < 2; all++) {
		struct geo_stream stream = {0};
		struct geo_section section;
		uint32_t count;
		size_t at = 0;

		geo_put_provenance(&stream, list, 2, all);
		assert_int_equal(geo_section_next(stream.bytes, stream.used, &at, &section), 1);
		assert_int_equal(geo_provenance_is_all(section.bytes, section.len), all);
		assert_int_equal(geo_get_provenance(section.bytes, section.len, got, 2, &count), NFGEO_OK);
		assert_int_equal(count, 2);
		assert_memory_equal(got, list, sizeof(got));
		for (size_t len = 0; len < section.len; len++)
			assert_false(geo_provenance_is_all(section.bytes, len));
		assert_int_equal(geo_get_provenance(section.bytes, section.len - 4, got, 2, &count),
				 NFGEO_OK);
		geo_stream_fini(&stream);
	}
}

/* Blocks 0..3 by database 1, 4..7 by 2, the rest unknown. */
static void write_file(enum codec codec, bool query, struct naive *naive)
{
	struct nffile_options options = {
		.codec = codec, .query_totals = query, .arrival_order = true};
	struct nffile_finish finish = {0};
	struct nffile_writer *writer;
	struct block block = {0};
	struct error error;

	assert_int_equal(nffile_create(&writer, path, &options, &error), NFGEO_OK);
	for (unsigned i = 0; i < FILE_BLOCKS; i++) {
		block_clear(&block);
		for (unsigned n = 0; n < BLOCK_FLOWS; n++) {
			file_flow[i][n] = random_flow(1 + 20 * i);
			make_append(&block, &file_flow[i][n]);
			naive_flow(naive, &file_flow[i][n], query);
		}
		block.provenance = i < 8 ? provenance(1 + i / 4) : NULL;
		assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	}
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	block_fini(&block);
}

static void check_entry(const struct geo_summary *summary, unsigned i)
{
	const struct geo_entry *entry = &summary->entry[i];
	uint64_t first = UINT64_MAX, last = 0, untagged = 0;

	for (unsigned n = 0; n < BLOCK_FLOWS; n++) {
		const struct make_flow *flow = &file_flow[i][n];

		untagged += !flow->tagged;
		if (!flow->no_counters && flow->first_ms < first)
			first = flow->first_ms;
		if (!flow->no_counters && flow->last_ms > last)
			last = flow->last_ms;
	}
	assert_int_equal(entry->ordinal, i);
	assert_int_equal(entry->flow_count, BLOCK_FLOWS);
	assert_int_equal(entry->untagged_count, untagged);
	assert_true(entry->first_ms == first && entry->last_ms == last);
	for (unsigned code = 0; code < COUNTRY_CODES; code++) {
		bool src = false, dst = false;

		for (unsigned n = 0; n < BLOCK_FLOWS; n++) {
			const struct make_flow *flow = &file_flow[i][n];

			src |= flow->tagged && flow->src_country == code;
			dst |= flow->tagged && flow->dst_country == code;
		}
		assert_int_equal(country_set_has(entry->src, (uint16_t)code), src);
		assert_int_equal(country_set_has(entry->dst, (uint16_t)code), dst);
	}
	if (i >= 8)
		assert_int_equal(entry->provenance, 0);
	else
		assert_ptr_equal(summary->provenance[entry->provenance - 1], provenance(1 + i / 4));
}

static void check_summary(const struct geo_summary *summary, const struct naive *naive)
{
	assert_non_null(summary);
	assert_true(summary->complete);
	assert_int_equal(summary->entry_count, FILE_BLOCKS);
	assert_int_equal(summary->provenance_count, 2);
	assert_int_equal(summary->totals.flow_records, naive->flow_records);
	assert_memory_equal(&summary->totals.untagged, &naive->untagged, sizeof(naive->untagged));
	assert_memory_equal(summary->totals.src, naive->src, sizeof(naive->src));
	assert_memory_equal(summary->totals.dst, naive->dst, sizeof(naive->dst));
	for (unsigned i = 0; i < FILE_BLOCKS; i++)
		check_entry(summary, i);
}

static struct nffile_reader *open_file(void)
{
	struct nffile_reader *reader;
	struct error error;

	assert_int_equal(nffile_open(&reader, path, &error), NFGEO_OK);
	return reader;
}

static void test_file_against_naive(void **state)
{
	(void)state;
	for (int codec = 0; codec < CODEC_COUNT; codec++)
		for (int query = 0; query < 2; query++) {
			struct naive *naive = calloc(1, sizeof(*naive));
			struct nffile_reader *reader;
			struct block block = {0};
			const struct geo_summary *summary;
			const struct geo_provenance *list[GEO_PROVENANCE_MAX];
			uint32_t count;
			unsigned i = 0;

			write_file((enum codec)codec, query, naive);
			reader = open_file();
			summary = nffile_summary(reader);
			check_summary(summary, naive);
			assert_true(summary->sealed);
			/* Some blocks were tagged by nobody knows what. */
			assert_false(nffile_provenance(reader, list, &count));
			/* Flows of the sums and of the stat record are the same. */
			for (unsigned code = 0; code < COUNTRY_CODES; code++)
				naive->untagged.flows += naive->src[code].flows;
			if (!query)
				naive->untagged.flows += naive->bare_flows;
			assert_int_equal(nffile_info(reader)->totals.flows, naive->untagged.flows);
			for (; nffile_next(reader, &block, NULL) == 1; i++) {
				assert_int_equal(crc32c(0, block.bytes, block.used),
						 summary->entry[i].crc);
				assert_ptr_equal(block.provenance,
						 i < 8 ? provenance(1 + i / 4) : NULL);
			}
			assert_int_equal(i, FILE_BLOCKS);
			nffile_close(reader);
			block_fini(&block);
			free(naive);
		}
}

/* Others zero BlockSize when they recompress: the run is found by walking, but nothing is sealed.
 */
static void test_without_blocksize(void **state)
{
	struct naive *naive = calloc(1, sizeof(*naive));
	const struct geo_summary *summary;
	struct nffile_reader *reader;
	uint8_t *bytes;
	size_t len;

	(void)state;
	write_file(CODEC_LZ4, false, naive);
	bytes = scratch_get(FILE_NAME, &len);
	bytes_put32(bytes + FILE_AT_GEO_BYTES, 0);
	scratch_put_bytes(FILE_NAME, bytes, len);
	reader = open_file();
	summary = nffile_summary(reader);
	check_summary(summary, naive);
	assert_false(summary->sealed);
	nffile_close(reader);
	free(bytes);
	free(naive);
}

/* As a stock append does: a record block behind the run, in the appendix' place. */
static void test_block_added_behind(void **state)
{
	struct naive *naive = calloc(1, sizeof(*naive));
	struct make_flow flow = {.src4 = 1, .dst4 = 2, .tagged = true};
	const struct geo_summary *summary;
	struct nffile_reader *reader;
	struct block block = {0};
	uint64_t at;
	uint8_t *bytes;
	size_t len, tail;

	(void)state;
	write_file(CODEC_NONE, false, naive);
	bytes = scratch_get(FILE_NAME, &len);
	at = bytes_get64(bytes + FILE_AT_APPENDIX);
	make_append(&block, &flow);
	tail = BLOCK_HEADER_BYTES + block.used;
	bytes = realloc(bytes, len + tail);
	assert_non_null(bytes);
	memmove(bytes + at + tail, bytes + at, len - at);
	memset(bytes + at, 0, BLOCK_HEADER_BYTES);
	bytes_put32(bytes + at, 1);
	bytes_put32(bytes + at + 4, (uint32_t)block.used);
	bytes_put16(bytes + at + 8, BLOCK_RECORDS);
	memcpy(bytes + at + BLOCK_HEADER_BYTES, block.bytes, block.used);
	bytes_put64(bytes + FILE_AT_APPENDIX, at + tail);
	bytes_put32(bytes + FILE_AT_BLOCKS, bytes_get32(bytes + FILE_AT_BLOCKS) + 1);
	scratch_put_bytes(FILE_NAME, bytes, len + tail);
	reader = open_file();
	summary = nffile_summary(reader);
	assert_non_null(summary);
	assert_false(summary->sealed);
	assert_false(summary->complete);
	assert_int_equal(summary->entry_count, FILE_BLOCKS);
	nffile_close(reader);
	/* A record block was taken out in front of the run: the counts differ, it is not used. */
	memmove(bytes + 40, bytes + 40 + 12 + bytes_get32(bytes + 44),
		len + tail - 52 - bytes_get32(bytes + 44));
	bytes_put32(bytes + FILE_AT_BLOCKS, bytes_get32(bytes + FILE_AT_BLOCKS) - 1);
	scratch_put_bytes(FILE_NAME, bytes, len + tail - 52);
	reader = open_file();
	assert_null(nffile_summary(reader));
	nffile_close(reader);
	block_fini(&block);
	free(bytes);
	free(naive);
}

/* A file with more index than one block holds. */
static void test_many_blocks(void **state)
{
	enum { MANY = 1200 };
	struct nffile_options options = {.codec = CODEC_LZ4, .arrival_order = true};
	struct nffile_finish finish = {0};
	const struct geo_summary *summary;
	struct nffile_writer *writer;
	struct nffile_reader *reader;
	struct block block = {0};
	struct error error;

	(void)state;
	for (unsigned n = 0; n < 100; n++) {
		struct make_flow flow = {.src4 = 1,
					 .dst4 = 2,
					 .tagged = true,
					 .src_country = (uint16_t)n,
					 .dst_country = (uint16_t)n};

		make_append(&block, &flow);
	}
	assert_int_equal(nffile_create(&writer, path, &options, &error), NFGEO_OK);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	reader = open_file();
	assert_true(nffile_info(reader)->block_count > MANY + 2);
	summary = nffile_summary(reader);
	assert_non_null(summary);
	assert_true(summary->sealed);
	assert_int_equal(summary->entry_count, MANY);
	assert_int_equal(summary->totals.src[99].flows, MANY);
	nffile_close(reader);
	block_fini(&block);
}

/* Bits all over the geo blocks flipped: flows unaffected, sums right or absent. Some thousand files: with
 * sanitizers each takes milliseconds. */
static void test_flips(void **state)
{
	struct naive *naive = calloc(1, sizeof(*naive));
	uint64_t at = 40, appendix;
	uint8_t *bytes;
	size_t len;

	(void)state;
	write_file(CODEC_NONE, false, naive);
	bytes = scratch_get(FILE_NAME, &len);
	appendix = bytes_get64(bytes + FILE_AT_APPENDIX);
	for (unsigned i = 0; i < FILE_BLOCKS; i++)
		at += 12 + bytes_get32(bytes + at + 4);
	for (size_t bit = 8 * at; bit < 8 * appendix; bit += 37) {
		struct nffile_reader *reader;
		const struct geo_summary *summary;

		scratch_put_byte(FILE_NAME, bit / 8, bytes[bit / 8] ^ (uint8_t)(1 << bit % 8));
		reader = open_file();
		summary = nffile_summary(reader);
		if (summary && summary->complete &&
		    (memcmp(summary->totals.src, naive->src, sizeof(naive->src)) != 0 ||
		     summary->totals.flow_records != naive->flow_records))
			fail_msg("bit %zu: wrong sums pass for right", bit);
		nffile_close(reader);
		scratch_put_byte(FILE_NAME, bit / 8, bytes[bit / 8]);
	}
	free(bytes);
	free(naive);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_sets_there_and_back),
		cmocka_unit_test(test_provenance_is_all),
		cmocka_unit_test(test_old_index),
		cmocka_unit_test_setup_teardown(test_file_against_naive, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_without_blocksize, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_block_added_behind, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_many_blocks, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_flips, make_folder, scratch_drop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
