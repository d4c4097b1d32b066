/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle blank: a rewritable disc is made blank, or formatted. */
#include "cli/burn.h"

#include "report/printable.h"

#include <poll.h>
#include <string.h>

static void blank_note(void *user, const char *text)
{
	ui_note(user, "%s", text);
}

static void blank_hear(struct ui *ui, struct burn_worker *w, bool planning)
{
	bool stopping = false;

	while (w->pid > 0 && !(planning && (w->result.planned || w->over))) {
		struct pollfd fd = {.fd = w->out, .events = POLLIN};
		const struct sp_progress p = {
			.phase = "blanking", .done = w->done, .total = w->total};

		if (poll(&fd, 1, 250) > 0)
			burn_worker_hear(w);
		if (ui_stopped() && !stopping && !planning) {
			stopping = true;
			ui_note(ui,
				"a drive that blanks or formats cannot be stopped: it is waited "
				"for");
		}
		if (w->total && !stopping)
			ui_progress(ui, &p);
	}
	ui_clear(ui);
}

static void blank_json(const struct burn_result *w, int code)
{
	struct json json = {.out = stdout};

	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_string(&json, "drive", w->drive);
	json_string(&json, "medium", sp_profile_name(w->report.target.profile));
	json_string(&json, "state_before", sp_burn_state_name(w->report.target.state));
	json_string(&json, "state", sp_burn_state_name(w->report.state));
	json_i64(&json, "exit", code);
	json_end_object(&json);
}

/* Whether what is on the disc may go: it was said, nothing is there, or somebody says so now. */
static bool blank_confirmed(struct ui *ui, const struct cli_args *args, const struct burn_worker *w)
{
	const struct sp_burn_target *target = &w->result.report.target;

	if (args->count[OPT_YES] || !burn_can_ask() || target->state == SP_DISC_BLANK ||
	    (target->state == SP_DISC_RANDOM && !target->used))
		return true;
	printable_put(stderr, w->drive);
	fprintf(stderr, " (%s %s): what is on the %s%s", target->identity.vendor,
		target->identity.model, sp_profile_name(target->profile),
		target->holds[0] ? ", " : "");
	printable_put(stderr, target->holds);
	fprintf(stderr, "%s will be lost\n", target->holds[0] ? "," : "");
	return burn_ask(ui, args->count[OPT_FORMAT] ? "Format it?" : "Make it blank?");
}

static int blank_drive(struct ui *ui, const struct cli_args *args, struct burn_worker *w,
		       struct sp_error *err)
{
	static char flag[][16] = {"--yes", "--full", "--format"}; /* as in its table */
	char *word[4] = {NULL};
	size_t words = 0;

	for (size_t i = 0; cli_blank.option[i]; i++)
		if (args->count[cli_blank.option[i]] ||
		    (cli_blank.option[i] == OPT_YES && burn_can_ask()))
			word[words++] = flag[i];
	const int r = burn_worker_start(w, cli_blank_worker.name, args->word[0], word, err);
	if (r < 0)
		return r;
	blank_hear(ui, w, true);
	const bool asked = w->result.planned && !ui_stopped();
	if (asked && !blank_confirmed(ui, args, w)) {
		burn_worker_stop(w);
		blank_hear(ui, w, false);
		return sp_fail(err, SP_ERR_LOSSY, "not confirmed: nothing was changed");
	}
	if (!asked || burn_worker_go(w))
		burn_worker_stop(w);
	blank_hear(ui, w, false);
	return w->result.status ? sp_fail(err, w->result.status, "%s", w->result.text) : 0;
}

static int blank_run(struct ui *ui, const struct cli_args *args)
{
	const char *drive = args->word[0];
	struct burn_worker w = {.in = -1, .out = -1, .note = blank_note, .user = ui};
	struct sp_error err;

	if (args->count[OPT_FULL] && args->count[OPT_FORMAT])
		return ui_error(ui, SP_ERR_USAGE, "--full and --format are two things");
	if (!sp_drive_is_name(drive))
		return ui_error(ui, SP_ERR_DEVICE, "%s: is no optical drive (see: spindle drives)",
				drive);
	const int r = blank_drive(ui, args, &w, &err);
	const int code = r < 0 ? ui_fail(ui, &err) : 0;
	if (ui->json && w.result.report.target.profile) {
		blank_json(&w.result, code);
	} else if (!r && !ui->quiet) {
		printable_put(stdout, drive);
		printf(": the %s is %s\n", sp_profile_name(w.result.report.target.profile),
		       args->count[OPT_FORMAT] ? "formatted" : "blank");
	}
	burn_worker_clear(&w);
	return code;
}

const struct cli_command cli_blank = {
	.name = "blank",
	.summary = "Make a rewritable disc blank, or format it",
	.usage = "DRIVE",
	.more = "What is on the disc is lost, so that --yes is wanted where there is something.",
	.example = "spindle blank /dev/sr0 --yes\nspindle blank --format sim:new.disc,medium=bd-re",
	.least = 1,
	.most = 1,
	.option = (const unsigned char[]){OPT_YES, OPT_FULL, OPT_FORMAT, OPT_NONE},
	.run = blank_run,
};
