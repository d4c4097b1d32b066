/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every container against every fact of a disc: it is kept, or refused by its name. What comes out
 * is the table of spindle-formats(5). `test_facts print` prints it. */
#include "tests/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACTS_TEXT = 16384, FACTS_NAME = 25, FACTS_COLUMN = 8, FACTS_WIDTH = 75, FACTS_MAX = 64 };

#define LOSS(name) SP_CARRY(SP_LOSS_##name)
#define RAW        SP_PART_MAIN
#define USER       SP_PART_USER
#define LEAD                                                                                       \
	{                                                                                          \
		LAYOUT_PREGAP, 150, 0, 0                                                           \
	}
#define PIECES static const struct layout_piece

#define CD(pieces, first)                                                                          \
	{                                                                                          \
#pieces, pieces, 0, SP_MEDIUM_CD, first, -150, NULL                                \
	}
#define LAYOUT static const struct layout

/* clang-format off */
#define BEGIN(mode, parts) {LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, mode, parts}, LEAD
#define NEXT_AUDIO {LAYOUT_TRACK, 0, SP_MODE_AUDIO, USER}
#define SECTORS {LAYOUT_MAIN, 320, 0, 0}
#define END {LAYOUT_END, 0, 0, 0}

PIECES audio[] = {BEGIN(SP_MODE_AUDIO, USER), SECTORS, END};
PIECES two[] = {BEGIN(SP_MODE_AUDIO, USER), SECTORS, NEXT_AUDIO, SECTORS, END};
PIECES mixed[] = {BEGIN(SP_MODE_MODE1, RAW), SECTORS, NEXT_AUDIO, SECTORS, END};
PIECES mode1[] = {BEGIN(SP_MODE_MODE1, RAW), SECTORS, END};
PIECES mode2[] = {BEGIN(SP_MODE_MODE2, RAW), SECTORS, END};
PIECES xa[] = {BEGIN(SP_MODE_XA, RAW), SECTORS, END};
PIECES sub[] = {BEGIN(SP_MODE_MODE1, RAW | SP_PART_PW), SECTORS, END};
PIECES hidden[] = {BEGIN(SP_MODE_AUDIO, USER), {LAYOUT_PREGAP, 32, SP_MODES, USER}, SECTORS, END};
PIECES pregap[] = {BEGIN(SP_MODE_AUDIO, USER), SECTORS, NEXT_AUDIO,
	{LAYOUT_PREGAP, 20, SP_MODES, USER}, SECTORS, END};
PIECES silent[] = {BEGIN(SP_MODE_AUDIO, USER), SECTORS, NEXT_AUDIO, LEAD, SECTORS, END};
PIECES postgap[] = {BEGIN(SP_MODE_AUDIO, USER), SECTORS, {LAYOUT_POSTGAP, 30, 0, 0}, NEXT_AUDIO,
	SECTORS, END};
LAYOUT layout_audio = CD(audio, 1), layout_two = CD(two, 1), layout_mixed = CD(mixed, 1),
       layout_mode1 = CD(mode1, 1), layout_mode2 = CD(mode2, 1), layout_xa = CD(xa, 1),
       layout_sub = CD(sub, 1), layout_hidden = CD(hidden, 1), layout_pregap = CD(pregap, 1),
       layout_silent = CD(silent, 1), layout_postgap = CD(postgap, 1), layout_four = CD(two, 4);
/* clang-format on */

/* --- facts that are added to a disc -------------------------------------------------------- */

static void add_mcn(struct sp_disc *disc)
{
	memcpy(disc->mcn, "4006381333931", sizeof(disc->mcn));
}

static bool has_mcn(const struct sp_disc *disc)
{
	return !strcmp(disc->mcn, "4006381333931");
}

static void add_isrc(struct sp_disc *disc)
{
	memcpy(disc->track[0].isrc, "DEABC2400001", sizeof(disc->track[0].isrc));
}

static bool has_isrc(const struct sp_disc *disc)
{
	return !strcmp(disc->track[0].isrc, "DEABC2400001");
}

static void add_index(struct sp_disc *disc)
{
	disc->track[0].index[2] = disc->track[0].start + 9;
}

