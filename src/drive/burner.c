/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sink over libburn: plain data on CD, DVD and BD, and audio discs at once. */
#include "drive/burner.h"

#include "disc/cdtext.h"
#include "drive/feed.h"
#include "drive/mmc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <libburn/libburn.h>

#define FEED_ROOM   (16u << 20)
#define POLL_MS     50
#define BLOCK_MOST  64  /* sectors of a WRITE under way and of the one that is gathered */
#define TRACK_LEAST 300 /* sectors of a track of a CD: 4 s */

struct burner;
/* What libburn reads a track from. */
struct burner_track {
	struct burn_source source;
	struct burner *burner;
	struct burn_track *track;
	uint64_t size, done; /* bytes */
};

struct burner {
	struct sp_sink sink;
	const struct sp_disc *disc; /* borrowed */
	const struct sp_burn *burn;
	struct sp_feed *feed;
	struct burn_drive_info *info;
	struct burn_drive *drive;
	struct burn_disc *layout;
	struct burn_session *session;
	struct burn_write_opts *opts;
	struct burner_track track[SP_TRACK_MAX];
	size_t tracks;
	uint64_t total, put; /* bytes; those that were given */
	unsigned mode;
	uint64_t room; /* sectors */
	struct timespec told;
	bool cd;
	bool begun;    /* libburn's thread is at work, or was */
	bool ended;    /* and is known to have ended */
	char why[200]; /* libburn's first complaint */
	unsigned key, asc, ascq;
	sp_lba failed; /* first block of the WRITE that failed, SP_LBA_NONE: none did */
};

/* --- messages ------------------------------------------------------------------------------ */

/* "SCSI error on write(100,16): [3 0C 00] Medium error. …" */
static void burner_sense(struct burner *b, const char *text)
{
	const char *at = strstr(text, ": [");
	unsigned value[3] = {0};

	for (unsigned i = 0; at && i < 3; i++) {
		char *end;

		at += i ? 0 : 3;
		value[i] = (unsigned)strtoul(at, &end, 16);
		at = end > at ? end : NULL;
	}
	if (!at || b->key)
		return;
	const char *where = strstr(text, "write(");
	if (where)
		b->failed = strtol(where + strlen("write("), NULL, 10);
	b->key = value[0];
	b->asc = value[1];
	b->ascq = value[2];
}

/* The queue is the process's; a worker burns on one drive. The first serious one is the reason, but
 * for a drive's own words, which are better. */
static void burner_drain(struct burner *b)
{
	char text[BURN_MSGS_MESSAGE_LEN], severity[80];
	int code, sys_errno, number;

	while (burn_msgs_obtain("ALL", &code, text, &sys_errno, severity) > 0) {
		const bool serious = burn_text_to_sev(severity, &number, 0) > 0 &&
				     number >= 0x60000000; /* SORRY */
		const bool sense = strstr(text, "SCSI error") != NULL;

		if (!serious)
			continue;
		if (sense)
			burner_sense(b, text);
		if (b->why[0] && (!sense || strstr(b->why, "SCSI error")))
			continue;
		text[sizeof(b->why) - 1] = '\0';
		memcpy(b->why, text, strlen(text) + 1);
	}
}

static int burner_fail(struct burner *b, int status, struct sp_error *err, const char *what)
{
	burner_drain(b);
	const int r = sp_fail(err, status, "%s: %s%s%s", b->burn->drive, what,
			      b->why[0] ? ": " : "", b->why);
	if (err) {
		err->sense_key = (uint8_t)b->key;
		err->asc = (uint8_t)b->asc;
		err->ascq = (uint8_t)b->ascq;
	}
	return r;
}

/* --- what libburn reads -------------------------------------------------------------------- */

static int burner_read(struct burn_source *source, unsigned char *data, int size)
{
	struct burner_track *t = source->data;
	const uint64_t left = t->size - t->done;
	size_t taken;

	if (size <= 0)
		return 0;
	if (!sp_feed_take(t->burner->feed, data, (size_t)size < left ? (size_t)size : left, &taken))
		return -1;
	const size_t whole = (size_t)size < left ? (size_t)size : left;
	memset(data + taken, 0, whole - taken); /* what fills up a short track */
	t->done += whole;
	return (int)whole;
}

static off_t burner_size(struct burn_source *source)
{
	return (off_t)((struct burner_track *)source->data)->size;
}

