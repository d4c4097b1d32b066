/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle drives: which drives there are, what each can, and what is in it. */
#include "cli/cli.h"

#include "report/printable.h"
#include "report/units.h"

#include <spindle/drive.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const drives_state[] = {
	[SP_DRIVE_READY] = "ready", [SP_DRIVE_EMPTY] = "empty",           [SP_DRIVE_OPEN] = "open",
	[SP_DRIVE_BUSY] = "busy",   [SP_DRIVE_UNREADABLE] = "unreadable",
};
static const char *const drives_c2[] = {
	[SP_C2_NONE] = "none",
	[SP_C2_294] = "294",
	[SP_C2_296] = "296",
	[SP_C2_USELESS] = "useless",
};
static const char *const drives_sub[] = {
	[SP_SUB_NONE] = "none",
	[SP_SUB_RAW] = "raw",
	[SP_SUB_Q] = "q",
	[SP_SUB_USELESS] = "useless",
};
static const char *const drives_order[] = {
	[SP_ORDER_C2_SUB] = "c2-sub",
	[SP_ORDER_SUB_C2] = "sub-c2",
	[SP_ORDER_SUB_ONLY] = "sub-only",
};
static const char *const drives_protection[] = {
	[SP_PROTECTED_NOT] = "none",  [SP_PROTECTED_CSS] = "css",     [SP_PROTECTED_CPRM] = "cprm",
	[SP_PROTECTED_AACS] = "aacs", [SP_PROTECTED_OTHER] = "other",
};

/* "2 sessions, 13 tracks, 46:45:10" or "2295104 sectors, 4.7 GB" */
static void drives_disc(const struct sp_disc *disc)
{
	char text[UNITS_TEXT];
	size_t audio = 0;

	if (disc->medium != SP_MEDIUM_CD) {
		printf("%" PRIu64 " sectors, %s\n", disc->track[0].length,
		       units_size(text, disc->track[0].length * 2048));
		return;
	}
	for (size_t i = 0; i < disc->tracks; i++)
		audio += disc->track[i].mode == SP_MODE_AUDIO;
	if (disc->sessions > 1)
		printf("%zu sessions, ", disc->sessions);
	printf("%zu track%s (%zu audio), %s\n", disc->tracks, disc->tracks == 1 ? "" : "s", audio,
	       units_frames(text, (uint64_t)disc->session[disc->sessions - 1].lead_out));
}

static void drives_abilities(const struct sp_drive_abilities *able)
{
	static const char *const c2[] = {
		[SP_C2_NONE] = "no C2",
		[SP_C2_294] = "C2 (294 bytes)",
		[SP_C2_296] = "C2 (296 bytes)",
		[SP_C2_USELESS] = "C2 that reports errors where there are none (not used)",
	};
	static const char *const sub[] = {
		[SP_SUB_NONE] = "no sub-channel",
		[SP_SUB_RAW] = "sub-channel P-W",
		[SP_SUB_Q] = "sub-channel Q",
		[SP_SUB_USELESS] = "a sub-channel that is none (not used)",
	};

	printf("  Reads:   audio and data raw, %s, %s", c2[able->c2], sub[able->sub]);
	if (able->sub == SP_SUB_Q && able->q_hex)
		fputs(" in binary", stdout);
	if (able->sub == SP_SUB_Q && !able->q_crc)
		fputs(" without CRC", stdout);
	if (able->q_shift)
		printf(", Q %d sector%s %s", abs(able->q_shift), abs(able->q_shift) == 1 ? "" : "s",
		       able->q_shift > 0 ? "late" : "early");
	if (able->order == SP_ORDER_SUB_C2)
		fputs(", sub-channel before C2", stdout);
	else if (able->order == SP_ORDER_SUB_ONLY)
		fputs(", not both at once", stdout);
	fputs(able->data_as_audio ? ", data as audio" : "", stdout);
	putchar('\n');
	printf("           %u sectors of the lead-in, %u of the lead-out", able->lead_in,
	       able->lead_out);
	printf("; cache %s\n", able->flush == SP_FLUSH_FUA ? "flushed by FUA" : "not flushed");
	if (able->max_blocks)
		printf("           at most %" PRIu32 " sectors in a command\n", able->max_blocks);
}

