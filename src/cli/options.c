/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one table of options; parsing and help are derived from it. */
#include "cli/cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct cli_option cli_options[OPTIONS] = {
	[OPT_HELP] = {"help", 'h', CLI_FLAG, NULL, "show this help"},
	[OPT_VERSION] = {"version", 'V', CLI_FLAG, NULL, "show the version and the formats"},
	[OPT_QUIET] = {"quiet", 'q', CLI_FLAG, NULL, "say only what is wrong"},
	[OPT_VERBOSE] = {"verbose", 'v', CLI_FLAG, NULL, "say more"},
	[OPT_PROGRESS] = {"progress", 0, CLI_CHOICE, "auto|always|never|json",
			  "show progress; auto: on a terminal; json: events, one a line"},
	[OPT_JSON] = {"json", 0, CLI_FLAG, NULL, "print the result as JSON"},
	[OPT_FROM] = {"from", 0, CLI_TEXT, "FORMAT",
		      "open SRC as this format, whatever it looks like"},
	[OPT_PASSWORD] =
		{"password-file", 0, CLI_TEXT, "FILE",
		 "an encrypted image's password is this file's first line; -: standard input"},
	[OPT_TO] = {"to", 't', CLI_TEXT, "FORMAT",
		    "make this format; else DST's extension decides"},
	[OPT_TRACK] = {"track", 0, CLI_NUMBER, "N", "only this track"},
	[OPT_SESSION] = {"session", 0, CLI_NUMBER, "N", "only this session"},
	[OPT_PARTITION] = {"partition", 0, CLI_COUNT, "N",
			   "only this partition of a disk, as info numbers them"},
	[OPT_DRY_RUN] = {"dry-run", 'n', CLI_FLAG, NULL,
			 "read everything, write nothing: show files, sizes and losses"},
	[OPT_LOSSY] = {"lossy", 0, CLI_FLAG, NULL, "leave out what the format cannot hold"},
	[OPT_FORCE] = {"force", 'f', CLI_FLAG, NULL, "replace an output that exists"},
	[OPT_VERIFY] = {"verify", 0, CLI_FLAG, NULL,
			"read the output back and compare before it gets its name"},
	[OPT_SET] = {"option", 'O', CLI_PAIR, "KEY[=VALUE]",
		     "a setting of the format, see: spindle formats; a KEY alone means yes"},
	[OPT_ALGORITHM] = {"algorithm", 'a', CLI_TEXT, "LIST",
			   "these digests: crc32,md5,sha1,sha256"},
	[OPT_DAT] = {"dat", 0, CLI_OPTIONAL, "FILE",
		     "print as lines of a DAT; with FILE: find the disc in that DAT"},
	[OPT_MAJORITY] = {"majority", 0, CLI_FLAG, NULL,
			  "where good data differs, take what most of the dumps have"},
	[OPT_PREFER] = {"prefer", 0, CLI_NUMBER, "N", "take from the N-th what nothing decides"},
	[OPT_TRACKS] = {"tracks", 0, CLI_TEXT, "N[-M]", "only these tracks"},
	[OPT_SPEED] = {"speed", 0, CLI_TEXT, "N[x]|max|min", "this fast: kB/s, or times 1x"},
	[OPT_RETRIES] = {"retries", 0, CLI_TEXT, "N",
			 "read what is bad so often again, 0 to 99; else 3"},
	[OPT_OFFSET] = {"offset", 0, CLI_TEXT, "N",
			"read offset correction in samples, kept for this model of drive"},
	[OPT_SUB] = {"sub", 0, CLI_FLAG, NULL, "keep the sub-channel P-W"},
	[OPT_PARANOID] = {"paranoid", 0, CLI_FLAG, NULL,
			  "read audio twice and believe only what agrees"},
	[OPT_EJECT] = {"eject", 0, CLI_FLAG, NULL, "open the tray when all is well"},
	[OPT_ACCURATERIP] = {"accuraterip", 0, CLI_TEXT, "FILE",
			     "compare with a saved AccurateRip response"},
	[OPT_OUTPUT] = {"output", 'o', CLI_TEXT, "OUT", "the image to make"},
	[OPT_VOLUME_ID] = {"volume-id", 0, CLI_TEXT, "NAME",
			   "the volume's name; else that of the folder"},
	[OPT_EXCLUDE] = {"exclude", 'x', CLI_LIST, "PATTERN",
			 "leave out files whose name or end of path fits; may be repeated"},
	[OPT_GRAFT] = {"graft", 0, CLI_LIST, "TO=FROM",
		       "put FROM into the image as TO; without FROM an empty folder"},
	[OPT_SORT] = {"sort", 0, CLI_LIST, "PATTERN=WEIGHT",
		      "heavier files lie nearer to the beginning; may be repeated"},
	[OPT_FOLLOW_LINKS] = {"follow-links", 0, CLI_FLAG, NULL,
			      "take what symbolic links point to, not the links"},
	[OPT_NO_ROCK_RIDGE] = {"no-rock-ridge", 0, CLI_FLAG, NULL,
			       "leave out POSIX names, modes, owners and links"},
	[OPT_NO_JOLIET] = {"no-joliet", 0, CLI_FLAG, NULL, "leave out the tree for Windows"},
	[OPT_HFSPLUS] = {"hfsplus", 0, CLI_FLAG, NULL, "add an HFS+ tree for Macs"},
	[OPT_BIOS] = {"bios", 0, CLI_TEXT, "PATH",
		      "boot on BIOSes with this file of the image (isolinux.bin, GRUB's)"},
	[OPT_EFI] = {"efi", 0, CLI_TEXT, "FILE|auto",
		     "boot on UEFI with this partition image; auto: made of the folder's EFI/"},
	[OPT_MBR] = {"mbr", 0, CLI_TEXT, "FILE",
		     "boot code of a USB disk; else what fits the loader of --bios"},
	[OPT_NO_HYBRID] = {"no-hybrid", 0, CLI_FLAG, NULL, "boot from a disc alone, not from USB"},
	[OPT_CHECKSUM] = {"checksum", 0, CLI_CHOICE, "none|isomd5|libisofs",
			  "embed checksums: for checkisomd5, or for xorriso"},
	[OPT_REPRODUCIBLE] = {"reproducible", 0, CLI_FLAG, NULL,
			      "the same files give the same bytes, on any machine and day"},
	[OPT_APPEND] = {"append", 0, CLI_TEXT, "IMAGE",
			"make the session that follows those of IMAGE, with their files"},
	[OPT_TREE] =
		{"tree", 0, CLI_TEXT, "NAME",
		 "this one of a disc's trees: rockridge, joliet, …; list: say which there are"},
	[OPT_LONG] = {"long", 'l', CLI_FLAG, NULL, "modes, owners, sizes and dates as well"},
	[OPT_APPLEDOUBLE] = {"appledouble", 0, CLI_FLAG, NULL,
			     "resource forks too, each in a file ._NAME"},
	[OPT_RESOURCE] = {"resource", 0, CLI_FLAG, NULL, "the resource fork instead of the data"},
	[OPT_INTO] = {"output", 'o', CLI_TEXT, "DIR", "the folder to put the files in"},
	[OPT_YES] = {"yes", 'y', CLI_FLAG, NULL,
		     "do not ask: what is on a rewritable medium may go"},
	[OPT_SIMULATE] = {"simulate", 0, CLI_FLAG, NULL,
			  "write with the laser off; refused where the drive cannot"},
	[OPT_MULTI] = {"multi", 0, CLI_FLAG, NULL,
		       "leave the disc open for another session, or add one to it"},
	[OPT_OVERBURN] = {"overburn", 0, CLI_FLAG, NULL, "try more than the medium says it holds"},
	[OPT_NO_VERIFY] = {"no-verify", 0, CLI_FLAG, NULL, "do not read the disc back"},
	[OPT_MODE] = {"mode", 0, CLI_CHOICE, "auto|tao|sao|raw",
		      "track at once, session at once, raw; auto: what fits"},
	[OPT_FULL] = {"full", 0, CLI_FLAG, NULL, "all of the disc, not its tables alone"},
	[OPT_FORMAT] = {"format", 0, CLI_FLAG, NULL,
			"format it: DVD+RW, DVD-RW, BD-RE, and BD-R with spare areas"},
	[OPT_COPIES] = {"copies", 0, CLI_NUMBER, "N",
			"so many good discs, by the drives there are, one after another"},
	[OPT_WAIT] = {"wait", 0, CLI_COUNT, "SECONDS",
		      "with --copies: for the next disc; else 600, on a terminal without end"},
	[OPT_LAYER_BREAK] = {"layer-break", 0, CLI_TEXT, "LBA|half",
			     "DVD+R DL: where the second layer begins; half: in the middle"},
	[OPT_AUDIO] = {"audio", 0, CLI_FLAG, NULL,
		       "SRC is a folder of sound files, or a playlist: an audio CD"},
};

