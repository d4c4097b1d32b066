/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of layouts and the builder that makes a disc of each. */
#include "tests/layouts.h"

#include "stream/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RAW  SP_PART_MAIN
#define USER SP_PART_USER
#define M24  (SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC) /* 2336 of XA */

/* clang-format off */
#define PIECES static const struct layout_piece
#define SESSION(type) {LAYOUT_SESSION, 0, type, 0}
#define LEAD {LAYOUT_PREGAP, 150, 0, 0} /* every CD begins with 150 sectors few images store */
#define TRACK(mode, parts) {LAYOUT_TRACK, 0, mode, parts}
#define PREGAP(n) {LAYOUT_PREGAP, n, SP_MODES, USER} /* of the track's own mode and parts */
#define EMPTY_PREGAP(n) {LAYOUT_PREGAP, n, 0, 0}
#define MAIN(n) {LAYOUT_MAIN, n, 0, 0}
#define POSTGAP(n) {LAYOUT_POSTGAP, n, 0, USER}
#define EMPTY_POSTGAP(n) {LAYOUT_POSTGAP, n, 0, 0}
#define GAP(n) {LAYOUT_GAP, n, 0, 0}
#define STORED_GAP(n) {LAYOUT_GAP, n, 0, USER}
#define END {LAYOUT_END, 0, 0, 0}
#define CDDA SESSION(SP_SESSION_CDROM), TRACK(SP_MODE_AUDIO, USER), LEAD

PIECES one_data2048[] = {SESSION(0), TRACK(SP_MODE_DATA2048, USER), MAIN(40), END};
PIECES one_sector[] = {SESSION(0), TRACK(SP_MODE_DATA2048, USER), MAIN(1), END};
PIECES block[] = {SESSION(0), TRACK(SP_MODE_BLOCK512, USER), MAIN(70), END};
PIECES mode1_raw[] = {SESSION(0), TRACK(SP_MODE_MODE1, RAW), LEAD, MAIN(40), END};
PIECES mode1_user[] = {SESSION(0), TRACK(SP_MODE_MODE1, USER), LEAD, MAIN(40), END};
PIECES mode2_raw[] = {SESSION(0), TRACK(SP_MODE_MODE2, RAW), LEAD, MAIN(30), END};
PIECES mode2_user[] = {SESSION(0), TRACK(SP_MODE_MODE2, USER), LEAD, MAIN(30), END};
PIECES xa_raw[] = {SESSION(SP_SESSION_XA), TRACK(SP_MODE_XA, RAW), LEAD, MAIN(30), END};
PIECES xa_2336[] = {SESSION(SP_SESSION_XA), TRACK(SP_MODE_XA, M24), LEAD, MAIN(30), END};
PIECES xa_form1[] = {SESSION(SP_SESSION_XA), TRACK(SP_MODE_XA_FORM1, USER), LEAD, MAIN(30), END};
PIECES xa_form2[] = {SESSION(SP_SESSION_XA), TRACK(SP_MODE_XA_FORM2, USER), LEAD, MAIN(30), END};
PIECES audio_one[] = {CDDA, MAIN(33), END};
PIECES audio_three[] = {CDDA, MAIN(20), TRACK(SP_MODE_AUDIO, USER), PREGAP(7), MAIN(21),
	TRACK(SP_MODE_AUDIO, USER), PREGAP(5), MAIN(22), END};
PIECES audio_indexes[] = {CDDA, MAIN(120), TRACK(SP_MODE_AUDIO, USER), MAIN(21),
	TRACK(SP_MODE_AUDIO, USER), PREGAP(5), MAIN(22), END};
PIECES audio_hidden[] = {CDDA, PREGAP(32), MAIN(20), TRACK(SP_MODE_AUDIO, USER), PREGAP(3),
	MAIN(9), END};
PIECES gaps_not_stored[] = {CDDA, MAIN(20), EMPTY_POSTGAP(11), TRACK(SP_MODE_AUDIO, USER),
	EMPTY_PREGAP(150), MAIN(12), END};
PIECES mixed[] = {SESSION(0), TRACK(SP_MODE_MODE1, RAW), LEAD, MAIN(25),
	TRACK(SP_MODE_AUDIO, USER), PREGAP(15), MAIN(20), TRACK(SP_MODE_AUDIO, USER), MAIN(10), END};
