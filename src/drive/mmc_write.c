/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MMC commands that change a medium. Long ones are begun with IMMED, so that the bus is free and
 * progress is told; whoever does not know that bit is asked to do them in one go. MMC-6. */
#include "drive/mmc_write.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

#define SETTLE_FIRST_MS  20
#define SETTLE_MOST_MS   1000
#define SETTLE_ATTENTION 3 /* unit attentions that are news of the medium, in a row */
#define WRITE_FIRST_MS   5
#define WRITE_MOST_MS    100

/* Is it busy with something that ends by itself? MMC-6 table F.1 */
static bool write_goes_on(const struct sp_answer *answer)
{
	const struct sp_sense *s = &answer->sense;

	if (answer->host != SP_HOST_OK)
		return false;
	if (answer->status == SP_SCSI_BUSY)
		return true;
	return answer->status == SP_SCSI_CHECK_CONDITION && s->key == SP_SENSE_NOT_READY &&
	       s->asc == 0x04 &&
	       (s->ascq == 0x01 || s->ascq == 0x04 || s->ascq == 0x07 || s->ascq == 0x08);
}

static bool write_sense(const struct sp_answer *answer, unsigned key, unsigned asc)
{
	return answer->host == SP_HOST_OK && answer->status == SP_SCSI_CHECK_CONDITION &&
	       answer->sense.key == key && answer->sense.asc == asc;
}

int sp_mmc_settle(struct sp_transport *transport, const char *what, unsigned limit_s,
		  const struct sp_mmc_watch *watch, struct sp_error *err)
{
	struct sp_command c = {.cdb_size = 6, .timeout_ms = SP_MMC_TIMEOUT};
	unsigned pause = SETTLE_FIRST_MS, attentions = 0;
	uint64_t waited = 0;
	struct sp_answer answer;

	for (;;) {
		const int r = sp_mmc_execute(transport, what, &c, &answer, err);

		if (!r || answer.host != SP_HOST_OK)
			return r;
		/* the medium is another one now that it is blank or formatted; a reset is none */
		if (write_sense(&answer, SP_SENSE_ATTENTION, 0x28) &&
		    attentions++ < SETTLE_ATTENTION)
			continue;
		if (!write_goes_on(&answer))
			return r;
		if (waited >= (uint64_t)limit_s * 1000)
			return sp_fail(err, SP_ERR_DEVICE, "%s: %s: not done after %u minutes",
				       transport->name, what, limit_s / 60);
		if (watch && watch->fn)
			watch->fn(watch->user, answer.sense.progress);
		transport->ops->wait(transport, pause);
		waited += pause;
		pause = pause * 2 < SETTLE_MOST_MS ? pause * 2 : SETTLE_MOST_MS;
	}
}

/* A long command with its IMMED bit, which is in byte 1 of the CDB or in byte `at` of its data; and
 * what comes after. */
static int write_long(struct sp_transport *transport, const char *what, struct sp_command *c,
		      uint8_t immediate, unsigned at, unsigned limit_s,
		      const struct sp_mmc_watch *watch, struct sp_error *err)
{
	uint8_t *flag = at ? (uint8_t *)c->data + at : &c->cdb[1];
	struct sp_answer answer;

	*flag |= immediate;
	c->timeout_ms = SP_MMC_TIMEOUT_LONG;
	int r = sp_mmc_settle(transport, what, SP_MMC_WRITE_LIMIT, NULL, err);
	if (r < 0)
		return r;
	r = sp_mmc_execute(transport, what, c, &answer, err);
	if (r < 0 && (write_sense(&answer, SP_SENSE_ILLEGAL, 0x24) ||
		      write_sense(&answer, SP_SENSE_ILLEGAL, 0x26))) {
		*flag &= (uint8_t)~immediate;
		c->timeout_ms = limit_s < UINT32_MAX / 1000 ? limit_s * 1000 : UINT32_MAX;
		r = sp_mmc_execute(transport, what, c, &answer, err);
	}
	if (r < 0 && !write_goes_on(&answer))
		return r;
	return sp_mmc_settle(transport, what, limit_s, watch, err);
}