static int burner_set_size(struct burn_source *source, off_t size)
{
	(void)source; /* libburn fills up what is missing */
	(void)size;
	return 1;
}

static void burner_free_data(struct burn_source *source)
{
	source->data = NULL;
}

static int burner_cancel(struct burn_source *source)
{
	(void)source;
	return 1;
}

/* --- the description of the disc ----------------------------------------------------------- */

static int burner_mode(const struct sp_track *track)
{
	if (track->mode != SP_MODE_AUDIO)
		return BURN_MODE1;
	return BURN_AUDIO | (track->control & SP_CONTROL_PREEMPHASIS ? BURN_PREEMPHASIS : 0) |
	       (track->control & SP_CONTROL_COPY ? BURN_COPY : 0) |
	       (track->control & SP_CONTROL_FOUR_CHANNEL ? BURN_4CH : 0);
}

/* Indexes count from where the track's own sectors begin: index 00, or LBA 0 of the first one. */
static bool burner_indexes(struct burner_track *t, const struct sp_track *track)
{
	sp_lba from = track->index[0] == SP_LBA_NONE ? track->start : track->index[0];
	bool good = true;

	if (from < 0)
		from = 0;
	if (track->start > from)
		good = burn_track_set_index(t->track, 0, 0, 0) > 0;
	for (int i = 1; good && i <= SP_INDEX_MAX; i++)
		if (track->index[i] != SP_LBA_NONE)
			good = burn_track_set_index(t->track, i, (unsigned)(track->index[i] - from),
						    0) > 0;
	return good;
}

static bool burner_add_track(struct burner *b, const struct sp_track *track)
{
	struct burner_track *t = &b->track[b->tracks];
	char isrc[13];

	*t = (struct burner_track){.burner = b, .size = sp_burner_bytes(b->disc, track)};
	/* the cue sheet that libburn sends promises as much, and it would send less */
	if (b->disc->track[0].mode != SP_MODE_AUDIO && b->cd && t->size < TRACK_LEAST * 2048)
		t->size = TRACK_LEAST * 2048;
	t->track = burn_track_create();
	if (!t->track)
		return false;
	b->total += t->size;
	b->tracks++;
	burn_track_define_data(t->track, 0, 0, 1, burner_mode(track));
	/* one reference of our own, so that it is never freed as if it had been malloc'd */
	t->source = (struct burn_source){.refcount = 2,
					 .version = 1,
					 .read_xt = burner_read,
					 .get_size = burner_size,
					 .set_size = burner_set_size,
					 .free_data = burner_free_data,
					 .cancel = burner_cancel,
					 .data = t};
	if (burn_track_set_source(t->track, &t->source) != BURN_SOURCE_OK)
		return false;
	bool good = true;
	if (track->mode == SP_MODE_AUDIO)
		good = burner_indexes(t, track);
	if (good && track->isrc[0]) {
		memcpy(isrc, track->isrc, sizeof(isrc));
		good = burn_track_set_isrc_string(t->track, isrc, 0) > 0;
	}
	return good && burn_session_add_track(b->session, t->track, BURN_POS_END);
}

static int burner_describe(struct burner *b, struct sp_error *err)
{
	b->layout = burn_disc_create();
	b->session = burn_session_create();
	bool good = b->layout && b->session &&
		    burn_disc_add_session(b->layout, b->session, BURN_POS_END);
	const unsigned first = b->disc->track[0].number;
	if (good && first > 1 && sp_burner_is_audio(b->disc))
		good = burn_session_set_start_tno(b->session, (int)first, 0) > 0;
	for (size_t i = 0; good && i < b->disc->tracks; i++)
		good = burner_add_track(b, &b->disc->track[i]);
	return good ? 0 : burner_fail(b, SP_ERR_DEVICE, err, "the disc cannot be described");
}

/* --- the drive ----------------------------------------------------------------------------- */

