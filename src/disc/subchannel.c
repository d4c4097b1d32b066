/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sub-channel: Q frames made from the layout and read back, P-W taken apart. ECMA-130 22. */
#include "disc/subchannel.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

#define LEAD_OUT_TRACK 0xaa
#define MCN_EVERY      100 /* ADR 2 and 3 are each in at least 1 of 100 sectors where used */
#define ISRC_AT        50
#define START_FLAG     150 /* sectors of P before a track: 2 s at least */

/* CRC-16 of a byte, x^16 + x^12 + x^5 + 1 */
static const uint16_t sub_crc[256] = {
	0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7, 0x8108, 0x9129, 0xa14a,
	0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef, 0x1231, 0x0210, 0x3273, 0x2252, 0x52b5, 0x4294,
	0x72f7, 0x62d6, 0x9339, 0x8318, 0xb37b, 0xa35a, 0xd3bd, 0xc39c, 0xf3ff, 0xe3de, 0x2462,
	0x3443, 0x0420, 0x1401, 0x64e6, 0x74c7, 0x44a4, 0x5485, 0xa56a, 0xb54b, 0x8528, 0x9509,
	0xe5ee, 0xf5cf, 0xc5ac, 0xd58d, 0x3653, 0x2672, 0x1611, 0x0630, 0x76d7, 0x66f6, 0x5695,
	0x46b4, 0xb75b, 0xa77a, 0x9719, 0x8738, 0xf7df, 0xe7fe, 0xd79d, 0xc7bc, 0x48c4, 0x58e5,
	0x6886, 0x78a7, 0x0840, 0x1861, 0x2802, 0x3823, 0xc9cc, 0xd9ed, 0xe98e, 0xf9af, 0x8948,
	0x9969, 0xa90a, 0xb92b, 0x5af5, 0x4ad4, 0x7ab7, 0x6a96, 0x1a71, 0x0a50, 0x3a33, 0x2a12,
	0xdbfd, 0xcbdc, 0xfbbf, 0xeb9e, 0x9b79, 0x8b58, 0xbb3b, 0xab1a, 0x6ca6, 0x7c87, 0x4ce4,
	0x5cc5, 0x2c22, 0x3c03, 0x0c60, 0x1c41, 0xedae, 0xfd8f, 0xcdec, 0xddcd, 0xad2a, 0xbd0b,
	0x8d68, 0x9d49, 0x7e97, 0x6eb6, 0x5ed5, 0x4ef4, 0x3e13, 0x2e32, 0x1e51, 0x0e70, 0xff9f,
	0xefbe, 0xdfdd, 0xcffc, 0xbf1b, 0xaf3a, 0x9f59, 0x8f78, 0x9188, 0x81a9, 0xb1ca, 0xa1eb,
	0xd10c, 0xc12d, 0xf14e, 0xe16f, 0x1080, 0x00a1, 0x30c2, 0x20e3, 0x5004, 0x4025, 0x7046,
	0x6067, 0x83b9, 0x9398, 0xa3fb, 0xb3da, 0xc33d, 0xd31c, 0xe37f, 0xf35e, 0x02b1, 0x1290,
	0x22f3, 0x32d2, 0x4235, 0x5214, 0x6277, 0x7256, 0xb5ea, 0xa5cb, 0x95a8, 0x8589, 0xf56e,
	0xe54f, 0xd52c, 0xc50d, 0x34e2, 0x24c3, 0x14a0, 0x0481, 0x7466, 0x6447, 0x5424, 0x4405,
	0xa7db, 0xb7fa, 0x8799, 0x97b8, 0xe75f, 0xf77e, 0xc71d, 0xd73c, 0x26d3, 0x36f2, 0x0691,
	0x16b0, 0x6657, 0x7676, 0x4615, 0x5634, 0xd94c, 0xc96d, 0xf90e, 0xe92f, 0x99c8, 0x89e9,
	0xb98a, 0xa9ab, 0x5844, 0x4865, 0x7806, 0x6827, 0x18c0, 0x08e1, 0x3882, 0x28a3, 0xcb7d,
	0xdb5c, 0xeb3f, 0xfb1e, 0x8bf9, 0x9bd8, 0xabbb, 0xbb9a, 0x4a75, 0x5a54, 0x6a37, 0x7a16,
	0x0af1, 0x1ad0, 0x2ab3, 0x3a92, 0xfd2e, 0xed0f, 0xdd6c, 0xcd4d, 0xbdaa, 0xad8b, 0x9de8,
	0x8dc9, 0x7c26, 0x6c07, 0x5c64, 0x4c45, 0x3ca2, 0x2c83, 0x1ce0, 0x0cc1, 0xef1f, 0xff3e,
	0xcf5d, 0xdf7c, 0xaf9b, 0xbfba, 0x8fd9, 0x9ff8, 0x6e17, 0x7e36, 0x4e55, 0x5e74, 0x2e93,
	0x3eb2, 0x0ed1, 0x1ef0,
};

