/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound files as a disc: tags of every kind are read as they stand, the samples lie in a row, and a
 * list or its tags give the order. */
#include "base/bytes.h"
#include "formats/album.h"
#include "formats/formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define BYTES(text) text, sizeof(text) - 1

/* A file put together. */
struct file {
	uint8_t data[8192];
	size_t size;
};

static void add(struct file *f, const void *data, size_t size)
{
	assert_true(size <= sizeof(f->data) - f->size);
	memcpy(f->data + f->size, data, size);
	f->size += size;
}

static void add_le32(struct file *f, uint32_t v)
{
	uint8_t bytes[4];

	put_le32(bytes, v);
	add(f, bytes, 4);
}

static void add_be32(struct file *f, uint32_t v)
{
	uint8_t bytes[4];

	put_be32(bytes, v);
	add(f, bytes, 4);
}

static void read_tags(struct sp_sound_tags *tags, const struct file *f, size_t size)
{
	struct sp_memory *mem = sp_memory_new();
	struct sp_error err;
	struct sp_io *io;

	assert_non_null(mem);
	assert_int_equal(sp_memory_put(mem, "f", f->data, size), 0);
	assert_int_equal(sp_memory_open(mem, "f", false, &io, &err), 0);
	assert_int_equal(sp_sound_tags_read(tags, io, &err), 0);
	sp_io_close(io);
	sp_memory_free(mem);
}

static bool is(const char *got, const char *want)
{
	return got && want ? !strcmp(got, want) : got == want;
}

/* And cut at every byte nothing is read beyond it (sanitizers look). */
static void told(const struct file *f, const char *title, const char *artist, const char *album,
		 const char *isrc, unsigned disc, unsigned track)
{
	struct sp_sound_tags tags;

	read_tags(&tags, f, f->size);
	if (!is(tags.text[SP_SOUND_TITLE], title) || !is(tags.text[SP_SOUND_ARTIST], artist) ||
	    !is(tags.text[SP_SOUND_ALBUM], album) || !is(tags.isrc, isrc) || tags.disc != disc ||
	    tags.track != track)
		fail_msg("%s, %s, %s, %s, %u, %u", tags.text[SP_SOUND_TITLE],
			 tags.text[SP_SOUND_ARTIST], tags.text[SP_SOUND_ALBUM], tags.isrc,
			 tags.disc, tags.track);
	sp_sound_tags_clear(&tags);
	for (size_t size = 0; size < f->size; size++) {
		read_tags(&tags, f, size);
		sp_sound_tags_clear(&tags);
	}
}

static void comments(struct file *f)
{
	static const char *const list[] = {
		"TITLE=T\xc3\xb6ne", "artist=Wer", "ALBUM=Was\nda", "TRACKNUMBER=03/12",
		"DISCNUMBER=2",      "NOTHING",    "TITLE=second",  "isrc=de-abc-24-00001"};

	add_le32(f, 4);
	add(f, BYTES("make"));
	add_le32(f, sizeof(list) / sizeof(list[0]));
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		add_le32(f, (uint32_t)strlen(list[i]));
		add(f, list[i], strlen(list[i]));
	}
}

static void vorbis_comments_are_lost(void **state)
{
	struct file body = {.size = 0}, flac = {.size = 0}, ogg = {.size = 0};

	(void)state;
	comments(&body);
	add(&flac, BYTES("fLaC\0\0\0\2ab\x84\0\0"));
	flac.data[flac.size++] = (uint8_t)body.size;
	add(&flac, body.data, body.size);
	told(&flac, "T\xc3\xb6ne", "Wer", "Was da", "DEABC2400001", 2, 3);

	/* two pages: the first packet on its own, the second with its last segment */
	uint8_t page[27] = "OggS";
	page[26] = 1;
	add(&ogg, page, 27);
	add(&ogg, BYTES("\x08OpusHead"));
	page[26] = 1;
	add(&ogg, page, 27);
	assert_true(body.size + 8 < 255);
	ogg.data[ogg.size++] = (uint8_t)(body.size + 8);
	add(&ogg, BYTES("OpusTags"));
	add(&ogg, body.data, body.size);
	told(&ogg, "T\xc3\xb6ne", "Wer", "Was da", "DEABC2400001", 2, 3);
}

