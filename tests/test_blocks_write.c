/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The writer of compressed blocks: everything is placed once, in order, and comes back; what does
 * not gain is kept as it is, zeros are not stored, and a failure stays one. */
#include "io/blocks_write.h"

#include "base/bytes.h"
#include "tests/doubles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A codec of the test's own: a block of one letter is that letter, others do not fit. */
static atomic_uint encodes, works, shared;
static _Thread_local unsigned turn;

static size_t same_encode(void **work, unsigned level, const uint8_t *in, size_t in_size,
			  uint8_t *out, size_t room)
{
	atomic_uint *mine = *work;

	if (!mine) {
		*work = mine = calloc(1, sizeof(*mine));
		atomic_fetch_add(&works, 1);
	}
	if (!mine || atomic_fetch_add(mine, 1))
		atomic_fetch_add(&shared, 1);
	atomic_fetch_add(&encodes, 1);
	if (turn++ % 5 == 0)
		usleep(200); /* so that later blocks are done before earlier ones */
	atomic_fetch_sub(mine, 1);
	if (memcmp(in, in + 1, in_size - 1) != 0 || room < 2)
		return 0;
	out[0] = in[0];
	out[1] = (uint8_t)level;
	return 2;
}

static int same_decode(void **work, const uint8_t *in, size_t in_size, uint8_t *out,
		       size_t out_size, size_t *done)
{
	(void)work;
	memset(out, in[0], out_size);
	*done = out_size;
	return in_size == 2 ? 0 : SP_ERR_FORMAT;
}

static void same_free(void *work)
{
	if (work)
		atomic_fetch_sub(&works, 1);
	free(work);
}

static const struct sp_codec same = {
	.name = "same",
	.decode = same_decode,
	.encode = same_encode,
	.work_free = same_free,
};

struct trial {
	struct sp_memory *mem;
	struct sp_io *io;
	struct sp_blocks blocks;
	uint64_t next, stored_next;
	unsigned raw, coded, zeros, skipped;
	const uint8_t *want; /* all bytes put, where nothing is skipped */
	unsigned fail_at;    /* placed: the nth fails */
};

static int trial_placed(void *user, const struct sp_block *block, const uint8_t *plain,
			const uint8_t *stored, struct sp_error *err)
{
	struct trial *t = user;

	if (t->fail_at && !--t->fail_at)
		return sp_fail(err, SP_ERR_DIFFERS, "not this one");
	assert_true(block->at == t->next);
	assert_true(block->stored_at == t->stored_next);
	t->next += block->size;
	t->stored_next += block->stored;
	if (t->want && plain)
		assert_memory_equal(plain, t->want + block->at, block->size);
	if (block->codec)
		assert_int_equal(stored[1], 5);
	else if (block->stored)
		assert_memory_equal(stored, plain, block->size);
	t->coded += block->codec != NULL;
	t->raw += !block->codec && block->stored;
	t->zeros += plain && !block->stored;
	t->skipped += !plain;
	t->blocks.size = block->at + block->size;
	if (block->stored) {
		struct sp_block *grown = sp_grow(t->blocks.block, t->blocks.count, sizeof(*grown));
		assert_non_null(grown);
		t->blocks.block = grown;
		grown[t->blocks.count++] = *block;
	}
	return 0;
}

static void trial_open(struct trial *t, const uint8_t *want)
{
	*t = (struct trial){.mem = sp_memory_new(), .want = want, .stored_next = 100};
	assert_int_equal(sp_memory_open(t->mem, "out", true, &t->io, NULL), 0);
	assert_int_equal(sp_io_write(t->io, 0, (uint8_t[100]){0}, 100, NULL), 0);
	atomic_store(&encodes, 0);
	atomic_store(&shared, 0);
}

static void trial_close(struct trial *t)
{
	sp_io_close(t->io);
	sp_memory_free(t->mem);
	sp_blocks_clear(&t->blocks);
}

static struct sp_blocks_writer *trial_writer(struct trial *t, size_t size, bool zeros)
{
	const struct sp_blocks_shape shape = {.size = size,
					      .codec = &same,
					      .level = 5,
					      .zeros = zeros,
					      .at = 100,
					      .placed = trial_placed,
					      .user = t};
	struct sp_blocks_writer *w;

	assert_int_equal(sp_blocks_writer_new(&w, t->io, &shape, NULL), 0);
	return w;
}

