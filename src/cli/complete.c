/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may stand in place of a word that is being typed, from the tables of commands, options and
 * formats. The shells' scripts in completion/ ask for it by the hidden command __complete. */
#include "cli/cli.h"

#include <ctype.h>
#include <string.h>

struct complete {
	FILE *out;
	const struct cli_command *command;
	const char *word; /* the one being typed */
	size_t kept;      /* its first bytes, which stay as they are */
	const char *to, *from;
	const char *file[2]; /* the first words that are no options */
	int files;
	unsigned pending; /* option whose value the next word is */
	bool ended;       /* by --: no more options */
};

/* Offer `size` bytes of `word` and `end` where they begin with what is typed. */
static void complete_offer(const struct complete *c, const char *word, size_t size, const char *end,
			   const char *what)
{
	const char *typed = c->word + c->kept;
	const size_t n = strlen(typed);

	if (n <= size && !strncmp(word, typed, n))
		fprintf(c->out, "%.*s%.*s%s%s%s\n", (int)c->kept, c->word, (int)size, word, end,
			what ? "\t" : "", what ? what : "");
}

static void complete_files(const struct complete *c)
{
	fputs(":files\n", c->out);
}

static void complete_choices(const struct complete *c, unsigned id)
{
	for (const char *p = cli_options[id].argument; p; p = strchr(p, '|')) {
		p += *p == '|';
		complete_offer(c, p, strcspn(p, "|"), "", NULL);
	}
}

static void complete_file(struct complete *c, unsigned id)
{
	(void)id;
	complete_files(c);
}

static void complete_formats(struct complete *c, unsigned id)
{
	for (const struct sp_format *const *f = sp_formats(); *f; f++)
		if (id == OPT_TO ? (*f)->create != NULL : (*f)->open != NULL)
			complete_offer(c, (*f)->name, strlen((*f)->name), "", (*f)->summary);
}

static void complete_digests(struct complete *c, unsigned id)
{
	const char *comma = strrchr(c->word + c->kept, ',');

	(void)id;
	if (comma)
		c->kept = (size_t)(comma + 1 - c->word);
	for (unsigned i = 0; i < SP_DIGESTS; i++)
		complete_offer(c, sp_digest_name(i), strlen(sp_digest_name(i)), "", NULL);
}

/* Whether -O is likely meant for this format: that of the target or the source, any while the
 * command's own is not known. */
static bool complete_meant(const struct complete *c, const struct sp_format *format)
{
	const char *src = c->file[0], *dst = c->file[1];
	const struct sp_format *source = c->from ? sp_format_named(c->from)
					 : src   ? sp_format_for_path(src)
						 : NULL;
	const struct sp_format *target = c->to ? sp_format_named(c->to)
					 : dst ? sp_format_for_path(dst)
					       : NULL;
	bool makes = false;

	for (const unsigned char *id = c->command->option; *id; id++)
		makes = makes || *id == OPT_TO;
	return !(makes ? target : source) || format == source || format == target;
}

/* Whether `key`, or `size` bytes of a value it has, was offered for an earlier format. */
static bool complete_had(const struct complete *c, const struct sp_format *before, const char *key,
			 const char *value, size_t size)
{
	for (const struct sp_format *const *f = sp_formats(); *f != before; f++) {
		const struct sp_format_option *o = (*f)->option;
		char word[64];
		unsigned place;

		while (o && o->key && strcmp(o->key, key) != 0)
			o++;
		if (!o || !o->key || !complete_meant(c, *f))
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)size, value);
		if (!size || cli_choose(o->values, word, &place))
			return true;
	}
	return false;
}

static void complete_setting(const struct complete *c, const struct sp_format *format,
			     const struct sp_format_option *o)
{
	const char *typed = c->word + c->kept, *equals = strchr(typed, '=');
	struct complete value = *c;

	if (!equals) {
		if (!complete_had(c, format, o->key, "", 0))
			complete_offer(c, o->key, strlen(o->key), "=", o->help);
		return;
	}
	if (strlen(o->key) != (size_t)(equals - typed) ||
	    strncmp(o->key, typed, strlen(o->key)) != 0)
		return;
	value.kept = (size_t)(equals + 1 - c->word);
	if (!strcmp(o->values, "FILE"))
		complete_files(&value);
	/* one word alone stands for free text */
	for (const char *p = strchr(o->values, '|') ? o->values : NULL; p; p = strchr(p, '|')) {
		p += *p == '|';
		const size_t n = strcspn(p, "|");
		if (!complete_had(c, format, o->key, p, n))
			complete_offer(&value, p, n, "", NULL);
	}
}

static void complete_settings(const struct complete *c)
{
	for (const struct sp_format *const *f = sp_formats(); *f; f++)
		for (const struct sp_format_option *o = (*f)->option; o && o->key; o++)
			if (complete_meant(c, *f))
				complete_setting(c, *f, o);
	for (const struct sp_format_option *o = c->command->setting; o && o->key; o++)
		complete_setting(c, *sp_formats(), o);
}

