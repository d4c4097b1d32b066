/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle cat: files of an image or a drive on standard output. */
#include "cli/inside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { CAT_CHUNK = 1 << 20 };

/* What was damaged of the file is told, and that is what the exit code says. */
static bool cat_damaged(struct ui *ui, struct inside *inside, const char *path)
{
	struct sp_inside_damage damage;
	char place[CLI_PLACE];

	sp_inside_damage(inside->look, &damage);
	if (!damage.sectors)
		return false;
	ui_note(ui, "%s: %" PRIu64 " damaged sector%s, the first at %s", path, damage.sectors,
		damage.sectors == 1 ? "" : "s",
		cli_place(place, inside->in.source->disc, damage.first));
	return true;
}

static int cat_copy(struct sp_io *file, uint8_t *chunk, struct sp_error *err)
{
	int r = 0;

	for (uint64_t at = 0; at < file->size && !r;) {
		const uint64_t left = file->size - at;
		const size_t n = left < CAT_CHUNK ? (size_t)left : CAT_CHUNK;
		r = sp_io_read(file, at, chunk, n, err);
		if (!r && fwrite(chunk, 1, n, stdout) != n)
			r = sp_fail_errno(err, errno, "standard output");
		if (!r && ui_stopped())
			r = sp_fail(err, SP_ERR_CANCELLED, "stopped");
		at += n;
	}
	return r;
}

static int cat_file(struct ui *ui, struct inside *inside, const char *path, unsigned fork,
		    uint8_t *chunk, bool *damaged, struct sp_error *err)
{
	struct sp_io *file = NULL;
	struct sp_node node;
	struct sp_inside_damage before;

	int r = sp_fs_find(inside->fs, path, &node, err);
	if (!r && node.type != SP_NODE_FILE)
		r = sp_fail(err, SP_ERR_USAGE, "%s: a %s", path, inside_type(node.type));
	if (!r && fork == SP_FORK_RESOURCE && !node.resource)
		r = sp_fail(err, SP_ERR_USAGE, "%s: has no resource fork", path);
	sp_inside_damage(inside->look, &before);
	if (!r)
		r = sp_fs_open_file(inside->fs, &node, fork, path, &file, err);
	if (!r && node.has & SP_NODE_FORM2)
		ui_note(ui,
			"%s: lies in sectors of form 2 or audio: the first 2048 bytes of each are "
			"given",
			path);
	if (!r)
		r = cat_copy(file, chunk, err);
	*damaged |= cat_damaged(ui, inside, path);
	sp_io_close(file);
	return r;
}

static int cat_run(struct ui *ui, const struct cli_args *args)
{
	const unsigned fork = args->count[OPT_RESOURCE] ? SP_FORK_RESOURCE : SP_FORK_DATA;
	uint8_t *chunk = malloc(CAT_CHUNK);
	struct inside inside = {0};
	struct sp_error err;
	bool damaged = false;

	int r = chunk ? inside_open(&inside, ui, args, &err) : sp_fail_memory(&err);
	for (int i = 1; i < args->words && !r && inside.fs; i++)
		r = cat_file(ui, &inside, args->word[i], fork, chunk, &damaged, &err);
	int code = r < 0 ? ui_fail(ui, &err) : inside_code(ui, &inside);
	if (!code && damaged)
		code = sp_status_exit(SP_ERR_UNREADABLE);
	inside_close(&inside);
	free(chunk);
	return code;
}

const struct cli_command cli_cat = {
	.name = "cat",
	.summary = "Print files of an image or a disc in a drive",
	.usage = "SRC PATH...",
	.example = "spindle cat disc.iso README.TXT\nspindle cat disc.cue boot/vmlinuz > vmlinuz",
	.least = 2,
	.most = INT16_MAX,
	.option = (const unsigned char[]){OPT_RESOURCE, OPT_TREE, OPT_PARTITION, OPT_TRACK,
					  OPT_SESSION, OPT_FROM, OPT_PASSWORD, OPT_SET, OPT_NONE},
	.run = cat_run,
};
