/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MMC commands to the drive itself: who it is, its state, its settings. MMC-6, SPC-4. */
#include "drive/mmc.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

bool sp_profile_medium(unsigned profile, unsigned *medium)
{
	if (profile >= SP_PROFILE_CD_ROM && profile <= SP_PROFILE_CD_RW)
		*medium = SP_MEDIUM_CD;
	else if (profile >= SP_PROFILE_DVD_ROM && profile <= SP_PROFILE_DVD_PLUS_R_DL)
		*medium = SP_MEDIUM_DVD;
	else if (profile >= SP_PROFILE_BD_ROM && profile <= SP_PROFILE_BD_RE)
		*medium = SP_MEDIUM_BD;
	else
		return false;
	return true;
}

double sp_mmc_once(unsigned medium)
{
	switch (medium) {
	case SP_MEDIUM_CD:
		return 176.4;
	case SP_MEDIUM_DVD:
		return 1385;
	case SP_MEDIUM_BD:
		return 4496;
	default:
		return 0;
	}
}

const char *sp_profile_name(unsigned profile)
{
	static const struct {
		uint8_t profile;
		const char *name;
	} list[] = {
		{SP_PROFILE_CD_ROM, "CD-ROM"},
		{SP_PROFILE_CD_R, "CD-R"},
		{SP_PROFILE_CD_RW, "CD-RW"},
		{SP_PROFILE_DVD_ROM, "DVD-ROM"},
		{SP_PROFILE_DVD_R, "DVD-R"},
		{SP_PROFILE_DVD_RAM, "DVD-RAM"},
		{SP_PROFILE_DVD_RW_RO, "DVD-RW (restricted overwrite)"},
		{SP_PROFILE_DVD_RW, "DVD-RW"},
		{SP_PROFILE_DVD_R_DL, "DVD-R DL"},
		{SP_PROFILE_DVD_R_DL_JUMP, "DVD-R DL (layer jump)"},
		{SP_PROFILE_DVD_PLUS_RW, "DVD+RW"},
		{SP_PROFILE_DVD_PLUS_R, "DVD+R"},
		{SP_PROFILE_DVD_PLUS_RW_DL, "DVD+RW DL"},
		{SP_PROFILE_DVD_PLUS_R_DL, "DVD+R DL"},
		{SP_PROFILE_BD_ROM, "BD-ROM"},
		{SP_PROFILE_BD_R, "BD-R"},
		{SP_PROFILE_BD_R_RANDOM, "BD-R (random recording)"},
		{SP_PROFILE_BD_RE, "BD-RE"},
		{SP_PROFILE_HD_DVD_ROM, "HD DVD-ROM"},
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i].profile == profile)
			return list[i].name;
	return "";
}

static int mmc_fail_host(const char *name, const char *what, const struct sp_command *c,
			 struct sp_error *err)
{
	static const char *const text[] = {
		[SP_HOST_OK] = "no answer",
		[SP_HOST_TIMEOUT] = "the drive did not answer in time",
		[SP_HOST_RESET] = "the bus or its bridge was reset",
		[SP_HOST_REFUSED] = "the system does not let this user send this command",
		[SP_HOST_TOO_BIG] = "more data than one command may move",
		[SP_HOST_GONE] = "the drive is gone",
	};
	const char *words = c->host < sizeof(text) / sizeof(*text) ? text[c->host] : text[0];

	return sp_fail(err, SP_ERR_DEVICE, "%s: %s (%02Xh): %s", name, what, c->cdb[0], words);
}

int sp_mmc_execute(struct sp_transport *transport, const char *what, struct sp_command *command,
		   struct sp_answer *answer, struct sp_error *err)
{
	struct sp_answer own;

	if (!answer)
		answer = &own;
	*answer = (struct sp_answer){.host = SP_HOST_GONE};
	command->done = 0;
	command->host = SP_HOST_OK;
	command->status = SP_SCSI_GOOD;
	command->sense_size = 0;
	command->took_us = 0;
	const int r = transport->ops->execute(transport, command, err);
	sp_sense_decode(command->sense, 0, &answer->sense);
	if (r < 0)
		return r;
	const size_t done = command->done < command->size ? command->done : command->size;
	const size_t sense_size =
		command->sense_size < SP_SENSE_SIZE ? command->sense_size : SP_SENSE_SIZE;
	*answer = (struct sp_answer){
		.host = command->host,
		.status = command->status,
		.done = done,
		.took_us = command->took_us,
	};
	sp_sense_decode(command->sense, sense_size, &answer->sense);
	if (command->direction == SP_DATA_IN && done < command->size)
		memset((uint8_t *)command->data + done, 0, command->size - done);
	if (command->host != SP_HOST_OK)
		return mmc_fail_host(transport->name, what, command, err);
	if (command->status == SP_SCSI_GOOD)
		return 0;
	if (command->status == SP_SCSI_CHECK_CONDITION) {
		const struct sp_sense *s = &answer->sense;
		char text[96];

		if (s->key == SP_SENSE_RECOVERED && !s->deferred)
			return 0; /* done, with some trouble */
		sp_fail(err, SP_ERR_DEVICE, "%s: %s: %s", transport->name, what,
			sp_sense_describe(s->key, s->asc, s->ascq, text, sizeof(text)));
		if (err) {
			err->sense_key = s->key;
			err->asc = s->asc;
			err->ascq = s->ascq;
		}
		return SP_ERR_DEVICE;
	}
	return sp_fail(err, SP_ERR_DEVICE, "%s: %s: the drive is busy (status %02xh)",
		       transport->name, what, command->status);
}

