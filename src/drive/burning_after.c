/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of a medium: its state as the drive has it, and what a failed burn left open closed.
 */
#include "drive/burning.h"
#include "drive/mmc_write.h"
#include "drive/sgio.h"

#define TRACKS_OPEN 2 /* tracks at the end that may be without sectors */

enum session_status { SESSION_INCOMPLETE = 1, SESSION_DAMAGED, SESSION_COMPLETE };

unsigned sp_burning_closed(const struct sp_disc_info *info)
{
	return info->session_status == SESSION_COMPLETE || !info->sessions ? info->sessions
									   : info->sessions - 1;
}

static int after_ask(struct sp_burning *b, struct sp_disc_info *info)
{
	int r = 0;

	if (!b->transport)
		r = sp_sgio_open(&b->transport, b->burn.drive, SP_SGIO_EXCLUSIVE, NULL);
	if (!r)
		r = sp_burning_ready(b->transport, NULL);
	return r ? r : sp_mmc_disc_info(b->transport, info, NULL);
}

static void after_watch(void *user, int part)
{
	const struct sp_burning *b = user;
	const struct sp_burn_progress p = {.phase = "closing",
					   .done = part < 0 ? 0 : (uint64_t)part,
					   .total = part < 0 ? 0 : 65536,
					   .buffer = 101};

	if (b->burn.progress) /* what is being closed cannot be stopped */
		b->burn.progress(b->burn.user, &p);
}

/* The last track of the last session that was written to; 0: none. What follows it there is not yet
 * one. */
static unsigned after_track(struct sp_burning *b, const struct sp_disc_info *info)
{
	struct sp_track_info track;

	for (unsigned i = info->last_last;
	     i && i >= info->last_first && i + TRACKS_OPEN >= info->last_last; i--)
		if (!sp_mmc_track_info(b->transport, false, i, &track, NULL) && !track.blank)
			return i;
	return 0;
}

/* Close the session that was left open, so that drives read what is in it. libburn leaves DVD+R and
 * BD-R as they are when a WRITE fails. */
static void after_close(struct sp_burning *b, const struct sp_disc_info *info)
{
	const struct sp_mmc_watch watch = {after_watch, b};
	struct sp_error why;

	sp_mmc_sync(b->transport, &watch, NULL);
	const unsigned track = b->report.target.medium == SP_MEDIUM_CD ? 0 : after_track(b, info);
	int r = track ? sp_mmc_close(b->transport, SP_CLOSE_TRACK, track, &watch, &why) : 0;
	if (!r)
		r = sp_mmc_close(b->transport, SP_CLOSE_SESSION, 0, &watch, &why);
	if (r < 0)
		sp_note(b->burn.notes, "%s: what was written cannot be closed: %s", b->burn.drive,
			why.text);
}

bool sp_burning_after(struct sp_burning *b, bool failed)
{
	const struct sp_burn_target *before = &b->report.target;
	struct sp_disc_info info;

	b->report.state = SP_DISC_STATES;
	if (after_ask(b, &info) < 0)
		return false;
	if (failed && before->state != SP_DISC_RANDOM && !b->burn.simulate && b->report.sectors &&
	    info.session_status == SESSION_INCOMPLETE) {
		after_close(b, &info);
		if (after_ask(b, &info) < 0)
			return false;
	}
	const bool ended =
		info.session_status != SESSION_INCOMPLETE && info.session_status != SESSION_DAMAGED;
	const unsigned closed = sp_burning_closed(&info);
	b->report.state = before->state == SP_DISC_RANDOM ? SP_DISC_RANDOM
			  : info.status == 0              ? SP_DISC_BLANK
			  : info.status == 1              ? SP_DISC_APPENDABLE
							  : SP_DISC_COMPLETE;
	if (b->burn.simulate)
		b->report.written = SP_WRITTEN_TEST;
	else if (!failed)
		b->report.written = SP_WRITTEN_WHOLE;
	else if (before->state == SP_DISC_RANDOM)
		b->report.written = b->report.sectors ? SP_WRITTEN_DAMAGED : SP_WRITTEN_NOT;
	else if (b->report.state == SP_DISC_BLANK || (ended && closed <= before->closed))
		b->report.written = SP_WRITTEN_NOT;
	else
		b->report.written = ended ? SP_WRITTEN_PART : SP_WRITTEN_DAMAGED;
	return before->state == SP_DISC_RANDOM || ended;
}

int sp_burning_recover(struct sp_burning *b, const struct sp_burn_target *before,
		       struct sp_error *err)
{
	sp_mmc_prevent(b->transport, false, NULL);
	b->report.target = *before;
	b->report.sectors = 1; /* how many it were nobody knows */
	sp_burning_after(b, true);
	b->report.sectors = 0;
	return b->report.state == SP_DISC_STATES
		       ? sp_fail(err, SP_ERR_DEVICE,
				 "%s: what became of the disc, the drive does not say",
				 b->burn.drive)
		       : 0;
}
