/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The work store of a rip: made, gone on with, saved, removed; and the map file beside it. */
#include "drive/rip_own.h"

#include "base/bytes.h"
#include "disc/sector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What lies in the folder; the first is the descriptor. */
static const char *const store_files[] = {"disc.spindle", "disc.main", "disc.sub", "disc.state",
					  "disc.map"};
enum { STORE_DESCRIPTOR, STORE_MAIN, STORE_MAP = 4 };

static char *store_path(const char *folder, unsigned file)
{
	return sp_format_text("%s/%s", folder, store_files[file]);
}

int sp_rip_discard(const char *path, struct sp_error *err)
{
	int rc = 0;

	/* the descriptor last: what is left when this is stopped is still a store */
	for (unsigned i = sizeof(store_files) / sizeof(store_files[0]); !rc && i-- > 0;) {
		char *name = store_path(path, i);

		if (!name)
			rc = sp_fail_memory(err);
		else if (unlink(name) && errno != ENOENT)
			rc = sp_fail_errno(err, errno, "%s: cannot be removed", name);
		free(name);
	}
	if (!rc && rmdir(path) && errno != ENOENT)
		rc = sp_fail_errno(err, errno, "%s: cannot be removed", path);
	return rc;
}

/* The layout to store: the TOC's, with P-W where the drive gives it. */
static struct sp_disc *store_layout(const struct sp_rip *rip)
{
	struct sp_disc *disc = sp_disc_copy(rip->toc);

	for (size_t i = 0; disc && rip->sub && i < disc->regions; i++)
		if (disc->region[i].stored)
			disc->region[i].parts |= SP_PART_PW;
	return disc;
}

static int store_create(struct sp_rip *rip, struct sp_io *io, struct sp_error *err)
{
	struct sp_disc *disc = store_layout(rip);
	char *identity = sp_format_text("offset %+d, %s", rip->setup.offset, rip->identity);
	int rc = disc && identity ? 0 : sp_fail_memory(err);

	if (!rc)
		rc = sp_store_create(&rip->store, io, "disc", disc, identity, err);
	sp_disc_free(disc);
	free(identity);
	return rc;
}

/* The store is of the disc that is in the drive, read with the same offset. */
static int store_is_ours(const struct sp_rip *rip, const char *folder, struct sp_error *err)
{
	const char *said = sp_store_identity(rip->store);
	const char *disc = strstr(said, ", ");
	char offset[32];

	if (!disc || strcmp(disc + 2, rip->identity) != 0)
		return sp_fail(err, SP_ERR_USAGE,
			       "%s: holds another disc than the one in %s; put that one in, or "
			       "name another target",
			       folder, rip->drive);
	char *ours = sp_format_text("offset %+d", rip->setup.offset);
	const size_t size = (size_t)(disc - said);
	const bool same = ours && strlen(ours) == size && !memcmp(ours, said, size);
	bool audio = false;
	for (size_t i = 0; i < rip->toc->tracks; i++)
		audio |= rip->toc->track[i].mode == SP_MODE_AUDIO;
	free(ours);
	if (same || !audio)
		return 0;
	memcpy(offset, said, size < sizeof(offset) ? size : sizeof(offset) - 1);
	offset[size < sizeof(offset) ? size : sizeof(offset) - 1] = '\0';
	/* samples are stored where they belong, whatever drive they come from, once its offset is
	 * known; one that is not known would put them elsewhere */
	sp_note(&rip->notes,
		"%s was begun with %s, and goes on with %+d: right only where each is that of its "
		"drive",
		folder, offset, rip->setup.offset);
	return 0;
}

