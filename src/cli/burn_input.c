/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is burned: opened, or made of a folder or a disc, and read as a whole before the first
 * write.
 */
#include "cli/burn.h"
#include "cli/rip.h"

#include <spindle/tree.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INPUT_RETRIES = 3, INPUT_SUMS_MOST = 1 << 20 };

/* --- what the workers cannot open each for itself ------------------------------------------ */

/* A folder of ours for an image, and the name of that image in it. */
static int input_place(struct burn_input *input, const char *name, struct sp_error *err)
{
	const char *temporary = getenv("TMPDIR");

	if (!temporary || !*temporary)
		temporary = "/var/tmp"; /* a whole disc may be larger than memory */
	const size_t size = strlen(temporary) + 32;
	input->made = malloc(size);
	input->image = malloc(size + strlen(name) + 2);
	if (!input->made || !input->image)
		return sp_fail_memory(err);
	snprintf(input->made, size, "%s/spindle-burn.XXXXXX", temporary);
	if (!mkdtemp(input->made)) {
		const int r = sp_fail_errno(err, errno, "%s", input->made);

		free(input->made);
		input->made = NULL;
		return r;
	}
	snprintf(input->image, size + strlen(name) + 2, "%s/%s", input->made, name);
	return 0;
}

/* An image of a source that cannot be read twice. */
static int input_store(struct burn_input *input, struct ui *ui, struct sp_source *source,
		       const char *format, struct sp_error *err)
{
	const struct sp_options options = {.notes = &ui->sink};
	struct sp_output out = {0};
	int r = input->image ? 0 : input_place(input, "image", err);

	if (!r)
		r = sp_output_create(&out, input->image, format, 0, &options, err);
	if (!r) {
		struct sp_copy copy = {.source = source, .sink = out.sink};

		r = cli_copy(ui, &copy, "gathering", err);
	}
	if (r == SP_ERR_LOSSY)
		r = sp_fail(err, SP_ERR_UNSUPPORTED,
			    "%s: can be read only once; make an image of it first", input->path);
	if (!r)
		r = sp_output_commit(&out, err);
	sp_output_close(&out);
	return r;
}

static int input_folder(struct burn_input *input, struct ui *ui, struct sp_error *err)
{
	const struct sp_author author = {
		.folder = input->path, .next = SP_LBA_NONE, .notes = &ui->sink};
	struct sp_source *source = NULL;
	int r = sp_author_open(&source, &author, err);

	if (!r && sp_folder_is_sound(input->path))
		ui_note(ui, "%s: sound files, burned as files; --audio makes an audio CD of them",
			input->path);
	if (!r)
		r = input_store(input, ui, source, "iso", err);
	sp_source_close(source);
	return r;
}

static int input_disc(struct burn_input *input, struct ui *ui, struct sp_error *err)
{
	const struct sp_rip_setup setup = {.drive = input->path,
					   .retries = INPUT_RETRIES,
					   .notes = &ui->sink,
					   .progress = ui_progress,
					   .user = ui};
	struct sp_source *source = NULL;
	struct sp_rip *rip = NULL;
	int r = input_place(input, "image", err);
	char *store = r ? NULL : rip_store_name(input->image);

	if (!r && !store)
		r = sp_fail_memory(err);
	if (!r)
		r = sp_rip_open(&rip, &setup, err);
	if (!r)
		r = sp_rip_begin(rip, store, err);
	if (!r)
		r = sp_rip_run(rip, err);
	ui_clear(ui);
	if (!r && sp_rip_report(rip)->sectors[SP_RIP_UNREAD])
		r = sp_fail(err, SP_ERR_UNREADABLE,
			    "%s: not all of it could be read; rip it, and decide then",
			    input->path);
	/* without the sub-channel, which the drive that writes makes anew */
	if (!r)
		r = sp_rip_source(&source, rip, err);
	if (!r)
		r = input_store(input, ui, source, "store", err);
	sp_source_close(source);
	sp_rip_close(rip);
	if (store)
		sp_rip_discard(store, NULL);
	free(store);
	return r;
}

/* A folder that is no image itself: a work store or a sparse bundle has its descriptor. */
static bool input_is_folder(const char *path)
{
	static const char *const descriptor[] = {"disc.spindle", "Info.plist"};
	struct stat st;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return false;
	const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool plain = folder >= 0;
	for (size_t i = 0; plain && i < 2; i++)
		plain = fstatat(folder, descriptor[i], &st, 0) != 0;
	if (folder >= 0)
		close(folder);
	return plain;
}

static void input_remove(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(folder);
}

/* --- all of it, once ----------------------------------------------------------------------- */

/* One pass: its digests, its damage, its own checksums. */
static int input_read(struct burn_input *input, struct ui *ui, struct sp_error *err)
{
	struct sp_tally *tally = calloc(1, sizeof(*tally));
	struct sp_sink *sinks[2] = {NULL}, *tee = NULL;
	int r = tally ? sp_sink_hash(&sinks[0], 1u << SP_DIGEST_SHA256 | 1u << SP_DIGEST_MD5,
				     &input->hashes, err)
		      : sp_fail_memory(err);

	if (!r)
		r = sp_sink_check(&sinks[1], tally, NULL, NULL, err);
	if (!r)
		r = sp_sink_tee(&tee, sinks, 2, err);
	if (r < 0) {
		sp_sink_close(sinks[0]);
		sp_sink_close(sinks[1]);
		free(tally);
		return r;
	}
	struct sp_copy copy = {.source = input->in.source, .sink = tee, .lossy = true};
	r = cli_copy(ui, &copy, "checking", err);
	sp_sink_close(tee);
	const uint64_t unread = cli_seen(&copy.tally, SP_STATE_UNREAD, NULL);
	const uint64_t edc = cli_seen(tally, SP_STATE_EDC, NULL);
	if (!r && unread)
		ui_note(ui,
			"%llu sectors of the image could not be read when it was made: they are "
			"burned as they are",
			(unsigned long long)unread);
	if (!r && edc)
		ui_note(ui, "%llu sectors of the image have a wrong EDC", (unsigned long long)edc);
	free(tally);
	return r;
}

