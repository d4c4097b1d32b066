/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every allocation of create, open, copy and output sets failing in turn. The library's calls come
 * here by the linker's --wrap, so it is linked statically. */
#include "formats/formats.h"
#include "stream/pattern.h"
#include "tests/doubles.h"
#include "tests/layouts.h"
#include "tests/sweep.h"

#include <spindle/spindle.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEED = 5 };

static struct {
	atomic_bool armed;
	atomic_uint count, failed;
	unsigned nth;
	bool forever;
} alloc;

static bool alloc_refuse(void)
{
	if (!alloc.armed)
		return false;
	const unsigned n = atomic_fetch_add(&alloc.count, 1) + 1;
	if (!alloc.nth || n < alloc.nth || (n > alloc.nth && !alloc.forever))
		return false;
	atomic_fetch_add(&alloc.failed, 1);
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);

void *__wrap_malloc(size_t size)
{
	return alloc_refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return alloc_refuse() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return alloc_refuse() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return alloc_refuse() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
	return alloc_refuse() ? NULL : __real_strndup(text, size);
}

/* What is done again and again with another allocation failing. */
struct alloc_job {
	const struct sp_format *format;
	const struct layout *layout;
	struct sp_options options; /* of creating */
	struct sp_memory *mem;
	char name[32], path[64];
	bool finished, right; /* out: it claims success; and that is true */
};

/* Run with the nth allocation failing; the status of the job. */
static int alloc_run(int (*run)(struct alloc_job *job, struct sp_error *err), struct alloc_job *job,
		     unsigned nth, bool forever)
{
	struct sp_error err = {0};

	alloc.nth = nth;
	alloc.forever = forever;
	alloc.count = alloc.failed = 0;
	job->right = false;
	const int r = run(job, &err);
	assert_false(alloc.armed);
	if (r && (err.status != r || !err.text[0]))
		fail_msg("%s, %s: allocation %u: %d without a word", job->format->name,
			 job->layout->name, nth, r);
	if (!r && !job->right)
		fail_msg("%s, %s: allocation %u fails, and wrong content is called right",
			 job->format->name, job->layout->name, nth);
	/* a digest cannot tell whether memory or the system's policy was wanting */
	if (r && r != SP_ERR_MEMORY && !strstr(err.text, "no memory"))
		fail_msg("%s, %s: allocation %u: %d, %s", job->format->name, job->layout->name, nth,
			 r, err.text);
	return r;
}

static void alloc_sweep(int (*run)(struct alloc_job *job, struct sp_error *err),
			struct alloc_job *job)
{
	unsigned failed = 0;

	assert_int_equal(alloc_run(run, job, 0, false), 0);
	const unsigned n = alloc.count, step = (unsigned)sweep_step(n, 120);
	for (unsigned i = 1; i <= n; i += i < 60 ? 1 : step) {
		failed += alloc_run(run, job, i, false) != 0;
		failed += alloc_run(run, job, i, true) != 0;
	}
	assert_true(!n || failed);
}

static bool alloc_equal(struct sp_source *source, const struct layout *layout)
{
	static struct sp_compared compared;
	struct sp_source *fresh = layout_source(layout, SEED);
	struct sp_copy copy = {.source = source};

	assert_int_equal(sp_sink_compare(&copy.sink, fresh, &compared, NULL), 0);
	assert_int_equal(sp_copy(&copy, NULL), 0);
	sp_sink_close(copy.sink);
	sp_source_close(fresh);
	return !compared.layout[0] && !compared.differ && !compared.only_a && !compared.only_b;
}

static int run_open(struct alloc_job *job, struct sp_error *err)
{
	const struct sp_format *found;
	struct sp_source *source = NULL;
	struct sp_io *io;

	assert_int_equal(sp_memory_open(job->mem, job->name, false, &io, NULL), 0);
	alloc.armed = true;
	int r = sp_identify(&found, io, err);
	if (!r)
		r = found->open(&source, io, NULL, err);
	alloc.armed = false;
	if (r)
		sp_io_close(io);
	else
		job->right = alloc_equal(source, job->layout);
	sp_source_close(source);
	return r;
}

static int run_create(struct alloc_job *job, struct sp_error *err)
{
	struct sp_copy copy = {.source = layout_source(job->layout, SEED)};
	struct sp_io *io;

	sp_memory_free(job->mem);
	job->mem = sp_memory_new();
	assert_int_equal(sp_memory_open(job->mem, job->name, true, &io, NULL), 0);
	alloc.armed = true;
	int r = job->format->create(&copy.sink, io, &job->options, err);
	const bool created = !r;
	if (!r)
		r = sp_copy(&copy, err);
	alloc.armed = false;
	if (!created)
		sp_io_close(io);
	sp_sink_close(copy.sink);
	sp_source_close(copy.source);
	if (!r) {
		struct sp_source *source;

		assert_int_equal(sp_memory_open(job->mem, job->name, false, &io, NULL), 0);
		assert_int_equal(job->format->open(&source, io, NULL, NULL), 0);
		job->right = alloc_equal(source, job->layout);
		sp_source_close(source);
	}
	return r;
}

