/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disc model: its caps, its copy, each rule of its check broken once, the ids of known discs.
 */
#include <spindle/disc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void add_region(struct sp_disc *disc, sp_lba lba, uint64_t count, unsigned session,
		       unsigned track, unsigned kind, unsigned mode)
{
	assert_non_null(sp_disc_add_region(disc, &(struct sp_region){.lba = lba,
								     .count = count,
								     .session = session,
								     .track = track,
								     .kind = kind,
								     .mode = mode,
								     .parts = SP_PART_MAIN,
								     .stored = track != 0}));
}

static struct sp_track *add_track(struct sp_disc *disc, sp_lba pregap, sp_lba start,
				  uint64_t length, unsigned mode)
{
	struct sp_track *track = sp_disc_add_track(disc);

	assert_non_null(track);
	track->mode = mode;
	track->control = mode == SP_MODE_AUDIO ? 0 : SP_CONTROL_DATA;
	track->index[0] = pregap;
	track->index[1] = track->start = start;
	track->length = length;
	return track;
}

/* Regions 0…6: pregap, audio 1; pregap, audio 2 and its postgap; gap; pregap and data 3. */
static struct sp_disc *layout(void)
{
	struct sp_disc *disc = sp_disc_new();

	assert_non_null(disc);
	strcpy(disc->mcn, "4006381333931");
	sp_disc_add_session(disc)->lead_out = 2000;
	strcpy(add_track(disc, -150, 0, 900, SP_MODE_AUDIO)->isrc, "QM7281905204");
	struct sp_track *second = add_track(disc, 900, 1000, 1000, SP_MODE_AUDIO);
	second->index[2] = 1200;
	second->index[3] = 1300;
	sp_disc_add_session(disc)->lead_out = 14000;
	add_track(disc, 13250, 13400, 600, SP_MODE_MODE1);
	disc->session[1].type = SP_SESSION_XA;
	add_region(disc, -150, 150, 1, 1, SP_REGION_PREGAP, SP_MODE_AUDIO);
	add_region(disc, 0, 900, 1, 1, SP_REGION_TRACK, SP_MODE_AUDIO);
	add_region(disc, 900, 100, 1, 2, SP_REGION_PREGAP, SP_MODE_AUDIO);
	add_region(disc, 1000, 850, 1, 2, SP_REGION_TRACK, SP_MODE_AUDIO);
	add_region(disc, 1850, 150, 1, 2, SP_REGION_POSTGAP, SP_MODE_AUDIO);
	add_region(disc, 2000, 11250, 1, 0, SP_REGION_GAP, SP_MODE_AUDIO);
	add_region(disc, 13250, 150, 2, 3, SP_REGION_PREGAP, SP_MODE_MODE1);
	add_region(disc, 13400, 600, 2, 3, SP_REGION_TRACK, SP_MODE_MODE1);
	assert_int_equal(sp_disc_set_text(disc, 2, SP_TEXT_TITLE, "two"), 0);
	assert_int_equal(sp_disc_set_text(disc, 0, SP_TEXT_REMARK, "one"), 0);
	assert_int_equal(sp_disc_set_text(disc, 0, SP_TEXT_REMARK, "another"), 0);
	return disc;
}

/* One track of one region. */
static struct sp_disc *single(unsigned medium, unsigned mode, uint64_t count)
{
	struct sp_disc *disc = sp_disc_new();

	assert_non_null(disc);
	disc->medium = medium;
	sp_disc_add_session(disc)->lead_out = (sp_lba)count;
	add_track(disc, SP_LBA_NONE, 0, count, mode);
	add_region(disc, 0, count, 1, 1, SP_REGION_TRACK, mode);
	return disc;
}

static void assert_good(struct sp_disc *disc)
{
	struct sp_error err = {.text = ""};

	if (sp_disc_check(disc, &err))
		fail_msg("refused: %s", err.text);
	sp_disc_free(disc);
}

