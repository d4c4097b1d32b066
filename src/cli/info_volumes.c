/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle info: every file system of a disc by what it says of itself, and kinds of discs. */
#include "cli/info.h"

#include <stdlib.h>
#include <string.h>

enum {
	INFO_VOLUMES = 32,
	INFO_TREES = 8,       /* of one volume */
	INFO_COUNTED = 20000, /* files and folders of one tree */
	INFO_DISTANT = 500,   /* the same where each may cost a read of its own */
	INFO_NOTES = 24,      /* of file systems */
	INFO_SECTOR = 2048,
};

/* Notes of readers: each line once, and not too many. */
struct told {
	struct ui *ui;
	struct sp_notes notes;
	size_t count, more;
};

static void told_note(void *user, const char *text)
{
	struct told *told = user;

	for (size_t i = 0; i < told->ui->notes; i++)
		if (!strcmp(told->ui->note[i], text))
			return;
	if (told->count == INFO_NOTES) {
		told->more++;
		return;
	}
	told->count++;
	ui_note(told->ui, "%s", text);
}

/* Of which a volume has several: one set of descriptors, several trees. */
static const char *volume_family(const struct sp_tree *tree)
{
	return !strcmp(tree->name, "udf")    ? "UDF"
	       : !strcmp(tree->name, "hfs+") ? "HFS+"
					     : "ISO 9660";
}

static bool volume_same(const struct sp_tree *a, const struct sp_tree *b)
{
	return a->start == b->start && a->partition == b->partition &&
	       volume_family(a) == volume_family(b);
}

static void volume_number(struct facts *facts, const char *key, uint64_t number)
{
	facts_take(facts, &(struct sp_fact){.key = key, .number = number});
}

/* Joliet's descriptor repeats the other one's texts: its level alone is new. */
static void volume_joliet(void *user, const struct sp_fact *fact)
{
	if (!strcmp(fact->key, "joliet_level"))
		facts_take(user, fact);
}

/* Bytes up to the end of what the tree lies in: a partition, a track. */
static uint64_t volume_end(const struct sp_disc *disc, const struct sp_tree *tree, uint64_t unit)
{
	for (size_t i = 0; i < disc->tracks && !tree->partition; i++) {
		const struct sp_track *track = &disc->track[i];
		if (track->start >= 0 && (uint64_t)track->start * unit == tree->start)
			return tree->start + track->length * unit;
	}
	return tree->start + tree->size;
}

/* The size it declares against the one there is. */
static void volume_sizes(struct info_volumes *volumes, struct facts *facts,
			 const struct sp_disc *disc, const struct sp_tree *tree, uint64_t declared)
{
	const bool blocks = disc->medium == SP_MEDIUM_BLOCK;
	const uint64_t unit = blocks ? 512 : INFO_SECTOR;
	const uint64_t end = volume_end(disc, tree, unit);

	if (declared > tree->size) {
		const uint64_t missing = (declared - tree->size + INFO_SECTOR - 1) / INFO_SECTOR;
		volume_number(facts, "missing_sectors", missing);
		volumes->missing = missing > volumes->missing ? missing : volumes->missing;
	} else if (declared && strcmp(tree->name, "udf") &&
		   end - tree->start >= declared + INFO_SECTOR) {
		/* UDF has descriptors behind the partition that it declares the size of */
		volume_number(facts, "sectors_after", (end - tree->start - declared) / INFO_SECTOR);
	}
}

struct volume_tree {
	const char *name;
	struct sp_fs_count count;
};

/* Columns that would say nothing are left out. */
static void volume_trees(struct facts *facts, const struct volume_tree *tree, size_t count)
{
	bool coded = false, part = false;

	for (size_t i = 0; i < count; i++) {
		coded |= tree[i].count.coded != 0;
		part |= !tree[i].count.whole;
	}
	for (size_t i = 0; i < count; i++) {
		const unsigned row = (unsigned)i + 1;
		const struct sp_fs_count *n = &tree[i].count;
		const struct {
			struct sp_fact fact;
			bool shown;
		} column[] = {
			{{"trees", row, "tree", tree[i].name, 0}, true},
			{{"trees", row, "files", NULL, n->files}, true},
			{{"trees", row, "folders", NULL, n->folders}, true},
			{{"trees", row, "compressed", NULL, n->coded}, coded},
			{{"trees", row, "counted", n->whole ? "all" : "in part", 0}, part},
		};

		for (size_t j = 0; j < sizeof(column) / sizeof(column[0]); j++)
			if (column[j].shown)
				facts_take(facts, &column[j].fact);
	}
}