/* A field of INQUIRY: printable, no spaces at its end. */
static void mmc_text(char *text, const uint8_t *field, size_t size)
{
	for (size_t i = 0; i < size; i++)
		text[i] = field[i] >= 0x20 && field[i] < 0x7f ? (char)field[i] : ' ';
	while (size && text[size - 1] == ' ')
		size--;
	text[size] = '\0';
}

int sp_mmc_inquiry(struct sp_transport *transport, struct sp_drive_identity *identity,
		   unsigned *type, struct sp_error *err)
{
	uint8_t data[36];
	struct sp_command c = {.cdb = {0x12, 0, 0, 0, sizeof(data)},
			       .cdb_size = 6,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = sizeof(data),
			       .timeout_ms = SP_MMC_TIMEOUT};
	const int r = sp_mmc_execute(transport, "INQUIRY", &c, NULL, err);

	if (r < 0)
		return r;
	*type = data[0] & 0x1f;
	*identity = (struct sp_drive_identity){.vendor = ""};
	mmc_text(identity->vendor, data + 8, 8);
	mmc_text(identity->model, data + 16, 16);
	mmc_text(identity->firmware, data + 32, 4);
	return 0;
}

void sp_mmc_serial(struct sp_transport *transport, char serial[33])
{
	uint8_t data[36];
	struct sp_command c = {.cdb = {0x12, 1, 0x80, 0, sizeof(data)},
			       .cdb_size = 6,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = sizeof(data),
			       .timeout_ms = SP_MMC_TIMEOUT};
	unsigned profile;
	size_t from = 0;

	serial[0] = '\0';
	if (!sp_mmc_execute(transport, "INQUIRY", &c, NULL, NULL) && data[1] == 0x80)
		mmc_text(serial, data + 4, data[3] < 32 ? data[3] : 32);
	if (!serial[0] && !sp_mmc_configuration(transport, 0x108, &profile, data, 32, NULL, NULL))
		mmc_text(serial, data, strnlen((const char *)data, 32));
	while (serial[from] == ' ')
		from++;
	memmove(serial, serial + from, strlen(serial + from) + 1);
}

int sp_mmc_ready(struct sp_transport *transport, struct sp_answer *answer, struct sp_error *err)
{
	struct sp_command c = {.cdb_size = 6, .timeout_ms = SP_MMC_TIMEOUT};

	return sp_mmc_execute(transport, "TEST UNIT READY", &c, answer, err);
}

int sp_mmc_start(struct sp_transport *transport, unsigned what, struct sp_error *err)
{
	struct sp_command c = {.cdb = {0x1b, 0, 0, 0, (uint8_t)what},
			       .cdb_size = 6,
			       .timeout_ms = SP_MMC_TIMEOUT_LONG};

	return sp_mmc_execute(transport, "START STOP UNIT", &c, NULL, err);
}

int sp_mmc_prevent(struct sp_transport *transport, bool locked, struct sp_error *err)
{
	struct sp_command c = {
		.cdb = {0x1e, 0, 0, 0, locked}, .cdb_size = 6, .timeout_ms = SP_MMC_TIMEOUT};

	return sp_mmc_execute(transport, "PREVENT ALLOW MEDIUM REMOVAL", &c, NULL, err);
}

int sp_mmc_event(struct sp_transport *transport, unsigned *event, bool *open, bool *present,
		 struct sp_error *err)
{
	uint8_t data[8];
	struct sp_command c = {.cdb = {0x4a, 1, 0, 0, 0x10, 0, 0, 0, sizeof(data)},
			       .cdb_size = 10,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = sizeof(data),
			       .timeout_ms = SP_MMC_TIMEOUT};
	const int r = sp_mmc_execute(transport, "GET EVENT STATUS NOTIFICATION", &c, NULL, err);

	if (r < 0)
		return r;
	/* no event available, or of another class */
	if (get_be16(data) < 6 || (data[2] & 0x80) || (data[2] & 7) != 4)
		return sp_fail(err, SP_ERR_DEVICE, "%s: tells no media events", transport->name);
	*event = data[4] & 15;
	*open = (data[5] & 1) != 0;
	*present = (data[5] & 2) != 0;
	return 0;
}

