/* SPDX-License-Identifier: GPL-3.0-or-later */
/* P and Q code words corrected in turn, by error and by erasure, until nothing changes; a sector is
 * taken only when its EDC is right then. ECMA-130 annex A. */
#include "disc/repair.h"

#include "base/bytes.h"
#include "disc/edc.h"

#include <string.h>

/* Bytes 12… of a sector: 26 rows of 86 of which a column is a P word, and 104 bytes of Q parity. Q
 * words are diagonals, see ecc.c. Position j of a word of n has the weight 2^(n-1-j): a word's
 * syndromes are  s0 = sum d(j)  and  s1 = sum 2^(n-1-j) d(j). */
#define BASE     12
#define MATRIX   2236
#define BYTES    2340
#define ROW      86
#define P_LENGTH 26
#define Q_WORDS  52
#define Q_DATA   43
#define Q_LENGTH 45
#define HEADER   4  /* bytes that form 1 counts as zero */
#define ROUNDS   40 /* corrections may undo one another: there is an end to it */

/* Places in a raw sector */
#define INTERMEDIATE 2068 /* of mode 1: 8 bytes */
#define EDC_FORM2    2348
#define PARITY       2076

enum { CODE_P, CODE_Q, CODES };
static const unsigned code_words[CODES] = {ROW, Q_WORDS};
static const unsigned code_length[CODES] = {P_LENGTH, Q_LENGTH};

struct syndrome {
	uint8_t s0, s1;
};

struct decoder {
	uint8_t power[510], log[256];     /* of 2 in GF(2^8) modulo 0x11D */
	uint8_t byte[BYTES];              /* being corrected */
	uint8_t erased[BYTES];            /* 1: not to be trusted */
	struct syndrome word[CODES][ROW]; /* of each code word */
	bool erasures;                    /* some are marked */
	bool header_known;                /* form 1: its header is zero, and is never wrong */
};

/* Ways to go about it, each from the sector as it was read: what one makes worse, another may make
 * right. A pattern of one error in each P word is certain to be corrected when P goes first, one of
 * one in each Q word when Q does. */
static const struct way {
	uint8_t first; /* the code to begin with */
	bool given;    /* with the erasures that were given */
	bool careful;  /* first only what both words of a byte say; where words that are still wrong
			  cross, there the erasures are */
} repair_way[] = {
	{CODE_P, true, false},
	{CODE_P, false, false},
	{CODE_Q, false, false},
	{CODE_P, false, true},
};
#define WAYS (sizeof(repair_way) / sizeof(repair_way[0]))

static void field_init(struct decoder *d)
{
	unsigned v = 1;

	for (unsigned i = 0; i < 255; i++) {
		d->power[i] = d->power[i + 255] = (uint8_t)v;
		d->log[v] = (uint8_t)i;
		v = v & 0x80 ? v << 1 ^ 0x11d : v << 1;
	}
	d->log[0] = 0; /* asked of nothing */
}

static uint8_t field_scale(const struct decoder *d, uint8_t a, unsigned power)
{
	return a ? d->power[d->log[a] + power] : 0;
}

/* Where position `j` of a word lies. */
static unsigned code_place(unsigned code, unsigned word, unsigned j)
{
	if (code == CODE_P)
		return j * ROW + word;
	if (j >= Q_DATA)
		return MATRIX + (j - Q_DATA) * Q_WORDS + word;
	return 2 * ((44 * j + 43 * (word / 2)) % (MATRIX / 2)) + word % 2;
}

/* The word of a byte and its position there; false: Q's parity is in no P word. */
static bool code_word(unsigned code, unsigned place, unsigned *word, unsigned *j)
{
	const unsigned row = place / ROW, column = place % ROW / 2;

	if (code == CODE_P) {
		*word = place % ROW;
		*j = row;
		return place < MATRIX;
	}
	if (place >= MATRIX) {
		*word = (place - MATRIX) % Q_WORDS;
		*j = Q_DATA + (place - MATRIX) / Q_WORDS;
	} else {
		*word = (row + P_LENGTH * 2 - column) % P_LENGTH * 2 + place % 2;
		*j = column;
	}
	return true;
}

/* Add `error` to a byte, and its part to the syndromes of both its words. */
static void decoder_add(struct decoder *d, unsigned place, uint8_t error)
{
	unsigned word, j;

	d->byte[place] ^= error;
	for (unsigned code = 0; code < CODES; code++) {
		if (!code_word(code, place, &word, &j))
			continue;
		d->word[code][word].s0 ^= error;
		d->word[code][word].s1 ^= field_scale(d, error, code_length[code] - 1 - j);
	}
}

