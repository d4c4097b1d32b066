/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of raw sectors, of every size and sub-channel, made from what is wanted of them. */
#include "tests/rawfile.h"

#include "base/bytes.h"
#include "disc/scramble.h"
#include "disc/subchannel.h"
#include "formats/formats.h"
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

void rawfile_audio(sp_lba lba, uint8_t raw[SP_RAW_SIZE])
{
	for (unsigned i = 0; i < SP_RAW_SIZE / 4; i++) {
		const double at = ((double)lba * 588 + i) * 0.05;

		put_le16(raw + 4 * i, (uint16_t)(int16_t)(9000 * sin(at)));
		put_le16(raw + 4 * i + 2, (uint16_t)(int16_t)(7000 * sin(at * 1.5)));
	}
}

void rawfile_sector(const struct rawfile_shape *s, unsigned mode, sp_lba lba,
		    uint8_t raw[SP_RAW_SIZE])
{
	const bool volume = s->volume && lba == 16;
	uint8_t user[SP_RAW_SIZE];

	if (mode == SP_MODE_AUDIO) {
		rawfile_audio(lba, raw);
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

static void make_store(const struct rawfile_shape *s, struct rawfile *im, size_t i, size_t stride)
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

struct rawfile rawfile_make(const struct rawfile_shape *s)
{
	static const unsigned sub[] = {0, 96, 96, 16};
	const size_t stride = s->main + sub[s->order];
	struct sp_disc *disc = disc_whole();
	struct rawfile im = {0};
	size_t i = 0;

	for (const struct rawfile_piece *p = s->piece; p->count; p++)
		im.sectors += p->count;
	im.size = im.sectors * stride - s->cut;
	im.file = calloc(im.sectors, stride);
	im.raw = calloc(im.sectors, SP_RAW_SIZE);
	im.sub = calloc(im.sectors, SP_SUB_SIZE);
	for (const struct rawfile_piece *p = s->piece; p->count; p++) {
		for (unsigned n = 0; n < p->count; n++, i++) {
			const sp_lba lba = s->base + (sp_lba)i;

			rawfile_sector(s, p->mode, lba, im.raw + i * SP_RAW_SIZE);
			assert_true(sp_sub_generate(disc, lba, im.sub + i * SP_SUB_SIZE));
			make_store(s, &im, i, stride);
		}
	}
	sp_disc_free(disc);
	return im;
}

void rawfile_free(struct rawfile *im)
{
	sp_memory_free(im->mem);
	free(im->file);
	free(im->raw);
	free(im->sub);
}

static void image_note(void *user, const char *text)
{
	struct rawfile *im = user;
	const size_t used = strlen(im->notes);

	snprintf(im->notes + used, sizeof(im->notes) - used, "%s\n", text);
}

int rawfile_open(struct rawfile *im, const char *name, const struct sp_option *option, bool asked,
		 struct sp_source **out, struct sp_error *err)
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

void rawfile_check(const struct rawfile_shape *s, const struct rawfile *im, struct sp_source *src)
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

struct sp_source *rawfile_must_open(struct rawfile *im, const struct rawfile_shape *s,
				    const char *name)
{
	struct sp_error err = {0};
	struct sp_source *src;

	if (rawfile_open(im, name, NULL, false, &src, &err))
		fail_msg("%s: %s", s->name, err.text);
	if (sp_disc_check(src->disc, &err))
		fail_msg("%s: no sound disc: %s", s->name, err.text);
	return src;
}

void rawfile_must_say(const struct rawfile_shape *s, const struct rawfile *im, const char *what)
{
	if (!strstr(im->notes, what))
		fail_msg("%s: no note of \"%s\" in:\n%s", s->name, what, im->notes);
}
