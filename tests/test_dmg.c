/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDIF images made here byte by byte: their blocks come out, their checksums are proven in the pass
 * that reads them, and what cannot be right is refused with its place. */
#include "base/bytes.h"
#include "formats/formats.h"
#include "io/blocks.h"
#include "tests/dmg_image.h"
#include "tests/doubles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static struct sp_memory *mem;
static struct double_faults faults;
static char notes[400];

static void take_note(void *user, const char *text)
{
	(void)user;
	snprintf(notes + strlen(notes), sizeof(notes) - strlen(notes), "%s\n", text);
}

static int setup(void **state)
{
	(void)state;
	mem = sp_memory_new();
	memset(&faults, 0, sizeof(faults));
	notes[0] = '\0';
	return !mem;
}

static int teardown(void **state)
{
	(void)state;
	sp_memory_free(mem);
	return 0;
}

static int open_bytes(struct sp_source **out, const void *data, size_t size, struct sp_error *err)
{
	static const struct sp_notes sink = {.fn = take_note};
	const struct sp_options options = {.notes = &sink};
	struct sp_io *io;

	assert_int_equal(sp_memory_put(mem, "a.dmg", data, size), 0);
	assert_int_equal(sp_memory_open(mem, "a.dmg", false, &io, err), 0);
	io = double_io(io, &faults);
	const int r = sp_format_dmg.open(out, io, &options, err);
	if (r < 0)
		sp_io_close(io);
	return r;
}

static struct sp_source *open_image(struct dmg_image *im)
{
	struct sp_source *source;
	struct sp_error err;

	dmg_image_finish(im);
	if (open_bytes(&source, im->out, im->size, &err))
		fail_msg("%s", err.text);
	return source;
}

static int read_blocks(struct sp_source *source, sp_lba lba, uint32_t count, uint8_t *data,
		       struct sp_error *err)
{
	uint16_t state[BLOCKS] = {0};
	struct sp_span span = {.lba = lba,
			       .count = count,
			       .mode = SP_MODE_BLOCK512,
			       .parts = SP_PART_USER,
			       .stride = 512,
			       .data = data,
			       .state = state};
	const int r = sp_source_read(source, &span, err);

	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(state[i], 0);
	return r;
}

static void check_blocks(struct sp_source *source)
{
	uint8_t data[BLOCKS * 512], want[BLOCKS * 512];
	struct sp_error err;

	dmg_image_fill(want, 0, BLOCKS);
	memset(want + 10 * 512, 0, 6 * 512);
	memset(want + 36 * 512, 0, 4 * 512);
	memset(want + 60 * 512, 0, 4 * 512);
	assert_int_equal(source->disc->medium, SP_MEDIUM_BLOCK);
	assert_int_equal(sp_disc_sectors(source->disc), BLOCKS);
	if (read_blocks(source, 0, BLOCKS, data, &err))
		fail_msg("%s", err.text);
	assert_memory_equal(data, want, sizeof(want));
	for (sp_lba i = BLOCKS; i--;) {
		assert_int_equal(read_blocks(source, i, 1, data, &err), 0);
		assert_memory_equal(data, want + i * 512, 512);
	}
}

struct proofs {
	unsigned right, wrong;
	char text[2000];
};

static void take_proof(void *user, const struct sp_proof *proof)
{
	struct proofs *p = user;

	p->right += proof->ok;
	p->wrong += !proof->ok;
	snprintf(p->text + strlen(p->text), sizeof(p->text) - strlen(p->text), "%s %s\n",
		 proof->what, proof->ok ? "right" : "wrong");
}

static struct proofs prove(struct sp_source *source)
{
	struct proofs p = {0};
	struct sp_error err;

	if (sp_source_prove(source, take_proof, &p, &err))
		fail_msg("%s", err.text);
	return p;
}

