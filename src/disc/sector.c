/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one place where a sector's parts are taken apart, built, compared and checked. */
#include "disc/sector.h"

#include "base/bytes.h"
#include "disc/edc.h"
#include "disc/subchannel.h"

#include <string.h>

#define SYNC_SIZE   12
#define HEADER_SIZE 4
#define SUBHEADER   16   /* offsets in a raw sector */
#define EDC_MODE1   2064 /* ECMA-130 14.3 */
#define EDC_FORM1   2072
#define EDC_FORM2   2348
#define PARITY      2076
#define PARITY_SIZE 276
#define MAIN_PARTS  5

const uint8_t sp_sector_sync[SYNC_SIZE] = {0,    0xff, 0xff, 0xff, 0xff, 0xff,
					   0xff, 0xff, 0xff, 0xff, 0xff, 0};

/* Bytes of each part, in the order of enum sp_part. Mixed XA has form 1's numbers, but user data
 * and what follows it only together. */
static const uint16_t sector_bytes[SP_MODES][8] = {
	[SP_MODE_AUDIO] = {0, 0, 0, 2352, 0, SP_C2_SIZE, SP_Q_SIZE, SP_SUB_SIZE},
	[SP_MODE_MODE1] = {12, 4, 0, 2048, 288, SP_C2_SIZE, SP_Q_SIZE, SP_SUB_SIZE},
	[SP_MODE_MODE2] = {12, 4, 0, 2336, 0, SP_C2_SIZE, SP_Q_SIZE, SP_SUB_SIZE},
	[SP_MODE_XA] = {12, 4, 8, 2048, 280, SP_C2_SIZE, SP_Q_SIZE, SP_SUB_SIZE},
	[SP_MODE_XA_FORM1] = {12, 4, 8, 2048, 280, SP_C2_SIZE, SP_Q_SIZE, SP_SUB_SIZE},
	[SP_MODE_XA_FORM2] = {12, 4, 8, 2324, 4, SP_C2_SIZE, SP_Q_SIZE, SP_SUB_SIZE},
	[SP_MODE_DATA2048] = {12, 4, 0, 2048, 288, SP_C2_SIZE, SP_Q_SIZE, SP_SUB_SIZE},
	[SP_MODE_BLOCK512] = {0, 0, 0, 512, 0, SP_C2_SIZE, SP_Q_SIZE, SP_SUB_SIZE},
};

static const struct {
	uint8_t kind;   /* SP_PROTECTION_NONE also where the sub-header decides */
	uint8_t header; /* mode byte; 0: no header */
	uint8_t covers; /* parts the EDC is computed from */
} sector_mode[SP_MODES] = {
	[SP_MODE_MODE1] = {SP_PROTECTION_MODE1, 1, SP_PART_SYNC | SP_PART_HEADER | SP_PART_USER},
	[SP_MODE_MODE2] = {SP_PROTECTION_NONE, 2, 0},
	[SP_MODE_XA] = {SP_PROTECTION_NONE, 2, SP_PART_SUBHEADER | SP_PART_USER},
	[SP_MODE_XA_FORM1] = {SP_PROTECTION_FORM1, 2, SP_PART_SUBHEADER | SP_PART_USER},
	[SP_MODE_XA_FORM2] = {SP_PROTECTION_FORM2, 2, SP_PART_SUBHEADER | SP_PART_USER},
	[SP_MODE_DATA2048] = {SP_PROTECTION_MODE1, 1, SP_PART_SYNC | SP_PART_HEADER | SP_PART_USER},
};

/* Parts of a selection that have bytes in the mode. */
static unsigned sector_parts(unsigned mode, unsigned parts)
{
	unsigned have = 0;

	for (unsigned i = 0; i < 8; i++)
		if (sector_bytes[mode][i])
			have |= parts & 1u << i;
	return have;
}

static size_t sector_sum(unsigned mode, unsigned parts)
{
	size_t size = 0;

	for (unsigned i = 0; i < 8; i++)
		if (parts >> i & 1)
			size += sector_bytes[mode][i];
	return size;
}

