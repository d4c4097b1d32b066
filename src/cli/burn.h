/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of spindle burn and spindle blank have of each other. */
#ifndef SP_CLI_BURN_H
#define SP_CLI_BURN_H

#include "cli/cli.h"

#include <spindle/burn.h>

#include <sys/types.h>

/* What a disc came to. */
struct burn_result {
	const char *drive; /* as the user named it */
	unsigned copy;     /* which of `copies` good ones; 0: it is none of them */
	unsigned copies;
	int status;         /* enum sp_status */
	char text[240];     /* why, where status is not 0 */
	bool planned, went; /* how far it came: "go" was said */
	bool lost;      /* its process is gone, and what became of the medium is not known … */
	bool recovered; /* … or was found out by another process */
	struct sp_burn_report report;
};

/* --- one drive's process ------------------------------------------------------------------- */

/*
 * A process for each drive, as libburn keeps its state for all of a process and a failure is to
 * stay where it happens: `spindle __burn DEVICE SRC …`, for a simulated drive run by spindle-sim.
 * What it says comes as lines on its standard output:
 *
 *   @set KEY VALUE              a field of the report
 *   @phase NAME DONE TOTAL BYTES BUFFER FIFO
 *   @note TEXT
 *   @planned                    all is looked at; it waits for "go" on its standard input
 *   @disc STATUS TEXT           with --copies: what a disc came to; it waits for "next", at which
 *                               it lets go of it and waits for another one, to plan again
 *   @end STATUS TEXT            what it came to, the last line; status is enum sp_status
 *
 * Other lines are notes. "next" in place of "go": this disc is not wanted. The end of its standard
 * input asks it to stop.
 */
struct burn_worker {
	const char *drive; /* as the user named it */
	pid_t pid;         /* 0: not started, or gone */
	int in, out;       /* its standard input and output, -1: closed */
	char *line;        /* what came of the next line */
	size_t used;
	bool over, ended;          /* over: "@disc" came */
	bool known;                /* and its result was taken */
	char said[240];            /* its last line that was no message: why it could not begin */
	struct burn_result result; /* of the disc that is in it */
	unsigned discs;            /* that it was asked for behind the first one */
	unsigned bad, refused;     /* discs, one after another */
	char phase[16];
	uint64_t done, total, bytes;
	unsigned buffer, fifo;
	sp_note_fn *note;
	void *user;
};
/* Start `command` ("__burn") with `words` (NULL-ended) after the device. Settings are those of the
 * worker's table of options. */
int burn_worker_start(struct burn_worker *worker, const char *command, const char *drive,
		      char *const *words, struct sp_error *err);
int burn_worker_go(struct burn_worker *worker);    /* as planned */
int burn_worker_next(struct burn_worker *worker);  /* another disc: nothing is known of it yet */
void burn_worker_stop(struct burn_worker *worker); /* ask it to stop and close what it can */
/* Take in what has come; once its end is seen, wait for the process. */
void burn_worker_hear(struct burn_worker *worker);
/* What became of the medium of one that was lost, by another process. */
void burn_worker_recover(struct burn_worker *worker);
void burn_worker_clear(struct burn_worker *worker);

/* Both sides' table of the report's fields. Prints every "@set". */
void burn_report_tell(FILE *out, const struct sp_burn_report *report);
void burn_report_take(struct sp_burn_report *report, const char *key, const char *value);

/* The hidden commands. */
extern const struct cli_command cli_burn_worker, cli_blank_worker, cli_recover_worker;

/* --- what is burned ------------------------------------------------------------------------ */

struct burn_input {
	const char *path; /* SRC */
	char *made;       /* a folder of ours, NULL: none; goes with the input … */
	char *image;      /* … and in it the image that was made; NULL: SRC is one */
	struct sp_input in;
	struct sp_hashes hashes; /* of a pass over all of it, before the first write */
	char sums[240];          /* a file of checksums that was there and is right, "" none */
};
/* Open SRC, make an image of it where it is a folder, a drive or can be read once only, and read
 * all of it: damage, its own checksums and those beside it are known before anything is written.
 */
int burn_input_open(struct burn_input *input, struct ui *ui, const struct cli_args *args,
		    struct sp_error *err);
void burn_input_close(struct burn_input *input);
/* The same bytes in sectors of 2048, where they are a disk's blocks of 512; *padding: bytes of
 * zeros behind them. */
int burn_input_sectors(struct sp_input *in, unsigned *padding, struct sp_error *err);

/* --- what it came to ----------------------------------------------------------------------- */

struct burn_count {
	unsigned wanted, good;
};
void burn_report_json(const struct burn_input *input, const struct burn_result *result,
		      size_t results, const struct burn_count *count, bool plan);
void burn_report_text(struct ui *ui, const struct burn_input *input,
		      const struct burn_result *result, bool plan);

/* --- all drives ---------------------------------------------------------------------------- */

enum { BURN_DRIVES = 16, BURN_WORDS = 48 };

struct burn_job {
	struct ui *ui;
	const struct cli_args *args;
	struct burn_input input;
	struct burn_worker worker[BURN_DRIVES];
	size_t workers;
	char *word[BURN_WORDS]; /* what every worker is told */
	char *made[BURN_WORDS]; /* of them, those that are to be freed */
	size_t words, mades;
	bool stopping;
	bool again;         /* --copies: a drive burns one disc after another */
	bool asks;          /* there is somebody to ask, and the answer is not given yet */
	const char *let_go; /* why none was begun; NULL: they were */
	struct burn_count count;
	struct burn_result *result; /* of discs that are done, or were refused */
	size_t results;
};
/* The workers are started: let them plan, ask, let them burn. The exit code. */
int burn_job_run(struct burn_job *job);

/* --- asking -------------------------------------------------------------------------------- */

/* Somebody can be asked: standard input and standard error are a terminal. */
bool burn_can_ask(void);
/* Whether "y" or "yes" is answered. */
bool burn_ask(struct ui *ui, const char *question);

#endif
