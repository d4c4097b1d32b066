/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of Q frames as files: read, write, and collect from a sub-channel. */
#include "formats/sbi.h"

#include "base/bytes.h"
#include "disc/sector.h"
#include "disc/subchannel.h"

#include <stdlib.h>
#include <string.h>

enum {
	SBI_HEAD = 4,
	SBI_ENTRY = 14,
	SBI_WHOLE = 1, /* the kind of entry that has ten bytes of Q */
	LSD_ENTRY = 15,
	SBI_Q = 10, /* bytes of Q without its CRC */
};

static const char sbi_magic[SBI_HEAD] = "SBI";

static int sbi_order(const void *a, const void *b)
{
	const struct sp_sbi_frame *x = a, *y = b;

	return x->lba < y->lba ? -1 : x->lba > y->lba;
}

/* A frame whose CRC no file holds has a wrong one: that is why it is listed. */
static void sbi_seal(uint8_t q[12])
{
	put_be16(q + SBI_Q, sp_crc16_gsm(q, SBI_Q) ^ SP_SBI_CRC);
}

static bool sbi_time(const uint8_t *at, sp_lba *lba)
{
	if (!sp_bcd_valid(at[0]) || !sp_bcd_valid(at[1]) || !sp_bcd_valid(at[2]))
		return false;
	const struct sp_msf msf = {(uint8_t)sp_from_bcd(at[0]), (uint8_t)sp_from_bcd(at[1]),
				   (uint8_t)sp_from_bcd(at[2])};
	return sp_msf_to_lba(msf, false, lba);
}

static int sbi_take(struct sp_sbi *sbi, const char *name, size_t at, const uint8_t *entry, bool lsd,
		    struct sp_error *err)
{
	struct sp_sbi_frame *list = sp_grow(sbi->frame, sbi->frames, sizeof(list[0]));
	struct sp_sbi_frame frame = {0};

	if (!list)
		return sp_fail_memory(err);
	sbi->frame = list;
	if (!sbi_time(entry, &frame.lba))
		return sp_fail(err, SP_ERR_FORMAT, "%s: byte %zu: %02x:%02x:%02x is no time", name,
			       at, entry[0], entry[1], entry[2]);
	if (!lsd && entry[3] != SBI_WHOLE)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: byte %zu: an entry of kind %u, of which only 1 is known", name,
			       at + 3, entry[3]);
	memcpy(frame.q, entry + (lsd ? 3 : 4), lsd ? sizeof(frame.q) : (size_t)SBI_Q);
	if (!lsd)
		sbi_seal(frame.q);
	list[sbi->frames++] = frame;
	return 0;
}

int sp_sbi_parse(struct sp_sbi *sbi, const char *name, const uint8_t *data, size_t size,
		 struct sp_error *err)
{
	const bool lsd = size < SBI_HEAD || memcmp(data, sbi_magic, SBI_HEAD) != 0;
	const size_t entry = lsd ? LSD_ENTRY : SBI_ENTRY;
	size_t at = lsd ? 0 : SBI_HEAD;
	int r = 0;

	*sbi = (struct sp_sbi){0};
	if (size > SP_SBI_SIZE_MAX || (size - at) / entry > SP_SBI_FRAME_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "%s: more than %d Q frames", name,
			       SP_SBI_FRAME_MAX);
	if (!size || (size - at) % entry)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: %zu bytes are no list of Q frames (%s of %zu bytes)", name,
			       size, lsd ? "entries" : "\"SBI\" and entries", entry);
	for (; !r && at < size; at += entry)
		r = sbi_take(sbi, name, at, data + at, lsd, err);
	if (!r && sbi->frames)
		qsort(sbi->frame, sbi->frames, sizeof(sbi->frame[0]), sbi_order);
	for (size_t i = 1; !r && i < sbi->frames; i++)
		if (sbi->frame[i].lba == sbi->frame[i - 1].lba)
			r = sp_fail(err, SP_ERR_FORMAT, "%s: two frames for LBA %lld", name,
				    (long long)sbi->frame[i].lba);
	if (r < 0)
		sp_sbi_clear(sbi);
	return r;
}

int sp_sbi_print(const struct sp_sbi *sbi, unsigned kind, uint8_t **data, size_t *size,
		 struct sp_error *err)
{
	const bool lsd = kind == SP_LSD;
	uint8_t *at = malloc(SBI_HEAD + sbi->frames * LSD_ENTRY);

