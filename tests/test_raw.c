/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raw sectors without a sheet: every shape is found by content, and nothing else is taken for one.
 */
#include "base/bytes.h"
#include "disc/scramble.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/formats.h"
#include "formats/raw.h"
#include "stream/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 5 };
enum order { NONE, INTERLEAVED, LINEAR, PQ16 };

/* A run of sectors to be made. */
struct piece {
	unsigned mode; /* SP_MODE_XA: forms 1 and 2 in turn, the volume in a form 1 sector */
	unsigned count;
};
struct shape {
	const char *name;
	unsigned main;
	enum order order;
	sp_lba base;
	bool scrambled, volume;
	unsigned cut; /* bytes less at the end */
	struct piece piece[4];
};

/* What is made, and as it must come back: 2352 bytes and 96 interleaved for each sector. */
struct image {
	uint8_t *file, *raw, *sub;
	size_t size, sectors;
	struct sp_memory *mem; /* what was opened last */
	char notes[4000];
};

static struct sp_disc *disc_whole(void)
{
	struct sp_disc *disc = sp_disc_new();
	struct sp_track *track = sp_disc_add_session(disc) ? sp_disc_add_track(disc) : NULL;
	const struct sp_region region[] = {
		{-150, 150, 1, 1, SP_REGION_PREGAP, SP_MODE_AUDIO, SP_PART_USER, true},
		{0, 400000, 1, 1, SP_REGION_TRACK, SP_MODE_AUDIO, SP_PART_USER, true}};

	assert_non_null(track);
	assert_non_null(sp_disc_add_region(disc, &region[0]));
	assert_non_null(sp_disc_add_region(disc, &region[1]));
	track->session = 1;
	track->index[0] = -150;
	track->start = track->index[1] = 0;
	track->length = 400000;
	disc->session[0].lead_out = 400000;
	return disc;
}

/* A tone, as raw samples: other sectors than noise. */
static void make_audio(sp_lba lba, uint8_t raw[SP_RAW_SIZE])
{
	for (unsigned i = 0; i < SP_RAW_SIZE / 4; i++) {
		const double at = ((double)lba * 588 + i) * 0.05;

		put_le16(raw + 4 * i, (uint16_t)(int16_t)(9000 * sin(at)));
		put_le16(raw + 4 * i + 2, (uint16_t)(int16_t)(7000 * sin(at * 1.5)));
	}
}

static void make_sector(const struct shape *s, unsigned mode, sp_lba lba, uint8_t raw[SP_RAW_SIZE])
{
	const bool volume = s->volume && lba == 16;
	uint8_t user[SP_RAW_SIZE];

	if (mode == SP_MODE_AUDIO) {
		make_audio(lba, raw);
		return;
	}
	if (mode == SP_MODE_XA)
		mode = lba % 2 && !volume ? SP_MODE_XA_FORM2 : SP_MODE_XA_FORM1;
	sp_pattern_fill(SEED, lba, user, sizeof(user));
	if (volume)
		memcpy(user, "\1CD001\1", 8);
	assert_int_equal(sp_sector_convert(NULL, mode, SP_PART_USER, SP_PART_MAIN, lba, 1, user,
					   raw, NULL, NULL, NULL),
			 0);
}

static void make_store(const struct shape *s, struct image *im, size_t i, size_t stride)
{
	uint8_t *to = im->file + i * stride, whole[SP_RAW_SIZE];
	const uint8_t *sub = im->sub + i * SP_SUB_SIZE;

	memcpy(whole, im->raw + i * SP_RAW_SIZE, sizeof(whole));
	if (s->scrambled && !memcmp(whole, "\0\xff\xff", 3))
		sp_scramble(whole);
	memcpy(to, whole + (s->main == SP_RAW_SIZE ? 0 : 16), s->main);
	if (s->order == INTERLEAVED)
		memcpy(to + s->main, sub, SP_SUB_SIZE);
	else if (s->order == LINEAR)
		sp_sub_to_linear(sub, to + s->main);
	else if (s->order == PQ16)
		sp_sub_get_q(sub, to + s->main);
}

static struct image make(const struct shape *s)
{
	static const unsigned sub[] = {0, 96, 96, 16};
	const size_t stride = s->main + sub[s->order];
	struct sp_disc *disc = disc_whole();
	struct image im = {0};
	size_t i = 0;