/* The store's layout must take what this drive gives. */
static int store_fits(struct sp_rip *rip, const char *folder, struct sp_error *err)
{
	const struct sp_disc *disc = sp_store_disc(rip->store);
	bool sub = false;

	if (disc->regions != rip->toc->regions)
		return sp_fail(err, SP_ERR_USAGE, "%s: its layout is no longer that of the TOC",
			       folder);
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *a = &disc->region[i], *b = &rip->toc->region[i];

		if (a->lba != b->lba || a->count != b->count || a->stored != b->stored ||
		    (a->mode == SP_MODE_AUDIO) != (b->mode == SP_MODE_AUDIO))
			return sp_fail(err, SP_ERR_USAGE,
				       "%s: its layout is no longer that of the TOC", folder);
		sub |= (a->parts & SP_PART_PW) != 0;
	}
	/* what one drive gave and another one does not is kept as zeros from now on */
	rip->sub = sub;
	if (rip->ql)
		rip->stride = SP_RAW_SIZE + (sub ? SP_SUB_SIZE : 0u);
	return 0;
}

/* What is there already: statuses, and what its Q says. */
static int store_resume(struct sp_rip *rip, struct sp_error *err)
{
	const struct sp_disc *disc = sp_store_disc(rip->store);
	int rc = 0;

	for (size_t i = 0; !rc && i < disc->regions; i++) {
		const struct sp_region *r = &disc->region[i];

		for (uint64_t at = 0; !rc && r->stored && at < r->count;) {
			const uint64_t left = r->count - at;
			struct sp_span span = {.lba = r->lba + (sp_lba)at,
					       .count = left < rip->cluster ? (uint32_t)left
									    : rip->cluster,
					       .mode = r->mode,
					       .parts = r->parts,
					       .stride = sp_sector_size(r->mode, r->parts),
					       .data = rip->room.record,
					       .state = rip->room.state};

			rc = sp_store_read(rip->store, &span, err);
			for (uint32_t n = 0; !rc && n < span.count; n++) {
				const uint16_t state = span.state[n];

				if (state & SP_STATE_UNREAD)
					continue;
				rip->report.resumed = true;
				sp_rescue_set(rip->rescue, span.lba + n, 1, rip_status(state));
				const uint8_t *record = span.data + n * span.stride;
				rip_learn(rip, span.lba + n, record,
					  rip->sub ? record + SP_RAW_SIZE : NULL, state);
			}
			at += span.count;
		}
	}
	return rc;
}

static sp_lba store_image_begin(const struct sp_rip *rip)
{
	for (size_t i = 0; i < rip->toc->regions; i++)
		if (rip->toc->region[i].stored)
			return rip->toc->region[i].lba;
	return 0;
}

/* The map an earlier run left, if it is whole. */
static int store_map_read(struct sp_rip *rip, const char *folder, struct sp_error *err)
{
	char *path = store_path(folder, STORE_MAP);
	struct sp_map map = {0};
	struct sp_error why;
	struct sp_io *io = NULL;
	struct stat st;
	int rc = path ? 0 : sp_fail_memory(err);

	if (rc || stat(path, &st)) {
		free(path);
		return rc;
	}
	uint8_t *data = NULL;
	rc = sp_io_open_file(&io, path, &why);
	if (!rc && io->size > SP_MAP_TEXT_MAX)
		rc = sp_fail(&why, SP_ERR_FORMAT, "%s: too large for a map file", path);
	if (!rc && !(data = malloc(io->size ? (size_t)io->size : 1)))
		rc = sp_fail_memory(&why);
	if (!rc)
		rc = sp_io_read(io, 0, data, (size_t)io->size, &why);
	if (!rc)
		rc = sp_map_parse(&map, path, data, (size_t)io->size, &why);
	if (!rc)
		sp_rescue_from_map(rip->rescue, store_image_begin(rip),
				   rip->ql ? SP_RAW_SIZE : 2048, &map);
	else
		sp_note(&rip->notes, "%s; what is not in the store is read anew", why.text);
	sp_map_clear(&map);
	sp_io_close(io);
	free(data);
	free(path);
	return 0;
}

int sp_rip_offer(const struct sp_rip *rip, struct sp_outset *set, struct sp_error *err)
{
	char *path = rip->folder ? store_path(rip->folder, STORE_MAIN) : NULL;
	const int rc = path ? sp_outset_offer(set, path, err) : sp_fail_memory(err);

	free(path);
	return rc;
}

/* Who was stopped between the image's commit and the end of its store left `main` as a part of
 * both. The image keeps it, the store goes on with a copy. */
