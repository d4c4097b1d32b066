/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound files as CD audio: bit for bit where the coding is, the same in any order of reading, and
 * never quietly short or silent. */
#include "base/bytes.h"
#include "formats/formats.h"
#include "formats/sound_io.h"
#include "tests/cue_folder.h"
#include "tests/sound_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FRAMES = 40000,
	FLAC = SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
	FLAC24 = SF_FORMAT_FLAC | SF_FORMAT_PCM_24,
	VORBIS = SF_FORMAT_OGG | SF_FORMAT_VORBIS,
	OPUS = SF_FORMAT_OGG | SF_FORMAT_OPUS,
	MP3 = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III,
	WAVE16 = SF_FORMAT_WAV | SF_FORMAT_PCM_16,
	WAVE24 = SF_FORMAT_WAV | SF_FORMAT_PCM_24,
	WAVE8 = SF_FORMAT_WAV | SF_FORMAT_PCM_U8,
	WAVEF = SF_FORMAT_WAV | SF_FORMAT_FLOAT,
	WAVEX = SF_FORMAT_WAVEX | SF_FORMAT_PCM_16,
	RF64 = SF_FORMAT_RF64 | SF_FORMAT_PCM_16,
	AIFF16 = SF_FORMAT_AIFF | SF_FORMAT_PCM_16,
	AIFF24 = SF_FORMAT_AIFF | SF_FORMAT_PCM_24,
	ADPCM = SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM,
	WAVPACK = 0, /* not libsndfile's */
};

struct kind {
	const char *name;
	int format;
	unsigned rate, bits, channels;
};

static const struct kind kinds[] = {
	{"a.flac", FLAC, 44100, 16, 2},  {"b.wv", WAVPACK, 44100, 16, 2},
	{"c.wav", WAVE16, 44100, 16, 2}, {"d.aiff", AIFF16, 44100, 16, 2},
	{"e.ogg", VORBIS, 44100, 16, 2}, {"f.mp3", MP3, 44100, 16, 2},
	{"g.wav", WAVE24, 44100, 24, 2}, {"h.flac", FLAC24, 44100, 24, 2},
	{"i.wv", WAVPACK, 44100, 24, 2}, {"j.wav", WAVE8, 44100, 8, 2},
	{"k.flac", FLAC, 44100, 16, 1},  {"l.flac", FLAC, 48000, 16, 2},
	{"m.wv", WAVPACK, 22050, 16, 1}, {"n.wav", WAVEF, 44100, 32, 2},
	{"o.opus", OPUS, 48000, 16, 2},  {"p.wav", WAVEX, 44100, 16, 2},
	{"q.wav", RF64, 44100, 16, 2},   {"r.aiff", AIFF24, 44100, 24, 2},
	{"s.mp3", MP3, 48000, 16, 2},    {"t.wav", ADPCM, 44100, 16, 2},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct files {
	struct sp_memory *mem;
	bool made[KINDS];
	char notes[1024];
	struct sp_notes sink;
};

static void files_note(void *user, const char *text)
{
	struct files *files = user;
	const size_t used = strlen(files->notes);

	snprintf(files->notes + used, sizeof(files->notes) - used, "%s\n", text);
}

static int files_make(void **state)
{
	static struct files files;
	int32_t *samples = calloc(FRAMES * 2, sizeof(samples[0]));

	files.mem = sp_memory_new();
	files.sink = (struct sp_notes){files_note, &files};
	if (!files.mem || !samples)
		abort();
	for (size_t i = 0; i < KINDS; i++) {
		const struct kind *k = &kinds[i];

		sound_samples(samples, FRAMES, k->channels, k->bits);
		files.made[i] = true;
		if (k->format == WAVPACK)
			sound_put_wavpack(files.mem, k->name, k->rate, k->bits, k->channels,
					  samples, FRAMES);
		else
			files.made[i] = sound_put(files.mem, k->name, k->format, k->rate,
						  k->channels, samples, FRAMES);
		if (!files.made[i])
			print_message("%s: there is no encoder for it: left out\n", k->name);
	}
	free(samples);
	*state = &files;
	return 0;
}

static int files_free(void **state)
{
	sp_memory_free(((struct files *)*state)->mem);
	return 0;
}

static int view(struct files *files, const char *name, bool convert, struct sp_io **io,
		struct sp_error *err)
{
	bool big;

	*err = (struct sp_error){0};
	files->notes[0] = '\0';
	assert_int_equal(sp_memory_open(files->mem, name, false, io, err), 0);
	const int r = sp_sound_view(io, convert, &big, &files->sink, err);
	if (r < 0) {
		sp_io_close(*io);
		*io = NULL;
		assert_true(err->text[0] && strstr(err->text, name));
	}
	return r;
}

/* The whole of a view, read in order in pieces of odd sizes; NULL: it cannot be. */
static uint8_t *whole(struct files *files, const char *name, uint64_t *size, struct sp_error *err)
{
	struct sp_io *io;

	if (view(files, name, true, &io, err) < 0)
		return NULL;
	uint8_t *data = malloc(io->size + 1);
	assert_non_null(data);
	*size = io->size;
	for (uint64_t at = 0, n = 1; at < io->size; at += n, n = n * 3 % 70001) {
		if (n > io->size - at)
			n = io->size - at;
		if (sp_io_read(io, at, data + at, n, err) < 0) {
			free(data);
			data = NULL;
			break;
		}
	}
	sp_io_close(io);
	return data;
}

static void lossless_files_give_every_bit(void **state)
{
	static const char *const names[] = {"a.flac", "b.wv", "c.wav", "p.wav", "q.wav"};
	struct files *files = *state;
	int32_t *samples = calloc(FRAMES * 2, sizeof(samples[0]));
	uint8_t *expected = malloc(FRAMES * 4);

	sound_samples(samples, FRAMES, 2, 16);
	sound_bytes(expected, samples, FRAMES);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct sp_error err;
		uint64_t size = 0;
		uint8_t *found = whole(files, names[i], &size, &err);

		assert_non_null(found);
		assert_int_equal(size, FRAMES * 4);
		assert_memory_equal(found, expected, FRAMES * 4);
		assert_string_equal(files->notes, "");
		free(found);
	}
	free(expected);
	free(samples);
}

