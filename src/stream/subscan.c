/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sink that looks at Q: wrong CRCs, places that are another sector's, the codes most readings
 * agree on, and whether what is odd is the mark of a copy protection. */
#include <spindle/stream.h>

#include "base/bytes.h"
#include "disc/sector.h"
#include "disc/subchannel.h"

#include <stdlib.h>
#include <string.h>

enum {
	SCAN_PAIRS = 16,
	SCAN_MIRROR = 5,     /* sectors from the first to the second of a LibCrypt pair */
	SCAN_KEY_BITS = 8,   /* pairs that are marked on a disc, */
	SCAN_KEY_BITS_2 = 6, /* and on those of one maker */
	SCAN_SURE = 2,       /* readings of a code that must agree more than they differ */
	SCAN_CRC_A = 0x8001, /* by which SecuROM's CRCs are wrong */
	SCAN_CRC_B = 0x0080,
	SCAN_MARK_PAIR = 1, /* sp_sub_anomaly.marks */
	SCAN_MARK_A = 2,
	SCAN_MARK_B = 4,
};

/* First sectors of LibCrypt's pairs, as LBAs, and of the copy further out. */
static const uint32_t scan_pair[2][SCAN_PAIRS] = {
	{13955, 14081, 14335, 14429, 14499, 14749, 14906, 14980, 15092, 15162, 15228, 15478, 15769,
	 15881, 15951, 16017},
	{41895, 42016, 42282, 42430, 42521, 42663, 42862, 43027, 43139, 43204, 43258, 43484, 43813,
	 43904, 44009, 44162}};

struct scan_sink {
	struct sp_sink sink;
	struct sp_subscan *result;
	const struct sp_disc *disc; /* from begin on */
	uint64_t marked[2][2];      /* [A, B][kind]: sectors */
	sp_lba first_a;             /* of those with mark A */
	uint16_t pair[4];           /* main, mirror, copy, mirror of the copy: marked pairs */
	struct sp_q_vote mcn, isrc[SP_TRACK_MAX + 1];
};

static unsigned scan_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	if (!region->stored)
		return 0;
	return region->parts & SP_PART_PW ? SP_PART_PW : region->parts & SP_PART_Q;
}

static int scan_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		      struct sp_error *err)
{
	(void)source;
	(void)err;
	((struct scan_sink *)sink)->disc = disc;
	return 0;
}

/* Is the LBA one of a pair? Notes which. */
static bool scan_take_pair(struct scan_sink *s, sp_lba lba)
{
	for (unsigned i = 0; i < 4 * SCAN_PAIRS; i++) {
		const unsigned set = i / SCAN_PAIRS, n = i % SCAN_PAIRS;

		if (lba != (sp_lba)scan_pair[set / 2][n] + (set % 2 ? SCAN_MIRROR : 0))
			continue;
		s->pair[set] |= (uint16_t)(1u << (SCAN_PAIRS - 1 - n));
		return true;
	}
	return false;
}

/* What of the patterns this Q could be a mark of. `implied` is the layout's, NULL: it has none. */
static unsigned scan_marks(struct scan_sink *s, sp_lba lba, unsigned kind, const uint8_t *q,
			   const uint8_t *implied)
{
	const unsigned crc = get_be16(q + 10);
	unsigned marks = 0;

	if (kind == SP_SUB_DESYNC)
		marks = SCAN_MARK_A;
	else if ((crc ^ SCAN_CRC_B) == sp_crc16_gsm(q, 10))
		marks = SCAN_MARK_B;
	else if (implied && (crc ^ SCAN_CRC_A) == get_be16(implied + 10))
		marks = SCAN_MARK_A;
	if (marks & SCAN_MARK_A && !s->marked[0][0] && !s->marked[0][1])
		s->first_a = lba;
	if (marks)
		s->marked[marks == SCAN_MARK_B][kind]++;
	if (kind == SP_SUB_CRC && scan_take_pair(s, lba))
		marks |= SCAN_MARK_PAIR;
	return marks;
}

static void scan_keep(struct scan_sink *s, sp_lba lba, unsigned kind, const uint8_t *q)
{
	struct sp_subscan *result = s->result;
	uint8_t implied[12];
	const bool known = sp_q_position(s->disc, lba, implied);
	const unsigned marks = scan_marks(s, lba, kind, q, known ? implied : NULL);

	result->count[kind]++;
	if (result->anomalies == SP_SUB_KEPT)
		return;
	struct sp_sub_anomaly *a = &result->anomaly[result->anomalies++];
	*a = (struct sp_sub_anomaly){.lba = lba, .said = SP_LBA_NONE, .kind = kind, .marks = marks};
	memcpy(a->q, q, sizeof(a->q));
	sp_q_lba(q, lba, &a->said);
}

/* Does a Q with a right CRC lie where it says? ADR 2 and 3 only tell the frame. */
static bool scan_in_place(const uint8_t *q, sp_lba lba)
{
	struct sp_msf msf;
	sp_lba said;

	switch (q[0] & 15) {
	case 1:
		return !q[1] || (sp_q_lba(q, lba, &said) && said == lba);
	case 2:
	case 3:
		return sp_lba_to_msf(lba, &msf) && q[9] == sp_to_bcd(msf.f);
	default:
		return true;
	}
}

