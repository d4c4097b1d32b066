/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A drive in hand: opening, its state, its settings, which are put back in the end. */
#include "drive/reader_own.h"

#include <stdlib.h>
#include <string.h>

#define TYPE_OPTICAL  5 /* peripheral device type, MMC */
#define READY_WAIT    500
#define READY_WAITS   120
#define ATTENTIONS    8 /* unit attentions in a row that are taken for what they are */
#define PAGE_RECOVERY 0x01

int reader_room(struct sp_reader *reader, size_t size, struct sp_error *err)
{
	if (size <= reader->bounce_size)
		return 0;
	uint8_t *grown = realloc(reader->bounce, size);
	if (!grown)
		return sp_fail_memory(err);
	reader->bounce = grown;
	reader->bounce_size = size;
	return 0;
}

int sp_reader_open(struct sp_reader **out, struct sp_transport *transport,
		   const struct sp_notes *notes, struct sp_error *err)
{
	unsigned type;
	struct sp_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return sp_fail_memory(err);
	reader->transport = transport;
	if (notes)
		reader->notes = *notes;
	int r = sp_mmc_inquiry(transport, &reader->identity, &type, err);
	if (!r && type != TYPE_OPTICAL)
		r = sp_fail(err, SP_ERR_DEVICE, "%s: is no optical drive (device type %u)",
			    transport->name, type);
	if (r < 0) {
		free(reader);
		return r;
	}
	sp_mmc_serial(transport, reader->identity.serial);
	*out = reader;
	return 0;
}

static void reader_forget(struct sp_reader *reader)
{
	sp_disc_free(reader->disc);
	free(reader->disc_identity);
	reader->disc = NULL;
	reader->disc_identity = NULL;
	reader->profile = reader->protection = reader->data_type = reader->edges = 0;
	reader->able = (struct sp_drive_abilities){.probed = false};
}

void sp_reader_close(struct sp_reader *reader)
{
	if (!reader)
		return;
	if (reader->recovery_set)
		sp_mmc_mode_select(reader->transport, reader->found, reader->recovery_size, NULL);
	if (reader->speed_set)
		sp_mmc_speed(reader->transport, 0, NULL);
	if (reader->locked)
		sp_mmc_prevent(reader->transport, false, NULL);
	reader_forget(reader);
	free(reader->bounce);
	reader->transport->ops->close(reader->transport);
	free(reader);
}

const char *sp_reader_name(const struct sp_reader *reader)
{
	return reader->transport->name;
}

const struct sp_drive_identity *sp_reader_identity(const struct sp_reader *reader)
{
	return &reader->identity;
}

struct sp_transport *sp_reader_transport(struct sp_reader *reader)
{
	return reader->transport;
}

const struct sp_disc *sp_reader_disc(const struct sp_reader *reader)
{
	return reader->disc;
}

int sp_reader_code(struct sp_reader *reader, unsigned track, char text[14], struct sp_error *err)
{
	return sp_mmc_code(reader->transport, track, text, err);
}

unsigned sp_reader_profile(const struct sp_reader *reader)
{
	return reader->profile;
}

unsigned sp_reader_protection(const struct sp_reader *reader)
{
	return reader->protection;
}

const char *sp_reader_disc_identity(const struct sp_reader *reader)
{
	return reader->disc_identity;
}

const struct sp_drive_abilities *sp_reader_abilities(const struct sp_reader *reader)
{
	return &reader->able;
}

int sp_reader_offset(const struct sp_reader *reader)
{
	return reader->offset;
}

void sp_reader_wait(struct sp_reader *reader, unsigned ms)
{
	if (reader->transport->ops->wait)
		reader->transport->ops->wait(reader->transport, ms);
}

/* What TEST UNIT READY's answer says, attentions passed over. */
static int reader_ask(struct sp_reader *reader, unsigned *state, struct sp_error *err)
{
	struct sp_answer answer = {.host = SP_HOST_OK};
	int r = 0;

	for (unsigned i = 0; i < ATTENTIONS; i++) {
		r = sp_mmc_ready(reader->transport, &answer, err);
		if (!r || answer.host != SP_HOST_OK || answer.sense.key != SP_SENSE_ATTENTION)
			break;
	}
	if (!r) {
		*state = SP_DRIVE_READY;
		return 0;
	}
	if (answer.host == SP_HOST_RESET ||
	    (answer.host == SP_HOST_OK && answer.status != SP_SCSI_CHECK_CONDITION)) {
		*state = SP_DRIVE_BUSY;
		return 0;
	}
	if (answer.host != SP_HOST_OK)
		return r;
	const struct sp_sense *s = &answer.sense;
	if (s->key == SP_SENSE_NOT_READY && s->asc == 0x3a)
		*state = s->ascq == 2 ? SP_DRIVE_OPEN : SP_DRIVE_EMPTY;
	else if ((s->key == SP_SENSE_NOT_READY && s->asc == 0x04) || s->key == SP_SENSE_ATTENTION)
		*state = SP_DRIVE_BUSY;
	else
		*state = SP_DRIVE_UNREADABLE;
	return 0;
}