static bool has_index(const struct sp_disc *disc)
{
	return disc->track[0].index[2] == disc->track[0].start + 9;
}

static void add_flags(struct sp_disc *disc)
{
	disc->track[0].control |= SP_CONTROL_COPY;
}

static bool has_flags(const struct sp_disc *disc)
{
	return disc->track[0].control & SP_CONTROL_COPY;
}

static void add_text(struct sp_disc *disc)
{
	if (sp_disc_set_text(disc, 0, SP_TEXT_TITLE, "Disc") ||
	    sp_disc_set_text(disc, 1, SP_TEXT_TITLE, "Track"))
		abort();
	disc->block[0].language = 0x09;
}

static bool has_text(const struct sp_disc *disc)
{
	const char *text = sp_disc_text(disc, 1, SP_TEXT_TITLE);

	return text && !strcmp(text, "Track");
}

static void add_language(struct sp_disc *disc)
{
	add_text(disc);
	disc->block[1].language = 0x08;
	if (sp_disc_set_block_text(disc, 1, 0, SP_TEXT_TITLE, "Scheibe") ||
	    sp_disc_set_block_text(disc, 1, 1, SP_TEXT_TITLE, "Titel"))
		abort();
}

static bool has_language(const struct sp_disc *disc)
{
	const char *text = sp_disc_block_text(disc, 1, 1, SP_TEXT_TITLE);

	return text && !strcmp(text, "Titel") && has_text(disc);
}

/* One descriptor of READ TOC format 2 (MMC-6, table "READ TOC/PMA/ATIP response data, 0010b") */
static void add_point(struct sp_disc *disc, unsigned control, unsigned point, struct sp_msf at)
{
	const uint8_t entry[11] = {
		1, (uint8_t)(0x10 | control), 0, (uint8_t)point, 0, 0, 0, 0, at.m, at.s, at.f};

	memcpy(disc->full_toc + disc->full_toc_size, entry, sizeof(entry));
	disc->full_toc_size += sizeof(entry);
}

static void add_toc(struct sp_disc *disc)
{
	const unsigned control = disc->track[0].control;
	struct sp_msf at = {0};

	disc->full_toc = calloc(SP_TRACK_MAX, 11);
	if (!disc->full_toc)
		abort();
	disc->full_toc_size = 4;
	add_point(disc, control, 0xa0, (struct sp_msf){1, 0, 0});
	add_point(disc, control, 0xa1, (struct sp_msf){(uint8_t)disc->tracks, 0, 0});
	if (sp_lba_to_msf(disc->session[0].lead_out, &at))
		add_point(disc, control, 0xa2, at);
	for (size_t i = 0; i < disc->tracks; i++)
		if (sp_lba_to_msf(disc->track[i].start, &at))
			add_point(disc, control, disc->track[i].number, at);
	disc->full_toc[1] = (uint8_t)(disc->full_toc_size - 2);
	disc->full_toc[2] = disc->full_toc[3] = 1;
}

static bool has_toc(const struct sp_disc *disc)
{
	return disc->full_toc_size > 4;
}

static void add_layers(struct sp_disc *disc)
{
	disc->layer_break = 32;
}

static bool has_layers(const struct sp_disc *disc)
{
	return disc->layer_break == 32;
}

static bool has_gd(const struct sp_disc *disc)
{
	return disc->medium == SP_MEDIUM_GD && disc->sessions == 2;
}

static bool has_dvd(const struct sp_disc *disc)
{
	return disc->tracks == 1 && disc->track[0].mode == SP_MODE_DATA2048;
}

static bool has_blocks(const struct sp_disc *disc)
{
	return disc->medium == SP_MEDIUM_BLOCK;
}

static bool has_sub(const struct sp_disc *disc)
{
	const struct sp_region *last = &disc->region[disc->regions - 1];

	return (last->parts & SP_PART_PW) != 0;
}

/* --- the table ----------------------------------------------------------------------------- */