static void assert_refused(struct sp_disc *disc, const char *text)
{
	struct sp_error err = {.text = ""};

	assert_int_equal(sp_disc_check(disc, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, text);
	sp_disc_free(disc);
}

static void discs_of_every_medium_pass(void **state)
{
	(void)state;
	assert_good(layout());
	assert_good(single(SP_MEDIUM_CD, SP_MODE_DATA2048, 300000));
	assert_good(single(SP_MEDIUM_CD, SP_MODE_XA, 1));
	assert_good(single(SP_MEDIUM_DVD, SP_MODE_DATA2048, 4000000));
	assert_good(single(SP_MEDIUM_BD, SP_MODE_DATA2048, 60000000));
	assert_good(single(SP_MEDIUM_BLOCK, SP_MODE_BLOCK512, 1ULL << 40));
	assert_good(single(SP_MEDIUM_BLOCK, SP_MODE_DATA2048, 5));

	/* a view from within the first pregap, and one without it */
	struct sp_disc *disc = layout();
	disc->region[0].lba = -10;
	disc->region[0].count = 10;
	assert_good(disc);
	disc = layout();
	disc->regions--;
	memmove(disc->region, disc->region + 1, disc->regions * sizeof(*disc->region));
	assert_good(disc);
}

/* Break one thing of the layout. */
#define REFUSED(change, text)                                                                      \
	do {                                                                                       \
		struct sp_disc *d = layout();                                                      \
		change;                                                                            \
		assert_refused(d, text);                                                           \
	} while (0)

static void broken_sessions_are_refused(void **state)
{
	(void)state;
	REFUSED(d->sessions = 0, "the disc has no session");
	REFUSED(d->session[0].number = 0, "session 0: number is not within 1…99");
	REFUSED(d->session[1].number = 100, "session 100: number is not within 1…99");
	REFUSED(d->session[1].number = 1, "session 1 follows session 1");
	REFUSED(d->session[1].lead_out = 2000,
		"session 2: lead-out at LBA 2000 is not after that of session 1");
	REFUSED(d->session[1].type = 1, "session 2: type 0x01 is none of 00, 10, 20");
	REFUSED(sp_disc_add_session(d)->lead_out = 20000, "session 3 has no track");
}

static void broken_tracks_are_refused(void **state)
{
	(void)state;
	REFUSED(d->tracks = 0, "the disc has no track");
	REFUSED(d->track[0].number = 0, "track 0: number is not within 1…99");
	REFUSED(d->track[2].number = 100, "track 100: number is not within 1…99");
	REFUSED(d->track[1].number = 1, "track 1 follows track 1");
	REFUSED(d->track[1].session = 7, "track 2: there is no session 7");
	REFUSED(d->track[0].session = 2, "track 2: session 1 follows session 2");
	REFUSED(d->track[1].control = 16, "track 2: control 16 has more than four bits");
	REFUSED(d->track[1].mode = SP_MODES, "track 2: mode 8 is unknown");
	REFUSED(d->track[1].length = 0, "track 2 is empty");
	REFUSED(d->track[1].length = UINT64_MAX, "track 2: its length cannot be counted");
	REFUSED(d->track[1].length = (uint64_t)INT64_MAX - 999,
		"track 2: its length cannot be counted");
	REFUSED(d->track[0].length = 899,
		"track 1 ends at LBA 899, and what follows it begins at 900");
	REFUSED(d->session[0].lead_out = 2001,
		"track 2 ends at LBA 2000, and what follows it begins at 2001");
	REFUSED(d->track[1].index[0] = SP_LBA_NONE,
		"track 1 ends at LBA 900, and what follows it begins at 1000");
	REFUSED(strcpy(d->track[0].isrc, "qm7281905204"),
		"track 1: \"qm7281905204\" is not an ISRC");
	REFUSED(memset(d->track[0].isrc, 'A', 13), "track 1: \"AAAAAAAAAAAA\" is not an ISRC");
	REFUSED(d->track[2].index[0] = 1999,
		"track 3 begins at LBA 1999, before the lead-out of session 1");
}

static void broken_indexes_are_refused(void **state)
{
	(void)state;
	REFUSED(d->track[1].index[1] = 1001, "track 2: its start is not its index 01");
	REFUSED(d->track[1].index[1] = d->track[1].start = SP_LBA_NONE,
		"track 2: its start is not its index 01");
	REFUSED(d->track[1].index[0] = 1000, "track 2: index 01 at LBA 1000 is not after index 00");
	REFUSED(d->track[1].index[3] = 1200, "track 2: index 03 at LBA 1200 is not after index 02");
	REFUSED(d->track[1].index[99] = 17, "track 2: index 99 at LBA 17 is not after index 03");
	REFUSED(d->track[1].index[99] = 2000,
		"track 2: index 99 at LBA 2000 lies after the track's end");
}

static void broken_regions_are_refused(void **state)
{
	(void)state;
	REFUSED(d->regions = 0, "the disc has no sectors");
	REFUSED(d->region[3].count = 0, "region at LBA 1000: a count of 0");
	REFUSED(d->region[3].count = UINT64_MAX,
		"region at LBA 1000: a count of 18446744073709551615");
	REFUSED(d->region[7].count = (uint64_t)INT64_MAX - 10,
		"region at LBA 13400: a count of 9223372036854775797");
	REFUSED(d->region[3].lba = 1001, "region at LBA 1001: the one before it ends at 1000");
	REFUSED(d->region[3].lba = 999, "region at LBA 999: the one before it ends at 1000");
	REFUSED(d->region[3].kind = 4, "region at LBA 1000: kind 4 is unknown");
	REFUSED(d->region[3].mode = 8, "region at LBA 1000: mode 8 is unknown");
	REFUSED(d->region[3].parts = SP_PART_SYNC,
		"region at LBA 1000: mode audio has no parts 0x01");
	REFUSED(d->region[3].session = 3, "region at LBA 1000: there is no session 3");
	REFUSED(d->region[3].session = 2, "track at LBA 1000: track 2 is not in session 2");
	REFUSED(d->region[3].track = 9, "track at LBA 1000: there is no track 9");
	REFUSED(d->region[5].track = 2, "gap at LBA 2000 belongs to track 2");
	REFUSED(d->region[3].track = 1, "track at LBA 1000 lies outside of its part of track 1");
	REFUSED(d->region[2].kind = SP_REGION_TRACK,
		"track at LBA 900 lies outside of its part of track 2");
	REFUSED(d->region[3].kind = SP_REGION_PREGAP,
		"pregap at LBA 1000 lies outside of its part of track 2");
	REFUSED(d->region[3].mode = SP_MODE_MODE1, "track 2 is audio and its first region mode1");
	REFUSED(d->region[0].lba = -45151;
		d->region[0].count = 45151, "a medium \"cd\" has no LBA -45151");
	REFUSED((d->region[3].kind = SP_REGION_POSTGAP, d->region[4].kind = SP_REGION_TRACK),
		"track 2 goes on after its postgap");
	REFUSED(d->track[0].index[0] = SP_LBA_NONE, "track 1 has a pregap and no index 00");
	/* a hole within a track cannot hide as a gap */
	REFUSED((d->region[4].kind = SP_REGION_GAP, d->region[4].track = 0),
		"track 2: 850 of 1000 sectors are in regions");
	REFUSED((d->region[2].kind = SP_REGION_GAP, d->region[2].track = 0),
		"track 2: its pregap is not covered by regions");
	REFUSED(d->regions--, "track 3: 0 of 600 sectors are in regions");
}

static void broken_texts_and_numbers_are_refused(void **state)
{
	static uint8_t bytes[18];

	(void)state;
	REFUSED(d->text[0].type = 0x8f, "text of type 0x8f is unknown");
	REFUSED(d->text[0].track = 4, "text \"two\": there is no track 4");
	REFUSED((d->text[1].type = SP_TEXT_TITLE, d->text[1].track = 2),
		"text \"one\": track 2 has another of its type");
	REFUSED(strcpy(d->mcn, "400638133393"), "\"400638133393\" is not a media catalogue number");
	REFUSED(memset(d->mcn, '0', 14), "\"0000000000000\" is not a media catalogue number");
	REFUSED(d->layer_break = 14000, "the layer break at LBA 14000 lies outside of the disc");
	REFUSED(d->cdtext_size = 18, "CD-Text of 18 bytes is not made of packs");
	REFUSED(d->full_toc_size = 4, "a full TOC of 4 bytes");

	struct sp_disc *disc = layout();
	assert_int_equal(sp_disc_set_cdtext(disc, bytes, 17), SP_ERR_USAGE);
	assert_int_equal(sp_disc_set_cdtext(disc, bytes, 18), 0);
	disc->cdtext_size = 17;
	assert_refused(disc, "CD-Text of 17 bytes is not made of packs");
}

static void media_have_only_their_own_modes_and_form(void **state)
{
	(void)state;
	assert_refused(single(SP_MEDIUM_CD, SP_MODE_BLOCK512, 9),
		       "track 1: a medium \"cd\" has no mode block512");
	assert_refused(single(SP_MEDIUM_DVD, SP_MODE_BLOCK512, 9),
		       "track 1: a medium \"dvd\" has no mode block512");
	assert_refused(single(SP_MEDIUM_BLOCK, SP_MODE_MODE1, 9),
		       "track 1: a medium \"block\" has no mode mode1");
	assert_refused(single(SP_MEDIUM_BLOCK + 1, SP_MODE_MODE1, 9), "medium 5 is unknown");
	struct sp_disc *disc = single(SP_MEDIUM_BD, SP_MODE_DATA2048, 9);
	disc->track[0].number = 2;
	assert_refused(disc, "a medium \"bd\" has one session and track 1 alone");
	disc = single(SP_MEDIUM_DVD, SP_MODE_DATA2048, 9);
	disc->region[0].lba = -1;
	assert_refused(disc, "a medium \"dvd\" has no LBA -1");
}

static void lists_are_capped(void **state)
{
	struct sp_disc *disc = sp_disc_new();

	(void)state;
	for (unsigned i = 1; i <= 99; i++) {
		assert_int_equal(sp_disc_add_session(disc)->number, i);
		const struct sp_track *track = sp_disc_add_track(disc);
		assert_int_equal(track->number, i);
		assert_int_equal(track->session, i);
		for (unsigned k = 0; k <= SP_INDEX_MAX; k++)
			assert_true(track->index[k] == SP_LBA_NONE);
	}
	assert_null(sp_disc_add_track(disc));
	assert_null(sp_disc_add_session(disc));
	assert_int_equal(disc->tracks, 99);
	for (unsigned i = 0; i < 65536; i++)
		assert_non_null(
			sp_disc_add_region(disc, &(struct sp_region){.lba = i, .count = 1}));
	assert_null(sp_disc_add_region(disc, &(struct sp_region){.lba = 65536, .count = 1}));
	assert_int_equal(disc->regions, 65536);
	sp_disc_free(disc);

	disc = sp_disc_new(); /* the number counts, not how many there are */
	sp_disc_add_track(disc)->number = 98;
	assert_int_equal(sp_disc_add_track(disc)->number, 99);
	assert_null(sp_disc_add_track(disc));
	sp_disc_free(disc);
	sp_disc_free(NULL);
}

static void a_disc_of_99_tracks_passes(void **state)
{
	struct sp_disc *disc = sp_disc_new();

	(void)state;
	sp_disc_add_session(disc)->lead_out = 990;
	for (unsigned i = 0; i < 99; i++) {
		add_track(disc, SP_LBA_NONE, (sp_lba)i * 10, 10, SP_MODE_AUDIO);
		add_region(disc, (sp_lba)i * 10, 10, 1, i + 1, SP_REGION_TRACK, SP_MODE_AUDIO);
	}
	assert_good(disc);
}

static void assert_same_track(const struct sp_track *a, const struct sp_track *b)
{
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->session, b->session);
	assert_int_equal(a->control, b->control);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->start, b->start);
	assert_int_equal(a->length, b->length);
	assert_memory_equal(a->index, b->index, sizeof(a->index));
	assert_string_equal(a->isrc, b->isrc);
}

