/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker threads: every job runs once; those of one lane in their order and never two at a time,
 * without keeping others from running. */
#include "base/pool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { JOBS = 3000, LANES = 5 };

struct lane {
	atomic_uint inside, together;
	unsigned order[JOBS]; /* as they ran */
	unsigned count;       /* of one thread at a time: what the thread sanitizer would see */
};
struct task {
	struct sp_job job;
	struct lane *lane;
	unsigned number;
	atomic_uint runs;
};

static void task_run(void *arg)
{
	struct task *task = arg;

	atomic_fetch_add(&task->runs, 1);
	if (!task->lane)
		return;
	if (atomic_fetch_add(&task->lane->inside, 1))
		atomic_fetch_add(&task->lane->together, 1);
	for (volatile unsigned i = 0; i < 50 * (task->number % 7); i++)
		;
	task->lane->order[task->lane->count++] = task->number;
	atomic_fetch_sub(&task->lane->inside, 1);
}

static struct task task[JOBS];
static struct lane lane[LANES];

/* Of every seven jobs one is in no lane. */
static void tasks_give(struct sp_pool *pool)
{
	for (unsigned i = 0; i < LANES; i++) {
		lane[i].count = 0;
		lane[i].together = 0;
	}
	for (unsigned i = 0; i < JOBS; i++) {
		struct lane *in = i % 7 ? &lane[i * 2654435761u % LANES] : NULL;
		task[i].lane = in;
		task[i].number = i;
		task[i].runs = 0;
		task[i].job = (struct sp_job){.run = task_run, .arg = &task[i], .lane = in};
		sp_pool_submit(pool, &task[i].job);
	}
}

static void tasks_were_run(void)
{
	unsigned in_lanes = 0;

	for (unsigned i = 0; i < JOBS; i++) {
		assert_int_equal(task[i].runs, 1);
		in_lanes += task[i].lane != NULL;
	}
	for (unsigned i = 0; i < LANES; i++) {
		assert_int_equal(lane[i].together, 0);
		for (unsigned n = 1; n < lane[i].count; n++)
			assert_true(lane[i].order[n] > lane[i].order[n - 1]);
		in_lanes -= lane[i].count;
	}
	assert_int_equal(in_lanes, 0);
}

static void jobs_of_a_lane_run_in_order_one_at_a_time(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 4; threads++) {
		struct sp_pool *pool = sp_pool_new(threads);
		assert_non_null(pool);
		tasks_give(pool);
		for (unsigned i = 0; i < JOBS; i++)
			sp_pool_wait(pool, &task[i].job);
		tasks_were_run();
		sp_pool_free(pool);
	}
}

static void freeing_runs_what_waits_for_its_lane(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct sp_pool *pool = sp_pool_new(3);
		tasks_give(pool);
		sp_pool_free(pool);
		tasks_were_run();
	}
}

static void without_threads_jobs_run_at_once(void **state)
{
	(void)state;
	tasks_give(NULL);
	tasks_were_run();
	assert_true(sp_pool_done(NULL, &task[0].job));
}

static atomic_bool open_gate;

static void gate_run(void *arg)
{
	(void)arg;
	while (!atomic_load(&open_gate))
		;
}

static void opener_run(void *arg)
{
	(void)arg;
	atomic_store(&open_gate, true);
}

/* The first job ends only when the last one has run, with two of its own lane between. */
static void a_lane_in_use_keeps_no_other_job_waiting(void **state)
{
	struct sp_pool *pool = sp_pool_new(2);
	struct sp_job job[4] = {{.run = gate_run, .lane = lane},
				{.run = gate_run, .lane = lane},
				{.run = gate_run, .lane = lane},
				{.run = opener_run, .lane = lane + 1}};

	(void)state;
	atomic_store(&open_gate, false);
	for (unsigned i = 0; i < 4; i++)
		sp_pool_submit(pool, &job[i]);
	for (unsigned i = 0; i < 4; i++)
		sp_pool_wait(pool, &job[i]);
	assert_true(sp_pool_done(pool, &job[2]));
	sp_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_of_a_lane_run_in_order_one_at_a_time),
		cmocka_unit_test(freeing_runs_what_waits_for_its_lane),
		cmocka_unit_test(without_threads_jobs_run_at_once),
		cmocka_unit_test(a_lane_in_use_keeps_no_other_job_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
