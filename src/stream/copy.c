/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pass from a source to a sink: a reader thread, the caller who converts, a writer thread. */
#include "base/bytes.h"
#include "disc/sector.h"
#include "stream/loss.h"

#include <spindle/stream.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	COPY_SLOTS = 6,
	COPY_SECTORS = 128, /* a slot; about 256 KiB, so that it is in the cache from one thread to
			       the next, and a pass holds 4 MB whatever the disc … */
	COPY_BYTES = 256 << 10, /* … but as many as this holds where they are smaller */
};

/* What is to be done with a region, decided before anything runs. */
struct copy_step {
	const struct sp_region *region;
	uint64_t count;
	unsigned wants; /* 0: only see that nothing is lost */
};

struct copy_slot {
	struct sp_span in, out; /* out.data is in.data where there is nothing to convert */
	uint8_t *built;
	const struct copy_step *step;
};

struct copy_pass {
	struct sp_copy *copy;
	struct copy_step *step;
	size_t steps;
	uint64_t total;
	struct copy_slot slot[COPY_SLOTS];
	struct sp_losses sink_losses; /* the writer thread's until it is joined */

	pthread_mutex_t lock;
	/* for the reader: free slots; for the caller: read ones; for the writer: converted ones */
	pthread_cond_t room, news, ready;
	uint64_t read, converted, written; /* slots so far */
	bool read_all, converted_all, stop;
	bool dry;              /* something was lost: only count from here on */
	struct sp_error error; /* of the thread that failed first */
	struct timespec next_report;
	uint64_t done;
};

static uint64_t copy_bad(const struct sp_tally *tally)
{
	uint64_t bad = 0;

	for (unsigned i = 0; i < 6; i++) /* C2, EDC, ECC, HEADER, Q, UNREAD */
		bad += tally->state[i];
	return bad;
}

static int copy_report(struct copy_pass *pass, const char *phase, uint64_t done, bool always,
		       struct sp_error *err)
{
	struct sp_copy *copy = pass->copy;
	struct timespec now;

	if (!copy->progress)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!always &&
	    (now.tv_sec < pass->next_report.tv_sec ||
	     (now.tv_sec == pass->next_report.tv_sec && now.tv_nsec < pass->next_report.tv_nsec)))
		return 0;
	pass->next_report = now;
	pass->next_report.tv_nsec += 100000000;
	if (pass->next_report.tv_nsec >= 1000000000) {
		pass->next_report.tv_nsec -= 1000000000;
		pass->next_report.tv_sec++;
	}
	const struct sp_progress progress = {.phase = phase,
					     .done = done,
					     .total = pass->total,
					     .bytes = copy->tally.bytes,
					     .bad = copy_bad(&copy->tally)};
	if (copy->progress(copy->user, &progress))
		return sp_fail(err, SP_ERR_CANCELLED, "stopped");
	return 0;
}

/* Which regions are read, how far, and what is wanted of them. */
static int copy_plan(struct copy_pass *pass, struct sp_error *err)
{
	struct sp_sink *sink = pass->copy->sink;
	const struct sp_disc *disc = pass->copy->source->disc;
	const uint64_t end = sink->msf_end;

	pass->step = calloc(disc->regions ? disc->regions : 1, sizeof(pass->step[0]));
	if (!pass->step)
		return sp_fail_memory(err);
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *region = &disc->region[i];
		struct copy_step step = {region, region->count, sink->ops->wants(sink, region)};

		if (!step.wants && (!region->stored || region->kind == SP_REGION_TRACK ||
				    (sink->flags & SP_SINK_OBSERVER)))
			continue;
		if (end && region->lba >= (sp_lba)end)
			continue;
		if (end && step.count > end - (uint64_t)region->lba && region->lba >= 0)
			step.count = end - (uint64_t)region->lba;
		pass->step[pass->steps++] = step;
		pass->total += step.count;
	}
	return 0;
}

/* Sectors of a region that make one slot. */
static uint32_t copy_slot_sectors(const struct sp_region *region)
{
	const size_t size = sp_sector_size(region->mode, region->parts);

	return size && COPY_BYTES / size > COPY_SECTORS ? (uint32_t)(COPY_BYTES / size)
							: COPY_SECTORS;
}

static void copy_free(struct copy_pass *pass)
{
	for (size_t i = 0; i < COPY_SLOTS; i++) {
		free(pass->slot[i].in.data);
		free(pass->slot[i].in.state);
		free(pass->slot[i].built);
	}
	free(pass->step);
}