/* A fact is a layout of its own, or something added to the first basic one a format takes. */
static const struct fact {
	const char *name; /* as the manual has it */
	const struct layout *own;
	const char *layout;         /* of the common ones */
	const struct layout *plain; /* what it is without the fact; NULL: not asked */
	void (*add)(struct sp_disc *disc);
	bool (*has)(const struct sp_disc *disc);
	const char *turned; /* what a container may make of it instead of keeping it; NULL: none */
	unsigned loss;      /* what a refusal may call it, SP_CARRY bits */
	size_t damage;      /* byte of a sector that is not as it should be; 0: none */
} facts[] = {
	{.name = "an audio track", .own = &layout_audio, .loss = LOSS(TRACKS)},
	{.name = "several tracks", .own = &layout_two, .loss = LOSS(TRACKS)},
	{.name = "data and audio tracks", .own = &layout_mixed, .loss = LOSS(TRACKS)},
	{.name = "mode 2", .own = &layout_mode2, .loss = LOSS(TRACKS)},
	{.name = "mode 2 XA, both forms", .own = &layout_xa, .loss = LOSS(TRACKS) | LOSS(FORM)},
	{.name = "wrong EDC or parity",
	 .own = &layout_mode1,
	 .plain = &layout_mode1,
	 .loss = LOSS(EDC),
	 .damage = 2066},
	{.name = "header of another place",
	 .own = &layout_mode1,
	 .plain = &layout_mode1,
	 .loss = LOSS(HEADER),
	 .damage = 14},
	{.name = "stored sub-channel",
	 .own = &layout_sub,
	 .plain = &layout_mode1,
	 .has = has_sub,
	 .loss = LOSS(SUBCHANNEL) | LOSS(SUB),
	 .damage = 2400},
	{.name = "a first track beyond 1",
	 .own = &layout_four,
	 .plain = &layout_two,
	 .loss = LOSS(NUMBERS)},
	{.name = "hidden track before 1",
	 .own = &layout_hidden,
	 .plain = &layout_audio,
	 .loss = LOSS(GAP) | LOSS(INDEX)},
	{.name = "stored pregaps", .own = &layout_pregap, .plain = &layout_two, .loss = LOSS(GAP)},
	{.name = "pregaps not stored",
	 .own = &layout_silent,
	 .plain = &layout_two,
	 .turned = "filled"},
	{.name = "postgaps not stored",
	 .own = &layout_postgap,
	 .plain = &layout_two,
	 .turned = "filled"},
	{.name = "INDEX 02 to 99", .add = add_index, .has = has_index, .loss = LOSS(INDEX)},
	{.name = "track flags", .add = add_flags, .has = has_flags, .loss = LOSS(FLAGS)},
	{.name = "ISRC", .add = add_isrc, .has = has_isrc, .loss = LOSS(ISRC)},
	{.name = "MCN", .add = add_mcn, .has = has_mcn, .loss = LOSS(MCN)},
	{.name = "CD-Text", .add = add_text, .has = has_text, .loss = LOSS(CDTEXT)},
	{.name = "CD-Text, more languages",
	 .add = add_language,
	 .has = has_language,
	 .loss = LOSS(CDTEXT)},
	{.name = "sessions", .layout = "cd-extra", .loss = LOSS(SESSIONS) | LOSS(TRACKS)},
	{.name = "stored gaps of sessions",
	 .layout = "gap-stored",
	 .loss = LOSS(GAP) | LOSS(SESSIONS) | LOSS(TRACKS)},
	{.name = "full TOC", .add = add_toc, .has = has_toc, .loss = LOSS(TOC)},
	{.name = "GD-ROM areas",
	 .layout = "gd-rom",
	 .has = has_gd,
	 .loss = LOSS(TRACKS) | LOSS(SESSIONS)},
	{.name = "DVD", .layout = "dvd", .has = has_dvd, .turned = "as CD", .loss = LOSS(TRACKS)},
	{.name = "DVD layer break",
	 .layout = "dvd",
	 .add = add_layers,
	 .has = has_layers,
	 .loss = LOSS(TOC) | LOSS(TRACKS)},
	{.name = "512-byte blocks", .layout = "block", .has = has_blocks, .loss = LOSS(TRACKS)},
};
enum { FACTS = sizeof(facts) / sizeof(facts[0]) };

