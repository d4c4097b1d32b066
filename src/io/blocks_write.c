/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of slots, each with one large block or several small ones: filled by the caller, encoded
 * by a worker, written by the caller when its turn comes. */
#include "io/blocks_write.h"

#include "base/bytes.h"
#include "base/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WRITE_GROUP = 256 << 10, /* bytes of small blocks that are worth a job */
	WRITE_CUTS = 64,         /* blocks of a slot beyond those that fill it */
	WRITE_BUFFERS = 96 << 20,
	WRITE_WORK = 96 << 20,
	WRITE_MEMORY = 8 << 20, /* of a codec that does not say */
	WRITE_THREADS = 64,
};

enum write_how { WRITE_RAW, WRITE_CODED, WRITE_ZEROS, WRITE_SKIPPED };

struct write_block {
	uint64_t size;
	size_t at; /* in the slot's bytes */
	size_t stored;
	unsigned how;
};

struct write_slot {
	struct sp_job job;
	struct sp_blocks_writer *writer;
	uint8_t *in, *out;
	size_t used;   /* of in */
	size_t packed; /* of out */
	struct write_block *block;
	unsigned blocks;
	bool single; /* one block that stays as it is: `in` is what is stored */
};

struct sp_blocks_writer {
	struct sp_io *io;
	struct sp_blocks_shape shape;
	struct sp_pool *pool;
	unsigned threads;
	struct write_slot *slot;
	unsigned slots;
	unsigned blocks_max;     /* of a slot */
	size_t room;             /* bytes of a slot */
	uint64_t given, retired; /* slots so far */
	struct write_slot *fill; /* the one that is being filled, NULL: none */
	bool open;               /* its last block is not yet complete */
	uint64_t at, stored_at;  /* of the next block that is placed */
	struct sp_error error;   /* status 0: none yet */

	pthread_mutex_t lock; /* of what is below: codec states that no job uses now */
	void **work;
	unsigned works;
};

static void *writer_take(struct sp_blocks_writer *w)
{
	pthread_mutex_lock(&w->lock);
	void *work = w->works ? w->work[--w->works] : NULL;
	pthread_mutex_unlock(&w->lock);
	return work;
}

/* There are never more states than threads, and one for the caller where there are none. */
static void writer_give(struct sp_blocks_writer *w, void *work)
{
	pthread_mutex_lock(&w->lock);
	w->work[w->works++] = work;
	pthread_mutex_unlock(&w->lock);
}

/* Comparing a block with itself, 16 bytes on: the C library does that as fast as memory goes, and
 * ends at the first difference. */
static bool writer_is_zero(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[16];
	const size_t first = size < sizeof(zeros) ? size : sizeof(zeros);

	return !memcmp(data, zeros, first) && !memcmp(data, data + first, size - first);
}

static void writer_encode(struct write_slot *slot, struct write_block *b, void **work)
{
	const struct sp_blocks_shape *shape = &slot->writer->shape;
	const uint8_t *in = slot->in + b->at;
	uint8_t *out = slot->out + slot->packed;
	const size_t size = (size_t)b->size;

	b->stored = 0;
	if (b->how == WRITE_SKIPPED)
		return;
	b->how = WRITE_ZEROS;
	if (shape->zeros && writer_is_zero(in, size))
		return;
	b->how = WRITE_CODED;
	if (shape->codec && size > 1)
		b->stored = shape->codec->encode(work, shape->level, in, size, out, size - 1);
	if (!b->stored) {
		b->how = WRITE_RAW;
		b->stored = size;
		if (slot->blocks == 1)
			slot->single = true;
		else
			memcpy(out, in, size);
	}
	slot->packed += b->stored;
}

static void writer_job(void *arg)
{
	struct write_slot *slot = arg;
	const struct sp_codec *codec = slot->writer->shape.codec;
	void *work = codec ? writer_take(slot->writer) : NULL;

	for (unsigned i = 0; i < slot->blocks; i++)
		writer_encode(slot, &slot->block[i], &work);
	if (work)
		writer_give(slot->writer, work);
}

