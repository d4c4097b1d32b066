/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sectors that no source gives: pauses, and of a raw disc its lead-in and lead-out; and how sectors
 * go to a drive that writes raw. ECMA-130 20, 22; MMC-6 4.2.3. */
#include "drive/recorder_own.h"

#include "base/bytes.h"
#include "disc/cdtext.h"
#include "disc/scramble.h"
#include "disc/subchannel.h"

#include <string.h>

#define TOC_REPEATS 3   /* each entry, ECMA-130 22.3.4.2 */
#define P_FIRST     150 /* sectors of the lead-out in which P is 0: 2 s … */
#define P_BLINKS    4   /* … and then changes so often a second: 2 Hz */
#define SYMBOLS     24  /* of a pack */

bool recorder_empty(const struct sp_disc *disc, const struct sp_region *region, unsigned parts,
		    sp_lba lba, uint8_t *out)
{
	/* of a pause of XA: form 2, a sub-header that says no more, no EDC */
	static const uint8_t form2[8] = {0, 0, SP_SUBMODE_FORM2, 0, 0, 0, SP_SUBMODE_FORM2, 0};
	unsigned mode = region->mode, from = SP_PART_USER;
	uint8_t in[SP_RAW_SIZE] = {0};

	if (mode == SP_MODE_XA || mode == SP_MODE_XA_FORM2) {
		mode = SP_MODE_XA_FORM2;
		from = SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC;
		memcpy(in, form2, sizeof(form2));
	}
	return !sp_sector_convert(disc, mode, from, parts, lba, 1, in, out, NULL, NULL, NULL);
}

void recorder_symbols(const uint8_t *packs, size_t count, uint8_t *symbols)
{
	for (size_t i = 0; i < count * SP_PACK_SIZE; i += 3) {
		*symbols++ = packs[i] >> 2;
		*symbols++ = (uint8_t)((packs[i] & 3) << 4 | packs[i + 1] >> 4);
		*symbols++ = (uint8_t)((packs[i + 1] & 15) << 2 | packs[i + 2] >> 6);
		*symbols++ = packs[i + 2] & 0x3f;
	}
}

static void sector_put_msf(uint8_t *to, struct sp_msf msf)
{
	to[0] = sp_to_bcd(msf.m);
	to[1] = sp_to_bcd(msf.s);
	to[2] = sp_to_bcd(msf.f);
}

static void lead_in_entry(struct recorder_lead_in *lead_in, unsigned control, unsigned point,
			  const uint8_t p[3])
{
	uint8_t *q = lead_in->q[lead_in->count++];

	memset(q, 0, 12);
	q[0] = (uint8_t)(control << 4 | 1);
	q[2] = (uint8_t)point;
	memcpy(q + 7, p, 3);
}

static void lead_in_place(struct recorder_lead_in *lead_in, unsigned control, unsigned point,
			  sp_lba lba)
{
	struct sp_msf msf = {0, 0, 0};
	uint8_t p[3];

	sp_lba_to_msf(lba, &msf);
	sector_put_msf(p, msf);
	lead_in_entry(lead_in, control, point, p);
}

void recorder_lead_in(struct recorder_lead_in *lead_in, const struct sp_disc *disc)
{
	const struct sp_track *first = &disc->track[0], *last = &disc->track[disc->tracks - 1];
	const uint8_t a0[3] = {sp_to_bcd(first->number), (uint8_t)disc->session[0].type, 0};
	const uint8_t a1[3] = {sp_to_bcd(last->number), 0, 0};

	*lead_in = (struct recorder_lead_in){.data = first->control & SP_CONTROL_DATA};
	for (const struct sp_track *track = first; track <= last; track++)
		lead_in_place(lead_in, track->control, sp_to_bcd(track->number), track->start);
	lead_in_entry(lead_in, first->control, 0xa0, a0);
	lead_in_entry(lead_in, last->control, 0xa1, a1);
	lead_in_place(lead_in, last->control, 0xa2, disc->session[0].lead_out);
}

/* A sector of mode 0, ECMA-130 14.2, scrambled. */
static void sector_null(uint8_t block[RECORDER_BLOCK], struct sp_msf msf)
{
	memcpy(block, sp_sector_sync, sizeof(sp_sector_sync));
	sector_put_msf(block + sizeof(sp_sector_sync), msf);
	sp_scramble(block);
}

bool recorder_lead_in_block(const struct recorder_lead_in *lead_in, size_t n, sp_lba lba,
			    uint8_t block[RECORDER_BLOCK])
{
	uint8_t q[12], *pw = block + SP_RAW_SIZE;
	struct sp_msf msf;

	if (!sp_lba_to_msf(lba, &msf))
		return false;
	memset(block, 0, RECORDER_BLOCK);
	if (lead_in->data)
		sector_null(block, msf);
	for (size_t i = 0; i < SP_SUB_SIZE && lead_in->symbols_size; i++)
		pw[i] = lead_in->symbols[(n * SP_SUB_SIZE + i) % lead_in->symbols_size];
	memcpy(q, lead_in->q[n / TOC_REPEATS % lead_in->count], sizeof(q));
	sector_put_msf(q + 3, msf);
	put_be16(q + 10, sp_crc16_gsm(q, 10));
	sp_sub_set_q(pw, q);
	return true;
}

bool recorder_lead_out_block(const struct sp_disc *disc, sp_lba lba, uint8_t block[RECORDER_BLOCK])
{
	const struct sp_track *last = &disc->track[disc->tracks - 1];
	const sp_lba n = lba - disc->session[disc->sessions - 1].lead_out;
	uint8_t *pw = block + SP_RAW_SIZE;
	struct sp_msf msf;

	memset(block, 0, RECORDER_BLOCK);
	if (!sp_lba_to_msf(lba, &msf) || !sp_sub_generate(disc, lba, pw))
		return false;
	if (last->control & SP_CONTROL_DATA)
		sector_null(block, msf);
	if (n >= P_FIRST && (n - P_FIRST) * P_BLINKS / 75 % 2 == 0)
		for (unsigned i = 0; i < SP_SUB_SIZE; i++)
			pw[i] |= 0x80;
	return true;
}

/* Does an index or a track begin here? Then Q tells the place and no MCN or ISRC. */
static bool sector_begins(const struct sp_disc *disc, sp_lba lba, uint8_t q[12])
{
	uint8_t before[12];

	return sp_q_position(disc, lba, q) &&
	       (lba == -SP_MSF_OFFSET || !sp_q_position(disc, lba - 1, before) ||
		memcmp(q + 1, before + 1, 2) != 0);
}

void recorder_program_block(const struct sp_disc *disc, const struct sp_region *region, bool made,
			    sp_lba lba, uint8_t block[RECORDER_BLOCK])
{
	const struct sp_track *track = sp_disc_track(disc, region->track);
	const bool data = region->mode != SP_MODE_AUDIO;
	uint8_t q[12], *pw = block + SP_RAW_SIZE;

	if (data)
		sp_scramble(block);
	if (!made || !track)
		return;
	sp_sub_get_q(pw, q);
	if ((q[0] & 15) != 1 && !sector_begins(disc, lba, q))
		sp_sub_get_q(pw, q);
	/* a short track may have no other place for it */
	if (lba == track->start + 1 && track->isrc[0] && track->index[2] != lba)
		sp_q_isrc(track->control, track->isrc, lba, q);
	/* a pause of data before audio says so itself */
	if (!(track->control & SP_CONTROL_DATA) != !data)
		q[0] ^= SP_CONTROL_DATA << 4;
	put_be16(q + 10, sp_crc16_gsm(q, 10));
	sp_sub_set_q(pw, q);
}