static void alloc_each(int (*run)(struct alloc_job *job, struct sp_error *err))
{
	static const char *const name[] = {"data2048", "mode1-raw", "mixed",
					   "codes",    "cd-text",   "cd-extra"};

	for (const struct sp_format *const *f = sp_formats(); *f; f++) {
		for (size_t i = 0; (*f)->create && i < sizeof(name) / sizeof(name[0]); i++) {
			struct alloc_job job = {.format = *f, .layout = layout_named(name[i])};
			struct sp_error err;

			snprintf(job.name, sizeof(job.name), "image%s", (*f)->extension[0]);
			alloc.nth = 0;
			if (!run_create(&job, &err))
				alloc_sweep(run, &job);
			else
				assert_int_equal(err.status, SP_ERR_LOSSY);
			sp_memory_free(job.mem);
		}
	}
}

static void no_memory_while_opening_is_said(void **unused)
{
	(void)unused;
	alloc_each(run_open);
}

static void no_memory_while_creating_is_said(void **unused)
{
	(void)unused;
	alloc_each(run_create);
}

/* A copy with everything the road has between: a view, a spool, a tee of hash, compare and check.
 */
static int run_road(struct alloc_job *job, struct sp_error *err)
{
	static struct sp_compared compared;
	static struct sp_hashes hashes;
	static struct sp_tally tally;
	struct sp_source *source = layout_source(job->layout, SEED), *view = NULL;
	struct sp_source *reference = layout_source(job->layout, SEED);
	struct sp_sink *child[3] = {0};
	struct sp_copy copy = {0};

	source->caps |= SP_SOURCE_ONCE;
	alloc.armed = true;
	int r = sp_spool(&copy.source, source, err);
	if (!r)
		source = copy.source;
	if (!r && !(r = sp_view_track(&view, source, 2, err)))
		source = view;
	if (!r)
		r = sp_sink_hash(&child[0], 15, &hashes, err);
	if (!r)
		r = sp_sink_compare(&child[1], reference, &compared, err);
	if (!r)
		r = sp_sink_check(&child[2], &tally, NULL, NULL, err);
	if (!r)
		r = sp_sink_tee(&copy.sink, child, 3, err);
	if (copy.sink) {
		copy.source = source;
		r = sp_copy(&copy, err);
	}
	alloc.armed = false;
	for (size_t i = 0; i < 3 && !copy.sink; i++)
		sp_sink_close(child[i]);
	sp_sink_close(copy.sink);
	sp_source_close(source);
	sp_source_close(reference);
	job->right = !r && compared.same == 35 && hashes.tracks == 1 &&
		     hashes.track[0].hex[SP_DIGEST_SHA256][0];
	return r;
}

static void no_memory_while_making_sound_files_is_said(void **unused)
{
	(void)unused;
	const struct sp_option flac[] = {{"audio", "flac"}, {"bins", "track"}, {"names", "title"}};
	const struct sp_option wav[] = {{"audio", "wav"}, {"bins", "track"}, {"names", "title"}};
	const struct sp_option *const option[] = {flac, wav};

	for (size_t i = 0; i < 2; i++) {
		struct alloc_job job = {.format = &sp_format_cue,
					.layout = layout_named("cd-text"),
					.options = {.option = option[i], .options = 3},
					.mem = sp_memory_new(),
					.name = "image.cue"};

		alloc_sweep(run_create, &job);
		sp_memory_free(job.mem);
	}
}

static void no_memory_while_packing_blocks_is_said(void **unused)
{
	(void)unused;
	static const char *const kind[] = {"UDRO", "UDBZ", "ULFO", "ULMO"};

	for (size_t i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		const struct sp_option option = {"kind", kind[i]};
		struct alloc_job job = {.format = sp_format_named("dmg"),
					.layout = layout_named("data2048"),
					.options = {.option = &option, .options = 1},
					.mem = sp_memory_new(),
					.name = "image.dmg"};

		struct sp_error err;

		alloc_sweep(run_create, &job);
		alloc.nth = 0;
		assert_int_equal(run_create(&job, &err), 0);
		alloc_sweep(run_open, &job);
		sp_memory_free(job.mem);
	}
}

static void no_memory_on_the_road_is_said(void **unused)
{
	(void)unused;
	struct alloc_job job = {.format = sp_format_named("iso"), .layout = layout_named("mixed")};

	alloc_sweep(run_road, &job);
}