static void blocks_come_out_wherever_trailer_and_maps_are(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		struct dmg_image *im = dmg_image_new();

		im->rsrc = kind & 1;
		im->first = kind & 2;
		struct sp_source *source = open_image(im);
		check_blocks(source);
		struct proofs p = prove(source);
		assert_int_equal(p.wrong, 0);
		assert_int_equal(p.right, 4);
		assert_string_equal(notes, "");
		sp_source_close(source);
		free(im);
	}
}

static void a_trailer_is_found_before_what_pads_the_file(void **state)
{
	struct dmg_image *im = dmg_image_new();
	struct sp_source *source;
	struct sp_error err;

	(void)state;
	dmg_image_finish(im);
	assert_true(im->size + 65100 < sizeof(im->out));
	memset(im->out + im->size, 0xa5, 65100);
	for (size_t more = 0; more < 65030; more += more < 505 ? 73 : 1) {
		more = more > 520 && more < 65018 ? 65018 : more;
		const struct sp_format *format;
		struct sp_io *io;
		const int r = open_bytes(&source, im->out, im->size + more, &err);

		assert_int_equal(r, more <= 65024 ? 0 : SP_ERR_FORMAT);
		assert_int_equal(strlen(notes) > 0, more > 512 && more <= 65024);
		notes[0] = '\0';
		if (!r)
			check_blocks(source);
		sp_source_close(r ? NULL : source);
		assert_int_equal(sp_memory_open(mem, "a.dmg", false, &io, &err), 0);
		if (more <= 65024) {
			assert_int_equal(sp_identify(&format, io, &err), 0);
			assert_string_equal(format->name, "dmg");
		} else {
			assert_true(sp_identify(&format, io, &err) < 0 ||
				    strcmp(format->name, "dmg") != 0);
		}
		sp_io_close(io);
	}
	free(im);
}

static void checksums_need_no_second_reading(void **state)
{
	struct dmg_image *im = dmg_image_new();
	uint8_t data[BLOCKS * 512];
	struct sp_error err;

	(void)state;
	struct sp_source *source = open_image(im);
	faults.kinds = DOUBLE_READ;
	for (sp_lba at = 0; at < BLOCKS; at += 4)
		assert_int_equal(read_blocks(source, at, 4, data, &err), 0);
	const unsigned before = faults.count;
	struct proofs p = prove(source);
	assert_int_equal(p.right, 4);
	assert_int_equal(p.wrong, 0);
	assert_int_equal(faults.count, before);
	/* and again, when asked again: from the file this time */
	p = prove(source);
	assert_int_equal(p.right, 4);
	assert_true(faults.count > before);
	sp_source_close(source);
	free(im);
}

static void checksums_are_right_whatever_was_read_before(void **state)
{
	static const sp_lba order[][4] = {
		{40, 0, 20, 60}, {8, 12, 16, 20}, {0, 0, 0, 0}, {60, 40, 36, 0}, {0, 20, 30, 44}};

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct dmg_image *im = dmg_image_new();
		struct sp_source *source = open_image(im);
		uint8_t data[4 * 512];
		struct sp_error err;

		for (size_t k = 0; k < 4; k++)
			assert_int_equal(read_blocks(source, order[i][k], 4, data, &err), 0);
		struct proofs p = prove(source);
		assert_int_equal(p.right, 4);
		assert_int_equal(p.wrong, 0);
		sp_source_close(source);
		free(im);
	}
}

