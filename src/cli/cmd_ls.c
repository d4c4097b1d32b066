/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle ls, spindle tree: names and facts of the files in an image or a drive. */
#include "cli/inside.h"

#include "report/printable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct listing {
	struct ui *ui;
	struct inside *inside;
	struct json json;
	bool full;
	bool bars[SP_WALK_DEPTH + 1]; /* of a tree: more comes below at this depth */
	uint64_t folders, files, bytes;
	bool several;
};

/* A '/' in a name would look like a folder: it is shown as walks do. */
static void list_name(const char *name)
{
	for (const char *slash; (slash = strchr(name, '/')); name = slash + 1) {
		char part[256];
		const size_t n = (size_t)(slash - name) < sizeof(part) ? (size_t)(slash - name)
								       : sizeof(part) - 1;
		memcpy(part, name, n);
		part[n] = '\0';
		printable_put(stdout, part);
		fputs("\\x2F", stdout);
	}
	printable_put(stdout, name);
}

static void list_time(const struct sp_time *time, char text[32])
{
	struct tm tm;
	const time_t seconds = (time_t)time->seconds;

	if (!time->known || !gmtime_r(&seconds, &tm) ||
	    !strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(text, 32, "-");
}

static void list_mode(const struct sp_node *node, char text[11])
{
	static const char bits[] = "rwxrwxrwx";

	text[0] = "-dlcbps"[node->type % 7];
	for (unsigned i = 0; i < 9; i++)
		text[1 + i] = !(node->has & SP_NODE_MODE) ? '?'
			      : node->mode >> (8 - i) & 1 ? bits[i]
							  : '-';
	static const struct {
		unsigned bit, at;
		char with, without;
	} odd[] = {{04000, 3, 's', 'S'}, {02000, 6, 's', 'S'}, {01000, 9, 't', 'T'}};
	for (size_t i = 0; i < 3; i++)
		if (node->mode & odd[i].bit)
			text[odd[i].at] = text[odd[i].at] == 'x' ? odd[i].with : odd[i].without;
	text[10] = '\0';
}

static char *list_target(struct listing *list, const struct sp_node *node)
{
	struct sp_error err;
	char *target = NULL;

	if (node->type == SP_NODE_LINK && sp_fs_link(list->inside->fs, node, &target, &err) < 0) {
		ui_note(list->ui, "%s", err.text);
		return NULL;
	}
	return target;
}

static void list_facts(const struct sp_node *node)
{
	char mode[11], time[32], size[32];

	list_mode(node, mode);
	list_time(&node->time[SP_TIME_MODIFIED], time);
	if (node->has & SP_NODE_DEVICE)
		snprintf(size, sizeof(size), "%u, %u", node->major, node->minor);
	else
		snprintf(size, sizeof(size), "%" PRIu64, node->size);
	if (node->has & SP_NODE_OWNER)
		printf("%s %3u %5u %5u %12s %s ", mode, node->links, node->uid, node->gid, size,
		       time);
	else
		printf("%s   -     -     - %12s %s ", mode, size, time);
}

static void list_text(struct listing *list, const char *name, const struct sp_node *node)
{
	char *target = list_target(list, node);

	if (list->full)
		list_facts(node);
	list_name(name);
	if (node->type == SP_NODE_FOLDER)
		putchar('/');
	if (target && list->full) {
		fputs(" -> ", stdout);
		printable_put(stdout, target);
	}
	putchar('\n');
	free(target);
}

static void list_json_time(struct json *json, const char *key, const struct sp_time *time)
{
	char text[32], full[48];

	if (!time->known)
		return;
	list_time(time, text);
	if (time->nanoseconds)
		snprintf(full, sizeof(full), "%.10sT%.8s.%09uZ", text, text + 11,
			 time->nanoseconds % 1000000000u);
	else
		snprintf(full, sizeof(full), "%.10sT%.8sZ", text, text + 11);
	json_string(json, key, full);
}

static void list_json(struct listing *list, const char *path, const struct sp_node *node)
{
	static const char *const time[] = {"modified", "accessed", "changed", "created"};
	struct json *json = &list->json;
	char *target = list_target(list, node);
	char mode[8];

	json_object(json, NULL);
	json_string(json, "path", path);
	json_string(json, "type", inside_type(node->type));
	if (node->type == SP_NODE_FILE)
		json_u64(json, "size", node->size);
	if (node->resource)
		json_u64(json, "resource", node->resource);
	if (node->has & SP_NODE_MODE) {
		snprintf(mode, sizeof(mode), "%04o", node->mode & 07777);
		json_string(json, "mode", mode);
	}
	if (node->has & SP_NODE_OWNER) {
		json_u64(json, "uid", node->uid);
		json_u64(json, "gid", node->gid);
		json_u64(json, "links", node->links);
	}
	if (node->has & SP_NODE_DEVICE) {
		json_u64(json, "major", node->major);
		json_u64(json, "minor", node->minor);
	}
	for (size_t i = 0; i < SP_TIMES; i++)
		list_json_time(json, time[i], &node->time[i]);
	if (node->type == SP_NODE_LINK)
		json_string(json, "target", target ? target : "");
	if (node->has & SP_NODE_HIDDEN)
		json_bool(json, "hidden", true);
	if (node->has & SP_NODE_CODED)
		json_bool(json, "compressed", true);
	json_end_object(json);
	free(target);
}

static void list_count(struct listing *list, const struct sp_node *node)
{
	if (node->type == SP_NODE_FOLDER)
		list->folders++;
	else
		list->files++;
	list->bytes += node->size;
}

static int ls_entry(void *user, const struct sp_walk_entry *entry)
{
	struct listing *list = user;

	list_count(list, entry->node);
	if (list->ui->json)
		list_json(list, entry->path, entry->node);
	else
		list_text(list, entry->name, entry->node);
	return SP_WALK_SKIP;
}

static int tree_entry(void *user, const struct sp_walk_entry *entry)
{
	struct listing *list = user;

	if (ui_stopped())
		return SP_ERR_CANCELLED;
	list_count(list, entry->node);
	if (list->ui->json) {
		list_json(list, entry->path, entry->node);
		return 0;
	}
	list->bars[entry->depth] = !entry->last;
	if (list->full)
		list_facts(entry->node);
	for (unsigned i = 1; i < entry->depth; i++)
		fputs(list->bars[i] ? "│   " : "    ", stdout);
	fputs(entry->last ? "└── " : "├── ", stdout);
	const bool full = list->full;
	list->full = false;
	list_text(list, entry->name, entry->node);
	list->full = full;
	return 0;
}

/* One path: what is in the folder, or the file itself. */
static int list_path(struct listing *list, const char *path, sp_walk_fn *fn, bool tree,
		     struct sp_error *err)
{
	struct sp_fs *fs = list->inside->fs;
	struct sp_node node;
	int r = sp_fs_find(fs, path, &node, err);

	if (r < 0)
		return r;
	while (*path == '/')
		path++;
	if (node.type != SP_NODE_FOLDER) {
		list_count(list, &node);
		if (list->ui->json)
			list_json(list, path, &node);
		else
			list_text(list, path, &node);
		return 0;
	}
	if (!list->ui->json && (tree || list->several)) {
		printable_put(stdout, *path ? path : "/");
		fputs(tree ? "\n" : ":\n", stdout);
	}
	r = sp_fs_walk(fs, &node, path, SP_WALK_SORTED, fn, list, err);
	if (r == SP_ERR_CANCELLED)
		return sp_fail(err, r, "stopped");
	return r;
}

static int list_run(struct ui *ui, const struct cli_args *args, sp_walk_fn *fn, bool tree)
{
	struct inside inside;
	struct sp_error err;
	struct listing list = {.ui = ui,
			       .inside = &inside,
			       .json = {.out = stdout},
			       .full = args->count[OPT_LONG] > 0,
			       .several = args->words > 2};
	int r = inside_open(&inside, ui, args, &err);

	if (!r && inside.fs) {
		if (ui->json) {
			json_object(&list.json, NULL);
			inside_json(&list.json, &inside);
			json_array(&list.json, "entries");
		}
		for (int i = 1; (i < args->words || i == 1) && !r; i++)
			r = list_path(&list, i < args->words ? args->word[i] : "/", fn, tree, &err);
		if (ui->json) {
			json_end_array(&list.json);
			json_u64(&list.json, "folders", list.folders);
			json_u64(&list.json, "files", list.files);
			json_u64(&list.json, "bytes", list.bytes);
			json_u64(&list.json, "damaged", sp_fs_damage(inside.fs));
			json_end_object(&list.json);
		} else if (tree && !r) {
			printf("\n%" PRIu64 " folder%s, %" PRIu64 " file%s, %" PRIu64 " bytes\n",
			       list.folders, list.folders == 1 ? "" : "s", list.files,
			       list.files == 1 ? "" : "s", list.bytes);
		}
	}
	const int code = r < 0 ? ui_fail(ui, &err) : inside_code(ui, &inside);
	inside_close(&inside);
	return code;
}

static int ls_run(struct ui *ui, const struct cli_args *args)
{
	return list_run(ui, args, ls_entry, false);
}

static int tree_run(struct ui *ui, const struct cli_args *args)
{
	return list_run(ui, args, tree_entry, true);
}

#define LIST_OPTIONS                                                                               \
	(const unsigned char[])                                                                    \
	{                                                                                          \
		OPT_LONG, OPT_TREE, OPT_PARTITION, OPT_TRACK, OPT_SESSION, OPT_FROM, OPT_PASSWORD, \
			OPT_SET, OPT_NONE                                                          \
	}

const struct cli_command cli_ls = {
	.name = "ls",
	.summary = "List files of an image or a disc in a drive",
	.usage = "SRC [PATH]...",
	.more = "A '/' within a name is shown, and written, as \\x2F.",
	.example = "spindle ls disc.iso\nspindle ls -l disc.cue boot/grub\nspindle ls --tree=list "
		   "disc.iso",
	.least = 1,
	.most = INT16_MAX,
	.option = LIST_OPTIONS,
	.run = ls_run,
};

const struct cli_command cli_tree = {
	.name = "tree",
	.summary = "Show all files of an image or a disc in a drive as a tree",
	.usage = "SRC [PATH]...",
	.example = "spindle tree disc.iso\nspindle tree -l disc.iso boot",
	.least = 1,
	.most = INT16_MAX,
	.option = LIST_OPTIONS,
	.run = tree_run,
};
