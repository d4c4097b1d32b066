/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own writer where it cannot, fails or is stopped: the reason before the first write, and
 * afterwards the state that the disc really has. */
#include "drive/mmc_write.h"

#include <spindle/burn.h>

#include "disc/sector.h"
#include "stream/store.h"
#include "tests/layouts.h"
#include "tests/recorder_bench.h"

/* Commands pass through; those that change a medium are counted, and one kind may be refused. */
struct spy {
	struct sp_transport transport;
	struct sp_transport *inner;
	unsigned changes; /* WRITE, CLOSE, BLANK, FORMAT, SEND CUE SHEET, SEND OPC */
	unsigned writes;
	uint8_t refuse_block; /* MODE SELECT of page 05h with such blocks; 0: none */
	unsigned hide_test;   /* the feature has no such bit */
	unsigned locks;
	bool locked;
	unsigned reset_at;   /* the bus is reset at that WRITE, from 1; 0: never */
	uint32_t sync_sense; /* what SYNCHRONIZE CACHE ends with */
};

static int spy_refuse(struct sp_command *c, uint32_t sense)
{
	c->status = SP_SCSI_CHECK_CONDITION;
	memset(c->sense, 0, 18);
	c->sense[0] = 0x70;
	c->sense[2] = (uint8_t)(sense >> 16);
	c->sense[7] = 10;
	c->sense[12] = (uint8_t)(sense >> 8);
	c->sense[13] = (uint8_t)sense;
	c->sense_size = 18;
	return 0;
}

static int spy_execute(struct sp_transport *t, struct sp_command *c, struct sp_error *err)
{
	struct spy *spy = (struct spy *)t;
	const uint8_t *data = c->data;

	switch (c->cdb[0]) {
	case 0x2a:
	case 0xaa:
		spy->changes++;
		if (++spy->writes != spy->reset_at)
			break;
		c->host = SP_HOST_RESET;
		return 0;
	case 0x35:
		if (!spy->sync_sense)
			break;
		return spy_refuse(c, spy->sync_sense);
	case 0x04:
	case 0x54:
	case 0x5b:
	case 0x5d:
	case 0xa1:
		spy->changes++;
		break;
	case 0x1e:
		spy->locked = c->cdb[4] & 1;
		spy->locks++;
		break;
	case 0x55:
		if (!spy->refuse_block || (data[8 + 2] & 15) != 3 ||
		    (data[8 + 4] & 15) != spy->refuse_block)
			break;
		return spy_refuse(c, 0x052600);
	default:
		break;
	}
	const int r = spy->inner->ops->execute(spy->inner, c, err);
	if (c->cdb[0] == 0x46 && spy->hide_test && c->done > 12)
		((uint8_t *)c->data)[12] &= (uint8_t)~spy->hide_test;
	return r;
}

static void spy_wait(struct sp_transport *t, unsigned ms)
{
	struct spy *spy = (struct spy *)t;

	spy->inner->ops->wait(spy->inner, ms);
}

static struct spy spy_on(struct bench *b)
{
	static const struct sp_transport_ops ops = {.execute = spy_execute, .wait = spy_wait};
	struct spy spy = {.transport = *b->transport, .inner = b->transport};

	spy.transport.ops = &ops;
	return spy;
}

struct told {
	char text[4][200];
	unsigned count;
};

static void tell(void *user, const char *text)
{
	struct told *told = user;

	if (told->count < 4)
		snprintf(told->text[told->count++], sizeof(told->text[0]), "%s", text);
}

static int record(struct spy *spy, struct sp_source *src, const struct sp_burn *burn,
		  struct sp_error *err)
{
	struct sp_sink *sink;
	int r = sp_recorder_open(&sink, &spy->transport, src->disc, burn, err);

	if (r < 0)
		return r;
	struct sp_copy copy = {.source = src, .sink = sink};
	r = sp_copy(&copy, err);
	sp_sink_close(sink);
	return r;
}