static int burner_grab(struct burner *b, struct sp_error *err)
{
	char path[BURN_DRIVE_ADR_LEN], address[BURN_DRIVE_ADR_LEN];

	if (strlen(b->burn->drive) >= sizeof(path))
		return sp_fail(err, SP_ERR_USAGE, "%s: the name is too long", b->burn->drive);
	memcpy(path, b->burn->drive, strlen(b->burn->drive) + 1);
	if (!burn_initialize())
		return sp_fail(err, SP_ERR_DEVICE, "libburn does not begin");
	burn_msgs_set_severities("DEBUG", "NEVER", "");
	burn_preset_device_open(1, 0, 0); /* O_EXCL */
	/* what it does not take for a drive it would write to as a file: never let it */
	if (burn_drive_convert_fs_adr(path, address) <= 0 || strncmp(address, "/dev/", 5) != 0)
		return burner_fail(b, SP_ERR_DEVICE, err, "is no optical drive");
	if (burn_drive_scan_and_grab(&b->info, address, 1) <= 0)
		return burner_fail(b, SP_ERR_DEVICE, err, "cannot be had alone");
	b->drive = b->info[0].drive;
	if (burn_drive_get_drive_role(b->drive) != 1)
		return burner_fail(b, SP_ERR_DEVICE, err, "is no optical drive");
	burner_drain(b);
	b->why[0] = '\0';
	return 0;
}

static int burner_media(struct burner *b, struct sp_error *err)
{
	const enum burn_disc_status status = burn_disc_get_status(b->drive);
	char name[80];
	int profile;

	if (burn_disc_get_profile(b->drive, &profile, name) <= 0 || profile == 0xffff)
		return burner_fail(b, SP_ERR_DEVICE, err, "has no disc that can be written");
	b->cd = profile < SP_PROFILE_DVD_ROM;
	switch (status) {
	case BURN_DISC_BLANK:
		return 0;
	case BURN_DISC_APPENDABLE:
		if (b->burn->multi && !sp_burner_is_audio(b->disc))
			return 0;
		return sp_fail(err, SP_ERR_DEVICE, "%s: the %s is not blank, it has a session%s",
			       b->burn->drive, name,
			       sp_burner_is_audio(b->disc) ? "" : "; --multi adds one to it");
	case BURN_DISC_FULL:
		return sp_fail(err, SP_ERR_DEVICE, "%s: the %s is written and closed%s",
			       b->burn->drive, name,
			       burn_disc_erasable(b->drive) ? " (see: spindle blank)" : "");
	default:
		return burner_fail(b, SP_ERR_DEVICE, err, "has no disc that can be written");
	}
}

static int burner_text(struct burner *b, struct sp_error *err)
{
	uint8_t *packs = NULL;
	size_t size = 0;

	if (!sp_burner_is_audio(b->disc))
		return 0;
	int r = sp_cdtext_packs(b->disc, SP_CDTEXT_WHOLE, &packs, &size, NULL, err);
	if (!r && size &&
	    burn_write_opts_set_leadin_text(b->opts, packs, (int)(size / SP_PACK_SIZE), 0) <= 0)
		r = burner_fail(b, SP_ERR_UNSUPPORTED, err, "CD-Text is refused");
	free(packs);
	return r;
}

static int burner_type(struct burner *b, struct sp_error *err)
{
	const bool audio = sp_burner_is_audio(b->disc);
	char reasons[BURN_REASONS_LEN] = "";
	enum burn_write_types type;
	bool good;

	if (audio || b->burn->mode == SP_BURN_SAO) {
		type = BURN_WRITE_SAO;
		good = burn_write_opts_set_write_type(b->opts, type, BURN_BLOCK_SAO) &&
		       burn_precheck_write(b->opts, b->layout, reasons, 1) > 0;
	} else if (b->burn->mode == SP_BURN_TAO) {
		type = BURN_WRITE_TAO;
		good = burn_write_opts_set_write_type(b->opts, type, BURN_BLOCK_MODE1) &&
		       burn_precheck_write(b->opts, b->layout, reasons, 1) > 0;
	} else {
		type = burn_write_opts_auto_write_type(b->opts, b->layout, reasons, 0);
		good = type != BURN_WRITE_NONE &&
		       burn_precheck_write(b->opts, b->layout, reasons, 1) > 0;
	}
	burner_drain(b);
	b->why[0] = '\0';
	b->mode = type == BURN_WRITE_SAO ? SP_BURN_SAO : SP_BURN_TAO;
	if (good)
		return 0;
	reasons[120] = '\0';
	return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: drive and medium cannot%s: %s", b->burn->drive,
		       b->burn->simulate ? " simulate this" : " take this", reasons);
}