static void assert_same_region(const struct sp_region *a, const struct sp_region *b)
{
	assert_int_equal(a->lba, b->lba);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->session, b->session);
	assert_int_equal(a->track, b->track);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->parts, b->parts);
	assert_int_equal(a->stored, b->stored);
}

static void a_copy_is_equal_and_its_own(void **state)
{
	static const uint8_t packs[36] = {0x80, 1, 2, 3};
	struct sp_disc *disc = layout();

	(void)state;
	assert_int_equal(sp_disc_set_cdtext(disc, packs, sizeof(packs)), 0);
	disc->full_toc = calloc(1, 4);
	disc->full_toc_size = 4;
	disc->pfi = calloc(1, 2048);
	disc->pfi[2047] = 7;
	disc->layer_break = 5;
	disc->profile = 8;
	struct sp_disc *copy = sp_disc_copy(disc);
	assert_non_null(copy);
	assert_int_equal(copy->sessions, 2);
	for (size_t i = 0; i < 2; i++) { /* field by field: padding is not copied */
		assert_int_equal(copy->session[i].number, disc->session[i].number);
		assert_int_equal(copy->session[i].type, disc->session[i].type);
		assert_int_equal(copy->session[i].lead_out, disc->session[i].lead_out);
	}
	assert_int_equal(copy->tracks, 3);
	for (size_t i = 0; i < 3; i++)
		assert_same_track(&copy->track[i], &disc->track[i]);
	assert_int_equal(copy->regions, 8);
	for (size_t i = 0; i < 8; i++)
		assert_same_region(&copy->region[i], &disc->region[i]);
	assert_int_equal(copy->texts, 3);
	assert_string_equal(copy->text[2].text, "another");
	assert_true(copy->text[2].text != disc->text[2].text);
	assert_string_equal(copy->mcn, disc->mcn);
	assert_int_equal(copy->cdtext_size, 36);
	assert_memory_equal(copy->cdtext, packs, 36);
	assert_int_equal(copy->pfi[2047], 7);
	assert_null(copy->dmi);
	assert_int_equal(copy->layer_break, 5);
	assert_int_equal(copy->profile, 8);
	sp_disc_free(disc);
	assert_good(copy);
}