/* --- checksums beside the image ------------------------------------------------------------ */

/* "DIGEST  NAME" or "DIGEST *NAME" in a line: NULL, or the digest, ended. */
static char *input_line(char *line, const char *name)
{
	const size_t digits = strspn(line, "0123456789abcdefABCDEF");
	char *rest = line + digits;

	if (!digits)
		return NULL;
	while (*rest == ' ' || *rest == '*' || *rest == '\t')
		rest++;
	rest[strcspn(rest, "\r\n")] = '\0';
	if (*rest && strcmp(cli_base(rest), name) != 0)
		return NULL;
	line[digits] = '\0';
	return line;
}

/* A file of checksums, ended; NULL: there is none, or it is none that a person made. */
static char *input_text(const char *path)
{
	struct sp_io *io = NULL;
	char *text = NULL;
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size > INPUT_SUMS_MOST ||
	    sp_io_open_file(&io, path, NULL) < 0)
		return NULL;
	if (io->size <= INPUT_SUMS_MOST && (text = calloc(1, (size_t)io->size + 1)) &&
	    sp_io_read(io, 0, text, (size_t)io->size, NULL) < 0) {
		free(text);
		text = NULL;
	}
	sp_io_close(io);
	return text;
}

static int input_sum(struct burn_input *input, const char *path, unsigned digest,
		     struct sp_error *err)
{
	char *text = input_text(path);
	int r = 0;

	for (char *line = text, *next; !r && line && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		const char *hex = input_line(line, cli_base(input->in.path));
		if (!hex)
			continue;
		if (strcasecmp(hex, input->hashes.whole.hex[digest]) != 0)
			r = sp_fail(err, SP_ERR_FORMAT, "%s: %s is not what it says: %s is %s",
				    path, cli_base(input->in.path), sp_digest_name(digest),
				    input->hashes.whole.hex[digest]);
		else
			snprintf(input->sums, sizeof(input->sums), "%.200s", path);
	}
	free(text);
	return r;
}

/* Only a file that is its sectors and nothing else has the digest of its sectors. */
static int input_sums(struct burn_input *input, struct sp_error *err)
{
	static const struct {
		const char *name; /* "*": behind the image's own */
		unsigned digest;
	} known[] = {{"*.sha256", SP_DIGEST_SHA256},
		     {"*.md5", SP_DIGEST_MD5},
		     {"SHA256SUMS", SP_DIGEST_SHA256},
		     {"MD5SUMS", SP_DIGEST_MD5}};
	const char *path = input->in.path;
	struct stat st;
	int r = 0;

	if (strcmp(input->in.format->name, "iso") != 0 || stat(path, &st) ||
	    (uint64_t)st.st_size != input->hashes.whole.size)
		return 0;
	for (size_t i = 0; !r && i < sizeof(known) / sizeof(*known); i++) {
		const bool own = known[i].name[0] == '*';
		const int stem = own ? (int)strlen(path) : (int)(cli_base(path) - path);
		char beside[4096];

		const int n =
			snprintf(beside, sizeof(beside), "%.*s%s", stem, path, known[i].name + own);
		if (n > 0 && (size_t)n < sizeof(beside))
			r = input_sum(input, beside, known[i].digest, err);
	}
	return r;
}

int burn_input_sectors(struct sp_input *in, unsigned *padding, struct sp_error *err)
{
	struct sp_source *view;

	*padding = 0;
	if (in->source->disc->medium != SP_MEDIUM_BLOCK)
		return 0;
	const int r = sp_view_sectors(&view, in->source, padding, err);
	if (!r)
		in->source = view;
	return r;
}

int burn_input_open(struct burn_input *input, struct ui *ui, const struct cli_args *args,
		    struct sp_error *err)
{
	*input = (struct burn_input){.path = args->word[0]};
	unsigned padding = 0;
	int r = 0;

	if (sp_drive_is_name(input->path))
		r = input_disc(input, ui, err);
	else if (!args->count[OPT_AUDIO] && input_is_folder(input->path))
		r = input_folder(input, ui, err);
	if (!r)
		r = cli_open(&input->in, ui, args, input->image ? input->image : input->path,
			     input->image ? CLI_PLAIN : 0, err);
	if (!r && (input->in.source->caps & SP_SOURCE_ONCE)) {
		r = input_store(input, ui, input->in.source, "store", err);
		sp_input_close(&input->in);
		if (!r)
			r = cli_open(&input->in, ui, args, input->image, CLI_PLAIN, err);
	}
	if (!r)
		r = burn_input_sectors(&input->in, &padding, err);
	if (padding)
		ui_note(ui, "%u bytes of zeros fill up the last sector of 2048", padding);
	if (!r)
		r = input_read(input, ui, err);
	return r ? r : input_sums(input, err);
}

void burn_input_close(struct burn_input *input)
{
	sp_input_close(&input->in);
	if (input->made)
		input_remove(input->made);
	free(input->made);
	free(input->image);
	input->made = input->image = NULL;
}
