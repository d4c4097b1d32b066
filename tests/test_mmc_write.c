/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that change a medium: their bytes, what is waited for and for how long; and media made
 * blank or formatted. */
#include "drive/recorder.h"

#include "base/bytes.h"
#include "tests/recorder_bench.h"

/* A drive that answers as it was told, from the first line on; the last one stays. */
struct line {
	uint32_t sense; /* key ASC ASCQ, 0: good */
	bool deferred;
	unsigned times;
};
struct scripted {
	struct sp_transport transport;
	const struct line *line;
	unsigned at;
	uint8_t cdb[16][16], data[16][64];
	size_t size[16];
	unsigned commands, waits;
	uint64_t waited;
};

static int scripted_execute(struct sp_transport *t, struct sp_command *c, struct sp_error *err)
{
	struct scripted *s = (struct scripted *)t;
	const struct line *line = s->line;

	(void)err;
	if (s->commands < 16) {
		memcpy(s->cdb[s->commands], c->cdb, 16);
		s->size[s->commands] = c->size;
		if (c->direction == SP_DATA_OUT)
			memcpy(s->data[s->commands], c->data, c->size < 64 ? c->size : 64);
	}
	s->commands++;
	c->done = c->direction == SP_DATA_OUT ? c->size : 0;
	if (line->sense) {
		c->status = SP_SCSI_CHECK_CONDITION;
		c->sense[0] = line->deferred ? 0x71 : 0x70;
		c->sense[2] = (uint8_t)(line->sense >> 16);
		c->sense[7] = 10;
		c->sense[12] = (uint8_t)(line->sense >> 8);
		c->sense[13] = (uint8_t)line->sense;
		c->sense[15] = 0x80; /* progress … */
		c->sense[16] = 0x40; /* … a quarter */
		c->sense_size = 18;
	}
	if (line->times && ++s->at == line->times) {
		s->line++;
		s->at = 0;
	}
	return 0;
}

static void scripted_wait(struct sp_transport *t, unsigned ms)
{
	struct scripted *s = (struct scripted *)t;

	s->waits++;
	s->waited += ms;
}

static struct scripted scripted(const struct line *line)
{
	static const struct sp_transport_ops ops = {.execute = scripted_execute,
						    .wait = scripted_wait};

	return (struct scripted){.transport = {&ops, "script", 65536, true}, .line = line};
}

static void a_full_buffer_is_an_error(void **state)
{
	static const struct line lines[] = {
		{0x020408, false, 30}, {0x020407, false, 1}, {0, false, 0}};
	struct scripted s = scripted(lines);
	uint8_t data[32] = {0};
	struct sp_error err = {0};

	(void)state;
	assert_int_equal(sp_mmc_write(&s.transport, -150, 2, data, sizeof(data), NULL, &err), 0);
	assert_int_equal(s.commands, 32);
	assert_int_equal(s.waits, 31);
	const uint8_t cdb[10] = {0x2a, 0, 0xff, 0xff, 0xff, 0x6a, 0, 0, 2, 0};
	assert_memory_equal(s.cdb[0], cdb, sizeof(cdb));
	assert_int_equal(s.size[0], 32);

	/* but not for ever */
	static const struct line full[] = {{0x020408, false, 0}};
	s = scripted(full);
	assert_int_equal(sp_mmc_write(&s.transport, 7, 2, data, sizeof(data), NULL, &err),
			 SP_ERR_DEVICE);
	assert_in_range(s.waited, SP_MMC_WRITE_LIMIT * 1000, SP_MMC_WRITE_LIMIT * 1000 + 1000);
	assert_int_equal(err.lba, 7);
}

static void an_error_of_writing_does_not_say_where(void **state)
{
	static const struct line lines[] = {{0x030c00, false, 0}};
	struct scripted s = scripted(lines);
	uint8_t data[32] = {0};
	struct sp_error err = {0};

	(void)state;
	assert_int_equal(sp_mmc_write(&s.transport, 1234, 1, data, sizeof(data), NULL, &err),
			 SP_ERR_DEVICE);
	assert_string_equal(err.text, "script: WRITE(10) at LBA 1234: medium error: write error "
				      "(03/0c/00)");
	assert_int_equal(s.commands, 1);
	assert_int_equal(err.sense_key, 3);
	assert_int_equal(err.lba, 1234);
}

static void watched(void *user, int progress)
{
	assert_int_equal(progress, 0x4000);
	++*(unsigned *)user;
}

