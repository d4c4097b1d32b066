/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two kinds of sound files that are written, FLAC and WAVE: what goes in comes out, tags have
 * their room, and what cannot be written is told. */
#include "codec/flac.h"
#include "formats/audio_write.h"
#include "tests/doubles.h"
#include "tests/flac_decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { PCM_SIZE = 588 * 4 * 30 };

/* Some of it repeats, some is noise, and both extremes are there. */
static uint8_t *make_pcm(void)
{
	uint8_t *pcm = malloc(PCM_SIZE);
	uint32_t noise = 1;

	assert_non_null(pcm);
	for (size_t i = 0; i < PCM_SIZE; i++) {
		noise = noise * 1103515245 + 12345;
		pcm[i] = i < PCM_SIZE / 3         ? (uint8_t)(i / 64)
			 : i < 2 * (PCM_SIZE / 3) ? (uint8_t)(noise >> 16)
						  : (i / 4 % 9 ? 0x00 : (i % 2 ? 0x80 : 0xff));
	}
	return pcm;
}

static const struct sp_tags no_tags;

static struct sp_io *make_writer(struct sp_memory *mem, uint64_t bytes, unsigned level,
				 const struct sp_tags *tags)
{
	struct sp_io *io, *flac;
	struct sp_error err;

	assert_int_equal(sp_memory_open(mem, "x.flac", true, &io, &err), 0);
	assert_int_equal(sp_flac_writer(&flac, io, bytes, level, tags, &err), 0);
	return flac;
}

static void flac_decodes_to_what_was_written_at_every_level(void **state)
{
	(void)state;
	uint8_t *pcm = make_pcm();

	for (unsigned level = 0; level <= SP_FLAC_LEVEL_MAX; level++) {
		struct sp_memory *mem = sp_memory_new();
		struct sp_io *flac = make_writer(mem, PCM_SIZE, level, &no_tags);
		struct sp_error err;
		struct decoded d;

		for (size_t at = 0, n = 4; at < PCM_SIZE; at += n, n = n * 3 % 50000 / 4 * 4 + 4) {
			if (n > PCM_SIZE - at)
				n = PCM_SIZE - at;
			assert_int_equal(sp_io_write(flac, at, pcm + at, n, &err), 0);
		}
		assert_int_equal(sp_flac_finish(flac, &no_tags, &err), 0);
		sp_io_close(flac);
		decode(&d, mem, "x.flac");
		assert_int_equal(d.pcm_size, PCM_SIZE);
		assert_memory_equal(d.pcm, pcm, PCM_SIZE);
		assert_string_equal(d.comments, "");
		assert_int_equal(d.seektables, 0);
		assert_true(strstr(d.vendor, "libFLAC") != NULL);
		decoded_clear(&d);
		sp_memory_free(mem);
	}
	free(pcm);
}

static void flac_tags_are_the_last_ones_and_those_without_room_are_left_out(void **state)
{
	(void)state;
	static char title[5000];
	struct sp_memory *mem = sp_memory_new();
	uint8_t *pcm = make_pcm();
	struct sp_tags first = {.tag = {{"TITLE", NULL, "Once"}}, .count = 1}, last = first;
	struct sp_io *flac = make_writer(mem, PCM_SIZE, 5, &first);
	struct sp_error err;
	struct decoded d;

	assert_int_equal(sp_io_write(flac, 0, pcm, PCM_SIZE, &err), 0);
	last.tag[0].value = "Ein h\xc3\xb6herer Titel";
	last.tag[1] = (struct sp_tag){"ISRC", NULL, "DEABC2400001"};
	last.count = 2;
	assert_int_equal(sp_flac_finish(flac, &last, &err), 0);
	decode(&d, mem, "x.flac");
	assert_string_equal(d.comments, "TITLE=Ein h\xc3\xb6herer Titel\nISRC=DEABC2400001\n");
	assert_in_range(d.padding, 4000, 4095);
	decoded_clear(&d);

	/* to the last byte of the room, and one beyond */
	const size_t room = 4096 + strlen("TITLE=Once") + 4 - (strlen("ISRC=DEABC2400001") + 4);
	for (size_t over = 0; over < 2; over++) {
		memset(title, 'x', sizeof(title));
		title[room - 4 - strlen("TITLE=") + over] = '\0';
		last.tag[0].value = title;
		assert_int_equal(sp_flac_finish(flac, &last, &err), 0);
		decode(&d, mem, "x.flac");
		assert_int_equal(strstr(d.comments, "ISRC=") == NULL, over == 1);
		assert_int_equal(d.padding, over ? 20 : 0);
		assert_memory_equal(d.pcm, pcm, PCM_SIZE);
		decoded_clear(&d);
	}
	sp_io_close(flac);
	sp_memory_free(mem);
	free(pcm);
}

