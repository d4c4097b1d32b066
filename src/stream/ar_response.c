/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A saved answer of the AccurateRip database: read, and compared with what was computed. */
#include <spindle/accuraterip.h>

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	AR_PRESSING = 13,      /* bytes: number of tracks, three ids */
	AR_ANSWER = 9,         /* confidence, CRC, CRC of sector 450 */
	AR_SIZE_MAX = 1 << 20, /* of a response; 99 tracks take 904 bytes a pressing */
	AR_OFFSETS = 2 * SP_AR_OFFSET_MAX + 1,
};

int sp_ar_parse(struct sp_ar_response *response, const char *name, const uint8_t *data, size_t size,
		struct sp_error *err)
{
	*response = (struct sp_ar_response){0};
	if (!size || size > AR_SIZE_MAX || !data[0] || data[0] > SP_TRACK_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "%s: no AccurateRip response", name);
	const unsigned tracks = data[0];
	const size_t chunk = AR_PRESSING + tracks * AR_ANSWER, pressings = size / chunk;
	if (size % chunk)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: no AccurateRip response: %zu bytes are no whole number of "
			       "pressings of %u track%s",
			       name, size, tracks, tracks == 1 ? "" : "s");
	response->pressing = calloc(pressings, sizeof(response->pressing[0]));
	response->answer = calloc(pressings * tracks, sizeof(response->answer[0]));
	if (!response->pressing || !response->answer)
		return sp_fail_memory(err);
	response->tracks = tracks;
	for (size_t i = 0; i < pressings; i++) {
		const uint8_t *p = data + i * chunk;

		if (memcmp(p, data, AR_PRESSING) != 0)
			return sp_fail(err, SP_ERR_FORMAT,
				       "%s: at byte %zu begins the answer for another disc", name,
				       i * chunk);
		response->pressing[response->pressings++] = (struct sp_ar_pressing){
			get_le32(p + 1), get_le32(p + 5), get_le32(p + 9), i * tracks};
		for (size_t n = 0; n < tracks; n++) {
			const uint8_t *a = p + AR_PRESSING + n * AR_ANSWER;

			response->answer[i * tracks + n] =
				(struct sp_ar_answer){a[0], get_le32(a + 1), get_le32(a + 5)};
		}
	}
	return 0;
}

void sp_ar_response_clear(struct sp_ar_response *response)
{
	free(response->pressing);
	free(response->answer);
	*response = (struct sp_ar_response){0};
}