static void a_long_command_is_done_at_once(void **state)
{
	static const struct line closes[] = {
		{0, false, 1}, {0, false, 1}, {0x020408, false, 4}, {0, false, 0}};
	struct scripted s = scripted(closes);
	unsigned seen = 0;
	const struct sp_mmc_watch watch = {watched, &seen};
	struct sp_error err = {0};

	(void)state;
	assert_int_equal(sp_mmc_close(&s.transport, SP_CLOSE_SESSION, 3, &watch, &err), 0);
	const uint8_t close[10] = {0x5b, 1, 2, 0, 0, 3};
	assert_memory_equal(s.cdb[1], close, sizeof(close));
	assert_int_equal(s.commands, 7); /* ready, close, four times not done, done */
	assert_int_equal(seen, 4);
	assert_true(s.waits == 4 && s.waited > 80);

	/* what went wrong meanwhile is told late */
	static const struct line fails[] = {{0, false, 1},
					    {0, false, 1},
					    {0x020408, false, 1},
					    {0x037202, true, 1},
					    {0, false, 0}};
	s = scripted(fails);
	assert_int_equal(sp_mmc_sync(&s.transport, NULL, &err), SP_ERR_DEVICE);
	const uint8_t sync[10] = {0x35, 2};
	assert_memory_equal(s.cdb[1], sync, sizeof(sync));
	assert_int_equal(err.asc, 0x72);

	/* a reset ended it */
	static const struct line reset[] = {{0, false, 1},
					    {0, false, 1},
					    {0x020407, false, 2},
					    {0x062900, false, 1},
					    {0, false, 0}};
	s = scripted(reset);
	assert_int_equal(sp_mmc_blank(&s.transport, SP_BLANKING_MINIMAL, NULL, &err),
			 SP_ERR_DEVICE);
	const uint8_t blank[12] = {0xa1, 0x11};
	assert_memory_equal(s.cdb[1], blank, sizeof(blank));
	assert_int_equal(err.asc, 0x29);

	/* never done */
	static const struct line never[] = {{0, false, 1}, {0, false, 1}, {0x020407, false, 0}};
	s = scripted(never);
	assert_int_equal(sp_mmc_sync(&s.transport, NULL, &err), SP_ERR_DEVICE);
	assert_string_equal(err.text, "script: SYNCHRONIZE CACHE: not done after 20 minutes");
	assert_in_range(s.waited, SP_MMC_CLOSE_LIMIT * 1000, SP_MMC_CLOSE_LIMIT * 1000 + 2000);
}

static void who_does_not_know_immed_is_not_asked_again(void **state)
{
	static const struct line lines[] = {{0, false, 1}, {0x052400, false, 1}, {0, false, 0}};
	struct scripted s = scripted(lines);
	struct sp_error err = {0};

	(void)state;
	assert_int_equal(sp_mmc_sync(&s.transport, NULL, &err), 0);
	assert_int_equal(s.cdb[1][1], 2);
	assert_int_equal(s.cdb[2][0], 0x35);
	assert_int_equal(s.cdb[2][1], 0);

	static const struct line list[] = {{0, false, 1}, {0x052600, false, 1}, {0, false, 0}};
	const struct sp_format format = {0x231000, 0x26, 5};
	s = scripted(list);
	assert_int_equal(sp_mmc_format(&s.transport, &format, NULL, &err), 0);
	const uint8_t sent[12] = {0, 2, 0, 8, 0, 0x23, 0x10, 0, 0x98, 0, 0, 5};
	assert_memory_equal(s.data[1], sent, sizeof(sent));
	assert_int_equal(s.cdb[1][1], 0x11);
	assert_int_equal(s.data[2][1], 0);
}

static struct sp_disc_info info_of(struct bench *b)
{
	struct sp_disc_info info;
	struct sp_error err = {0};

	if (sp_mmc_disc_info(b->transport, &info, &err))
		fail_msg("%s", err.text);
	return info;
}

/* 16 sectors of mode 1, or of a DVD, so that the disc is none that is blank. */
static void write_something(struct bench *b, bool cd)
{
	uint8_t page[52] = {0x05, 50, cd ? 0x41 : 0x40, 4, 8, [15] = 150}, data[16 * 2048];
	struct sp_error err = {0};

	memset(data, 0x5a, sizeof(data));
	if (sp_mmc_mode_select(b->transport, page, sizeof(page), &err) ||
	    sp_mmc_write(b->transport, 0, 16, data, sizeof(data), NULL, &err) ||
	    sp_mmc_sync(b->transport, NULL, &err) ||
	    sp_mmc_close(b->transport, SP_CLOSE_SESSION, 0, NULL, &err))
		fail_msg("%s", err.text);
}