	for (const struct piece *p = s->piece; p->count; p++)
		im.sectors += p->count;
	im.size = im.sectors * stride - s->cut;
	im.file = calloc(im.sectors, stride);
	im.raw = calloc(im.sectors, SP_RAW_SIZE);
	im.sub = calloc(im.sectors, SP_SUB_SIZE);
	for (const struct piece *p = s->piece; p->count; p++) {
		for (unsigned n = 0; n < p->count; n++, i++) {
			const sp_lba lba = s->base + (sp_lba)i;

			make_sector(s, p->mode, lba, im.raw + i * SP_RAW_SIZE);
			assert_true(sp_sub_generate(disc, lba, im.sub + i * SP_SUB_SIZE));
			make_store(s, &im, i, stride);
		}
	}
	sp_disc_free(disc);
	return im;
}

static void image_free(struct image *im)
{
	sp_memory_free(im->mem);
	free(im->file);
	free(im->raw);
	free(im->sub);
}

static void image_note(void *user, const char *text)
{
	struct image *im = user;
	const size_t used = strlen(im->notes);

	snprintf(im->notes + used, sizeof(im->notes) - used, "%s\n", text);
}

/* Through the front of the table, or (`option` or no evidence) as raw because asked. */
static int image_open(struct image *im, const char *name, const struct sp_option *option,
		      bool asked, struct sp_source **out, struct sp_error *err)
{
	const struct sp_notes notes = {image_note, im};
	const struct sp_options options = {
		.option = option, .options = option ? 1 : 0, .notes = &notes};
	const struct sp_format *found = &sp_format_raw;
	struct sp_io *io;

	sp_memory_free(im->mem);
	im->mem = sp_memory_new();
	assert_int_equal(sp_memory_put(im->mem, name, im->file, im->size), 0);
	assert_int_equal(sp_memory_open(im->mem, name, false, &io, err), 0);
	im->notes[0] = '\0';
	int r = asked ? 0 : sp_identify(&found, io, err);
	if (!r && found != &sp_format_raw)
		fail_msg("%s: taken for %s", name, found->name);
	if (!r)
		r = found->open(out, io, &options, err);
	if (r)
		sp_io_close(io);
	return r;
}

/* Every stored sector is the one that was made. `from`: where the file's sectors begin to be whole
 * in 2352 bytes. */
static void image_check(const struct shape *s, const struct image *im, struct sp_source *src)
{
	for (size_t i = 0; i < im->sectors; i++) {
		const sp_lba lba = s->base + (sp_lba)i;
		const struct sp_region *r = sp_disc_region(src->disc, lba);
		const uint8_t *raw = im->raw + i * SP_RAW_SIZE;
		uint8_t data[SP_RAW_SIZE + SP_SUB_SIZE];
		uint16_t state = 0;

		assert_non_null(r);
		assert_true(r->stored);
		struct sp_span span = {
			lba, 1, r->mode, r->parts, sp_sector_size(r->mode, r->parts), data, &state};
		const size_t main = sp_sector_size(r->mode, r->parts & SP_PART_MAIN);

		assert_int_equal(sp_source_read(src, &span, NULL), 0);
		const bool last = s->cut && i + 1 == im->sectors;
		assert_int_equal(state, last ? SP_STATE_PADDED : 0);
		if (last)
			continue;
		if (memcmp(data, raw + (main == SP_RAW_SIZE ? 0 : 16), main) != 0)
			fail_msg("%s: sector %zu is another", s->name, i);
		if (s->order == PQ16) {
			uint8_t q[12];

			sp_sub_get_q(im->sub + i * SP_SUB_SIZE, q);
			assert_memory_equal(data + main, q, 12);
		} else if (s->order != NONE) {
			assert_true(r->parts & SP_PART_PW);
			assert_memory_equal(data + main, im->sub + i * SP_SUB_SIZE, SP_SUB_SIZE);
		}
	}
}

static struct sp_source *must_open(struct image *im, const struct shape *s, const char *name)
{
	struct sp_error err = {0};
	struct sp_source *src;

	if (image_open(im, name, NULL, false, &src, &err))
		fail_msg("%s: %s", s->name, err.text);
	if (sp_disc_check(src->disc, &err))
		fail_msg("%s: no sound disc: %s", s->name, err.text);
	return src;
}

static void must_say(const struct shape *s, const struct image *im, const char *what)
{
	if (!strstr(im->notes, what))
		fail_msg("%s: no note of \"%s\" in:\n%s", s->name, what, im->notes);
}