static void what_cannot_be_written_is_begun(void **state)
{
	static const struct {
		const char *medium, *profile, *layout;
		unsigned mode;
		const char *why;
	} table[] = {
		{"cd-r", "refuse sao\n", "mixed", SP_BURN_SAO,
		 "sim: this drive does not write session at once"},
		{"cd-r", "refuse sao raw\n", "mixed", SP_BURN_AUTO,
		 "sim: this drive does not write session at once; and raw, this drive does not"},
		{"cd-r", "refuse sao\n", "cd-extra", SP_BURN_AUTO,
		 "sim: this drive does not write session at once; and raw, a disc of several "
		 "sessions is not"},
		{"cd-r", "refuse raw\n", "sub-channel", SP_BURN_AUTO,
		 "the sub-channel it has can be written raw alone, and this drive does not"},
		{"cd-r", "refuse raw\n", "mixed", SP_BURN_RAW, "this drive does not write raw"},
		{"cd-r", "", "cd-extra", SP_BURN_RAW,
		 "a disc of several sessions is not written raw"},
		{"cd-r", "", "gd-rom", SP_BURN_AUTO,
		 "session 2 begins at LBA 45000; a CD recorder begins it at LBA 11315, and "
		 "addresses in it would be wrong"},
		{"cd-r", "", "gap-stored", SP_BURN_AUTO,
		 "session 2 begins at LBA 320; a CD recorder begins it at LBA 11270, and addresses "
		 "in it would be wrong"},
		{"cd-r", "", "cd-to-the-end", SP_BURN_AUTO,
		 "sim: the disc needs 449850 sectors, and the CD-R holds 359849"},
		{"cd-r", "", "block", SP_BURN_AUTO, "blocks of 512 bytes are not those of a CD"},
		{"cd-r", "", "mixed", SP_BURN_TAO, "track at once is not for this kind of disc"},
		{"dvd-r", "", "mixed", SP_BURN_AUTO,
		 "sim: this way of writing is for CD-R and CD-RW, not for a DVD-R"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bench *b = bench_new(table[i].medium, table[i].profile, NULL);
		struct sp_source *src = layout_source(layout_named(table[i].layout), 3);
		const struct sp_burn burn = {.drive = "sim", .mode = table[i].mode};
		struct spy spy = spy_on(b);
		struct sp_error err = {0};
		const int r = record(&spy, src, &burn, &err);

		if (r >= 0)
			fail_msg("%s was written", table[i].layout);
		assert_string_equal(err.text, table[i].why);
		assert_int_equal(spy.changes, 0);
		assert_int_equal(spy.locks, 0);
		sp_source_close(src);
		bench_free(b);
	}
}

/* A drive with other bits of raw sub-channel, or none. */
static void raw_with_p_and_q_alone_holds_more(void **state)
{
	static const char *const refused[] = {"sub-channel", "cd-text"};
	struct sp_error err = {0};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct bench *b = bench_new("cd-r", NULL, NULL);
		struct sp_source *src = layout_source(layout_named(refused[i]), 3);
		const struct sp_burn burn = {.drive = "sim", .mode = SP_BURN_RAW};
		struct spy spy = spy_on(b);

		spy.refuse_block = 3;
		assert_int_equal(record(&spy, src, &burn, &err), SP_ERR_UNSUPPORTED);
		assert_string_equal(err.text,
				    i ? "sim: this drive writes raw with P and Q alone, and the "
					"disc has CD-Text"
				      : "sim: this drive writes raw with P and Q alone, and the "
					"disc has more of the sub-channel");
		assert_int_equal(spy.changes, 0);
		sp_source_close(src);
		bench_free(b);
	}

	/* nothing but the layout: 16 bytes are enough */
	struct bench *b = bench_new("cd-r", NULL, NULL);
	struct sp_source *src = layout_source(layout_named("codes"), 3);
	const struct sp_burn burn = {.drive = "sim", .mode = SP_BURN_RAW};
	struct spy spy = spy_on(b);
	char code[14];

	spy.refuse_block = 3;
	if (record(&spy, src, &burn, &err))
		fail_msg("%s", err.text);
	bench_again(b, NULL, NULL, NULL);
	assert_int_equal(sp_mmc_settle(b->transport, "TEST UNIT READY", 10, NULL, &err), 0);
	assert_int_equal(sp_mmc_code(b->transport, 2, code, &err), 0);
	assert_string_equal(code, "DEABC2400002");
	assert_int_equal(sp_mmc_code(b->transport, 0, code, &err), 0);
	assert_string_equal(code, "4006381333931");
	sp_source_close(src);
	bench_free(b);
}