static void reading_in_any_order_is_the_same(void **state)
{
	struct files *files = *state;

	for (size_t i = 0; i < KINDS; i++) {
		struct sp_error err;
		struct sp_io *io;
		uint64_t size = 0, random = i + 1;
		uint8_t piece[5000];

		if (!files->made[i])
			continue;
		uint8_t *expected = whole(files, kinds[i].name, &size, &err);
		if (!expected)
			print_message("%s\n", err.text);
		assert_non_null(expected);
		assert_int_equal(view(files, kinds[i].name, true, &io, &err), 0);
		for (unsigned n = 0; n < 60; n++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			const size_t length = 1 + (random >> 40) % sizeof(piece);
			const uint64_t at = (random >> 20) % (size - length);

			assert_int_equal(sp_io_read(io, at, piece, length, &err), 0);
			if (memcmp(piece, expected + at, length) != 0)
				fail_msg("%s differs at %llu", kinds[i].name,
					 (unsigned long long)at);
		}
		assert_true(sp_io_read(io, size - 1, piece, 2, &err) < 0);
		sp_io_close(io);
		free(expected);
	}
}

static void what_is_not_cd_audio_is_refused_with_the_way_out(void **state)
{
	static const char *const texts[][2] = {
		{"g.wav", "g.wav: 44100 Hz, 24 bits, 2 channels: CD audio is 44100 Hz, 16 bits, 2 "
			  "channels; -O resample=yes converts it"},
		{"k.flac", "k.flac: 44100 Hz, 16 bits, 1 channel: CD audio is 44100 Hz, 16 bits, 2 "
			   "channels; -O resample=yes converts it"},
		{"l.flac",
		 "l.flac: 48000 Hz, 16 bits, 2 channels: CD audio is 44100 Hz, 16 bits, 2 "
		 "channels; -O resample=yes converts it"},
		{"m.wv", "m.wv: 22050 Hz, 16 bits, 1 channel: CD audio is 44100 Hz, 16 bits, 2 "
			 "channels; -O resample=yes converts it"},
	};
	struct files *files = *state;
	struct sp_error err;
	struct sp_io *io;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(view(files, texts[i][0], false, &io, &err), SP_ERR_UNSUPPORTED);
		assert_string_equal(err.text, texts[i][1]);
	}
	int32_t quad[4 * 100] = {0};
	assert_true(sound_put(files->mem, "quad.flac", FLAC, 44100, 4, quad, 100));
	assert_int_equal(view(files, "quad.flac", true, &io, &err), SP_ERR_UNSUPPORTED);
}

