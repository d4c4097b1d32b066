/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raw sectors: which files are taken for some, and what is asked for where content says nothing. */
#include "disc/subchannel.h"
#include "tests/rawfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* Whether sp_identify finds anything, and what. */
static const char *named(const uint8_t *data, size_t size, const char *name)
{
	struct sp_memory *mem = sp_memory_new();
	const struct sp_format *found;
	struct sp_io *io;

	assert_int_equal(sp_memory_put(mem, name, data, size), 0);
	assert_int_equal(sp_memory_open(mem, name, false, &io, NULL), 0);
	const int r = sp_identify(&found, io, NULL);
	sp_io_close(io);
	sp_memory_free(mem);
	return r ? "" : found->name;
}

static uint32_t noise(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

static void files_of_other_kinds_are_never_claimed(void **unused)
{
	static const size_t size[] = {2352 * 320, 2448 * 320, 2336 * 350, 2368 * 320, 2332 * 350,
				      2352 * 2,   2352 * 4,   4,          0,          700000};
	uint8_t *data = malloc(850000);
	uint32_t seed = 1;

	(void)unused;
	for (unsigned kind = 0; kind < 7; kind++) {
		for (size_t i = 0; i < 850000; i++) {
			const uint32_t r = noise(&seed);

			data[i] = kind == 0   ? (uint8_t)r                      /* compressed */
				  : kind == 1 ? 0                               /* empty */
				  : kind == 2 ? (uint8_t)(32 + r % 90)          /* text */
				  : kind == 3 ? (uint8_t)(r % 4 ? 0 : r >> 8)   /* tables */
				  : kind == 4 ? (uint8_t)(i / 4 >> (i % 4 * 8)) /* counters */
				  : kind == 5 ? (uint8_t)(i % 2 ? r % 3 : r)
					      : 0xff;
		}
		for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++)
			if (*named(data, size[i], "a.bin"))
				fail_msg("kind %u of %zu bytes is taken for %s", kind, size[i],
					 named(data, size[i], "a.bin"));
	}
	/* one sync pattern is none */
	memset(data, 0, 850000);
	memset(data + 1, 0xff, 10);
	assert_string_equal(named(data, 2352 * 4, "a.bin"), "");
	free(data);
}

static void audio_is_claimed_by_its_sound_alone(void **unused)
{
	struct rawfile_shape s = {.name = "audio", .main = 2352, .piece = {{SP_MODE_AUDIO, 300}}};
	struct rawfile im = rawfile_make(&s);

	(void)unused;
	assert_string_equal(named(im.file, im.size, "a.bin"), "raw");
	assert_string_equal(named(im.file, im.size - 2352, "a.bin"), ""); /* less than 4 s */
	assert_string_equal(named(im.file, im.size - 4, "a.bin"), "");
	/* the other byte order is no sound */
	sp_swap16(im.file, im.size);
	assert_string_equal(named(im.file, im.size, "a.bin"), "");
	/* any whole sectors where the name says raw */
	assert_string_equal(named(im.file, 2352 * 3, "a.raw"), "raw");
	assert_string_equal(named(im.file, 2352 * 3 + 1, "a.raw"), "");
	rawfile_free(&im);
}

static void what_holds_a_volume_or_a_container_stays_that(void **unused)
{
	uint8_t *data = calloc(1, 2352 * 400);

	(void)unused;
	memcpy(data + 0x8000, "\1CD001\1", 7);
	assert_string_equal(named(data, 2352 * 128, "a.bin"), "iso");
	assert_string_equal(named(data, 2352 * 128, "a.raw"), "iso");
	memset(data, 0, 40000);
	rawfile_audio(0, data);
	for (sp_lba i = 0; i < 400; i++)
		rawfile_audio(i, data + 2352 * i);
	memcpy(data, "RIFF\x80\x13\0\0WAVEfmt ", 16);
	assert_string_equal(named(data, 2352 * 400, "a.bin"), "wave");
	free(data);
}

static int open_with(struct rawfile *im, const char *key, const char *value, struct sp_source **src,
		     struct sp_error *err)
{
	const struct sp_option option = {key, value};

	return rawfile_open(im, "a.bin", key ? &option : NULL, true, src, err);
}

