/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands that look inside share: a source, its trees, the one that was asked for. */
#ifndef SP_CLI_INSIDE_H
#define SP_CLI_INSIDE_H

#include "cli/cli.h"

#include <spindle/tree.h>

struct inside {
	struct sp_input in;
	struct sp_repairs repairs;
	struct sp_inside *look;
	struct sp_fs *fs; /* NULL: the trees were to be listed, and are */
	const struct sp_tree *tree, *trees;
	size_t count;
};

/* Open args->word[0] and the tree that --tree, --partition, --session and --track choose. Close it
 * in any case. */
int inside_open(struct inside *inside, struct ui *ui, const struct cli_args *args,
		struct sp_error *err);
void inside_close(struct inside *inside);
/* Keys of the disc: path, format, tree, trees. */
void inside_json(struct json *json, const struct inside *inside);
/* "rockridge, session 2", of a tree among others. */
#define INSIDE_NAME 80
char *inside_name(char text[INSIDE_NAME], const struct sp_tree *tree);
/* The exit code: 6 when something of the tree was damaged, after a line that says so. */
int inside_code(struct ui *ui, const struct inside *inside);
/* file folder link char block fifo socket */
const char *inside_type(unsigned type);

#endif
