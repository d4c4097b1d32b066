/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies in the drive: tables asked for, judged against one another, and made a disc. */
#include "drive/reader_own.h"

#include "base/bytes.h"
#include "codec/digest.h"
#include "disc/cdtext.h"
#include "disc/data.h"
#include "drive/toc.h"

#include <stdlib.h>
#include <string.h>

#define MODE_TRIES      4     /* sectors of a track looked at for its mode */
#define OLD_GAP         11400 /* lead-out, lead-in and pregap between a first and a second session */
#define DVD_BLOCKS      2048
#define IDENTITY        4096
#define VOLUME_LBA      16
#define FEATURE_AACS    0x010d
#define PROTECTION_CSS  1 /* copyright protection system type, MMC-6 table 387 */
#define PROTECTION_CPRM 2
#define PROTECTION_AACS 3

sp_lba reader_end(const struct sp_disc *disc)
{
	return disc->session[disc->sessions - 1].lead_out;
}

/* --- CD ------------------------------------------------------------------------------------ */

/* Eight bytes that happen to come twice make no XA sector of a formless one, where neither the
 * session nor the EDC says that it is one. */
static unsigned disc_sector_mode(const uint8_t raw[SP_RAW_SIZE], unsigned type)
{
	unsigned form;
	const unsigned mode = sp_sector_probe(raw, &form);

	if (mode != SP_MODE_XA || type != SP_SESSION_CDROM ||
	    !(sp_sector_verify(form == 2 ? SP_PROTECTION_FORM2 : SP_PROTECTION_FORM1, raw) &
	      SP_STATE_EDC))
		return mode;
	return SP_MODE_MODE2;
}

/* The mode of a data track by its own sectors; what cannot be read is by the session's type. */
static unsigned disc_track_mode(struct sp_reader *reader, const struct sp_toc *toc, unsigned i,
				sp_lba end)
{
	const struct sp_toc_track *track = &toc->track[i];
	const struct reader_block block = {.size = SP_RAW_SIZE};
	unsigned type = SP_SESSION_CDROM;

	if (!(track->control & SP_CONTROL_DATA))
		return SP_MODE_AUDIO;
	for (unsigned s = 0; s < toc->sessions; s++)
		if (toc->session[s].number == track->session)
			type = toc->session[s].type;
	for (sp_lba lba = track->start; lba < end && lba < track->start + MODE_TRIES; lba++) {
		struct sp_read read = {.parts = SP_PART_MAIN};
		uint8_t raw[SP_RAW_SIZE];
		uint32_t good = 0;

		reader_command(reader, &read, READER_DATA, lba, 1, &block, raw, &good, NULL);
		const unsigned probed = good ? disc_sector_mode(raw, type) : SP_MODE_AUDIO;
		if (probed != SP_MODE_AUDIO)
			return probed;
	}
	const unsigned mode = type == SP_SESSION_CDROM ? SP_MODE_MODE1 : SP_MODE_XA;
	sp_note(&reader->notes, "track %u: its first sectors tell no mode; taken for %s",
		track->number, sp_mode_name(mode));
	return mode;
}

/* Where there is no full TOC, all sessions but the last have to be guessed. */
static void disc_split_session(struct sp_reader *reader, struct sp_toc *toc)
{
	uint8_t *data = NULL;
	size_t size = 0;
	sp_lba start = 0;

	if (sp_mmc_toc(reader->transport, SP_TOC_SESSIONS, 0, &data, &size, NULL) < 0)
		return;
	const unsigned first = sp_toc_last_session(data, size, &start);
	free(data);
	for (unsigned i = 1; first && i < toc->tracks; i++) {
		if (toc->track[i].number != first || toc->track[i].start != start ||
		    start - OLD_GAP <= toc->track[i - 1].start)
			continue;
		sp_note(&reader->notes,
			"no full TOC: the end of session 1 is taken for LBA %lld, %d before "
			"track %u",
			(long long)(start - OLD_GAP), OLD_GAP, first);
		toc->session[1] = (struct sp_toc_session){
			.number = 2, .type = 0, .lead_out = toc->session[0].lead_out};
		toc->session[0].lead_out = start - OLD_GAP;
		toc->sessions = 2;
		for (; i < toc->tracks; i++)
			toc->track[i].session = 2;
	}
}