static void texts_are_replaced_and_remarks_repeat(void **state)
{
	struct sp_disc *disc = layout();

	(void)state;
	assert_int_equal(sp_disc_set_text(disc, 2, SP_TEXT_TITLE, "new"), 0);
	assert_int_equal(disc->texts, 3);
	assert_string_equal(sp_disc_text(disc, 2, SP_TEXT_TITLE), "new");
	assert_null(sp_disc_text(disc, 1, SP_TEXT_TITLE));
	assert_int_equal(sp_disc_set_text(disc, 2, SP_TEXT_TITLE, ""), 0);
	assert_null(sp_disc_text(disc, 2, SP_TEXT_TITLE));
	assert_int_equal(disc->texts, 2);
	assert_string_equal(disc->text[0].text, "one");
	assert_int_equal(sp_disc_set_text(disc, 0, SP_TEXT_REMARK, ""), 0);
	assert_int_equal(disc->texts, 3);
	sp_disc_free(disc);
}

static void what_lies_where_is_found(void **state)
{
	struct sp_disc *disc = layout();

	(void)state;
	assert_null(sp_disc_region(disc, -151));
	assert_null(sp_disc_region(disc, INT64_MIN));
	assert_ptr_equal(sp_disc_region(disc, -150), &disc->region[0]);
	assert_ptr_equal(sp_disc_region(disc, -1), &disc->region[0]);
	assert_ptr_equal(sp_disc_region(disc, 0), &disc->region[1]);
	assert_ptr_equal(sp_disc_region(disc, 1999), &disc->region[4]);
	assert_ptr_equal(sp_disc_region(disc, 13999), &disc->region[7]);
	assert_null(sp_disc_region(disc, 14000));
	assert_null(sp_disc_region(disc, INT64_MAX));
	assert_ptr_equal(sp_disc_track(disc, 3), &disc->track[2]);
	assert_null(sp_disc_track(disc, 4));
	assert_int_equal(sp_disc_sectors(disc), 14150);
	assert_int_equal(sp_disc_stored(disc), 14150 - 11250);
	sp_disc_free(disc);
}

