/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers discs and recordings are known by: MCN, ISRC, CDDB, MusicBrainz, AccurateRip,
 * CUETools. */
#include <spindle/disc.h>

#include "codec/digest.h"

#include <stdio.h>
#include <string.h>

/* From the lead-out of one session to the first track of the next, as the databases assume it:
 * lead-out 1:30, lead-in 1:00, pregap 0:02 */
#define SESSION_GAP 11400
#define FRAMES      75

static bool ids_digits(const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return text[count] == '\0';
}

bool sp_mcn_valid(const char *mcn, bool strict)
{
	unsigned sum = 0;

	if (!ids_digits(mcn, 13))
		return false;
	for (unsigned i = 0; i < 13; i++)
		sum += (unsigned)(mcn[i] - '0') * (i % 2 ? 3 : 1);
	return !strict || sum % 10 == 0;
}

bool sp_isrc_valid(const char *isrc)
{
	for (unsigned i = 0; i < 5; i++) {
		const bool letter = isrc[i] >= 'A' && isrc[i] <= 'Z';
		const bool digit = isrc[i] >= '0' && isrc[i] <= '9';

		if (!letter && !(digit && i >= 2))
			return false;
	}
	return ids_digits(isrc + 5, 7);
}

/* What all ids are made from. */
struct ids_toc {
	size_t audio;       /* number of audio tracks */
	size_t after_audio; /* how many of the list stand up to the last audio track */
	uint32_t lead_out;  /* of the whole disc, with the 150 frames of the first pregap */
};

static bool ids_offset(sp_lba lba, uint32_t *offset)
{
	if (lba < -SP_MSF_OFFSET || lba > SP_LBA_MSF_END)
		return false;
	*offset = (uint32_t)(lba + SP_MSF_OFFSET);
	return true;
}

static bool ids_toc(const struct sp_disc *disc, struct ids_toc *toc)
{
	*toc = (struct ids_toc){0};
	if (disc->medium != SP_MEDIUM_CD || !disc->tracks || !disc->sessions)
		return false;
	for (size_t i = 0; i < disc->tracks; i++) {
		uint32_t offset;

		if (!ids_offset(disc->track[i].start, &offset))
			return false;
		if (disc->track[i].mode == SP_MODE_AUDIO) {
			toc->audio++;
			toc->after_audio = i + 1;
		}
	}
	return toc->audio && ids_offset(disc->session[disc->sessions - 1].lead_out, &toc->lead_out);
}

static uint32_t ids_start(const struct sp_disc *disc, size_t i)
{
	return (uint32_t)(disc->track[i].start + SP_MSF_OFFSET);
}

bool sp_disc_id_cddb(const struct sp_disc *disc, char id[9])
{
	struct ids_toc toc;
	unsigned sum = 0;

	if (!ids_toc(disc, &toc))
		return false;
	for (size_t i = 0; i < disc->tracks; i++)
		for (unsigned n = ids_start(disc, i) / FRAMES; n; n /= 10)
			sum += n % 10;
	snprintf(id, 9, "%02x%04x%02x", sum % 255,
		 (toc.lead_out / FRAMES - ids_start(disc, 0) / FRAMES) & 0xffff,
		 (unsigned)disc->tracks & 0xff);
	return true;
}

/* Base64 with the three signs that URLs reserve exchanged. */
static void ids_base64(const uint8_t digest[20], char id[29])
{
	static const char sign[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

	for (unsigned i = 0; i < 28; i++) {
		const unsigned bit = i * 6, at = bit / 8;
		const unsigned pair = (unsigned)digest[at < 20 ? at : 19] << 8 |
				      (at + 1 < 20 ? digest[at + 1] : 0u);

		id[i] = sign[pair >> (10 - bit % 8) & 63];
	}
	id[27] = '-'; /* 20 bytes are 27 signs and one of padding */
	id[28] = '\0';
}

static bool ids_sha1(const char *text, size_t size, char id[29])
{
	struct sp_digest_state *sha1 = sp_digest_new(2);
	uint8_t digest[SP_DIGEST_MAX_SIZE];

	if (!sha1)
		return false;
	sp_digest_update(sha1, text, size);
	if (sp_digest_final(sha1, digest) != 20)
		return false;
	ids_base64(digest, id);
	return true;
}

bool sp_disc_id_musicbrainz(const struct sp_disc *disc, char id[29])
{
	char text[2 + 2 + 100 * 8 + 1];
	uint32_t offset[SP_TRACK_MAX + 1] = {0};
	struct ids_toc toc;

	if (!ids_toc(disc, &toc))
		return false;
	/* Data after the music is left out, and then the music's end is taken to lie one session
	 * gap before the data. */
	const size_t tracks = toc.after_audio;
	offset[0] = toc.lead_out;
	if (tracks < disc->tracks) {
		offset[0] = ids_start(disc, tracks);
		if (offset[0] < SESSION_GAP)
			return false;
		offset[0] -= SESSION_GAP;
	}
	for (size_t i = 0; i < tracks; i++)
		offset[disc->track[i].number] = ids_start(disc, i);
	int size = snprintf(text, sizeof(text), "%02X%02X", disc->track[0].number,
			    disc->track[tracks - 1].number);
	for (unsigned i = 0; i <= SP_TRACK_MAX; i++)
		size += snprintf(text + size, sizeof(text) - (size_t)size, "%08X", offset[i]);
	return ids_sha1(text, (size_t)size, id);
}

bool sp_disc_id_ctdb(const struct sp_disc *disc, char id[29])
{
	char text[100 * 8 + 1];
	struct ids_toc toc;
	size_t first = 0, used = 0;

	if (!ids_toc(disc, &toc))
		return false;
	while (disc->track[first].mode != SP_MODE_AUDIO)
		first++;
	const uint32_t zero = ids_start(disc, first);
	for (size_t i = first + 1; i < toc.after_audio; i++)
		if (disc->track[i].mode == SP_MODE_AUDIO)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%08X",
						 ids_start(disc, i) - zero);
	/* the music's end: data behind it, or its session's */
	const size_t last = toc.after_audio - 1;
	const bool more = last + 1 < disc->tracks &&
			  disc->track[last + 1].session == disc->track[last].session;
	uint32_t end;
	if (!ids_offset(more ? disc->track[last + 1].start
			     : disc->session[disc->track[last].session - 1].lead_out,
			&end))
		return false;
	used += (size_t)snprintf(text + used, sizeof(text) - used, "%08X", end - zero);
	memset(text + used, '0', sizeof(text) - 1 - used);
	return ids_sha1(text, sizeof(text) - 1, id);
}

bool sp_disc_id_accuraterip(const struct sp_disc *disc, char id[27])
{
	struct ids_toc toc;
	char cddb[9];

	if (!ids_toc(disc, &toc) || !sp_disc_id_cddb(disc, cddb) || toc.lead_out < SP_MSF_OFFSET)
		return false;
	const uint32_t lead_out = toc.lead_out - SP_MSF_OFFSET;
	uint32_t sum = lead_out, product = lead_out * (uint32_t)(toc.audio + 1), n = 0;
	for (size_t i = 0; i < disc->tracks; i++) {
		const sp_lba start = disc->track[i].start;

		if (disc->track[i].mode != SP_MODE_AUDIO)
			continue;
		const uint32_t at = start > 0 ? (uint32_t)start : 0;
		sum += at;
		product += (at ? at : 1) * ++n;
	}
	snprintf(id, 27, "%08x-%08x-%s", sum, product, cddb);
	return true;
}