struct disc_tables {
	struct sp_toc toc, plain, full;
	uint8_t *full_data;
	size_t full_size;
};

static int disc_read_toc(struct sp_reader *reader, struct disc_tables *t, struct sp_error *err)
{
	const char *name = reader->transport->name;
	struct sp_error why = {0}, other = {0};
	uint8_t *data = NULL;
	size_t size = 0;
	int plain = sp_mmc_toc(reader->transport, SP_TOC_TRACKS, 0, &data, &size, &why);

	if (!plain)
		plain = sp_toc_tracks(&t->plain, data, size, &why);
	free(data);
	int full =
		sp_mmc_toc(reader->transport, SP_TOC_FULL, 1, &t->full_data, &t->full_size, &other);
	if (!full)
		full = sp_toc_full(&t->full, t->full_data, t->full_size, plain ? NULL : &t->plain,
				   &other);
	if (plain == SP_ERR_MEMORY || full == SP_ERR_MEMORY)
		return sp_fail_memory(err);
	if (plain < 0 && full < 0)
		return sp_fail(err, SP_ERR_DEVICE, "%s%s%s",
			       why.status == SP_ERR_FORMAT ? name : "",
			       why.status == SP_ERR_FORMAT ? ": " : "", why.text);
	if (full < 0)
		sp_note(&reader->notes, "%s%s%s; the TOC without sessions is used",
			other.status == SP_ERR_FORMAT ? name : "",
			other.status == SP_ERR_FORMAT ? ": " : "", other.text);
	/* several sessions make one in the plain TOC: compare only what both can say */
	const int r = sp_toc_join(&t->toc, plain ? NULL : &t->plain, full ? NULL : &t->full, name,
				  &reader->notes, err);
	if (!r && full < 0)
		disc_split_session(reader, &t->toc);
	return r;
}

static int disc_read_text(struct sp_reader *reader, struct sp_disc *disc, struct sp_error *err)
{
	const uint8_t *packs;
	uint8_t *data;
	size_t size;

	if (sp_mmc_toc(reader->transport, SP_TOC_TEXT, 0, &data, &size, NULL) < 0)
		return 0;
	const size_t bytes = sp_toc_text(data, size, &packs);
	int r = bytes ? sp_disc_set_cdtext(disc, packs, bytes) : 0;
	free(data);
	if (!r && bytes)
		return sp_cdtext_decode(disc, &reader->notes, err);
	return r < 0 ? sp_fail_memory(err) : 0;
}

static int disc_load_cd(struct sp_reader *reader, struct sp_error *err)
{
	struct disc_tables tables = {.full_size = 0};
	unsigned mode[SP_TRACK_MAX];
	int r = disc_read_toc(reader, &tables, err);

	for (unsigned i = 0; !r && i < tables.toc.tracks; i++)
		mode[i] = disc_track_mode(
			reader, &tables.toc, i,
			i + 1 < tables.toc.tracks
				? tables.toc.track[i + 1].start
				: tables.toc.session[tables.toc.sessions - 1].lead_out);
	if (!r && !(reader->disc = sp_toc_disc(&tables.toc, mode)))
		r = sp_fail_memory(err);
	if (!r && tables.full.tracks) {
		reader->disc->full_toc = tables.full_data;
		reader->disc->full_toc_size = tables.full_size;
		tables.full_data = NULL;
	}
	free(tables.full_data);
	if (!r)
		r = disc_read_text(reader, reader->disc, err);
	return r;
}

/* --- DVD and BD ---------------------------------------------------------------------------- */

static bool disc_readable(struct sp_reader *reader, uint64_t lba)
{
	uint8_t data[DVD_BLOCKS];

	return !sp_mmc_read(reader->transport, false, (sp_lba)lba, 1, data, SP_MMC_TIMEOUT, NULL,
			    NULL);
}

static bool disc_pressed(unsigned profile)
{
	return profile == SP_PROFILE_DVD_ROM || profile == SP_PROFILE_BD_ROM;
}

/* Capacity and structures of pressed discs differ in both ways on real ones; the greater is taken
 * where its last sector can be read. Of recordable ones the capacity counts. */
