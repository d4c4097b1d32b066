/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a disc says of one of its tracks, in the words of sound files' tags. */
#include "formats/audio_write.h"

#include <stdio.h>

static void tags_add(struct sp_tags *tags, const char *key, const char *info, const char *value)
{
	if (value && *value && tags->count < SP_TAGS_MAX)
		tags->tag[tags->count++] = (struct sp_tag){key, info, value};
}

void sp_tags_collect(struct sp_tags *tags, const struct sp_disc *disc, unsigned track)
{
	static const struct {
		const char *key, *info;
		unsigned type;
		bool own, all; /* of the track; of the disc, where the track has none */
	} row[] = {
		{"TITLE", "INAM", SP_TEXT_TITLE, true, false},
		{"ARTIST", "IART", SP_TEXT_PERFORMER, true, true},
		{"ALBUM", "IPRD", SP_TEXT_TITLE, false, true},
		{"ALBUMARTIST", NULL, SP_TEXT_PERFORMER, false, true},
		{"COMPOSER", NULL, SP_TEXT_COMPOSER, true, true},
		{"GENRE", "IGNR", SP_TEXT_GENRE, false, true},
	};
	const struct sp_track *t = track ? sp_disc_track(disc, track) : NULL;

	*tags = (struct sp_tags){0};
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const char *own = row[i].own && t ? sp_disc_text(disc, track, row[i].type) : NULL;
		const char *all = row[i].all ? sp_disc_text(disc, 0, row[i].type) : NULL;

		tags_add(tags, row[i].key, row[i].info, own && *own ? own : all);
	}
	if (!t)
		return;
	snprintf(tags->number[0], sizeof(tags->number[0]), "%u", track);
	snprintf(tags->number[1], sizeof(tags->number[1]), "%u",
		 disc->track[disc->tracks - 1].number);
	tags_add(tags, "TRACKNUMBER", "ITRK", tags->number[0]);
	tags_add(tags, "TRACKTOTAL", NULL, tags->number[1]);
	tags_add(tags, "ISRC", NULL, t->isrc);
}