/* One tree of a volume, of which one describes it. What cannot be read was told. */
static int volume_tree(struct sp_inside *inside, const struct sp_tree *tree, bool distant,
		       bool describes, struct facts *facts, struct volume_tree *found,
		       uint64_t *declared, struct sp_notes *notes, struct sp_error *err)
{
	const bool joliet = !strcmp(tree->name, "joliet");
	const bool seeks = distant || strcmp(volume_family(tree), "ISO 9660");
	struct sp_fs *fs;
	int r = sp_inside_tree(inside, tree, &fs, err);

	found->name = tree->name;
	if (r < 0) {
		sp_note(notes, "%s: %s", tree->name, err->text);
		return r == SP_ERR_MEMORY ? r : 0;
	}
	r = sp_fs_count(fs, seeks ? INFO_DISTANT : INFO_COUNTED, &found->count, err);
	if (!r)
		r = sp_fs_check(fs, err);
	if (!r && (describes || joliet))
		r = sp_fs_describe(fs, joliet && !describes ? volume_joliet : facts_take, facts,
				   err);
	if (describes)
		*declared = sp_fs_declared(fs);
	sp_fs_close(fs);
	if (r < 0)
		sp_note(notes, "%s: %s", tree->name, err->text);
	return r == SP_ERR_MEMORY ? r : 0;
}

/* The tree whose descriptor has the volume's facts in full: not Joliet's, if there is another. */
static size_t volume_teller(const struct sp_tree *tree, size_t trees, size_t at)
{
	for (size_t i = at; i < trees; i++)
		if (volume_same(&tree[at], &tree[i]) && strcmp(tree[i].name, "joliet"))
			return i;
	return at;
}

/* The volume that tree `at` is the first one of. */
static int volume_one(struct info_volumes *volumes, struct sp_inside *inside, bool distant,
		      const struct sp_disc *disc, size_t at, struct sp_notes *notes,
		      struct sp_error *err)
{
	size_t trees, count = 0;
	const struct sp_tree *tree = sp_inside_trees(inside, &trees), *first = &tree[at];
	struct facts *facts = &volumes->volume[volumes->count++];
	struct volume_tree found[INFO_TREES] = {{0}};
	uint64_t declared = 0;
	int r = 0;

	*facts = (struct facts){0};
	facts_take(facts, &(struct sp_fact){.key = "filesystem", .text = volume_family(first)});
	if (first->session)
		volume_number(facts, "session", first->session);
	if (first->track)
		volume_number(facts, "track", first->track);
	if (first->partition)
		volume_number(facts, "partition", first->partition);
	if (first->start)
		volume_number(facts, "start",
			      first->start / (disc->medium == SP_MEDIUM_BLOCK ? 512 : INFO_SECTOR));
	const size_t teller = volume_teller(tree, trees, at);
	for (size_t i = at; i < trees && count < INFO_TREES && !r; i++)
		if (volume_same(first, &tree[i])) {
			r = volume_tree(inside, &tree[i], distant, i == teller, facts,
					&found[count], &declared, notes, err);
			count++;
		}
	volume_sizes(volumes, facts, disc, first, declared);
	volume_trees(facts, found, count);
	return !r && facts->failed ? sp_fail_memory(err) : r;
}

static int volumes_each(struct info_volumes *volumes, struct sp_inside *inside,
			struct sp_source *src, struct told *told, bool distant,
			struct sp_error *err)
{
	size_t trees;
	const struct sp_tree *tree = sp_inside_trees(inside, &trees);
	int r = 0;