/* Mixed XA of which every sector is taken for form 1 has form 1's sizes. */
static unsigned sector_taken_for(unsigned mode, unsigned parts)
{
	return mode == SP_MODE_XA && parts & SP_PART_FORM1 ? SP_MODE_XA_FORM1 : mode;
}

size_t sp_sector_size(unsigned mode, unsigned parts)
{
	if (mode >= SP_MODES)
		return 0;
	mode = sector_taken_for(mode, parts);
	if (mode == SP_MODE_XA && !(parts & SP_PART_USER) != !(parts & SP_PART_ECC))
		return 0;
	return sector_sum(mode, parts);
}

unsigned sp_mode_parts(unsigned mode)
{
	if (mode >= SP_MODES)
		return 0;
	return mode == SP_MODE_DATA2048 ? SP_PART_USER : sector_parts(mode, SP_PART_MAIN);
}

/* MSF in BCD and the mode; false where the LBA has no MSF. */
static bool sector_header(unsigned mode, sp_lba lba, uint8_t header[HEADER_SIZE])
{
	struct sp_msf msf;

	header[3] = sector_mode[mode].header;
	if (!sp_lba_to_msf(lba, &msf))
		return false;
	header[0] = sp_to_bcd(msf.m);
	header[1] = sp_to_bcd(msf.s);
	header[2] = sp_to_bcd(msf.f);
	return true;
}

static enum sp_protection sector_form(const uint8_t subheader[8])
{
	return subheader[2] & SP_SUBMODE_FORM2 ? SP_PROTECTION_FORM2 : SP_PROTECTION_FORM1;
}

/* The sub-header of plain data: submode "data", or form 2. */
static void sector_subheader(enum sp_protection kind, uint8_t subheader[8])
{
	memset(subheader, 0, 8);
	subheader[2] = subheader[6] = kind == SP_PROTECTION_FORM2 ? SP_SUBMODE_FORM2 : 0x08;
}

/* Fill in EDC and parity after the user data. */
static void sector_protect(enum sp_protection kind, uint8_t *raw)
{
	switch (kind) {
	case SP_PROTECTION_MODE1:
		put_le32(raw + EDC_MODE1, sp_edc(0, raw, EDC_MODE1));
		memset(raw + EDC_MODE1 + 4, 0, PARITY - EDC_MODE1 - 4);
		sp_ecc(raw, false, raw + PARITY);
		break;
	case SP_PROTECTION_FORM1:
		put_le32(raw + EDC_FORM1, sp_edc(0, raw + SUBHEADER, EDC_FORM1 - SUBHEADER));
		sp_ecc(raw, true, raw + PARITY);
		break;
	case SP_PROTECTION_FORM2:
		put_le32(raw + EDC_FORM2, sp_edc(0, raw + SUBHEADER, EDC_FORM2 - SUBHEADER));
		break;
	case SP_PROTECTION_NONE:
		break;
	}
}

unsigned sp_sector_verify(enum sp_protection kind, const uint8_t raw[SP_RAW_SIZE])
{
	static const uint8_t zero[PARITY - EDC_MODE1 - 4];
	uint8_t parity[PARITY_SIZE];
	unsigned bad = 0;

	switch (kind) {
	case SP_PROTECTION_MODE1:
		if (sp_edc(0, raw, EDC_MODE1) != get_le32(raw + EDC_MODE1))
			bad |= SP_STATE_EDC;
		if (memcmp(raw + EDC_MODE1 + 4, zero, sizeof(zero)) != 0)
			bad |= SP_STATE_ECC;
		break;
	case SP_PROTECTION_FORM1:
		if (sp_edc(0, raw + SUBHEADER, EDC_FORM1 - SUBHEADER) != get_le32(raw + EDC_FORM1))
			bad |= SP_STATE_EDC;
		break;
	case SP_PROTECTION_FORM2: /* an EDC of 0 means there is none */
		if (get_le32(raw + EDC_FORM2) != 0 &&
		    sp_edc(0, raw + SUBHEADER, EDC_FORM2 - SUBHEADER) != get_le32(raw + EDC_FORM2))
			bad |= SP_STATE_EDC;
		return bad;
	case SP_PROTECTION_NONE:
		return 0;
	}
	sp_ecc(raw, kind == SP_PROTECTION_FORM1, parity);
	if (memcmp(raw + PARITY, parity, sizeof(parity)) != 0)
		bad |= SP_STATE_ECC;
	return bad;
}