static int copy_allocate(struct copy_pass *pass, struct sp_error *err)
{
	size_t in = 1, out = 1, sectors = 1;

	for (size_t i = 0; i < pass->steps; i++) {
		const struct copy_step *step = &pass->step[i];
		const struct sp_region *region = step->region;
		const size_t from = sp_sector_size(region->mode, region->parts);
		/* a region that is only looked at is stripped to its user data */
		const size_t to = step->wants ? sp_sector_size(region->mode, step->wants) : from;

		if (!from || !to)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "sectors of mode %s cannot be taken apart as asked for",
				       sp_mode_name(region->mode));
		const uint32_t most = copy_slot_sectors(region);
		const size_t n = step->count < most ? (size_t)step->count : most;
		in = from * n > in ? from * n : in;
		out = to * n > out ? to * n : out;
		sectors = n > sectors ? n : sectors;
	}
	for (size_t i = 0; i < COPY_SLOTS; i++) {
		struct copy_slot *slot = &pass->slot[i];

		slot->in.data = malloc(in);
		slot->in.state = malloc(sectors * sizeof(slot->in.state[0]));
		slot->built = malloc(out);
		if (!slot->in.data || !slot->in.state || !slot->built)
			return sp_fail_memory(err);
	}
	return 0;
}

/* Keep the first failure and wake everybody. The lock is held. */
static void copy_stop(struct copy_pass *pass, const struct sp_error *why)
{
	if (!pass->stop && why)
		pass->error = *why;
	pass->stop = true;
	pthread_cond_signal(&pass->room);
	pthread_cond_signal(&pass->news);
	pthread_cond_signal(&pass->ready);
}

static bool copy_read_step(struct copy_pass *pass, const struct copy_step *step)
{
	const uint32_t most = copy_slot_sectors(step->region);
	struct sp_error err = {0};

	for (uint64_t at = 0; at < step->count;) {
		struct copy_slot *slot = &pass->slot[pass->read % COPY_SLOTS];
		const uint64_t left = step->count - at;

		pthread_mutex_lock(&pass->lock);
		while (!pass->stop && pass->read - pass->written >= COPY_SLOTS)
			pthread_cond_wait(&pass->room, &pass->lock);
		const bool stop = pass->stop;
		pthread_mutex_unlock(&pass->lock);
		if (stop)
			return false;
		slot->step = step;
		slot->in.lba = step->region->lba + (sp_lba)at;
		slot->in.count = left > most ? most : (uint32_t)left;
		slot->in.mode = step->region->mode;
		slot->in.parts = step->region->parts;
		slot->in.stride = sp_sector_size(slot->in.mode, slot->in.parts);
		memset(slot->in.state, 0, slot->in.count * sizeof(slot->in.state[0]));
		const int r = sp_source_read(pass->copy->source, &slot->in, &err);
		pthread_mutex_lock(&pass->lock);
		if (r < 0) {
			if (err.lba == SP_NO_LBA)
				err.lba = slot->in.lba;
			copy_stop(pass, &err);
		} else {
			pass->read++;
			pthread_cond_signal(&pass->news);
		}
		pthread_mutex_unlock(&pass->lock);
		if (r < 0)
			return false;
		at += slot->in.count;
	}
	return true;
}

static void *copy_reader(void *arg)
{
	struct copy_pass *pass = arg;

	for (size_t i = 0; i < pass->steps; i++)
		if (!copy_read_step(pass, &pass->step[i]))
			break;
	pthread_mutex_lock(&pass->lock);
	pass->read_all = true;
	pthread_cond_signal(&pass->news);
	pthread_mutex_unlock(&pass->lock);
	return NULL;
}

static void *copy_writer(void *arg)
{
	struct copy_pass *pass = arg;
	struct sp_sink *sink = pass->copy->sink;
	struct sp_error err = {0};

	pthread_mutex_lock(&pass->lock);
	for (;;) {
		while (!pass->stop && pass->written == pass->converted && !pass->converted_all)
			pthread_cond_wait(&pass->ready, &pass->lock);
		if (pass->stop || pass->written == pass->converted)
			break;
		const struct copy_slot *slot = &pass->slot[pass->written % COPY_SLOTS];
		sink->dry = pass->dry;
		const bool write =
			slot->step->wants && (!sink->dry || (sink->flags & SP_SINK_FORWARDS));
		pthread_mutex_unlock(&pass->lock);
		const int r = write ? sink->ops->write(sink, &slot->out, &err) : 0;
		pthread_mutex_lock(&pass->lock);
		if (r < 0) {
			copy_stop(pass, &err);
			break;
		}
		if (!pass->copy->lossy && sp_losses_any(&pass->sink_losses))
			pass->dry = true;
		pass->written++;
		/* not for every slot: a thread that is woken costs more than one that goes on */
		if (pass->read - pass->written == COPY_SLOTS / 2)
			pthread_cond_signal(&pass->room);
	}
	pthread_mutex_unlock(&pass->lock);
	return NULL;
}