static void each_wrong_checksum_is_told_by_its_name(void **state)
{
	static const char *const want[] = {
		"data fork CRC-32 right\nCRC-32 of part 0 wrong\nCRC-32 of part 1 right\nmaster "
		"CRC-32 "
		"wrong\n",
		"data fork CRC-32 right\nCRC-32 of part 0 right\nCRC-32 of part 1 wrong\nmaster "
		"CRC-32 "
		"wrong\n",
		"data fork CRC-32 wrong\nCRC-32 of part 0 right\nCRC-32 of part 1 right\nmaster "
		"CRC-32 "
		"right\n",
		"data fork CRC-32 right\nCRC-32 of part 0 right\nCRC-32 of part 1 right\nmaster "
		"CRC-32 "
		"wrong\n",
		"data fork CRC-32 wrong\nCRC-32 of part 0 wrong\nCRC-32 of part 1 right\nmaster "
		"CRC-32 "
		"right\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct dmg_image *im = dmg_image_new();
		struct sp_sink *sink;
		struct sp_error err;

		if (i < 2)
			im->sum[i][3] ^= 1;
		else if (i == 2)
			im->fork_sum[0] ^= 0x80;
		else if (i == 3)
			im->master[1] ^= 2;
		else
			im->fork[im->run[0][2].at + 700] ^= 4;
		struct sp_source *source = open_image(im);
		struct proofs p = prove(source);
		assert_string_equal(p.text, want[i]);
		/* and a copy ends before its sink is finished */
		assert_int_equal(sp_sink_null(&sink, &err), 0);
		struct sp_copy copy = {.source = source, .sink = sink};
		assert_int_equal(sp_copy(&copy, &err), SP_ERR_FORMAT);
		assert_non_null(strstr(err.text, "the image is damaged"));
		sp_sink_close(sink);
		sp_source_close(source);
		free(im);
	}
}

