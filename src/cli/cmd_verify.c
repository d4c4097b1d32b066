/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle verify: what an image says of itself, or whether two are the same. */
#include "cli/cli.h"

#include "cli/repairs.h"
#include "cli/verify.h"
#include "cli/where.h"
#include "report/printable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What is wrong with sectors, as they came or as they were found to be. */
static const struct {
	unsigned state;
	const char *name, *text;
} verify_damage[] = {
	{SP_STATE_EDC, "edc", "wrong EDC"},
	{SP_STATE_ECC, "ecc", "wrong P/Q parity"},
	{SP_STATE_HEADER, "header", "sync, address or mode not those of the place"},
	{SP_STATE_C2, "c2", "C2 errors when read"},
	{SP_STATE_Q, "q", "wrong CRC of Q"},
	{SP_STATE_UNREAD, "unread", "never read"},
	{SP_STATE_PADDED, "padded", "cut short in the file"},
};
enum {
	VERIFY_DAMAGES = sizeof(verify_damage) / sizeof(*verify_damage),
	VERIFY_SHOWN = 8,
	VERIFY_FILES = 20
};

static uint64_t verify_bad(const struct sp_tally *tally)
{
	uint64_t bad = 0;

	for (size_t i = 0; i < VERIFY_DAMAGES; i++)
		bad += cli_seen(tally, verify_damage[i].state, NULL);
	return bad;
}

/* What came out of one image. */
struct verified {
	struct sp_tally tally;
	struct sp_repairs repairs;
	struct sp_runs damaged;
	struct sp_where where; /* of the damaged sectors … */
	bool located;          /* … that could be told */
	struct sp_subscan scan;
	struct proofs proofs;
	struct sp_checksums sums;
	bool whole;
};

static void verify_json(const struct sp_input *in, const struct verified *v)
{
	const struct sp_tally *tally = &v->tally;
	struct json json = {.out = stdout};
	sp_lba first;

	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_string(&json, "path", in->path);
	json_string(&json, "format", in->format->name);
	json_bool(&json, "whole", v->whole);
	json_u64(&json, "sectors", tally->sectors);
	json_object(&json, "bad");
	for (size_t i = 0; i < VERIFY_DAMAGES; i++) {
		const uint64_t seen = cli_seen(tally, verify_damage[i].state, &first);
		json_object(&json, verify_damage[i].name);
		json_u64(&json, "count", seen);
		if (seen)
			json_i64(&json, "first", first);
		else
			json_null(&json, "first");
		json_end_object(&json);
	}
	json_end_object(&json);
	if (v->damaged.count)
		report_where_json(&json, v->located ? &v->where : NULL);
	repairs_json(&json, "correctable", &v->repairs);
	if (v->scan.sectors)
		verify_sub_json(&json, &v->scan);
	proofs_json(&json, "proofs", &v->proofs);
	json_end_object(&json);
}

static void verify_correctable(const struct ui *ui, const struct sp_disc *disc,
			       const struct sp_repairs *repairs)
{
	static const struct {
		unsigned verdict;
		const char *text;
	} kind[] = {
		{SP_REPAIR_CORRECTABLE, "can be corrected by the parity (convert -O repair)"},
		{SP_REPAIR_PARITY, "good data, only the parity is wrong (convert -O repair)"},
		{SP_REPAIR_BEYOND, "damaged beyond correction"},
	};
	char text[REPAIRS_LIST];

	for (size_t i = 0; i < sizeof(kind) / sizeof(*kind); i++) {
		const uint64_t seen = repairs->sectors[kind[i].verdict];

		if (seen)
			printf("  %" PRIu64 " sector%s: %s: %s\n", seen, seen == 1 ? "" : "s",
			       kind[i].text,
			       repairs_list(text, disc, &repairs->runs, kind[i].verdict,
					    ui->verbose ? SIZE_MAX : VERIFY_SHOWN));
	}
}

static void verify_text(const struct ui *ui, const struct sp_input *in, const struct verified *v)
{
	const struct sp_disc *disc = in->source->disc;
	char place[CLI_PLACE];
	sp_lba first;

	printable_put(stdout, in->path);
	printf(": %s: %" PRIu64 " sectors looked at\n", v->whole ? "whole" : "damaged",
	       v->tally.sectors);
	for (size_t i = 0; i < VERIFY_DAMAGES; i++) {
		const uint64_t seen = cli_seen(&v->tally, verify_damage[i].state, &first);
		if (seen)
			printf("  %" PRIu64 " sector%s: %s; the first is %s\n", seen,
			       seen == 1 ? "" : "s", verify_damage[i].text,
			       cli_place(place, disc, first));
	}
	where_text(disc, &v->where, ui->verbose ? SIZE_MAX : VERIFY_FILES);
	verify_correctable(ui, disc, &v->repairs);
	verify_sub_text(ui, disc, &v->scan);
	proofs_text(stdout, &v->proofs);
}

