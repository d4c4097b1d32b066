/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a burn came to, for a person and for a program. */
#include "cli/burn.h"

#include "report/printable.h"
#include "report/units.h"

#include <inttypes.h>
#include <string.h>

static const char *const report_written[] = {"nothing", "whole", "part", "damaged", "test"};
static const char *const report_mode[] = {"auto", "tao", "sao", "raw"};
static const char *const report_writer[] = {"libburn", "own"};

static void report_drive_json(struct json *json, const struct burn_result *w)
{
	const struct sp_burn_report *r = &w->report;

	json_object(json, NULL);
	json_string(json, "drive", w->drive);
	if (w->copy)
		json_u64(json, "copy", w->copy);
	else
		json_null(json, "copy");
	json_string(json, "vendor", r->target.identity.vendor);
	json_string(json, "model", r->target.identity.model);
	json_string(json, "firmware", r->target.identity.firmware);
	json_string(json, "medium", sp_profile_name(r->target.profile));
	json_string(json, "state_before", sp_burn_state_name(r->target.state));
	json_u64(json, "free", r->target.free);
	json_string(json, "writer", report_writer[r->plan.writer % 2]);
	json_string(json, "mode", report_mode[r->plan.mode % 4]);
	json_u64(json, "planned", r->plan.sectors);
	if (r->plan.speed)
		json_u64(json, "speed", r->plan.speed);
	else
		json_null(json, "speed");
	if (r->plan.layer_break)
		json_i64(json, "layer_break", r->plan.layer_break);
	else
		json_null(json, "layer_break");
	json_string(json, "written", report_written[r->written % 5]);
	json_string(json, "state", sp_burn_state_name(r->state));
	json_u64(json, "sectors", r->sectors);
	json_u64(json, "seconds", r->seconds);
	if (r->sha256[0])
		json_string(json, "sha256", r->sha256);
	else
		json_null(json, "sha256");
	json_bool(json, "verified", r->verified && !r->differs);
	json_u64(json, "compared", r->compared);
	json_u64(json, "different", r->different);
	json_u64(json, "unread", r->unread);
	json_i64(json, "offset", r->offset);
	if (r->difference[0])
		json_string(json, "difference", r->difference);
	else
		json_null(json, "difference");
	json_i64(json, "exit", sp_status_exit(w->status));
	if (w->status)
		json_string(json, "error", w->text);
	else
		json_null(json, "error");
	json_end_object(json);
}

void burn_report_json(const struct burn_input *input, const struct burn_result *result,
		      size_t results, const struct burn_count *count, bool plan)
{
	struct json json = {.out = stdout};

	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_bool(&json, "dry_run", plan);
	json_string(&json, "src", input->path);
	json_u64(&json, "sectors", sp_disc_stored(input->in.source->disc));
	json_string(&json, "sha256", input->hashes.whole.hex[SP_DIGEST_SHA256]);
	if (input->sums[0])
		json_string(&json, "checksums", input->sums);
	else
		json_null(&json, "checksums");
	json_u64(&json, "copies", count->wanted);
	json_u64(&json, "good", count->good);
	json_array(&json, "drives");
	for (size_t i = 0; i < results; i++)
		report_drive_json(&json, &result[i]);
	json_end_array(&json);
	json_end_object(&json);
}

void burn_report_text(struct ui *ui, const struct burn_input *input, const struct burn_result *w,
		      bool plan)
{
	const struct sp_burn_report *r = &w->report;
	char size[UNITS_TEXT];
	const uint64_t bytes = input->hashes.whole.size;

	if (ui->quiet || w->status)
		return;
	if (w->copy)
		printf("copy %u of %u: ", w->copy, w->copies);
	fputs(plan                            ? "would burn "
	      : r->written == SP_WRITTEN_TEST ? "simulated "
					      : "burned ",
	      stdout);
	printable_put(stdout, cli_base(input->path));
	fputs(" to ", stdout);
	printable_put(stdout, w->drive);
	printf(" (%s, %s %s): %" PRIu64 " sectors, %s%s\n", sp_profile_name(r->target.profile),
	       r->target.identity.vendor, r->target.identity.model, r->plan.sectors,
	       units_size(size, bytes),
	       plan                            ? ""
	       : r->verified && !r->differs    ? "; verified: every sector read back equal"
	       : r->written == SP_WRITTEN_TEST ? "; nothing was written"
					       : "; not verified");
	if (plan) {
		printf("medium: %s, %" PRIu64 " sectors free; writer: %s\n",
		       sp_burn_state_name(r->target.state), r->target.free,
		       report_writer[r->plan.writer % 2]);
		if (r->plan.sectors > r->target.free)
			printf("%" PRIu64 " sectors more than it says it holds\n",
			       r->plan.sectors - r->target.free);
		if (r->plan.speed)
			printf("speed: %.2gx, %u kB/s\n",
			       units_speed(r->target.medium, r->plan.speed * 1e3 / 2352,
					   r->plan.speed * 1e3),
			       r->plan.speed);
		if (r->plan.layer_break)
			printf("second layer: from LBA %lld on\n", (long long)r->plan.layer_break);
		return;
	}
	if (r->offset)
		printf("audio came back shifted by %+d samples, as the offsets of a drive do\n",
		       r->offset);
	if (r->sha256[0])
		printf("sha256 %s\n", r->sha256);
}