static bool ar_hex(const char *text, uint32_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < 8; i++) {
		const char c = text[i];
		const unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				       : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
							      : 16;

		if (digit > 15)
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

/* id2 with the tracks' own numbers, which differ where data lies before the music. EAC and the
 * database count the music's (ARver's notes, of a mixed disc); whipper counts these. */
static uint32_t ar_id2_numbers(const struct sp_disc *disc)
{
	const uint32_t lead_out = (uint32_t)disc->session[disc->sessions - 1].lead_out;
	uint32_t sum = 0, last = 0;

	for (size_t i = 0; i < disc->tracks; i++) {
		const struct sp_track *t = &disc->track[i];

		if (t->mode != SP_MODE_AUDIO)
			continue;
		sum += (t->start > 0 ? (uint32_t)t->start : 1) * t->number;
		last = t->number;
	}
	return sum + lead_out * (last + 1);
}

bool sp_ar_is_of(const struct sp_ar_response *response, const struct sp_disc *disc)
{
	const struct sp_ar_pressing *p = response->pressing;
	uint32_t id1, id2, cddb;
	size_t audio = 0;
	char id[27];

	for (size_t i = 0; i < disc->tracks; i++)
		audio += disc->track[i].mode == SP_MODE_AUDIO;
	return response->pressings && sp_disc_id_accuraterip(disc, id) && ar_hex(id, &id1) &&
	       ar_hex(id + 9, &id2) && ar_hex(id + 18, &cddb) && audio == response->tracks &&
	       p->id1 == id1 && p->cddb == cddb &&
	       (p->id2 == id2 || p->id2 == ar_id2_numbers(disc));
}

/* Answers of all pressings for one track. */
static const struct sp_ar_answer *ar_answer(const struct sp_ar_response *r, size_t pressing,
					    size_t track)
{
	return &r->answer[r->pressing[pressing].first + track];
}

/* Confidence of all that say `crc` of a track; 0 is nobody's checksum: silence has it. */
static unsigned ar_confidence(const struct sp_ar_response *r, size_t track, uint32_t crc)
{
	unsigned sum = 0;

	for (size_t i = 0; crc && i < r->pressings; i++) {
		const struct sp_ar_answer *a = ar_answer(r, i, track);

		sum += a->crc == crc ? a->confidence : 0u;
	}
	return sum;
}

/* Where a track's answers are: places are counted by the table of contents, so that data before the
 * music takes the first one and the last track has none (the answer for a mixed disc that ARver's
 * notes show). In case some pressing has it otherwise, by the music alone. */
enum { AR_PLACES = 2 };
static bool ar_place(const struct sp_ar *ar, const struct sp_ar_response *r, size_t i, unsigned way,
		     size_t *place)
{
	*place = way ? i : ar->track[i].number - 1u;
	return *place < r->tracks && (!way || ar->track[i].number != i + 1);
}

static void ar_compare_track(const struct sp_ar *ar, size_t i, const struct sp_ar_response *r,
			     size_t place, struct sp_ar_verdict *v)
{
	const struct sp_ar_track *t = &ar->track[i];
	const unsigned one = ar_confidence(r, place, t->v1);
	const unsigned two = t->v2 == t->v1 ? 0 : ar_confidence(r, place, t->v2);

	*v = (struct sp_ar_verdict){0};
	v->confidence = one + two;
	v->version = two >= one && two ? 2 : one ? 1 : 0;
	for (size_t n = 0; n < r->pressings; n++)
		if (ar_answer(r, n, place)->confidence > v->most)
			v->most = ar_answer(r, n, place)->confidence;
	for (int offset = -SP_AR_OFFSET_MAX; !v->confidence && offset <= SP_AR_OFFSET_MAX;
	     offset++) {
		uint32_t crc;

		if (!sp_ar_v1_at(ar, i, offset, &crc))
			break;
		const unsigned sum = ar_confidence(r, place, crc);
		if (sum <= v->other)
			continue;
		v->other = sum;
		v->offset = offset;
	}
}

void sp_ar_compare(const struct sp_ar *ar, const struct sp_ar_response *response,
		   struct sp_ar_verdict *verdict)
{
	for (size_t i = 0; i < ar->tracks; i++) {
		size_t place;

		verdict[i] = (struct sp_ar_verdict){0};
		for (unsigned way = 0; way < AR_PLACES; way++) {
			struct sp_ar_verdict v;

			if (!ar_place(ar, response, i, way, &place))
				continue;
			ar_compare_track(ar, i, response, place, &v);
			if (!way || v.confidence > verdict[i].confidence ||
			    (!verdict[i].confidence && v.other > verdict[i].other))
				verdict[i] = v;
		}
	}
}

/* Does a track fit at this offset, and how many say so? */
static unsigned ar_fits(const struct sp_ar *ar, const struct sp_ar_response *r, size_t i,
			int offset)
{
	unsigned sum = 0;
	uint32_t crc;

	if (!sp_ar_frame450_at(ar, i, offset, &crc) || !crc)
		return 0;
	for (unsigned way = 0; way < AR_PLACES && !sum; way++) {
		size_t place;

		for (size_t n = 0; n < r->pressings && ar_place(ar, r, i, way, &place); n++) {
			const struct sp_ar_answer *a = ar_answer(r, n, place);

			sum += a->frame450 == crc ? a->confidence : 0u;
		}
	}
	return sum;
}

bool sp_ar_drive_offset(const struct sp_ar *ar, const struct sp_ar_response *response, int *offset,
			unsigned *tracks)
{
	unsigned best = 0, sure = 0;
	bool tie = false;

	*tracks = 0;
	for (int o = -SP_AR_OFFSET_MAX; o <= SP_AR_OFFSET_MAX; o++) {
		unsigned fit = 0, sum = 0;

		for (size_t i = 0; i < ar->tracks; i++) {
			const unsigned said = ar_fits(ar, response, i, o);

			fit += said > 0;
			sum += said;
		}
		if (!fit || fit < *tracks || (fit == *tracks && sum < best))
			continue;
		tie = fit == *tracks && sum == best;
		*tracks = fit;
		best = sum;
		*offset = o;
	}
	sure = ar->tracks > 1 ? 2 : 1;
	return *tracks >= sure && !tie;
}