static void every_size_offset_and_sub_channel_is_found(void **unused)
{
	static const struct {
		unsigned main, mode;
	} size[] = {{2352, SP_MODE_MODE1}, {2352, SP_MODE_XA}, {2352, SP_MODE_MODE2},
		    {2336, SP_MODE_XA},    {2332, SP_MODE_XA}, {2048, SP_MODE_MODE1}};
	static const char *const order[] = {"", "96 (interleaved)", "96 (linear)", "+ 16"};
	static const sp_lba base[] = {0, -150};

	(void)unused;
	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]) * 4 * 2; i++) {
		const unsigned main = size[i / 8].main, mode = size[i / 8].mode;
		struct shape s = {.main = main,
				  .order = i / 2 % 4,
				  .base = base[i % 2],
				  .volume = true,
				  .piece = {{mode, 172}}};
		char name[40];

		if (main == 2048 && s.order == NONE)
			continue; /* that is iso */
		snprintf(name, sizeof(name), "%u %s at %d", main, order[s.order], (int)s.base);
		s.name = name;
		struct image im = make(&s);
		struct sp_source *src = must_open(&im, &s, "a.bin");
		const struct sp_track *t = &src->disc->track[0];
		assert_int_equal(src->disc->tracks, 1);
		assert_int_equal(t->mode, mode);
		assert_int_equal(t->start, 0);
		assert_int_equal(t->index[0], -150);
		assert_int_equal(t->length, 172 + s.base);
		assert_int_equal(src->disc->region[0].stored, s.base < 0);
		image_check(&s, &im, src);
		must_say(&s, &im, order[s.order]);
		sp_source_close(src);
		image_free(&im);
	}
}

/* Without a volume: by sync, by error detection code, by Q. */
static void sectors_without_a_volume_are_found(void **unused)
{
	static const struct shape shapes[] = {
		{.name = "mode 1", .main = 2352, .piece = {{SP_MODE_MODE1, 5}}},
		{.name = "one sector", .main = 2352, .piece = {{SP_MODE_MODE1, 1}}},
		{.name = "2336", .main = 2336, .piece = {{SP_MODE_XA, 9}}},
		{.name = "2332", .main = 2332, .piece = {{SP_MODE_XA, 40}}},
		{.name = "2332 + 16", .main = 2332, .order = PQ16, .piece = {{SP_MODE_XA, 4}}},
		{.name = "2332 + 96", .main = 2332, .order = LINEAR, .piece = {{SP_MODE_XA, 40}}},
		{.name = "audio", .main = 2352, .order = LINEAR, .piece = {{SP_MODE_AUDIO, 40}}},
		{.name = "audio at 00:00:00",
		 .main = 2352,
		 .order = INTERLEAVED,
		 .base = -150,
		 .piece = {{SP_MODE_AUDIO, 180}}},
		{.name = "audio + 16", .main = 2352, .order = PQ16, .piece = {{SP_MODE_AUDIO, 40}}},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct image im = make(&shapes[i]);
		struct sp_source *src = must_open(&im, &shapes[i], "a.bin");

		assert_int_equal(src->disc->tracks, 1);
		assert_int_equal(src->disc->track[0].mode, shapes[i].piece[0].mode);
		image_check(&shapes[i], &im, src);
		sp_source_close(src);
		image_free(&im);
	}
}

static void scrambled_sectors_come_unscrambled(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < 6; i++) {
		const struct shape s = {.name = "scrambled",
					.main = 2352,
					.order = i % 3,
					.scrambled = true,
					.base = i / 3 ? 2000 : 0,
					.piece = {{i % 2 ? SP_MODE_XA : SP_MODE_MODE1, 30}}};
		struct image im = make(&s);
		struct sp_source *src = must_open(&im, &s, "a.img");

		assert_int_equal(src->disc->track[0].start, s.base);
		image_check(&s, &im, src);
		must_say(&s, &im, " scrambled sectors");
		sp_source_close(src);
		image_free(&im);
	}
}

static void the_first_header_says_where_it_begins(void **unused)
{
	static const sp_lba base[] = {-150, -149, -75, -1, 0, 1, 16, 4500, 333000};
	static const char *const said[] = {"00:00:00", "00:00:01", "00:01:00",
					   "00:01:74", "00:02:00", "00:02:01",
					   "00:02:16", "01:02:00", "74:02:00"};

	(void)unused;
	for (size_t i = 0; i < sizeof(base) / sizeof(base[0]); i++) {
		const struct shape s = {.name = said[i],
					.main = 2352,
					.base = base[i],
					.piece = {{SP_MODE_MODE1, 160}}};
		struct image im = make(&s);
		struct sp_source *src = must_open(&im, &s, "a.bin");
		const struct sp_track *t = &src->disc->track[0];

		assert_int_equal(t->start, base[i] > 0 ? base[i] : 0);
		assert_int_equal(t->index[0], base[i] > 0 ? SP_LBA_NONE : -150);
		assert_int_equal(src->disc->session[0].lead_out, base[i] + 160);
		image_check(&s, &im, src);
		must_say(&s, &im, said[i]);
		sp_source_close(src);
		image_free(&im);
	}
}

