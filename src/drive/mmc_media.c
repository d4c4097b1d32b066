/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MMC commands to the disc: its tables, its structures, its sectors. MMC-6. */
#include "drive/mmc.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

static int media_toc(struct sp_transport *transport, unsigned format, unsigned start, uint8_t *data,
		     size_t size, size_t *done, struct sp_error *err)
{
	static const char *const what[] = {"READ TOC",        "READ TOC (sessions)",
					   "READ TOC (full)", "READ TOC (PMA)",
					   "READ TOC (ATIP)", "READ TOC (CD-Text)"};
	struct sp_command c = {.cdb = {0x43, 0, (uint8_t)format, 0, 0, 0, (uint8_t)start},
			       .cdb_size = 10,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = size,
			       .timeout_ms = SP_MMC_TIMEOUT_LONG};

	/* of full TOC, PMA and ATIP the addresses are MSF whatever is asked, and drives differ in
	 * what they think of the bit: MMC-6 6.26.2.1 wants it set */
	if (format >= SP_TOC_FULL && format <= SP_TOC_ATIP)
		c.cdb[1] = 2;
	put_be16(c.cdb + 7, (uint16_t)size);
	const int r = sp_mmc_execute(transport, what[format % 6], &c, NULL, err);
	*done = c.done;
	return r;
}

int sp_mmc_toc(struct sp_transport *transport, unsigned format, unsigned start, uint8_t **data,
	       size_t *size, struct sp_error *err)
{
	uint8_t head[4];
	size_t done;
	int r = media_toc(transport, format, start, head, sizeof(head), &done, err);

	*data = NULL;
	*size = 0;
	if (r < 0)
		return r;
	size_t length = 2u + get_be16(head);
	if (length < 4)
		return sp_fail(err, SP_ERR_DEVICE, "%s: READ TOC: an answer of %zu bytes",
			       transport->name, length);
	/* the field has 16 bits; bridges like even lengths */
	length = length + 1 < 0xfffe ? (length + 1) & ~(size_t)1 : 0xfffe;
	uint8_t *reply = malloc(length);
	if (!reply)
		return sp_fail_memory(err);
	r = media_toc(transport, format, start, reply, length, &done, err);
	if (!r && done < 4)
		r = sp_fail(err, SP_ERR_DEVICE, "%s: READ TOC: an answer of %zu bytes",
			    transport->name, done);
	if (r < 0) {
		free(reply);
		return r;
	}
	const size_t told = 2u + get_be16(reply);
	*data = reply;
	*size = told < done ? told : done;
	return 0;
}

int sp_mmc_disc_info(struct sp_transport *transport, struct sp_disc_info *info,
		     struct sp_error *err)
{
	uint8_t data[34];
	struct sp_command c = {.cdb = {0x51, 0, 0, 0, 0, 0, 0, 0, sizeof(data)},
			       .cdb_size = 10,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = sizeof(data),
			       .timeout_ms = SP_MMC_TIMEOUT_LONG};
	const int r = sp_mmc_execute(transport, "READ DISC INFORMATION", &c, NULL, err);

	if (r < 0)
		return r;
	if (c.done < 12)
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: READ DISC INFORMATION: an answer of %zu bytes", transport->name,
			       c.done);
	*info = (struct sp_disc_info){
		.status = data[2] & 3,
		.erasable = (data[2] & 0x10) != 0,
		.session_status = data[2] >> 2 & 3,
		.first_track = data[3],
		.sessions = data[4] | (unsigned)data[9] << 8,
		.last_first = data[5] | (unsigned)data[10] << 8,
		.last_last = data[6] | (unsigned)data[11] << 8,
		.type = data[8],
	};
	return 0;
}

int sp_mmc_track_info(struct sp_transport *transport, bool by_lba, sp_lba at,
		      struct sp_track_info *info, struct sp_error *err)
{
	uint8_t data[36];
	struct sp_command c = {.cdb = {0x52, !by_lba, 0, 0, 0, 0, 0, 0, sizeof(data)},
			       .cdb_size = 10,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = sizeof(data),
			       .timeout_ms = SP_MMC_TIMEOUT_LONG};

	put_be32(c.cdb + 2, (uint32_t)at);
	const int r = sp_mmc_execute(transport, "READ TRACK INFORMATION", &c, NULL, err);
	if (r < 0)
		return r;
	if (c.done < 28)
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: READ TRACK INFORMATION: an answer of %zu bytes",
			       transport->name, c.done);
	*info = (struct sp_track_info){
		.number = data[2] | (c.done >= 34 ? (unsigned)data[32] << 8 : 0),
		.session = data[3] | (c.done >= 34 ? (unsigned)data[33] << 8 : 0),
		.track_mode = data[5] & 15,
		.data_mode = data[6] & 15,
		.blank = (data[6] & 0x40) != 0,
		.damage = (data[5] & 0x20) != 0,
		.has_next = (data[7] & 1) != 0,
		.start = (int32_t)get_be32(data + 8),
		.next = (int32_t)get_be32(data + 12),
		.free = get_be32(data + 16),
		.size = get_be32(data + 24),
	};
	return 0;
}

