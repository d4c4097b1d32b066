/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A burn: look at the drive, choose a writer, write, and say what became of the medium. */
#include "drive/burning.h"

#include "drive/burner.h"
#include "drive/mmc.h"
#include "drive/recorder.h"
#include "drive/sgio.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int sp_burning_open(struct sp_burning **out, const struct sp_burn *burn, struct sp_error *err)
{
	struct sp_burning *b = calloc(1, sizeof(*b));

	if (!b)
		return sp_fail_memory(err);
	b->burn = *burn;
	b->report.state = SP_DISC_STATES;
	int r = sp_sgio_open(&b->transport, burn->drive, SP_SGIO_EXCLUSIVE, err);
	if (!r)
		r = sp_burning_look(&b->report.target, b->transport, err);
	if (!r)
		b->report.state = b->report.target.state;
	if (r < 0) {
		sp_burning_close(b);
		return r;
	}
	*out = b;
	return 0;
}

const struct sp_burn_report *sp_burning_report(const struct sp_burning *burning)
{
	return &burning->report;
}

static void burning_let_go(struct sp_burning *b)
{
	if (b->transport)
		b->transport->ops->close(b->transport);
	b->transport = NULL;
}

/* --- the plan ------------------------------------------------------------------------------ */

static int burning_medium(const struct sp_burning *b, struct sp_error *err)
{
	const struct sp_burn_target *target = &b->report.target;
	const char *name = sp_profile_name(target->profile);

	if (target->unformatted)
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: the %s is not formatted (see: spindle blank --format)",
			       b->burn.drive, name);
	if (target->state == SP_DISC_COMPLETE)
		return sp_fail(err, SP_ERR_DEVICE, "%s: the %s is written and closed%s",
			       b->burn.drive, name,
			       target->erasable ? " (see: spindle blank)" : "");
	if (target->state == SP_DISC_APPENDABLE && !b->burn.multi)
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: the %s is not blank, it has a session; --multi adds one to it",
			       b->burn.drive, name);
	if (target->used && !b->burn.overwrite)
		return sp_fail(err, SP_ERR_LOSSY,
			       "%s: the %s holds %s, which would be lost; --yes writes over it",
			       b->burn.drive, name, target->holds[0] ? target->holds : "data");
	return 0;
}

static int burning_layout(const struct sp_burning *b, const struct sp_disc *disc,
			  struct sp_error *err)
{
	const struct sp_burn_target *target = &b->report.target;
	bool plain = disc->tracks == 1 && disc->sessions < 2;

	for (size_t i = 0; i < disc->tracks; i++)
		plain &= disc->track[i].mode == SP_MODE_DATA2048 ||
			 disc->track[i].mode == SP_MODE_MODE1;
	if (target->medium != SP_MEDIUM_CD && !plain)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: a %s holds one track of data, not %s",
			       b->burn.drive, sp_profile_name(target->profile),
			       disc->medium == SP_MEDIUM_CD ? "this CD" : "this disc");
	return 0;
}

/* Is it for our own writer? What libburn cannot make of a CD, and why. */
static bool burning_is_own(const struct sp_burning *b, const struct sp_disc *disc)
{
	if (b->report.target.medium != SP_MEDIUM_CD)
		return false;
	for (size_t i = 0; i < disc->regions && !b->burn.lossy; i++)
		if (disc->region[i].stored && disc->region[i].kind != SP_REGION_GAP &&
		    disc->region[i].parts & (SP_PART_PW | SP_PART_Q))
			return true;
	/* libburn adds tracks of data alone */
	return b->burn.mode == SP_BURN_RAW || sp_burner_takes(disc, NULL) < 0 ||
	       (b->report.target.state == SP_DISC_APPENDABLE &&
		(b->burn.mode == SP_BURN_SAO || sp_burner_is_audio(disc)));
}

static int burning_recorder(struct sp_burning *b, const struct sp_disc *disc, unsigned mode,
			    struct sp_error *err)
{
	struct sp_burn burn = b->burn;
	int r = 0;