static void a_disc_with_something_on_it_is_written_over(void **state)
{
	static const char *const media[] = {"cd-r", "cd-rw"};
	static const char *const why[] = {
		"sim: the CD-R in it is not blank",
		"sim: the CD-RW in it is not blank; spindle blank makes it so"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct bench *b = bench_new(media[i], NULL, NULL);
		struct sp_source *src = layout_source(layout_named("audio"), 3);
		struct sp_burn burn = {.drive = "sim", .multi = true};
		struct spy spy = spy_on(b);
		struct sp_disc_info info;
		struct sp_error err = {0};

		if (record(&spy, src, &burn, &err))
			fail_msg("%s", err.text);
		assert_int_equal(sp_mmc_disc_info(b->transport, &info, &err), 0);
		assert_int_equal(info.status, 1); /* another session can follow */
		spy = spy_on(b);
		burn.multi = false; /* which would add one */
		assert_int_equal(record(&spy, src, &burn, &err), SP_ERR_DEVICE);
		assert_string_equal(err.text, why[i]);
		assert_int_equal(spy.changes, 0);
		sp_source_close(src);
		bench_free(b);
	}
}

static void a_test_changes_the_disc(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct bench *b = bench_new("cd-r", NULL, NULL);
		struct sp_source *src = layout_source(layout_named("mixed"), 3);
		const struct sp_burn burn = {
			.drive = "sim", .mode = i ? SP_BURN_SAO : SP_BURN_RAW, .simulate = true};
		struct spy spy = spy_on(b);
		struct sp_disc_info info;
		struct sp_error err = {0};

		if (i == 2)
			spy.hide_test = 0x04;
		const int r = record(&spy, src, &burn, &err);
		if (i == 2) { /* it is never done in earnest instead */
			assert_int_equal(r, SP_ERR_UNSUPPORTED);
			assert_string_equal(err.text,
					    "sim: this drive cannot write without the laser");
			assert_int_equal(spy.changes, 0);
		} else if (r) {
			fail_msg("%s", err.text);
		} else {
			assert_true(spy.writes > 2);
		}
		assert_int_equal(sp_mmc_disc_info(b->transport, &info, &err), 0);
		assert_int_equal(info.status, 0);
		assert_false(spy.locked);
		sp_source_close(src);
		bench_free(b);
	}
}

/* Of the state that is told and the one that READ DISC INFORMATION gives in another drive. */
static void expect_state(struct bench *b, const struct told *told, const char *text,
			 unsigned status, unsigned session)
{
	struct sp_disc_info info;
	struct sp_error err = {0};

	assert_int_equal(told->count, 1);
	assert_string_equal(told->text[0], text);
	assert_int_equal(sp_mmc_start(b->transport, SP_START_EJECT, &err), 0);
	bench_again(b, NULL, NULL, NULL);
	assert_int_equal(sp_mmc_settle(b->transport, "TEST UNIT READY", 10, NULL, &err), 0);
	assert_int_equal(sp_mmc_disc_info(b->transport, &info, &err), 0);
	assert_int_equal(info.status, status);
	assert_int_equal(info.session_status, session);
}