static void modes_that_change_are_tracks(void **unused)
{
	static const struct {
		struct shape shape;
		unsigned tracks;
		sp_lba start[4];
		unsigned mode[4];
	} row[] = {
		{{"data, audio",
		  2352,
		  NONE,
		  0,
		  false,
		  true,
		  0,
		  {{SP_MODE_MODE1, 310}, {SP_MODE_AUDIO, 305}}},
		 2,
		 {0, 310},
		 {SP_MODE_MODE1, SP_MODE_AUDIO}},
		{{"audio, data, audio",
		  2352,
		  NONE,
		  0,
		  false,
		  false,
		  0,
		  {{SP_MODE_AUDIO, 301}, {SP_MODE_XA, 400}, {SP_MODE_AUDIO, 300}}},
		 3,
		 {0, 301, 701},
		 {SP_MODE_AUDIO, SP_MODE_XA, SP_MODE_AUDIO}},
		{{"scrambled, with P-W",
		  2352,
		  LINEAR,
		  0,
		  true,
		  false,
		  0,
		  {{SP_MODE_MODE1, 320}, {SP_MODE_AUDIO, 300}}},
		 2,
		 {0, 320},
		 {SP_MODE_MODE1, SP_MODE_AUDIO}},
		{{"mode 1, mode 2",
		  2352,
		  NONE,
		  0,
		  false,
		  false,
		  0,
		  {{SP_MODE_MODE1, 320}, {SP_MODE_MODE2, 300}}},
		 2,
		 {0, 320},
		 {SP_MODE_MODE1, SP_MODE_MODE2}},
		{{"a short run is no track",
		  2352,
		  NONE,
		  0,
		  false,
		  false,
		  0,
		  {{SP_MODE_MODE1, 320}, {SP_MODE_AUDIO, 299}, {SP_MODE_MODE1, 320}}},
		 1,
		 {0},
		 {SP_MODE_MODE1}},
		{{"of a few sectors most decide",
		  2352,
		  NONE,
		  0,
		  false,
		  false,
		  0,
		  {{SP_MODE_MODE1, 20}, {SP_MODE_AUDIO, 10}}},
		 1,
		 {0},
		 {SP_MODE_MODE1}},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct image im = make(&row[i].shape);
		struct sp_source *src = must_open(&im, &row[i].shape, "a.bin");

		assert_int_equal(src->disc->tracks, row[i].tracks);
		for (unsigned t = 0; t < row[i].tracks; t++) {
			assert_int_equal(src->disc->track[t].start, row[i].start[t]);
			assert_int_equal(src->disc->track[t].mode, row[i].mode[t]);
		}
		if (!row[i].shape.scrambled || row[i].tracks > 1)
			image_check(&row[i].shape, &im, src);
		must_say(&row[i].shape, &im,
			 row[i].tracks > 1 ? "track 2" : "of another kind than the track");
		sp_source_close(src);
		image_free(&im);
	}
}

static void a_last_sector_cut_short_is_padded_and_told(void **unused)
{
	static const unsigned cut[] = {1, 95, 96, 97, 2000, 2351};

	(void)unused;
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]) * 4; i++) {
		static const unsigned main[] = {2352, 2352, 2336, 2332};
		const struct shape s = {.name = "cut",
					.main = main[i % 4],
					.order = i % 2 ? LINEAR : NONE,
					.volume = true,
					.cut = cut[i / 4] < main[i % 4] ? cut[i / 4] : 2000,
					.piece = {{SP_MODE_XA, 20}}};
		struct image im = make(&s);
		struct sp_source *src = must_open(&im, &s, "a.bin");
		char said[60];

		image_check(&s, &im, src);
		snprintf(said, sizeof(said), "ends inside sector 19: %u bytes missing", s.cut);
		must_say(&s, &im, said);
		sp_source_close(src);
		image_free(&im);
	}
}

static void headers_of_another_place_are_told(void **unused)
{
	const struct shape s = {.name = "away", .main = 2352, .piece = {{SP_MODE_MODE1, 400}}};
	struct image im = make(&s);

	(void)unused;
	/* the second half is that of sectors 100 further on */
	for (size_t i = 200; i < 400; i++)
		make_sector(&s, SP_MODE_MODE1, (sp_lba)i + 100, im.file + i * SP_RAW_SIZE);
	struct sp_source *src = must_open(&im, &s, "a.bin");
	assert_int_equal(src->disc->track[0].start, 0);
	must_say(&s, &im, "200 have a header of another place");
	sp_source_close(src);
	image_free(&im);
}

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
	struct shape s = {.name = "audio", .main = 2352, .piece = {{SP_MODE_AUDIO, 300}}};
	struct image im = make(&s);

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
	image_free(&im);
}