static void bits_are_rounded_and_mono_is_doubled(void **state)
{
	struct files *files = *state;
	static const char *const deep[] = {"g.wav", "h.flac", "i.wv", "r.aiff"};
	int32_t *samples = calloc(FRAMES * 2, sizeof(samples[0]));
	struct sp_error err;
	uint64_t size;
	uint8_t *data;

	sound_samples(samples, FRAMES, 2, 24);
	for (size_t n = 0; n < sizeof(deep) / sizeof(deep[0]); n++) {
		data = whole(files, deep[n], &size, &err);
		assert_non_null(data);
		assert_int_equal(size, FRAMES * 4);
		assert_non_null(strstr(files->notes, "not bit for bit"));
		for (size_t i = 0; i < FRAMES * 2; i++) {
			const double exact = samples[i] / 65536.0;
			const int16_t found = (int16_t)get_le16(data + i * 2);

			assert_true(fabs(found - exact) <= 0.5);
		}
		free(data);
	}
	data = whole(files, "k.flac", &size, &err);
	assert_non_null(data);
	assert_int_equal(size, FRAMES * 4);
	sound_samples(samples, FRAMES, 1, 16);
	for (size_t i = 0; i < FRAMES; i++) {
		assert_int_equal(get_le16(data + i * 4), (uint16_t)((uint32_t)samples[i] >> 16));
		assert_int_equal(get_le16(data + i * 4), get_le16(data + i * 4 + 2));
	}
	free(data);
	free(samples);
}

static void full_scale_does_not_wrap_around(void **state)
{
	struct files *files = *state;
	int32_t samples[200];
	struct sp_error err;
	uint64_t size;

	for (size_t i = 0; i < 200; i++)
		samples[i] = i & 1 ? INT32_MIN : 0x7fffff00;
	assert_true(sound_put(files->mem, "loud.wav", WAVE24, 44100, 2, samples, 100));
	uint8_t *data = whole(files, "loud.wav", &size, &err);
	assert_non_null(data);
	assert_int_equal((int16_t)get_le16(data), INT16_MAX);
	assert_int_equal((int16_t)get_le16(data + 2), INT16_MIN);
	free(data);
}

/* A tone keeps its pitch, level and place. */
static void another_rate_is_the_same_sound(void **state)
{
	struct files *files = *state;
	const size_t frames = 48000;
	int32_t *samples = calloc(frames * 2, sizeof(samples[0]));
	struct sp_error err;
	uint64_t size;
	double worst = 0;

	for (size_t i = 0; i < frames; i++)
		samples[i * 2] = samples[i * 2 + 1] =
			(int32_t)(sin((double)i / 48000 * 1000 * 6.283185307179586) * 1e9);
	assert_true(sound_put(files->mem, "tone.flac", FLAC24, 48000, 2, samples, frames));
	uint8_t *data = whole(files, "tone.flac", &size, &err);
	assert_non_null(data);
	assert_int_equal(size, 44100 * 4);
	for (size_t i = 2000; i < 42000; i++) {
		const double exact = sin((double)i / 44100 * 1000 * 6.283185307179586) * 1e9;
		const double off = fabs((int16_t)get_le16(data + i * 4) - exact / 65536);

		worst = off > worst ? off : worst;
	}
	assert_true(worst < 2);
	free(data);
	free(samples);
}