uint16_t sp_crc16_gsm(const uint8_t *data, size_t size)
{
	unsigned crc = 0;

	for (size_t i = 0; i < size; i++)
		crc = (crc << 8 ^ sub_crc[(crc >> 8 ^ data[i]) & 255]) & 0xffff;
	return (uint16_t)~crc;
}

bool sp_q_valid(const uint8_t q[12])
{
	return get_be16(q + 10) == sp_crc16_gsm(q, 10);
}

static void sub_seal(uint8_t q[12])
{
	put_be16(q + 10, sp_crc16_gsm(q, 10));
}

/* Eight symbols are a matrix of 8×8 bits, first symbol and P on top; exchange rows and columns. */
static uint64_t sub_transpose(uint64_t m)
{
	uint64_t t = (m ^ m >> 7) & 0x00aa00aa00aa00aaULL;

	m ^= t ^ t << 7;
	t = (m ^ m >> 14) & 0x0000cccc0000ccccULL;
	m ^= t ^ t << 14;
	t = (m ^ m >> 28) & 0x00000000f0f0f0f0ULL;
	return m ^ t ^ t << 28;
}

void sp_sub_to_linear(const uint8_t interleaved[96], uint8_t linear[96])
{
	for (unsigned i = 0; i < 12; i++) {
		const uint64_t m = sub_transpose(get_be64(interleaved + i * 8));

		for (unsigned channel = 0; channel < 8; channel++)
			linear[channel * 12 + i] = (uint8_t)(m >> (56 - channel * 8));
	}
}

void sp_sub_to_interleaved(const uint8_t linear[96], uint8_t interleaved[96])
{
	for (unsigned i = 0; i < 12; i++) {
		uint64_t m = 0;

		for (unsigned channel = 0; channel < 8; channel++)
			m = m << 8 | linear[channel * 12 + i];
		put_be64(interleaved + i * 8, sub_transpose(m));
	}
}

void sp_sub_get_q(const uint8_t interleaved[96], uint8_t q[12])
{
	for (unsigned i = 0; i < 12; i++)
		q[i] = (uint8_t)(sub_transpose(get_be64(interleaved + i * 8)) >> 48);
}

void sp_sub_set_q(uint8_t interleaved[96], const uint8_t q[12])
{
	for (unsigned i = 0; i < 96; i++) {
		const unsigned bit = q[i / 8] >> (7 - i % 8) & 1u;

		interleaved[i] = (uint8_t)((interleaved[i] & ~0x40u) | bit << 6);
	}
}

/* Where a sector lies as its Q tells it. */
struct sub_place {
	const struct sp_track *track; /* of a lead-out: the session's last */
	bool lead_out;
	bool p;
	unsigned index;
	uint64_t relative;
};

static bool sub_lead_out(const struct sp_disc *disc, sp_lba lba, struct sub_place *place)
{
	const struct sp_session *session = NULL;

	for (size_t i = 0; i < disc->sessions && disc->session[i].lead_out <= lba; i++)
		session = &disc->session[i];
	*place = (struct sub_place){.lead_out = true, .index = 1};
	for (size_t i = 0; session && i < disc->tracks; i++)
		if (disc->track[i].session <= session->number)
			place->track = &disc->track[i];
	if (!place->track)
		return false;
	place->relative = (uint64_t)lba - (uint64_t)session->lead_out;
	return true;
}

/* P is 1 in the pause before a track, which is stretched into the track before it where it is
 * shorter than the two seconds a start flag lasts at least, and in the track's first sector, as P
 * is a sector late on real discs; 0 elsewhere, also in the lead-out, where it would blink with
 * 2 Hz. ECMA-130 22.2. */
static bool sub_p(const struct sp_disc *disc, const struct sp_track *track, sp_lba lba)
{
	const struct sp_track *next = track + 1;

	if (lba <= track->start)
		return true;
	return next < disc->track + disc->tracks && next->session == track->session &&
	       next->start <= lba + START_FLAG;
}

static bool sub_find(const struct sp_disc *disc, sp_lba lba, struct sub_place *place)
{
	const struct sp_region *region = sp_disc_region(disc, lba);

	if (!region || region->kind == SP_REGION_GAP)
		return sub_lead_out(disc, lba, place);
	const struct sp_track *track = sp_disc_track(disc, region->track);
	if (!track)
		return false;
	*place = (struct sub_place){.track = track, .p = sub_p(disc, track, lba)};
	if (lba < track->start) {
		/* ECMA-130 22.3.3.3: falls towards the start; the last sector before it has 1 */
		place->relative = (uint64_t)track->start - (uint64_t)lba;
		return true;
	}
	place->relative = (uint64_t)lba - (uint64_t)track->start;
	for (unsigned i = 1; i <= SP_INDEX_MAX; i++)
		if (track->index[i] != SP_LBA_NONE && track->index[i] <= lba)
			place->index = i;
	return true;
}

static void sub_put_msf(uint8_t *to, struct sp_msf msf)
{
	to[0] = sp_to_bcd(msf.m);
	to[1] = sp_to_bcd(msf.s);
	to[2] = sp_to_bcd(msf.f);
}

