/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle burn: an image becomes a disc, on one drive or several, and is read back. */
#include "cli/burn.h"

#include <stdlib.h>
#include <string.h>

#define BURN_WAIT "600" /* s: for another disc, where nobody is to be asked */

static void burn_note(void *user, const char *text)
{
	ui_note(user, "%s", text);
}

/* --- what the workers are told ------------------------------------------------------------- */

static int burn_word(struct burn_job *job, const char *format, const char *a, const char *b,
		     struct sp_error *err)
{
	char *text = NULL;
	const size_t size = strlen(format) + strlen(a) + strlen(b) + 1;

	if (job->words + 1 >= BURN_WORDS)
		return sp_fail(err, SP_ERR_USAGE, "too many options");
	if (!(text = malloc(size)))
		return sp_fail_memory(err);
	snprintf(text, size, "%s%s%s", format, a, b);
	job->made[job->mades++] = text;
	job->word[job->words++] = text;
	return 0;
}

static int burn_words(struct burn_job *job, struct sp_error *err)
{
	static const unsigned char flags[] = {OPT_SIMULATE,  OPT_MULTI, OPT_OVERBURN, OPT_LOSSY,
					      OPT_NO_VERIFY, OPT_EJECT, OPT_AUDIO};
	static const unsigned char texts[] = {OPT_FROM,  OPT_PASSWORD, OPT_MODE,   OPT_SPEED,
					      OPT_TRACK, OPT_SESSION,  OPT_COPIES, OPT_LAYER_BREAK};
	const struct cli_args *args = job->args;
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(flags); i++)
		if (args->count[flags[i]])
			r = burn_word(job, "--", cli_options[flags[i]].name, "", err);
	for (size_t i = 0; !r && i < sizeof(texts); i++)
		/* an image of ours is opened as it is */
		if (args->text[texts[i]] && !(job->input.image && i < 2)) {
			r = burn_word(job, "--", cli_options[texts[i]].name, "", err);
			if (!r)
				r = burn_word(job, "", args->text[texts[i]], "", err);
		}
	for (size_t i = 0; !r && i < args->pairs && !job->input.image; i++) {
		const char *value = args->pair[i].value;

		r = burn_word(job, "-O", args->pair[i].key, value ? "=" : "", err);
		if (!r && value) {
			/* one word: the value goes on where the key ends */
			job->words--;
			r = burn_word(job, job->word[job->words], value, "", err);
		}
	}
	/* on a terminal it is we who ask before a worker goes */
	if (!r && (args->count[OPT_YES] || job->asks))
		r = burn_word(job, "--yes", "", "", err);
	if (!r && job->again && (args->count[OPT_WAIT] || !burn_can_ask())) {
		r = burn_word(job, "--wait", "", "", err);
		if (!r)
			r = burn_word(job, "",
				      args->count[OPT_WAIT] ? args->text[OPT_WAIT] : BURN_WAIT, "",
				      err);
	}
	if (!r)
		r = burn_word(job, "", "--", "", err);
	return r ? r
		 : burn_word(job, "", job->input.image ? job->input.image : job->input.path, "",
			     err);
}

/* --- which drives -------------------------------------------------------------------------- */

static int burn_drive_name(struct burn_job *job, const char *name, struct sp_error *err)
{
	for (size_t i = 0; i < job->workers; i++)
		if (!strcmp(job->worker[i].drive, name))
			return sp_fail(err, SP_ERR_USAGE, "%s: is named twice", name);
	if (job->workers == BURN_DRIVES)
		return sp_fail(err, SP_ERR_USAGE, "more than %d drives", BURN_DRIVES);
	/* nothing but a drive is ever opened for writing */
	if (!sp_drive_is_name(name))
		return sp_fail(err, SP_ERR_DEVICE, "%s: is no optical drive (see: spindle drives)",
			       name);
	job->worker[job->workers++] = (struct burn_worker){.drive = name, .in = -1, .out = -1};
	return 0;
}

