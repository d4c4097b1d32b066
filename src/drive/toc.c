/* SPDX-License-Identifier: GPL-3.0-or-later */
/* READ TOC's replies decoded, judged against one another, and made a disc. MMC-6 6.26. */
#include "drive/toc.h"

#include "base/bytes.h"

#include <string.h>

#define LEAD_OUT      0xaa
#define PACK_SIZE     18
#define FIRST_PREGAP  150
#define ENTRIES_MAX   2048 /* entries of a full TOC that are looked at */
#define TOC_FAIL(...) sp_fail(err, SP_ERR_FORMAT, __VA_ARGS__)

/* What the length field and the buffer both have behind the 4-byte head, in whole entries. */
static size_t toc_entries(const uint8_t *data, size_t size, size_t entry)
{
	if (size < 4)
		return 0;
	const size_t told = 2u + get_be16(data);
	const size_t all = told < size ? told : size;

	return all < 4 ? 0 : (all - 4) / entry;
}

static struct sp_toc_track *toc_track(struct sp_toc *toc, unsigned number)
{
	unsigned at = 0;

	while (at < toc->tracks && toc->track[at].number < number)
		at++;
	if (at < toc->tracks && toc->track[at].number == number)
		return &toc->track[at];
	if (toc->tracks == SP_TRACK_MAX)
		return NULL;
	memmove(&toc->track[at + 1], &toc->track[at], (toc->tracks - at) * sizeof(toc->track[0]));
	toc->tracks++;
	toc->track[at] = (struct sp_toc_track){.number = number};
	return &toc->track[at];
}

static struct sp_toc_session *toc_session(struct sp_toc *toc, unsigned number)
{
	unsigned at = 0;

	while (at < toc->sessions && toc->session[at].number < number)
		at++;
	if (at < toc->sessions && toc->session[at].number == number)
		return &toc->session[at];
	if (toc->sessions == SP_TRACK_MAX)
		return NULL;
	memmove(&toc->session[at + 1], &toc->session[at],
		(toc->sessions - at) * sizeof(toc->session[0]));
	toc->sessions++;
	toc->session[at] = (struct sp_toc_session){.number = number, .lead_out = SP_LBA_NONE};
	return &toc->session[at];
}

static const struct sp_toc_track *toc_find(const struct sp_toc *toc, unsigned number)
{
	for (unsigned i = 0; toc && i < toc->tracks; i++)
		if (toc->track[i].number == number)
			return &toc->track[i];
	return NULL;
}

/* Starts ascend within the lead-outs of their sessions, every session has a track and a lead-out.
 */
static int toc_check(const struct sp_toc *toc, struct sp_error *err)
{
	sp_lba at = -1;
	unsigned t = 0;

	if (!toc->tracks || !toc->sessions)
		return TOC_FAIL("the TOC has no track");
	for (unsigned s = 0; s < toc->sessions; s++) {
		const struct sp_toc_session *session = &toc->session[s];
		const unsigned first = t;

		if (session->number < 1 || session->number > SP_TRACK_MAX)
			return TOC_FAIL("the TOC has a session %u", session->number);
		for (; t < toc->tracks && toc->track[t].session == session->number; t++) {
			if (toc->track[t].start <= at && (t || toc->track[t].start < 0))
				return TOC_FAIL("the TOC has track %u at LBA %lld, not after what "
						"comes before it",
						toc->track[t].number,
						(long long)toc->track[t].start);
			at = toc->track[t].start;
		}
		if (first == t)
			return TOC_FAIL("the TOC has session %u without a track", session->number);
		if (session->lead_out == SP_LBA_NONE || session->lead_out <= at)
			return TOC_FAIL("the TOC has no lead-out of session %u behind its tracks",
					session->number);
		at = session->lead_out - 1;
	}
	if (t != toc->tracks)
		return TOC_FAIL("the TOC has track %u in no session", toc->track[t].number);
	return 0;
}

