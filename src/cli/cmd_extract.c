/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle extract: files of an image or a drive into a folder. */
#include "cli/inside.h"

#include "report/printable.h"
#include "report/units.h"

#include <inttypes.h>
#include <string.h>

static void extract_text(const struct ui *ui, const struct sp_extract *x)
{
	char size[UNITS_TEXT];

	if (ui->quiet)
		return;
	printf("%" PRIu64 " file%s (%s), %" PRIu64 " folder%s, %" PRIu64 " link%s in ", x->files,
	       x->files == 1 ? "" : "s", units_size(size, x->bytes), x->folders,
	       x->folders == 1 ? "" : "s", x->links, x->links == 1 ? "" : "s");
	printable_put(stdout, x->to);
	putchar('\n');
}

static void extract_json(const struct inside *inside, const struct sp_extract *x)
{
	const struct {
		const char *key;
		uint64_t value;
	} count[] = {{"files", x->files},     {"folders", x->folders},
		     {"links", x->links},     {"bytes", x->bytes},
		     {"renamed", x->renamed}, {"left_out", x->left},
		     {"existed", x->exist},   {"damaged", x->damaged},
		     {"failed", x->failed},   {"tree_damage", sp_fs_damage(inside->fs)}};
	struct json json = {.out = stdout};

	json_object(&json, NULL);
	inside_json(&json, inside);
	json_string(&json, "output", x->to);
	for (size_t i = 0; i < sizeof(count) / sizeof(*count); i++)
		json_u64(&json, count[i].key, count[i].value);
	json_end_object(&json);
}

/* What the counts mean, the worst last. */
static int extract_code(struct ui *ui, const struct inside *inside, const struct sp_extract *x)
{
	int code = inside_code(ui, inside);

	if (x->damaged || x->failed)
		code = ui_error(ui, SP_ERR_UNREADABLE,
				"%s: %" PRIu64 " files have damaged sectors, %" PRIu64
				" could not be read",
				inside->in.path, x->damaged, x->failed);
	if (x->exist && !code)
		code = ui_error(ui, SP_ERR_USAGE,
				"%s: %" PRIu64 " of the names exist; use --force to replace files",
				x->to, x->exist);
	return code;
}

static int extract_run(struct ui *ui, const struct cli_args *args)
{
	struct inside inside = {0};
	struct sp_error err;
	struct sp_extract x = {.to = args->text[OPT_INTO],
			       .want = (const char *const *)args->word + 1,
			       .wants = (size_t)args->words - 1,
			       .force = args->count[OPT_FORCE] > 0,
			       .appledouble = args->count[OPT_APPLEDOUBLE] > 0,
			       .notes = &ui->sink,
			       .progress = ui_progress,
			       .user = ui};
	int code = 0;

	int r = x.to || (args->text[OPT_TREE] && !strcmp(args->text[OPT_TREE], "list"))
			? inside_open(&inside, ui, args, &err)
			: sp_fail(&err, SP_ERR_USAGE, "--output says into which folder");
	if (!r && inside.fs) {
		x.fs = inside.fs;
		x.inside = inside.look;
		ui->phase = NULL;
		r = sp_extract(&x, &err);
		ui_clear(ui);
	}
	if (!r && inside.fs) {
		if (ui->json)
			extract_json(&inside, &x);
		else
			extract_text(ui, &x);
		code = extract_code(ui, &inside, &x);
	}
	if (r < 0)
		code = ui_fail(ui, &err);
	inside_close(&inside);
	return code;
}

const struct cli_command cli_extract = {
	.name = "extract",
	.summary = "Take files out of an image or a disc in a drive",
	.usage = "SRC [PATH]... -o DIR",
	.more = "A PATH may be a pattern (*, ?, [abc]); one without '/' fits names in any folder.\n"
		"Nothing is written outside of DIR, and nothing is replaced without --force.",
	.example =
		"spindle extract disc.iso -o files\nspindle extract disc.cue boot '*.txt' -o files",
	.least = 1,
	.most = INT16_MAX,
	.option = (const unsigned char[]){OPT_INTO, OPT_FORCE, OPT_APPLEDOUBLE, OPT_TREE,
					  OPT_PARTITION, OPT_TRACK, OPT_SESSION, OPT_FROM,
					  OPT_PASSWORD, OPT_SET, OPT_NONE},
	.run = extract_run,
};