	volumes->volume = calloc(INFO_VOLUMES, sizeof(*volumes->volume));
	if (!volumes->volume)
		return sp_fail_memory(err);
	for (size_t i = 0; i < trees && !r; i++) {
		bool before = false;
		for (size_t j = 0; j < i && !before; j++)
			before = volume_same(&tree[j], &tree[i]);
		if (before)
			continue;
		if (volumes->count == INFO_VOLUMES) {
			ui_note(told->ui, "there are more file systems than the %d that are shown",
				INFO_VOLUMES);
			break;
		}
		r = volume_one(volumes, inside, distant, src->disc, i, &told->notes, err);
	}
	return r;
}

static int volumes_kinds(struct info_volumes *volumes, struct sp_inside *inside,
			 struct sp_error *err)
{
	struct sp_kinds kinds;
	const int r = sp_kinds_find(&kinds, inside, err);

	for (size_t i = 0; !r && i < kinds.count; i++) {
		const struct sp_fact fact[] = {
			{"kinds", (unsigned)i + 1, "kind", kinds.kind[i].name, 0},
			{"kinds", (unsigned)i + 1, "details", kinds.kind[i].text, 0},
			{"kinds", (unsigned)i + 1, "by", kinds.kind[i].by, 0},
		};

		for (size_t j = 0; j < sizeof(fact) / sizeof(fact[0]); j++)
			facts_take(&volumes->kinds, &fact[j]);
	}
	return !r && volumes->kinds.failed ? sp_fail_memory(err) : r;
}

/* Values alone: to check them is to read everything, which verify does. */
static int volumes_sums(struct info_volumes *volumes, struct ui *ui, struct sp_inside *inside,
			struct sp_error *err)
{
	struct sp_checksums *list = malloc(sizeof(*list));
	int r = list ? sp_checksums_find(list, inside, err) : sp_fail_memory(err);

	for (size_t i = 0; !r && i < list->count; i++) {
		const struct sp_checksum *sum = &list->checksum[i];
		const unsigned row = (unsigned)i + 1;
		const struct sp_fact fact[] = {
			{"checksums", row, "checksum", sum->what, 0},
			{"checksums", row, "lba", NULL, (uint64_t)sum->lba},
			{"checksums", row, "start", NULL, sum->start / INFO_SECTOR},
			{"checksums", row, "length", NULL, sum->size / INFO_SECTOR},
			{"checksums", row, "fragments", NULL, sum->pieces},
			{"checksums", row, "md5", sum->expected, 0},
		};

		for (size_t j = 0; j < sizeof(fact) / sizeof(fact[0]); j++)
			facts_take(&volumes->checksums, &fact[j]);
	}
	if (!r && list->damaged)
		ui_note(ui, "LBA %lld: a checksum tag of libisofs that is damaged",
			(long long)list->first);
	free(list);
	return !r && volumes->checksums.failed ? sp_fail_memory(err) : r;
}

int info_volumes(struct info_volumes *volumes, struct ui *ui, struct sp_source *src, bool distant,
		 struct sp_error *err)
{
	struct told told = {.ui = ui};
	struct sp_inside *inside;

	*volumes = (struct info_volumes){0};
	told.notes = (struct sp_notes){told_note, &told};
	int r = sp_inside_open(&inside, src, &told.notes, err);
	if (r < 0)
		return r;
	/* that there is none is no failure: audio discs, disks of other systems */
	r = sp_inside_find(inside, 0, err);
	if (r == SP_ERR_FORMAT || r == SP_ERR_UNSUPPORTED)
		r = 0;
	if (!r)
		r = volumes_each(volumes, inside, src, &told, distant, err);
	if (!r)
		r = info_differ(ui, inside, distant ? INFO_DISTANT : INFO_COUNTED, err);
	if (!r)
		r = volumes_kinds(volumes, inside, err);
	if (!r)
		r = volumes_sums(volumes, ui, inside, err);
	if (told.more)
		ui_note(ui, "%zu more notes of file systems are not shown", told.more);
	sp_inside_close(inside);
	return r;
}

void info_volumes_free(struct info_volumes *volumes)
{
	for (size_t i = 0; i < volumes->count; i++)
		facts_free(&volumes->volume[i]);
	free(volumes->volume);
	facts_free(&volumes->kinds);
	facts_free(&volumes->checksums);
	*volumes = (struct info_volumes){0};
}
