/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a recorder refuses, and with which sense: sequences of commands that are out of order. */
#include "tests/sim_burner.h"

enum step_what {
	STEP_END,
	PAGE,    /* page 05: way, track mode, block type */
	CUE,     /* a cue sheet of one track of mode 1, 600 sectors; a: bytes too few */
	WRITE,   /* at LBA a, b blocks, c bytes each */
	SYNC,    /* cache */
	CLOSE,   /* function a, track b */
	BLANK,   /* type a */
	RESERVE, /* a blocks */
	FORMAT,  /* type a, 0 blocks */
	LOCK,    /* a */
	EJECT,
	READ, /* READ(10) of LBA a */
};

/* The last step gets the sense; all before are fine. */
struct sequence {
	const char *medium;
	uint32_t sense;
	struct {
		enum step_what what;
		int a, b, c;
	} step[8];
};

static const struct sequence sequences[] = {
	/* a track alone: where, how, what */
	{"cd-r", 0x052102, {{PAGE, TAO, 4, 8}, {WRITE, 5, 1, 2048}}},
	{"cd-r", 0x052102, {{PAGE, TAO, 4, 8}, {WRITE, 0, 16, 2048}, {WRITE, 15, 1, 2048}}},
	{"cd-r", 0x052102, {{PAGE, TAO, 4, 8}, {WRITE, 0, 16, 2048}, {WRITE, 17, 1, 2048}}},
	{"cd-r", 0x052102, {{PAGE, TAO, 4, 8}, {WRITE, -150, 1, 2048}}},
	{"cd-r", 0x052400, {{PAGE, TAO, 4, 8}, {WRITE, 0, 2, 1024}}},
	{"cd-r", 0x052400, {{PAGE, TAO, 0, 0}, {WRITE, 0, 2, 2048}}},
	{"cd-r", 0x056400, {{PAGE, TAO, 4, 0}, {WRITE, 0, 1, 2352}}},
	{"cd-r", 0x056400, {{PAGE, TAO, 0, 8}, {WRITE, 0, 1, 2048}}},
	{"cd-r", 0x052600, {{PAGE, TAO, 4, 7}}},
	{"cd-r", 0x052600, {{PAGE, 5, 4, 8}}},
	/* a session at once */
	{"cd-r", 0x052c00, {{PAGE, SAO, 4, 8}, {WRITE, -150, 1, 2048}}},
	{"cd-r", 0x052c00, {{PAGE, TAO, 4, 8}, {CUE, 0, 0, 0}}},
	{"cd-r", 0x052102, {{PAGE, SAO, 4, 8}, {CUE, 0, 0, 0}, {WRITE, 0, 1, 2048}}},
	{"cd-r", 0x052600, {{PAGE, SAO, 4, 8}, {CUE, 3, 0, 0}}},
	/* what is closed */
	{"cd-r",
	 0x053005,
	 {{PAGE, TAO, 4, 8},
	  {WRITE, 0, 16, 2048},
	  {SYNC, 0, 0, 0},
	  {CLOSE, 2, 0, 0},
	  {WRITE, 18, 1, 2048}}},
	{"cd-rw",
	 0x053005,
	 {{PAGE, TAO, 4, 8},
	  {WRITE, 0, 16, 2048},
	  {SYNC, 0, 0, 0},
	  {CLOSE, 2, 0, 0},
	  {WRITE, 0, 1, 2048}}},
	/* what a medium does not do */
	{"cd-r", 0x053005, {{BLANK, 1, 0, 0}}},
	{"dvd+rw", 0x053005, {{BLANK, 1, 0, 0}}},
	{"cd-r", 0x053006, {{FORMAT, 0, 0, 0}}},
	{"dvd-r", 0x053006, {{FORMAT, 0, 0, 0}}},
	{"dvd+rw", 0x052600, {{FORMAT, 0x15, 0, 0}}},
	{"cd-rw", 0x052000, {{RESERVE, 600, 0, 0}}},
	{"cd-rw", 0x052400, {{BLANK, 7, 0, 0}}},
	{"cd-rw", 0x055302, {{LOCK, 1, 0, 0}, {EJECT, 0, 0, 0}}},
	{"cd-r", 0x052100, {{READ, 0, 0, 0}}},
	{"cd-r", 0x052400, {{CLOSE, 7, 0, 0}}},
	/* DVD and BD */
	{"dvd-r", 0x052102, {{PAGE, 0, 5, 8}, {WRITE, 16, 16, 2048}}},
	{"dvd-r", 0x052102, {{PAGE, 0, 5, 8}, {WRITE, 0, 16, 2048}, {WRITE, 0, 16, 2048}}},
	{"dvd-r", 0x052400, {{PAGE, 0, 5, 8}, {WRITE, 0, 16, 1024}}},
	{"dvd+r", 0x052102, {{WRITE, 32, 16, 2048}}},
	{"dvd+r",
	 0x053005,
	 {{WRITE, 0, 16, 2048},
	  {SYNC, 0, 0, 0},
	  {CLOSE, 1, 1, 0},
	  {CLOSE, 6, 0, 0},
	  {WRITE, 16, 16, 2048}}},
	{"dvd+r-dl", 0x052102, {{WRITE, 1, 16, 2048}}},
	{"bd-r", 0x052102, {{WRITE, 64, 32, 2048}}},
	{"bd-r",
	 0x053005,
	 {{WRITE, 0, 32, 2048},
	  {SYNC, 0, 0, 0},
	  {CLOSE, 1, 1, 0},
	  {CLOSE, 6, 0, 0},
	  {WRITE, 32, 32, 2048}}},
	{"dvd+rw", 0x052100, {{FORMAT, 0x26, 0, 0}, {WRITE, 0x7fffff00, 16, 2048}}},
	{"bd-re", 0x052100, {{FORMAT, 0x31, 0, 0}, {WRITE, 0x7fffff00, 32, 2048}}},
};