static int store_unshare(const char *folder, struct sp_error *err)
{
	enum { CHUNK = 1 << 20 };
	char *path = store_path(folder, STORE_MAIN);
	struct sp_outset *set = NULL;
	struct sp_io *from = NULL, *to = NULL;
	uint8_t *chunk = NULL;
	struct stat st;
	int rc = path ? 0 : sp_fail_memory(err);

	if (rc || lstat(path, &st) || st.st_nlink < 2) {
		free(path);
		return rc;
	}
	chunk = malloc(CHUNK);
	rc = chunk ? sp_io_open_file(&from, path, err) : sp_fail_memory(err);
	if (!rc)
		rc = sp_outset_create(&set, path, SP_OUTSET_FORCE, err);
	if (!rc)
		rc = sp_outset_io(set, &to, err);
	for (uint64_t at = 0; !rc && at < from->size; at += CHUNK) {
		const uint64_t left = from->size - at;
		const size_t n = left < CHUNK ? (size_t)left : CHUNK;

		rc = sp_io_read(from, at, chunk, n, err);
		if (!rc)
			rc = sp_io_write(to, at, chunk, n, err);
	}
	sp_io_close(to);
	sp_io_close(from);
	if (!rc)
		rc = sp_outset_commit(set, err);
	sp_outset_close(set);
	free(chunk);
	free(path);
	return rc;
}

int rip_store_open(struct sp_rip *rip, const char *path, struct sp_error *err)
{
	char *name = store_path(path, STORE_DESCRIPTOR);
	struct sp_io *io = NULL;
	int rc = name ? 0 : sp_fail_memory(err);

	if (!rc && mkdir(path, 0777) && errno != EEXIST)
		rc = sp_fail_errno(err, errno, "%s: cannot be made", path);
	if (!rc)
		rc = store_unshare(path, err);
	if (!rc)
		rc = sp_io_open_update(&io, name, err);
	free(name);
	if (rc < 0)
		return rc;
	rip->folder = strdup(path);
	if (!rip->folder)
		rc = sp_fail_memory(err);
	else if (!io->size)
		rc = store_create(rip, io, err);
	else
		rc = sp_store_open(&rip->store, io, err);
	if (rc < 0) {
		sp_io_close(io);
		return rc;
	}
	rc = store_is_ours(rip, path, err);
	if (!rc)
		rc = store_fits(rip, path, err);
	if (!rc)
		rc = store_resume(rip, err);
	return rc ? rc : store_map_read(rip, path, err);
}

int sp_rip_map(struct sp_rip *rip, size_t size, char **text, size_t *length, struct sp_error *err)
{
	struct sp_map map = {0};
	int rc = rip->rescue
			 ? sp_rescue_to_map(rip->rescue, store_image_begin(rip), size, &map, err)
			 : sp_fail(err, SP_ERR_USAGE, "nothing was read yet");

	if (!rc)
		rc = sp_map_print(&map, "Mapfile of spindle, as GNU ddrescue reads it", text,
				  length, err);
	sp_map_clear(&map);
	return rc;
}

static int store_map_write(struct sp_rip *rip, struct sp_error *err)
{
	char *path = store_path(rip->folder, STORE_MAP), *text = NULL;
	struct sp_outset *set = NULL;
	struct sp_io *io = NULL;
	size_t size;
	int rc = path ? sp_rip_map(rip, rip->ql ? SP_RAW_SIZE : 2048, &text, &size, err)
		      : sp_fail_memory(err);

	if (!rc)
		rc = sp_outset_create(&set, path, SP_OUTSET_FORCE, err);
	if (!rc)
		rc = sp_outset_io(set, &io, err);
	if (!rc)
		rc = sp_io_write(io, 0, text, size, err);
	sp_io_close(io);
	if (!rc)
		rc = sp_outset_commit(set, err);
	sp_outset_close(set);
	free(text);
	free(path);
	return rc;
}

int rip_store_save(struct sp_rip *rip, struct sp_error *err)
{
	int rc = rip_put_wait(rip, err);

	if (!rc)
		rc = sp_store_checkpoint(rip->store, err);
	return rc ? rc : store_map_write(rip, err);
}