static void options_say_what_content_does_not(void **unused)
{
	struct rawfile_shape s = {.name = "noise", .main = 2352, .piece = {{SP_MODE_AUDIO, 8}}};
	struct rawfile im = rawfile_make(&s);
	struct sp_error err = {0};
	struct sp_source *src;
	uint32_t seed = 3;

	(void)unused;
	for (size_t i = 0; i < im.size; i++)
		im.file[i] = (uint8_t)noise(&seed);
	/* whole sectors, asked for */
	assert_int_equal(open_with(&im, NULL, NULL, &src, &err), 0);
	assert_int_equal(src->disc->track[0].mode, SP_MODE_AUDIO);
	assert_int_equal(src->disc->track[0].length, 8);
	rawfile_must_say(&s, &im, "what was asked for");
	rawfile_must_say(&s, &im, "nothing tells where it begins");
	sp_source_close(src);
	assert_int_equal(open_with(&im, "start", "-20", &src, &err), 0);
	assert_int_equal(src->disc->region[0].lba, -20);
	sp_source_close(src);
	assert_int_equal(open_with(&im, "stride", "2336", &src, &err), 0);
	assert_int_equal(src->disc->track[0].mode, SP_MODE_XA);
	assert_int_equal(src->disc->track[0].length, 9);
	sp_source_close(src);
	assert_int_equal(open_with(&im, "stride", "2448", &src, &err), 0);
	assert_int_equal(src->disc->region[1].parts, SP_PART_USER | SP_PART_PW);
	sp_source_close(src);
	assert_int_equal(open_with(&im, "stride", "2048", &src, &err), 0);
	assert_int_equal(src->disc->track[0].mode, SP_MODE_MODE1);
	sp_source_close(src);
	/* a size that is none of audio */
	im.size--;
	assert_int_equal(open_with(&im, NULL, NULL, &src, &err), SP_ERR_FORMAT);
	assert_non_null(strstr(err.text, "-O stride="));
	assert_int_equal(open_with(&im, "mode", "audio", &src, &err), 0);
	rawfile_must_say(&s, &im, "1 bytes missing");
	sp_source_close(src);
	assert_int_equal(open_with(&im, "mode", "xa", &src, &err), SP_ERR_FORMAT);
	assert_int_equal(open_with(&im, "mode", "video", &src, &err), SP_ERR_USAGE);
	assert_int_equal(open_with(&im, "stride", "2000", &src, &err), SP_ERR_USAGE);
	assert_int_equal(open_with(&im, "stride", "2352x", &src, &err), SP_ERR_USAGE);
	assert_int_equal(open_with(&im, "start", "-151", &src, &err), SP_ERR_USAGE);
	assert_int_equal(open_with(&im, "start", "", &src, &err), SP_ERR_USAGE);
	im.size = 0;
	assert_int_equal(open_with(&im, NULL, NULL, &src, &err), SP_ERR_FORMAT);
	assert_int_equal(open_with(&im, "mode", "audio", &src, &err), SP_ERR_FORMAT);
	rawfile_free(&im);
}

static void the_order_of_sub_channel_is_told_where_q_does_not(void **unused)
{
	const struct rawfile_shape s = {
		.name = "P-W", .main = 2352, .order = LINEAR, .piece = {{SP_MODE_MODE1, 20}}};
	struct rawfile im = rawfile_make(&s);
	struct sp_error err = {0};
	struct sp_source *src;

	(void)unused;
	assert_int_equal(open_with(&im, "pw", "interleaved", &src, &err), 0);
	rawfile_check(&s, &im, src); /* Q knows better */
	sp_source_close(src);
	for (size_t i = 0; i < im.sectors; i++) {
		uint8_t *sub = im.file + i * 2448 + 2352;

		sub[12] ^= 1; /* Q's CRC */
		sp_sub_to_interleaved(sub, im.sub + i * SP_SUB_SIZE);
	}
	assert_int_equal(open_with(&im, "pw", "linear", &src, &err), 0);
	rawfile_check(&s, &im, src);
	rawfile_must_say(&s, &im, "no Q has a good CRC");
	sp_source_close(src);
	rawfile_free(&im);
}

static void options_overrule_content(void **unused)
{
	const struct rawfile_shape s = {
		.name = "mode 1", .main = 2352, .piece = {{SP_MODE_MODE1, 20}}};
	struct rawfile im = rawfile_make(&s);
	struct sp_error err = {0};
	struct sp_source *src;

	(void)unused;
	assert_int_equal(open_with(&im, "mode", "audio", &src, &err), 0);
	assert_int_equal(src->disc->track[0].mode, SP_MODE_AUDIO);
	rawfile_check(&s, &im, src);
	sp_source_close(src);
	assert_int_equal(open_with(&im, "start", "500", &src, &err), 0);
	assert_int_equal(src->disc->track[0].start, 500);
	rawfile_must_say(&s, &im, "have a header of another place");
	sp_source_close(src);
	rawfile_free(&im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_other_kinds_are_never_claimed),
		cmocka_unit_test(audio_is_claimed_by_its_sound_alone),
		cmocka_unit_test(what_holds_a_volume_or_a_container_stays_that),
		cmocka_unit_test(options_say_what_content_does_not),
		cmocka_unit_test(the_order_of_sub_channel_is_told_where_q_does_not),
		cmocka_unit_test(options_overrule_content),
	};

	return cmocka_run_group_tests_name("raw_claim", tests, NULL, NULL);
}