/* All three kinds of data, in pieces of `grain` bytes that change kind. */
static uint8_t *trial_data(size_t size, size_t grain)
{
	uint8_t *data = malloc(size);
	uint32_t seed = 5;

	assert_non_null(data);
	for (size_t i = 0; i < size; i++) {
		const size_t kind = i / grain * 2654435761u >> 7 & 3;

		seed = seed * 1664525u + 1013904223u;
		data[i] = (uint8_t)(kind == 0 ? 0 : kind == 1 ? i / grain + 1 : seed >> 24);
	}
	return data;
}

static void trial_compare(struct trial *t, const uint8_t *want, uint64_t size)
{
	struct sp_blocks blocks = t->blocks;
	struct sp_io *in, *out;
	uint8_t *got = malloc(size);

	t->blocks = (struct sp_blocks){0};
	assert_int_equal(sp_memory_open(t->mem, "out", false, &in, NULL), 0);
	assert_int_equal(sp_blocks_own(&blocks, in, NULL), 0);
	assert_int_equal(sp_blocks_open(&out, &blocks, "out", NULL), 0);
	assert_true(out->size == size);
	assert_int_equal(sp_io_read(out, 0, got, size, NULL), 0);
	assert_memory_equal(got, want, size);
	sp_io_close(out);
	free(got);
}

static void all_bytes_come_back_in_order(void **unused)
{
	static const size_t sizes[] = {512, 2048, 2352, 100000, 262144, 1 << 20};

	(void)unused;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (unsigned zeros = 0; zeros < 2; zeros++) {
			const size_t size = 5 * sizes[i] * (sizes[i] < 4096 ? 400 : 4) + 777;
			uint8_t *data = trial_data(size, sizes[i]);
			struct trial t;
			uint64_t end;
			size_t step = 1;

			trial_open(&t, data);
			struct sp_blocks_writer *w = trial_writer(&t, sizes[i], zeros);
			for (size_t at = 0; at < size; at += step) {
				step = step * 7 % 99991;
				if (step > size - at)
					step = size - at;
				assert_int_equal(sp_blocks_writer_put(w, data + at, step, NULL), 0);
			}
			assert_int_equal(sp_blocks_writer_finish(w, &end, NULL), 0);
			assert_true(end == t.stored_next && end == t.io->size);
			assert_true(t.next == size);
			const unsigned all = (unsigned)((size + sizes[i] - 1) / sizes[i]);
			assert_int_equal(t.raw + t.coded + t.zeros, all);
			assert_true(t.raw && t.coded && (bool)t.zeros == (bool)zeros);
			assert_int_equal(encodes, all - t.zeros);
			assert_int_equal(shared, 0);
			sp_blocks_writer_free(w);
			assert_int_equal(works, 0);
			trial_compare(&t, data, size);
			trial_close(&t);
			free(data);
		}
}

static void a_cut_ends_a_block_and_a_skip_is_one(void **unused)
{
	uint8_t *data = trial_data(400000, 1000);
	struct trial t;
	uint64_t total = 0;

	(void)unused;
	trial_open(&t, NULL);
	struct sp_blocks_writer *w = trial_writer(&t, 65536, true);
	uint8_t *want = calloc(1, 20000000);
	unsigned skips = 0;
	for (unsigned i = 0; i < 300; i++) {
		const size_t n = i * 331 % 4000;

		assert_int_equal(sp_blocks_writer_put(w, data + i * 512, n, NULL), 0);
		memcpy(want + total, data + i * 512, n);
		total += n;
		if (i % 3 == 0)
			assert_int_equal(sp_blocks_writer_cut(w, NULL), 0);
		if (i % 10 == 9) {
			assert_int_equal(sp_blocks_writer_skip(w, i * 1000, NULL), 0);
			total += i * 1000;
			skips++;
		}
	}
	assert_int_equal(sp_blocks_writer_skip(w, 0, NULL), 0);
	assert_int_equal(sp_blocks_writer_finish(w, NULL, NULL), 0);
	assert_int_equal(t.skipped, skips);
	assert_true(t.next == total);
	assert_in_range(t.raw + t.coded + t.zeros, 100, 131);
	sp_blocks_writer_free(w);
	t.blocks.size = total;
	trial_compare(&t, want, total);
	trial_close(&t);
	free(want);
	free(data);
}