const unsigned char cli_common[] = {OPT_JSON,    OPT_PROGRESS, OPT_QUIET,
				    OPT_VERBOSE, OPT_HELP,     OPT_NONE};

unsigned cli_option_of(const struct cli_command *command, size_t i)
{
	size_t own = 0;

	while (command->option[own])
		own++;
	return i < own ? command->option[i] : cli_common[i - own];
}

static int options_number(struct cli_args *args, unsigned id, const char *text, unsigned most,
			  struct sp_error *err)
{
	char *end;
	const unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || n < 1 || n > most)
		return sp_fail(err, SP_ERR_USAGE, "--%s wants a number from 1 to %u, not \"%s\"",
			       cli_options[id].name, most, text);
	args->number[id] = (unsigned)n;
	return 0;
}

int cli_digests(const char *list, unsigned *digests, struct sp_error *err)
{
	*digests = 0;
	for (const char *p = list; *p;) {
		const size_t n = strcspn(p, ",");
		unsigned i = 0;
		while (i < SP_DIGESTS && (strlen(sp_digest_name(i)) != n ||
					  strncasecmp(sp_digest_name(i), p, n) != 0))
			i++;
		if (i == SP_DIGESTS)
			return sp_fail(err, SP_ERR_USAGE,
				       "--algorithm wants some of crc32,md5,sha1,sha256, not "
				       "\"%.*s\"",
				       (int)n, p);
		*digests |= 1u << i;
		p += n + (p[n] == ',');
	}
	return *digests ? 0 : sp_fail(err, SP_ERR_USAGE, "--algorithm names none");
}