int sp_mmc_write_speed(struct sp_transport *transport, unsigned speed, struct sp_error *err)
{
	struct sp_command c = {
		.cdb = {0xbb, 0, 0xff, 0xff}, .cdb_size = 12, .timeout_ms = SP_MMC_TIMEOUT};

	put_be16(c.cdb + 4, speed && speed < 0xffff ? (uint16_t)speed : 0xffff);
	return sp_mmc_execute(transport, "SET CD SPEED", &c, NULL, err);
}

int sp_mmc_write_speeds(struct sp_transport *transport, unsigned speed[SP_MMC_SPEEDS],
			size_t *speeds, struct sp_error *err)
{
	uint8_t reply[8 + SP_MMC_SPEEDS * 16] = {0};
	struct sp_command c = {.cdb = {0xac, [9] = SP_MMC_SPEEDS, [10] = 3},
			       .cdb_size = 12,
			       .direction = SP_DATA_IN,
			       .data = reply,
			       .size = sizeof(reply),
			       .timeout_ms = SP_MMC_TIMEOUT};
	const int r = sp_mmc_execute(transport, "GET PERFORMANCE", &c, NULL, err);

	*speeds = 0;
	if (r < 0)
		return r;
	for (size_t at = 8; at + 16 <= c.done && at + 16 <= (uint64_t)get_be32(reply) + 4;
	     at += 16) {
		const unsigned one = get_be32(reply + at + 12);
		size_t i = *speeds;

		for (size_t j = 0; j < *speeds; j++)
			i = speed[j] == one ? SP_MMC_SPEEDS : i;
		if (!one || i == SP_MMC_SPEEDS)
			continue;
		for (++*speeds; i && speed[i - 1] < one; i--)
			speed[i] = speed[i - 1];
		speed[i] = one;
	}
	return 0;
}

int sp_mmc_send_structure(struct sp_transport *transport, unsigned format, const uint8_t *data,
			  size_t size, struct sp_error *err)
{
	uint8_t list[64] = {0};
	struct sp_command c = {.cdb = {0xbf, [7] = (uint8_t)format},
			       .cdb_size = 12,
			       .direction = SP_DATA_OUT,
			       .data = list,
			       .size = 4 + size,
			       .timeout_ms = SP_MMC_TIMEOUT_LONG};

	if (size > sizeof(list) - 4)
		return sp_fail(err, SP_ERR_USAGE, "a structure of %zu bytes", size);
	put_be16(c.cdb + 8, (uint16_t)c.size);
	put_be16(list, (uint16_t)(size + 2));
	memcpy(list + 4, data, size);
	return sp_mmc_execute(transport, "SEND DISC STRUCTURE", &c, NULL, err);
}

int sp_mmc_opc(struct sp_transport *transport, struct sp_error *err)
{
	struct sp_command c = {.cdb = {0x54, 1}, .cdb_size = 10, .timeout_ms = SP_MMC_TIMEOUT_LONG};
	const int r = sp_mmc_execute(transport, "SEND OPC", &c, NULL, err);

	return r < 0 ? r : sp_mmc_settle(transport, "SEND OPC", SP_MMC_WRITE_LIMIT, NULL, err);
}

int sp_mmc_cue_sheet(struct sp_transport *transport, const uint8_t *sheet, size_t size,
		     struct sp_answer *answer, struct sp_error *err)
{
	struct sp_command c = {.cdb = {0x5d},
			       .cdb_size = 10,
			       .direction = SP_DATA_OUT,
			       .data = (void *)(uintptr_t)sheet, /* it is only read */
			       .size = size,
			       .timeout_ms = SP_MMC_TIMEOUT_LONG};

	if (size > 0xffffff)
		return sp_fail(err, SP_ERR_USAGE, "a cue sheet of %zu bytes", size);
	c.cdb[6] = (uint8_t)(size >> 16);
	put_be16(c.cdb + 7, (uint16_t)size);
	return sp_mmc_execute(transport, "SEND CUE SHEET", &c, answer, err);
}