static void copy_tally(struct sp_tally *tally, const struct sp_span *span)
{
	const size_t main = sp_sector_size(span->mode, span->parts & SP_PART_MAIN);

	tally->sectors += span->count;
	tally->bytes += (uint64_t)span->count * main;
	for (uint32_t i = 0; i < span->count; i++) {
		for (unsigned bit = 0; span->state[i] >> bit; bit++) {
			if (!(span->state[i] >> bit & 1))
				continue;
			if (!tally->state[bit]++)
				tally->first[bit] = span->lba + i;
		}
	}
}

static int copy_convert(struct copy_pass *pass, struct copy_slot *slot, struct sp_error *err)
{
	struct sp_copy *copy = pass->copy;
	const struct sp_span *in = &slot->in;
	const unsigned wants = slot->step->wants;
	struct sp_drops drops = {0};
	int r = 0;

	slot->out = *in;
	if (!wants)
		r = sp_losses_silence(&copy->losses, in, slot->built, err);
	else if (wants != in->parts) {
		slot->out.parts = wants;
		slot->out.stride = sp_sector_size(in->mode, wants);
		slot->out.data = slot->built;
		r = sp_sector_convert(copy->source->disc, in->mode, in->parts, wants, in->lba,
				      in->count, in->data, slot->built, in->state,
				      copy->sink->flags & SP_SINK_OBSERVER ? NULL : &drops, err);
		sp_losses_drops(&copy->losses, &drops);
	}
	copy_tally(&copy->tally, in);
	pass->done += in->count;
	return r;
}

/* The caller's own part while reader and writer run. */
static int copy_run(struct copy_pass *pass, struct sp_error *err)
{
	struct sp_copy *copy = pass->copy;
	const char *phase = copy->phase ? copy->phase : "copying";
	int r = 0;

	pthread_mutex_lock(&pass->lock);
	while (!r && !pass->stop) {
		if (pass->converted < pass->read) {
			struct copy_slot *slot = &pass->slot[pass->converted % COPY_SLOTS];

			pthread_mutex_unlock(&pass->lock);
			r = copy_convert(pass, slot, err);
			pthread_mutex_lock(&pass->lock);
			if (!copy->lossy && sp_losses_any(&copy->losses))
				pass->dry = true;
			pass->converted++;
			pthread_cond_signal(&pass->ready);
		} else if (pass->read_all) {
			break;
		} else {
			struct timespec until;

			clock_gettime(CLOCK_REALTIME, &until);
			until.tv_sec++; /* a slow drive: the caller is still asked */
			pthread_cond_timedwait(&pass->news, &pass->lock, &until);
		}
		pthread_mutex_unlock(&pass->lock);
		if (!r)
			r = copy_report(pass, phase, pass->done, false, err);
		pthread_mutex_lock(&pass->lock);
	}
	if (r < 0)
		copy_stop(pass, err);
	pass->converted_all = true;
	pthread_cond_signal(&pass->ready);
	pthread_mutex_unlock(&pass->lock);
	return r;
}

static int copy_pass(struct copy_pass *pass, struct sp_error *err)
{
	pthread_t reader, writer;
	int r;

	if ((r = copy_plan(pass, err)) < 0 || (r = copy_allocate(pass, err)) < 0)
		return r;
	pthread_mutex_init(&pass->lock, NULL);
	pthread_cond_init(&pass->room, NULL);
	pthread_cond_init(&pass->news, NULL);
	pthread_cond_init(&pass->ready, NULL);
	int failed = pthread_create(&reader, NULL, copy_reader, pass);
	if (!failed) {
		failed = pthread_create(&writer, NULL, copy_writer, pass);
		if (!failed) {
			struct sp_error mine;

			copy_run(pass, &mine);
			pthread_join(writer, NULL);
		} else {
			pthread_mutex_lock(&pass->lock);
			copy_stop(pass, NULL);
			pthread_mutex_unlock(&pass->lock);
		}
		pthread_join(reader, NULL);
	}
	pthread_cond_destroy(&pass->room);
	pthread_cond_destroy(&pass->news);
	pthread_cond_destroy(&pass->ready);
	pthread_mutex_destroy(&pass->lock);
	if (failed)
		return sp_fail_errno(err, failed, "cannot start a thread");
	if (pass->stop) {
		if (err)
			*err = pass->error;
		return pass->error.status;
	}
	sp_losses_merge(&pass->copy->losses, &pass->sink_losses);
	return copy_report(pass, pass->copy->phase ? pass->copy->phase : "copying", pass->done,
			   true, err);
}

static int copy_refuse(const struct sp_copy *copy, struct sp_error *err)
{
	char text[200];

	if (copy->lossy || !sp_losses_any(&copy->losses))
		return 0;
	return sp_fail(err, SP_ERR_LOSSY, "this format cannot hold: %s",
		       sp_losses_text(&copy->losses, text, sizeof(text)));
}