static void scan_q(struct scan_sink *s, sp_lba lba, unsigned track, const uint8_t *q)
{
	static const uint8_t none[12];
	char code[14];

	s->result->sectors++;
	if (!memcmp(q, none, sizeof(none))) {
		s->result->blank++;
		return;
	}
	if (!sp_q_valid(q)) {
		scan_keep(s, lba, SP_SUB_CRC, q);
		return;
	}
	if (!scan_in_place(q, lba))
		scan_keep(s, lba, SP_SUB_DESYNC, q);
	if (sp_q_get_mcn(q, code))
		sp_q_vote(&s->mcn, code);
	else if (track <= SP_TRACK_MAX && sp_q_get_isrc(q, code))
		sp_q_vote(&s->isrc[track], code);
}

static int scan_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct scan_sink *s = (struct scan_sink *)sink;
	const struct sp_region *region = sp_disc_region(s->disc, span->lba);

	(void)err;
	for (uint32_t i = 0; i < span->count; i++) {
		const uint8_t *sub = span->data + i * span->stride;
		uint8_t q[12];

		if (span->state[i] & (SP_STATE_UNREAD | SP_STATE_GENERATED))
			continue;
		if (span->parts & SP_PART_PW)
			sp_sub_get_q(sub, q);
		else
			memcpy(q, sub, sizeof(q));
		/* some drives give zeros for the CRC of formatted Q */
		if (!(span->parts & SP_PART_PW) && !q[10] && !q[11])
			put_be16(q + 10, sp_crc16_gsm(q, 10));
		scan_q(s, span->lba + i, region ? region->track : 0, q);
	}
	return 0;
}

static unsigned scan_bits(uint16_t key)
{
	unsigned bits = 0;

	for (; key; key &= (uint16_t)(key - 1))
		bits++;
	return bits;
}

/* LibCrypt: so many of the 16 pairs, the same in one of the three repetitions at least. Returns the
 * marks of what it explains. */
static unsigned scan_libcrypt(struct scan_sink *s)
{
	for (unsigned i = 0; i < 4; i++) {
		const uint16_t key = s->pair[i];
		const unsigned bits = scan_bits(key);
		unsigned same = 0;

		for (unsigned k = 0; k < 4; k++)
			same += s->pair[k] == key;
		if ((bits != SCAN_KEY_BITS && bits != SCAN_KEY_BITS_2) || same < 2)
			continue;
		s->result->pattern = SP_SUB_PATTERN_LIBCRYPT;
		s->result->key = key;
		return SCAN_MARK_PAIR;
	}
	return 0;
}

/* SecuROM: its schemes differ in how many sectors are marked; one more where the first is that
 * before LBA 0. */
static unsigned scan_securom(struct scan_sink *s)
{
	static const struct {
		uint64_t sectors;
		bool early;
		unsigned scheme;
	} known[] = {{216, false, 1}, {90, false, 2}, {98, true, 3}, {10, true, 4}};

	for (unsigned mark = 0; mark < 2; mark++) {
		const uint64_t *marked = s->marked[mark];
		const bool early = !mark && s->first_a == -1;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			if (marked[0] + marked[1] != known[i].sectors + (early && known[i].early))
				continue;
			s->result->pattern = SP_SUB_PATTERN_SECUROM;
			s->result->scheme = known[i].scheme;
			return mark ? SCAN_MARK_B : SCAN_MARK_A;
		}
	}
	return 0;
}

static void scan_explain(struct scan_sink *s, unsigned marks)
{
	struct sp_subscan *result = s->result;
	bool seen[SP_SUB_KINDS] = {false};

	for (size_t i = 0; i < result->anomalies; i++) {
		struct sp_sub_anomaly *a = &result->anomaly[i];

		a->explained = (a->marks & marks) != 0;
		result->explained[a->kind] += a->explained;
		if (!a->explained && !seen[a->kind])
			result->first[a->kind] = a->lba;
		seen[a->kind] = seen[a->kind] || !a->explained;
	}
}

static int scan_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct scan_sink *s = (struct scan_sink *)sink;
	struct sp_subscan *result = s->result;
	unsigned marks = scan_libcrypt(s);

	(void)disc;
	(void)err;
	if (!marks)
		marks = scan_securom(s);
	scan_explain(s, marks);
	if (s->mcn.lead >= SCAN_SURE)
		memcpy(result->mcn, s->mcn.text, sizeof(result->mcn));
	for (unsigned i = 1; i <= SP_TRACK_MAX; i++)
		if (s->isrc[i].lead >= SCAN_SURE)
			memcpy(result->isrc[i], s->isrc[i].text, sizeof(result->isrc[i]));
	return 0;
}

static void scan_close(struct sp_sink *sink)
{
	free(sink);
}

const char *sp_sub_pattern_name(unsigned pattern)
{
	return pattern == SP_SUB_PATTERN_LIBCRYPT  ? "LibCrypt"
	       : pattern == SP_SUB_PATTERN_SECUROM ? "SecuROM"
						   : NULL;
}

int sp_sink_subscan(struct sp_sink **out, struct sp_subscan *result, struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = scan_wants,
					       .begin = scan_begin,
					       .write = scan_write,
					       .finish = scan_finish,
					       .close = scan_close};
	struct scan_sink *s = calloc(1, sizeof(*s));

	if (!s)
		return sp_fail_memory(err);
	s->sink = (struct sp_sink){.ops = &ops, .flags = SP_SINK_OBSERVER, .carries = SP_CARRY_ALL};
	s->result = result;
	*result = (struct sp_subscan){0};
	*out = &s->sink;
	return 0;
}