static void flac_takes_whole_samples_in_order_and_no_more_than_announced(void **state)
{
	(void)state;
	static const uint8_t pcm[4096];
	struct sp_memory *mem = sp_memory_new();
	struct sp_io *flac = make_writer(mem, 1000, 5, &no_tags);
	struct sp_error err;
	struct decoded d;

	assert_int_equal(sp_io_write(flac, 4, pcm, 4, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_write(flac, 0, pcm, 3, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_write(flac, 0, pcm, 1004, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_write(flac, 0, pcm, 400, &err), 0);
	assert_int_equal(sp_io_read(flac, 0, (uint8_t[4]){0}, 4, &err), SP_ERR_USAGE);
	/* a copy that ends early is whole as far as it goes */
	assert_int_equal(sp_flac_finish(flac, &no_tags, &err), 0);
	decode(&d, mem, "x.flac");
	assert_int_equal(d.pcm_size, 400);
	decoded_clear(&d);
	sp_io_close(flac);

	flac = make_writer(mem, 1000, 5, &no_tags);
	assert_int_equal(sp_flac_finish(flac, &no_tags, &err), 0);
	decode(&d, mem, "x.flac");
	assert_int_equal(d.pcm_size, 0);
	decoded_clear(&d);
	sp_io_close(flac);
	sp_memory_free(mem);
}

static void flac_that_cannot_be_written_says_so_wherever_it_happens(void **state)
{
	(void)state;
	uint8_t *pcm = make_pcm();
	unsigned calls = 1;

	for (unsigned nth = 0; nth <= calls; nth++) {
		struct double_faults faults = {.kinds = DOUBLE_WRITE, .nth = nth};
		struct sp_memory *mem = sp_memory_new();
		struct sp_error err = {0};
		struct sp_io *io, *flac;

		assert_int_equal(sp_memory_open(mem, "x.flac", true, &io, &err), 0);
		io = double_io(io, &faults);
		assert_int_equal(sp_flac_writer(&flac, io, PCM_SIZE, 5, &no_tags, &err), 0);
		int r = sp_io_write(flac, 0, pcm, PCM_SIZE, &err);
		if (!r)
			r = sp_flac_finish(flac, &no_tags, &err);
		assert_int_equal(r, nth ? SP_ERR_IO : 0);
		assert_int_equal(err.sys_errno != 0, nth != 0);
		if (!nth)
			calls = faults.count;
		sp_io_close(flac);
		sp_memory_free(mem);
	}
	assert_true(calls > 8);
	free(pcm);
}

static void wave_head_has_44_bytes_and_tags_follow_the_samples(void **state)
{
	(void)state;
	static const uint8_t expected[] =
		"RIFF\x54\x00\x00\x00"
		"WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x44\xac\x00\x00\x10\xb1\x02\x00\x04\x00"
		"\x10\x00"
		"data\x08\x00\x00\x00"
		"12345678"
		"LIST\x20\x00\x00\x00INFOINAM\x06\x00\x00\x00Title\0IART\x05\x00\x00\x00"
		"Four\0\0";
	const struct sp_tags tags = {.tag = {{"TITLE", "INAM", "Title"},
					     {"ISRC", NULL, "DEABC2400001"},
					     {"ARTIST", "IART", "Four"}},
				     .count = 3};
	const struct sp_tags number = {.tag = {{"TRACKNUMBER", "ITRK", "1"}}, .count = 1};
	struct sp_memory *mem = sp_memory_new();
	struct sp_error err;
	struct sp_io *io;
	uint64_t size;

	assert_int_equal(sp_memory_open(mem, "x.wav", true, &io, &err), 0);
	assert_int_equal(sp_io_write(io, SP_WAVE_HEAD, "12345678", 8, &err), 0);
	assert_int_equal(sp_wave_finish(io, &number, &err), 0);
	sp_memory_get(mem, "x.wav", &size);
	assert_int_equal(size, 52);
	assert_int_equal(sp_wave_finish(io, &tags, &err), 0);
	const uint8_t *data = sp_memory_get(mem, "x.wav", &size);
	assert_int_equal(size, sizeof(expected) - 1);
	assert_memory_equal(data, expected, size);
	sp_io_close(io);
	sp_memory_free(mem);
}

static int huge_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
		      struct sp_error *err)
{
	(void)io, (void)at, (void)data, (void)size, (void)err;
	return 0;
}

static void wave_of_more_than_4_gib_is_refused(void **state)
{
	(void)state;
	static const struct sp_io_ops ops = {.write = huge_write};
	struct sp_io io = {.ops = &ops, .name = "x.wav", .flags = SP_IO_WRITABLE};
	struct sp_error err;

	io.size = UINT32_MAX;
	assert_int_equal(sp_wave_finish(&io, &no_tags, &err), 0);
	io.size = UINT32_MAX + UINT64_C(1);
	assert_int_equal(sp_wave_finish(&io, &no_tags, &err), SP_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "4 GiB"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flac_decodes_to_what_was_written_at_every_level),
		cmocka_unit_test(flac_tags_are_the_last_ones_and_those_without_room_are_left_out),
		cmocka_unit_test(flac_takes_whole_samples_in_order_and_no_more_than_announced),
		cmocka_unit_test(flac_that_cannot_be_written_says_so_wherever_it_happens),
		cmocka_unit_test(wave_head_has_44_bytes_and_tags_follow_the_samples),
		cmocka_unit_test(wave_of_more_than_4_gib_is_refused),
	};

	return cmocka_run_group_tests_name("sound_write", tests, NULL, NULL);
}