static void a_disc_that_failed_is_not_what_was_told(void **state)
{
	static const struct {
		const char *layout, *faults;
		unsigned mode;
		const char *why, *told;
		unsigned status, session;
	} table[] = {
		{"mixed", "-100 write-error\n", SP_BURN_SAO,
		 "sim: WRITE(10) at LBA -100: medium error: write error (03/0c/00)",
		 "sim: writing ended at LBA -100; session 1 has no end, and drives may not read "
		 "what is in it",
		 2, 2},
		{"mixed", "0 write-error\n", SP_BURN_SAO,
		 "sim: WRITE(10) at LBA 0: medium error: write error (03/0c/00)",
		 "sim: writing ended at LBA 0; session 1 has no end, and drives may not read what "
		 "is in it",
		 2, 2},
		{"mixed", "60 full\n", SP_BURN_SAO,
		 "sim: WRITE(10) at LBA 60: illegal request: end of user area encountered on this "
		 "track (05/63/00)",
		 "sim: writing ended at LBA 60; session 1 has no end, and drives may not read what "
		 "is in it",
		 2, 2},
		{"mixed", "any calibration\n", SP_BURN_SAO,
		 "sim: SEND OPC: medium error: power calibration area error (03/73/03)",
		 "sim: the disc is as blank as before", 0, 0},
		{"mixed", "any calibration\n", SP_BURN_RAW,
		 "sim: SEND OPC: medium error: power calibration area error (03/73/03)",
		 "sim: the disc is as blank as before", 0, 0},
		{"mixed", "30 write-error\n", SP_BURN_RAW,
		 "sim: WRITE(10) at LBA 30: medium error: write error (03/0c/00)",
		 "sim: writing ended at LBA 30; session 1 has no end, and drives may not read what "
		 "is in it",
		 2, 2},
		{"mixed", "-5000 write-error\n", SP_BURN_RAW,
		 "sim: WRITE(10) at LBA -5000: medium error: write error (03/0c/00)",
		 "sim: writing ended at LBA -5000; session 1 has no end, and drives may not read "
		 "what is in it",
		 2, 2},
		/* the first session is whole, the second is not */
		{"cd-extra", "11460 write-error\n", SP_BURN_SAO,
		 "sim: WRITE(10) at LBA 11460: medium error: write error (03/0c/00)",
		 "sim: writing ended at LBA 11460; session 2 has no end, and drives may not read "
		 "what is in it",
		 2, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bench *b = bench_new("cd-r", NULL, table[i].faults);
		struct sp_source *src = layout_source(layout_named(table[i].layout), 3);
		struct told told = {.count = 0};
		const struct sp_notes notes = {tell, &told};
		const struct sp_burn burn = {
			.drive = "sim", .mode = table[i].mode, .notes = &notes};
		struct spy spy = spy_on(b);
		struct sp_error err = {0};

		assert_int_equal(record(&spy, src, &burn, &err), SP_ERR_DEVICE);
		print_message("%s\n", err.text);
		assert_string_equal(err.text, table[i].why);
		assert_false(spy.locked);
		assert_int_equal(spy.locks, 2);
		expect_state(b, &told, table[i].told, table[i].status, table[i].session);
		sp_source_close(src);
		bench_free(b);
	}
}

/* A fault at many places: where writing is said to have ended is where the fault is. */
static void a_fault_is_told_somewhere_else(void **state)
{
	const int step = getenv("SPINDLE_LONG") ? 1 : 17;

	(void)state;
	for (sp_lba at = -150; at < 70; at += step) {
		struct bench *b;
		struct sp_source *src = layout_source(layout_named("mixed"), 3);
		struct told told = {.count = 0};
		const struct sp_notes notes = {tell, &told};
		const struct sp_burn burn = {.drive = "sim", .notes = &notes};
		struct sp_error err = {0};
		char faults[64], want[200];

		snprintf(faults, sizeof(faults), "%d write-error\n", (int)at);
		b = bench_new("cd-r", NULL, faults);
		struct spy spy = spy_on(b);
		assert_int_equal(record(&spy, src, &burn, &err), SP_ERR_DEVICE);
		assert_int_equal(err.lba, at);
		snprintf(want, sizeof(want),
			 "sim: writing ended at LBA %d; session 1 has no end, and drives may not "
			 "read what is in it",
			 (int)at);
		expect_state(b, &told, want, 2, 2);
		sp_source_close(src);
		bench_free(b);
	}
}

/* What is between us and the drive fails, or its last command. */
static void a_disc_that_is_not_closed_is_done(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct bench *b = bench_new("cd-r", NULL, NULL);
		struct sp_source *src = layout_source(layout_named("mixed"), 3);
		struct told told = {.count = 0};
		const struct sp_notes notes = {tell, &told};
		const struct sp_burn burn = {
			.drive = "sim", .mode = i & 1 ? SP_BURN_RAW : SP_BURN_SAO, .notes = &notes};
		struct spy spy = spy_on(b);
		struct sp_error err = {0};

		spy.reset_at = i < 2 ? 7 : 0;
		spy.sync_sense = i < 2 ? 0 : 0x037202;
		assert_int_equal(record(&spy, src, &burn, &err), SP_ERR_DEVICE);
		if (i < 2)
			assert_non_null(strstr(err.text, "the bus or its bridge was reset"));
		else
			assert_string_equal(
				err.text, "sim: SYNCHRONIZE CACHE: medium error: session fixation "
					  "error writing the lead-out (03/72/02)");
		assert_false(spy.locked);
		assert_int_equal(told.count, 1);
		/* of the second kind CLOSE SESSION still ended it */
		assert_non_null(strstr(told.text[0], i < 2 ? "has no end" : "is closed"));
		sp_source_close(src);
		bench_free(b);
	}
}

