/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles: the words of their scripts, and those that are built in. */
#include "sim/sim_profile.h"

#include "sim/sim_drive.h"
#include "sim/sim_script.h"

#include <stddef.h>
#include <string.h>

/* Each models what programs know of a family of drives, by their quirks and not by any one unit. */
const struct sp_sim_named_profile sp_sim_profiles[] = {
	{"ordinary", "reads and writes everything, from LBA 0 to the lead-out", ""},
	{"ideal", "reads lead-in and lead-out too, no offset, no cache",
	 "product \"IDEAL DRIVE\"\nlead-in -150\nlead-out 6750\ncache 0\nscrambled yes\n"
	 "transition no\n"},
	{"plextor", "READ CD-DA by D8, scrambled data as audio, C2 of 294 bytes, offset +30",
	 "vendor PLEXTOR\nproduct \"CD-R   PX-SIMUL\"\nrevision 1.07\nmedia cd-rom cd-r cd-rw\n"
	 "read-offset 30\nwrite-offset -30\nlead-in -75\nlead-out 2\nd8 yes\nscrambled yes\n"
	 "c2 294\nflush fua\ncache 1200\n"},
	{"lg-asus", "sub-channel before C2, overreads on both ends, offset +6",
	 "vendor ASUS\nproduct \"BW-SIM16D1HT\"\nrevision 3.10\nread-offset 6\nwrite-offset 6\n"
	 "order sub-c2\nlead-in -135\nlead-out 100\nscrambled yes\ncache 1000\nflush seek\n"
	 "refuse cd-text-address\n"},
	{"pioneer", "C2 of 296 bytes alone, offset +667, no overread",
	 "vendor PIONEER\nproduct \"BD-RW   BDR-SIM9\"\nrevision 1.51\nread-offset 667\n"
	 "c2 296\ncache 1500\nflush fua read12 seek\nrefuse cd-text-address raw\n"},
	{"usb-bridge",
	 "16 sectors a command at most, resets on vendor commands, refuses MODE SELECT 6",
	 "vendor \"USB2.0\"\nproduct \"BRIDGED DRIVE\"\nrevision 0001\ntransfer 32768\n"
	 "q hex\nq-crc no\nrefuse 0x15 0x1a\nread-offset 102\n"},
	{"laptop-slim", "closes by hand, reads CD and DVD, 24 x",
	 "vendor \"SLIMTYPE\"\nproduct \"DVD A  SIM8A\"\nrevision HL1A\ntray no\nspeed 24\n"
	 "media cd-rom cd-r cd-rw dvd-rom dvd-r dvd-rw dvd-rw-ro dvd+r dvd+rw dvd+r-dl\n"
	 "read-offset 6\norder sub-c2\nq-late 1\n"},
	{"no-c2", "refuses C2, no CRC in formatted Q",
	 "product \"NO C2 DRIVE\"\nc2 none\nq-crc no\nread-offset 12\n"},
	{"lying-c2", "says it has C2 and never sets a bit",
	 "product \"LYING C2 DRIVE\"\nc2 clean\nread-offset 48\n"},
	{"dirty-c2", "sets C2 bits on good sectors", "product \"DIRTY C2 DRIVE\"\nc2 dirty\n"},
	{"bcd-toc", "full TOC in BCD, Q in plain numbers",
	 "product \"BCD TOC DRIVE\"\ntoc bcd\nq hex\n"},
	{"stale-cache", "a large cache that only a far seek empties",
	 "product \"STALE CACHE\"\ncache 4000\nflush seek\n"},
	{"reader", "a CD-ROM drive of old: no DVD, no sub-channel with data",
	 "vendor MATSHITA\nproduct \"CD-ROM CR-SIM\"\nrevision 7S13\nmedia cd-rom cd-r cd-rw\n"
	 "order c2\nc2 none\nreader yes\nspeed 32\nrefuse 0x46 0xad 0xac 0xb6\nread-offset 594\n"},
	{NULL, NULL, NULL},
};

enum word_type { WORD_TEXT, WORD_NUMBER, WORD_YES, WORD_CHOICE, WORD_LIST, WORD_REFUSE };