/* One call's constants. */
struct sector_plan {
	const struct sp_disc *disc;
	unsigned mode;
	unsigned from, to;
	unsigned full; /* the main channel parts that make a whole sector */
	unsigned make; /* parts to build in the whole sector */
	size_t main_in, main_out;
	struct sp_drops *drops;
};

static void sector_count(struct sp_drops *drops, enum sp_drop kind, sp_lba lba)
{
	if (!drops->count[kind]++)
		drops->first[kind] = lba;
}

/* Can it be done at all, and what has to be built for it. */
static int sector_prepare(struct sector_plan *plan, struct sp_error *err)
{
	const unsigned sub = SP_PART_Q | SP_PART_PW;
	const unsigned missing = plan->to & ~plan->from & SP_PART_MAIN;

	if (missing & SP_PART_USER)
		return sp_fail(err, SP_ERR_USAGE, "user data cannot be built from other parts");
	if (missing & SP_PART_SUBHEADER && plan->mode == SP_MODE_XA)
		return sp_fail(
			err, SP_ERR_USAGE,
			"the sub-headers of mixed XA cannot be built: their forms are unknown");
	if (plan->to & sub && !(plan->from & sub) && !plan->disc)
		return sp_fail(err, SP_ERR_USAGE, "sub-channel cannot be built without a disc");
	plan->full = sector_parts(plan->mode, SP_PART_MAIN);
	plan->make = missing;
	const bool compare = plan->drops && plan->to & SP_PART_USER;
	if (missing & SP_PART_ECC || (compare && plan->from & ~plan->to & SP_PART_ECC))
		plan->make |= sector_mode[plan->mode].covers & ~plan->from;
	if (plan->make & SP_PART_USER)
		return sp_fail(err, SP_ERR_USAGE,
			       "EDC and parity cannot be built without user data");
	plan->main_in = sector_sum(plan->mode, plan->from & SP_PART_MAIN);
	plan->main_out = sector_sum(plan->mode, plan->to & SP_PART_MAIN);
	return 0;
}

/* Lay the parts there are in their places and build what the plan says. */
static int sector_build(const struct sector_plan *plan, sp_lba lba, const uint8_t *in, uint8_t *raw,
			struct sp_error *err)
{
	const enum sp_protection kind = sector_mode[plan->mode].kind;
	uint8_t *at = raw;

	for (unsigned i = 0; i < MAIN_PARTS; i++) {
		const size_t size = sector_bytes[plan->mode][i];

		if (plan->from >> i & 1) {
			memcpy(at, in, size);
			in += size;
		}
		at += size;
	}
	if (plan->make & SP_PART_SYNC)
		memcpy(raw, sp_sector_sync, SYNC_SIZE);
	if (plan->make & SP_PART_HEADER && !sector_header(plan->mode, lba, raw + SYNC_SIZE))
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "LBA %lld has no MSF, so no sector header can be built",
			       (long long)lba);
	if (plan->make & SP_PART_SUBHEADER)
		sector_subheader(kind, raw + SUBHEADER);
	if (plan->make & SP_PART_ECC)
		sector_protect(kind, raw);
	return 0;
}

/* Count what is dropped and would not be rebuilt the same; returns state bits. EDC and parity are
 * held against the sector's own bytes: where only the header differs, only the header is lost. */