struct stopper {
	unsigned left;
	const char *phase;
};

static int stop_after(void *user, const struct sp_burn_progress *progress)
{
	struct stopper *stopper = user;

	assert_true(progress->done <= progress->total);
	assert_in_range(progress->buffer, 0, 101);
	stopper->phase = progress->phase;
	return !stopper->left--;
}

/* Being stopped is heard between commands, in the lead-in as well as later. */
static void a_stopped_disc_is_not_what_was_told(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct bench *b = bench_new("cd-r", NULL, NULL);
		struct sp_source *src = layout_source(layout_named("mixed"), 3);
		struct told told = {.count = 0};
		const struct sp_notes notes = {tell, &told};
		struct stopper stopper = {.left = 0};
		const struct sp_burn burn = {.drive = "sim",
					     .mode = i ? SP_BURN_RAW : SP_BURN_SAO,
					     .notes = &notes,
					     .progress = stop_after,
					     .user = &stopper};
		struct spy spy = spy_on(b);
		struct sp_error err = {0};

		assert_int_equal(record(&spy, src, &burn, &err), SP_ERR_CANCELLED);
		assert_string_equal(stopper.phase, i ? "lead-in" : "writing");
		assert_int_equal(spy.writes, 0);
		assert_false(spy.locked);
		expect_state(b, &told, "sim: the disc is as blank as before", 0, 0);
		sp_source_close(src);
		bench_free(b);
	}
}

/* A source one of whose sectors has a byte changed. */
struct bent {
	struct sp_source source;
	struct sp_source *inner;
	sp_lba lba;
	size_t byte;
};

static int bent_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	struct bent *bent = (struct bent *)src;
	const int r = sp_source_read(bent->inner, span, err);

	if (!r && bent->lba >= span->lba && bent->lba < span->lba + (sp_lba)span->count)
		span->data[(size_t)(bent->lba - span->lba) * span->stride + bent->byte] ^= 0x55;
	return r;
}

static void bent_close(struct sp_source *src)
{
	(void)src;
}

static struct bent bend(struct sp_source *inner, sp_lba lba, size_t byte)
{
	static const struct sp_source_ops ops = {.read = bent_read, .close = bent_close};

	return (struct bent){{&ops, inner->disc, 0}, inner, lba, byte};
}

