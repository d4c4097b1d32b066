/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands share: options, arguments, messages, opening. */
#ifndef SP_CLI_CLI_H
#define SP_CLI_CLI_H

#include "report/json.h"

#include <spindle/spindle.h>

#include <signal.h>
#include <time.h>

/* --- options ------------------------------------------------------------------------------- */

enum cli_option_id { /* places in the one table of options.c */
		     OPT_NONE,
		     OPT_HELP,
		     OPT_VERSION,
		     OPT_QUIET,
		     OPT_VERBOSE,
		     OPT_PROGRESS,
		     OPT_JSON,
		     OPT_FROM,
		     OPT_PASSWORD,
		     OPT_TO,
		     OPT_TRACK,
		     OPT_SESSION,
		     OPT_PARTITION,
		     OPT_DRY_RUN,
		     OPT_LOSSY,
		     OPT_FORCE,
		     OPT_VERIFY,
		     OPT_SET,
		     OPT_ALGORITHM,
		     OPT_DAT,
		     OPT_MAJORITY,
		     OPT_PREFER,
		     OPT_TRACKS,
		     OPT_SPEED,
		     OPT_RETRIES,
		     OPT_OFFSET,
		     OPT_SUB,
		     OPT_PARANOID,
		     OPT_EJECT,
		     OPT_ACCURATERIP,
		     OPT_OUTPUT,
		     OPT_VOLUME_ID,
		     OPT_EXCLUDE,
		     OPT_GRAFT,
		     OPT_SORT,
		     OPT_FOLLOW_LINKS,
		     OPT_NO_ROCK_RIDGE,
		     OPT_NO_JOLIET,
		     OPT_HFSPLUS,
		     OPT_BIOS,
		     OPT_EFI,
		     OPT_MBR,
		     OPT_NO_HYBRID,
		     OPT_CHECKSUM,
		     OPT_REPRODUCIBLE,
		     OPT_APPEND,
		     OPT_TREE,
		     OPT_LONG,
		     OPT_RESOURCE,
		     OPT_APPLEDOUBLE,
		     OPT_INTO,
		     OPT_YES,
		     OPT_SIMULATE,
		     OPT_MULTI,
		     OPT_OVERBURN,
		     OPT_NO_VERIFY,
		     OPT_MODE,
		     OPT_FULL,
		     OPT_FORMAT,
		     OPT_COPIES,
		     OPT_WAIT,
		     OPT_AUDIO,
		     OPT_LAYER_BREAK,
		     OPTIONS
};

enum cli_value {
	CLI_FLAG,
	CLI_TEXT,
	CLI_OPTIONAL, /* --name or --name=value */
	CLI_NUMBER,   /* 1…99 */
	CLI_COUNT,    /* 1…9999 */
	CLI_CHOICE,   /* one of the words of `argument` */
	CLI_PAIR,     /* key=value, may be given again and again */
	CLI_LIST,     /* any text, may be given again and again */
};

struct cli_option {
	const char *name; /* long */
	char letter;      /* short; 0: none */
	unsigned char value;
	const char *argument; /* as the help shows it */
	const char *help;
};
extern const struct cli_option cli_options[OPTIONS];

struct cli_args {
	unsigned count[OPTIONS]; /* how often each was given */
	const char *text[OPTIONS];
	unsigned number[OPTIONS];
	struct sp_option *pair; /* of -O; key and value lie in `pairs_text` */
	char **pair_text;
	size_t pairs;
	struct cli_given { /* each of a CLI_LIST, in the order given */
		unsigned option;
		const char *text;
	} * given;
	size_t givens;
	char **word; /* what is no option */
	int words;
};

struct ui;
struct cli_command {
	const char *name, *summary;
	const char *usage;           /* the words, "SRC DST" */
	const char *example;         /* lines of "spindle …" */
	const char *more;            /* a paragraph for the help, or NULL */
	int least, most;             /* words */
	const unsigned char *option; /* cli_option_id, OPT_NONE-ended; common ones come on top */
	const struct sp_format_option *setting; /* keys of -O that are its own; NULL: none */
	int (*run)(struct ui *ui, const struct cli_args *args); /* exit code */
};
extern const struct cli_command cli_info, cli_convert, cli_verify, cli_merge, cli_hash, cli_formats,
	cli_rip, cli_drives, cli_mkiso, cli_ls, cli_tree, cli_cat, cli_extract, cli_burn, cli_blank;

/* Options every command takes, OPT_NONE-ended. */
extern const unsigned char cli_common[];