static void decoder_load(struct decoder *d, const uint8_t *raw)
{
	memset(d->byte, 0, sizeof(d->byte));
	memset(d->word, 0, sizeof(d->word));
	for (unsigned i = d->header_known ? HEADER : 0; i < BYTES; i++)
		decoder_add(d, i, raw[BASE + i]);
}

/* The one position that explains both syndromes; false: more than one byte is wrong. */
static bool decoder_locate(const struct decoder *d, unsigned code, unsigned word, unsigned *j)
{
	const struct syndrome s = d->word[code][word];

	if (!s.s0 || !s.s1)
		return false;
	const unsigned weight = (d->log[s.s1] + 255u - d->log[s.s0]) % 255;
	if (weight >= code_length[code])
		return false;
	*j = code_length[code] - 1 - weight;
	return true;
}

/* Would the other code correct the same byte in the same way? */
static bool decoder_agreed(const struct decoder *d, unsigned code, unsigned word, unsigned place)
{
	unsigned other, at, j;

	if (!code_word(!code, place, &other, &at))
		return true;
	return d->word[!code][other].s0 == d->word[code][word].s0 &&
	       decoder_locate(d, !code, other, &j) && j == at;
}

/* Two bytes whose places are known: two equations. */
static void decoder_solve(struct decoder *d, unsigned code, unsigned word, const unsigned j[2])
{
	const struct syndrome s = d->word[code][word];
	const unsigned a = code_length[code] - 1 - j[0], b = code_length[code] - 1 - j[1];
	const uint8_t over = d->power[a] ^ d->power[b];
	const uint8_t first = field_scale(d, s.s1 ^ field_scale(d, s.s0, b), 255u - d->log[over]);

	decoder_add(d, code_place(code, word, j[0]), first);
	decoder_add(d, code_place(code, word, j[1]), s.s0 ^ first);
}

/* Erased positions of a word: their number, the first two of them in j. */
static unsigned decoder_erased(const struct decoder *d, unsigned code, unsigned word, unsigned j[2])
{
	unsigned count = 0;

	for (unsigned i = 0; i < code_length[code]; i++) {
		if (!d->erased[code_place(code, word, i)])
			continue;
		if (count < 2)
			j[count] = i;
		count++;
	}
	return count;
}

static void decoder_trust(struct decoder *d, unsigned code, unsigned word)
{
	for (unsigned i = 0; i < code_length[code]; i++)
		d->erased[code_place(code, word, i)] = 0;
}

/* Correct one word if it can be; true: a byte or what is known of one has changed. */
static bool decoder_word(struct decoder *d, unsigned code, unsigned word, bool careful)
{
	const struct syndrome s = d->word[code][word];
	unsigned j[2] = {0}, at;
	const unsigned erased = d->erasures ? decoder_erased(d, code, word, j) : 0;

	if (!s.s0 && !s.s1) {
		if (erased)
			decoder_trust(d, code, word);
		return erased != 0;
	}
	if (erased == 2) {
		decoder_solve(d, code, word, j);
		decoder_trust(d, code, word);
		return true;
	}
	if (!decoder_locate(d, code, word, &at))
		return false;
	const unsigned place = code_place(code, word, at);
	if ((erased && !d->erased[place]) || (d->header_known && place < HEADER) ||
	    (careful && !decoder_agreed(d, code, word, place)))
		return false;
	decoder_add(d, place, s.s0);
	if (erased == 1) /* of more, this may be a chance agreement */
		decoder_trust(d, code, word);
	return true;
}

static void decoder_turn(struct decoder *d, unsigned first, bool careful)
{
	bool changed = true;

	for (unsigned round = 0; changed && round < ROUNDS; round++) {
		changed = false;
		for (unsigned i = 0; i < CODES; i++) {
			const unsigned code = first ^ i;

			for (unsigned word = 0; word < code_words[code]; word++)
				changed |= decoder_word(d, code, word, careful);
		}
	}
}

/* Suspect is what lies in a wrong word of either code. */
static void decoder_cross(struct decoder *d)
{
	unsigned word, j;

	for (unsigned i = 0; i < MATRIX; i++) {
		bool wrong = true;

		for (unsigned code = 0; code < CODES; code++) {
			code_word(code, i, &word, &j);
			wrong = wrong && (d->word[code][word].s0 || d->word[code][word].s1);
		}
		d->erased[i] = wrong && !(d->header_known && i < HEADER);
	}
	d->erasures = true;
}

