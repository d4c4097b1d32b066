/* SPDX-License-Identifier: GPL-3.0-or-later */
/* READ CD as drives really do it: the order of a block's parts, expected types, kinds of Q. */
#include "drive/reader_own.h"

#include "base/bytes.h"
#include "disc/subchannel.h"

#include <string.h>

#define SELECT_RAW      0xf8 /* byte 9: sync, all headers, user data, EDC/ECC */
#define SELECT_AUDIO    0x10
#define SELECT_C2       0x02
#define SELECT_C2_BLOCK 0x04
#define SUB_RAW         1
#define SUB_Q           2
#define Q_BLOCK         16

void reader_block_plan(const struct sp_drive_abilities *able, unsigned parts,
		       struct reader_block *block)
{
	const bool c2 = parts & SP_PART_C2 && (able->c2 == SP_C2_294 || able->c2 == SP_C2_296);
	const bool sub = parts & SP_PART_PW && (able->sub == SP_SUB_RAW || able->sub == SP_SUB_Q);

	*block = (struct reader_block){
		.c2 = c2 ? (able->c2 == SP_C2_296 ? SP_C2_SIZE + 2 : SP_C2_SIZE) : 0,
		.sub = sub ? (able->sub == SP_SUB_Q ? Q_BLOCK : SP_SUB_SIZE) : 0,
	};
	if (c2 && sub && able->order == SP_ORDER_SUB_ONLY)
		block->c2 = 0;
	block->c2_at = SP_RAW_SIZE;
	block->sub_at = SP_RAW_SIZE + block->c2;
	if (able->order == SP_ORDER_SUB_C2) {
		block->sub_at = SP_RAW_SIZE;
		block->c2_at = SP_RAW_SIZE + block->sub;
	}
	block->size = SP_RAW_SIZE + block->c2 + block->sub;
}

unsigned reader_outcome(const struct sp_answer *answer)
{
	const struct sp_sense *s = &answer->sense;

	switch (answer->host) {
	case SP_HOST_OK:
		break;
	case SP_HOST_TIMEOUT:
		return SP_READ_MEDIUM;
	case SP_HOST_RESET:
		return SP_READ_NOT_READY;
	case SP_HOST_GONE:
		return SP_READ_GONE;
	default:
		return SP_READ_REFUSED;
	}
	if (answer->status == SP_SCSI_GOOD)
		return SP_READ_DONE;
	if (answer->status != SP_SCSI_CHECK_CONDITION)
		return SP_READ_NOT_READY;
	switch (s->key) {
	case SP_SENSE_RECOVERED:
		return SP_READ_DONE;
	case SP_SENSE_NOT_READY:
		return s->asc == 0x3a ? SP_READ_GONE : SP_READ_NOT_READY;
	case SP_SENSE_ILLEGAL:
		return s->asc == 0x6f ? SP_READ_PROTECTED : SP_READ_REFUSED;
	case SP_SENSE_ATTENTION:
		return s->asc == 0x28 ? SP_READ_CHANGED : SP_READ_NOT_READY;
	case SP_SENSE_PROTECT:
		return SP_READ_REFUSED;
	default:
		return SP_READ_MEDIUM;
	}
}

/* Sectors up to the one the drive says it failed at: it has moved them, as the kernel's own driver
 * trusts too. That one comes too where it was asked to give it (MMC-6, mode page 01h, TB). */
static uint32_t block_before_error(const struct sp_reader *reader, const struct sp_answer *answer,
				   sp_lba lba, uint32_t count, size_t size, bool *damaged)
{
	const sp_lba bad = answer->sense.lba;
	const size_t moved = answer->done / size;

	*damaged = false;
	if (answer->sense.key != SP_SENSE_MEDIUM || answer->sense.deferred || bad == SP_LBA_NONE ||
	    bad < lba || bad >= lba + (sp_lba)count)
		return 0;
	const uint32_t before = (uint32_t)(bad - lba);
	if (moved <= before)
		return (uint32_t)moved;
	*damaged = reader->recovery_set && reader->recovery[2] & READER_TB;
	return before + *damaged;
}

static void block_answer(struct sp_read *read, const struct sp_answer *answer)
{
	read->outcome = reader_outcome(answer);
	read->host = answer->host;
	read->key = answer->sense.key;
	read->asc = answer->sense.asc;
	read->ascq = answer->sense.ascq;
	read->bad = answer->sense.lba;
	read->took_us += answer->took_us;
	read->commands++;
}