static unsigned sector_compare(const struct sector_plan *plan, sp_lba lba, const uint8_t *raw)
{
	const unsigned dropped = plan->from & ~plan->to;
	enum sp_protection kind = sector_mode[plan->mode].kind;
	unsigned bad = 0;
	uint8_t built[8];

	if (dropped & SP_PART_SYNC && memcmp(raw, sp_sector_sync, SYNC_SIZE) != 0) {
		sector_count(plan->drops, SP_DROP_SYNC, lba);
		bad |= SP_STATE_HEADER;
	}
	if (dropped & SP_PART_HEADER && (!sector_header(plan->mode, lba, built) ||
					 memcmp(raw + SYNC_SIZE, built, HEADER_SIZE) != 0)) {
		sector_count(plan->drops, SP_DROP_HEADER, lba);
		bad |= SP_STATE_HEADER;
	}
	if (plan->from & SP_PART_SUBHEADER && dropped & (SP_PART_SUBHEADER | SP_PART_ECC)) {
		const enum sp_protection form = sector_form(raw + SUBHEADER);

		if (kind != SP_PROTECTION_NONE && kind != form) {
			sector_count(plan->drops, SP_DROP_FORM, lba);
			return bad; /* nothing after the sub-header is where it was looked for */
		}
		kind = form;
		sector_subheader(kind, built);
		if (dropped & SP_PART_SUBHEADER && memcmp(raw + SUBHEADER, built, 8) != 0)
			sector_count(plan->drops, SP_DROP_SUBHEADER, lba);
	}
	if (dropped & SP_PART_ECC) {
		const unsigned wrong = sp_sector_verify(kind, raw);

		if (wrong & SP_STATE_EDC)
			sector_count(plan->drops, SP_DROP_EDC, lba);
		if (wrong & SP_STATE_ECC)
			sector_count(plan->drops, SP_DROP_PARITY, lba);
		bad |= wrong;
	}
	return bad;
}

static int sector_main(const struct sector_plan *plan, sp_lba lba, const uint8_t *in, uint8_t *out,
		       uint16_t *state, struct sp_error *err)
{
	uint8_t made[SP_RAW_SIZE];
	const uint8_t *raw = in;

	if ((plan->from & SP_PART_MAIN) != plan->full) {
		uint8_t *whole = (plan->to & SP_PART_MAIN) == plan->full ? out : made;
		const int status = sector_build(plan, lba, in, whole, err);

		if (status)
			return status;
		raw = whole;
	}
	/* filler has nothing to be compared */
	if (plan->drops && plan->to & SP_PART_USER &&
	    !(state && *state & (SP_STATE_GENERATED | SP_STATE_UNREAD))) {
		const unsigned bad = sector_compare(plan, lba, raw);

		if (state)
			*state |= (uint16_t)bad;
	}
	if (raw == out)
		return 0;
	for (unsigned i = 0; i < MAIN_PARTS; i++) {
		const size_t size = sector_bytes[plan->mode][i];

		if (plan->to >> i & 1) {
			memcpy(out, raw, size);
			out += size;
		}
		raw += size;
	}
	return 0;
}

/* P-W ↔ the 16 bytes of formatted Q: Q, zeros, and P in the last byte's top bit. */
static void sector_format_q(const uint8_t sub[SP_SUB_SIZE], uint8_t q[SP_Q_SIZE])
{
	memset(q, 0, SP_Q_SIZE);
	sp_sub_get_q(sub, q);
	q[15] = sub[SP_SUB_SIZE / 2] & 0x80;
}

static void sector_unformat_q(const uint8_t q[SP_Q_SIZE], uint8_t sub[SP_SUB_SIZE])
{
	uint8_t with_crc[12];

	memcpy(with_crc, q, sizeof(with_crc));
	if (q[0] && !q[10] && !q[11]) /* some drives give zeros for the CRC of formatted Q */
		put_be16(with_crc + 10, sp_crc16_gsm(q, 10));
	memset(sub, q[15] & 0x80, SP_SUB_SIZE);
	sp_sub_set_q(sub, with_crc);
}

static bool sector_same_q(const uint8_t got[SP_Q_SIZE], const uint8_t built[SP_Q_SIZE])
{
	return memcmp(got, built, 10) == 0 && ((got[15] ^ built[15]) & 0x80) == 0 &&
	       ((!got[10] && !got[11]) || memcmp(got + 10, built + 10, 2) == 0);
}