static int burner_options(struct burner *b, struct sp_error *err)
{
	b->opts = burn_write_opts_new(b->drive);
	if (!b->opts)
		return sp_fail_memory(err);
	burn_write_opts_set_perform_opc(b->opts, 0);
	burn_write_opts_set_underrun_proof(b->opts, 1);
	burn_write_opts_set_multi(b->opts, b->burn->multi);
	/* never together with force, which would burn in earnest where nothing can be simulated */
	burn_write_opts_set_simulate(b->opts, b->burn->simulate);
	if (b->disc->mcn[0]) {
		unsigned char digits[13];

		memcpy(digits, b->disc->mcn, sizeof(digits));
		burn_write_opts_set_mediacatalog(b->opts, digits);
		burn_write_opts_set_has_mediacatalog(b->opts, 1);
	}
	int r = burner_text(b, err);
	if (!r)
		r = burner_type(b, err);
	if (r < 0)
		return r;
	if (b->burn->speed)
		burn_drive_set_speed(b->drive, 0,
				     b->burn->speed < SP_SPEED_MAX ? (int)b->burn->speed : 0);
	/* libburn itself does not look whether it fits */
	b->room = (uint64_t)burn_disc_available_space(b->drive, b->opts) / 2048;
	const uint64_t need = sp_burner_sectors(b->disc);
	if (need > b->room && !b->burn->overburn)
		return sp_fail(
			err, SP_ERR_DEVICE,
			"%s: no room: %llu sectors are needed, %llu are free; --overburn tries it",
			b->burn->drive, (unsigned long long)need, (unsigned long long)b->room);
	return 0;
}

/* --- at work ------------------------------------------------------------------------------- */

static void burner_pause(void)
{
	nanosleep(&(struct timespec){0, POLL_MS * 1000000L}, NULL);
}

static const char *burner_phase(enum burn_drive_status status)
{
	switch (status) {
	case BURN_DRIVE_WRITING_LEADIN:
		return "lead-in";
	case BURN_DRIVE_WRITING_LEADOUT:
	case BURN_DRIVE_CLOSING_TRACK:
	case BURN_DRIVE_CLOSING_SESSION:
	case BURN_DRIVE_WRITING_SYNC:
		return "closing";
	default:
		return "writing";
	}
}

/* Tell how far it is; whether libburn is still at work. */
static bool burner_tell(struct burner *b, bool *stop)
{
	struct burn_progress p = {0};
	const enum burn_drive_status status = burn_drive_get_status(b->drive, &p);
	const uint64_t size = sp_burner_is_audio(b->disc) ? 2352 : 2048;
	const uint64_t taken = sp_feed_taken(b->feed);
	struct timespec now;

	burner_drain(b);
	clock_gettime(CLOCK_MONOTONIC, &now);
	const int64_t ms =
		(now.tv_sec - b->told.tv_sec) * 1000 + (now.tv_nsec - b->told.tv_nsec) / 1000000;
	if (!b->burn->progress || (ms < 100 && b->told.tv_sec))
		return status != BURN_DRIVE_IDLE;
	b->told = now;
	struct sp_burn_progress progress = {
		/* when it has all, the drive empties its buffer and closes */
		.phase = taken < b->total ? burner_phase(status) : "closing",
		.done = (taken + size - 1) / size,
		.total = b->total / size + (b->total % size != 0),
		.bytes = taken,
		.track = (unsigned)p.track + 1,
		.buffer = 101,
		.fifo = sp_feed_full(b->feed),
	};
	if (p.buffer_capacity && p.buffer_available <= p.buffer_capacity)
		progress.buffer = (unsigned)((uint64_t)(p.buffer_capacity - p.buffer_available) *
					     100 / p.buffer_capacity);
	if (b->burn->progress(b->burn->user, &progress))
		*stop = true;
	return status != BURN_DRIVE_IDLE;
}

/* Until the drive has done what libburn has to say to it. Once all was taken there is nothing to be
 * stopped: closing goes on to its end. */
static void burner_wait(struct burner *b, bool *stop)
{
	while (burner_tell(b, stop)) {
		if (*stop && sp_feed_taken(b->feed) >= b->total)
			*stop = false;
		if (*stop) {
			sp_feed_cancel(b->feed);
			burn_drive_cancel(b->drive);
		}
		burner_pause();
	}
	burner_pause(); /* its thread says so before its last message */
	burner_drain(b);
	b->ended = true;
}

static unsigned burner_sink_wants(struct sp_sink *sink, const struct sp_region *region)
{
	return sp_burner_wants(((struct burner *)sink)->disc, region);
}

