/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle hash: digests of a disc and its tracks, in one pass; DATs of them. */
#include "cli/cli.h"

#include "cli/dat.h"
#include "report/printable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is asked for, from the options and words. */
struct hash_job {
	const char *src, *dat;
	bool print_dat;
	unsigned digests; /* 1 << SP_DIGEST_… */
};

static bool hash_is_dat(const char *word)
{
	const char *dot = strrchr(word, '.');

	return dot && (!strcasecmp(dot, ".dat") || !strcasecmp(dot, ".xml"));
}

static int hash_job(struct hash_job *job, const struct cli_args *args, struct sp_error *err)
{
	char *const *word = args->word;

	*job = (struct hash_job){
		.src = word[0],
		.dat = args->text[OPT_DAT],
		.digests = (1u << SP_DIGESTS) - 1,
	};
	if (args->words == 2) { /* --dat FILE, as two words */
		const bool wanted = args->count[OPT_DAT] && !job->dat;
		if (!wanted || (!hash_is_dat(word[0]) && !hash_is_dat(word[1])))
			return sp_fail(err, SP_ERR_USAGE,
				       "one image at a time (see: spindle hash --help)");
		job->dat = hash_is_dat(word[1]) ? word[1] : word[0];
		job->src = hash_is_dat(word[1]) ? word[0] : word[1];
	}
	job->print_dat = args->count[OPT_DAT] && !job->dat;
	if (!args->count[OPT_ALGORITHM])
		return 0;
	if (args->count[OPT_DAT])
		return sp_fail(err, SP_ERR_USAGE, "--dat has its own algorithms");
	return cli_digests(args->text[OPT_ALGORITHM], &job->digests, err);
}

static void hash_text_one(const struct sp_hash *hash)
{
	if (hash->track)
		printf("track %u", hash->track);
	else
		printf("whole");
	printf(" (%" PRIu64 " bytes)\n", hash->size);
	for (unsigned i = 0; i < SP_DIGESTS; i++)
		if (hash->hex[i][0])
			printf("  %-6s  %s\n", sp_digest_name(i), hash->hex[i]);
}

static void hash_json_keys(struct json *json, const struct sp_hash *hash)
{
	json_u64(json, "size", hash->size);
	for (unsigned i = 0; i < SP_DIGESTS; i++)
		if (hash->hex[i][0])
			json_string(json, sp_digest_name(i), hash->hex[i]);
}

static void hash_json(const struct sp_input *in, const struct sp_hashes *hashes,
		      const struct hash_job *job, const struct dat_match *match)
{
	struct json json = {.out = stdout};

	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_string(&json, "path", in->path);
	json_string(&json, "format", in->format->name);
	json_object(&json, "whole");
	hash_json_keys(&json, &hashes->whole);
	json_end_object(&json);
	json_array(&json, "tracks");
	for (size_t i = 0; i < hashes->tracks; i++) {
		json_object(&json, NULL);
		json_u64(&json, "number", hashes->track[i].track);
		hash_json_keys(&json, &hashes->track[i]);
		json_end_object(&json);
	}
	json_end_array(&json);
	if (job->dat)
		dat_match_json(&json, job->dat, hashes, match);
	json_end_object(&json);
}

/* One track of sectors without framing: an .iso. */
static bool hash_is_plain(const struct sp_disc *disc)
{
	if (disc->tracks != 1 || !disc->regions)
		return false;
	return (disc->region[disc->regions - 1].parts & SP_PART_MAIN) == SP_PART_USER;
}

static int hash_print(struct ui *ui, const struct hash_job *job, const struct sp_input *in,
		      const struct sp_hashes *hashes, const struct dat_match *match)
{
	if (ui->json) {
		hash_json(in, hashes, job, match);
	} else if (job->dat) {
		dat_match_text(stdout, in->path, job->dat, hashes, match);
	} else if (job->print_dat) {
		dat_print(stdout, in->path, hashes, hash_is_plain(in->source->disc));
	} else {
		hash_text_one(&hashes->whole);
		for (size_t i = 0; hashes->tracks > 1 && i < hashes->tracks; i++)
			hash_text_one(&hashes->track[i]);
	}
	return job->dat && !match->games ? sp_status_exit(SP_ERR_DIFFERS) : 0;
}

static int hash_run(struct ui *ui, const struct cli_args *args)
{
	struct sp_hashes *hashes = calloc(1, sizeof(*hashes));
	struct dat_match *match = calloc(1, sizeof(*match));
	struct sp_input in = {0};
	struct sp_sink *sink = NULL;
	struct hash_job job;
	struct sp_error err;
	int code = 0;

	int r = hashes && match ? hash_job(&job, args, &err) : sp_fail_memory(&err);
	if (!r)
		r = cli_open(&in, ui, args, job.src, 0, &err);
	if (!r)
		r = sp_sink_hash(&sink, job.digests, hashes, &err);
	struct sp_copy copy = {.source = in.source, .sink = sink};
	if (!r)
		r = cli_copy(ui, &copy, "hashing", &err);
	if (!r && job.dat)
		r = dat_find(match, job.dat, hashes, &err);
	if (r < 0)
		code = ui_fail(ui, &err);
	else
		code = hash_print(ui, &job, &in, hashes, match);
	const uint64_t unread = r < 0 ? 0 : cli_seen(&copy.tally, SP_STATE_UNREAD, NULL);
	if (unread) {
		ui_note(ui, "%" PRIu64 " sectors could not be read: their filler was hashed",
			unread);
		code = code ? code : sp_status_exit(SP_ERR_UNREADABLE);
	}
	sp_sink_close(sink);
	sp_input_close(&in);
	free(match);
	free(hashes);
	return code;
}

const struct cli_command cli_hash = {
	.name = "hash",
	.summary = "Print digests of a disc and of each track, in one pass",
	.usage = "SRC",
	.more = "Digests are over the sectors as stored, 2352 or 2048 bytes each; a track begins "
		"at its\n"
		"index 00, as the file of one track does. With --dat FILE, exit code 1 says that "
		"no\n"
		"game of it is this disc.",
	.example = "spindle hash disc.cue\nspindle hash --dat=games.dat disc.cue",
	.least = 1,
	.most = 2,
	.option = (const unsigned char[]){OPT_ALGORITHM, OPT_DAT, OPT_TRACK, OPT_SESSION,
					  OPT_PARTITION, OPT_FROM, OPT_PASSWORD, OPT_SET, OPT_NONE},
	.run = hash_run,
};