static void a_foreign_edc_is_mended_silently(void **state)
{
	static const struct {
		const char *layout;
		sp_lba lba;
		size_t byte;
		unsigned loss;
	} table[] = {
		{"mode1-raw", 17, 2070, SP_LOSS_PARITY}, /* parity */
		{"mode1-raw", 17, 2065, SP_LOSS_EDC},    /* EDC */
		{"mode1-raw", 17, 13, SP_LOSS_HEADER},   /* MSF */
		{"mode2-raw", 9, 3, SP_LOSS_SYNC},       /* sync */
		{"xa-raw", 8, 2075, SP_LOSS_EDC},        /* form 1 */
		{"xa-2336", 8, 2057, SP_LOSS_EDC},       /* form 1, and nothing else is compared */
		{"xa-2336", 8, 2200, SP_LOSS_PARITY},
		{"xa-raw", 9, 2350, SP_LOSS_EDC}, /* form 2 */
		{"xa-2336", 9, 2332, SP_LOSS_EDC},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bench *b = bench_new("cd-r", NULL, NULL);
		struct sp_source *src = layout_source(layout_named(table[i].layout), 3);
		char text[200];
		struct bent bent = bend(src, table[i].lba, table[i].byte);
		struct sp_burn burn = {.drive = "sim"};
		struct spy spy = spy_on(b);
		struct sp_error err = {0};
		struct sp_sink *sink;

		assert_int_equal(sp_recorder_open(&sink, &spy.transport, src->disc, &burn, &err),
				 0);
		struct sp_copy scan = {
			.source = &bent.source, .sink = sink, .scan = true, .lossy = true};
		assert_int_equal(sp_copy(&scan, &err), 0);
		if (scan.losses.count[table[i].loss] != 1)
			fail_msg("%zu: %s", i, sp_losses_text(&scan.losses, text, sizeof(text)));
		for (unsigned k = 0; k < SP_LOSSES; k++) /* of that sector, and of no other */
			if (scan.losses.count[k]) {
				assert_int_equal(scan.losses.count[k], 1);
				assert_int_equal(scan.losses.first[k], table[i].lba);
			}
		sp_sink_close(sink);
		assert_int_equal(spy.changes, 0);

		/* raw it goes as it is */
		uint8_t got[2352], want[2352];
		burn.mode = SP_BURN_RAW;
		if (record(&spy, &bent.source, &burn, &err))
			fail_msg("%s", err.text);
		const struct sp_region *region = sp_disc_region(src->disc, table[i].lba);
		uint16_t bits = 0;
		struct sp_span span = {.lba = table[i].lba,
				       .count = 1,
				       .mode = region->mode,
				       .parts = region->parts,
				       .stride = sp_sector_size(region->mode, region->parts),
				       .data = want,
				       .state = &bits};
		const size_t from = 2352 - span.stride;
		const struct sp_read_cd read = {.lba = table[i].lba,
						.count = 1,
						.select = 0xf8,
						.timeout_ms = 1000,
						.data = got,
						.size = sizeof(got)};
		assert_int_equal(sp_source_read(&bent.source, &span, &err), 0);
		assert_int_equal(sp_mmc_read_cd(b->transport, &read, NULL, &err), 0);
		assert_memory_equal(got + from, want, span.stride);
		sp_source_close(src);
		bench_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_written_is_begun),
		cmocka_unit_test(raw_with_p_and_q_alone_holds_more),
		cmocka_unit_test(a_disc_with_something_on_it_is_written_over),
		cmocka_unit_test(a_test_changes_the_disc),
		cmocka_unit_test(a_disc_that_failed_is_not_what_was_told),
		cmocka_unit_test(a_fault_is_told_somewhere_else),
		cmocka_unit_test(a_disc_that_is_not_closed_is_done),
		cmocka_unit_test(a_stopped_disc_is_not_what_was_told),
		cmocka_unit_test(a_foreign_edc_is_mended_silently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