static bool sub_position(const struct sub_place *place, sp_lba lba, uint8_t q[12])
{
	struct sp_msf relative, absolute;

	if (!sp_frames_to_msf(place->relative, &relative) || !sp_lba_to_msf(lba, &absolute))
		return false;
	memset(q, 0, 12);
	q[0] = (uint8_t)(place->track->control << 4 | 1);
	q[1] = place->lead_out ? LEAD_OUT_TRACK : sp_to_bcd(place->track->number);
	q[2] = sp_to_bcd(place->index);
	sub_put_msf(q + 3, relative);
	sub_put_msf(q + 7, absolute);
	sub_seal(q);
	return true;
}

bool sp_q_position(const struct sp_disc *disc, sp_lba lba, uint8_t q[12])
{
	struct sub_place place;

	return sub_find(disc, lba, &place) && sub_position(&place, lba, q);
}

/* The parts ADR 2 and 3 have in common; AFRAME is all they say of the place. */
static bool sub_begin(unsigned control, unsigned adr, sp_lba lba, uint8_t q[12])
{
	struct sp_msf msf;

	if (!sp_lba_to_msf(lba, &msf))
		return false;
	memset(q, 0, 12);
	q[0] = (uint8_t)(control << 4 | adr);
	q[9] = sp_to_bcd(msf.f);
	return true;
}

/* Decimal digits as nibbles, high one first. */
static void sub_put_digits(uint8_t *to, const char *digits, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		to[i / 2] |= (uint8_t)((digits[i] - '0') << (i % 2 ? 0 : 4));
}

static bool sub_get_digits(const uint8_t *from, char *digits, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const unsigned digit = from[i / 2] >> (i % 2 ? 0 : 4) & 15u;

		if (digit > 9)
			return false;
		digits[i] = (char)('0' + digit);
	}
	digits[count] = '\0';
	return true;
}

bool sp_q_mcn(unsigned control, const char *mcn, sp_lba lba, uint8_t q[12])
{
	if (!sp_mcn_valid(mcn, false) || !sub_begin(control, 2, lba, q))
		return false;
	sub_put_digits(q + 1, mcn, 13);
	sub_seal(q);
	return true;
}

bool sp_q_isrc(unsigned control, const char *isrc, sp_lba lba, uint8_t q[12])
{
	uint32_t letters = 0;

	if (!sp_isrc_valid(isrc) || !sub_begin(control, 3, lba, q))
		return false;
	for (unsigned i = 0; i < 5; i++) {
		const char c = isrc[i];

		letters = letters << 6 | (uint32_t)(c >= 'A' ? c - 'A' + 0x11 : c - '0');
	}
	put_be32(q + 1, letters << 2);
	sub_put_digits(q + 5, isrc + 5, 7);
	sub_seal(q);
	return true;
}

bool sp_q_get_mcn(const uint8_t q[12], char mcn[14])
{
	static const uint8_t none[7];

	return (q[0] & 15) == 2 && sp_q_valid(q) && memcmp(q + 1, none, sizeof(none)) != 0 &&
	       sub_get_digits(q + 1, mcn, 13);
}

bool sp_q_get_isrc(const uint8_t q[12], char isrc[13])
{
	const uint32_t letters = get_be32(q + 1) >> 2;

	if ((q[0] & 15) != 3 || !sp_q_valid(q) || !sub_get_digits(q + 5, isrc + 5, 7))
		return false;
	for (unsigned i = 0; i < 5; i++) {
		const unsigned c = letters >> (24 - 6 * i) & 63u;

		isrc[i] = (char)(c >= 0x11 ? c - 0x11 + 'A' : c + '0');
	}
	return sp_isrc_valid(isrc); /* codes without a character, and all zeros, are not */
}

bool sp_q_lba(const uint8_t q[12], sp_lba near, sp_lba *lba)
{
	for (unsigned i = 7; i < 10; i++)
		if (!sp_bcd_valid(q[i]))
			return false;
	const struct sp_msf msf = {(uint8_t)sp_from_bcd(q[7]), (uint8_t)sp_from_bcd(q[8]),
				   (uint8_t)sp_from_bcd(q[9])};
	return (q[0] & 15) == 1 && sp_msf_to_lba(msf, near < -SP_MSF_OFFSET, lba);
}

void sp_q_vote(struct sp_q_vote *vote, const char *text)
{
	if (!vote->lead)
		snprintf(vote->text, sizeof(vote->text), "%s", text);
	if (!strcmp(vote->text, text))
		vote->lead++;
	else
		vote->lead--;
}

bool sp_sub_generate(const struct sp_disc *disc, sp_lba lba, uint8_t interleaved[96])
{
	struct sub_place place;
	uint8_t q[12];

	if (!sub_find(disc, lba, &place) || !sub_position(&place, lba, q))
		return false;
	if (!place.lead_out && lba % MCN_EVERY == 0)
		sp_q_mcn(place.track->control, disc->mcn, lba, q);
	if (!place.lead_out && (lba - ISRC_AT) % MCN_EVERY == 0)
		sp_q_isrc(place.track->control, place.track->isrc, lba, q);
	memset(interleaved, place.p ? 0x80 : 0, 96);
	sp_sub_set_q(interleaved, q);
	return true;
}