int sp_mmc_reserve(struct sp_transport *transport, uint32_t blocks, struct sp_error *err)
{
	struct sp_command c = {.cdb = {0x53}, .cdb_size = 10, .timeout_ms = SP_MMC_TIMEOUT_LONG};

	put_be32(c.cdb + 5, blocks);
	return sp_mmc_execute(transport, "RESERVE TRACK", &c, NULL, err);
}

/* The drive may tell which of the blocks it was, or one that it took before. */
static int write_failed(const struct sp_transport *transport, const char *name, sp_lba lba,
			uint32_t count, const struct sp_answer *answer, int status,
			struct sp_error *err)
{
	const struct sp_sense *s = &answer->sense;
	const bool told = s->lba != SP_LBA_NONE && s->lba < lba + (sp_lba)count;
	char text[96];

	if (told && s->lba != lba && answer->host == SP_HOST_OK) {
		sp_fail(err, status, "%s: %s at LBA %lld: %s", transport->name, name,
			(long long)s->lba,
			sp_sense_describe(s->key, s->asc, s->ascq, text, sizeof(text)));
		if (err) {
			err->sense_key = s->key;
			err->asc = s->asc;
			err->ascq = s->ascq;
		}
	}
	if (err)
		err->lba = told ? s->lba : lba;
	return status;
}

/* A WRITE, and again as long as the drive has no room for it. */
static int write_blocks(struct sp_transport *transport, const char *name, struct sp_command *c,
			sp_lba lba, uint32_t count, struct sp_answer *answer, struct sp_error *err)
{
	unsigned pause = WRITE_FIRST_MS;
	uint64_t waited = 0;
	struct sp_answer own;
	char what[48];

	if (!answer)
		answer = &own;
	snprintf(what, sizeof(what), "%s at LBA %lld", name, (long long)lba);
	for (;;) {
		const int r = sp_mmc_execute(transport, what, c, answer, err);

		if (!r)
			return 0;
		if (!write_goes_on(answer) || waited >= SP_MMC_WRITE_LIMIT * UINT64_C(1000))
			return write_failed(transport, name, lba, count, answer, r, err);
		transport->ops->wait(transport, pause);
		waited += pause;
		pause = pause * 2 < WRITE_MOST_MS ? pause * 2 : WRITE_MOST_MS;
	}
}

int sp_mmc_write(struct sp_transport *transport, sp_lba lba, uint32_t count, const uint8_t *data,
		 size_t size, struct sp_answer *answer, struct sp_error *err)
{
	struct sp_command c = {.cdb = {0x2a},
			       .cdb_size = 10,
			       .direction = SP_DATA_OUT,
			       .data = (void *)(uintptr_t)data,
			       .size = size,
			       .timeout_ms = SP_MMC_TIMEOUT_LONG};

	if (lba < INT32_MIN || lba > UINT32_MAX || count > 0xffff)
		return sp_fail(err, SP_ERR_USAGE, "WRITE: LBA %lld and %u blocks", (long long)lba,
			       (unsigned)count);
	put_be32(c.cdb + 2, (uint32_t)lba);
	put_be16(c.cdb + 7, (uint16_t)count);
	return write_blocks(transport, "WRITE(10)", &c, lba, count, answer, err);
}

int sp_mmc_write_streaming(struct sp_transport *transport, sp_lba lba, uint32_t count,
			   const uint8_t *data, size_t size, struct sp_answer *answer,
			   struct sp_error *err)
{
	struct sp_command c = {.cdb = {0xaa},
			       .cdb_size = 12,
			       .direction = SP_DATA_OUT,
			       .data = (void *)(uintptr_t)data,
			       .size = size,
			       .timeout_ms = SP_MMC_TIMEOUT_LONG};

	if (lba < 0 || lba > UINT32_MAX)
		return sp_fail(err, SP_ERR_USAGE, "WRITE: LBA %lld", (long long)lba);
	put_be32(c.cdb + 2, (uint32_t)lba);
	put_be32(c.cdb + 6, count);
	c.cdb[10] = 0x80;
	return write_blocks(transport, "WRITE(12)", &c, lba, count, answer, err);
}

