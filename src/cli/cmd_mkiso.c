/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle mkiso: a folder becomes an ISO 9660 image that boots where it says it does. */
#include "cli/cli.h"

#include "report/printable.h"
#include "report/units.h"

#include <spindle/drive.h>
#include <spindle/tree.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct mkiso {
	struct sp_author author;
	struct sp_graft *graft;
	char **graft_text;
	const char **exclude;
	struct sp_author_weight *weight;
	char **weight_text;
	struct sp_input append;
};

static void mkiso_clear(struct mkiso *mkiso)
{
	for (size_t i = 0; i < mkiso->author.grafts; i++)
		free(mkiso->graft_text[i]);
	for (size_t i = 0; i < mkiso->author.weights; i++)
		free(mkiso->weight_text[i]);
	free(mkiso->graft);
	free(mkiso->graft_text);
	free(mkiso->exclude);
	free(mkiso->weight);
	free(mkiso->weight_text);
	sp_input_close(&mkiso->append);
}

/* TEXT=VALUE of a list's option, parted: *value is NULL where there is no "=". The last one parts,
 * or the first one: patterns and paths may hold some. */
static char *mkiso_part(const char *text, bool last, char **value)
{
	char *copy = strdup(text), *equals = copy ? (last ? strrchr : strchr)(copy, '=') : NULL;

	if (equals)
		*equals++ = '\0';
	*value = equals;
	return copy;
}

static int mkiso_list(struct mkiso *mkiso, const struct cli_given *given, struct sp_error *err)
{
	struct sp_author *author = &mkiso->author;
	char *value, *end;

	if (given->option == OPT_EXCLUDE) {
		mkiso->exclude[author->excludes++] = given->text;
		return 0;
	}
	char *text = mkiso_part(given->text, given->option == OPT_SORT, &value);
	if (!text)
		return sp_fail_memory(err);
	if (given->option == OPT_GRAFT) {
		mkiso->graft[author->grafts] =
			(struct sp_graft){text, value && *value ? value : NULL};
		mkiso->graft_text[author->grafts++] = text;
		return 0;
	}
	const long weight = value ? strtol(value, &end, 10) : 0;
	if (!value || !*value || *end || weight < -1000000 || weight > 1000000) {
		free(text);
		return sp_fail(
			err, SP_ERR_USAGE,
			"--sort wants PATTERN=WEIGHT with a number up to 1000000, not \"%s\"",
			given->text);
	}
	mkiso->weight[author->weights] = (struct sp_author_weight){text, (int)weight};
	mkiso->weight_text[author->weights++] = text;
	return 0;
}

static int mkiso_lists(struct mkiso *mkiso, const struct cli_args *args, struct sp_error *err)
{
	const size_t n = args->givens + 1;
	int r = 0;

	mkiso->graft = calloc(n, sizeof(mkiso->graft[0]));
	mkiso->graft_text = calloc(n, sizeof(mkiso->graft_text[0]));
	mkiso->exclude = calloc(n, sizeof(mkiso->exclude[0]));
	mkiso->weight = calloc(n, sizeof(mkiso->weight[0]));
	mkiso->weight_text = calloc(n, sizeof(mkiso->weight_text[0]));
	if (!mkiso->graft || !mkiso->graft_text || !mkiso->exclude || !mkiso->weight ||
	    !mkiso->weight_text)
		return sp_fail_memory(err);
	for (size_t i = 0; !r && i < args->givens; i++)
		r = mkiso_list(mkiso, &args->given[i], err);
	mkiso->author.graft = mkiso->graft;
	mkiso->author.exclude = mkiso->exclude;
	mkiso->author.weight = mkiso->weight;
	return r;
}

static const struct sp_format_option mkiso_settings[] = {
	{"volume-set", "TEXT", "name of the set of volumes"},
	{"publisher", "TEXT", "who publishes it"},
	{"preparer", "TEXT", "who prepared it"},
	{"application", "TEXT", "what it is for"},
	{"system", "TEXT", "the system its first 32 KiB are for"},
	{"copyright", "FILE", "file of the root that holds the copyright"},
	{"abstract", "FILE", "file of the root that holds an abstract"},
	{"bibliography", "FILE", "file of the root that holds a bibliography"},
	{"next", "LBA", "with --append: where the session will begin"},
	{NULL, NULL, NULL},
};