	*data = at;
	if (!at)
		return sp_fail_memory(err);
	if (!lsd) {
		memcpy(at, sbi_magic, SBI_HEAD);
		at += SBI_HEAD;
	}
	for (size_t i = 0; i < sbi->frames; i++) {
		const struct sp_sbi_frame *frame = &sbi->frame[i];
		struct sp_msf msf = {0, 0, 0};

		sp_lba_to_msf(frame->lba, &msf);
		*at++ = sp_to_bcd(msf.m);
		*at++ = sp_to_bcd(msf.s);
		*at++ = sp_to_bcd(msf.f);
		if (!lsd)
			*at++ = SBI_WHOLE;
		memcpy(at, frame->q, lsd ? sizeof(frame->q) : (size_t)SBI_Q);
		at += lsd ? sizeof(frame->q) : (size_t)SBI_Q;
	}
	*size = (size_t)(at - *data);
	return 0;
}

void sp_sbi_clear(struct sp_sbi *sbi)
{
	free(sbi->frame);
	*sbi = (struct sp_sbi){0};
}

/* One sector: a Q that is listed, unless there is more than a list of Qs can say. */
static int sbi_collect(struct sp_sbi *sbi, unsigned kind, const struct sp_disc *disc, sp_lba lba,
		       const uint8_t *sub, struct sp_losses *losses, struct sp_error *err)
{
	struct sp_sbi_frame frame = {.lba = lba};
	uint8_t implied[SP_SUB_SIZE], sealed[12], q[12];
	const bool known = sp_sub_generate(disc, lba, implied);

	if (known && !memcmp(sub, implied, sizeof(implied)))
		return 0;
	if (known) {
		sp_sub_get_q(implied, q);
		sp_sub_get_q(sub, frame.q);
		sp_sub_set_q(implied, frame.q);
	}
	memcpy(sealed, frame.q, sizeof(sealed));
	sbi_seal(sealed);
	const bool same_q = known && !memcmp(q, frame.q, sizeof(q));
	if (losses && (!known || memcmp(sub, implied, sizeof(implied)) != 0 ||
		       sbi->frames >= SP_SBI_FRAME_MAX ||
		       (kind == SP_SBI && memcmp(sealed, frame.q, sizeof(sealed)) != 0)))
		sp_losses_add(losses, SP_LOSS_SUB, 1, lba);
	if (!known || same_q || sbi->frames >= SP_SBI_FRAME_MAX)
		return 0;
	struct sp_sbi_frame *list = sp_grow(sbi->frame, sbi->frames, sizeof(list[0]));
	if (!list)
		return sp_fail_memory(err);
	sbi->frame = list;
	list[sbi->frames++] = frame;
	return 0;
}

int sp_sbi_collect(struct sp_sbi *sbi, unsigned kind, const struct sp_disc *disc,
		   const struct sp_span *span, struct sp_losses *losses, struct sp_error *err)
{
	const size_t at = span->stride - SP_SUB_SIZE;
	int r = 0;

	if (!(span->parts & SP_PART_PW))
		return 0;
	for (uint32_t i = 0; !r && i < span->count; i++)
		if (!(span->state[i] & (SP_STATE_GENERATED | SP_STATE_UNREAD)))
			r = sbi_collect(sbi, kind, disc, span->lba + i,
					span->data + i * span->stride + at, losses, err);
	return r;
}

int sp_sbi_write(const struct sp_sbi *sbi, unsigned kind, struct sp_io *io, struct sp_error *err)
{
	const char *slash = strrchr(io->name, '/');
	const char *base = slash ? slash + 1 : io->name, *dot = strrchr(base, '.');
	struct sp_io *file = NULL;
	uint8_t *data = NULL;
	size_t size = 0;

	if (!sbi->frames)
		return 0;
	char *name =
		sp_format_text("%.*s%s", dot && dot > base ? (int)(dot - base) : (int)strlen(base),
			       base, kind == SP_LSD ? ".lsd" : ".sbi");
	int r = name ? sp_sbi_print(sbi, kind, &data, &size, err) : sp_fail_memory(err);
	if (!r)
		r = sp_io_sibling(io, name, &file, err);
	if (!r)
		r = sp_io_write(file, 0, data, size, err);
	sp_io_close(file);
	free(data);
	free(name);
	return r;
}
