/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One session of a CD: its cue sheet or its raw lead-in, sectors that come and those that do not,
 * and its end. */
#include "drive/recorder_own.h"

#include <stdlib.h>
#include <string.h>

#define LEAD_OUT_SECTORS 6750 /* 1:30, Orange Book */
#define TEXT_BLOCKS      300  /* of the lead-in in one WRITE */
#define REPORT_MS        200

static const char *recorder_name(const struct recorder *r)
{
	return r->drive.transport->name;
}

unsigned recorder_session_number(const struct recorder *r)
{
	return r->drive.place.sessions + r->disc->session[r->session].number;
}

unsigned recorder_parts(const struct recorder *r, unsigned mode)
{
	if (r->raw)
		return SP_PART_MAIN | SP_PART_PW;
	switch (mode) {
	case SP_MODE_XA:
	case SP_MODE_XA_FORM1:
	case SP_MODE_XA_FORM2:
		return SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC;
	default:
		return SP_PART_USER;
	}
}

/* --- progress ------------------------------------------------------------------------------ */

int recorder_tell(struct recorder *r, bool always, struct sp_error *err)
{
	struct sp_burn_progress progress = {.phase = r->phase, .done = r->sent, .total = r->total};
	uint32_t size, room;
	struct timespec now;

	if (!r->burn.progress)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	const int64_t ms = (int64_t)(now.tv_sec - r->report.tv_sec) * 1000 +
			   (now.tv_nsec - r->report.tv_nsec) / 1000000;
	if (!always && ms < REPORT_MS)
		return 0;
	r->report = now;
	progress.bytes = r->program * SP_RAW_SIZE;
	const struct sp_region *region = sp_disc_region(r->disc, r->next);
	progress.track = region ? region->track : 0;
	progress.buffer = progress.fifo = 101;
	if (r->open && !r->told_buffer) {
		r->told_buffer = sp_mmc_buffer(r->drive.transport, &size, &room, NULL) < 0;
		if (!r->told_buffer && size && room <= size)
			progress.buffer = (unsigned)((uint64_t)(size - room) * 100 / size);
	}
	if (r->burn.progress(r->burn.user, &progress))
		return sp_fail(err, SP_ERR_CANCELLED, "%s: stopped", recorder_name(r));
	return 0;
}

static void recorder_phase(struct recorder *r, const char *phase, uint64_t done, uint64_t total)
{
	r->phase = phase;
	r->sent = done;
	r->total = total;
}

static void recorder_watch(void *user, int part)
{
	struct recorder *r = user;

	/* what is being closed cannot be stopped */
	recorder_phase(r, "closing", part < 0 ? 0 : (uint64_t)part, part < 0 ? 0 : 65536);
	recorder_tell(r, true, NULL);
}

/* --- sending ------------------------------------------------------------------------------- */

int recorder_send(struct recorder *r, const uint8_t *data, uint32_t count, size_t size,
		  struct sp_error *err)
{
	const size_t most = r->room / size;
	struct sp_answer answer;

	while (count) {
		const uint32_t n = count < most ? count : (uint32_t)most;
		int rc = recorder_tell(r, false, err);

		if (rc < 0)
			return rc;
		r->wrote = true;
		rc = sp_mmc_write(r->drive.transport, r->next, n, data, n * size, &answer, err);
		if (rc < 0) {
			const sp_lba bad = answer.sense.lba;

			if (bad != SP_LBA_NONE && bad > r->next && bad < r->next + (sp_lba)n)
				r->next = bad;
			return rc;
		}
		data += n * size;
		count -= n;
		r->next += n;
		r->sent += n;
		if (r->next > -SP_MSF_OFFSET && r->next <= r->disc->session[r->session].lead_out)
			r->program += n;
	}
	return 0;
}

/* Of a raw block what the drive takes of its sub-channel; bytes. */
static size_t recorder_pack(const struct recorder *r, uint8_t *block)
{
	uint8_t q[SP_Q_SIZE];

	if (r->drive.raw_block == RECORDER_RAW_PW)
		return RECORDER_BLOCK;
	if (sp_sector_convert(NULL, SP_MODE_AUDIO, SP_PART_PW, SP_PART_Q, 0, 1, block + SP_RAW_SIZE,
			      q, NULL, NULL, NULL) < 0)
		memset(q, 0, sizeof(q));
	memcpy(block + SP_RAW_SIZE, q, sizeof(q));
	return SP_RAW_SIZE + SP_Q_SIZE;
}

