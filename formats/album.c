/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound files, one after another, as a disc of audio tracks: an io that has all their samples in a
 * row, and a layout over it. */
#include "formats/album.h"

#include "base/bytes.h"
#include "formats/sound_io.h"
#include "formats/sound_kind.h"
#include "stream/extents.h"

#include <stdlib.h>
#include <string.h>

enum { ALBUM_SECTOR = 2352, ALBUM_GAP_MAX = 60, ALBUM_LEAST = 300 };

/* --- one io of all their samples ----------------------------------------------------------- */

/* Where the samples of a file lie; what is between two is silence. */
struct album_part {
	struct sp_io *io;
	bool swap;
	uint64_t begin, size;
};
struct album_io {
	struct sp_io io;
	char *name;
	size_t parts;
	struct album_part part[SP_TRACK_MAX];
};

/* Samples are pairs of bytes, and so is every place and size that is asked for. */
static int album_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct album_io *album = (struct album_io *)io;
	uint8_t *to = data;

	memset(to, 0, size);
	for (size_t i = 0; i < album->parts; i++) {
		const struct album_part *part = &album->part[i];
		const uint64_t from = part->begin > at ? part->begin : at;
		const uint64_t end =
			part->begin + part->size < at + size ? part->begin + part->size : at + size;

		if (from >= end)
			continue;
		uint8_t *here = to + (from - at);
		const int r =
			sp_io_read(part->io, from - part->begin, here, (size_t)(end - from), err);
		if (r < 0)
			return r;
		for (size_t n = 0; part->swap && n + 1 < end - from; n += 2) {
			const uint8_t first = here[n];

			here[n] = here[n + 1];
			here[n + 1] = first;
		}
	}
	return 0;
}

static void album_close(struct sp_io *io)
{
	struct album_io *album = (struct album_io *)io;

	for (size_t i = 0; i < album->parts; i++)
		sp_io_close(album->part[i].io);
	free(album->name);
	free(album);
}

static struct album_io *album_new(const char *name)
{
	static const struct sp_io_ops ops = {.read = album_read, .close = album_close};
	struct album_io *album = calloc(1, sizeof(*album));

	if (!album || !(album->name = strdup(name))) {
		free(album);
		return NULL;
	}
	album->io = (struct sp_io){.ops = &ops, .name = album->name};
	return album;
}

/* --- what they say of themselves ----------------------------------------------------------- */

/* What all files say alike; NULL: they do not. */
static const char *album_common(const struct sp_album *album, unsigned text)
{
	const char *first = album->file[0].tags.text[text];

	for (size_t i = 1; first && i < album->files; i++) {
		const char *other = album->file[i].tags.text[text];

		if (!other || strcmp(first, other) != 0)
			return NULL;
	}
	return first;
}

static int album_text(const struct sp_album *album, struct sp_disc *disc, struct sp_error *err)
{
	const char *title = album_common(album, SP_SOUND_ALBUM);
	const char *performer = album_common(album, SP_SOUND_ALBUM_ARTIST);
	int r = 0;

	if (!performer)
		performer = album_common(album, SP_SOUND_ARTIST);
	if (title)
		r = sp_disc_set_text(disc, 0, SP_TEXT_TITLE, title);
	if (!r && performer)
		r = sp_disc_set_text(disc, 0, SP_TEXT_PERFORMER, performer);
	for (size_t i = 0; !r && i < album->files; i++) {
		const struct sp_sound_tags *tags = &album->file[i].tags;
		const unsigned number = (unsigned)i + 1;

		memcpy(disc->track[i].isrc, tags->isrc, sizeof(tags->isrc));
		if (tags->text[SP_SOUND_TITLE])
			r = sp_disc_set_text(disc, number, SP_TEXT_TITLE,
					     tags->text[SP_SOUND_TITLE]);
		if (!r && tags->text[SP_SOUND_ARTIST])
			r = sp_disc_set_text(disc, number, SP_TEXT_PERFORMER,
					     tags->text[SP_SOUND_ARTIST]);
	}
	return r < 0 ? sp_fail_memory(err) : 0;
}

/* --- the layout ---------------------------------------------------------------------------- */