static uint64_t disc_size(struct sp_reader *reader, uint64_t capacity,
			  const struct sp_physical *physical)
{
	const uint64_t told = physical->sectors;

	if (!told || told == capacity || !disc_pressed(reader->profile))
		return capacity;
	const uint64_t most = told > capacity ? told : capacity;
	const uint64_t least = told > capacity ? capacity : told;
	const uint64_t size = disc_readable(reader, most - 1) ? most : least;
	sp_note(&reader->notes,
		"the drive says %llu sectors, the disc itself %llu: %llu can be read",
		(unsigned long long)capacity, (unsigned long long)told, (unsigned long long)size);
	return size;
}

static void disc_keep(struct sp_reader *reader, bool bd, unsigned format, uint8_t **to)
{
	uint8_t data[2048];
	size_t length;

	if (sp_mmc_structure(reader->transport, bd, format, 0, data, sizeof(data), &length, NULL) <
		    0 ||
	    !length)
		return;
	*to = malloc(sizeof(data));
	if (*to)
		memcpy(*to, data, sizeof(data));
}

static unsigned disc_protection(struct sp_reader *reader, bool bd)
{
	uint8_t data[8];
	size_t length = 0;
	unsigned profile;
	bool current = false;

	if (bd) {
		/* pressed discs whose drive offers AACS for them; blank and burned ones it offers
		 * it for too are plain */
		if (reader->profile == SP_PROFILE_BD_ROM &&
		    !sp_mmc_configuration(reader->transport, FEATURE_AACS, &profile, data,
					  sizeof(data), &current, NULL) &&
		    current)
			return SP_PROTECTED_AACS;
		return SP_PROTECTED_NOT;
	}
	if (sp_mmc_structure(reader->transport, false, SP_STRUCTURE_COPYRIGHT, 0, data,
			     sizeof(data), &length, NULL) < 0 ||
	    !length)
		return SP_PROTECTED_NOT;
	switch (data[0]) {
	case 0:
		return SP_PROTECTED_NOT;
	case PROTECTION_CSS:
		return SP_PROTECTED_CSS;
	case PROTECTION_CPRM:
		/* on recordable discs it says what they could hold, not what they do */
		return disc_pressed(reader->profile) ? SP_PROTECTED_CPRM : SP_PROTECTED_NOT;
	case PROTECTION_AACS:
		return SP_PROTECTED_AACS;
	default:
		return SP_PROTECTED_OTHER;
	}
}

static int disc_fail_protected(const struct sp_reader *reader, struct sp_error *err)
{
	static const char *const what[] = {
		[SP_PROTECTED_CSS] = "CSS",
		[SP_PROTECTED_CPRM] = "CPRM",
		[SP_PROTECTED_AACS] = "AACS",
		[SP_PROTECTED_OTHER] = "a scheme not known here",
	};

	return sp_fail(err, SP_ERR_UNSUPPORTED,
		       "%s: the disc is copy protected with %s, which spindle neither unlocks nor "
		       "gets around; nothing was written",
		       reader->transport->name, what[reader->protection]);
}

static struct sp_disc *disc_blocks(unsigned medium, uint64_t sectors, sp_lba layer_break)
{
	struct sp_disc *disc = sp_disc_plain(medium, SP_MODE_DATA2048, sectors);

	if (disc && layer_break > 0 && layer_break < (sp_lba)sectors)
		disc->layer_break = layer_break;
	return disc;
}

static int disc_load_blocks(struct sp_reader *reader, unsigned medium, struct sp_error *err)
{
	const bool bd = medium == SP_MEDIUM_BD;
	struct sp_physical physical = {.layer_break = SP_LBA_NONE};
	uint8_t *structure = NULL;
	uint64_t capacity;
	uint32_t size;
	int r = sp_mmc_capacity(reader->transport, &capacity, &size, err);

	if (r < 0)
		return r;
	if (size != DVD_BLOCKS)
		return sp_fail(err, SP_ERR_DEVICE, "%s: blocks of %u bytes where 2048 are due",
			       reader->transport->name, (unsigned)size);
	disc_keep(reader, bd, SP_STRUCTURE_PHYSICAL, &structure);
	if (structure && !(bd ? sp_di_decode(structure, 2048, &physical)
			      : sp_pfi_decode(structure, 2048, &physical)))
		physical.layer_break = SP_LBA_NONE;
	reader->disc =
		disc_blocks(medium, disc_size(reader, capacity, &physical), physical.layer_break);
	if (!reader->disc) {
		free(structure);
		return sp_fail_memory(err);
	}
	reader->disc->pfi = structure;
	if (!bd)
		disc_keep(reader, false, SP_STRUCTURE_MANUFACTURER, &reader->disc->dmi);
	reader->protection = disc_protection(reader, bd);
	return 0;
}