int sp_mmc_configuration(struct sp_transport *transport, unsigned feature, unsigned *profile,
			 uint8_t *data, size_t size, bool *current, struct sp_error *err)
{
	uint8_t reply[8 + 4 + 255];
	struct sp_command c = {.cdb = {0x46, 2}, /* that feature alone */
			       .cdb_size = 10,
			       .direction = SP_DATA_IN,
			       .data = reply,
			       .size = data ? sizeof(reply) : 8,
			       .timeout_ms = SP_MMC_TIMEOUT};

	put_be16(c.cdb + 2, (uint16_t)feature);
	put_be16(c.cdb + 7, (uint16_t)c.size);
	const int r = sp_mmc_execute(transport, "GET CONFIGURATION", &c, NULL, err);
	if (r < 0)
		return r;
	*profile = get_be16(reply + 6);
	if (!data)
		return 0;
	const bool there = c.done >= 12 && get_be16(reply + 8) == feature;
	const size_t length = there ? reply[11] : 0, room = c.done >= 12 ? c.done - 12 : 0;
	size_t n = length < room ? length : room;
	n = n < size ? n : size;
	memset(data, 0, size);
	memcpy(data, reply + 12, n);
	if (current)
		*current = there && (reply[10] & 1);
	return 0;
}

int sp_mmc_capacity(struct sp_transport *transport, uint64_t *blocks, uint32_t *size,
		    struct sp_error *err)
{
	uint8_t data[8];
	struct sp_command c = {.cdb = {0x25},
			       .cdb_size = 10,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = sizeof(data),
			       .timeout_ms = SP_MMC_TIMEOUT};
	const int r = sp_mmc_execute(transport, "READ CAPACITY", &c, NULL, err);

	if (r < 0)
		return r;
	if (c.done < sizeof(data))
		return sp_fail(err, SP_ERR_DEVICE, "%s: READ CAPACITY: an answer of %zu bytes",
			       transport->name, c.done);
	*blocks = (uint64_t)get_be32(data) + 1;
	*size = get_be32(data + 4);
	return 0;
}

#define MODE_HEADER 8
#define MODE_PAGE   256

int sp_mmc_mode_sense(struct sp_transport *transport, unsigned page, uint8_t *data, size_t size,
		      size_t *length, struct sp_error *err)
{
	uint8_t reply[MODE_HEADER + MODE_PAGE];
	struct sp_command c = {.cdb = {0x5a, 0x08, (uint8_t)(page & 0x3f)}, /* no descriptors */
			       .cdb_size = 10,
			       .direction = SP_DATA_IN,
			       .data = reply,
			       .size = sizeof(reply),
			       .timeout_ms = SP_MMC_TIMEOUT};

	put_be16(c.cdb + 7, sizeof(reply));
	const int r = sp_mmc_execute(transport, "MODE SENSE", &c, NULL, err);
	if (r < 0)
		return r;
	/* some give block descriptors though none were wanted */
	const size_t at = MODE_HEADER + (size_t)get_be16(reply + 6);
	if (!sp_range_ok(at, 2, c.done) || (reply[at] & 0x3f) != page)
		return sp_fail(err, SP_ERR_DEVICE, "%s: MODE SENSE: no page %02Xh in the answer",
			       transport->name, page);
	size_t n = 2u + reply[at + 1];
	if (n > c.done - at)
		n = c.done - at;
	*length = n < size ? n : size;
	memset(data, 0, size);
	memcpy(data, reply + at, *length);
	return 0;
}

int sp_mmc_mode_select(struct sp_transport *transport, const uint8_t *page, size_t size,
		       struct sp_error *err)
{
	uint8_t data[MODE_HEADER + MODE_PAGE] = {0};
	struct sp_command c = {.cdb = {0x55, 0x10},
			       .cdb_size = 10,
			       .direction = SP_DATA_OUT,
			       .data = data,
			       .size = MODE_HEADER + size,
			       .timeout_ms = SP_MMC_TIMEOUT};

	if (size < 2 || size > MODE_PAGE)
		return sp_fail(err, SP_ERR_USAGE, "a mode page of %zu bytes", size);
	memcpy(data + MODE_HEADER, page, size);
	data[MODE_HEADER] &= 0x3f;
	put_be16(c.cdb + 7, (uint16_t)c.size);
	return sp_mmc_execute(transport, "MODE SELECT", &c, NULL, err);
}

int sp_mmc_speed(struct sp_transport *transport, unsigned speed, struct sp_error *err)
{
	struct sp_command c = {.cdb = {0xbb}, .cdb_size = 12, .timeout_ms = SP_MMC_TIMEOUT};

	put_be16(c.cdb + 2, speed && speed < 0xffff ? (uint16_t)speed : 0xffff);
	put_be16(c.cdb + 4, 0xffff);
	return sp_mmc_execute(transport, "SET CD SPEED", &c, NULL, err);
}

void sp_mmc_speeds(struct sp_transport *transport, unsigned *most, unsigned *now)
{
	uint8_t page[32];
	size_t length;

	*most = *now = 0;
	if (sp_mmc_mode_sense(transport, 0x2a, page, sizeof(page), &length, NULL) || length < 16)
		return;
	*most = get_be16(page + 8);
	*now = get_be16(page + 14);
}