/* The P-W that the kept sub-channel parts, or else the disc, imply for the others. */
static bool sector_imply(const struct sector_plan *plan, sp_lba lba, const uint8_t *q,
			 const uint8_t *sub, uint8_t implied[SP_SUB_SIZE])
{
	uint8_t formatted[SP_Q_SIZE];

	if (plan->from & plan->to & SP_PART_PW) {
		memcpy(implied, sub, SP_SUB_SIZE);
	} else if (plan->from & SP_PART_Q && plan->to & (SP_PART_Q | SP_PART_PW)) {
		sector_unformat_q(q, implied);
	} else if (plan->from & SP_PART_PW && plan->to & SP_PART_Q) {
		sector_format_q(sub, formatted);
		sector_unformat_q(formatted, implied);
	} else {
		return plan->disc && sp_sub_generate(plan->disc, lba, implied);
	}
	return true;
}

/* The parts after the main channel; `in` and `out` stand there. */
static int sector_sub(const struct sector_plan *plan, sp_lba lba, const uint8_t *in, uint8_t *out,
		      bool compare, struct sp_error *err)
{
	const unsigned from = plan->from, to = plan->to, both = SP_PART_Q | SP_PART_PW;
	const uint8_t *q = in + sector_sum(plan->mode, from & SP_PART_C2);
	const uint8_t *sub = q + sector_sum(plan->mode, from & SP_PART_Q);
	uint8_t implied[SP_SUB_SIZE], implied_q[SP_Q_SIZE];
	bool known = false;

	if (!plan->disc && !(to & both)) /* nothing to hold it against */
		compare = false;
	if (to & both || (compare && from & both))
		known = sector_imply(plan, lba, q, sub, implied);
	if (known)
		sector_format_q(implied, implied_q);
	else if (to & both)
		return sp_fail(
			err, SP_ERR_UNSUPPORTED,
			"no sub-channel can be built for LBA %lld: it has no track or no MSF",
			(long long)lba);
	if (compare &&
	    ((from & ~to & SP_PART_PW && (!known || memcmp(sub, implied, sizeof(implied)) != 0)) ||
	     (from & ~to & SP_PART_Q && (!known || !sector_same_q(q, implied_q)))))
		sector_count(plan->drops, SP_DROP_SUB, lba);

	if (to & SP_PART_C2) {
		if (from & SP_PART_C2)
			memcpy(out, in, SP_C2_SIZE);
		else
			memset(out, 0, SP_C2_SIZE);
		out += SP_C2_SIZE;
	}
	if (to & SP_PART_Q) {
		memcpy(out, from & SP_PART_Q ? q : implied_q, SP_Q_SIZE);
		out += SP_Q_SIZE;
	}
	if (to & SP_PART_PW)
		memcpy(out, implied, SP_SUB_SIZE);
	return 0;
}

int sp_sector_convert(const struct sp_disc *disc, unsigned mode, unsigned from, unsigned to,
		      sp_lba lba, uint32_t count, const uint8_t *in, uint8_t *out, uint16_t *state,
		      struct sp_drops *drops, struct sp_error *err)
{
	const size_t in_size = sp_sector_size(mode, from), out_size = sp_sector_size(mode, to);

	if (!in_size || !out_size)
		return sp_fail(err, SP_ERR_USAGE, "mode %s has no selection of parts 0x%02x",
			       sp_mode_name(mode), in_size ? to : from);
	mode = sector_taken_for(mode, to);
	struct sector_plan plan = {.disc = disc,
				   .mode = mode,
				   .from = sector_parts(mode, from),
				   .to = sector_parts(mode, to),
				   .drops = drops};
	if (plan.from == plan.to) {
		memcpy(out, in, count * in_size);
		return 0;
	}
	int status = sector_prepare(&plan, err);
	const bool sub = (plan.from | plan.to) & ~(unsigned)SP_PART_MAIN;