int sp_toc_tracks(struct sp_toc *toc, const uint8_t *data, size_t size, struct sp_error *err)
{
	const size_t entries = toc_entries(data, size, 8);

	*toc = (struct sp_toc){0};
	struct sp_toc_session *session = toc_session(toc, 1);
	for (size_t i = 0; i < entries && i < SP_TRACK_MAX + 1; i++) {
		const uint8_t *e = data + 4 + i * 8;
		const sp_lba lba = (int32_t)get_be32(e + 4);

		if (e[2] == LEAD_OUT) {
			session->lead_out = lba;
			continue;
		}
		struct sp_toc_track *track =
			e[2] >= 1 && e[2] <= SP_TRACK_MAX ? toc_track(toc, e[2]) : NULL;
		if (!track)
			return TOC_FAIL("the TOC has a track %u", e[2]);
		track->session = 1;
		track->control = e[1] & 15;
		track->start = lba;
	}
	return toc_check(toc, err);
}

/* A number of a full TOC as these drives count; false: it is none. */
static bool toc_number(uint8_t byte, bool bcd, unsigned limit, unsigned *value)
{
	if (bcd && !sp_bcd_valid(byte))
		return false;
	*value = bcd ? sp_from_bcd(byte) : byte;
	return *value < limit;
}

static bool toc_time(const uint8_t *p, bool bcd, sp_lba *lba)
{
	unsigned m, s, f;

	if (!toc_number(p[0], bcd, 100, &m) || !toc_number(p[1], bcd, 60, &s) ||
	    !toc_number(p[2], bcd, 75, &f))
		return false;
	*lba = (sp_lba)(m * 60 + s) * 75 + f - SP_MSF_OFFSET;
	return true;
}

static int toc_full_entry(struct sp_toc *toc, const uint8_t *e, bool bcd, struct sp_error *err)
{
	const unsigned adr = e[1] >> 4, point = e[3];
	unsigned number;

	if (adr != 1)
		return 0; /* B0 and up tell of recordable discs */
	struct sp_toc_session *session =
		e[0] >= 1 && e[0] <= SP_TRACK_MAX ? toc_session(toc, e[0]) : NULL;
	if (!session)
		return TOC_FAIL("the full TOC has a session %u", e[0]);
	if (point == 0xa0) {
		session->type = e[9];
	} else if (point == 0xa2) {
		if (!toc_time(e + 8, bcd, &session->lead_out))
			return TOC_FAIL("the full TOC has %02x:%02x:%02x as a lead-out", e[8], e[9],
					e[10]);
	} else if (point < 0xa0) {
		struct sp_toc_track *track =
			toc_number(e[3], bcd, SP_TRACK_MAX + 1, &number) && number
				? toc_track(toc, number)
				: NULL;
		if (!track || !toc_time(e + 8, bcd, &track->start))
			return TOC_FAIL("the full TOC has %02x:%02x:%02x as point %02x", e[8], e[9],
					e[10], e[3]);
		track->session = e[0];
		track->control = e[1] & 15;
	}
	return 0;
}

static int toc_full_as(struct sp_toc *toc, const uint8_t *data, size_t size, bool bcd,
		       struct sp_error *err)
{
	const size_t entries = toc_entries(data, size, 11);

	*toc = (struct sp_toc){.bcd = bcd};
	for (size_t i = 0; i < entries && i < ENTRIES_MAX; i++) {
		const int r = toc_full_entry(toc, data + 4 + i * 11, bcd, err);
		if (r < 0)
			return r;
	}
	return toc_check(toc, err);
}

/* In how many starts two agree. */
static unsigned toc_agree(const struct sp_toc *a, const struct sp_toc *b)
{
	unsigned agree = 0;

	for (unsigned i = 0; b && i < a->tracks; i++) {
		const struct sp_toc_track *other = toc_find(b, a->track[i].number);

		agree += other && other->start == a->track[i].start;
	}
	return agree;
}

int sp_toc_full(struct sp_toc *toc, const uint8_t *data, size_t size, const struct sp_toc *plain,
		struct sp_error *err)
{
	struct sp_toc bcd;
	const int r = toc_full_as(toc, data, size, false, err);
	const int other = toc_full_as(&bcd, data, size, true, NULL);

	if (!other && (r < 0 || toc_agree(&bcd, plain) > toc_agree(toc, plain))) {
		*toc = bcd;
		return 0;
	}
	return r;
}