struct album_layout {
	struct sp_album *album;
	struct sp_disc *disc;
	struct album_io *io;
	uint64_t gap;   /* sectors */
	uint64_t bytes; /* of all files so far, with silence where one is to end its sector */
	sp_lba lba;
	struct sp_error *err;
};

static int album_region(struct album_layout *l, unsigned kind, uint64_t count, bool stored)
{
	const struct sp_region region = {.lba = l->lba,
					 .count = count,
					 .session = 1,
					 .track = (unsigned)l->disc->tracks,
					 .kind = kind,
					 .mode = SP_MODE_AUDIO,
					 .parts = SP_PART_USER,
					 .stored = stored};

	l->lba += (sp_lba)count;
	return !count || sp_disc_add_region(l->disc, &region) ? 0 : sp_fail_memory(l->err);
}

/* The i-th file becomes a track. Without a gap its samples follow those before it at once, and it
 * begins with the sector they meet in. */
static int album_track(struct album_layout *l, size_t i, uint64_t *first, uint64_t *sectors)
{
	struct sp_album_file *file = &l->album->file[i];
	const bool last = i + 1 == l->album->files;
	struct sp_track *track = sp_disc_add_track(l->disc);
	const uint64_t pregap = i ? l->gap : SP_MSF_OFFSET;

	if (!track)
		return sp_fail_memory(l->err);
	if (l->gap)
		l->bytes = (l->bytes + ALBUM_SECTOR - 1) / ALBUM_SECTOR * ALBUM_SECTOR;
	*first = l->bytes / ALBUM_SECTOR;
	l->io->part[l->io->parts++] = (struct album_part){.io = file->io,
							  .swap = file->big_endian,
							  .begin = l->bytes,
							  .size = file->io->size};
	file->io = NULL;
	const uint64_t end = l->bytes + l->io->part[i].size;
	l->bytes = end;
	*sectors = (l->gap || last ? end + ALBUM_SECTOR - 1 : end) / ALBUM_SECTOR - *first;
	track->session = 1;
	track->mode = SP_MODE_AUDIO;
	if (pregap)
		track->index[0] = l->lba;
	int r = album_region(l, SP_REGION_PREGAP, pregap, false);
	track->index[1] = track->start = l->lba;
	track->length = *sectors;
	if (*sectors < ALBUM_LEAST)
		sp_note(sp_options_notes(l->album->options),
			"%s: is shorter than the 4 s that a track is to have",
			l->io->part[i].io->name);
	return r ? r : album_region(l, SP_REGION_TRACK, *sectors, true);
}

static int album_gap(const struct sp_album *album, uint64_t *gap, struct sp_error *err)
{
	const char *text = sp_options_get(album->options, "gap");
	char *end = NULL;
	const unsigned long n = text ? strtoul(text, &end, 10) : 0;

	if (text && (*text < '0' || *text > '9' || *end || n > ALBUM_GAP_MAX))
		return sp_fail(err, SP_ERR_USAGE, "-O gap=%s: is no number of seconds up to %d",
			       text, ALBUM_GAP_MAX);
	*gap = (uint64_t)n * 75;
	return 0;
}

static int album_views(struct sp_album *album, struct sp_error *err)
{
	const char *resample = sp_options_get(album->options, "resample");
	const bool convert = !resample || !strcmp(resample, "yes");
	int r = 0;

	for (size_t i = 0; !r && i < album->files; i++) {
		struct sp_album_file *file = &album->file[i];

		r = sp_sound_view(&file->io, convert, &file->big_endian,
				  sp_options_notes(album->options), err);
		if (!r && !file->io->size)
			r = sp_fail(err, SP_ERR_FORMAT, "%s: holds no sound", file->io->name);
	}
	return r;
}