static void frame(struct file *f, const char *id, unsigned version, const void *text, size_t size)
{
	add(f, id, version == 2 ? 3 : 4);
	if (version == 2) {
		const uint8_t length[3] = {0, 0, (uint8_t)size};
		add(f, length, 3);
	} else {
		add_be32(f, (uint32_t)size);
		add(f, BYTES("\0\0"));
	}
	add(f, text, size);
}

static void head(struct file *f, unsigned version, unsigned flags, const struct file *body)
{
	const uint8_t head[10] = {'I',
				  'D',
				  '3',
				  (uint8_t)version,
				  0,
				  (uint8_t)flags,
				  0,
				  0,
				  (uint8_t)(body->size >> 7),
				  (uint8_t)(body->size & 0x7f)};

	add(f, head, 10);
	add(f, body->data, body->size);
	add(f, BYTES("\xff\xfb\x90\x64 what comes then is sound"));
}

static void id3_is_lost(void **state)
{
	struct file body = {.size = 0}, id3 = {.size = 0};

	(void)state;
	frame(&body, "TIT2", 3, BYTES("\1\xff\xfeT\0\xf6\0n\0e\0\0\0x\0"));
	frame(&body, "TPE1", 3, BYTES("\0W\xe9r"));
	frame(&body, "TALB", 3, BYTES("\1\xfe\xff\0W\0a\0s"));
	frame(&body, "TRCK", 3,
	      BYTES("\0"
		    "7/9"));
	frame(&body, "TSRC", 3, BYTES("\0DEABC2400001"));
	frame(&body, "APIC", 3, BYTES("\0image"));
	head(&id3, 3, 0, &body);
	told(&id3, "T\xc3\xb6ne", "W\xc3\xa9r", "Was", "DEABC2400001", 0, 7);

	body.size = id3.size = 0;
	add(&body, BYTES("\0\0\0\6\1\0")); /* extended header */
	frame(&body, "TIT2", 4, BYTES("\3T\xc3\xb6ne\0second"));
	frame(&body, "TPOS", 4,
	      BYTES("\0"
		    "2"));
	frame(&body, "TALB", 4, BYTES("\2\0W\0a\0s"));
	head(&id3, 4, 0x40, &body);
	told(&id3, "T\xc3\xb6ne", NULL, "Was", "", 2, 0);

	body.size = id3.size = 0;
	frame(&body, "TT2", 2, BYTES("\0Old"));
	frame(&body, "TRK", 2,
	      BYTES("\0"
		    "12"));
	head(&id3, 2, 0, &body);
	told(&id3, "Old", NULL, NULL, "", 0, 12);

	/* unsynchronised: ff is followed by a zero that is none of the text's */
	body.size = id3.size = 0;
	add(&body, BYTES("TIT2\0\0\0\7\0\0\1\xff\0\xfeY\0\xff\0\0"));
	frame(&body, "TALB", 3, BYTES("\0Was"));
	head(&id3, 3, 0x80, &body);
	told(&id3, "Y\xc3\xbf", NULL, "Was", "", 0, 0);
}