int sp_toc_join(struct sp_toc *toc, const struct sp_toc *plain, const struct sp_toc *full,
		const char *name, const struct sp_notes *notes, struct sp_error *err)
{
	if (!full || !plain) {
		if (!full && !plain)
			return TOC_FAIL("the disc has no TOC that can be read");
		*toc = full ? *full : *plain;
		return toc_check(toc, err);
	}
	*toc = *full;
	if (full->sessions == 1 && full->tracks == plain->tracks)
		toc->session[0].lead_out = plain->session[0].lead_out;
	for (unsigned i = 0; i < toc->tracks; i++) {
		struct sp_toc_track *track = &toc->track[i];
		const struct sp_toc_track *other = toc_find(plain, track->number);

		if (!other) {
			sp_note(notes, "%s: track %u is in the full TOC alone", name,
				track->number);
			continue;
		}
		if (other->start != track->start)
			sp_note(notes, "%s: track %u: TOC says LBA %lld, full TOC %lld", name,
				track->number, (long long)other->start, (long long)track->start);
		if (other->control != track->control)
			sp_note(notes, "%s: track %u: TOC says control %u, full TOC %u", name,
				track->number, other->control, track->control);
		track->start = other->start;
		track->control = other->control;
	}
	for (unsigned i = 0; i < plain->tracks; i++)
		if (!toc_find(full, plain->track[i].number))
			sp_note(notes, "%s: track %u is not in the full TOC", name,
				plain->track[i].number);
	/* a full TOC that lacks tracks, or that does not fit the plain one, is no TOC */
	if (full->tracks < plain->tracks || toc_check(toc, NULL) < 0) {
		*toc = full->sessions > 1 && full->tracks >= plain->tracks ? *full : *plain;
		sp_note(notes, "%s: the full TOC and the TOC contradict each other: the %s counts",
			name,
			full->sessions > 1 && full->tracks >= plain->tracks ? "full TOC" : "TOC");
	}
	return toc_check(toc, err);
}

unsigned sp_toc_last_session(const uint8_t *data, size_t size, sp_lba *start)
{
	if (toc_entries(data, size, 8) < 1 || data[2] == data[3] || data[6] < 1 ||
	    data[6] > SP_TRACK_MAX)
		return 0;
	*start = (int32_t)get_be32(data + 8);
	return data[6];
}

size_t sp_toc_text(const uint8_t *data, size_t size, const uint8_t **packs)
{
	const size_t count = toc_entries(data, size, PACK_SIZE);

	*packs = data + 4;
	return count < 2048 ? count * PACK_SIZE : (size_t)2048 * PACK_SIZE;
}

static bool toc_region(struct sp_disc *disc, const struct sp_toc_track *track, unsigned kind,
		       unsigned mode, sp_lba from, sp_lba to, bool stored)
{
	const struct sp_region region = {
		.lba = from,
		.count = (uint64_t)(to - from),
		.session = track->session,
		.track = kind == SP_REGION_GAP ? 0 : track->number,
		.kind = kind,
		.mode = mode,
		.parts = mode == SP_MODE_AUDIO ? SP_PART_USER : SP_PART_MAIN,
		.stored = stored,
	};

	return from >= to || sp_disc_add_region(disc, &region) != NULL;
}

/* Track i with what lies before it: a gap between sessions, a pregap. */
static bool toc_add(struct sp_disc *disc, const struct sp_toc *toc, const unsigned *mode,
		    unsigned i, sp_lba end, sp_lba before)
{
	const struct sp_toc_track *t = &toc->track[i];
	const bool opens = !i || t[-1].session != t->session;
	struct sp_track *track = sp_disc_add_track(disc);

	if (!track)
		return false;
	track->number = t->number;
	track->session = t->session;
	track->control = t->control;
	track->mode = mode[i];
	track->start = track->index[1] = t->start;
	track->length = (uint64_t)(end - t->start);
	if (!i) {
		track->index[0] = -FIRST_PREGAP;
		return toc_region(disc, t, SP_REGION_PREGAP, mode[i], -FIRST_PREGAP, 0, false) &&
		       toc_region(disc, t, SP_REGION_PREGAP, mode[i], 0, t->start, true) &&
		       toc_region(disc, t, SP_REGION_TRACK, mode[i], t->start, end, true);
	}
	if (opens) {
		const sp_lba room = t->start - FIRST_PREGAP;
		const sp_lba pregap = room > before ? room : before;

		if (pregap < t->start)
			track->index[0] = pregap;
		if (!toc_region(disc, &t[-1], SP_REGION_GAP, mode[i - 1], before, pregap, false) ||
		    !toc_region(disc, t, SP_REGION_PREGAP, mode[i], pregap, t->start, false))
			return false;
	}
	return toc_region(disc, t, SP_REGION_TRACK, mode[i], t->start, end, true);
}