/* Of 512 zeros, as md5sum and its kin give them. */
static void other_kinds_of_checksums_are_checked_or_named(void **state)
{
	static const struct {
		uint32_t type, bits;
		const char *sum;
		const char *name; /* NULL: not checked */
	} kind[] = {
		{4, 128, "\xbf\x61\x9e\xac\x0c\xdf\x3f\x68\xd4\x96\xea\x93\x44\x13\x7e\x8b", "MD5"},
		{6, 160,
		 "\x5c\x3e\xb8\x00\x66\x42\x00\x02\xbc\x3d\xcc\x7c\xa4\xab\x6e\xfa\xd7\xed\x4a\xe5",
		 "SHA-1"},
		{7, 256,
		 "\x07\x6a\x27\xc7\x9e\x5a\xce\x2a\x3d\x47\xf9\xdd\x2e\x83\xe4\xff\x6e\xa8\x87\x2b"
		 "\x3c"
		 "\x22\x18\xf6\x6c\x92\xb8\x9b\x55\xf3\x65\x60",
		 "SHA-256"},
		{8, 256,
		 "\x07\x6a\x27\xc7\x9e\x5a\xce\x2a\x3d\x47\xf9\xdd\x2e\x83\xe4\xff\x6e\xa8\x87\x2b"
		 "\x3c"
		 "\x22\x18\xf6\x6c\x92\xb8\x9b\x55\xf3\x65\x60",
		 "SHA-256"},
		{8, 384,
		 "\xd8\x3d\x9a\x38\xc2\x38\xef\x3b\x7b\xc2\x07\xbb\xea\x32\x87\xa8"
		 "\xb3\x7b\x37\xe7\x31\x48\x0a\x8d\x24\x0d\x2a\x69\x53\x08\x6c\x5e"
		 "\xcb\xdf\x7e\xe4\xc7\x2f\xec\x3a\x3e\x9d\x4a\x87\xf4\xf9\xb4\xfe",
		 "SHA-384"},
		{9, 512,
		 "\xdf\x40\xd4\xa7\x74\xe0\xb4\x53\xa5\xb8\x7c\x00\xd6\xf0\xef\x5d"
		 "\x75\x31\x43\x45\x4e\x88\xee\x5f\x7b\x60\x71\x34\x59\x82\x94\xc7"
		 "\x90\x5c\xcb\xcf\x94\xbb\xc4\x6e\x47\x4d\xb6\xeb\x44\xe5\x6a\x6d"
		 "\xbb\x6d\x9a\x1b\xe9\xd4\xfb\x5d\x1b\x5f\x2d\x0c\x6e\xd3\x4b\xfe",
		 "SHA-512"},
		{9, 224, "", NULL},
		{10, 512, "", NULL},
		{1, 32, "", NULL},
		{2, 64, "", NULL},
		{2, 0x80000000, "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		struct dmg_image *im = dmg_image_new();
		char want[40];

		im->sum_type = kind[i].type;
		im->sum_bits = kind[i].bits;
		im->runs[0] = im->runs[1] = 0;
		dmg_image_add(im, 0, 2, 0, 39);
		dmg_image_add(im, 0, 0, 39, 1);
		dmg_image_add(im, 1, 2, 0, 24);
		memcpy(im->sum[0], kind[i].sum, kind[i].name ? kind[i].bits / 8 : 0);
		notes[0] = '\0';
		struct sp_source *source = open_image(im);
		struct proofs p = prove(source);
		snprintf(want, sizeof(want), "%s of part 0 right\n",
			 kind[i].name ? kind[i].name : "");
		if (kind[i].name && !strstr(p.text, want))
			fail_msg("%s, not %s", p.text, want);
		assert_int_equal(p.right + p.wrong, kind[i].name ? 4 : 0);
		assert_int_equal(strstr(notes, "4 checksums are not checked") != NULL,
				 !kind[i].name);
		sp_source_close(source);
		free(im);
	}
	/* type 0 is none at all */
	struct dmg_image *im = dmg_image_new();
	im->sum_type = im->sum_bits = 0;
	notes[0] = '\0';
	struct sp_source *source = open_image(im);
	assert_int_equal(prove(source).right, 0);
	assert_string_equal(notes, "");
	sp_source_close(source);
	free(im);
}

static unsigned spoil_part, spoil_at, spoil_size;
static uint64_t spoil_value;

static void spoil_one(uint8_t *mish, unsigned part)
{
	if (part != spoil_part)
		return;
	if (spoil_size == 8)
		put_be64(mish + spoil_at, spoil_value);
	else
		put_be32(mish + spoil_at, (uint32_t)spoil_value);
}

#define FIELD(part, run, field) part, MISH + (run)*RUN + (field)

static void maps_that_cannot_be_are_refused_with_their_place(void **state)
{
	static const struct {
		unsigned part, at, size;
		uint64_t value;
		const char *text;
	} bad[] = {
		{0, 0, 4, 0x6d697367, "block map 1: does not begin as one"},
		{1, 4, 4, 2, "block map 2: does not begin as one"},
		{1, 200, 4, 4, "block map 2: says more runs than it has"},
		{1, 200, 4, 0xffffffff, "block map 2: says more runs than it has"},
		{0, 16, 8, UINT64_MAX, "block map 1 \"part 0\": ends behind the last block"},
		{1, 8, 8, UINT64_MAX - 3, "block map 2 \"part 1\": ends behind the last block"},
		{1, 8, 8, 41, "block map 2 \"part 1\": ends behind the last block"},
		{1, 8, 8, 39, "byte 19968 is in two blocks"},
		{0, 24, 8, UINT64_MAX, "\"part 0\", run 1: block at byte 0: its 5131 stored bytes"},
		{FIELD(0, 0, 0), 4, 0x80000009, "\"part 0\", run 1: unknown block type 0x80000009"},
		{FIELD(0, 0, 0), 4, 3, "\"part 0\", run 1: unknown block type 0x00000003"},
		{FIELD(1, 0, 8), 8, 5,
		 "\"part 1\", run 1: 20 blocks from block 5 do not lie within"},
		{FIELD(1, 0, 8), 8, UINT64_MAX, "\"part 1\", run 1: 20 blocks from block 184467"},
		{FIELD(1, 0, 16), 8, UINT64_MAX, "\"part 1\", run 1: 18446744073709551615 blocks"},
		{FIELD(1, 0, 16), 8, 21, "byte 30720 is in two blocks"},
		{FIELD(1, 0, 16), 8, 19, "where blocks 59 to 59 of the disk lie"},
		{FIELD(1, 1, 16), 8, 3, "where blocks 63 to 63 of the disk lie"},
		{FIELD(0, 0, 16), 8, 0, "where blocks 0 to 9 of the disk lie"},
		{FIELD(0, 2, 24), 8, 30000,
		 "\"part 0\", run 3: block at byte 8192: its 10240 stored"},
		{FIELD(0, 2, 24), 8, UINT64_MAX - 5, "\"part 0\", run 3: block at byte 8192"},
		{FIELD(0, 2, 32), 8, 10239, "\"part 0\", run 3: 10239 bytes are stored for 10240"},
		{FIELD(0, 0, 32), 8, UINT64_MAX, "\"part 0\", run 1: block at byte 0"},
		{FIELD(0, 0, 32), 8, 0, "\"part 0\", run 1: block at byte 0: no zlib data"},
		{FIELD(0, 2, 0), 4, 0xffffffff, "\"part 0\", run 4: stands behind the end mark"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (unsigned rsrc = 0; rsrc < 2; rsrc++) {
			struct dmg_image *im = dmg_image_new();
			struct sp_source *source;
			struct sp_error err;

			im->spoil = spoil_one;
			im->rsrc = rsrc;
			spoil_part = bad[i].part;
			spoil_at = bad[i].at;
			spoil_size = bad[i].size;
			spoil_value = bad[i].value;
			dmg_image_finish(im);
			const int r = open_bytes(&source, im->out, im->size, &err);
			if (r != SP_ERR_FORMAT && r != SP_ERR_UNSUPPORTED)
				fail_msg("%zu: %s: is taken", i, bad[i].text);
			/* without a plist part 1 has no name */
			if (!strstr(err.text, bad[i].text) && !rsrc)
				fail_msg("%s, not %s", err.text, bad[i].text);
			assert_int_equal(strncmp(err.text, "a.dmg: ", 7), 0);
			free(im);
		}
	}
}

static void trailers_that_cannot_be_are_refused(void **state)
{
	static const struct {
		size_t at;
		unsigned size;
		uint64_t value;
		const char *text;
	} bad[] = {
		{0, 4, 0x6b6f6c7a, "there is no UDIF trailer"},
		{4, 4, 3, "there is no UDIF trailer"},
		{0x18, 8, UINT64_MAX, "the data fork does not lie in the file"},
		{0x20, 8, UINT64_MAX, "the data fork does not lie in the file"},
		{0x20, 8, 1000, "do not lie within the 1000 there are"},
		{0xd8, 8, UINT64_MAX, "the property list does not lie in the file"},
		{0xe0, 8, UINT64_MAX, "the property list does not lie in the file"},
		{0xe0, 8, 0, "there is neither a property list nor a resource fork"},
		{0xe0, 8, 100, "property list, line 1"},
		{0x38, 4, 2, "its segment's number is none of those there are"},
		{0x3c, 4, 2, "a.002.dmgpart"},
		{0x3c, 4, 1000, "its segment's number is none of those there are"},
		{0x1ec, 8, 63, "block map 2 \"part 1\": ends behind the last block"},
		{0x1ec, 8, 65, "where blocks 64 to 64 of the disk lie"},
		{0x1ec, 8, UINT64_C(1) << 55, "says more blocks than 64 bits count"},
		{0x1ec, 8, (UINT64_C(1) << 54) - 1, "where blocks 64 to"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct dmg_image *im = dmg_image_new();
		struct sp_source *source;
		struct sp_error err;

		dmg_image_finish(im);
		if (bad[i].at == 0x38) {
			put_be32(im->out + im->koly + 0x3c, 3);
			put_be32(im->out + im->koly + 0x38, 4);
		} else if (bad[i].size == 8) {
			put_be64(im->out + im->koly + bad[i].at, bad[i].value);
		} else {
			put_be32(im->out + im->koly + bad[i].at, (uint32_t)bad[i].value);
		}
		if (open_bytes(&source, im->out, im->size, &err) >= 0)
			fail_msg("%s: is taken", bad[i].text);
		if (!strstr(err.text, bad[i].text))
			fail_msg("%s, not %s", err.text, bad[i].text);
		free(im);
	}
}

static void a_trailer_without_a_count_of_blocks_is_believed_the_maps(void **state)
{
	struct dmg_image *im = dmg_image_new();
	struct sp_source *source;
	struct sp_error err;

	(void)state;
	dmg_image_finish(im);
	put_be64(im->out + im->koly + 0x1ec, 0);
	assert_int_equal(open_bytes(&source, im->out, im->size, &err), 0);
	assert_non_null(strstr(notes, "the block maps have 64"));
	check_blocks(source);
	sp_source_close(source);
	free(im);
}

static void an_image_cut_anywhere_is_refused(void **state)
{
	struct dmg_image *im = dmg_image_new();
	struct sp_source *source;
	struct sp_error err;

	(void)state;
	dmg_image_finish(im);
	for (size_t size = 0; size < im->size; size += size < im->koly - 3 ? 97 : 1)
		assert_true(open_bytes(&source, im->out, size, &err) < 0);
	im->first = true;
	dmg_image_finish(im);
	for (size_t size = 0; size < im->size; size += size < 600 ? 1 : 97)
		assert_true(open_bytes(&source, im->out, size, &err) < 0);
	free(im);
}

static void terabytes_of_zeros_open_at_once(void **state)
{
	const uint64_t count = UINT64_C(1) << 31; /* 1 TiB */
	struct dmg_image *im = dmg_image_new();
	struct sp_source *source;
	struct sp_error err;
	uint8_t data[512];

	(void)state;
	im->runs[1] = 0;
	dmg_image_add(im, 1, 2, 0, 24);
	im->run[1][0].count = count;
	im->spoil = spoil_one;
	spoil_part = 1;
	spoil_at = 16;
	spoil_size = 8;
	spoil_value = count;
	dmg_image_finish(im);
	put_be64(im->out + im->koly + 0x1ec, 40 + count);
	if (open_bytes(&source, im->out, im->size, &err))
		fail_msg("%s", err.text);
	assert_true(sp_disc_sectors(source->disc) == 40 + count);
	assert_int_equal(read_blocks(source, (sp_lba)(39 + count), 1, data, &err), 0);
	sp_source_close(source);
	free(im);
}

static void a_failing_file_is_an_error_or_right_bytes(void **state)
{
	(void)state;
	for (unsigned nth = 1; nth < 30; nth++) {
		for (unsigned forever = 0; forever < 2; forever++) {
			struct dmg_image *im = dmg_image_new();
			struct sp_source *source;
			struct sp_error err;
			struct proofs p = {0};
			uint8_t data[BLOCKS * 512];

			memset(&faults, 0, sizeof(faults));
			faults.kinds = DOUBLE_READ;
			faults.nth = nth;
			faults.forever = forever;
			dmg_image_finish(im);
			int r = open_bytes(&source, im->out, im->size, &err);
			const bool opened = !r;
			if (!r)
				r = read_blocks(source, 0, BLOCKS, data, &err);
			if (!r)
				r = sp_source_prove(source, take_proof, &p, &err);
			if (r)
				assert_int_equal(r, SP_ERR_IO);
			else
				assert_int_equal(p.right, 4);
			assert_int_equal(p.wrong, 0);
			sp_source_close(opened ? source : NULL);
			free(im);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(blocks_come_out_wherever_trailer_and_maps_are),
		TEST(a_trailer_is_found_before_what_pads_the_file),
		TEST(checksums_need_no_second_reading),
		TEST(checksums_are_right_whatever_was_read_before),
		TEST(each_wrong_checksum_is_told_by_its_name),
		TEST(other_kinds_of_checksums_are_checked_or_named),
		TEST(maps_that_cannot_be_are_refused_with_their_place),
		TEST(trailers_that_cannot_be_are_refused),
		TEST(a_trailer_without_a_count_of_blocks_is_believed_the_maps),
		TEST(an_image_cut_anywhere_is_refused),
		TEST(terabytes_of_zeros_open_at_once),
		TEST(a_failing_file_is_an_error_or_right_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