int sp_reader_state(struct sp_reader *reader, unsigned *state, struct sp_error *err)
{
	return reader_ask(reader, state, err);
}

int sp_reader_lock(struct sp_reader *reader, bool locked, struct sp_error *err)
{
	struct sp_error own;
	const int r = sp_mmc_prevent(reader->transport, locked, &own);

	if (!r) {
		reader->locked = locked;
		return 0;
	}
	(void)err;
	if (!(reader->told & READER_TOLD_LOCK))
		sp_note(&reader->notes, "the tray cannot be locked: %s", own.text);
	reader->told |= READER_TOLD_LOCK;
	return 0;
}

int sp_reader_eject(struct sp_reader *reader, struct sp_error *err)
{
	if (reader->locked)
		sp_reader_lock(reader, false, err);
	return sp_mmc_start(reader->transport, SP_START_EJECT, err);
}

static int reader_ready(struct sp_reader *reader, struct sp_error *err)
{
	const char *name = reader->transport->name;
	unsigned state = SP_DRIVE_BUSY;

	for (unsigned i = 0; i < READY_WAITS; i++) {
		const int r = reader_ask(reader, &state, err);
		if (r < 0 || state != SP_DRIVE_BUSY)
			break;
		sp_reader_wait(reader, READY_WAIT);
	}
	switch (state) {
	case SP_DRIVE_READY:
		return 0;
	case SP_DRIVE_EMPTY:
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: no disc in the drive; put one in and try "
			       "again",
			       name);
	case SP_DRIVE_OPEN:
		return sp_fail(err, SP_ERR_DEVICE, "%s: the tray is open; close it and try again",
			       name);
	case SP_DRIVE_UNREADABLE:
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: the drive cannot make out the disc; clean it, or try another "
			       "drive",
			       name);
	default:
		return sp_fail(err, SP_ERR_DEVICE, "%s: the drive does not become ready", name);
	}
}

int sp_reader_load(struct sp_reader *reader, struct sp_error *err)
{
	reader_forget(reader);
	const int r = reader_ready(reader, err);
	return r < 0 ? r : reader_disc_load(reader, err);
}

int sp_reader_set_offset(struct sp_reader *reader, int samples, struct sp_error *err)
{
	if (samples < -READER_OFFSET || samples > READER_OFFSET)
		return sp_fail(err, SP_ERR_USAGE, "a read offset of %d samples: at most %d",
			       samples, READER_OFFSET);
	reader->offset = samples;
	return 0;
}

static int reader_refused(struct sp_reader *reader, unsigned what, const char *said,
			  const struct sp_error *own)
{
	if (!(reader->told & what))
		sp_note(&reader->notes, "%s: %s", said, own->text);
	reader->told |= what;
	return 0;
}

int sp_reader_set_speed(struct sp_reader *reader, unsigned speed, struct sp_error *err)
{
	struct sp_error own;

	(void)err;
	if (sp_mmc_speed(reader->transport, speed, &own) < 0)
		return reader_refused(reader, READER_TOLD_SPEED, "the speed stays as it is", &own);
	reader->speed_set = speed != 0;
	return 0;
}

int sp_reader_set_recovery(struct sp_reader *reader, int retries, bool transfer,
			   struct sp_error *err)
{
	static const char said[] = "the drive's error recovery stays as it is";
	struct sp_error own;
	uint8_t page[sizeof(reader->found)];
	int r = 0;

	(void)err;
	if (!reader->recovery_size)
		r = sp_mmc_mode_sense(reader->transport, PAGE_RECOVERY, reader->found,
				      sizeof(reader->found), &reader->recovery_size, &own);
	if (r < 0 || reader->recovery_size < 8) {
		reader->recovery_size = 0;
		if (!r)
			sp_fail(&own, SP_ERR_DEVICE, "%s: mode page 01h is too short",
				reader->transport->name);
		return reader_refused(reader, READER_TOLD_RECOVERY, said, &own);
	}
	memcpy(page, reader->found, sizeof(page));
	if (transfer)
		page[2] |= READER_TB;
	if (retries >= 0)
		page[3] = (uint8_t)(retries < 255 ? retries : 255);
	if (reader->recovery_set ? !memcmp(page, reader->recovery, sizeof(page))
				 : !memcmp(page, reader->found, sizeof(page)))
		return 0;
	if (sp_mmc_mode_select(reader->transport, page, reader->recovery_size, &own) < 0)
		return reader_refused(reader, READER_TOLD_RECOVERY, said, &own);
	memcpy(reader->recovery, page, sizeof(page));
	reader->recovery_set = true;
	return 0;
}