/* --- both ---------------------------------------------------------------------------------- */

/* CRC-32 of the sector that names a volume, "-" where it cannot be read. */
static void disc_volume(struct sp_reader *reader, char text[9])
{
	uint8_t data[DVD_BLOCKS], crc[SP_DIGEST_MAX_SIZE];
	struct sp_digest_state *digest;

	memcpy(text, "-", 2);
	if (sp_mmc_read(reader->transport, false, VOLUME_LBA, 1, data, SP_MMC_TIMEOUT, NULL, NULL))
		return;
	digest = sp_digest_new(SP_DIGEST_CRC32);
	if (!digest)
		return;
	sp_digest_update(digest, data, sizeof(data));
	if (sp_digest_final(digest, crc) != 4)
		return;
	for (unsigned i = 0; i < 8; i++)
		text[i] = "0123456789abcdef"[crc[i / 2] >> (i & 1 ? 0 : 4) & 15];
	text[8] = '\0';
}

static char *disc_identity(struct sp_reader *reader)
{
	const struct sp_disc *disc = reader->disc;
	char volume[9];

	if (disc->medium != SP_MEDIUM_CD) {
		disc_volume(reader, volume);
		return sp_format_text("%s %llu sectors, volume %s", sp_medium_name(disc->medium),
				      (unsigned long long)disc->track[0].length, volume);
	}
	char *text = sp_format_text("cd");
	for (size_t i = 0, s = 0; text && i < disc->tracks; i++) {
		const struct sp_track *t = &disc->track[i];
		char *more = sp_format_text("%s %u%c%lld", text, t->number,
					    t->control & SP_CONTROL_DATA ? 'd' : 'a',
					    (long long)t->start);

		free(text);
		text = more;
		if (!text || (i + 1 < disc->tracks && t[1].session == t->session))
			continue;
		while (s + 1 < disc->sessions && disc->session[s].number != t->session)
			s++;
		more = sp_format_text("%s /%lld", text, (long long)disc->session[s].lead_out);
		free(text);
		text = more;
	}
	return text;
}

/* A disc without contents, or none that has tracks. */
static int disc_check_blank(struct sp_reader *reader, struct sp_error *err)
{
	struct sp_disc_info info;

	if (sp_mmc_disc_info(reader->transport, &info, NULL) < 0)
		return 0;
	if (info.status == 0)
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: the disc is blank: there is nothing to read",
			       reader->transport->name);
	if (info.status == 1)
		sp_note(&reader->notes, "the disc is not closed: more can be recorded on it");
	return 0;
}

int reader_disc_load(struct sp_reader *reader, struct sp_error *err)
{
	unsigned medium = SP_MEDIUM_CD;
	int r = 0;

	if (sp_mmc_configuration(reader->transport, 0, &reader->profile, NULL, 0, NULL, NULL) < 0 ||
	    !reader->profile)
		reader->profile = SP_PROFILE_CD_ROM; /* from before there were profiles */
	if (!sp_profile_medium(reader->profile, &medium))
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: a medium of profile %04Xh, which is no CD, DVD or BD",
			       reader->transport->name, reader->profile);
	r = disc_check_blank(reader, err);
	if (!r)
		r = medium == SP_MEDIUM_CD ? disc_load_cd(reader, err)
					   : disc_load_blocks(reader, medium, err);
	if (!r) {
		reader->disc->profile = reader->profile;
		r = sp_disc_check(reader->disc, err);
	}
	if (!r && !reader->protection && !(reader->disc_identity = disc_identity(reader)))
		r = sp_fail_memory(err);
	if (r < 0) {
		sp_disc_free(reader->disc);
		reader->disc = NULL;
		return r;
	}
	sp_mmc_speeds(reader->transport, &reader->able.speed_max, &reader->able.speed_now);
	return reader->protection ? disc_fail_protected(reader, err) : 0;
}
