/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own writer of CDs as a sink: session at once by a cue sheet with every kind of sector, or raw
 * with all of the sub-channel, for what libburn cannot write. */
#include "drive/recorder_own.h"

#include "disc/cdtext.h"

#include <stdlib.h>
#include <string.h>

static unsigned recorder_wants(struct sp_sink *sink, const struct sp_region *region)
{
	if (region->kind == SP_REGION_GAP || region->mode == SP_MODE_BLOCK512)
		return 0;
	return recorder_parts((const struct recorder *)sink, region->mode);
}

/* --- the sink ------------------------------------------------------------------------------ */

/* Calibrate where the drive knows that command: what is wrong is known before anything is lost. */
static int recorder_calibrate(struct recorder *r, struct sp_error *err)
{
	struct sp_error why = {0};

	if (r->burn.simulate || !sp_mmc_opc(r->drive.transport, &why) ||
	    why.sense_key == SP_SENSE_ILLEGAL)
		return 0;
	if (err)
		*err = why;
	return SP_ERR_DEVICE;
}

static int recorder_begin(struct sp_sink *sink, const struct sp_disc *disc,
			  struct sp_source *source, struct sp_error *err)
{
	struct recorder *r = (struct recorder *)sink;
	struct sp_transport *transport = r->drive.transport;
	struct sp_error why = {0};

	(void)source;
	r->source_disc = disc;
	r->began = true;
	r->locked = !sp_mmc_prevent(transport, true, NULL);
	if (sp_mmc_write_speed(transport, r->burn.speed, &why) < 0 && r->burn.speed)
		sp_note(r->burn.notes, "%s", why.text);
	const int rc = recorder_calibrate(r, err);
	return rc < 0 ? rc : recorder_session_begin(r, err);
}

/* EDC and parity of XA, 2336 bytes, are made anew by the drive, an EDC of form 2 that is not there
 * too: what they are not already is lost. */
static void recorder_count(struct recorder *r, const struct sp_span *span)
{
	const unsigned kept = SP_PART_SUBHEADER | SP_PART_USER;

	if (r->raw || !(span->parts & SP_PART_ECC) || !r->sink.losses)
		return;
	for (uint32_t i = 0; i < span->count; i++) {
		const uint8_t *data = span->data + i * span->stride;
		const unsigned mode =
			data[2] & SP_SUBMODE_FORM2 ? SP_MODE_XA_FORM2 : SP_MODE_XA_FORM1;
		const size_t edc = sp_sector_size(mode, kept);
		uint8_t made[SP_RAW_SIZE];

		if (span->state[i] & (SP_STATE_GENERATED | SP_STATE_UNREAD) ||
		    sp_sector_convert(NULL, mode, kept, kept | SP_PART_ECC, span->lba + i, 1, data,
				      made, NULL, NULL, NULL) < 0)
			continue;
		if (memcmp(made + edc, data + edc, 4) != 0)
			sp_losses_add(r->sink.losses, SP_LOSS_EDC, 1, span->lba + i);
		else if (memcmp(made, data, span->stride) != 0)
			sp_losses_add(r->sink.losses, SP_LOSS_PARITY, 1, span->lba + i);
	}
}

/* Sectors that come, those the source has not made anew. */
static int recorder_write_span(struct recorder *r, const struct sp_span *span, struct sp_error *err)
{
	const struct sp_region *region = sp_disc_region(r->disc, span->lba + r->shift);
	const struct sp_region *from = sp_disc_region(r->source_disc, span->lba);
	int rc = 0;

	if (!region || !from)
		return sp_fail(err, SP_ERR_USAGE, "LBA %lld is not on the disc",
			       (long long)span->lba);
	const bool made = !(from->parts & (SP_PART_PW | SP_PART_Q));
	for (uint32_t i = 0; i < span->count && !rc;) {
		size_t have = 0, size = 0;
		uint32_t count = 0;

		while (i < span->count && have + RECORDER_BLOCK <= r->room) {
			uint8_t *block = r->buffer + have;
			const sp_lba lba = span->lba + r->shift + i;

			if (!(span->state[i] & SP_STATE_GENERATED))
				memcpy(block, span->data + i * span->stride, span->stride);
			else if (!recorder_empty(r->disc, region, span->parts, lba, block))
				return sp_fail(err, SP_ERR_UNSUPPORTED,
					       "no sector of mode %s can be made for LBA %lld",
					       sp_mode_name(region->mode), (long long)lba);
			size = recorder_block(r, region, made, lba, block);
			have += size;
			count++;
			i++;
		}
		rc = recorder_send(r, r->buffer, count, size, err);
	}
	return rc;
}