static uint32_t send_cue(struct burner *b, int less)
{
	/* control and ADR, track, index, form, alternate copy, MSF */
	static const uint8_t sheet[] = {0x41, 0,    0, 0x14, 0, 0, 0,  0,  /* lead-in */
					0x41, 1,    0, 0x10, 0, 0, 0,  0,  /* pregap */
					0x41, 1,    1, 0x10, 0, 0, 2,  0,  /* the track */
					0x41, 0xaa, 1, 0x14, 0, 0, 10, 0}; /* lead-out */
	const size_t size = sizeof(sheet) - (size_t)less;

	return SEND(&b->d, sheet, size, 0x5d, 0, 0, 0, 0, 0, 0, 0, (uint8_t)size, 0);
}

static uint32_t step_done(struct burner *b, enum step_what what, int a, int x, int y)
{
	static const uint8_t noise[64 * 2352] = {7};

	switch (what) {
	case PAGE:
		return page_5(b, (unsigned)a, (unsigned)x, (unsigned)y);
	case CUE:
		return send_cue(b, a);
	case WRITE:
		return write_10(b, a, (uint32_t)x, noise, (size_t)x * (size_t)y);
	case SYNC:
		return RUN(&b->d, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	case CLOSE:
		return RUN(&b->d, 0, 0x5b, 0, (uint8_t)a, 0, 0, (uint8_t)x, 0, 0, 0, 0);
	case BLANK:
		return RUN(&b->d, 0, 0xa1, (uint8_t)a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	case RESERVE:
		return RUN(&b->d, 0, 0x53, 0, 0, 0, 0, 0, 0, (uint8_t)(a >> 8), (uint8_t)a, 0);
	case FORMAT: {
		const uint8_t list[12] = {0, 2, 0, 8, 0xff, 0xff, 0xff, 0xff, (uint8_t)(a << 2)};

		return SEND(&b->d, list, sizeof(list), 0x04, 0x11, 0, 0, 0, 0);
	}
	case LOCK:
		return RUN(&b->d, 0, 0x1e, 0, 0, 0, (uint8_t)a, 0);
	case EJECT:
		return RUN(&b->d, 0, 0x1b, 0, 0, 0, 2, 0);
	case READ:
		return RUN(&b->d, 2048, 0x28, 0, 0, 0, 0, (uint8_t)a, 0, 0, 1, 0);
	case STEP_END:
		break;
	}
	return no_sense;
}

static void what_is_out_of_order_is_done(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		const struct sequence *s = &sequences[i];
		struct burner *b = burner(s->medium, NULL);

		for (unsigned n = 0; n < 8 && s->step[n].what; n++) {
			const bool last = n == 7 || !s->step[n + 1].what;
			const uint32_t want = last ? s->sense : no_sense;
			const uint32_t got = step_done(b, s->step[n].what, s->step[n].a,
						       s->step[n].b, s->step[n].c);

			/* what goes on in the background is over when it is asked for often */
			for (unsigned k = 0; !last && k < 20; k++)
				RUN(&b->d, 0, 0, 0, 0, 0, 0, 0);
			if (got == want)
				continue;
			print_message("%s, sequence %zu, step %u: %06x, not %06x\n", s->medium, i,
				      n, got, want);
			wrong++;
			break;
		}
		burner_free(b);
	}
	assert_int_equal(wrong, 0);
}

/* Nothing that was refused has left anything: the disc is as blank as it was. */
static void a_refusal_leaves_something_on_the_disc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		const struct sequence *s = &sequences[i];

		if (strcmp(s->medium, "cd-r") != 0 || s->step[2].what)
			continue;
		struct burner *b = burner(s->medium, NULL);
		for (unsigned n = 0; n < 8 && s->step[n].what; n++)
			step_done(b, s->step[n].what, s->step[n].a, s->step[n].b, s->step[n].c);
		expect_state(b, 0, 0);
		burner_again(b, NULL);
		expect_state(b, 0, 0);
		burner_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_out_of_order_is_done),
		cmocka_unit_test(a_refusal_leaves_something_on_the_disc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