static void lossy_files_have_their_length_and_say_what_they_are(void **state)
{
	struct files *files = *state;

	for (size_t i = 0; i < KINDS; i++) {
		struct sp_error err;
		struct sp_io *io;

		if (!files->made[i] ||
		    (kinds[i].format != MP3 && kinds[i].format != VORBIS && kinds[i].rate == 44100))
			continue;
		assert_int_equal(view(files, kinds[i].name, true, &io, &err), 0);
		const uint64_t exact =
			((uint64_t)FRAMES * 44100 + kinds[i].rate / 2) / kinds[i].rate;
		if (kinds[i].format == MP3 || kinds[i].format == VORBIS || kinds[i].format == OPUS)
			assert_non_null(strstr(files->notes, "is lossy"));
		assert_int_equal(io->size, exact * 4);
		sp_io_close(io);
	}
}

/* An MP3 file without its encoder's notes is as long as its frames. */
static void mp3_without_notes_is_counted(void **state)
{
	struct files *files = *state;
	uint64_t size;
	const uint8_t *data = sp_memory_get(files->mem, "f.mp3", &size);
	struct sp_error err;
	size_t at = 2;

	if (!data)
		skip();
	while (at + 4 < size && !(data[at] == 0xff && data[at + 1] == data[1]))
		at++;
	assert_int_equal(sp_memory_put(files->mem, "bare.mp3", data + at, size - at), 0);
	uint8_t *samples = whole(files, "bare.mp3", &size, &err);
	assert_non_null(samples);
	assert_int_equal(size % (1152 * 4), 0);
	assert_true(size > FRAMES * 4);
	free(samples);
}

/* FLAC that an encoder wrote to a pipe: STREAMINFO has a total of 0 samples, unknown. */
static void flac_without_a_length_is_counted(void **state)
{
	struct files *files = *state;
	uint64_t size, expected_size = 0, found_size = 0;
	const uint8_t *data = sp_memory_get(files->mem, "a.flac", &size);
	uint8_t *copy = malloc(size);
	struct sp_error err;

	memcpy(copy, data, size);
	copy[21] &= 0xf0;
	memset(copy + 22, 0, 4);
	assert_int_equal(sp_memory_put(files->mem, "pipe.flac", copy, size), 0);
	uint8_t *expected = whole(files, "a.flac", &expected_size, &err);
	uint8_t *found = whole(files, "pipe.flac", &found_size, &err);
	assert_true(expected && found);
	assert_int_equal(found_size, expected_size);
	assert_memory_equal(found, expected, expected_size);
	free(expected);
	free(found);
	free(copy);
}

static const char *const protected[] = {"a.flac", "b.wv",  "c.wav", "d.aiff",
					"e.ogg",  "f.mp3", "g.wav", "o.opus"};
enum { PROTECTED = sizeof(protected) / sizeof(protected[0]) };

static void file_cut_short_never_reads_whole(void **state)
{
	struct files *files = *state;

	for (size_t i = 0; i < PROTECTED; i++) {
		uint64_t size, length;
		const uint8_t *data = sp_memory_get(files->mem, protected[i], &size);

		for (unsigned n = 0; data && n < 40; n++) {
			/* near both ends and in between */
			const uint64_t cut = n < 10   ? n * 7
					     : n < 20 ? size - 1 - (n - 10) * 3
						      : size * (n - 19) / 22;
			struct sp_error err = {0};

			if (sp_memory_put(files->mem, "cut.x", data, cut) < 0)
				abort();
			uint8_t *samples = whole(files, "cut.x", &length, &err);
			if (samples)
				fail_msg("%s cut to %llu of %llu reads whole", protected[i],
					 (unsigned long long)cut, (unsigned long long)size);
			assert_true(err.status == SP_ERR_FORMAT);
			assert_null(strchr(err.text, '\n'));
		}
	}
}