static int recorder_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct recorder *r = (struct recorder *)sink;
	const sp_lba lba = span->lba + r->shift;
	int rc = 0;

	recorder_count(r, span);
	if (sink->dry)
		return 0;
	while (!rc && lba >= r->disc->session[r->session].lead_out) {
		if (r->session + 1 == r->disc->sessions)
			return sp_fail(err, SP_ERR_USAGE, "LBA %lld is beyond the disc",
				       (long long)span->lba);
		rc = recorder_session_end(r, err);
		if (rc < 0)
			return rc;
		r->session++;
		rc = recorder_session_begin(r, err);
	}
	if (!rc)
		rc = recorder_fill(r, lba, err);
	if (!rc && lba != r->next)
		rc = sp_fail(err, SP_ERR_USAGE, "LBA %lld comes after LBA %lld", (long long)lba,
			     (long long)r->next);
	return rc < 0 ? rc : recorder_write_span(r, span, err);
}

static int recorder_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct recorder *r = (struct recorder *)sink;

	(void)disc;
	const int rc = recorder_session_end(r, err);
	if (rc < 0)
		return rc;
	r->done = true;
	return 0;
}

/* It was stopped, or failed: what can be closed is, and how the disc is then is told. */
static void recorder_abort(struct recorder *r)
{
	struct sp_transport *transport = r->drive.transport;
	struct sp_disc_info info;

	if (r->open)
		sp_mmc_sync(transport, NULL, NULL);
	if (r->open && r->wrote)
		sp_mmc_close(transport, SP_CLOSE_SESSION, 0, NULL, NULL);
	if (sp_mmc_disc_info(transport, &info, NULL) < 0)
		sp_note(r->burn.notes, "%s: what became of the disc, the drive does not say",
			transport->name);
	else if (!info.status)
		sp_note(r->burn.notes, "%s: the disc is as blank as before", transport->name);
	else if (info.session_status == 0 || info.session_status == 3)
		sp_note(r->burn.notes, "%s: what there is on the disc is closed, up to LBA %lld",
			transport->name, (long long)r->next);
	else
		sp_note(r->burn.notes,
			"%s: writing ended at LBA %lld; session %u has no end, and drives may "
			"not read what is in it",
			transport->name, (long long)r->next, recorder_session_number(r));
}

static void recorder_close(struct sp_sink *sink)
{
	struct recorder *r = (struct recorder *)sink;

	if (r->began && !r->done)
		recorder_abort(r);
	if (r->locked)
		sp_mmc_prevent(r->drive.transport, false, NULL);
	/* the page is not the medium's but the drive's: as it was found */
	if (r->began)
		sp_mmc_mode_select(r->drive.transport, r->drive.page, r->drive.page_size, NULL);
	sp_disc_free(r->disc);
	free(r->symbols);
	free(r->buffer);
	free(r);
}

/* --- opening ------------------------------------------------------------------------------- */

static bool recorder_has_sub(const struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->regions; i++)
		if (disc->region[i].stored && disc->region[i].kind != SP_REGION_GAP &&
		    disc->region[i].parts & (SP_PART_PW | SP_PART_Q))
			return true;
	return false;
}

/* Can all sessions be said by cue sheets? */
static int recorder_cues(const struct recorder *r, struct sp_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < r->disc->sessions && !rc; i++) {
		uint8_t *sheet;
		size_t size;

		rc = recorder_cue(&sheet, &size, r->disc, i, r->symbols != NULL, NULL, err);
		if (rc < 0)
			break;
		free(sheet);
		if (r->drive.cue_most && size > r->drive.cue_most)
			rc = sp_fail(err, SP_ERR_UNSUPPORTED,
				     "%s: a cue sheet of %zu bytes, and the drive takes %u",
				     r->drive.transport->name, size, (unsigned)r->drive.cue_most);
	}
	return rc;
}

/* Session at once, or raw: what is asked for, or what keeps everything; else the reason. */
static int recorder_choose(struct recorder *r, const struct sp_disc *disc, struct sp_error *err)
{
	const bool sub = recorder_has_sub(disc);
	const bool several = r->disc->sessions > 1 || r->drive.place.sessions;
	const unsigned asked = r->burn.mode;
	struct sp_error why = {0};

	if (asked == SP_BURN_TAO)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "track at once is not for this kind of disc");
	if (asked == SP_BURN_SAO || (asked == SP_BURN_AUTO && !sub)) {
		if (!r->drive.sao)
			sp_fail(&why, SP_ERR_UNSUPPORTED,
				"%s: this drive does not write session at once",
				r->drive.transport->name);
		else if (!recorder_cues(r, &why))
			return 0;
		if (asked == SP_BURN_SAO) {
			if (err)
				*err = why;
			return why.status;
		}
	}
	r->raw = true;
	if (asked == SP_BURN_RAW && (!r->drive.raw || several))
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       r->drive.raw ? "a disc of several sessions is not written raw"
					    : "this drive does not write raw");
	if (!r->drive.raw || several)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%.150s%s%s",
			       why.text[0] ? why.text
			       : sub       ? "the sub-channel it has"
					   : "this",
			       why.text[0] ? "; and raw, " : " can be written raw alone, and ",
			       !r->drive.raw ? "this drive does not"
					     : "a disc of several sessions is not");
	if (r->drive.raw_block != RECORDER_RAW_PW && (sub || r->symbols))
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: this drive writes raw with P and Q alone, and the disc has %s",
			       r->drive.transport->name,
			       sub ? "more of the sub-channel" : "CD-Text");
	return 0;
}

