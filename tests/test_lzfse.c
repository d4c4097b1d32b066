/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LZFSE's headers and limits, what is written comes back, and what Apple wrote decodes. */
#include "base/bytes.h"
#include "codec/digest.h"
#include "codec/lzfse_block.h"
#include "tests/lz_made.h"

#include <spindle/stream.h>

#include <stdio.h>

/* A block bvx2 as bvx1: the same payload after a header of plain fields. */
static size_t as_bvx1(const uint8_t *in, size_t in_size, uint8_t *out)
{
	struct lzfse_header h;
	const uint32_t header = get_le32(in + 24);

	assert_memory_equal(in, "bvx2", 4);
	assert_true(lzfse_header_parse(&h, in));
	const uint32_t payload = h.literal_bytes + h.lmd_bytes;
	assert_memory_equal(in + header + payload, "bvx$", 4); /* there is but one */
	assert_int_equal(header + payload + 4, in_size);
	memset(out, 0, 772);
	memcpy(out, "bvx1", 4);
	put_le32(out + 4, h.raw_bytes);
	put_le32(out + 8, payload);
	put_le32(out + 12, h.literals);
	put_le32(out + 16, h.matches);
	put_le32(out + 20, h.literal_bytes);
	put_le32(out + 24, h.lmd_bytes);
	put_le32(out + 28, 0u - h.literal_bits);
	for (size_t i = 0; i < 4; i++)
		put_le16(out + 32 + 2 * i, h.literal_state[i]);
	put_le32(out + 40, 0u - h.lmd_bits);
	put_le16(out + 44, h.l_state);
	put_le16(out + 46, h.m_state);
	put_le16(out + 48, h.d_state);
	for (size_t i = 0; i < 360; i++)
		put_le16(out + 50 + 2 * i, h.frequency[i]);
	memcpy(out + 772, in + header, payload + 4);
	return 772 + payload + 4;
}

/* Bytes with matches of many lengths and distances between literals. */
static void make_bytes(struct made *m, size_t size)
{
	while (m->out_size < size) {
		for (unsigned n = chance(m, chance(m, 9) ? 12 : 700); n; n--)
			m->out[m->out_size++] = (uint8_t)(chance(m, 64) + chance(m, 64));
		if (m->out_size)
			match(m, some_distance(m, 262139, m->out_size),
			      3 + (chance(m, 65536) >> (4 + chance(m, 12))));
	}
	m->out_size = size;
}

static void plain_headers_mean_the_same(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 8; seed++) {
		struct made m;
		uint8_t *in = malloc(MADE_ROOM);
		void *work = NULL;

		made_init(&m, seed + 60);
		make_bytes(&m, 17000 + 1000 * seed);
		const size_t n =
			sp_codec_lzfse.encode(&work, 0, m.out, m.out_size, m.in, MADE_ROOM);
		const size_t size = as_bvx1(m.in, n, in);
		assert_decodes(&sp_codec_lzfse, in, size, m.out, m.out_size);
		if (!seed)
			assert_cuts(in, size, m.out, m.out_size);
		sp_codec_lzfse.work_free(work);
		free(in);
		made_free(&m);
	}
}

/* Fields of bvx1 that no table or count allows. */
static void headers_beyond_their_limits_are_malformed(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
	} tries[] = {
		{8, 1},           /* payload that is not the sum */
		{12, 40004},      /* literals */
		{12, 1},          /* not in fours */
		{16, 10001},      /* matches */
		{28, 1},          /* bits that are not 0…-7 */
		{28, 0u - 8},     /* … */
		{32, 1024},       /* states: also the next, which is none of one */
		{40, 0u - 8},     /* … */
		{44, 64},         /* L */
		{46, 64},         /* M */
		{48, 256},        /* D */
		{50, 0xffffffff}, /* frequencies over the sum */
		{50, 0},          /* or short of it */
	};
	struct made m;
	uint8_t *in = malloc(MADE_ROOM), *out = malloc(20000);
	void *work = NULL;
	size_t got;

	(void)state;
	made_init(&m, 61);
	make_bytes(&m, 20000);
	const size_t n = sp_codec_lzfse.encode(&work, 0, m.out, m.out_size, m.in, MADE_ROOM);
	for (size_t i = 0; i < LEN(tries); i++) {
		const size_t size = as_bvx1(m.in, n, in);

		put_le32(in + tries[i].at, tries[i].value);
		assert_int_equal(sp_codec_lzfse.decode(&work, in, size, out, 20000, &got),
				 SP_ERR_FORMAT);
		assert_int_equal(got, 0);
		assert_int_equal(steps(&sp_codec_lzfse, in, size, out, 20000, 1000, 1000, &got),
				 SP_CODEC_BAD);
		assert_int_equal(got, 0);
	}
	sp_codec_lzfse.work_free(work);
	free(in);
	free(out);
	made_free(&m);
}