static struct sp_compared compared;
static unsigned facts_wrong;

/* What is read back: "yes", or what the fact turned into. NULL: another disc, and why. */
static const char *facts_found(struct trial *trial, const struct fact *fact, char *why, size_t size)
{
	struct sp_error err = {0};
	struct sp_source *source;

	if (trial_open(trial, NULL, &source, &err)) {
		snprintf(why, size, "does not open: %s", err.text);
		return NULL;
	}
	const bool there = !fact || !fact->has || fact->has(source->disc);
	const char *turned = fact ? fact->turned : NULL;
	if (trial_compare(trial, source, &compared, &err))
		snprintf(why, size, "does not compare: %s", err.text);
	else if (!there && !turned)
		snprintf(why, size, "the fact is gone");
	else if (compared.layout[0])
		snprintf(why, size, "layout: %s", compared.layout);
	else if (compared.differ || compared.only_a + compared.only_b > compared.blank ||
		 !compared.same || (compared.blank && !turned))
		snprintf(why, size, "sectors differ");
	else
		return there && !compared.blank ? "yes" : turned;
	return NULL;
}

static bool facts_holds(const struct sp_format *format, const struct sp_option *option,
			const struct layout *layout)
{
	struct sp_error err = {0};
	struct trial trial;
	char why[400];

	trial_init(&trial, format, layout, option);
	const bool holds = !trial_create(&trial, NULL, false, &err) &&
			   facts_found(&trial, NULL, why, sizeof(why));
	trial_clear(&trial);
	return holds;
}

/* The first basic disc a format holds. */
static const struct layout *facts_base(const struct sp_format *format)
{
	const struct layout *const base[] = {&layout_two, &layout_mode1, layout_named("data2048"),
					     layout_named("block")};

	for (size_t i = 0; i < sizeof(base) / sizeof(base[0]); i++)
		if (facts_holds(format, NULL, base[i]))
			return base[i];
	printf("# %s: holds no basic disc\n", format->name);
	facts_wrong++;
	return base[0];
}

/* A refusal must name the fact, unless it is for the disc as such. */
static bool facts_named(const struct trial *trial, const struct fact *fact)
{
	for (unsigned i = 0; i < SP_LOSSES; i++)
		if (trial->losses.count[i] && (fact->loss >> i & 1))
			return true;
	return fact->plain && !facts_holds(trial->format, &trial->option, fact->plain);
}

/* What becomes of a fact: "-" where it is refused. Anything but keeping it, turning it into what is
 * known and refusing it by name is wrong. */
static const char *facts_try(const struct sp_format *format, const struct sp_option *option,
			     const struct fact *fact)
{
	struct layout layout = fact->own      ? *fact->own
			       : fact->layout ? *layout_named(fact->layout)
					      : *facts_base(format);
	struct sp_error err = {0};
	struct trial trial;
	const char *found = "-";
	char why[400] = "";

	if (fact->add)
		layout.more = fact->add;
	trial_init(&trial, format, &layout, option);
	if (fact->damage)
		trial.plan = (struct double_source_plan){
			.damage_at = 3, .damage_count = 1, .damage_byte = fact->damage};
	const int r = trial_create(&trial, NULL, false, &err);
	if (!r)
		found = facts_found(&trial, fact, why, sizeof(why));
	else if (r == SP_ERR_LOSSY && !facts_named(&trial, fact))
		sp_losses_text(&trial.losses, why, sizeof(why));
	else if (r != SP_ERR_LOSSY && (r != SP_ERR_UNSUPPORTED || !err.text[0]))
		snprintf(why, sizeof(why), "%d, %s", r, err.text);
	if (why[0])
		printf("# %s: %s is neither kept nor refused by its name: %s\n", trial_text(&trial),
		       fact->name, why);
	facts_wrong += why[0] != '\0';
	trial_clear(&trial);
	return found ? found : "?";
}

static size_t facts_formats(const struct sp_format *list[FACTS_MAX])
{
	size_t n = 0;

	for (const struct sp_format *const *f = sp_formats(); *f && n < FACTS_MAX; f++)
		if ((*f)->create && (*f)->open)
			list[n++] = *f;
	return n;
}