/* What has a CRC or a checked header either reads as it was or does not read. */
static void damage_is_an_error_with_a_place(void **state)
{
	static const char *const names[] = {"a.flac", "b.wv", "e.ogg", "o.opus"};
	struct files *files = *state;
	unsigned refused = 0, tried = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t size, length = 0, found_length = 0;
		struct sp_error err;
		const uint8_t *data = sp_memory_get(files->mem, names[i], &size);
		uint8_t *expected = data ? whole(files, names[i], &length, &err) : NULL;
		uint8_t *copy = data ? malloc(size) : NULL;

		for (unsigned n = 0; data && n < 40; n++) {
			memcpy(copy, data, size);
			copy[size * (n + 1) / 42] ^= (uint8_t)(1u << n % 8);
			if (sp_memory_put(files->mem, "hurt.x", copy, size) < 0)
				abort();
			uint8_t *samples = whole(files, "hurt.x", &found_length, &err);
			if (samples &&
			    (found_length != length || memcmp(samples, expected, length) != 0))
				fail_msg("%s: damage at byte %llu is not seen", names[i],
					 (unsigned long long)(size * (n + 1) / 42));
			tried++;
			refused += !samples;
			free(samples);
		}
		free(copy);
		free(expected);
	}
	assert_true(refused * 10 > tried * 9);
}

static void mp3_with_something_between_its_frames_is_refused(void **state)
{
	struct files *files = *state;
	uint64_t size;
	const uint8_t *data = sp_memory_get(files->mem, "f.mp3", &size);
	struct sp_error err;
	struct sp_io *io;

	if (!data)
		skip();
	uint8_t *copy = calloc(1, size + 128);
	memcpy(copy, data, size);
	memset(copy + size / 2, 0x55, 2000);
	assert_int_equal(sp_memory_put(files->mem, "gap.mp3", copy, size), 0);
	assert_int_equal(view(files, "gap.mp3", false, &io, &err), SP_ERR_FORMAT);
	assert_non_null(strstr(err.text, "no frame of MPEG audio at byte"));
	memcpy(copy, data, size);
	memcpy(copy + size, "TAG", 3);
	assert_int_equal(sp_memory_put(files->mem, "tag.mp3", copy, size + 128), 0);
	assert_int_equal(view(files, "tag.mp3", false, &io, &err), 0);
	sp_io_close(io);
	free(copy);
}

static void tags_in_front_are_passed_over(void **state)
{
	static const char *const names[] = {"a.flac", "f.mp3"};
	struct files *files = *state;

	for (size_t i = 0; i < 2; i++) {
		uint64_t size, plain_size, tagged_size;
		struct sp_error err;
		const uint8_t *data = sp_memory_get(files->mem, names[i], &size);

		if (!data)
			continue;
		uint8_t *tagged = calloc(1, size + 310);
		memcpy(tagged, "ID3\4\0\0\0\0\2\x2c", 10); /* 2 × 128 + 44 = 300 */
		memcpy(tagged + 310, data, size);
		assert_int_equal(sp_memory_put(files->mem, "tagged.x", tagged, size + 310), 0);
		free(tagged);
		uint8_t *plain = whole(files, names[i], &plain_size, &err);
		uint8_t *found = whole(files, "tagged.x", &tagged_size, &err);
		assert_true(plain && found && plain_size == tagged_size);
		assert_memory_equal(plain, found, plain_size);
		free(plain);
		free(found);
	}
}

static void other_coders_are_refused_by_name(void **state)
{
	static const char *const file[][2] = {
		{"MAC \x96\x0f..............", "Monkey's Audio (APE)"},
		{"TTA1..................", "TTA"},
		{"....ftypM4A ..........", "MPEG-4"},
		{"MThd..................", "MIDI"},
	};
	struct files *files = *state;
	struct sp_error err;
	struct sp_io *io;

	for (size_t i = 0; i < sizeof(file) / sizeof(file[0]); i++) {
		assert_int_equal(sp_memory_put(files->mem, "other.x", file[i][0], 20), 0);
		assert_int_equal(view(files, "other.x", true, &io, &err), SP_ERR_UNSUPPORTED);
		assert_non_null(strstr(err.text, file[i][1]));
	}
	assert_int_equal(sp_memory_put(files->mem, "other.x", NULL, 100000), 0);
	assert_int_equal(view(files, "other.x", true, &io, &err), SP_ERR_FORMAT);
}

