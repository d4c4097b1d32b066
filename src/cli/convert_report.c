/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What spindle convert prints: of what it made, and of what it would make. */
#include "cli/convert.h"
#include "cli/plan.h"
#include "cli/repairs.h"
#include "report/printable.h"
#include "report/units.h"

#include <inttypes.h>
#include <string.h>

struct report_file {
	const char *path;
	uint64_t size;
};

static void report_losses(struct json *json, const struct sp_losses *losses)
{
	static const char *const kind[SP_LOSSES] = {
		[SP_LOSS_TRACKS] = "tracks",
		[SP_LOSS_SESSIONS] = "sessions",
		[SP_LOSS_NUMBERS] = "numbers",
		[SP_LOSS_INDEX] = "index",
		[SP_LOSS_FLAGS] = "flags",
		[SP_LOSS_MCN] = "mcn",
		[SP_LOSS_ISRC] = "isrc",
		[SP_LOSS_CDTEXT] = "cdtext",
		[SP_LOSS_SUBCHANNEL] = "subchannel",
		[SP_LOSS_TOC] = "toc",
		[SP_LOSS_MSF] = "msf",
		[SP_LOSS_GAP] = "gap",
		[SP_LOSS_SYNC] = "sync",
		[SP_LOSS_HEADER] = "header",
		[SP_LOSS_SUBHEADER] = "subheader",
		[SP_LOSS_FORM] = "form",
		[SP_LOSS_EDC] = "edc",
		[SP_LOSS_PARITY] = "parity",
		[SP_LOSS_SUB] = "sub",
	};

	json_array(json, "losses");
	for (unsigned i = 0; i < SP_LOSSES; i++) {
		if (!losses->count[i])
			continue;
		struct sp_losses one = *losses;
		char text[256];
		memset(one.count, 0, sizeof(one.count));
		one.count[i] = losses->count[i];
		json_object(json, NULL);
		json_string(json, "kind", kind[i]);
		json_u64(json, "count", losses->count[i]);
		json_string(json, "text", sp_losses_text(&one, text, sizeof(text)));
		json_end_object(json);
	}
	json_end_array(json);
}

/* The i-th file of an output or, when there is none, of a plan. */
static struct report_file report_file(const struct sp_output *out, const struct plan *plan,
				      size_t i)
{
	struct report_file file = {0};

	if (out)
		file.path = sp_outset_path(out->set, i, &file.size);
	else
		file = (struct report_file){plan->file[i]->path, plan->file[i]->size};
	return file;
}

static void report_json(const struct cli_args *args, const struct sp_input *in,
			const struct sp_output *out, const struct plan *plan,
			const struct sp_copy *copy, const struct sp_repairs *repairs)
{
	struct json json = {.out = stdout};
	const size_t files = out ? sp_outset_count(out->set) : plan->files;

	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_bool(&json, "dry_run", plan != NULL);
	json_string(&json, "src", in->path);
	json_string(&json, "dst", report_file(out, plan, 0).path);
	json_string(&json, "from", in->format->name);
	json_string(&json, "format", (out ? out->format : plan->format)->name);
	json_u64(&json, "sectors", copy->tally.sectors);
	json_u64(&json, "bytes", copy->tally.bytes);
	report_losses(&json, &copy->losses);
	json_array(&json, "members");
	for (size_t i = 0; i < files; i++) {
		const struct report_file file = report_file(out, plan, i);
		json_object(&json, NULL);
		json_string(&json, "path", file.path);
		json_u64(&json, "size", file.size);
		if (plan)
			json_bool(&json, "exists", plan->file[i]->exists);
		json_end_object(&json);
	}
	json_end_array(&json);
	repairs_json(&json, "repaired", repairs);
	json_u64(&json, "proofs", copy->tally.proofs);
	json_u64(&json, "unreadable", cli_seen(&copy->tally, SP_STATE_UNREAD, NULL));
	json_u64(&json, "padded", cli_seen(&copy->tally, SP_STATE_PADDED, NULL));
	json_bool(&json, "verified", out && args->count[OPT_VERIFY]);
	json_end_object(&json);
}