/* One pass for the main channel and, where there is one, the sub-channel. */
static int verify_sinks(struct sp_sink **out, const struct sp_disc *disc, struct verified *v,
			struct sp_error *err)
{
	struct sp_sink *sink[3] = {NULL, NULL, NULL};
	size_t sinks = 1;
	int r = sp_sink_check(&sink[0], &v->tally, &v->repairs, &v->damaged, err);

	if (!r && verify_sub_there(disc))
		r = sp_sink_subscan(&sink[sinks++], &v->scan, err);
	if (!r && v->sums.count)
		r = sp_sink_checksums(&sink[sinks++], &v->sums, err);
	if (!r && sinks == 1)
		*out = sink[0];
	else if (!r)
		r = sp_sink_tee(out, sink, sinks, err);
	for (size_t i = 0; i < sinks && r < 0; i++)
		sp_sink_close(sink[i]);
	return r;
}

/* Checksums that volumes have of themselves; what cannot be read in any order is not asked. */
static int verify_sums(struct verified *v, struct sp_source *src, struct sp_error *err)
{
	struct sp_inside *inside;

	if (src->caps & (SP_SOURCE_ONCE | SP_SOURCE_SLOW))
		return 0;
	int r = sp_inside_open(&inside, src, NULL, err);
	if (r < 0)
		return r;
	r = sp_checksums_find(&v->sums, inside, err);
	sp_inside_close(inside);
	return r;
}

static int verify_look(struct ui *ui, struct sp_input *in, struct verified *v, struct sp_error *err)
{
	struct sp_source *source = NULL;
	struct sp_sink *sink = NULL;
	int r = verify_sums(v, in->source, err);

	if (!r)
		r = proofs_watch(&source, in->source, &v->proofs, err);
	if (!r)
		r = verify_sinks(&sink, in->source->disc, v, err);
	if (!r) {
		struct sp_copy copy = {.source = source, .sink = sink};
		r = cli_copy(ui, &copy, "checking", err);
	}
	sp_sink_close(sink);
	sp_source_close(source);
	if (!r)
		r = proofs_checksums(&v->proofs, &v->sums, err);
	/* a checksum that is wrong is the result asked for, not a failure to get one */
	return r == SP_ERR_FORMAT && v->proofs.wrong ? 0 : r;
}

static int verify_alone(struct ui *ui, struct sp_input *in)
{
	struct verified *v = calloc(1, sizeof(*v));
	struct sp_error err;
	int code = 0;
	const int r = v ? verify_look(ui, in, v, &err) : sp_fail_memory(&err);

	if (r < 0) {
		code = ui_fail(ui, &err);
	} else {
		verify_sub_count(&v->tally, &v->scan);
		v->whole = !verify_bad(&v->tally) && !v->proofs.wrong;
		v->located = where_look_in(&v->where, ui, in, &v->damaged);
		if (ui->json)
			verify_json(in, v);
		else if (!ui->quiet)
			verify_text(ui, in, v);
		code = v->whole ? 0 : sp_status_exit(SP_ERR_DIFFERS);
	}
	if (v) {
		proofs_free(&v->proofs);
		sp_runs_free(&v->repairs.runs);
		sp_runs_free(&v->damaged);
		sp_where_clear(&v->where);
	}
	free(v);
	return code;
}

static int verify_run(struct ui *ui, const struct cli_args *args)
{
	struct sp_input in = {0}, ref = {0};
	struct sp_error err;
	int code;

	int r = cli_open(&in, ui, args, args->word[0], 0, &err);
	if (!r && args->words > 1)
		r = cli_open(&ref, ui, args, args->word[1], CLI_AGAIN | CLI_PLAIN, &err);
	if (r < 0)
		code = ui_fail(ui, &err);
	else if (args->words > 1)
		code = verify_against(ui, &in, &ref);
	else
		code = verify_alone(ui, &in);
	sp_input_close(&ref);
	sp_input_close(&in);
	return code;
}

const struct cli_command cli_verify = {
	.name = "verify",
	.summary = "Check an image's own checksums, or compare two images sector for sector",
	.usage = "SRC [REF]",
	.more = "Alone: EDC, P/Q parity and headers of every sector that has them, and the "
		"checksums\n"
		"of the container and of its volume (isomd5sum, libisofs); the CRC and place of "
		"every Q, and whether its faults are the "
		"marks\n"
		"of a copy protection; and which damage the parity could correct. With REF: layout "
		"and "
		"sectors, in the parts both images store. What is damaged or differs is told by "
		"the "
		"file it is part of.\n"
		"Exit code 0: whole, or the same; 1: damaged, or different.",
	.example = "spindle verify disc.cue\nspindle verify disc.cue disc.iso",
	.least = 1,
	.most = 2,
	.option = (const unsigned char[]){OPT_TRACK, OPT_SESSION, OPT_PARTITION, OPT_FROM,
					  OPT_PASSWORD, OPT_SET, OPT_NONE},
	.run = verify_run,
};