static void names_are_those_of_the_json(void **state)
{
	(void)state;
	assert_string_equal(sp_medium_name(SP_MEDIUM_BLOCK), "block");
	assert_string_equal(sp_medium_name(99), "unknown");
	assert_string_equal(sp_mode_name(SP_MODE_XA_FORM2), "xa");
	assert_string_equal(sp_mode_name(SP_MODE_DATA2048), "data2048");
	assert_string_equal(sp_mode_name(SP_MODES), "unknown");
	assert_string_equal(sp_region_kind_name(SP_REGION_POSTGAP), "postgap");
	assert_string_equal(sp_region_kind_name(4), "unknown");
}

static void mcn_and_isrc_have_their_characters(void **state)
{
	(void)state;
	assert_true(sp_mcn_valid("4006381333931", true));
	assert_false(sp_mcn_valid("4006381333932", true));
	assert_true(sp_mcn_valid("4006381333932", false));
	assert_false(sp_mcn_valid("400638133393", false));
	assert_false(sp_mcn_valid("40063813339311", false));
	assert_false(sp_mcn_valid("400638133393X", false));
	assert_false(sp_mcn_valid("", false));
	assert_true(sp_isrc_valid("QM7281905204"));
	assert_true(sp_isrc_valid("USAB19900001"));
	assert_false(sp_isrc_valid("qm7281905204"));
	assert_false(sp_isrc_valid("Q17281905204"));
	assert_false(sp_isrc_valid("QM72819052A4"));
	assert_false(sp_isrc_valid("QM728190520"));
	assert_false(sp_isrc_valid("QM72819052045"));
	assert_false(sp_isrc_valid(""));
}