size_t recorder_block(const struct recorder *r, const struct sp_region *region, bool made,
		      sp_lba lba, uint8_t *block)
{
	if (!r->raw)
		return sp_sector_size(region->mode, recorder_parts(r, region->mode));
	recorder_program_block(r->disc, region, made, lba, block);
	return recorder_pack(r, block);
}

int recorder_fill(struct recorder *r, sp_lba end, struct sp_error *err)
{
	int rc = 0;

	while (r->next < end && !rc) {
		const struct sp_region *region = sp_disc_region(r->disc, r->next);
		size_t size = 0, have = 0;
		uint32_t count = 0;

		if (!region)
			return sp_fail(err, SP_ERR_USAGE, "LBA %lld is not on the disc",
				       (long long)r->next);
		const unsigned parts = recorder_parts(r, region->mode);
		const sp_lba stop = region->lba + (sp_lba)region->count;
		while (r->next + count < end && r->next + count < stop &&
		       have + RECORDER_BLOCK <= r->room) {
			uint8_t *block = r->buffer + have;

			if (!recorder_empty(r->disc, region, parts, r->next + count, block))
				return sp_fail(err, SP_ERR_UNSUPPORTED,
					       "no sector of mode %s can be made for LBA %lld",
					       sp_mode_name(region->mode),
					       (long long)(r->next + count));
			size = recorder_block(r, region, true, r->next + count, block);
			have += size;
			count++;
		}
		rc = recorder_send(r, r->buffer, count, size, err);
	}
	return rc;
}

/* --- a session ----------------------------------------------------------------------------- */

/* CD-Text before the program: blocks of 96 symbols, over and over. */
static int recorder_write_text(struct recorder *r, struct sp_error *err)
{
	size_t at = 0;
	int rc = 0;

	r->next = r->drive.lead_in;
	recorder_phase(r, "lead-in", 0, (uint64_t)(-SP_MSF_OFFSET - r->next));
	while (r->next < -SP_MSF_OFFSET && !rc) {
		uint32_t count = TEXT_BLOCKS;

		if (count > r->room / SP_SUB_SIZE)
			count = (uint32_t)(r->room / SP_SUB_SIZE);
		if (count > (uint64_t)(-SP_MSF_OFFSET - r->next))
			count = (uint32_t)(-SP_MSF_OFFSET - r->next);
		for (size_t i = 0; i < (size_t)count * SP_SUB_SIZE; i++) {
			r->buffer[i] = r->symbols[at];
			at = at + 1 < r->symbols_size ? at + 1 : 0;
		}
		rc = recorder_send(r, r->buffer, count, SP_SUB_SIZE, err);
	}
	return rc;
}

static int recorder_write_lead_in(struct recorder *r, struct sp_error *err)
{
	size_t n = 0;
	int rc = 0;

	r->next = r->drive.lead_in;
	recorder_phase(r, "lead-in", 0, (uint64_t)(-SP_MSF_OFFSET - r->next));
	while (r->next < -SP_MSF_OFFSET && !rc) {
		size_t have = 0, size = 0;
		uint32_t count = 0;

		while (r->next + count < -SP_MSF_OFFSET && have + RECORDER_BLOCK <= r->room) {
			if (!recorder_lead_in_block(&r->lead_in, n++, r->next + count,
						    r->buffer + have))
				return sp_fail(err, SP_ERR_DEVICE,
					       "%s: a lead-in that begins at LBA %lld",
					       recorder_name(r), (long long)r->drive.lead_in);
			size = recorder_pack(r, r->buffer + have);
			have += size;
			count++;
		}
		rc = recorder_send(r, r->buffer, count, size, err);
	}
	return rc;
}

static int recorder_write_lead_out(struct recorder *r, struct sp_error *err)
{
	const sp_lba end = r->next + LEAD_OUT_SECTORS;
	int rc = 0;

	recorder_phase(r, "closing", 0, LEAD_OUT_SECTORS);
	while (r->next < end && !rc) {
		size_t have = 0, size = 0;
		uint32_t count = 0;

		while (r->next + count < end && have + RECORDER_BLOCK <= r->room) {
			if (!recorder_lead_out_block(r->disc, r->next + count, r->buffer + have))
				return sp_fail(err, SP_ERR_UNSUPPORTED,
					       "a lead-out beyond 99:59:74");
			size = recorder_pack(r, r->buffer + have);
			have += size;
			count++;
		}
		rc = recorder_send(r, r->buffer, count, size, err);
	}
	return rc;
}

