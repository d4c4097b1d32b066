/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The medium of an opened burning becomes blank, or is formatted. */
#include "drive/burning.h"
#include "drive/recorder.h"

struct blank_watch {
	const struct sp_burn *burn;
	const char *phase;
};

static void blank_watched(void *user, int done)
{
	const struct blank_watch *watch = user;
	const struct sp_burn_progress progress = {.phase = watch->phase,
						  .done = done < 0 ? 0 : (uint64_t)done,
						  .total = 65536,
						  .buffer = 101,
						  .fifo = 101};

	/* nothing stops a drive that blanks */
	if (watch->burn->progress)
		watch->burn->progress(watch->burn->user, &progress);
}

int sp_burning_blank(struct sp_burning *b, unsigned how, struct sp_error *err)
{
	struct blank_watch user = {&b->burn, how == SP_BLANK_FORMAT ? "formatting" : "blanking"};
	const struct sp_mmc_watch watch = {blank_watched, &user};
	struct sp_burn_target now;

	if (!b->transport)
		return sp_fail(err, SP_ERR_USAGE, "%s: is being burned", b->burn.drive);
	if ((b->report.target.state == SP_DISC_APPENDABLE ||
	     b->report.target.state == SP_DISC_COMPLETE || b->report.target.used) &&
	    !b->burn.overwrite)
		return sp_fail(err, SP_ERR_LOSSY,
			       "%s: what is on the %s%s%s would be lost; --yes does it",
			       b->burn.drive, sp_profile_name(b->report.target.profile),
			       b->report.target.holds[0] ? ", " : "", b->report.target.holds);
	int r = how == SP_BLANK_FORMAT
			? sp_recorder_format(b->transport, false, &watch, err)
			: sp_recorder_blank(b->transport, how == SP_BLANK_FULL, &watch, err);
	if (!r && !sp_burning_look(&now, b->transport, NULL))
		b->report.state = now.state;
	return r;
}