static void a_pipe_is_enough(void **unused)
{
	uint8_t *data = trial_data(3000000, 70000);
	struct double_faults faults = {.sequential = true};
	struct trial t;

	(void)unused;
	trial_open(&t, data);
	t.io = double_io(t.io, &faults);
	struct sp_blocks_writer *w = trial_writer(&t, 70000, true);
	assert_int_equal(sp_blocks_writer_put(w, data, 3000000, NULL), 0);
	assert_int_equal(sp_blocks_writer_finish(w, NULL, NULL), 0);
	assert_int_equal(faults.seen.broken, 0);
	sp_blocks_writer_free(w);
	trial_compare(&t, data, 3000000);
	trial_close(&t);
	free(data);
}

static void a_failure_is_kept_and_ends_everything(void **unused)
{
	uint8_t *data = trial_data(3000000, 70000);

	(void)unused;
	for (unsigned nth = 1; nth < 10; nth++)
		for (unsigned kind = 0; kind < 2; kind++) {
			struct double_faults faults = {
				.kinds = DOUBLE_WRITE, .nth = kind ? nth : 0, .sys_errno = 28};
			struct sp_error err = {0};
			struct trial t;
			int r = 0;

			trial_open(&t, data);
			t.io = double_io(t.io, &faults);
			t.fail_at = kind ? 0 : nth;
			struct sp_blocks_writer *w = trial_writer(&t, 70000, true);
			for (size_t at = 0; at < 3000000 && !r; at += 10000)
				r = sp_blocks_writer_put(w, data + at, 10000, &err);
			if (!r)
				r = sp_blocks_writer_finish(w, NULL, &err);
			assert_int_equal(r, kind ? SP_ERR_IO : SP_ERR_DIFFERS);
			assert_int_equal(err.status, r);
			assert_int_equal(err.sys_errno, kind ? 28 : 0);
			err = (struct sp_error){0};
			assert_int_equal(sp_blocks_writer_put(w, data, 1, &err), r);
			assert_int_equal(sp_blocks_writer_skip(w, 1, NULL), r);
			assert_int_equal(sp_blocks_writer_cut(w, NULL), r);
			assert_int_equal(sp_blocks_writer_finish(w, NULL, &err), r);
			assert_int_equal(err.status, r);
			/* nothing more was written */
			assert_int_equal(faults.failed, kind);
			sp_blocks_writer_free(w);
			assert_int_equal(works, 0);
			trial_close(&t);
		}
	free(data);
}

static void a_writer_is_closed_with_work_undone(void **unused)
{
	uint8_t *data = trial_data(3000000, 70000);
	struct trial t;

	(void)unused;
	trial_open(&t, data);
	struct sp_blocks_writer *w = trial_writer(&t, 70000, true);
	assert_int_equal(sp_blocks_writer_put(w, data, 3000000, NULL), 0);
	sp_blocks_writer_free(w);
	assert_int_equal(works, 0);
	sp_blocks_writer_free(NULL);
	/* nothing at all is fine */
	w = trial_writer(&t, 70000, true);
	uint64_t end;
	assert_int_equal(sp_blocks_writer_finish(w, &end, NULL), 0);
	assert_true(end == 100);
	sp_blocks_writer_free(w);
	trial_close(&t);
	free(data);
}

static void sizes_beyond_the_bounds_are_refused(void **unused)
{
	struct trial t;
	struct sp_blocks_writer *w;
	struct sp_blocks_shape shape = {.size = SP_BLOCKS_WRITE_MIN - 1};

	(void)unused;
	trial_open(&t, NULL);
	assert_int_equal(sp_blocks_writer_new(&w, t.io, &shape, NULL), SP_ERR_USAGE);
	shape.size = SP_BLOCKS_WRITE_MAX + 1;
	assert_int_equal(sp_blocks_writer_new(&w, t.io, &shape, NULL), SP_ERR_USAGE);
	assert_null(w);
	shape.size = SP_BLOCKS_WRITE_MAX;
	assert_int_equal(sp_blocks_writer_new(&w, t.io, &shape, NULL), 0);
	sp_blocks_writer_free(w);
	trial_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bytes_come_back_in_order),
		cmocka_unit_test(a_cut_ends_a_block_and_a_skip_is_one),
		cmocka_unit_test(a_pipe_is_enough),
		cmocka_unit_test(a_failure_is_kept_and_ends_everything),
		cmocka_unit_test(a_writer_is_closed_with_work_undone),
		cmocka_unit_test(sizes_beyond_the_bounds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