	burn.mode = mode;
	if (!b->transport)
		r = sp_sgio_open(&b->transport, b->burn.drive, SP_SGIO_EXCLUSIVE, err);
	if (!r)
		r = sp_recorder_open(&b->sink, b->transport, disc, &burn, err);
	if (r < 0)
		return r;
	b->report.plan = (struct sp_burn_plan){.writer = SP_WRITER_OWN, .speed = b->burn.speed};
	sp_recorder_plan(b->sink, &b->report.plan.mode, &b->report.plan.sectors,
			 &b->report.target.free);
	return 0;
}

int sp_burning_plan(struct sp_burning *b, const struct sp_disc *disc, struct sp_error *err)
{
	struct sp_error why;
	int r = burning_medium(b, err);

	if (!r)
		r = burning_layout(b, disc, err);
	if (!r)
		sp_burning_speed(b);
	const unsigned speed = b->report.plan.speed;
	if (!r)
		r = sp_burning_layers(b, sp_burner_sectors(disc), err);
	if (r < 0)
		return r;
	if (burning_is_own(b, disc))
		/* raw keeps the sub-channel, which may be left out when asked for */
		return burning_recorder(
			b, disc, b->burn.lossy && !b->burn.mode ? SP_BURN_SAO : b->burn.mode, err);
	b->report.plan = (struct sp_burn_plan){
		.writer = SP_WRITER_LIBBURN,
		.mode = b->burn.mode,
		.sectors = sp_burner_sectors(disc),
		.pads = b->report.target.medium != SP_MEDIUM_CD,
		.speed = speed,
		.layer_break = b->report.plan.layer_break,
	};
	if (b->burn.mode == SP_BURN_RAW)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: a %s is not written raw",
			       b->burn.drive, sp_profile_name(b->report.target.profile));
	if (sp_burner_takes(disc, &why) < 0)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: a %s cannot hold this disc: %s",
			       b->burn.drive, sp_profile_name(b->report.target.profile), why.text);
	burning_let_go(b); /* libburn opens the drive itself, for itself alone */
	r = sp_burner_open(&b->sink, disc, &b->burn, err);
	if (!r)
		sp_burner_plan(b->sink, &b->report.plan.mode, &b->report.target.free);
	return r;
}

/* --- the burn ------------------------------------------------------------------------------ */

/* Whether sectors may hold what the writer is not given, or what a drive makes anew. */
static bool burning_may_lose(const struct sp_burning *b, const struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *region = &disc->region[i];
		const bool xa = region->mode == SP_MODE_XA || region->mode == SP_MODE_XA_FORM1 ||
				region->mode == SP_MODE_XA_FORM2;

		if (region->stored && ((xa && b->report.plan.mode != SP_BURN_RAW) ||
				       (region->parts & ~b->sink->ops->wants(b->sink, region))))
			return true;
	}
	return false;
}

static int burning_copied(void *user, const struct sp_progress *progress)
{
	struct sp_burning *b = user;
	const struct sp_burn_progress p = {.phase = "checking",
					   .done = progress->done,
					   .total = progress->total,
					   .bytes = progress->bytes,
					   .buffer = 101,
					   .fifo = 101};

	return b->burn.progress ? b->burn.progress(b->burn.user, &p) : 0;
}

/* What would be lost is found before the laser is on. */
static int burning_scan(struct sp_burning *b, struct sp_source *source, struct sp_error *err)
{
	struct sp_copy scan = {.source = source,
			       .sink = b->sink,
			       .scan = true,
			       .lossy = true,
			       .notes = b->burn.notes,
			       .progress = burning_copied,
			       .user = b};
	struct sp_error why = {0};
	char text[160];

	if ((source->caps & SP_SOURCE_ONCE) || !burning_may_lose(b, source->disc))
		return 0;
	const int r = sp_copy(&scan, err);
	if (r < 0 || b->burn.lossy || !sp_losses_any(&scan.losses))
		return r;
	sp_losses_text(&scan.losses, text, sizeof(text));
	if (b->burn.mode != SP_BURN_AUTO || b->report.target.medium != SP_MEDIUM_CD ||
	    b->report.plan.mode == SP_BURN_RAW)
		return sp_fail(err, SP_ERR_LOSSY,
			       "%s: would not be written: %s; --lossy burns without", b->burn.drive,
			       text);
	/* raw sectors are written as they are */
	sp_sink_close(b->sink);
	b->sink = NULL;
	if (burning_recorder(b, source->disc, SP_BURN_RAW, &why) < 0)
		return sp_fail(err, SP_ERR_LOSSY,
			       "%s: would not be written: %.80s; %.60s; --lossy burns without",
			       b->burn.drive, text, why.text);
	sp_note(b->burn.notes, "%s: written raw, to keep %s", b->burn.drive, text);
	return 0;
}