static void drives_text(const char *name, const struct sp_drive_report *report)
{
	const struct sp_drive_identity *id = &report->identity;
	const char *medium = sp_profile_name(report->profile);

	printable_put(stdout, name);
	fputs(": ", stdout);
	printable_put(stdout, id->vendor);
	fputs(id->vendor[0] ? " " : "", stdout);
	printable_put(stdout, id->model);
	fputs(", firmware ", stdout);
	printable_put(stdout, id->firmware);
	if (id->serial[0]) {
		fputs(", serial ", stdout);
		printable_put(stdout, id->serial);
	}
	putchar('\n');
	if (report->able.speed_max)
		printf("  Speed:   %u kB/s at most, %u kB/s now\n", report->able.speed_max,
		       report->able.speed_now);
	printf("  Medium:  ");
	if (report->disc) {
		printf("%s, ", medium);
		drives_disc(report->disc);
	} else if (report->state == SP_DRIVE_OPEN) {
		puts("none, the tray is open");
	} else if (report->state == SP_DRIVE_EMPTY) {
		puts("none");
	} else {
		printf("%s\n", medium[0] ? medium : drives_state[report->state]);
	}
	if (report->trouble[0] && report->state != SP_DRIVE_OPEN &&
	    report->state != SP_DRIVE_EMPTY) {
		fputs("  Trouble: ", stdout);
		printable_put(stdout, report->trouble);
		putchar('\n');
	}
	if (report->able.probed && report->disc && report->disc->medium == SP_MEDIUM_CD)
		drives_abilities(&report->able);
}

static void drives_json_abilities(struct json *json, const struct sp_drive_abilities *able)
{
	json_object(json, "abilities");
	json_string(json, "c2", drives_c2[able->c2]);
	json_string(json, "sub_channel", drives_sub[able->sub]);
	json_string(json, "order", drives_order[able->order]);
	json_bool(json, "q_binary", able->q_hex);
	json_bool(json, "q_crc", able->q_crc);
	json_i64(json, "q_late", able->q_shift);
	json_bool(json, "data_as_audio", able->data_as_audio);
	json_u64(json, "max_sectors", able->max_blocks);
	json_u64(json, "lead_in", able->lead_in);
	json_u64(json, "lead_out", able->lead_out);
	json_string(json, "flush", able->flush == SP_FLUSH_FUA ? "fua" : "none");
	json_end_object(json);
}

static void drives_json(struct json *json, const char *name, const struct sp_drive_report *report)
{
	const struct sp_drive_identity *id = &report->identity;
	const char *medium = sp_profile_name(report->profile);

	json_object(json, NULL);
	json_string(json, "name", name);
	json_string(json, "vendor", id->vendor);
	json_string(json, "model", id->model);
	json_string(json, "firmware", id->firmware);
	json_string(json, "serial", id->serial[0] ? id->serial : NULL);
	json_string(json, "state", drives_state[report->state]);
	json_string(json, "medium", report->profile && medium[0] ? medium : NULL);
	json_string(json, "protection", drives_protection[report->protection]);
	json_string(json, "trouble", report->trouble[0] ? report->trouble : NULL);
	json_u64(json, "speed_max", report->able.speed_max);
	json_u64(json, "speed_now", report->able.speed_now);
	if (report->disc) {
		json_u64(json, "sessions", report->disc->sessions);
		json_u64(json, "tracks", report->disc->tracks);
		json_i64(json, "lead_out",
			 report->disc->session[report->disc->sessions - 1].lead_out);
	}
	if (report->able.probed && report->disc && report->disc->medium == SP_MEDIUM_CD)
		drives_json_abilities(json, &report->able);
	json_end_object(json);
}

/* One drive; the exit code. */
static int drives_one(struct ui *ui, struct json *json, const char *name)
{
	struct sp_drive_report report;
	struct sp_error err;

	const int r = sp_drive_look(&report, name, true, &ui->sink, &err);
	if (!r && ui->json)
		drives_json(json, name, &report);
	else if (!r)
		drives_text(name, &report);
	sp_drive_report_clear(&report);
	return r < 0 ? ui_fail(ui, &err) : 0;
}

static int drives_run(struct ui *ui, const struct cli_args *args)
{
	struct json json = {.out = stdout};
	char **found = args->words ? NULL : sp_drives_find();
	char *const *name = args->words ? args->word : found;
	int code = 0;

	if (!name)
		return ui_error(ui, SP_ERR_MEMORY, "no memory");
	if (ui->json) {
		json_object(&json, NULL);
		json_u64(&json, "schema", 1);
		json_array(&json, "drives");
	}
	if (!name[0] && !ui->json)
		puts("No drive found. One may be simulated: spindle drives sim:IMAGE");
	for (int i = 0; (args->words ? i < args->words : name[i] != NULL) && !ui_stopped(); i++) {
		const int one = drives_one(ui, &json, name[i]);
		code = code ? code : one;
	}
	if (ui->json) {
		json_end_array(&json);
		json_end_object(&json);
	}
	sp_drives_free(found);
	return code;
}

const struct cli_command cli_drives = {
	.name = "drives",
	.summary = "Show the drives, what each can, and what is in it",
	.usage = "[DRIVE]...",
	.example = "spindle drives\nspindle drives --json sim:disc.cue",
	.more = "A drive is a device file as /dev/sr0, or sim:IMAGE, a simulated one with that "
		"image "
		"in it.\nWhat it can is found by trying it out on the disc.",
	.least = 0,
	.most = 64,
	.option = (const unsigned char[]){OPT_NONE},
	.run = drives_run,
};