/* Only what the ids look at. */
static struct sp_disc *toc(const sp_lba *start, unsigned tracks, unsigned audio, sp_lba lead_out)
{
	struct sp_disc *disc = sp_disc_new();

	assert_non_null(disc);
	sp_disc_add_session(disc)->lead_out = lead_out;
	for (unsigned i = 0; i < tracks; i++)
		add_track(disc, SP_LBA_NONE, start[i], 1,
			  i < audio ? SP_MODE_AUDIO : SP_MODE_MODE1);
	return disc;
}

static void ids_are_those_of_known_discs(void **state)
{
	static const sp_lba enhanced[] = {0,      15537,  31691,  50866,  66466,  81202, 99409,
					  115920, 133093, 149847, 161560, 177682, 207106};
	static const sp_lba plain[] = {0, 15213, 32164, 46442, 63264, 80339};
	static const sp_lba liquid[] = {0,      12617,  40337,  63075,  93260, 117965,
					151715, 184190, 215110, 247305, 281585};
	static const sp_lba game[] = {
		150,    66728,  76502,  85963,  93760,  104048, 116066, 124743, 134206, 142916,
		151852, 160720, 169425, 178731, 188459, 196711, 206354, 214845, 223686, 225746,
		226384, 232668, 239447, 239931, 244989, 254264, 260066, 261222, 261674};
	char cddb[9], mb[29], ar[27];

	(void)state;
	struct sp_disc *disc = toc(enhanced, 13, 12, 210385);
	assert_true(sp_disc_id_cddb(disc, cddb));
	assert_string_equal(cddb, "c60af50d");
	assert_true(sp_disc_id_musicbrainz(disc, mb));
	assert_string_equal(mb, "KnpGsLhvH.lPrNc1PBL21lb9Bg4-");
	assert_true(sp_disc_id_accuraterip(disc, ar));
	assert_string_equal(ar, "0013bd5a-00b8d489-c60af50d");
	/* the music ends where its session does, 11400 sectors before the data */
	disc->session[0].lead_out = 207106 - 11400;
	sp_disc_add_session(disc)->lead_out = 210385;
	disc->track[12].session = 2;
	assert_true(sp_disc_id_ctdb(disc, mb));
	assert_string_equal(mb, "r6So1qSNQD5cupcsH68dNrop4j4-");
	sp_disc_free(disc);

	/* a game with data first: as EAC and dBpoweramp have it (arcctgx/ARver, doc/data_track.md)
	 */
	disc = sp_disc_new();
	assert_non_null(disc);
	sp_disc_add_session(disc)->lead_out = 261976 - 150;
	for (unsigned i = 0; i < 29; i++)
		add_track(disc, SP_LBA_NONE, game[i] - 150, 1, i ? SP_MODE_AUDIO : SP_MODE_MODE1);
	assert_true(sp_disc_id_accuraterip(disc, ar));
	assert_string_equal(ar, "00517a54-05a845d2-af0da31d");
	sp_disc_free(disc);
	/* and an Enhanced CD of ten tracks from there */
	disc = toc(liquid, 11, 10, 333651);
	assert_true(sp_disc_id_accuraterip(disc, ar));
	assert_string_equal(ar, "00164419-00b9f6e2-9e11600b");
	sp_disc_free(disc);

	disc = toc(plain, 6, 6, 95312);
	assert_true(sp_disc_id_musicbrainz(disc, mb));
	assert_string_equal(mb, "49HHV7Eb8UKF3aQiNmu1GR8vKTY-");
	assert_true(sp_disc_id_ctdb(disc, mb));
	assert_string_equal(mb, "iCHDkr.7dpqDbPy3ehdjqp8oRT0-");
	sp_disc_free(disc);
}