/* Sectors that the drive took, by what the writer knows of it once it has ended. */
static uint64_t burning_sent(const struct sp_burning *b, struct sp_sink *writer)
{
	return b->report.plan.writer == SP_WRITER_OWN
		       ? sp_recorder_sent(writer)
		       : sp_burner_sent(writer, b->report.target.next);
}

static int burning_write(struct sp_burning *b, struct sp_source *source, struct sp_error *err)
{
	struct sp_hashes *hashes = calloc(1, sizeof(*hashes));
	struct sp_sink *const writer = b->sink;
	struct sp_sink *sinks[2] = {writer, NULL}, *tee = NULL;
	int r = hashes ? sp_sink_hash(&sinks[1], 1u << SP_DIGEST_SHA256, hashes, err)
		       : sp_fail_memory(err);

	if (!r)
		r = sp_sink_tee(&tee, sinks, 2, err);
	if (r < 0) {
		sp_sink_close(sinks[1]);
		free(hashes);
		return r;
	}
	b->sink = NULL;
	struct sp_copy copy = {
		.source = source, .sink = tee, .lossy = b->burn.lossy, .notes = b->burn.notes};
	r = sp_copy(&copy, err);
	b->report.sectors = r < 0 ? burning_sent(b, writer) : b->report.plan.sectors;
	if (!r)
		memcpy(b->report.sha256, hashes->whole.hex[SP_DIGEST_SHA256],
		       sizeof(b->report.sha256));
	sp_sink_close(tee);
	free(hashes);
	return r;
}

/* libburn has no word for where layers part: the drive is told before it opens it again. */
static int burning_part(struct sp_burning *b, struct sp_source *source, struct sp_error *err)
{
	if (!b->report.plan.layer_break)
		return 0;
	sp_sink_close(b->sink);
	b->sink = NULL;
	int r = sp_sgio_open(&b->transport, b->burn.drive, SP_SGIO_EXCLUSIVE, err);
	if (!r)
		r = sp_burning_part(b, err);
	burning_let_go(b);
	return r ? r : sp_burner_open(&b->sink, source->disc, &b->burn, err);
}

int sp_burning_run(struct sp_burning *b, struct sp_source *source, struct sp_error *err)
{
	struct timespec began, ended;

	if (!b->sink)
		return sp_fail(err, SP_ERR_USAGE, "%s: nothing is planned", b->burn.drive);
	int r = burning_scan(b, source, err);
	if (!r)
		r = burning_part(b, source, err);
	if (r < 0)
		return r;
	clock_gettime(CLOCK_MONOTONIC, &began);
	r = burning_write(b, source, err);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	b->report.seconds = (uint64_t)(ended.tv_sec - began.tv_sec);
	const bool closed = sp_burning_after(b, r < 0);
	if (!r && !b->burn.simulate && !b->burn.multi && !closed)
		r = sp_fail(err, SP_ERR_DEVICE,
			    "%s: all was written, but the drive says that the disc is not closed",
			    b->burn.drive);
	return r;
}

int sp_burning_eject(struct sp_burning *b, struct sp_error *err)
{
	if (!b->transport) {
		const int r = sp_sgio_open(&b->transport, b->burn.drive, SP_SGIO_EXCLUSIVE, err);

		if (r < 0)
			return r;
	}
	sp_mmc_prevent(b->transport, false, NULL);
	return sp_mmc_start(b->transport, SP_START_EJECT, err);
}

void sp_burning_close(struct sp_burning *b)
{
	if (!b)
		return;
	sp_sink_close(b->sink);
	burning_let_go(b);
	free(b);
}