/* Two dumps, one of them damaged and corrected on the way, merged and checked. */
static int run_mending(struct alloc_job *job, struct sp_error *err)
{
	const struct double_source_plan plan = {
		.damage_at = 3, .damage_count = 4, .damage_byte = 500};
	struct double_seen seen = {0};
	struct sp_source *dump[2] = {double_source(layout_source(job->layout, SEED), &plan, &seen),
				     layout_source(job->layout, SEED)};
	const struct sp_merge merge = {.source = dump, .sources = 2};
	struct sp_repairs repairs = {0}, correctable = {0};
	struct sp_merged merged = {0};
	struct sp_tally tally;
	struct sp_copy copy = {0};
	struct sp_source *view = NULL;

	alloc.armed = true;
	int r = sp_sink_check(&copy.sink, &tally, &correctable, NULL, err);
	if (!r) {
		copy.source = dump[0];
		r = sp_copy(&copy, err);
	}
	sp_sink_close(copy.sink);
	copy.sink = NULL;
	if (!r && !(r = sp_view_repair(&view, dump[0], &repairs, err)))
		dump[0] = view;
	if (!r && !(r = sp_merge_open(&copy.source, &merge, &merged, err)))
		dump[0] = dump[1] = NULL;
	if (!r)
		r = sp_sink_null(&copy.sink, err);
	if (!r)
		r = sp_copy(&copy, err);
	alloc.armed = false;
	sp_sink_close(copy.sink);
	if (!dump[0])
		sp_source_close(copy.source);
	sp_source_close(dump[0]);
	sp_source_close(dump[1]);
	job->right = !r && correctable.sectors[SP_REPAIR_CORRECTABLE] == 4 &&
		     repairs.sectors[SP_REPAIR_CORRECTABLE] == 4 && repairs.bytes == 4 &&
		     merged.how[SP_MERGE_EQUAL] == merged.sectors;
	sp_runs_free(&correctable.runs);
	sp_runs_free(&repairs.runs);
	sp_runs_free(&merged.runs);
	return r;
}

static void no_memory_while_mending_is_said(void **unused)
{
	(void)unused;
	struct alloc_job job = {.format = sp_format_named("iso"), .layout = layout_named("mixed")};

	alloc_sweep(run_mending, &job);
}

/* A copy of a disc that has everything. */
static int run_disc(struct alloc_job *job, struct sp_error *err)
{
	struct sp_disc *disc = layout_build(job->layout);

	alloc.armed = true;
	struct sp_disc *copy = sp_disc_copy(disc);
	alloc.armed = false;
	job->right = copy && !sp_disc_check(copy, err) && copy->tracks == disc->tracks &&
		     copy->texts == disc->texts;
	sp_disc_free(copy);
	sp_disc_free(disc);
	return copy ? 0 : sp_fail_memory(err);
}

static void no_memory_for_a_disc_is_said(void **unused)
{
	(void)unused;
	struct alloc_job job = {.format = sp_format_named("cue"),
				.layout = layout_named("cd-text")};

	alloc_sweep(run_disc, &job);
}

/* Files of a folder; all are removed with `sweep`. */
static unsigned alloc_files(const char *path, bool sweep)
{
	DIR *dir = opendir(path);
	unsigned count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		count++;
		if (sweep)
			assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
	}
	closedir(dir);
	return count;
}

static int run_output(struct alloc_job *job, struct sp_error *err)
{
	struct sp_copy copy = {.source = layout_source(job->layout, SEED)};
	struct sp_output output = {0};
	struct sp_input input = {0};
	char path[128];

	snprintf(path, sizeof(path), "%s/image%s", job->path, job->format->extension[0]);
	alloc.armed = true;
	int r = sp_output_create(&output, path, NULL, 0, NULL, err);
	if (!r) {
		copy.sink = output.sink;
		r = sp_copy(&copy, err);
		if (!r)
			r = sp_output_commit(&output, err);
		sp_output_close(&output);
	}
	alloc.armed = false;
	sp_source_close(copy.source);
	if (r) {
		assert_int_equal(alloc_files(job->path, false), 0);
		return r;
	}
	alloc.armed = true;
	r = sp_input_open(&input, path, NULL, NULL, err);
	alloc.armed = false;
	if (!r) {
		job->right = alloc_equal(input.source, job->layout);
		sp_input_close(&input);
	}
	alloc_files(job->path, true);
	return r;
}

static void no_memory_leaves_no_files(void **unused)
{
	(void)unused;
	static const char *const name[] = {"iso", "cue"};

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		struct alloc_job job = {.format = sp_format_named(name[i]),
					.layout = layout_named("data2048"),
					.path = "/tmp/spindle-alloc-XXXXXX"};

		assert_non_null(mkdtemp(job.path));
		alloc_sweep(run_output, &job);
		assert_int_equal(rmdir(job.path), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory_for_a_disc_is_said),
		cmocka_unit_test(no_memory_while_opening_is_said),
		cmocka_unit_test(no_memory_while_creating_is_said),
		cmocka_unit_test(no_memory_while_making_sound_files_is_said),
		cmocka_unit_test(no_memory_while_packing_blocks_is_said),
		cmocka_unit_test(no_memory_on_the_road_is_said),
		cmocka_unit_test(no_memory_while_mending_is_said),
		cmocka_unit_test(no_memory_leaves_no_files),
	};

	return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