/* One READ CD. */
static void block_read(struct sp_reader *reader, struct sp_read *read, unsigned type,
		       unsigned select, sp_lba lba, uint32_t count,
		       const struct reader_block *block, uint8_t *raw, uint32_t *good,
		       bool *damaged)
{
	const struct sp_read_cd cd = {
		.lba = lba,
		.count = count,
		.type = type,
		.select = select | (!block->c2                ? 0u
				    : block->c2 == SP_C2_SIZE ? SELECT_C2
							      : SELECT_C2_BLOCK),
		.sub = !block->sub                 ? 0u
		       : block->sub == SP_SUB_SIZE ? SUB_RAW
						   : SUB_Q,
		.timeout_ms = read->timeout_ms ? read->timeout_ms : SP_MMC_TIMEOUT,
		.data = raw,
		.size = count * block->size,
	};
	struct sp_answer answer;

	*damaged = false;
	const int r = sp_mmc_read_cd(reader->transport, &cd, &answer, NULL);

	block_answer(read, &answer);
	if (r < 0 && read->outcome == SP_READ_DONE)
		read->outcome = SP_READ_REFUSED; /* an LBA that no command can name */
	if (read->outcome != SP_READ_DONE) {
		*good = block_before_error(reader, &answer, lba, count, block->size, damaged);
		return;
	}
	/* an answer that is too short is none */
	*good = (uint32_t)(answer.done / block->size);
	if (*good > count)
		*good = count;
	if (*good < count)
		read->outcome = SP_READ_MEDIUM;
}

/* Refused for what kind of sector was expected, so that another kind may be given. */
static bool block_wrong_type(const struct sp_read *read)
{
	return read->outcome == SP_READ_REFUSED && read->key == SP_SENSE_ILLEGAL &&
	       (read->asc == 0x64 || read->asc == 0x24);
}

void reader_command(struct sp_reader *reader, struct sp_read *read, unsigned kind, sp_lba lba,
		    uint32_t count, const struct reader_block *block, uint8_t *raw, uint32_t *good,
		    bool *damaged)
{
	/* READ CD's expected types: any, CD-DA, mode 1, mode 2 formless, form 1, form 2 */
	static const uint8_t audio[] = {1, 0}, data[] = {0, 2, 4, 5, 3}, scrambled[] = {1};
	static const struct {
		const uint8_t *type;
		unsigned types;
	} list[] = {{audio, 2}, {data, 5}, {scrambled, 1}};
	bool own;

	for (unsigned i = 0; i < list[kind].types; i++) {
		unsigned type = list[kind].type[i];

		if (kind == READER_DATA && reader->data_type)
			type = !i ? reader->data_type : type == reader->data_type ? 0 : type;
		block_read(reader, read, type, type == 1 ? SELECT_AUDIO : SELECT_RAW, lba, count,
			   block, raw, good, damaged ? damaged : &own);
		if (kind == READER_DATA && read->outcome == SP_READ_DONE)
			reader->data_type = type;
		if (!block_wrong_type(read))
			return;
	}
}

void reader_block_sub(const struct sp_drive_abilities *able, const struct reader_block *block,
		      const uint8_t *raw, uint8_t pw[SP_SUB_SIZE])
{
	static const uint8_t number[] = {1, 2, 3, 4, 5, 7, 8, 9}; /* of ADR 1: TNO, index, MSFs */
	uint8_t q[12];

	if (block->sub == SP_SUB_SIZE) {
		memcpy(pw, raw + block->sub_at, SP_SUB_SIZE);
		return;
	}
	memset(pw, 0, SP_SUB_SIZE);
	if (!block->sub)
		return;
	memcpy(q, raw + block->sub_at, sizeof(q));
	if (able->q_hex && (q[0] & 15) == 1)
		for (size_t i = 0; i < sizeof(number); i++)
			if (q[number[i]] < 100)
				q[number[i]] = sp_to_bcd(q[number[i]]);
	if (!able->q_crc)
		put_be16(q + 10, sp_crc16_gsm(q, 10));
	if (raw[block->sub_at + Q_BLOCK - 1] & 0x80)
		memset(pw, 0x80, SP_SUB_SIZE);
	sp_sub_set_q(pw, q);
}