int sp_mmc_buffer(struct sp_transport *transport, uint32_t *size, uint32_t *room,
		  struct sp_error *err)
{
	uint8_t data[12];
	struct sp_command c = {.cdb = {0x5c, [8] = sizeof(data)},
			       .cdb_size = 10,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = sizeof(data),
			       .timeout_ms = SP_MMC_TIMEOUT};
	const int r = sp_mmc_execute(transport, "READ BUFFER CAPACITY", &c, NULL, err);

	if (r < 0)
		return r;
	if (c.done < sizeof(data))
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: READ BUFFER CAPACITY: an answer of %zu bytes", transport->name,
			       c.done);
	*size = get_be32(data + 4);
	*room = get_be32(data + 8);
	return 0;
}

int sp_mmc_sync(struct sp_transport *transport, const struct sp_mmc_watch *watch,
		struct sp_error *err)
{
	struct sp_command c = {.cdb = {0x35}, .cdb_size = 10};

	return write_long(transport, "SYNCHRONIZE CACHE", &c, 0x02, 0, SP_MMC_CLOSE_LIMIT, watch,
			  err);
}

int sp_mmc_close(struct sp_transport *transport, unsigned function, unsigned track,
		 const struct sp_mmc_watch *watch, struct sp_error *err)
{
	struct sp_command c = {.cdb = {0x5b, 0, (uint8_t)function}, .cdb_size = 10};

	put_be16(c.cdb + 4, (uint16_t)track);
	return write_long(transport, function == SP_CLOSE_TRACK ? "CLOSE TRACK" : "CLOSE SESSION",
			  &c, 0x01, 0, SP_MMC_CLOSE_LIMIT, watch, err);
}

int sp_mmc_blank(struct sp_transport *transport, unsigned type, const struct sp_mmc_watch *watch,
		 struct sp_error *err)
{
	struct sp_command c = {.cdb = {0xa1, (uint8_t)(type & 7)}, .cdb_size = 12};

	return write_long(transport, "BLANK", &c, 0x10, 0, SP_MMC_BLANK_LIMIT, watch, err);
}

int sp_mmc_formats(struct sp_transport *transport, struct sp_format format[SP_FORMATS_MAX],
		   size_t *count, bool *formatted, struct sp_error *err)
{
	uint8_t data[4 + 8 * (1 + SP_FORMATS_MAX)];
	struct sp_command c = {.cdb = {0x23},
			       .cdb_size = 10,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = sizeof(data),
			       .timeout_ms = SP_MMC_TIMEOUT_LONG};

	*count = 0;
	put_be16(c.cdb + 7, sizeof(data));
	const int r = sp_mmc_execute(transport, "READ FORMAT CAPACITIES", &c, NULL, err);
	if (r < 0)
		return r;
	const size_t came = c.done < 4u + data[3] ? c.done : 4u + data[3];
	if (came < 12)
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: READ FORMAT CAPACITIES: an answer of %zu bytes",
			       transport->name, c.done);
	*formatted = (data[8] & 3) == 2;
	for (size_t at = 12; at + 8 <= came && *count < SP_FORMATS_MAX; at += 8)
		format[(*count)++] =
			(struct sp_format){.blocks = get_be32(data + at),
					   .type = data[at + 4] >> 2,
					   .parameter = get_be32(data + at + 4) & 0xffffff};
	return 0;
}

int sp_mmc_format(struct sp_transport *transport, const struct sp_format *format,
		  const struct sp_mmc_watch *watch, struct sp_error *err)
{
	uint8_t list[12] = {0, 0, 0, 8};
	struct sp_command c = {.cdb = {0x04, 0x11}, /* format code 1, with a list */
			       .cdb_size = 6,
			       .direction = SP_DATA_OUT,
			       .data = list,
			       .size = sizeof(list)};

	put_be32(list + 4, format->blocks);
	put_be32(list + 8, (uint32_t)format->type << 26 | (format->parameter & 0xffffff));
	return write_long(transport, "FORMAT UNIT", &c, 0x02, 1, SP_MMC_FORMAT_LIMIT, watch, err);
}