static size_t facts_add(char *text, size_t used, const char *fmt, ...) SP_PRINTF(3, 4);

static size_t facts_add(char *text, size_t used, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	const int n = vsnprintf(text + used, FACTS_TEXT - used, fmt, args);
	va_end(args);
	if (n < 0 || used + (size_t)n >= FACTS_TEXT)
		abort();
	return used + (size_t)n;
}

/* What an option's value changes, a line each. */
static size_t facts_options(char *text, size_t used, const struct sp_format *format,
			    const char *const kept[FACTS])
{
	struct sp_option option;
	char value[32], name[64];

	for (unsigned i = 0; trial_option(format, i, &option, value); i++) {
		for (size_t j = 0; j < FACTS; j++) {
			const char *now = facts_try(format, &option, &facts[j]);

			if (!strcmp(now, kept[j]))
				continue;
			snprintf(name, sizeof(name), "%s %s=%s", format->name, option.key, value);
			used = facts_add(text, used, "%-*s%-*s%s\n", FACTS_NAME, name, FACTS_NAME,
					 facts[j].name, now);
		}
	}
	return used;
}

static size_t facts_cell(char *text, size_t used, const char *word, const struct sp_format *format,
			 bool last)
{
	const int name = (int)strlen(format->name) + 2;

	if (last)
		return facts_add(text, used, "%s\n", word);
	return facts_add(text, used, "%-*s", name > FACTS_COLUMN ? name : FACTS_COLUMN, word);
}

/* The whole table; as many containers side by side as a page is wide. */
static const char *facts_table(void)
{
	static char text[FACTS_TEXT];
	const struct sp_format *list[FACTS_MAX];
	const size_t n = facts_formats(list), wide = (FACTS_WIDTH - FACTS_NAME) / FACTS_COLUMN;
	static const char *kept[FACTS_MAX][FACTS];
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < FACTS; j++)
			kept[i][j] = facts_try(list[i], NULL, &facts[j]);
	for (size_t from = 0; from < n; from += wide) {
		const size_t to = n - from > wide ? from + wide : n;

		used = facts_add(text, used, "%s%-*s", from ? "\n" : "", FACTS_NAME, "");
		for (size_t i = from; i < to; i++)
			used = facts_cell(text, used, list[i]->name, list[i], i + 1 == to);
		for (size_t j = 0; j < FACTS; j++) {
			used = facts_add(text, used, "%-*s", FACTS_NAME, facts[j].name);
			for (size_t i = from; i < to; i++)
				used = facts_cell(text, used, kept[i][j], list[i], i + 1 == to);
		}
	}
	used = facts_add(text, used, "\n");
	for (size_t i = 0; i < n; i++)
		used = facts_options(text, used, list[i], kept[i]);
	return text;
}

/* The lines of the manual between its two marks. */
static char *facts_manual(void)
{
	const char *top = getenv("top_srcdir");
	char path[4096], line[512];
	char *text = calloc(1, FACTS_TEXT);
	bool within = false;
	size_t used = 0;

	snprintf(path, sizeof(path), "%s/man/spindle-formats.5", top ? top : ".");
	FILE *page = fopen(path, "r");
	if (!text || !page)
		fail_msg("%s cannot be read", path);
	while (page && fgets(line, sizeof(line), page)) {
		if (!strncmp(line, ".\\\" facts: ", 11))
			within = !within;
		else if (within && line[0] != '.')
			used = facts_add(text, used, "%s", line);
	}
	if (page)
		fclose(page);
	return text;
}

static void the_table_of_the_manual_is_what_comes_out(void **unused)
{
	(void)unused;
	const char *table = facts_table();
	char *manual = facts_manual();

	assert_int_equal(facts_wrong, 0);
	if (strcmp(table, manual) != 0)
		fail_msg("spindle-formats.5 differs from what tests/test_facts print gives:\n%s",
			 table);
	free(manual);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_the_manual_is_what_comes_out),
	};

	if (argc > 1 && !strcmp(argv[1], "print")) {
		fputs(facts_table(), stdout);
		return facts_wrong != 0;
	}
	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