static void a_rewritable_disc_is_not_blank_afterwards(void **state)
{
	static const struct {
		const char *medium;
		bool cd;
	} media[] = {{"cd-rw", true}, {"dvd-rw", false}, {"dvd-rw-ro", false}};
	uint8_t data[2048];
	struct sp_error err = {0};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct bench *b = bench_new(media[i / 2].medium, NULL, NULL);

		assert_int_equal(sp_mmc_settle(b->transport, "TEST UNIT READY", 10, NULL, &err), 0);
		write_something(b, media[i / 2].cd);
		assert_int_not_equal(info_of(b).status, 0);
		assert_int_equal(sp_mmc_read(b->transport, false, 3, 1, data, 1000, NULL, &err), 0);
		if (sp_recorder_blank(b->transport, i & 1, NULL, &err))
			fail_msg("%s", err.text);
		assert_int_equal(info_of(b).status, 0);
		assert_int_equal(sp_mmc_read(b->transport, false, 3, 1, data, 1000, NULL, &err),
				 SP_ERR_DEVICE);
		/* the tray is not locked any more */
		assert_int_equal(sp_mmc_start(b->transport, SP_START_EJECT, &err), 0);
		bench_again(b, NULL, NULL, NULL);
		assert_int_equal(sp_mmc_settle(b->transport, "TEST UNIT READY", 10, NULL, &err), 0);
		assert_int_equal(info_of(b).status, 0);
		write_something(b, media[i / 2].cd);
		bench_free(b);
	}
}

static void a_disc_that_cannot_be_blank_is_sent_the_command(void **state)
{
	static const struct {
		const char *medium, *why;
	} media[] = {
		{"cd-r", "sim: a CD-R cannot be made blank"},
		{"dvd-r", "sim: a DVD-R cannot be made blank"},
		{"bd-r", "sim: a BD-R cannot be made blank"},
		{"dvd+rw", "sim: a DVD+RW is never blank: it is written over, or formatted"},
		{"bd-re", "sim: a BD-RE is never blank: it is written over, or formatted"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
		struct bench *b = bench_new(media[i].medium, NULL, NULL);
		struct sp_error err = {0};

		assert_int_equal(sp_recorder_blank(b->transport, false, NULL, &err),
				 SP_ERR_UNSUPPORTED);
		assert_string_equal(err.text, media[i].why);
		bench_free(b);
	}
}

static void a_formatted_disc_cannot_be_written_anywhere(void **state)
{
	static const struct {
		const char *medium;
		unsigned profile; /* afterwards */
	} media[] = {{"dvd+rw", SP_PROFILE_DVD_PLUS_RW},
		     {"dvd-rw", SP_PROFILE_DVD_RW_RO},
		     {"bd-re", SP_PROFILE_BD_RE}};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct bench *b = bench_new(media[i / 2].medium, NULL, NULL);
		uint8_t data[32 * 2048], got[2048];
		struct sp_error err = {0};
		unsigned profile;

		if (sp_recorder_format(b->transport, i & 1, NULL, &err))
			fail_msg("%s: %s", media[i / 2].medium, err.text);
		assert_int_equal(
			sp_mmc_configuration(b->transport, 0, &profile, NULL, 0, NULL, &err), 0);
		assert_int_equal(profile, media[i / 2].profile);
		for (unsigned k = 0; k < 2; k++) { /* and over again */
			memset(data, (int)(0x11 + k), sizeof(data));
			if (sp_mmc_write(b->transport, 3200, 32, data, sizeof(data), NULL, &err) ||
			    sp_mmc_sync(b->transport, NULL, &err) ||
			    sp_mmc_read(b->transport, false, 3210, 1, got, 1000, NULL, &err))
				fail_msg("%s: %s", media[i / 2].medium, err.text);
			assert_memory_equal(got, data, sizeof(got));
		}
		assert_int_equal(sp_mmc_start(b->transport, SP_START_EJECT, &err), 0);
		bench_free(b);
	}
}

static void a_disc_that_cannot_be_formatted_is_lost(void **state)
{
	struct bench *b = bench_new("cd-rw", NULL, NULL);
	struct sp_error err = {0};

	(void)state;
	assert_int_equal(sp_recorder_format(b->transport, false, NULL, &err), SP_ERR_UNSUPPORTED);
	assert_string_equal(err.text, "sim: this drive does not format a CD-RW");
	bench_free(b);

	/* a BD-R is formatted once, and before anything is on it */
	b = bench_new("bd-r", NULL, NULL);
	assert_int_equal(sp_recorder_format(b->transport, false, NULL, &err), 0);
	write_something(b, false);
	assert_int_equal(sp_recorder_format(b->transport, false, NULL, &err), SP_ERR_UNSUPPORTED);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_buffer_is_an_error),
		cmocka_unit_test(an_error_of_writing_does_not_say_where),
		cmocka_unit_test(a_long_command_is_done_at_once),
		cmocka_unit_test(who_does_not_know_immed_is_not_asked_again),
		cmocka_unit_test(a_rewritable_disc_is_not_blank_afterwards),
		cmocka_unit_test(a_disc_that_cannot_be_blank_is_sent_the_command),
		cmocka_unit_test(a_formatted_disc_cannot_be_written_anywhere),
		cmocka_unit_test(a_disc_that_cannot_be_formatted_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