bool cli_choose(const char *choices, const char *word, unsigned *place)
{
	const size_t n = strlen(word);

	*place = 0;
	for (const char *p = choices; p; p = strchr(p, '|')) {
		p += *p == '|';
		if (n && !strncmp(p, word, n) && (p[n] == '|' || !p[n]))
			return true;
		(*place)++;
	}
	return false;
}

static int options_pair(struct cli_args *args, const char *text, struct sp_error *err)
{
	const char *equals = strchr(text, '=');

	if (!text[0] || equals == text)
		return sp_fail(err, SP_ERR_USAGE, "-O wants KEY=VALUE, not \"%s\"", text);
	char *copy = strdup(text);
	struct sp_option *pair = realloc(args->pair, (args->pairs + 1) * sizeof(*pair));
	if (pair)
		args->pair = pair;
	char **kept = realloc(args->pair_text, (args->pairs + 1) * sizeof(*kept));
	if (kept)
		args->pair_text = kept;
	if (!copy || !pair || !kept) {
		free(copy);
		return sp_fail_memory(err);
	}
	if (equals)
		copy[equals - text] = '\0';
	kept[args->pairs] = copy;
	pair[args->pairs++] = (struct sp_option){copy, equals ? copy + (equals - text) + 1 : NULL};
	return 0;
}

static int options_list(struct cli_args *args, unsigned id, const char *text, struct sp_error *err)
{
	struct cli_given *given = realloc(args->given, (args->givens + 1) * sizeof(*given));

	if (!given)
		return sp_fail_memory(err);
	args->given = given;
	given[args->givens++] = (struct cli_given){id, text};
	return 0;
}