/* The value of an option, told by its kind, or by what the help calls it. */
static void complete_value(struct complete *c, unsigned id)
{
	static const struct {
		const char *argument;
		void (*offer)(struct complete *c, unsigned id);
	} kind[] = {
		{"DIR", complete_file},
		{"FILE", complete_file},
		{"FORMAT", complete_formats},
		{"LIST", complete_digests},
	};

	if (cli_options[id].value == CLI_CHOICE)
		complete_choices(c, id);
	else if (cli_options[id].value == CLI_PAIR)
		complete_settings(c);
	for (size_t i = 0; i < sizeof(kind) / sizeof(*kind); i++)
		if (!strcmp(cli_options[id].argument, kind[i].argument))
			kind[i].offer(c, id);
}

/* The option of this long name of `size` bytes, or letter where size is 0; OPT_NONE: none. */
static unsigned complete_find(const struct complete *c, const char *name, size_t size, int letter)
{
	for (size_t i = 0; cli_option_of(c->command, i); i++) {
		const unsigned id = cli_option_of(c->command, i);
		const struct cli_option *o = &cli_options[id];

		if (size ? strlen(o->name) == size && !strncmp(o->name, name, size)
			 : letter && o->letter == letter)
			return id;
	}
	return OPT_NONE;
}

/* The option whose value ends `word` or follows it; *value is where it begins, NULL: in the next
 * word. OPT_NONE: the word has no value. */
static unsigned complete_split(const struct complete *c, const char *word, const char **value)
{
	*value = NULL;
	if (word[0] != '-')
		return OPT_NONE;
	if (word[1] == '-') {
		const size_t n = strcspn(word + 2, "=");
		const unsigned id = n ? complete_find(c, word + 2, n, 0) : OPT_NONE;

		if (id && word[2 + n])
			*value = word + 2 + n + 1;
		return id && cli_options[id].value != CLI_FLAG &&
				       (*value || cli_options[id].value != CLI_OPTIONAL)
			       ? id
			       : OPT_NONE;
	}
	for (const char *p = word + 1; *p; p++) {
		const unsigned id = complete_find(c, NULL, 0, *p);

		if (id && cli_options[id].value != CLI_FLAG) {
			*value = p[1] ? p + 1 : NULL;
			return id;
		}
	}
	return OPT_NONE;
}

/* A word before the one being typed. */
static void complete_pass(struct complete *c, const char *word)
{
	const char *value = word;
	unsigned id = c->pending;

	c->pending = OPT_NONE;
	if (!id && !c->ended && !strcmp(word, "--")) {
		c->ended = true;
		return;
	}
	if (!id && (c->ended || word[0] != '-' || !word[1])) {
		if (c->files < 2)
			c->file[c->files] = word;
		c->files++;
		return;
	}
	if (!id)
		id = complete_split(c, word, &value);
	if (id && !value)
		c->pending = id;
	else if (id == OPT_TO)
		c->to = value;
	else if (id == OPT_FROM)
		c->from = value;
}

static void complete_options(const struct complete *c)
{
	for (size_t i = 0; cli_option_of(c->command, i); i++) {
		const struct cli_option *o = &cli_options[cli_option_of(c->command, i)];
		const char *end = o->value == CLI_FLAG || o->value == CLI_OPTIONAL ? "" : "=";
		char name[64];

		snprintf(name, sizeof(name), "--%s", o->name);
		complete_offer(c, name, strlen(name), end, o->help);
		if (o->value == CLI_OPTIONAL)
			complete_offer(c, name, strlen(name), "=", o->help);
	}
}

static void complete_word(struct complete *c)
{
	const char *value;
	unsigned id = c->pending;

	if (id) {
		complete_value(c, id);
		return;
	}
	id = c->ended ? OPT_NONE : complete_split(c, c->word, &value);
	if (id && (value || c->word[1] != '-')) {
		c->kept = value ? (size_t)(value - c->word) : strlen(c->word);
		complete_value(c, id);
	} else if (!c->ended && c->word[0] == '-') {
		complete_options(c);
	} else if (c->files < c->command->most) {
		complete_files(c);
	}
}

void cli_complete(FILE *out, const struct cli_command *const *commands, int words,
		  char *const *word)
{
	struct complete c = {.out = out, .word = words ? word[words - 1] : ""};
	const bool help = words == 2 && !strcmp(word[0], "help");

	for (const char *p = c.word; *p; p++)
		if (iscntrl((unsigned char)*p))
			return;
	for (; *commands; commands++) {
		const struct cli_command *command = *commands;

		if (words < 2 || help)
			complete_offer(&c, command->name, strlen(command->name), "",
				       command->summary);
		else if (!strcmp(command->name, word[0]))
			c.command = command;
	}
	if (words < 2)
		complete_offer(&c, "help", 4, "", "Show the help of a command");
	if (words < 2 && c.word[0] == '-') {
		complete_offer(&c, "--help", 6, "", cli_options[OPT_HELP].help);
		complete_offer(&c, "--version", 9, "", cli_options[OPT_VERSION].help);
	}
	if (!c.command)
		return;
	for (int i = 1; i < words - 1; i++)
		complete_pass(&c, word[i]);
	complete_word(&c);
}