/* Everything a block or a triple can hold, and one more: literals, matches, lengths, distance. */
static void what_is_more_than_a_block_holds_goes_on_in_the_next(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 9; kind++) {
		struct made m;
		void *work = NULL;
		uint8_t *in = malloc(MADE_ROOM + 65536);

		made_init(&m, kind + 90);
		switch (kind) {
		case 0: /* nothing */
		case 1: /* too little for a match */
			literals(&m, kind * 2);
			break;
		case 2: /* nothing but literals */
			literals(&m, 200000);
			break;
		case 3: /* a single match of 1000000, its literal in the first block */
			literals(&m, 1);
			match(&m, 1, 1000000);
			break;
		case 4: /* more than 10000 matches */
			literals(&m, 1000);
			for (unsigned i = 0; i < 30000; i++) {
				literals(&m, 1);
				match(&m, 1 + chance(&m, 900), 5 + chance(&m, 3));
			}
			break;
		case 5: /* as far as there is, and one further */
		case 6:
			literals(&m, 400);
			match(&m, 1, 262139 + kind - 5 - 400);
			match(&m, 262139 + kind - 5, 400);
			break;
		case 7: /* lengths to either side of every limit */
			literals(&m, 70000);
			for (unsigned i = 0; i < 200; i++) {
				static const unsigned edge[] = {15, 16, 315, 316, 2359, 2360, 630};
				literals(&m, edge[i % LEN(edge)]);
				match(&m, 60000 + i, edge[i / LEN(edge) % LEN(edge)]);
			}
			break;
		default:
			make_bytes(&m, 900000);
		}
		const size_t n =
			sp_codec_lzfse.encode(&work, 0, m.out, m.out_size, in, MADE_ROOM + 65536);
		assert_true(n);
		if (kind == 5)
			assert_true(n < 1200); /* the second time they are a match */
		assert_decodes(&sp_codec_lzfse, in, n, m.out, m.out_size);
		sp_codec_lzfse.work_free(work);
		free(in);
		made_free(&m);
	}
}

static void the_shortest_kind_of_block_is_written(void **state)
{
	static const char text[] = "sessions, tracks and sectors; sectors, tracks and sessions";
	uint8_t out[1024];
	void *work = NULL;
	struct made m;

	(void)state;
	assert_true(sp_codec_lzfse.encode(&work, 0, (const uint8_t *)text, sizeof(text), out,
					  sizeof(out)));
	assert_memory_equal(out, "bvxn", 4);
	made_init(&m, 3);
	make_bytes(&m, 100000);
	assert_true(sp_codec_lzfse.encode(&work, 0, m.out, m.out_size, m.in, MADE_ROOM));
	assert_memory_equal(m.in, "bvx2", 4);
	sp_codec_lzfse.work_free(work);
	made_free(&m);
}

/* A part of a corpus file, malloc'd; skips the test without it. */
static uint8_t *corpus_part(const char *name, size_t at, size_t size)
{
	const char *corpus = getenv("SPINDLE_CORPUS");
	char path[4096];
	uint8_t *data = malloc(size);

	if (!corpus || !*corpus) {
		print_message("%s: SPINDLE_CORPUS is not set\n", name);
		free(data);
		skip();
	}
	snprintf(path, sizeof(path), "%s/%s", corpus, name);
	FILE *file = fopen(path, "rb");
	if (!file) {
		print_message("%s: not there\n", path);
		free(data);
		skip();
	}
	assert_non_null(data);
	assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
	assert_int_equal(fread(data, 1, size, file), size);
	fclose(file);
	return data;
}