/* The cue sheet; where there is CD-Text first with the address of the lead-in, then without, as
 * drives differ in what they want (MMC-6 6.35.4.2 leaves it open). */
static int recorder_send_cue(struct recorder *r, bool text, struct sp_error *err)
{
	struct sp_transport *transport = r->drive.transport;
	struct sp_answer answer = {0};
	struct sp_msf begin;
	int rc = -1;

	for (unsigned placed = text ? 1 : 0;; placed--) {
		uint8_t *sheet;
		size_t size;

		if (placed && !sp_lba_to_msf(r->drive.lead_in, &begin))
			continue;
		rc = recorder_cue(&sheet, &size, r->disc, r->session, text, placed ? &begin : NULL,
				  err);
		if (rc < 0)
			return rc;
		rc = sp_mmc_cue_sheet(transport, sheet, size, &answer, err);
		free(sheet);
		if (rc >= 0 || !placed)
			break;
	}
	if (rc < 0 && text && answer.sense.key == SP_SENSE_ILLEGAL)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: this drive takes no cue sheet with CD-Text (05/%02x/%02x)",
			       recorder_name(r), answer.sense.asc, answer.sense.ascq);
	return rc;
}

int recorder_session_begin(struct recorder *r, struct sp_error *err)
{
	const struct recorder_way way = {.raw = r->raw,
					 .test = r->burn.simulate,
					 .open = r->burn.multi ||
						 r->session + 1 < r->disc->sessions,
					 .session = r->disc->session[r->session].type};
	const bool text = !r->raw && r->symbols && !r->session;
	int rc = recorder_select(&r->drive, &way, err);

	if (!rc && !r->raw)
		rc = recorder_send_cue(r, text, err);
	if (rc < 0)
		return rc;
	r->open = true;
	if (r->raw)
		rc = recorder_write_lead_in(r, err);
	else if (text)
		rc = recorder_write_text(r, err);
	r->next = rc < 0 ? r->next : recorder_session_first(&r->drive.place, r->disc, r->session);
	recorder_phase(r, "writing", r->program, r->program_total);
	return rc;
}

/* Is the disc what it should be now? */
static int recorder_session_check(struct recorder *r, struct sp_error *err)
{
	const bool last = r->session + 1 == r->disc->sessions;
	const bool open = !last || r->burn.multi;
	struct sp_disc_info info;
	struct sp_track_info track;

	if (r->burn.simulate)
		return 0;
	int rc = sp_mmc_disc_info(r->drive.transport, &info, err);
	if (rc < 0)
		return rc;
	if (info.status != (open ? 1u : 2u) || info.session_status != (open ? 0u : 3u))
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: all of session %u was written, and the drive does not say "
			       "that it is closed",
			       recorder_name(r), recorder_session_number(r));
	if (last)
		return 0;
	/* the next session is where it was said to be, or not at all */
	const sp_lba want =
		recorder_session_first(&r->drive.place, r->disc, r->session + 1) + SP_MSF_OFFSET;
	rc = sp_mmc_track_info(r->drive.transport, false, 0xff, &track, err);
	if (!rc && track.next != want)
		rc = sp_fail(err, SP_ERR_DEVICE,
			     "%s: this drive begins session %u at LBA %lld and not at %lld; "
			     "what was written is closed, the rest was not begun",
			     recorder_name(r), recorder_session_number(r) + 1,
			     (long long)track.next, (long long)want);
	return rc;
}

int recorder_session_end(struct recorder *r, struct sp_error *err)
{
	const struct sp_mmc_watch watch = {recorder_watch, r};
	int rc = recorder_fill(r, r->disc->session[r->session].lead_out, err);

	if (!rc && r->raw)
		rc = recorder_write_lead_out(r, err);
	if (!rc)
		rc = sp_mmc_sync(r->drive.transport, &watch, err);
	if (rc < 0)
		return rc;
	r->open = false;
	return recorder_session_check(r, err);
}