/* a mixed disc as old writers leave it: the audio track's pregap begins with data sectors */
PIECES mixed_pregap[] = {SESSION(0), TRACK(SP_MODE_MODE1, RAW), LEAD, MAIN(25),
	TRACK(SP_MODE_AUDIO, USER), {LAYOUT_PREGAP, 15, SP_MODE_MODE1, RAW}, MAIN(20), END};
PIECES cd_extra[] = {CDDA, MAIN(20), TRACK(SP_MODE_AUDIO, USER), PREGAP(6), MAIN(20), GAP(11250),
	SESSION(SP_SESSION_XA), TRACK(SP_MODE_XA, RAW), EMPTY_PREGAP(150), MAIN(20), END};
PIECES sessions_three[] = {SESSION(0), TRACK(SP_MODE_MODE1, RAW), LEAD, MAIN(20), GAP(11250),
	SESSION(0), TRACK(SP_MODE_MODE1, RAW), EMPTY_PREGAP(150), MAIN(20), GAP(6750),
	SESSION(SP_SESSION_XA), TRACK(SP_MODE_XA, RAW), EMPTY_PREGAP(150), MAIN(20), END};
PIECES gap_stored[] = {SESSION(0), TRACK(SP_MODE_MODE1, RAW), LEAD, MAIN(20), STORED_GAP(300),
	SESSION(0), TRACK(SP_MODE_MODE1, RAW), PREGAP(150), MAIN(20), END};
PIECES gd_rom[] = {SESSION(0), TRACK(SP_MODE_MODE1, RAW), LEAD, MAIN(30),
	TRACK(SP_MODE_AUDIO, USER), PREGAP(15), MAIN(20), GAP(45000 - 65), SESSION(0),
	TRACK(SP_MODE_MODE1, RAW), MAIN(30), TRACK(SP_MODE_AUDIO, USER), PREGAP(15), MAIN(30), END};
PIECES sub_channel[] = {SESSION(0), TRACK(SP_MODE_MODE1, RAW | SP_PART_PW), LEAD, MAIN(120),
	TRACK(SP_MODE_AUDIO, USER | SP_PART_PW), PREGAP(20), MAIN(30), END};
PIECES dvd[] = {SESSION(0), TRACK(SP_MODE_DATA2048, USER), MAIN(64), END};
/* so long that a pass takes many turns of its buffers */
PIECES mode1_long[] = {SESSION(0), TRACK(SP_MODE_MODE1, RAW), LEAD, MAIN(30000), END};
PIECES cd_to_the_end[] = {SESSION(0), TRACK(SP_MODE_MODE1, RAW), LEAD, MAIN(400000),
	TRACK(SP_MODE_AUDIO, USER), PREGAP(150), MAIN(49700), END};
/* clang-format on */

static void more_indexes(struct sp_disc *disc)
{
	struct sp_track *track = &disc->track[0];

	for (unsigned i = 2; i <= SP_INDEX_MAX; i++)
		track->index[i] = track->start + (sp_lba)i - 1;
	disc->track[2].index[2] = disc->track[2].start + 5;
}

static void more_codes(struct sp_disc *disc)
{
	memcpy(disc->mcn, "4006381333931", sizeof(disc->mcn));
	for (size_t i = 0; i < disc->tracks; i++)
		snprintf(disc->track[i].isrc, sizeof(disc->track[i].isrc), "DEABC24%05u",
			 (unsigned)i % 100 + 1);
	disc->track[0].control |= SP_CONTROL_COPY;
	disc->track[1].control |= SP_CONTROL_PREEMPHASIS;
	disc->track[2].control |= SP_CONTROL_FOUR_CHANNEL | SP_CONTROL_COPY;
}