static int burner_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
			struct sp_error *err)
{
	struct burner *b = (struct burner *)sink;

	(void)disc;
	(void)source;
	(void)err;
	burn_disc_write(b->opts, b->layout);
	b->begun = true;
	return 0;
}

static int burner_put(struct burner *b, const uint8_t *data, size_t size, struct sp_error *err)
{
	bool stop = false;

	while (size) {
		const size_t n = sp_feed_put(b->feed, data, size, 100);

		data += n;
		size -= n;
		b->put += n;
		if (!burner_tell(b, &stop) && size)
			return burner_fail(b, SP_ERR_DEVICE, err, "writing failed");
		if (stop && b->put < b->total)
			return sp_fail(err, SP_ERR_CANCELLED, "stopped");
	}
	return 0;
}

static int burner_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	if (sink->dry)
		return 0;
	return burner_put((struct burner *)sink, span->data, span->count * span->stride, err);
}

static int burner_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct burner *b = (struct burner *)sink;
	bool stop = false;

	(void)disc;
	sp_feed_end(b->feed);
	burner_wait(b, &stop);
	if (stop)
		return sp_fail(err, SP_ERR_CANCELLED, "stopped");
	if (!burn_drive_wrote_well(b->drive))
		return burner_fail(b, SP_ERR_DEVICE, err, "writing failed");
	return 0;
}

static void burner_close(struct sp_sink *sink)
{
	struct burner *b = (struct burner *)sink;
	bool stop = true;

	if (b->begun && !b->ended)
		burner_wait(b, &stop);
	if (b->opts)
		burn_write_opts_free(b->opts);
	for (size_t i = 0; i < b->tracks; i++)
		burn_track_free(b->track[i].track);
	if (b->session)
		burn_session_free(b->session);
	if (b->layout)
		burn_disc_free(b->layout);
	if (b->drive)
		burn_drive_release(b->drive, 0);
	if (b->info)
		burn_drive_info_free(b->info);
	if (!b->begun) /* else its thread may still have use of it */
		burn_finish();
	sp_feed_free(b->feed);
	free(b);
}

uint64_t sp_burner_sent(struct sp_sink *sink, sp_lba next)
{
	struct burner *b = (struct burner *)sink;
	const uint64_t size = sp_burner_is_audio(b->disc) ? 2352 : 2048;
	bool stop = true;

	if (b->begun && !b->ended)
		burner_wait(b, &stop);
	if (b->failed != SP_LBA_NONE)
		return b->failed > next ? (uint64_t)(b->failed - next) : 0;
	/* of those that libburn took, some are still its own */
	const uint64_t taken = sp_feed_taken(b->feed) / size;
	return taken > BLOCK_MOST ? taken - BLOCK_MOST : 0;
}

void sp_burner_plan(const struct sp_sink *sink, unsigned *mode, uint64_t *room)
{
	const struct burner *b = (const struct burner *)sink;

	*mode = b->mode;
	*room = b->room;
}

int sp_burner_open(struct sp_sink **out, const struct sp_disc *disc, const struct sp_burn *burn,
		   struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = burner_sink_wants,
					       .begin = burner_begin,
					       .write = burner_write,
					       .finish = burner_finish,
					       .close = burner_close};
	int r = sp_burner_takes(disc, err);

	if (r < 0)
		return r;
	struct burner *b = calloc(1, sizeof(*b));
	if (!b)
		return sp_fail_memory(err);
	*b = (struct burner){.disc = disc, .burn = burn, .failed = SP_LBA_NONE};
	const bool audio = sp_burner_is_audio(disc);
	b->sink = (struct sp_sink){
		.ops = &ops,
		.flags = audio ? SP_SINK_PACKS : 0,
		.carries = SP_CARRY_ALL & ~SP_CARRY(SP_LOSS_SUBCHANNEL) &
			   ~(audio ? 0 : SP_CARRY(SP_LOSS_INDEX) | SP_CARRY(SP_LOSS_CDTEXT)),
	};
	r = sp_feed_new(&b->feed, FEED_ROOM, err);
	if (!r)
		r = burner_grab(b, err);
	if (!r)
		r = burner_media(b, err);
	if (!r)
		r = burner_describe(b, err);
	if (!r)
		r = burner_options(b, err);
	if (r < 0) {
		burner_close(&b->sink);
		return r;
	}
	*out = &b->sink;
	return 0;
}