/* The i-th option a command takes, its own first; OPT_NONE behind the last. */
unsigned cli_option_of(const struct cli_command *command, size_t i);

/* argv[0] is the command's name. 0, or SP_ERR_USAGE with one line. */
int cli_parse(struct cli_args *args, const struct cli_command *command, int argc, char **argv,
	      struct sp_error *err);
void cli_args_free(struct cli_args *args);
/* Whether `word` is one of "a|b|c"; *place is its number. */
bool cli_choose(const char *choices, const char *word, unsigned *place);
/* "md5,sha1" as bits 1 << SP_DIGEST_…: what --algorithm says. */
int cli_digests(const char *list, unsigned *digests, struct sp_error *err);
/* The help of a command, all of it from the tables. */
void cli_help(FILE *out, const struct cli_command *command);
/* What may stand in place of the last of `word`, the words after the program's name: a line for
 * each, the word or "word\twhat it is"; ":files" says that file names may. Commands are
 * NULL-ended. */
void cli_complete(FILE *out, const struct cli_command *const *commands, int words,
		  char *const *word);
/* The word of `list` (NULL-ended) nearest to a mistyped one, NULL when none is near. */
const char *cli_nearest(const char *word, const char *const *list);

/* --- messages ------------------------------------------------------------------------------ */

enum ui_progress { UI_PROGRESS_AUTO, UI_PROGRESS_ALWAYS, UI_PROGRESS_NEVER, UI_PROGRESS_JSON };

/* Where messages go and how much is said. */
struct ui {
	bool quiet, verbose, json;
	unsigned progress;
	bool tty;     /* standard error is one */
	size_t shown; /* columns of the progress line that stands there */
	unsigned medium;
	const char *phase;
	struct timespec began, drawn;
	bool keep; /* notes are collected, not printed */
	char **note;
	size_t notes;
	/* of a burn: percent, over 100: not told; and where the phase begins in `done` */
	bool burns;
	unsigned buffer, fifo, drives;
	uint64_t from;
	struct sp_notes sink; /* hands notes to this ui */
};
void ui_start(struct ui *ui, const struct cli_args *args);
void ui_end(struct ui *ui);
/* Begin to listen to INT, TERM and HUP: a first one asks to stop, a second one kills. PIPE and XFSZ
 * are ignored, so that their write fails with a reason. */
void ui_signals(void);
bool ui_stopped(void);
/* Print a note; also the function behind ui->sink. */
void ui_note(struct ui *ui, const char *fmt, ...) SP_PRINTF(2, 3);
/* Print the error and return the exit code it stands for, 128 + n after signal n. */
int ui_fail(struct ui *ui, const struct sp_error *err);
/* Print `fmt` as an error and return the exit code of `status`. */
int ui_error(struct ui *ui, int status, const char *fmt, ...) SP_PRINTF(3, 4);
/* The progress function of a copy; user is the ui. ui->medium says what 1x is. */
sp_progress_fn ui_progress;
/* Take the progress line away. */
void ui_clear(struct ui *ui);
/* Close standard output; what could not be written makes exit code 0 a 4. */
int ui_finish(struct ui *ui, int code);

/* --- what commands do alike ---------------------------------------------------------------- */

enum cli_open {
	CLI_AGAIN = 1,  /* it will be read more than once */
	CLI_TARGET = 2, /* -O may be meant for the output too: the caller checks it */
	CLI_PLAIN = 4,  /* --from and -O are not meant for this one */
};
/* Open a source as --from, -O, --session, --track and --partition ask. */
int cli_open(struct sp_input *in, struct ui *ui, const struct cli_args *args, const char *path,
	     unsigned flags, struct sp_error *err);
/* sp_copy with the ui's progress, notes and cancellation; `copy` has source and sink. */
int cli_copy(struct ui *ui, struct sp_copy *copy, const char *phase, struct sp_error *err);
/* Sectors a copy saw with this state (one SP_STATE bit); *first, if not NULL, is the first one. */
uint64_t cli_seen(const struct sp_tally *tally, unsigned state, sp_lba *first);
/* "LBA 17 (00:02:17, track 1)" */
#define CLI_PLACE 64
char *cli_place(char text[CLI_PLACE], const struct sp_disc *disc, sp_lba lba);
/* The last part of a path. */
const char *cli_base(const char *path);
/* Sector parts in words: "header, user data". Returns text. */
char *cli_parts(char *text, size_t size, unsigned parts);

#endif