static const char *const word_yes[] = {"no", "yes", NULL};
static const char *const word_order[] = {"c2-sub", "sub-c2", "sub", "c2", NULL};
static const char *const word_c2[] = {"none", "294", "296", "both", "clean", "dirty", NULL};
static const char *const word_q[] = {"bcd", "hex", NULL};
static const char *const word_flush[] = {"fua", "read12", "seek", NULL};
static const char *const word_toc[] = {"hex", "bcd", NULL};
static const char *const word_refuse[] = {"tao", "sao", "raw", "cd-text-address", NULL};

#define AT(field) offsetof(struct sim_profile, field)
static const struct {
	const char *word;
	enum word_type type;
	size_t at;
	int64_t min, max; /* max of a text: its length */
	const char *const *names;
} profile_words[] = {
	{"vendor", WORD_TEXT, AT(vendor), 0, 8, NULL},
	{"product", WORD_TEXT, AT(product), 0, 16, NULL},
	{"revision", WORD_TEXT, AT(revision), 0, 4, NULL},
	{"serial", WORD_TEXT, AT(serial), 0, 16, NULL},
	{"order", WORD_CHOICE, AT(order), 0, 0, word_order},
	{"c2", WORD_CHOICE, AT(c2), 0, 0, word_c2},
	{"read-offset", WORD_NUMBER, AT(read_offset), -5880, 5880, NULL},
	{"write-offset", WORD_NUMBER, AT(write_offset), -5880, 5880, NULL},
	{"q", WORD_YES, AT(q_hex), 0, 0, word_q},
	{"q-crc", WORD_YES, AT(q_crc), 0, 0, word_yes},
	{"q-late", WORD_NUMBER, AT(q_late), -75, 75, NULL},
	{"lead-in", WORD_NUMBER, AT(lead_in), -150, 0, NULL},
	{"lead-out", WORD_NUMBER, AT(lead_out), 0, 6750, NULL},
	{"transfer", WORD_NUMBER, AT(transfer), 2048, 16 << 20, NULL},
	{"cache", WORD_NUMBER, AT(cache), 0, 100000, NULL},
	{"flush", WORD_LIST, AT(flush), 0, 0, word_flush},
	{"toc", WORD_YES, AT(toc_bcd), 0, 0, word_toc},
	{"scrambled", WORD_YES, AT(scrambled), 0, 0, word_yes},
	{"transition", WORD_YES, AT(transition), 0, 0, word_yes},
	{"lec", WORD_YES, AT(lec), 0, 0, word_yes},
	{"d8", WORD_YES, AT(d8), 0, 0, word_yes},
	{"tray", WORD_YES, AT(tray), 0, 0, word_yes},
	{"reader", WORD_YES, AT(reader), 0, 0, word_yes},
	{"speed", WORD_NUMBER, AT(speed), 1, 72, NULL},
	{"media", WORD_LIST, AT(media), 0, 0, NULL},
	{"refuse", WORD_REFUSE, AT(refused), 0, 0, word_refuse},
};
#undef AT

static int profile_text(struct sim_script *s, char *to, size_t room)
{
	struct sp_word word;
	const int rc = sim_script_word(s, &word);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < word.size; i++)
		if (word.at[i] < 0x20 || word.at[i] > 0x7e)
			return sim_script_fail(s, &word, "not printable");
	if (word.size > room)
		return sim_script_fail(s, &word, "longer than its field");
	memset(to, 0, room + 1);
	memcpy(to, word.at, word.size);
	return 0;
}

static const char *profile_list_name(const char *const *names, unsigned i)
{
	return names ? names[i] : sim_kinds[i].name;
}

/* All words left on the line, a bit for each. */
static int profile_list(struct sim_script *s, const char *const *names, uint32_t *bits)
{
	struct sp_word word;

	*bits = 0;
	while (sp_text_word(&s->cursor, &word) && word.at[0] != '#') {
		unsigned i = 0;

		while (profile_list_name(names, i) &&
		       !sp_word_is(&word, profile_list_name(names, i)))
			i++;
		if (!profile_list_name(names, i))
			return sim_script_fail(s, &word, "a word that is not known here");
		*bits |= 1u << i;
	}
	return 0;
}

