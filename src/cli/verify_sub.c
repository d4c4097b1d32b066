/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What spindle verify tells of the sub-channel. */
#include "cli/verify.h"

#include "report/units.h"

#include <inttypes.h>
#include <stdio.h>

enum { SUB_SHOWN = 8, SUB_Q_TEXT = 12 * 3 };

static const struct {
	const char *key, *text;
} sub_kind[SP_SUB_KINDS] = {
	[SP_SUB_CRC] = {"crc", "wrong CRC of Q"},
	[SP_SUB_DESYNC] = {"desync", "Q of another place"},
};

bool verify_sub_there(const struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->regions; i++)
		if (disc->region[i].stored && (disc->region[i].parts & (SP_PART_PW | SP_PART_Q)))
			return true;
	return false;
}

void verify_sub_count(struct sp_tally *tally, const struct sp_subscan *scan)
{
	const uint64_t bad = scan->count[SP_SUB_CRC] - scan->explained[SP_SUB_CRC];
	unsigned bit = 0;

	while (1u << bit != SP_STATE_Q)
		bit++;
	if (!bad || tally->state[bit])
		return;
	tally->state[bit] = bad;
	tally->first[bit] = scan->first[SP_SUB_CRC];
}

static const char *sub_q(char text[SUB_Q_TEXT], const uint8_t q[12])
{
	for (unsigned i = 0; i < 12; i++)
		snprintf(text + i * 3, SUB_Q_TEXT - i * 3, "%02x%s", q[i], i < 11 ? " " : "");
	return text;
}

static void sub_pattern_text(const struct sp_subscan *scan)
{
	const uint64_t sectors = scan->explained[SP_SUB_CRC] + scan->explained[SP_SUB_DESYNC];

	if (scan->pattern == SP_SUB_PATTERN_LIBCRYPT)
		printf("  %" PRIu64 " of these are marks of LibCrypt (key 0x%04x), no damage\n",
		       sectors, scan->key);
	else if (scan->pattern == SP_SUB_PATTERN_SECUROM)
		printf("  %" PRIu64 " of these are marks of SecuROM (scheme %u), no damage\n",
		       sectors, scan->scheme);
}

void verify_sub_text(const struct ui *ui, const struct sp_disc *disc, const struct sp_subscan *scan)
{
	char place[CLI_PLACE], q[SUB_Q_TEXT];
	size_t shown = 0;

	if (!scan->sectors)
		return;
	printf("  %" PRIu64 " sectors with sub-channel", scan->sectors);
	if (scan->blank)
		printf(", %" PRIu64 " without Q", scan->blank);
	for (unsigned i = 0; i < SP_SUB_KINDS; i++)
		if (scan->count[i])
			printf(", %" PRIu64 ": %s", scan->count[i], sub_kind[i].text);
	fputc('\n', stdout);
	sub_pattern_text(scan);
	for (; shown < scan->anomalies && (ui->verbose || shown < SUB_SHOWN); shown++) {
		const struct sp_sub_anomaly *a = &scan->anomaly[shown];

		printf("    %s: %s: %s%s%s%s\n", cli_place(place, disc, a->lba),
		       sub_kind[a->kind].text, sub_q(q, a->q), a->explained ? " (" : "",
		       a->explained ? sp_sub_pattern_name(scan->pattern) : "",
		       a->explained ? ")" : "");
	}
	if (shown < scan->anomalies)
		printf("    and more: --verbose lists them\n");
}

static void sub_codes_json(struct json *json, const struct sp_subscan *scan)
{
	json_string(json, "mcn", scan->mcn[0] ? scan->mcn : NULL);
	json_array(json, "isrc");
	for (unsigned i = 1; i <= SP_TRACK_MAX; i++) {
		if (!scan->isrc[i][0])
			continue;
		json_object(json, NULL);
		json_u64(json, "track", i);
		json_string(json, "isrc", scan->isrc[i]);
		json_end_object(json);
	}
	json_end_array(json);
}

void verify_sub_json(struct json *json, const struct sp_subscan *scan)
{
	char q[SUB_Q_TEXT];

	json_object(json, "subchannel");
	json_u64(json, "sectors", scan->sectors);
	json_u64(json, "blank", scan->blank);
	for (unsigned i = 0; i < SP_SUB_KINDS; i++) {
		json_object(json, sub_kind[i].key);
		json_u64(json, "count", scan->count[i]);
		json_u64(json, "explained", scan->explained[i]);
		json_end_object(json);
	}
	json_string(json, "pattern", sp_sub_pattern_name(scan->pattern));
	if (scan->pattern == SP_SUB_PATTERN_LIBCRYPT)
		json_u64(json, "key", scan->key);
	if (scan->pattern == SP_SUB_PATTERN_SECUROM)
		json_u64(json, "scheme", scan->scheme);
	sub_codes_json(json, scan);
	json_array(json, "anomalies");
	for (size_t i = 0; i < scan->anomalies; i++) {
		const struct sp_sub_anomaly *a = &scan->anomaly[i];

		json_object(json, NULL);
		json_i64(json, "lba", a->lba);
		json_string(json, "kind", sub_kind[a->kind].key);
		json_string(json, "q", sub_q(q, a->q));
		if (a->kind == SP_SUB_DESYNC && a->said != SP_LBA_NONE)
			json_i64(json, "says", a->said);
		json_bool(json, "explained", a->explained);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}