	for (uint32_t i = 0; i < count && !status; i++) {
		uint16_t *bits = state ? state + i : NULL;

		if (plan.main_out)
			status = sector_main(&plan, lba + i, in, out, bits, err);
		if (sub && !status) {
			const bool filler = bits && *bits & (SP_STATE_GENERATED | SP_STATE_UNREAD);

			status = sector_sub(&plan, lba + i, in + plan.main_in, out + plan.main_out,
					    drops && !filler, err);
		}
		in += in_size;
		out += out_size;
	}
	return status;
}

enum sp_protection sp_sector_protection(unsigned mode, const uint8_t raw[SP_RAW_SIZE])
{
	const bool xa = mode == SP_MODE_XA || mode == SP_MODE_XA_FORM1 || mode == SP_MODE_XA_FORM2;

	switch (raw[15]) {
	case 0: /* nothing but zeros, unprotected: ECMA-130 14.2 */
		return SP_PROTECTION_NONE;
	case 1:
		return SP_PROTECTION_MODE1;
	case 2:
		if (xa || (mode != SP_MODE_MODE2 &&
			   sp_sector_probe_2336(raw + SUBHEADER, NULL) == SP_MODE_XA))
			return sector_form(raw + SUBHEADER);
		return SP_PROTECTION_NONE;
	default:
		return xa ? sector_form(raw + SUBHEADER) : sector_mode[mode].kind;
	}
}

bool sp_sector_placed(unsigned mode, sp_lba lba, const uint8_t raw[SP_RAW_SIZE])
{
	uint8_t header[HEADER_SIZE];

	return memcmp(raw, sp_sector_sync, SYNC_SIZE) == 0 && sector_header(mode, lba, header) &&
	       memcmp(raw + SYNC_SIZE, header, HEADER_SIZE) == 0;
}

void sp_sector_check(unsigned mode, unsigned parts, sp_lba lba, uint32_t count, const uint8_t *data,
		     uint16_t *state)
{
	const unsigned framing = SP_PART_SYNC | SP_PART_HEADER;
	const size_t stride = sp_sector_size(mode, parts);
	uint8_t framed[SP_RAW_SIZE] = {0};

	if (!stride || !sector_mode[mode].header)
		return;
	const unsigned missing = sector_parts(mode, SP_PART_MAIN) & ~parts;
	const bool bare = missing == framing && sector_parts(mode, SP_PART_SUBHEADER);
	if (missing && !bare)
		return;
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *raw = data + i * stride;
		enum sp_protection kind;

		if (bare) { /* XA protects neither sync nor header */
			memcpy(framed + SUBHEADER, raw, SP_RAW_SIZE - SUBHEADER);
			raw = framed;
			kind = sector_form(raw + SUBHEADER);
		} else {
			if (!sp_sector_placed(mode, lba + i, raw))
				state[i] |= SP_STATE_HEADER;
			kind = sp_sector_protection(mode, raw);
		}
		state[i] |= (uint16_t)sp_sector_verify(kind, raw);
	}
}

unsigned sp_sector_probe(const uint8_t raw[SP_RAW_SIZE], unsigned *form)
{
	if (form)
		*form = 0;
	if (memcmp(raw, sp_sector_sync, SYNC_SIZE) != 0)
		return SP_MODE_AUDIO;
	if (raw[15] == 1)
		return SP_MODE_MODE1;
	return raw[15] == 2 ? sp_sector_probe_2336(raw + SUBHEADER, form) : SP_MODE_MODE2;
}

unsigned sp_sector_probe_2336(const uint8_t data[2336], unsigned *form)
{
	const bool xa = memcmp(data, data + 4, 4) == 0;

	if (form)
		*form = !xa ? 0 : sector_form(data) == SP_PROTECTION_FORM2 ? 2 : 1;
	return xa ? SP_MODE_XA : SP_MODE_MODE2;
}

void sp_swap16(uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 2 <= size; i += 2) {
		uint16_t v;

		memcpy(&v, data + i, 2);
		v = (uint16_t)(v << 8 | v >> 8);
		memcpy(data + i, &v, 2);
	}
}