struct sp_disc *sp_toc_disc(const struct sp_toc *toc, const unsigned *mode)
{
	struct sp_disc *disc = sp_disc_new();
	bool fine = disc != NULL;
	sp_lba before = 0;
	unsigned i = 0;

	if (disc)
		disc->medium = SP_MEDIUM_CD;
	for (unsigned s = 0; fine && s < toc->sessions; s++) {
		struct sp_session *session = sp_disc_add_session(disc);

		if (!session) {
			fine = false;
			break;
		}
		session->number = toc->session[s].number;
		session->lead_out = toc->session[s].lead_out;
		session->type = toc->session[s].type == SP_SESSION_CDI ||
						toc->session[s].type == SP_SESSION_XA
					? toc->session[s].type
					: SP_SESSION_CDROM;
		for (; fine && i < toc->tracks && toc->track[i].session == session->number; i++) {
			const bool last = i + 1 == toc->tracks ||
					  toc->track[i + 1].session != toc->track[i].session;

			fine = toc_add(disc, toc, mode, i,
				       last ? toc->session[s].lead_out : toc->track[i + 1].start,
				       before);
		}
		before = toc->session[s].lead_out;
	}
	if (fine)
		return disc;
	sp_disc_free(disc);
	return NULL;
}

static uint32_t toc_be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | get_be16(p + 1);
}

bool sp_pfi_decode(const uint8_t *pfi, size_t size, struct sp_physical *physical)
{
	*physical = (struct sp_physical){.layer_break = SP_LBA_NONE, .layers = 1};
	if (size < 17)
		return false;
	const uint32_t first = toc_be24(pfi + 5), last = toc_be24(pfi + 9),
		       end0 = toc_be24(pfi + 13);
	physical->layers = (pfi[2] >> 5 & 3) + 1u;
	physical->opposite = (pfi[2] & 0x10) != 0;
	if (physical->layers == 1 || !physical->opposite) {
		/* of parallel layers each has its own first and last */
		if (last < first)
			return false;
		physical->sectors = (uint64_t)(last - first) + 1;
		return true;
	}
	/* Sector numbers of layer 1 are the bitwise complement of those above them on layer 0 */
	if (end0 < first || end0 >= 0x800000 || last < 0x800000)
		return false;
	const uint32_t start1 = ~end0 & 0xffffff;
	if (last < start1)
		return false;
	physical->layer_break = (sp_lba)(end0 - first) + 1;
	physical->sectors = (uint64_t)physical->layer_break + (last - start1) + 1;
	return true;
}

bool sp_di_decode(const uint8_t *di, size_t size, struct sp_physical *physical)
{
	*physical = (struct sp_physical){.layer_break = SP_LBA_NONE, .layers = 1};
	/* unit: "DI", format, units, number, …; body from 8: "BDO" and version, 12: layers << 4 |
	 * …, 20: first sector of the data zone, 24: the last one. Each layer has a unit; of several
	 * the zones are not added up here. */
	if (size < 28 || memcmp(di, "DI", 2) != 0 || memcmp(di + 8, "BDO", 3) != 0)
		return false;
	const uint32_t first = get_be32(di + 20), last = get_be32(di + 24);
	physical->layers = di[12] >> 4 ? di[12] >> 4 : 1u;
	/* some recordable discs have a last sector of 0 less what is kept for spares: far beyond */
	if (physical->layers != 1 || last < first || last > 0x8000000)
		return false;
	physical->sectors = (uint64_t)(last - first) + 1;
	return true;
}