struct copy_proof {
	unsigned right, wrong;
	struct sp_error error;
};

static void copy_take_proof(void *user, const struct sp_proof *proof)
{
	struct copy_proof *proofs = user;

	if (proof->ok)
		proofs->right++;
	else if (!proofs->wrong++)
		sp_fail(&proofs->error, SP_ERR_FORMAT,
			"%s is %s in the image, its data gives %s: the image is damaged",
			proof->what, proof->expected, proof->found);
}

static int copy_prove(struct copy_pass *pass, struct sp_error *err)
{
	struct sp_copy *copy = pass->copy;
	struct copy_proof proofs = {0};

	if (!copy->source->ops->prove)
		return 0;
	int r = copy_report(pass, "proving", pass->done, true, err);
	if (!r)
		r = sp_source_prove(copy->source, copy_take_proof, &proofs, err);
	if (r < 0)
		return r;
	copy->tally.proofs = proofs.right;
	if (proofs.wrong && err)
		*err = proofs.error;
	return proofs.wrong ? SP_ERR_FORMAT : 0;
}

/* A source that is somebody else's to close. */
struct copy_borrowed {
	struct sp_source source;
	struct sp_source *lender;
};

static int copy_borrowed_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	return sp_source_read(((struct copy_borrowed *)src)->lender, span, err);
}

static int copy_borrowed_prove(struct sp_source *src, sp_proof_fn *fn, void *user,
			       struct sp_error *err)
{
	return sp_source_prove(((struct copy_borrowed *)src)->lender, fn, user, err);
}

static void copy_borrowed_close(struct sp_source *src)
{
	free(src);
}

static int copy_spool(struct sp_source **out, struct sp_source *lender, struct sp_error *err)
{
	static const struct sp_source_ops ops = {.read = copy_borrowed_read,
						 .prove = copy_borrowed_prove,
						 .close = copy_borrowed_close};
	struct copy_borrowed *borrowed = malloc(sizeof(*borrowed));

	if (!borrowed)
		return sp_fail_memory(err);
	*borrowed = (struct copy_borrowed){{&ops, lender->disc, lender->caps}, lender};
	const int r = sp_spool(out, &borrowed->source, err);
	if (r < 0)
		free(borrowed);
	return r;
}

/* What the source learnt while it was read can be a loss too. */
static int copy_look_again(struct sp_copy *copy, struct sp_error *err)
{
	memset(copy->losses.count, 0, SP_LOSS_STRUCTURAL * sizeof(copy->losses.count[0]));
	const int r = sp_losses_layout(&copy->losses, copy->sink, copy->source->disc, err);
	return r < 0 ? r : copy_refuse(copy, err);
}

static int copy_whole(struct copy_pass *pass, struct sp_error *err)
{
	struct sp_copy *copy = pass->copy;
	struct sp_sink *sink = copy->sink;
	int r;

	if ((r = sp_losses_layout(&copy->losses, sink, copy->source->disc, err)) < 0 ||
	    ((r = copy_refuse(copy, err)) < 0 && !copy->scan))
		return r;
	if (!copy->scan && (r = sink->ops->begin(sink, copy->source->disc, copy->source, err)) < 0)
		return r;
	pass->dry = copy->scan;
	if ((r = copy_pass(pass, err)) < 0 || (r = copy_look_again(copy, err)) < 0)
		return r;
	if (copy->scan)
		return 0;
	if ((r = copy_prove(pass, err)) < 0 ||
	    (r = copy_report(pass, "finishing", pass->done, true, err)) < 0)
		return r;
	return sink->ops->finish(sink, copy->source->disc, err);
}

int sp_copy(struct sp_copy *copy, struct sp_error *err)
{
	struct sp_source *lender = copy->source, *spooled = NULL;
	struct copy_pass *pass = calloc(1, sizeof(*pass));
	int r = 0;

	memset(&copy->losses, 0, sizeof(copy->losses));
	memset(&copy->tally, 0, sizeof(copy->tally));
	if (!pass)
		return sp_fail_memory(err);
	pass->copy = copy;
	copy->sink->losses = &pass->sink_losses;
	if ((lender->caps & SP_SOURCE_ONCE) && (copy->sink->flags & SP_SINK_READS_SOURCE) &&
	    !copy->scan)
		r = copy_spool(&spooled, lender, err);
	if (spooled)
		copy->source = spooled;
	copy->sink->source = copy->source->caps & SP_SOURCE_ONCE ? NULL : copy->source;
	if (!r)
		r = copy_whole(pass, err);
	copy->sink->losses = NULL;
	copy->sink->source = NULL;
	sp_source_close(spooled);
	copy->source = lender;
	copy_free(pass);
	free(pass);
	return r;
}