void convert_made(struct ui *ui, const struct cli_args *args, const struct sp_input *in,
		  const struct sp_output *out, const struct sp_copy *copy,
		  const struct sp_repairs *repairs)
{
	char size[UNITS_TEXT], proofs[64] = "";

	if (!out->set) { /* standard output has the image */
		ui_note(ui,
			"wrote %" PRIu64 " sectors to a pipe: whether all arrived, its reader "
			"must see",
			copy->tally.sectors);
		return;
	}
	if (ui->json) {
		report_json(args, in, out, NULL, copy, repairs);
		return;
	}
	if (ui->quiet)
		return;
	for (size_t i = 0; i < sp_outset_count(out->set); i++) {
		const struct report_file file = report_file(out, NULL, i);
		fputs(i ? ", " : "made ", stdout);
		printable_put(stdout, file.path);
		printf(" (%s)", units_size(size, file.size));
	}
	if (copy->tally.proofs)
		snprintf(proofs, sizeof(proofs), ", %u checksum%s of the source right",
			 copy->tally.proofs, copy->tally.proofs == 1 ? "" : "s");
	printf(": %" PRIu64 " sectors%s%s\n", copy->tally.sectors, proofs,
	       args->count[OPT_VERIFY] ? ", verified: every sector read back equal" : "");
}

static void report_plan(const struct sp_input *in, const struct plan *plan,
			const struct sp_copy *copy)
{
	char size[UNITS_TEXT], text[1600];

	fputs("would read  ", stdout);
	printable_put(stdout, in->path);
	printf(" (%s): %" PRIu64 " sectors, %s\n", in->format->name, copy->tally.sectors,
	       units_size(size, copy->tally.bytes));
	for (size_t i = 0; i < plan->files; i++) {
		fputs("would write ", stdout);
		printable_put(stdout, plan->file[i]->path);
		printf(" (%s)%s\n", units_size(size, plan->file[i]->size),
		       plan->file[i]->exists ? ", which exists" : "");
	}
	printf("would lose  ");
	printable_put(stdout, sp_losses_any(&copy->losses)
				      ? sp_losses_text(&copy->losses, text, sizeof(text))
				      : "nothing");
	fputc('\n', stdout);
}

int convert_plan(struct ui *ui, const struct cli_args *args, struct sp_input *in,
		 const struct sp_target *target, const struct sp_repairs *repairs)
{
	struct sp_copy copy = {.source = in->source, .lossy = true};
	struct plan plan = {0};
	struct sp_error err;
	const char *exists = NULL;
	int code = 0;

	int r = plan_create(&plan, target, &err);
	if (!r) {
		copy.sink = plan.sink;
		r = cli_copy(ui, &copy, "planning", &err);
	}
	if (r < 0) {
		code = ui_fail(ui, &err);
		plan_close(&plan);
		return code;
	}
	if (ui->json)
		report_json(args, in, NULL, &plan, &copy, repairs);
	else
		report_plan(in, &plan, &copy);
	if (repairs)
		repairs_note(ui, in->source->disc, repairs);
	for (size_t i = 0; i < plan.files && !exists; i++)
		exists = plan.file[i]->exists ? plan.file[i]->path : NULL;
	if (sp_losses_any(&copy.losses) && !args->count[OPT_LOSSY])
		code = convert_refused(ui, &copy.losses);
	if (exists && !args->count[OPT_FORCE])
		code = ui_error(ui, SP_ERR_USAGE, "%s: exists; use --force to replace it", exists);
	if (!code && cli_seen(&copy.tally, SP_STATE_UNREAD, NULL))
		code = sp_status_exit(SP_ERR_UNREADABLE);
	plan_close(&plan);
	return code;
}