static void decoder_given(struct decoder *d, const uint8_t *suspect)
{
	for (unsigned i = d->header_known ? HEADER : 0; i < BYTES; i++)
		d->erased[i] = suspect[(BASE + i) / 8] >> (7 - (BASE + i) % 8) & 1;
	d->erasures = true;
}

static bool repair_edc_right(enum sp_protection kind, const uint8_t *raw)
{
	if (kind == SP_PROTECTION_MODE1)
		return sp_edc(0, raw, 2064) == get_le32(raw + 2064);
	return sp_edc(0, raw + 16, 2056) == get_le32(raw + 2072);
}

/* The sector says of itself what it was taken for, and its EDC agrees. A sync that is not the
 * standard one is put right where only so the EDC does. */
static bool repair_right(enum sp_protection kind, uint8_t *raw)
{
	if (kind == SP_PROTECTION_FORM1)
		return !(raw[18] & SP_SUBMODE_FORM2) && repair_edc_right(kind, raw);
	if (raw[15] != 1)
		return false;
	if (repair_edc_right(kind, raw))
		return true;
	memcpy(raw, sp_sector_sync, sizeof(sp_sector_sync));
	return repair_edc_right(kind, raw);
}

/* Nothing but zeros after the header. */
static bool repair_empty(const uint8_t *data)
{
	for (size_t i = 0; i < SP_RAW_SIZE - BASE - HEADER; i++)
		if (data[i])
			return false;
	return true;
}

static unsigned repair_changed(const uint8_t *a, const uint8_t *b, size_t size)
{
	unsigned count = 0;

	for (size_t i = 0; i < size; i++)
		count += a[i] != b[i];
	return count;
}

/* Parity anew, where it does not fit. Mode 1's intermediate bytes are zero by the standard, but
 * discs exist that were made with others: what needs fewer changes is taken for what was meant. */
static void repair_parity(enum sp_protection kind, uint8_t *raw)
{
	uint8_t parity[SP_RAW_SIZE - PARITY], blank[SP_RAW_SIZE];

	sp_ecc(raw, kind == SP_PROTECTION_FORM1, parity);
	if (kind == SP_PROTECTION_MODE1) {
		memcpy(blank, raw, sizeof(blank));
		memset(blank + INTERMEDIATE, 0, PARITY - INTERMEDIATE);
		sp_ecc(blank, false, blank + PARITY);
		if (repair_changed(blank + INTERMEDIATE, raw + INTERMEDIATE,
				   SP_RAW_SIZE - INTERMEDIATE) <
		    repair_changed(parity, raw + PARITY, sizeof(parity))) {
			memcpy(raw, blank, sizeof(blank));
			return;
		}
	}
	memcpy(raw + PARITY, parity, sizeof(parity));
}

static bool repair_way_out(struct decoder *d, const struct way *way, enum sp_protection kind,
			   const uint8_t *raw, const uint8_t *suspect, uint8_t *fixed)
{
	const unsigned from = kind == SP_PROTECTION_FORM1 ? HEADER : 0;

	memset(d->erased, 0, sizeof(d->erased));
	d->erasures = false;
	d->header_known = kind == SP_PROTECTION_FORM1;
	decoder_load(d, raw);
	if (way->given)
		decoder_given(d, suspect);
	decoder_turn(d, way->first, way->careful);
	if (way->careful) {
		decoder_cross(d);
		decoder_turn(d, way->first, false);
	}
	memcpy(fixed, raw, BASE + HEADER);
	memcpy(fixed + BASE + from, d->byte + from, BYTES - from);
	/* zeros are a code word and their own EDC, and are what is left of sectors not read */
	return !repair_empty(fixed + BASE + HEADER) && repair_right(kind, fixed);
}

/* Try to make of `raw` a sector of this kind; true: `fixed` is it. */
static bool repair_try(enum sp_protection kind, const uint8_t *raw, const uint8_t *suspect,
		       uint8_t *fixed)
{
	struct decoder d;

	memcpy(fixed, raw, SP_RAW_SIZE);
	bool done = repair_right(kind, fixed);
	if (!done)
		field_init(&d);
	for (size_t i = 0; !done && i < WAYS; i++)
		if (suspect || !repair_way[i].given)
			done = repair_way_out(&d, &repair_way[i], kind, raw, suspect, fixed);
	if (done)
		repair_parity(kind, fixed);
	return done;
}