/* The settings are in the order of enum sp_author_id, after the volume's name. */
static int mkiso_setting(struct mkiso *mkiso, const struct sp_option *option, struct sp_error *err)
{
	size_t i = 0;
	char *end;

	while (mkiso_settings[i].key && strcmp(mkiso_settings[i].key, option->key) != 0)
		i++;
	if (!mkiso_settings[i].key)
		return sp_fail(err, SP_ERR_USAGE,
			       "mkiso has no setting `%s' (see: spindle mkiso "
			       "--help)",
			       option->key);
	if (!option->value || !*option->value)
		return sp_fail(err, SP_ERR_USAGE, "-O %s wants a value", option->key);
	if (i + 1 < SP_AUTHOR_IDS) {
		mkiso->author.id[i + 1] = option->value;
		return 0;
	}
	const long long next = strtoll(option->value, &end, 10);
	if (*end || next < 0 || next > INT32_MAX)
		return sp_fail(err, SP_ERR_USAGE, "-O next wants an LBA, not \"%s\"",
			       option->value);
	mkiso->author.next = next;
	return 0;
}

static int mkiso_settle(struct mkiso *mkiso, struct ui *ui, const struct cli_args *args,
			struct sp_error *err)
{
	struct sp_author *author = &mkiso->author;

	*author = (struct sp_author){
		.folder = args->words ? args->word[0] : NULL,
		.no_rock_ridge = args->count[OPT_NO_ROCK_RIDGE],
		.no_joliet = args->count[OPT_NO_JOLIET],
		.hfsplus = args->count[OPT_HFSPLUS],
		.follow_links = args->count[OPT_FOLLOW_LINKS],
		.bios = args->text[OPT_BIOS],
		.efi = args->text[OPT_EFI],
		.mbr = args->text[OPT_MBR],
		.no_hybrid = args->count[OPT_NO_HYBRID],
		.checksum = args->number[OPT_CHECKSUM],
		.next = SP_LBA_NONE,
		.lossy = args->count[OPT_LOSSY],
		.notes = &ui->sink,
	};
	if (!args->text[OPT_OUTPUT])
		return sp_fail(err, SP_ERR_USAGE,
			       "mkiso wants -o OUT.iso (see: spindle mkiso --help)");
	if (!author->folder && !args->count[OPT_GRAFT])
		return sp_fail(err, SP_ERR_USAGE, "mkiso wants a folder, or files by --graft");
	int r = mkiso_lists(mkiso, args, err);
	for (size_t i = 0; !r && i < args->pairs; i++)
		r = mkiso_setting(mkiso, &args->pair[i], err);
	if (!r)
		r = sp_author_date(author, args->count[OPT_REPRODUCIBLE], err);
	author->id[SP_AUTHOR_VOLUME] = args->text[OPT_VOLUME_ID];
	/* the drive knows better than any rule; it is asked before it is read */
	if (!r && args->text[OPT_APPEND] && author->next == SP_LBA_NONE &&
	    sp_drive_is_name(args->text[OPT_APPEND]))
		r = sp_drive_next(&author->next, args->text[OPT_APPEND], &ui->sink, err);
	if (!r && args->text[OPT_APPEND]) {
		r = cli_open(&mkiso->append, ui, args, args->text[OPT_APPEND],
			     CLI_PLAIN | CLI_AGAIN, err);
		author->append = mkiso->append.source;
	}
	return r;
}

static void mkiso_made(struct ui *ui, const struct cli_args *args, const char *path,
		       const struct sp_hash *hash, uint64_t sectors)
{
	const bool plan = args->count[OPT_DRY_RUN];
	char size[UNITS_TEXT];

	if (ui->json) {
		struct json json = {.out = stdout};

		json_object(&json, NULL);
		json_u64(&json, "schema", 1);
		json_bool(&json, "dry_run", plan);
		json_string(&json, "dst", path);
		json_u64(&json, "sectors", sectors);
		json_u64(&json, "size", sectors * 2048);
		if (!plan)
			json_string(&json, "sha256", hash->hex[SP_DIGEST_SHA256]);
		json_bool(&json, "verified", !plan && args->count[OPT_VERIFY]);
		json_end_object(&json);
		return;
	}
	if (ui->quiet || !strcmp(path, "-"))
		return;
	fputs(plan ? "would make " : "made ", stdout);
	printable_put(stdout, path);
	printf(" (%s): %" PRIu64 " sectors%s\n", units_size(size, sectors * 2048), sectors,
	       !plan && args->count[OPT_VERIFY] ? ", verified: read back equal" : "");
	if (!plan)
		printf("sha256 %s\n", hash->hex[SP_DIGEST_SHA256]);
}

/* Read back, before it has its name: the digest of what was sent must come out again. */
static int mkiso_verify(struct ui *ui, struct sp_output *out, const struct sp_hash *sent,
			struct sp_error *err)
{
	struct sp_hashes *found = calloc(1, sizeof(*found));
	struct sp_source *view = NULL;
	struct sp_sink *sink = NULL;
	int r = found ? sp_output_view(out, &view, NULL, err) : sp_fail_memory(err);