static void discs_without_music_have_no_ids(void **state)
{
	static const sp_lba start[] = {0}, far[] = {449850 + 150};
	char id[29];

	(void)state;
	struct sp_disc *disc = toc(start, 1, 0, 100);
	assert_false(sp_disc_id_cddb(disc, id));
	assert_false(sp_disc_id_musicbrainz(disc, id));
	assert_false(sp_disc_id_accuraterip(disc, id));
	assert_false(sp_disc_id_ctdb(disc, id));
	sp_disc_free(disc);
	disc = toc(start, 1, 1, 500000); /* too long */
	assert_false(sp_disc_id_cddb(disc, id));
	sp_disc_free(disc);
	disc = toc(far, 1, 1, 400000);
	assert_false(sp_disc_id_musicbrainz(disc, id));
	sp_disc_free(disc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discs_of_every_medium_pass),
		cmocka_unit_test(broken_sessions_are_refused),
		cmocka_unit_test(broken_tracks_are_refused),
		cmocka_unit_test(broken_indexes_are_refused),
		cmocka_unit_test(broken_regions_are_refused),
		cmocka_unit_test(broken_texts_and_numbers_are_refused),
		cmocka_unit_test(media_have_only_their_own_modes_and_form),
		cmocka_unit_test(lists_are_capped),
		cmocka_unit_test(a_disc_of_99_tracks_passes),
		cmocka_unit_test(a_copy_is_equal_and_its_own),
		cmocka_unit_test(texts_are_replaced_and_remarks_repeat),
		cmocka_unit_test(what_lies_where_is_found),
		cmocka_unit_test(names_are_those_of_the_json),
		cmocka_unit_test(mcn_and_isrc_have_their_characters),
		cmocka_unit_test(ids_are_those_of_known_discs),
		cmocka_unit_test(discs_without_music_have_no_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