static void assert_md5(const uint8_t *data, size_t size, const char *hex)
{
	struct sp_digest_state *md5 = sp_digest_new(SP_DIGEST_MD5);
	uint8_t sum[SP_DIGEST_MAX_SIZE];
	char text[33];

	assert_non_null(md5);
	sp_digest_update(md5, data, size);
	assert_int_equal(sp_digest_final(md5, sum), 16);
	for (size_t i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", sum[i]);
	assert_string_equal(text, hex);
}

/* Chunks of two images of one disk; the sums are those of what 7zz makes of its partitions. */
static void apples_images_decode(void **state)
{
	static const struct {
		const struct sp_codec *codec;
		const char *name;
		size_t at, packed, size;
		const char *md5;
	} chunks[] = {
		{&sp_codec_adc, "dmg/node-udif/compression-adc.dmg", 0, 445, 512,
		 "495840e0586e3fe904a7756b65ddb121"},
		{&sp_codec_adc, "dmg/node-udif/compression-adc.dmg", 445, 2358, 27648,
		 "07f612294d737c6c93afcbc282fa1f9c"},
		{&sp_codec_adc, "dmg/node-udif/compression-adc.dmg", 2803, 2308, 27648,
		 "0eeec972883c90bb06a39b3d3ddc4d20"},
		{&sp_codec_lzfse, "dmg/node-udif/compression-lzfse.dmg", 0, 470, 512,
		 "495840e0586e3fe904a7756b65ddb121"},
		{&sp_codec_lzfse, "dmg/node-udif/compression-lzfse.dmg", 470, 1198, 27648,
		 "07f612294d737c6c93afcbc282fa1f9c"},
		{&sp_codec_lzfse, "dmg/node-udif/compression-lzfse.dmg", 1668, 1156, 27648,
		 "0eeec972883c90bb06a39b3d3ddc4d20"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(chunks); i++) {
		uint8_t *in = corpus_part(chunks[i].name, chunks[i].at, chunks[i].packed);
		uint8_t *out = malloc(chunks[i].size);
		void *work = NULL;
		size_t got;

		assert_int_equal(chunks[i].codec->decode(&work, in, chunks[i].packed, out,
							 chunks[i].size, &got),
				 0);
		assert_md5(out, chunks[i].size, chunks[i].md5);
		assert_decodes(chunks[i].codec, in, chunks[i].packed, out, chunks[i].size);
		if (chunks[i].codec == &sp_codec_lzfse)
			assert_cuts(in, chunks[i].packed, out, chunks[i].size);
		chunks[i].codec->work_free(work);
		free(out);
		free(in);
	}
}

#define DECMPFS "hfsplus/hfsplus-forensic/decmpfs/"

static void apples_compressed_file_decodes(void **state)
{
	uint8_t *in = corpus_part(DECMPFS "real_lzfse_inline.payload", 0, 1021);
	uint8_t *expected = corpus_part(DECMPFS "real_zlib_inline.expected", 0, 2000);

	(void)state;
	assert_decodes(&sp_codec_lzfse, in, 1021, expected, 2000);
	assert_cuts(in, 1021, expected, 2000);
	free(in);
	free(expected);
}

/* The same file twice, compressed by zlib and by LZFSE, in pieces of 64 KiB. */
static void apples_resource_forks_agree(void **state)
{
	static const struct {
		size_t zlib_at, zlib_size, lzfse_at, lzfse_size, size;
	} pieces[] = {
		{288, 20905, 24, 21768, 65536},
		{21193, 19804, 21792, 20621, 65536},
		{40997, 6053, 42413, 6329, 18928},
	};

	(void)state;
	for (size_t i = 0; i < LEN(pieces); i++) {
		uint8_t *z = corpus_part(DECMPFS "real_zlib_rsrc.rsrc", pieces[i].zlib_at,
					 pieces[i].zlib_size);
		uint8_t *in = corpus_part(DECMPFS "real_lzfse_rsrc.rsrc", pieces[i].lzfse_at,
					  pieces[i].lzfse_size);
		uint8_t *expected = malloc(pieces[i].size);
		void *work = NULL;
		size_t got;

		assert_int_equal(sp_codec_zlib.decode(&work, z, pieces[i].zlib_size, expected,
						      pieces[i].size, &got),
				 0);
		assert_decodes(&sp_codec_lzfse, in, pieces[i].lzfse_size, expected, pieces[i].size);
		sp_codec_zlib.work_free(work);
		free(expected);
		free(in);
		free(z);
	}
}

static void apples_lzvn_decodes(void **state)
{
	static const struct {
		const char *in, *expected;
		size_t at, packed, from, size;
	} files[] = {
		{DECMPFS "lzvn.rsrc", DECMPFS "lzvn.expected", 12, 27758, 0, 65536},
		{DECMPFS "lzvn.rsrc", DECMPFS "lzvn.expected", 27770, 6003, 65536, 14464},
		{DECMPFS "tahoe_type8.rsrc", DECMPFS "tahoe_type8.expected", 8, 1180, 0, 1936},
	};

	(void)state;
	for (size_t i = 0; i < LEN(files); i++) {
		uint8_t *in = corpus_part(files[i].in, files[i].at, files[i].packed);
		uint8_t *expected = corpus_part(files[i].expected, files[i].from, files[i].size);
		uint8_t *out = malloc(files[i].size);
		size_t got;

		assert_int_equal(sp_lzvn_decode(in, files[i].packed, out, files[i].size, &got), 0);
		assert_memory_equal(out, expected, files[i].size);
		free(out);
		free(expected);
		free(in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_headers_mean_the_same),
		cmocka_unit_test(headers_beyond_their_limits_are_malformed),
		cmocka_unit_test(what_is_more_than_a_block_holds_goes_on_in_the_next),
		cmocka_unit_test(the_shortest_kind_of_block_is_written),
		cmocka_unit_test(apples_images_decode),
		cmocka_unit_test(apples_compressed_file_decodes),
		cmocka_unit_test(apples_resource_forks_agree),
		cmocka_unit_test(apples_lzvn_decodes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