static void tags_at_the_end_are_lost(void **state)
{
	struct file ape = {.size = 0}, old = {.size = 0};
	uint8_t v1[128] = "TAGTitle";

	(void)state;
	add(&ape, BYTES("wvpk sound"));
	const size_t begin = ape.size;
	add_le32(&ape, 5);
	add_le32(&ape, 0);
	add(&ape, BYTES("Title\0T\xc3\xb6ne"));
	add_le32(&ape, 2);
	add_le32(&ape, 0);
	add(&ape, BYTES("Track\0"
			"11"));
	add_le32(&ape, 1);
	add_le32(&ape, 2); /* binary */
	add(&ape, BYTES("Album\0x"));
	const uint32_t size = (uint32_t)(ape.size - begin) + 32;
	add(&ape, BYTES("APETAGEX\xd0\7\0\0"));
	add_le32(&ape, size);
	add_le32(&ape, 3);
	add(&ape, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0"));
	told(&ape, "T\xc3\xb6ne", NULL, NULL, "", 0, 11);

	memcpy(v1 + 33, "012345678901234567890123456789", 30);
	v1[126] = 5;
	add(&old, BYTES("\xff\xfb\x90\x64 sound"));
	add(&old, v1, sizeof(v1));
	told(&old, "Title", "012345678901234567890123456789", NULL, "", 0, 5);
}

static void wave(struct file *f, const uint8_t *samples, size_t size, const char *track)
{
	add(f, BYTES("RIFF"));
	add_le32(f, (uint32_t)(4 + 24 + 8 + size + (track ? 12 + 8 + 2 : 0)));
	add(f, BYTES("WAVEfmt \x10\0\0\0\1\0\2\0\x44\xac\0\0\x10\xb1\2\0\4\0\x10\0data"));
	add_le32(f, (uint32_t)size);
	add(f, samples, size);
	if (track) {
		add(f, BYTES("LIST\x0e\0\0\0INFOITRK\2\0\0\0"));
		add(f, track, 2);
	}
}

static void chunks_are_lost(void **state)
{
	struct file riff = {.size = 0}, aiff = {.size = 0};

	(void)state;
	wave(&riff, (const uint8_t *)"abcd", 4, NULL);
	add(&riff, BYTES("LIST\x26\0\0\0INFOINAM\5\0\0\0T\xf6ne\0\0IPRD\3\0\0\0Was\0ITRK\2\0\0\0"
			 "9\0"));
	told(&riff, "T\xc3\xb6ne", NULL, "Was", "", 0, 9);

	add(&aiff, BYTES("FORM\0\0\0\x1c"
			 "AIFFNAME\0\0\0\3Was\0AUTH\0\0\0\3Wer\0"));
	told(&aiff, "Was", "Wer", NULL, "", 0, 0);
}

/* --- the disc ------------------------------------------------------------------------------ */

enum { A = 2352 * 3 + 400, B = 2352 * 2 - 4 };

static struct sp_memory *folder(uint8_t all[A + B])
{
	static const char list[] =
		"\xef\xbb\xbf#EXTM3U\r\n\r\n#EXTINF:1,x\r\nB.wav\r\n  a.wav  \r\n";
	struct sp_memory *mem = sp_memory_new();
	struct file *f = calloc(1, sizeof(*f));

	assert_non_null(mem);
	assert_non_null(f);
	for (size_t i = 0; i < A + B; i++)
		all[i] = (uint8_t)(i * 7 + i / 255 + 1);
	wave(f, all, B, "2");
	assert_int_equal(sp_memory_put(mem, "b.wav", f->data, f->size), 0);
	f->size = 0;
	wave(f, all + B, A, "1");
	assert_int_equal(sp_memory_put(mem, "a.wav", f->data, f->size), 0);
	assert_int_equal(sp_memory_put(mem, "list.m3u", list, sizeof(list) - 1), 0);
	free(f);
	return mem;
}

static struct sp_source *open_list(struct sp_memory *mem, const char *name,
				   const struct sp_option *option, size_t options, int status)
{
	const struct sp_options given = {.option = option, .options = options};
	struct sp_source *source = NULL;
	struct sp_error err;
	struct sp_io *io;

	assert_int_equal(sp_memory_open(mem, name, false, &io, &err), 0);
	const int r = sp_format_playlist.open(&source, io, &given, &err);
	if (r != status)
		fail_msg("%d: %s", r, r < 0 ? err.text : "");
	if (r < 0)
		sp_io_close(io);
	return source;
}

static void read_all(struct sp_source *source, uint8_t *data, sp_lba from, uint32_t count)
{
	uint16_t state[16];
	struct sp_error err;

	for (uint32_t i = 0; i < count; i++) {
		struct sp_span span = {.lba = from + i,
				       .count = 1,
				       .mode = SP_MODE_AUDIO,
				       .parts = SP_PART_USER,
				       .stride = 2352,
				       .data = data + (size_t)i * 2352,
				       .state = state};
		assert_int_equal(sp_source_read(source, &span, &err), 0);
	}
}

static void samples_are_lost_between_tracks(void **state)
{
	static uint8_t all[A + B], got[2352 * 6];
	struct sp_memory *mem = folder(all);
	struct sp_source *source = open_list(mem, "list.m3u", NULL, 0, 0);
	const struct sp_disc *disc = source->disc;

	(void)state;
	assert_int_equal(disc->tracks, 2);
	assert_int_equal(disc->track[0].start, 0);
	assert_int_equal(disc->track[0].index[0], -150);
	assert_int_equal(disc->track[1].start, 1); /* both are in it */
	assert_int_equal(disc->session[0].lead_out, 6);
	read_all(source, got, 0, 6);
	assert_memory_equal(got, all, A + B);
	for (size_t i = A + B; i < sizeof(got); i++)
		assert_int_equal(got[i], 0);
	sp_source_close(source);
	sp_memory_free(mem);
}

static void a_gap_is_no_silence(void **state)
{
	static uint8_t all[A + B], got[2352 * 4];
	static const struct sp_option two[] = {{"gap", "2"}}, wrong[] = {{"gap", "2x"}},
				      large[] = {{"gap", "61"}};
	struct sp_memory *mem = folder(all);
	struct sp_source *source = open_list(mem, "list.m3u", two, 1, 0);
	const struct sp_disc *disc = source->disc;

	(void)state;
	assert_int_equal(disc->track[1].index[0], 2);
	assert_int_equal(disc->track[1].start, 152);
	assert_int_equal(disc->session[0].lead_out, 156);
	read_all(source, got, 0, 2);
	assert_memory_equal(got, all, B);
	read_all(source, got, 152, 4);
	assert_memory_equal(got, all + B, A);
	sp_source_close(source);
	assert_null(open_list(mem, "list.m3u", wrong, 1, SP_ERR_USAGE));
	assert_null(open_list(mem, "list.m3u", large, 1, SP_ERR_USAGE));
	sp_memory_free(mem);
}

static void a_list_leads_astray(void **state)
{
	static uint8_t all[A + B];
	static const struct {
		const char *text;
		int status;
	} wrong[] = {
		{"#EXTM3U\nnone.wav\n", SP_ERR_FORMAT},
		{"#EXTM3U\n../b.wav\n", SP_ERR_FORMAT},
		{"#EXTM3U\n/b.wav\n", SP_ERR_FORMAT},
		{"#EXTM3U\nhttp://b.wav\n", SP_ERR_FORMAT},
		{"#EXTM3U\nlist.m3u\n", SP_ERR_FORMAT},
		{"#EXTM3U\n", SP_ERR_FORMAT},
		{"", SP_ERR_FORMAT},
	};
	struct sp_memory *mem = folder(all);
	char *many = malloc(100 * 6 + 1);

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(
			sp_memory_put(mem, "wrong.m3u", wrong[i].text, strlen(wrong[i].text)), 0);
		assert_null(open_list(mem, "wrong.m3u", NULL, 0, wrong[i].status));
	}
	assert_int_equal(sp_memory_put(mem, "zero.m3u", "b.wav\n\0", 7), 0);
	assert_null(open_list(mem, "zero.m3u", NULL, 0, SP_ERR_FORMAT));
	assert_non_null(many);
	for (size_t i = 0; i < 100; i++)
		memcpy(many + i * 6, "a.wav\n", 7);
	assert_int_equal(sp_memory_put(mem, "99.m3u", many, 99 * 6), 0);
	assert_int_equal(sp_memory_put(mem, "100.m3u", many, 100 * 6), 0);
	struct sp_source *source = open_list(mem, "99.m3u", NULL, 0, 0);
	assert_int_equal(source->disc->tracks, 99);
	sp_source_close(source);
	assert_null(open_list(mem, "100.m3u", NULL, 0, SP_ERR_FORMAT));
	free(many);
	sp_memory_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vorbis_comments_are_lost),
		cmocka_unit_test(id3_is_lost),
		cmocka_unit_test(tags_at_the_end_are_lost),
		cmocka_unit_test(chunks_are_lost),
		cmocka_unit_test(samples_are_lost_between_tracks),
		cmocka_unit_test(a_gap_is_no_silence),
		cmocka_unit_test(a_list_leads_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