static int writer_failed(const struct sp_blocks_writer *w, struct sp_error *err)
{
	if (err)
		*err = w->error;
	return w->error.status;
}

static int writer_fail(struct sp_blocks_writer *w, const struct sp_error *why, int status)
{
	w->error = *why;
	w->error.status = status;
	return status;
}

static int writer_place(struct sp_blocks_writer *w, struct write_slot *slot, struct sp_error *err)
{
	const uint8_t *stored = slot->single ? slot->in : slot->out;

	if (slot->packed) {
		const int r = sp_io_write(w->io, w->stored_at, stored, slot->packed, err);
		if (r < 0)
			return r;
	}
	for (unsigned i = 0; i < slot->blocks; i++) {
		const struct write_block *b = &slot->block[i];
		const struct sp_block block = {
			.at = w->at,
			.size = b->size,
			.stored_at = w->stored_at,
			.stored = b->stored,
			.codec = b->how == WRITE_CODED ? w->shape.codec : NULL,
		};
		const uint8_t *plain = b->how == WRITE_SKIPPED ? NULL : slot->in + b->at;
		const int r = w->shape.placed
				      ? w->shape.placed(w->shape.user, &block, plain, stored, err)
				      : 0;
		if (r < 0)
			return r;
		stored += b->stored;
		w->stored_at += b->stored;
		w->at += b->size;
	}
	return 0;
}

/* Wait for the oldest slot and write it; when something has failed, only wait. */
static int writer_retire(struct sp_blocks_writer *w)
{
	struct write_slot *slot = &w->slot[w->retired++ % w->slots];
	struct sp_error err = {0};

	sp_pool_wait(w->pool, &slot->job);
	if (w->error.status)
		return w->error.status;
	const int r = writer_place(w, slot, &err);
	return r < 0 ? writer_fail(w, &err, r) : 0;
}

static void writer_submit(struct sp_blocks_writer *w)
{
	struct write_slot *slot = w->fill;

	w->open = false;
	w->fill = NULL;
	if (!slot)
		return;
	slot->job = (struct sp_job){.run = writer_job, .arg = slot};
	w->given++;
	sp_pool_submit(w->pool, &slot->job);
}

/* A slot to fill, when its turn has come. */
static int writer_slot(struct sp_blocks_writer *w)
{
	struct write_slot *slot = &w->slot[w->given % w->slots];
	struct sp_error err = {0};

	if (w->given - w->retired == w->slots && writer_retire(w) < 0)
		return w->error.status;
	if (!slot->writer) {
		slot->in = malloc(w->room);
		slot->out = malloc(w->room);
		slot->block = calloc(w->blocks_max, sizeof(slot->block[0]));
		slot->writer = w;
	}
	if (!slot->in || !slot->out || !slot->block)
		return writer_fail(w, &err, sp_fail_memory(&err));
	slot->used = slot->packed = 0;
	slot->blocks = 0;
	slot->single = false;
	w->fill = slot;
	return 0;
}

/* Begin a block that will have up to `size` bytes in the slot. */
static int writer_begin(struct sp_blocks_writer *w, size_t size, struct write_block **out)
{
	struct write_slot *slot = w->fill;

	if (slot && (slot->blocks == w->blocks_max || w->room - slot->used < size))
		writer_submit(w);
	if (!w->fill && writer_slot(w) < 0)
		return w->error.status;
	slot = w->fill;
	*out = &slot->block[slot->blocks++];
	**out = (struct write_block){.at = slot->used};
	return 0;
}

int sp_blocks_writer_put(struct sp_blocks_writer *w, const void *data, size_t size,
			 struct sp_error *err)
{
	const uint8_t *in = data;
	struct write_block *b;