static void more_text(struct sp_disc *disc)
{
	static const struct {
		unsigned track, type;
		const char *text;
		unsigned block;
	} text[] = {
		{0, SP_TEXT_TITLE, "A disc with \"quotes\" in it", 0},
		{0, SP_TEXT_PERFORMER, "Händel", 0},
		{1, SP_TEXT_TITLE, "One", 0},
		{2, SP_TEXT_TITLE, "Two", 0},
		{2, SP_TEXT_PERFORMER, "Somebody else", 0},
		{3, SP_TEXT_TITLE, "Three", 0},
		{0, SP_TEXT_TITLE, "題名", 2},
		{3, SP_TEXT_TITLE, "三 (3)", 2},
		{0, SP_TEXT_CLOSED, "not for players", 0},
	};

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		if (sp_disc_set_block_text(disc, text[i].block, text[i].track, text[i].type,
					   text[i].text))
			abort();
	disc->block[0].language = 0x09; /* English */
	disc->block[2].language = 0x69; /* Japanese */
	disc->block[2].charset = SP_TEXT_MSJIS;
}

static void more_layers(struct sp_disc *disc)
{
	disc->layer_break = 32;
	disc->profile = 0x15;
}

/* Ninety-nine tracks are no table row. */
static const struct layout_piece *pieces_99(void)
{
	static struct layout_piece piece[1 + 99 * 3 + 1];
	struct layout_piece *p = piece;

	*p++ = (struct layout_piece)SESSION(0);
	for (unsigned i = 1; i <= 99; i++) {
		*p++ = (struct layout_piece)TRACK(SP_MODE_AUDIO, USER);
		if (i == 1)
			*p++ = (struct layout_piece)LEAD;
		else if (i % 3 == 0)
			*p++ = (struct layout_piece)PREGAP(2);
		*p++ = (struct layout_piece)MAIN(1 + i % 4);
	}
	*p = (struct layout_piece)END;
	return piece;
}

/* clang-format off */
const struct layout layouts[] = {
	{"data2048", one_data2048, LAYOUT_FEW, SP_MEDIUM_CD, 1, 0, NULL},
	{"one-sector", one_sector, 0, SP_MEDIUM_CD, 1, 0, NULL},
	{"mode1-raw", mode1_raw, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"mode1-user", mode1_user, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"mode2-raw", mode2_raw, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"mode2-user", mode2_user, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"xa-raw", xa_raw, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"xa-2336", xa_2336, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"xa-form1", xa_form1, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"xa-form2", xa_form2, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"audio", audio_one, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"audio-3", audio_three, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"audio-hidden", audio_hidden, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"gaps-not-stored", gaps_not_stored, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"mixed", mixed, LAYOUT_FEW, SP_MEDIUM_CD, 1, -150, NULL},
	{"mixed-pregap", mixed_pregap, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"cd-extra", cd_extra, LAYOUT_FEW, SP_MEDIUM_CD, 1, -150, NULL},
	{"sessions-3", sessions_three, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"gap-stored", gap_stored, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"tracks-99", NULL, 0, SP_MEDIUM_CD, 1, -150, NULL},
	{"first-4", audio_three, 0, SP_MEDIUM_CD, 4, -150, NULL},
	{"indexes", audio_indexes, 0, SP_MEDIUM_CD, 1, -150, more_indexes},
	{"codes", audio_three, 0, SP_MEDIUM_CD, 1, -150, more_codes},
	{"cd-text", audio_three, 0, SP_MEDIUM_CD, 1, -150, more_text},
	{"gd-rom", gd_rom, 0, SP_MEDIUM_GD, 1, -150, NULL},
	{"sub-channel", sub_channel, LAYOUT_FEW, SP_MEDIUM_CD, 1, -150, NULL},
	{"dvd", dvd, 0, SP_MEDIUM_DVD, 1, 0, NULL},
	{"dvd-layers", dvd, 0, SP_MEDIUM_DVD, 1, 0, more_layers},
	{"block", block, LAYOUT_FEW, SP_MEDIUM_BLOCK, 1, 0, NULL},
	{"mode1-long", mode1_long, LAYOUT_HUGE, SP_MEDIUM_CD, 1, -150, NULL},
	{"cd-to-the-end", cd_to_the_end, LAYOUT_HUGE, SP_MEDIUM_CD, 1, -150, NULL},
	{NULL, NULL, 0, 0, 0, 0, NULL},
};
/* clang-format on */