static int recorder_prepare(struct recorder *r, const struct sp_disc *disc, struct sp_error *err)
{
	uint8_t *packs = NULL;
	size_t size = 0;
	int rc = recorder_look(&r->drive, r->drive.transport, r->burn.multi, err);

	if (rc < 0 || (rc = recorder_layout(&r->disc, disc, &r->drive.place, err)) < 0)
		return rc;
	const struct sp_session *last = &r->disc->session[r->disc->sessions - 1];
	r->shift = r->disc->track[0].start - disc->track[0].start;
	if (last->lead_out > r->drive.capacity && !r->burn.overburn)
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: the disc needs %lld sectors, and the %s holds %lld",
			       r->drive.transport->name, (long long)last->lead_out,
			       sp_profile_name(r->drive.profile), (long long)r->drive.capacity);
	if (r->burn.simulate && !r->drive.test)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: this drive cannot write without the laser",
			       r->drive.transport->name);
	if ((rc = sp_cdtext_packs(disc, SP_CDTEXT_WHOLE, &packs, &size, NULL, err)) < 0)
		return rc;
	if (size && r->drive.place.sessions) {
		if (!r->burn.lossy)
			rc = sp_fail(err, SP_ERR_LOSSY,
				     "CD-Text is in the lead-in of a disc's first session, which "
				     "is written; --lossy burns without");
	} else if (size) {
		r->symbols_size = size / SP_PACK_SIZE * 24;
		r->symbols = malloc(r->symbols_size);
		if (r->symbols)
			recorder_symbols(packs, size / SP_PACK_SIZE, r->symbols);
		else
			rc = sp_fail_memory(err);
	}
	free(packs);
	return rc;
}

int sp_recorder_open(struct sp_sink **out, struct sp_transport *transport,
		     const struct sp_disc *disc, const struct sp_burn *burn, struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = recorder_wants,
					       .begin = recorder_begin,
					       .write = recorder_write,
					       .finish = recorder_finish,
					       .close = recorder_close};
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r)
		return sp_fail_memory(err);
	r->burn = *burn;
	r->drive.transport = transport;
	r->room = transport->max_transfer < 65536 ? transport->max_transfer : 65536;
	r->buffer = r->room >= RECORDER_BLOCK ? malloc(r->room) : NULL;
	int rc = r->buffer ? recorder_prepare(r, disc, err)
		 : r->room < RECORDER_BLOCK
			 ? sp_fail(err, SP_ERR_DEVICE, "%s: less than a sector in one command",
				   transport->name)
			 : sp_fail_memory(err);
	if (!rc)
		rc = recorder_choose(r, disc, err);
	if (rc < 0) {
		recorder_close(&r->sink);
		return rc;
	}
	if (r->raw) {
		recorder_lead_in(&r->lead_in, r->disc);
		r->lead_in.symbols = r->symbols;
		r->lead_in.symbols_size = r->symbols_size;
	}
	for (size_t i = 0; i < r->disc->sessions; i++)
		r->program_total += (uint64_t)(r->disc->session[i].lead_out -
					       recorder_session_first(&r->drive.place, r->disc, i));
	r->sink = (struct sp_sink){.ops = &ops,
				   .flags = SP_SINK_PACKS | SP_SINK_FORWARDS,
				   .carries = SP_CARRY_ALL &
					      ~(r->raw ? 0 : SP_CARRY(SP_LOSS_SUBCHANNEL)),
				   .msf_end = SP_LBA_MSF_END};
	*out = &r->sink;
	return 0;
}

void sp_recorder_plan(const struct sp_sink *sink, unsigned *mode, uint64_t *sectors, uint64_t *room)
{
	const struct recorder *r = (const struct recorder *)sink;

	*mode = r->raw ? SP_BURN_RAW : SP_BURN_SAO;
	*sectors = r->program_total;
	*room = (uint64_t)(r->drive.capacity - r->drive.place.first);
}

uint64_t sp_recorder_sent(const struct sp_sink *sink)
{
	return ((const struct recorder *)sink)->program;
}