	if (w->error.status)
		return writer_failed(w, err);
	while (size) {
		if (!w->open && writer_begin(w, w->shape.size, &b) < 0)
			return writer_failed(w, err);
		struct write_slot *slot = w->fill;
		b = &slot->block[slot->blocks - 1];
		const size_t left = w->shape.size - (size_t)b->size;
		const size_t n = left < size ? left : size;
		memcpy(slot->in + slot->used, in, n);
		slot->used += n;
		b->size += n;
		w->open = b->size < w->shape.size;
		in += n;
		size -= n;
		/* not left until the next byte comes: a worker could be at it */
		if (!w->open && (w->room - slot->used < w->shape.size))
			writer_submit(w);
	}
	return 0;
}

int sp_blocks_writer_cut(struct sp_blocks_writer *w, struct sp_error *err)
{
	w->open = false;
	return w->error.status ? writer_failed(w, err) : 0;
}

int sp_blocks_writer_skip(struct sp_blocks_writer *w, uint64_t size, struct sp_error *err)
{
	struct write_block *b;

	w->open = false;
	if (w->error.status)
		return writer_failed(w, err);
	if (!size)
		return 0;
	if (writer_begin(w, 0, &b) < 0)
		return writer_failed(w, err);
	b->size = size;
	b->how = WRITE_SKIPPED;
	return 0;
}

int sp_blocks_writer_finish(struct sp_blocks_writer *w, uint64_t *end, struct sp_error *err)
{
	writer_submit(w);
	while (w->retired < w->given)
		writer_retire(w);
	if (end)
		*end = w->stored_at;
	return w->error.status ? writer_failed(w, err) : 0;
}

/* As many threads and slots as memory allows. */
static int writer_plan(struct sp_blocks_writer *w, struct sp_error *err)
{
	const size_t memory = w->shape.memory ? w->shape.memory : WRITE_MEMORY;
	const size_t group = WRITE_GROUP / w->shape.size;
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = WRITE_WORK / memory;

	if (most > WRITE_THREADS)
		most = WRITE_THREADS;
	w->threads = cores < 1 ? 1 : cores > (long)most ? (unsigned)most : (unsigned)cores;
	if (!w->threads)
		w->threads = 1;
	w->room = w->shape.size * (group ? group : 1);
	w->blocks_max = (unsigned)(group ? group : 1) + WRITE_CUTS;
	w->slots = (unsigned)(WRITE_BUFFERS / (2 * w->room));
	if (w->slots > 2 * w->threads + 2)
		w->slots = 2 * w->threads + 2;
	if (w->slots < 2)
		w->slots = 2;
	w->slot = calloc(w->slots, sizeof(w->slot[0]));
	w->work = calloc(w->threads + 1, sizeof(w->work[0]));
	return w->slot && w->work ? 0 : sp_fail_memory(err);
}

int sp_blocks_writer_new(struct sp_blocks_writer **out, struct sp_io *io,
			 const struct sp_blocks_shape *shape, struct sp_error *err)
{
	*out = NULL;
	if (shape->size < SP_BLOCKS_WRITE_MIN || shape->size > SP_BLOCKS_WRITE_MAX)
		return sp_fail(err, SP_ERR_USAGE, "blocks of %zu bytes: %d…%d are written",
			       shape->size, SP_BLOCKS_WRITE_MIN, SP_BLOCKS_WRITE_MAX);
	struct sp_blocks_writer *w = calloc(1, sizeof(*w));
	if (!w)
		return sp_fail_memory(err);
	pthread_mutex_init(&w->lock, NULL);
	w->io = io;
	w->shape = *shape;
	w->stored_at = shape->at;
	const int r = writer_plan(w, err);
	if (r < 0) {
		sp_blocks_writer_free(w);
		return r;
	}
	w->pool = sp_pool_new(w->threads); /* without one, jobs run as they are given */
	*out = w;
	return 0;
}

void sp_blocks_writer_free(struct sp_blocks_writer *w)
{
	if (!w)
		return;
	sp_pool_free(w->pool); /* after the last job */
	while (w->works)
		w->shape.codec->work_free(w->work[--w->works]);
	for (unsigned i = 0; w->slot && i < w->slots; i++) {
		free(w->slot[i].in);
		free(w->slot[i].out);
		free(w->slot[i].block);
	}
	free(w->slot);
	free(w->work);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