static int album_build(struct album_layout *l, struct sp_extents *map)
{
	uint64_t first[SP_TRACK_MAX], sectors[SP_TRACK_MAX];
	int r = 0;

	l->disc->medium = SP_MEDIUM_CD;
	struct sp_session *session = sp_disc_add_session(l->disc);
	if (!session)
		return sp_fail_memory(l->err);
	for (size_t i = 0; !r && i < l->album->files; i++)
		r = album_track(l, i, &first[i], &sectors[i]);
	l->disc->session[0].lead_out = l->lba;
	l->io->io.size = (l->bytes + ALBUM_SECTOR - 1) / ALBUM_SECTOR * ALBUM_SECTOR;
	for (size_t i = 0; !r && i < l->album->files; i++) {
		const struct sp_extent extent = {.lba = l->disc->track[i].start,
						 .count = sectors[i],
						 .io = &l->io->io,
						 .offset = first[i] * ALBUM_SECTOR,
						 .stride = ALBUM_SECTOR,
						 .mode = SP_MODE_AUDIO,
						 .parts = SP_PART_USER};

		if (sectors[i])
			r = sp_extents_add(map, &extent, false, true, l->err);
	}
	return r;
}

int sp_album_source(struct sp_source **out, struct sp_album *album, struct sp_error *err)
{
	struct album_layout l = {.album = album, .lba = -SP_MSF_OFFSET, .err = err};
	struct sp_extents map = {0};
	int r = album_gap(album, &l.gap, err);

	if (!r && !album->files)
		r = sp_fail(err, SP_ERR_FORMAT, "%s: no sound file is in it", album->name);
	if (!r)
		r = album_views(album, err);
	if (r < 0)
		return r;
	l.disc = sp_disc_new();
	l.io = album_new(album->name);
	if (!l.disc || !l.io)
		r = sp_fail_memory(err);
	if (!r)
		r = album_build(&l, &map);
	if (!r)
		r = sp_extents_own(&map, &l.io->io, err);
	if (!r)
		l.io = NULL; /* the map's */
	const char *text = sp_options_get(album->options, "text");
	if (!r && !(text && !strcmp(text, "no")))
		r = album_text(album, l.disc, err);
	if (!r)
		r = sp_disc_check(l.disc, err);
	if (!r)
		r = sp_extents_source(out, l.disc, &map, err);
	if (r < 0) {
		sp_extents_clear(&map);
		sp_disc_free(l.disc);
		if (l.io)
			album_close(&l.io->io);
	} else {
		sp_album_clear(album);
	}
	return r;
}

/* --- the list ------------------------------------------------------------------------------ */

int sp_album_add(struct sp_album *album, struct sp_io *io, bool *sound, struct sp_error *err)
{
	struct sp_sound_kind kind;
	struct sp_error why = {0};
	int r = sp_sound_kind(&kind, io, &why);

	*sound = !r;
	if (r == SP_ERR_FORMAT)
		return 0;
	if (r < 0) {
		if (err)
			*err = why;
		return r;
	}
	if (album->files == SP_TRACK_MAX)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: more sound files than the %d tracks of a CD", album->name,
			       SP_TRACK_MAX);
	if (album->files == album->room) {
		const size_t room = album->room ? album->room * 2 : 16;
		struct sp_album_file *list = realloc(album->file, room * sizeof(*list));

		if (!list)
			return sp_fail_memory(err);
		album->file = list;
		album->room = room;
	}
	struct sp_album_file *file = &album->file[album->files];
	*file = (struct sp_album_file){.io = io};
	r = sp_sound_tags_read(&file->tags, io, err);
	if (!r)
		album->files++;
	return r;
}

static int album_before(const void *a, const void *b)
{
	const struct sp_sound_tags *x = &((const struct sp_album_file *)a)->tags;
	const struct sp_sound_tags *y = &((const struct sp_album_file *)b)->tags;

	if (x->disc != y->disc)
		return x->disc < y->disc ? -1 : 1;
	return x->track < y->track ? -1 : x->track > y->track;
}

bool sp_album_sort(struct sp_album *album)
{
	for (size_t i = 0; i < album->files; i++) {
		if (!album->file[i].tags.track)
			return false;
		for (size_t j = 0; j < i; j++)
			if (!album_before(&album->file[i], &album->file[j]))
				return false;
	}
	if (album->files)
		qsort(album->file, album->files, sizeof(album->file[0]), album_before);
	return true;
}

void sp_album_clear(struct sp_album *album)
{
	for (size_t i = 0; i < album->files; i++) {
		sp_io_close(album->file[i].io);
		sp_sound_tags_clear(&album->file[i].tags);
	}
	free(album->file);
	album->file = NULL;
	album->files = album->room = 0;
}