/* Good as it is: also with intermediate bytes that are not zero and that the parity agrees to. */
static bool repair_good(enum sp_protection kind, const uint8_t *raw)
{
	const unsigned bad = sp_sector_verify(kind, raw);
	uint8_t parity[SP_RAW_SIZE - PARITY];

	if (!bad || kind != SP_PROTECTION_MODE1 || bad & SP_STATE_EDC)
		return !bad;
	sp_ecc(raw, false, parity);
	return raw[15] == 1 && memcmp(raw + PARITY, parity, sizeof(parity)) == 0;
}

/* What the sector may be: what it says, then what the region says, in case its header or
 * sub-header is what was damaged. Returns how many; 0: nothing with protection. */
static unsigned repair_kinds(unsigned mode, const uint8_t *raw, enum sp_protection kind[3])
{
	const enum sp_protection own = sp_sector_protection(mode, raw);
	const bool xa = mode == SP_MODE_XA || mode == SP_MODE_XA_FORM1 || mode == SP_MODE_XA_FORM2;
	const bool form2 = raw[18] & raw[22] & SP_SUBMODE_FORM2;
	unsigned count = 0;

	if (mode == SP_MODE_AUDIO || mode == SP_MODE_BLOCK512 ||
	    (!raw[15] && repair_empty(raw + BASE + HEADER)))
		return 0;
	if ((own == SP_PROTECTION_FORM2 || (xa && own != SP_PROTECTION_MODE1)) && form2 &&
	    !get_le32(raw + EDC_FORM2))
		return 0;
	if (own != SP_PROTECTION_NONE)
		kind[count++] = own;
	if (xa && form2 && own != SP_PROTECTION_FORM2)
		kind[count++] = SP_PROTECTION_FORM2;
	if (xa && own != SP_PROTECTION_FORM1)
		kind[count++] = SP_PROTECTION_FORM1;
	if (own != SP_PROTECTION_MODE1 && (mode == SP_MODE_MODE1 || mode == SP_MODE_DATA2048))
		kind[count++] = SP_PROTECTION_MODE1;
	return count;
}

enum sp_repair_verdict sp_repair_raw(unsigned mode, uint8_t raw[SP_RAW_SIZE],
				     const uint8_t *suspect, unsigned *bytes)
{
	enum sp_protection kind[3];
	uint8_t fixed[SP_RAW_SIZE];

	if (bytes)
		*bytes = 0;
	const unsigned kinds = repair_kinds(mode, raw, kind);
	for (unsigned i = 0; i < kinds; i++)
		if (repair_good(kind[i], raw))
			return SP_REPAIR_GOOD;
	for (unsigned i = 0; i < kinds; i++) {
		if (kind[i] == SP_PROTECTION_FORM2 || !repair_try(kind[i], raw, suspect, fixed))
			continue;
		const unsigned data = repair_changed(
			fixed, raw, kind[i] == SP_PROTECTION_MODE1 ? INTERMEDIATE : PARITY);
		if (bytes)
			*bytes = repair_changed(fixed, raw, SP_RAW_SIZE);
		memcpy(raw, fixed, SP_RAW_SIZE);
		return data ? SP_REPAIR_CORRECTABLE : SP_REPAIR_PARITY;
	}
	return kinds ? SP_REPAIR_BEYOND : SP_REPAIR_NONE;
}

enum sp_repair_verdict sp_repair_stored(unsigned mode, unsigned parts, uint8_t *data,
					const uint8_t *suspect, unsigned *bytes)
{
	const unsigned framing = SP_PART_SYNC | SP_PART_HEADER;
	const unsigned missing = sp_mode_parts(mode) & ~parts;
	uint8_t framed[SP_RAW_SIZE] = {0}, shifted[SP_C2_SIZE] = {0};

	if (bytes)
		*bytes = 0;
	if (mode == SP_MODE_DATA2048 || mode == SP_MODE_BLOCK512)
		return SP_REPAIR_NONE;
	if (!missing)
		return sp_repair_raw(mode, data, suspect, bytes);
	if (missing != framing || !(sp_mode_parts(mode) & SP_PART_SUBHEADER))
		return SP_REPAIR_NONE;
	/* a bit for each byte: the 16 bytes of framing are two bytes of them */
	if (suspect)
		memcpy(shifted + 2, suspect, SP_C2_SIZE - 2);
	framed[15] = 2;
	memcpy(framed + 16, data, SP_RAW_SIZE - 16);
	const enum sp_repair_verdict verdict =
		sp_repair_raw(mode, framed, suspect ? shifted : NULL, bytes);
	memcpy(data, framed + 16, SP_RAW_SIZE - 16);
	return verdict;
}