static int options_take(struct cli_args *args, unsigned id, const char *text, struct sp_error *err)
{
	args->count[id]++;
	if (text)
		args->text[id] = text;
	switch (cli_options[id].value) {
	case CLI_NUMBER:
		return options_number(args, id, text, 99, err);
	case CLI_COUNT:
		return options_number(args, id, text, 9999, err);
	case CLI_PAIR:
		return options_pair(args, text, err);
	case CLI_LIST:
		return options_list(args, id, text, err);
	case CLI_CHOICE:
		if (cli_choose(cli_options[id].argument, text, &args->number[id]))
			return 0;
		return sp_fail(err, SP_ERR_USAGE, "--%s wants %s, not \"%s\"", cli_options[id].name,
			       cli_options[id].argument, text);
	default:
		return 0;
	}
}

/* What getopt_long refused. optopt has the option where it knows it; `was` is the word else. */
static int options_refuse(const struct cli_command *command, int why, const char *was,
			  struct sp_error *err)
{
	const char *names[OPTIONS + 1] = {NULL};
	const char *name = optopt >= 256 ? cli_options[optopt - 256].name : NULL;
	char word[64] = "-";

	if (name)
		snprintf(word, sizeof(word), "--%s", name);
	else if (optopt)
		snprintf(word, sizeof(word), "-%c", optopt);
	else
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(was, "="), was);
	if (why == ':')
		return sp_fail(err, SP_ERR_USAGE, "%s wants a value (see: spindle %s --help)", word,
			       command->name);
	if (name)
		return sp_fail(err, SP_ERR_USAGE, "%s takes no value (see: spindle %s --help)",
			       word, command->name);
	for (size_t i = 0; cli_option_of(command, i); i++)
		names[i] = cli_options[cli_option_of(command, i)].name;
	const char *near = optopt ? NULL : cli_nearest(word + 2, names);
	return sp_fail(err, SP_ERR_USAGE, "%s has no option %s%s%s (see: spindle %s --help)",
		       command->name, word, near ? "; did you mean --" : "", near ? near : "",
		       command->name);
}

int cli_parse(struct cli_args *args, const struct cli_command *command, int argc, char **argv,
	      struct sp_error *err)
{
	/* one more each for the end; ids are the values getopt_long returns, letters map to them */
	struct option longs[OPTIONS + 1] = {{0}};
	char shorts[3 * OPTIONS + 2] = ":";
	unsigned by_letter[128] = {0};

	*args = (struct cli_args){0};
	for (size_t i = 0; cli_option_of(command, i); i++) {
		const unsigned id = cli_option_of(command, i);
		const struct cli_option *o = &cli_options[id];
		const int has = o->value == CLI_FLAG       ? no_argument
				: o->value == CLI_OPTIONAL ? optional_argument
							   : required_argument;
		longs[i] = (struct option){o->name, has, NULL, 256 + (int)id};
		if (!o->letter)
			continue;
		by_letter[(unsigned char)o->letter] = id;
		const size_t n = strlen(shorts);
		snprintf(shorts + n, sizeof(shorts) - n, "%c%s", o->letter,
			 has == required_argument ? ":" : "");
	}
	opterr = 0;
	optind = 1;
	for (;;) {
		const int c = getopt_long(argc, argv, shorts, longs, NULL);
		if (c == -1)
			break;
		if (c == '?' || c == ':')
			return options_refuse(command, c, argv[optind - 1], err);
		const int r = options_take(args, c >= 256 ? (unsigned)c - 256 : by_letter[c],
					   optarg, err);
		if (r < 0)
			return r;
	}
	args->word = argv + optind;
	args->words = argc - optind;
	if (args->count[OPT_HELP])
		return 0;
	if (args->words < command->least || args->words > command->most)
		return sp_fail(err, SP_ERR_USAGE,
			       "usage: spindle %s [OPTION]... %s (see: spindle %s --help)",
			       command->name, command->usage, command->name);
	return 0;
}

void cli_args_free(struct cli_args *args)
{
	for (size_t i = 0; i < args->pairs; i++)
		free(args->pair_text[i]);
	free(args->pair_text);
	free(args->given);
	free(args->pair);
	*args = (struct cli_args){0};
}