const struct layout *layout_named(const char *name)
{
	for (const struct layout *layout = layouts; layout->name; layout++)
		if (!strcmp(layout->name, name))
			return layout;
	fprintf(stderr, "no layout %s\n", name);
	abort();
}

struct layout_state {
	struct sp_disc *disc;
	sp_lba lba;
	unsigned mode, parts; /* of the track at hand */
};

static void layout_track(struct layout_state *state, const struct layout_piece *piece,
			 unsigned first)
{
	struct sp_track *track = sp_disc_add_track(state->disc);

	if (!track)
		abort();
	if (state->disc->tracks == 1)
		track->number = first;
	track->session = (unsigned)state->disc->sessions;
	track->mode = piece->mode;
	track->control = piece->mode == SP_MODE_AUDIO ? 0 : SP_CONTROL_DATA;
	track->index[0] = SP_LBA_NONE;
	state->mode = piece->mode;
	state->parts = piece->parts;
}

static void layout_region(struct layout_state *state, const struct layout_piece *piece)
{
	static const unsigned kind[] = {
		[LAYOUT_PREGAP] = SP_REGION_PREGAP,
		[LAYOUT_MAIN] = SP_REGION_TRACK,
		[LAYOUT_POSTGAP] = SP_REGION_POSTGAP,
		[LAYOUT_GAP] = SP_REGION_GAP,
	};
	struct sp_disc *disc = state->disc;
	struct sp_track *track = disc->tracks ? &disc->track[disc->tracks - 1] : NULL;
	const bool own = piece->what == LAYOUT_PREGAP && piece->parts && piece->mode != SP_MODES;
	const bool stored = piece->what == LAYOUT_MAIN || piece->parts;
	struct sp_region region = {.lba = state->lba,
				   .count = piece->count,
				   .session = (unsigned)disc->sessions,
				   .track = piece->what == LAYOUT_GAP ? 0 : track->number,
				   .kind = kind[piece->what],
				   .mode = own ? piece->mode : state->mode,
				   .parts = own      ? piece->parts
					    : stored ? state->parts
						     : SP_PART_USER,
				   .stored = stored};

	if (!stored && !sp_sector_size(region.mode, SP_PART_USER))
		region.parts = state->parts;
	if (piece->what == LAYOUT_PREGAP && track->index[0] == SP_LBA_NONE)
		track->index[0] = state->lba;
	if (piece->what == LAYOUT_MAIN)
		track->start = track->index[1] = state->lba;
	if (piece->what == LAYOUT_MAIN || piece->what == LAYOUT_POSTGAP)
		track->length += piece->count;
	if (piece->what == LAYOUT_GAP)
		disc->session[disc->sessions - 1].lead_out = state->lba;
	if (!sp_disc_add_region(disc, &region))
		abort();
	state->lba += piece->count;
}

struct sp_disc *layout_build(const struct layout *layout)
{
	struct layout_state state = {.disc = sp_disc_new(), .lba = layout->start};
	const struct layout_piece *piece = layout->piece ? layout->piece : pieces_99();

	if (!state.disc)
		abort();
	state.disc->medium = layout->medium;
	for (; piece->what != LAYOUT_END; piece++) {
		struct sp_session *session;

		if (piece->what == LAYOUT_TRACK) {
			layout_track(&state, piece, layout->first);
		} else if (piece->what != LAYOUT_SESSION) {
			layout_region(&state, piece);
		} else if (!(session = sp_disc_add_session(state.disc))) {
			abort();
		} else {
			session->type = piece->mode;
		}
	}
	state.disc->session[state.disc->sessions - 1].lead_out = state.lba;
	if (layout->more)
		layout->more(state.disc);
	return state.disc;
}

static struct sp_source *pattern_of(struct sp_disc *disc, uint32_t seed)
{
	struct sp_source *source;

	if (sp_pattern_source(&source, disc, seed, NULL))
		abort();
	return source;
}

struct sp_source *layout_source(const struct layout *layout, uint32_t seed)
{
	return pattern_of(layout_build(layout), seed);
}

struct sp_source *layout_audio_with(void (*change)(struct sp_disc *disc))
{
	struct sp_disc *disc = layout_build(layout_named("audio"));

	change(disc);
	return pattern_of(disc, 1);
}