static void what_holds_a_volume_or_a_container_stays_that(void **unused)
{
	uint8_t *data = calloc(1, 2352 * 400);

	(void)unused;
	memcpy(data + 0x8000, "\1CD001\1", 7);
	assert_string_equal(named(data, 2352 * 128, "a.bin"), "iso");
	assert_string_equal(named(data, 2352 * 128, "a.raw"), "iso");
	memset(data, 0, 40000);
	make_audio(0, data);
	for (sp_lba i = 0; i < 400; i++)
		make_audio(i, data + 2352 * i);
	memcpy(data, "RIFF\x80\x13\0\0WAVEfmt ", 16);
	assert_string_equal(named(data, 2352 * 400, "a.bin"), "wave");
	free(data);
}

static int open_with(struct image *im, const char *key, const char *value, struct sp_source **src,
		     struct sp_error *err)
{
	const struct sp_option option = {key, value};

	return image_open(im, "a.bin", key ? &option : NULL, true, src, err);
}

static void options_say_what_content_does_not(void **unused)
{
	struct shape s = {.name = "noise", .main = 2352, .piece = {{SP_MODE_AUDIO, 8}}};
	struct image im = make(&s);
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
	must_say(&s, &im, "what was asked for");
	must_say(&s, &im, "nothing tells where it begins");
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
	must_say(&s, &im, "1 bytes missing");
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
	image_free(&im);
}

static void the_order_of_sub_channel_is_told_where_q_does_not(void **unused)
{
	const struct shape s = {
		.name = "P-W", .main = 2352, .order = LINEAR, .piece = {{SP_MODE_MODE1, 20}}};
	struct image im = make(&s);
	struct sp_error err = {0};
	struct sp_source *src;

	(void)unused;
	assert_int_equal(open_with(&im, "pw", "interleaved", &src, &err), 0);
	image_check(&s, &im, src); /* Q knows better */
	sp_source_close(src);
	for (size_t i = 0; i < im.sectors; i++) {
		uint8_t *sub = im.file + i * 2448 + 2352;

		sub[12] ^= 1; /* Q's CRC */
		sp_sub_to_interleaved(sub, im.sub + i * SP_SUB_SIZE);
	}
	assert_int_equal(open_with(&im, "pw", "linear", &src, &err), 0);
	image_check(&s, &im, src);
	must_say(&s, &im, "no Q has a good CRC");
	sp_source_close(src);
	image_free(&im);
}

static void options_overrule_content(void **unused)
{
	const struct shape s = {.name = "mode 1", .main = 2352, .piece = {{SP_MODE_MODE1, 20}}};
	struct image im = make(&s);
	struct sp_error err = {0};
	struct sp_source *src;

	(void)unused;
	assert_int_equal(open_with(&im, "mode", "audio", &src, &err), 0);
	assert_int_equal(src->disc->track[0].mode, SP_MODE_AUDIO);
	image_check(&s, &im, src);
	sp_source_close(src);
	assert_int_equal(open_with(&im, "start", "500", &src, &err), 0);
	assert_int_equal(src->disc->track[0].start, 500);
	must_say(&s, &im, "have a header of another place");
	sp_source_close(src);
	image_free(&im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_offset_and_sub_channel_is_found),
		cmocka_unit_test(sectors_without_a_volume_are_found),
		cmocka_unit_test(scrambled_sectors_come_unscrambled),
		cmocka_unit_test(the_first_header_says_where_it_begins),
		cmocka_unit_test(modes_that_change_are_tracks),
		cmocka_unit_test(a_last_sector_cut_short_is_padded_and_told),
		cmocka_unit_test(headers_of_another_place_are_told),
		cmocka_unit_test(files_of_other_kinds_are_never_claimed),
		cmocka_unit_test(audio_is_claimed_by_its_sound_alone),
		cmocka_unit_test(what_holds_a_volume_or_a_container_stays_that),
		cmocka_unit_test(options_say_what_content_does_not),
		cmocka_unit_test(the_order_of_sub_channel_is_told_where_q_does_not),
		cmocka_unit_test(options_overrule_content),
	};

	return cmocka_run_group_tests_name("raw", tests, NULL, NULL);
}