	if (!r)
		r = sp_sink_hash(&sink, 1u << SP_DIGEST_SHA256, found, err);
	if (!r) {
		struct sp_copy copy = {.source = view, .sink = sink};

		r = cli_copy(ui, &copy, "comparing", err);
	}
	if (!r && strcmp(found->whole.hex[SP_DIGEST_SHA256], sent->hex[SP_DIGEST_SHA256]) != 0)
		r = sp_fail(err, SP_ERR_DIFFERS, "read back, the image differs; nothing was kept");
	sp_sink_close(sink);
	sp_source_close(view);
	free(found);
	return r;
}

static int mkiso_write(struct ui *ui, const struct cli_args *args, struct sp_source *source,
		       struct sp_hashes *hashes, struct sp_error *err)
{
	const struct sp_options options = {.notes = &ui->sink};
	struct sp_output out = {0};
	struct sp_sink *sinks[2] = {NULL}, *tee = NULL;

	int r = sp_output_create(&out, args->text[OPT_OUTPUT], "iso",
				 args->count[OPT_FORCE] ? SP_OUTSET_FORCE : 0, &options, err);
	if (!r)
		r = sp_output_room(&out, source->disc, err);
	if (!r)
		r = sp_sink_hash(&sinks[1], 1u << SP_DIGEST_SHA256, hashes, err);
	if (!r) {
		sinks[0] = out.sink;
		r = sp_sink_tee(&tee, sinks, 2, err);
	}
	if (!r) {
		struct sp_copy copy = {.source = source, .sink = tee};

		out.sink = sinks[1] = NULL; /* the tee's now */
		r = cli_copy(ui, &copy, "writing", err);
	}
	if (!r && args->count[OPT_VERIFY])
		r = mkiso_verify(ui, &out, &hashes->whole, err);
	if (!r)
		r = sp_output_commit(&out, err);
	sp_sink_close(tee);
	sp_sink_close(sinks[1]);
	sp_output_close(&out);
	return r;
}

static int mkiso_run(struct ui *ui, const struct cli_args *args)
{
	struct sp_hashes *hashes = calloc(1, sizeof(*hashes));
	struct mkiso mkiso = {0};
	struct sp_source *source = NULL;
	struct sp_error err;

	int r = hashes ? mkiso_settle(&mkiso, ui, args, &err) : sp_fail_memory(&err);
	if (!r)
		r = sp_author_open(&source, &mkiso.author, &err);
	const uint64_t sectors = r < 0 ? 0 : sp_disc_sectors(source->disc);
	if (!r)
		ui->medium = source->disc->medium;
	if (!r && !args->count[OPT_DRY_RUN])
		r = mkiso_write(ui, args, source, hashes, &err);
	const int code = r < 0 ? ui_fail(ui, &err) : 0;
	if (!r)
		mkiso_made(ui, args, args->text[OPT_OUTPUT], &hashes->whole, sectors);
	sp_source_close(source);
	mkiso_clear(&mkiso);
	free(hashes);
	return code;
}

const struct cli_command cli_mkiso = {
	.name = "mkiso",
	.summary = "Make an ISO 9660 image of a folder, bootable if asked",
	.usage = "[DIR]",
	.more = "The image has Rock Ridge and Joliet trees and files of any size. One that boots "
		"does so\n"
		"from a disc and from a USB disk, unless --no-hybrid. What a tree cannot hold is "
		"refused\n"
		"by name, unless --lossy. SOURCE_DATE_EPOCH makes it reproducible, as "
		"--reproducible does.",
	.example = "spindle mkiso photos -o photos.iso\n"
		   "spindle mkiso tree -o live.iso --bios isolinux/isolinux.bin --efi auto\n"
		   "spindle mkiso docs -o docs.iso --volume-id DOCS -x '*.o' -O publisher=ACME\n"
		   "spindle mkiso -o new.iso --graft boot/vmlinuz=/vmlinuz --graft etc=/etc",
	.least = 0,
	.most = 1,
	.option = (const unsigned char[]){OPT_OUTPUT,       OPT_VOLUME_ID,     OPT_SET,
					  OPT_EXCLUDE,      OPT_GRAFT,         OPT_SORT,
					  OPT_FOLLOW_LINKS, OPT_NO_ROCK_RIDGE, OPT_NO_JOLIET,
					  OPT_HFSPLUS,      OPT_BIOS,          OPT_EFI,
					  OPT_MBR,          OPT_NO_HYBRID,     OPT_CHECKSUM,
					  OPT_REPRODUCIBLE, OPT_APPEND,        OPT_DRY_RUN,
					  OPT_LOSSY,        OPT_FORCE,         OPT_VERIFY,
					  OPT_NONE},
	.setting = mkiso_settings,
	.run = mkiso_run,
};
