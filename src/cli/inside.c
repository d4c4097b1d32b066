/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands that look inside share: opening a source and one of its trees. */
#include "cli/inside.h"

#include "cli/where.h"
#include "report/printable.h"

#include <inttypes.h>
#include <string.h>

char *inside_name(char text[INSIDE_NAME], const struct sp_tree *tree)
{
	static const char *const what[] = {"session", "track", "partition"};
	const unsigned number[] = {tree->session, tree->track, tree->partition};
	size_t used = (size_t)snprintf(text, INSIDE_NAME, "%s", tree->name);

	for (size_t i = 0; i < 3; i++)
		if (number[i] && used < INSIDE_NAME)
			used += (size_t)snprintf(text + used, INSIDE_NAME - used, ", %s %u",
						 what[i], number[i]);
	return text;
}

const char *inside_type(unsigned type)
{
	static const char *const name[] = {"file",  "folder", "link",  "char",
					   "block", "fifo",   "socket"};

	return type < sizeof(name) / sizeof(*name) ? name[type] : "?";
}

static void inside_one(struct json *json, const char *key, const struct sp_tree *tree)
{
	json_object(json, key);
	json_string(json, "name", tree->name);
	if (tree->session)
		json_u64(json, "session", tree->session);
	if (tree->track)
		json_u64(json, "track", tree->track);
	if (tree->partition)
		json_u64(json, "partition", tree->partition);
	json_u64(json, "start", tree->start);
	json_string(json, "label", tree->label);
	json_end_object(json);
}

void inside_json(struct json *json, const struct inside *inside)
{
	json_u64(json, "schema", 1);
	json_string(json, "path", inside->in.path);
	json_string(json, "format", inside->in.format->name);
	json_array(json, "trees");
	for (size_t i = 0; i < inside->count; i++)
		inside_one(json, NULL, &inside->trees[i]);
	json_end_array(json);
	if (inside->tree)
		inside_one(json, "tree", inside->tree);
}

static void inside_list(const struct ui *ui, const struct inside *inside)
{
	struct json json = {.out = stdout};

	if (ui->json) {
		json_object(&json, NULL);
		inside_json(&json, inside);
		json_end_object(&json);
		return;
	}
	for (size_t i = 0; i < inside->count; i++) {
		const struct sp_tree *tree = &inside->trees[i];
		char name[INSIDE_NAME];

		printf("%-24s %s%s", inside_name(name, tree), tree->summary,
		       tree->label[0] ? " \"" : "");
		printable_put(stdout, tree->label);
		puts(tree->label[0] ? "\"" : "");
	}
}

/* What the image is called, before what was said of it. */
static int inside_named(const struct inside *inside, int r, struct sp_error *err)
{
	const struct sp_error why = *err;

	return r < 0 ? sp_fail(err, r, "%s: %s", inside->in.path, why.text) : r;
}

static int inside_choose(struct inside *inside, const char *wanted, struct sp_error *err)
{
	char names[160] = "";
	size_t used = 0;

	for (size_t i = 0; i < inside->count; i++) {
		const struct sp_tree *tree = &inside->trees[i];
		if (!wanted || !strcmp(wanted, tree->name)) {
			inside->tree = tree;
			return inside_named(
				inside, sp_inside_tree(inside->look, tree, &inside->fs, err), err);
		}
		if (!strstr(names, tree->name) && used + strlen(tree->name) + 3 < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? ", " : "", tree->name);
	}
	return sp_fail(err, SP_ERR_USAGE, "%s: no tree \"%s\"; there is %s", inside->in.path,
		       wanted, names);
}

int inside_open(struct inside *inside, struct ui *ui, const struct cli_args *args,
		struct sp_error *err)
{
	const char *wanted = args->text[OPT_TREE];

	*inside = (struct inside){0};
	int r = cli_open(&inside->in, ui, args, args->word[0], CLI_AGAIN, err);
	if (!r)
		r = where_mend(&inside->in, &inside->repairs, err);
	if (!r)
		r = sp_inside_open(&inside->look, inside->in.source, &ui->sink, err);
	if (!r)
		r = inside_named(inside, sp_inside_find(inside->look, 0, err), err);
	if (r < 0)
		return r;
	inside->trees = sp_inside_trees(inside->look, &inside->count);
	if (wanted && !strcmp(wanted, "list")) {
		inside_list(ui, inside);
		return 0;
	}
	r = inside_choose(inside, wanted, err);
	if (!r && ui->verbose) {
		char name[INSIDE_NAME];
		for (size_t i = 0; i < inside->count; i++)
			ui_note(ui, "%s %s",
				&inside->trees[i] == inside->tree ? "looking at" : "also",
				inside_name(name, &inside->trees[i]));
	}
	return r;
}

void inside_close(struct inside *inside)
{
	sp_fs_close(inside->fs);
	sp_inside_close(inside->look);
	sp_input_close(&inside->in);
	sp_runs_free(&inside->repairs.runs);
}

int inside_code(struct ui *ui, const struct inside *inside)
{
	const uint64_t damage = inside->fs ? sp_fs_damage(inside->fs) : 0;

	if (!damage)
		return 0;
	return ui_error(ui, SP_ERR_UNREADABLE,
			"%s: the tree is damaged in %" PRIu64
			" place%s; what can be read of it was used",
			inside->in.path, damage, damage == 1 ? "" : "s");
}