/* The only one there is, when none is named. */
static int burn_drive_only(struct burn_job *job, struct sp_error *err)
{
	char **found = sp_drives_find();
	char list[160] = "";
	size_t count = 0;
	int r = 0;

	if (!found)
		return sp_fail_memory(err);
	for (; found[count]; count++) {
		const size_t used = strlen(list);

		snprintf(list + used, sizeof(list) - used, "%s%s", count ? ", " : "", found[count]);
	}
	if (!count)
		r = sp_fail(err, SP_ERR_DEVICE, "there is no optical drive");
	else if (count > 1)
		r = sp_fail(err, SP_ERR_USAGE, "there are several drives, name one: %s", list);
	else if (!(job->made[job->mades] = strdup(found[0])))
		r = sp_fail_memory(err);
	else
		r = burn_drive_name(job, job->made[job->mades++], err);
	sp_drives_free(found);
	return r;
}

/* --- the command ---------------------------------------------------------------------------- */

static int burn_start(struct burn_job *job, struct sp_error *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < job->workers; i++) {
		struct burn_worker *w = &job->worker[i];

		w->note = burn_note;
		w->user = job->ui;
		r = burn_worker_start(w, "__burn", w->drive, job->word, err);
	}
	return r;
}

/* How many discs there are to be, and who is there to be asked. */
static void burn_terms(struct burn_job *job, const struct cli_args *args)
{
	const bool trial = args->count[OPT_DRY_RUN] || args->count[OPT_SIMULATE];

	job->again = args->count[OPT_COPIES] != 0;
	job->count.wanted = job->again ? args->number[OPT_COPIES] : (unsigned)job->workers;
	job->asks = burn_can_ask() && !args->count[OPT_YES] && !trial;
}

static int burn_run(struct ui *ui, const struct cli_args *args)
{
	struct burn_job *job = calloc(1, sizeof(*job));
	struct sp_error err;
	int code = 0, r = job ? 0 : sp_fail_memory(&err);

	if (r < 0)
		return ui_fail(ui, &err);
	job->ui = ui;
	job->args = args;
	if (args->count[OPT_WAIT] && !args->count[OPT_COPIES])
		r = sp_fail(&err, SP_ERR_USAGE, "--wait is for the next of several --copies");
	for (int i = 1; !r && i < args->words; i++)
		r = burn_drive_name(job, args->word[i], &err);
	if (!r && args->words < 2)
		r = burn_drive_only(job, &err);
	burn_terms(job, args);
	if (!r)
		r = burn_input_open(&job->input, ui, args, &err);
	if (!r)
		r = burn_words(job, &err);
	if (!r)
		r = burn_start(job, &err);
	code = r < 0 ? ui_fail(ui, &err) : burn_job_run(job);
	for (size_t i = 0; i < job->workers; i++)
		burn_worker_clear(&job->worker[i]);
	burn_input_close(&job->input);
	for (size_t i = 0; i < job->mades; i++)
		free(job->made[i]);
	free(job->result);
	free(job);
	return code;
}

const struct cli_command cli_burn = {
	.name = "burn",
	.summary = "Write an image to discs, and read them back",
	.usage = "SRC [DRIVE]...",
	.more = "SRC is read as a whole first; what does not fit or cannot be written is refused\n"
		"before the first write. Every disc is read back and compared.",
	.example = "spindle burn live.iso /dev/sr0\n"
		   "spindle burn album.cue sim:new.disc,medium=cd-r\n"
		   "spindle burn master.iso /dev/sr0 /dev/sr1 --speed 4x\n"
		   "spindle burn master.iso /dev/sr0 --copies 5",
	.least = 1,
	.most = 1 + BURN_DRIVES,
	.option = (const unsigned char[]){OPT_DRY_RUN, OPT_SIMULATE, OPT_YES,      OPT_NO_VERIFY,
					  OPT_COPIES,  OPT_WAIT,     OPT_SPEED,    OPT_LAYER_BREAK,
					  OPT_MODE,    OPT_MULTI,    OPT_OVERBURN, OPT_LOSSY,
					  OPT_EJECT,   OPT_FROM,     OPT_AUDIO,    OPT_PASSWORD,
					  OPT_SET,     OPT_TRACK,    OPT_SESSION,  OPT_NONE},
	.run = burn_run,
};