/* FRAMES is 68 sectors and 16 samples: the last one is filled up. */
static void sheet_over_flac_has_its_samples_and_a_padded_end(void **state)
{
	struct files *files = *state;
	struct folder folder;
	uint64_t size;
	const uint8_t *data = sp_memory_get(files->mem, "a.flac", &size);
	int32_t *samples = calloc(FRAMES * 2, sizeof(samples[0]));
	uint8_t *expected = calloc(1, 69 * 2352), sector[3072];

	folder_make(&folder);
	assert_int_equal(sp_memory_put(folder.mem, "a.flac", data, size), 0);
	struct sp_source *src =
		folder_sheet(&folder, "FILE \"a.flac\" WAVE\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n"
				      "TRACK 02 AUDIO\nINDEX 01 0:0:40\n");
	assert_string_equal(folder.notes, "a.flac: ends inside a sector: 2288 bytes missing, "
					  "filled with zeros\n");
	sound_samples(samples, FRAMES, 2, 16);
	sound_bytes(expected, samples, FRAMES);
	assert_int_equal(src->disc->track[1].length, 29);
	for (sp_lba lba = 68; lba >= 0; lba -= 17) {
		assert_int_equal(folder_sector(src, lba, sector), lba == 68 ? SP_STATE_PADDED : 0);
		assert_memory_equal(sector, expected + lba * 2352, 2352);
	}
	sp_source_close(src);
	folder_clear(&folder);
	free(expected);
	free(samples);
}

static void sheet_converts_only_when_asked(void **state)
{
	static const char sheet[] = "FILE \"l.flac\" WAVE\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n";
	static const struct sp_option ask = {"resample", "yes"};
	struct files *files = *state;
	const struct sp_options options = {.option = &ask, .options = 1, .notes = &files->sink};
	struct sp_source *src = NULL;
	struct sp_error err;
	struct sp_io *io;

	assert_int_equal(sp_memory_put(files->mem, "s.cue", sheet, strlen(sheet)), 0);
	assert_int_equal(sp_memory_open(files->mem, "s.cue", false, &io, &err), 0);
	assert_int_equal(sp_format_cue.open(&src, io, NULL, &err), SP_ERR_UNSUPPORTED);
	files->notes[0] = '\0';
	assert_int_equal(sp_format_cue.open(&src, io, &options, &err), 0);
	assert_non_null(strstr(files->notes, "l.flac: 48000 Hz, 16 bits, 2 channels: converted"));
	assert_int_equal(src->disc->track[0].length, (36750 + 587) / 588);
	sp_source_close(src);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lossless_files_give_every_bit),
		cmocka_unit_test(reading_in_any_order_is_the_same),
		cmocka_unit_test(what_is_not_cd_audio_is_refused_with_the_way_out),
		cmocka_unit_test(bits_are_rounded_and_mono_is_doubled),
		cmocka_unit_test(full_scale_does_not_wrap_around),
		cmocka_unit_test(another_rate_is_the_same_sound),
		cmocka_unit_test(lossy_files_have_their_length_and_say_what_they_are),
		cmocka_unit_test(mp3_without_notes_is_counted),
		cmocka_unit_test(flac_without_a_length_is_counted),
		cmocka_unit_test(file_cut_short_never_reads_whole),
		cmocka_unit_test(damage_is_an_error_with_a_place),
		cmocka_unit_test(mp3_with_something_between_its_frames_is_refused),
		cmocka_unit_test(tags_in_front_are_passed_over),
		cmocka_unit_test(other_coders_are_refused_by_name),
		cmocka_unit_test(sheet_over_flac_has_its_samples_and_a_padded_end),
		cmocka_unit_test(sheet_converts_only_when_asked),
	};

	return cmocka_run_group_tests(tests, files_make, files_free);
}