int sp_mmc_structure(struct sp_transport *transport, bool bd, unsigned format, unsigned layer,
		     uint8_t *data, size_t size, size_t *length, struct sp_error *err)
{
	uint8_t reply[4 + 4096];
	const size_t room = size < 4096 ? size : 4096;
	struct sp_command c = {.cdb = {0xad, bd, 0, 0, 0, 0, (uint8_t)layer, (uint8_t)format},
			       .cdb_size = 12,
			       .direction = SP_DATA_IN,
			       .data = reply,
			       .size = 4 + room,
			       .timeout_ms = SP_MMC_TIMEOUT};

	put_be16(c.cdb + 8, (uint16_t)c.size);
	const int r = sp_mmc_execute(transport, "READ DISC STRUCTURE", &c, NULL, err);
	*length = 0;
	memset(data, 0, size);
	if (r < 0)
		return r;
	/* the length counts itself not, but the two bytes behind it */
	const size_t told = get_be16(reply) >= 2 ? get_be16(reply) - 2u : 0;
	const size_t came = c.done > 4 ? c.done - 4 : 0;
	*length = told < came ? told : came;
	memcpy(data, reply + 4, *length);
	return 0;
}

int sp_mmc_code(struct sp_transport *transport, unsigned track, char text[14], struct sp_error *err)
{
	uint8_t data[24];
	const size_t digits = track ? 12 : 13;
	struct sp_command c = {
		.cdb = {0x42, 0, 0x40, track ? 3 : 2, 0, 0, (uint8_t)track, 0, sizeof(data)},
		.cdb_size = 10,
		.direction = SP_DATA_IN,
		.data = data,
		.size = sizeof(data),
		.timeout_ms = SP_MMC_TIMEOUT};
	const int r = sp_mmc_execute(transport, "READ SUB-CHANNEL", &c, NULL, err);

	memset(text, 0, 14);
	if (r < 0)
		return r;
	if (c.done < 9 + digits || !(data[8] & 0x80))
		return 0;
	memcpy(text, data + 9, digits);
	/* a drive that found nothing may still set the bit and give zeros */
	if (track ? !sp_isrc_valid(text) : !sp_mcn_valid(text, false))
		memset(text, 0, 14);
	else if (!track && !strcmp(text, "0000000000000"))
		text[0] = '\0';
	return 0;
}

int sp_mmc_read_cd(struct sp_transport *transport, const struct sp_read_cd *read,
		   struct sp_answer *answer, struct sp_error *err)
{
	struct sp_command c = {.cdb = {0xbe, (uint8_t)(read->type << 2)},
			       .cdb_size = 12,
			       .direction = SP_DATA_IN,
			       .data = read->data,
			       .size = read->size,
			       .timeout_ms = read->timeout_ms};

	if (read->lba < INT32_MIN || read->lba > INT32_MAX || read->count > 0xffffff)
		return sp_fail(err, SP_ERR_USAGE, "READ CD: LBA %lld and %u sectors",
			       (long long)read->lba, (unsigned)read->count);
	put_be32(c.cdb + 2, (uint32_t)(int32_t)read->lba);
	c.cdb[6] = (uint8_t)(read->count >> 16);
	put_be16(c.cdb + 7, (uint16_t)read->count);
	c.cdb[9] = (uint8_t)read->select;
	c.cdb[10] = (uint8_t)read->sub;
	return sp_mmc_execute(transport, "READ CD", &c, answer, err);
}

int sp_mmc_read(struct sp_transport *transport, bool fua, sp_lba lba, uint32_t count, uint8_t *data,
		unsigned timeout_ms, struct sp_answer *answer, struct sp_error *err)
{
	struct sp_command c = {.cdb = {fua ? 0xa8 : 0x28, fua ? 8 : 0},
			       .cdb_size = fua ? 12 : 10,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = (size_t)count * 2048,
			       .timeout_ms = timeout_ms};

	if (lba < 0 || lba > UINT32_MAX || count > 0xffff)
		return sp_fail(err, SP_ERR_USAGE, "READ: LBA %lld and %u sectors", (long long)lba,
			       (unsigned)count);
	put_be32(c.cdb + 2, (uint32_t)lba);
	if (fua)
		put_be32(c.cdb + 6, count);
	else
		put_be16(c.cdb + 7, (uint16_t)count);
	return sp_mmc_execute(transport, fua ? "READ(12)" : "READ(10)", &c, answer, err);
}

int sp_mmc_flush(struct sp_transport *transport, sp_lba lba, struct sp_error *err)
{
	struct sp_command c = {.cdb = {0xa8, 8}, .cdb_size = 12, .timeout_ms = SP_MMC_TIMEOUT};

	put_be32(c.cdb + 2, (uint32_t)(int32_t)lba);
	return sp_mmc_execute(transport, "READ(12) with FUA", &c, NULL, err);
}
