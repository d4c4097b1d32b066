/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking files out of a tree: read in the order they lie in, written by others meanwhile. */
#include "tree/extract.h"

#include "base/bytes.h"

#include <stdlib.h>

/* What was damaged of the file is told. */
static void extract_damage(struct sp_extract *x, const struct plan_item *item)
{
	struct sp_inside_damage damage = {0};

	if (x->inside)
		sp_inside_damage(x->inside, &damage);
	if (!damage.sectors)
		return;
	x->damaged++;
	sp_note(x->notes, "%s: %llu damaged sector%s, the first at LBA %lld", item->path,
		(unsigned long long)damage.sectors, damage.sectors == 1 ? "" : "s",
		(long long)damage.first);
}

static int extract_item(struct sp_extract *x, struct out *out, const struct plan_item *item,
			struct sp_error *err)
{
	struct sp_io *file = NULL;
	struct sp_error why;
	int r = 0;

	if (item->node.type != SP_NODE_FILE || item->link_to)
		return 0;
	if (!item->in_one && item->node.size) {
		r = item->apple ? sp_appledouble_open(&file, x->fs, &item->node, item->path, &why)
				: sp_fs_open_file(x->fs, &item->node, SP_FORK_DATA, item->path,
						  &file, &why);
		if (r == SP_ERR_FORMAT || r == SP_ERR_UNSUPPORTED) {
			sp_out_failed(out, item->path, why.text);
			return 0;
		}
		if (r < 0) {
			if (err)
				*err = why;
			return r;
		}
	}
	if (item->node.has & SP_NODE_FORM2 && !item->apple)
		sp_note(x->notes,
			"%s: lies in sectors of form 2 or audio: the first 2048 bytes of each are "
			"given",
			item->path);
	r = sp_out_file(out, item, file, err);
	extract_damage(x, item);
	sp_io_close(file);
	return r;
}

static int extract_progress(struct sp_extract *x, uint64_t bytes, const struct plan *plan,
			    struct sp_error *err)
{
	const struct sp_progress progress = {.phase = "extracting",
					     .done = bytes / 2048,
					     .total = plan->bytes / 2048,
					     .bytes = bytes,
					     .bad = x->damaged};

	if (x->progress && x->progress(x->user, &progress))
		return sp_fail(err, SP_ERR_CANCELLED, "stopped");
	return 0;
}

int sp_extract(struct sp_extract *x, struct sp_error *err)
{
	struct plan plan;
	struct out *out = NULL;
	struct sp_inside_damage before;

	int r = sp_extract_plan(&plan, x, err);
	if (!r)
		r = sp_out_open(&out, &plan, x, err);
	if (x->inside)
		sp_inside_damage(x->inside, &before);
	for (size_t i = 0; i < plan.items && !r; i++) {
		r = extract_item(x, out, &plan.item[i], err);
		if (!r && (i % 64 == 0 || plan.item[i].node.size > 1 << 20))
			r = extract_progress(x, sp_out_bytes(out), &plan, err);
	}
	if (!r)
		r = sp_out_finish(out, err);
	if (!r)
		r = extract_progress(x, plan.bytes, &plan, err);
	sp_out_close(out);
	sp_extract_plan_free(&plan);
	return r;
}