static int profile_refuse(struct sim_script *s, struct sim_profile *profile)
{
	struct sp_word word;
	int64_t opcode;

	while (sp_text_word(&s->cursor, &word) && word.at[0] != '#') {
		unsigned i = 0;

		while (word_refuse[i] && !sp_word_is(&word, word_refuse[i]))
			i++;
		if (word_refuse[i])
			profile->writes |= 1u << i;
		else if (sim_word_number(&word, 0, 255, &opcode))
			profile->refused[opcode / 32] |= 1u << opcode % 32;
		else
			return sim_script_fail(s, &word, "neither an opcode nor a way of writing");
	}
	return 0;
}

static int profile_line(struct sim_script *s, const struct sp_word *word,
			struct sim_profile *profile)
{
	unsigned i = 0, choice = 0;
	uint32_t bits;
	int rc;

	while (i < sizeof(profile_words) / sizeof(profile_words[0]) &&
	       !sp_word_is(word, profile_words[i].word))
		i++;
	if (i == sizeof(profile_words) / sizeof(profile_words[0]))
		return sim_script_fail(s, word, "profiles have no such word");
	void *at = (char *)profile + profile_words[i].at;
	switch (profile_words[i].type) {
	case WORD_TEXT:
		return profile_text(s, at, (size_t)profile_words[i].max);
	case WORD_NUMBER:
		return sim_script_number(s, profile_words[i].min, profile_words[i].max, at);
	case WORD_YES:
		rc = sim_script_choice(s, profile_words[i].names, &choice);
		*(bool *)at = choice;
		return rc;
	case WORD_CHOICE:
		return sim_script_choice(s, profile_words[i].names, at);
	case WORD_LIST:
		rc = profile_list(s, profile_words[i].names, &bits);
		memcpy(at, &bits, sizeof(bits));
		return rc;
	default:
		return profile_refuse(s, profile);
	}
}

/* The text that a script builds upon: `like NAME` in its first line. */
static int profile_base(struct sim_script *s, const char **text)
{
	struct sp_word word;

	*text = "";
	if (!sim_script_line(s, &word) || !sp_word_is(&word, "like"))
		return 0;
	const int rc = sim_script_word(s, &word);
	if (rc < 0)
		return rc;
	for (const struct sp_sim_named_profile *p = sp_sim_profiles; p->name; p++)
		if (sp_word_is(&word, p->name)) {
			*text = p->text;
			return sim_script_end(s);
		}
	return sim_script_fail(s, &word, "no profile of that name is built in");
}

static int profile_lines(struct sim_profile *profile, const char *name, const char *text,
			 struct sp_error *err)
{
	struct sim_script s = {.name = name, .err = err};
	struct sp_word word;
	int rc = 0;

	sp_text_begin(&s.cursor, text, strlen(text));
	for (bool first = true; !rc && sim_script_line(&s, &word); first = false) {
		if (first && sp_word_is(&word, "like"))
			continue;
		rc = profile_line(&s, &word, profile);
		if (!rc)
			rc = sim_script_end(&s);
	}
	return rc;
}

int sim_profile_parse(struct sim_profile *profile, const char *name, const char *text,
		      struct sp_error *err)
{
	*profile = (struct sim_profile){.vendor = "SPINDLE",
					.product = "SIMULATED DRIVE",
					.revision = "1.00",
					.serial = "SIM00000001",
					.c2 = SIM_C2_BOTH,
					.q_crc = true,
					.transfer = 64 << 10,
					.cache = 600,
					.flush = SIM_FLUSH_FUA | SIM_FLUSH_READ12 | SIM_FLUSH_SEEK,
					.transition = true,
					.tray = true,
					.speed = 48,
					.media = UINT32_MAX};
	if (!text)
		return 0;
	struct sim_script s = {.name = name ? name : "profile", .err = err};
	const char *base;
	sp_text_begin(&s.cursor, text, strlen(text));
	int rc = profile_base(&s, &base);
	if (!rc)
		rc = profile_lines(profile, s.name, base, err);
	return rc ? rc : profile_lines(profile, s.name, text, err);
}

const char *sp_sim_profile_named(const char *name)
{
	for (const struct sp_sim_named_profile *p = sp_sim_profiles; p->name; p++)
		if (!strcmp(p->name, name))
			return p->text;
	return NULL;
}
