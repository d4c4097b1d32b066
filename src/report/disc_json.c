/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc printed as JSON. */
#include "report/disc.h"

#include <string.h>

static const char *json_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

/* The texts of one track (0: the disc) as keys of the object that is open. */
static void json_texts(struct json *json, const struct sp_disc *disc, unsigned block,
		       unsigned track)
{
	for (size_t i = 0; i < disc->texts; i++) {
		const struct sp_text *text = &disc->text[i];
		const char *name = report_text_name(text->type);
		if (text->track == track && text->block == block && name &&
		    text->type != SP_TEXT_REMARK)
			json_string(json, name, text->text);
	}
}

static void json_remarks(struct json *json, const struct sp_disc *disc, unsigned track)
{
	json_array(json, "remarks");
	for (size_t i = 0; i < disc->texts; i++)
		if (disc->text[i].track == track && disc->text[i].type == SP_TEXT_REMARK)
			json_string(json, NULL, disc->text[i].text);
	json_end_array(json);
}

/* A block that has texts or says something of itself; tracks without text are left out. */
static void json_block(struct json *json, const struct sp_disc *disc, unsigned number)
{
	const struct sp_text_block *block = &disc->block[number];
	bool has[SP_TRACK_MAX + 1] = {false};
	bool any = block->language || block->charset || block->genre;

	for (size_t i = 0; i < disc->texts; i++)
		if (disc->text[i].block == number && disc->text[i].type != SP_TEXT_REMARK)
			any = has[disc->text[i].track] = true;
	if (!any)
		return;
	json_object(json, NULL);
	json_u64(json, "number", number);
	json_string(json, "language", sp_text_language_name(block->language));
	json_u64(json, "language_code", block->language);
	json_string(json, "charset", sp_text_charset_name(block->charset));
	json_u64(json, "genre_code", block->genre);
	json_texts(json, disc, number, 0);
	json_array(json, "tracks");
	for (unsigned track = 1; track <= SP_TRACK_MAX; track++) {
		if (!has[track])
			continue;
		json_object(json, NULL);
		json_u64(json, "number", track);
		json_texts(json, disc, number, track);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}

static void json_cdtext(struct json *json, const struct sp_disc *disc)
{
	bool any = disc->cdtext_size != 0;

	for (size_t i = 0; i < disc->texts; i++)
		any = any || disc->text[i].type != SP_TEXT_REMARK;
	if (!any) {
		json_null(json, "cdtext");
		return;
	}
	json_object(json, "cdtext");
	json_u64(json, "packs", disc->cdtext_size / 18);
	json_texts(json, disc, 0, 0);
	json_array(json, "blocks");
	for (unsigned i = 0; i < SP_TEXT_BLOCKS; i++)
		json_block(json, disc, i);
	json_end_array(json);
	json_end_object(json);
}

static void json_track(struct json *json, const struct sp_disc *disc, const struct sp_track *track)
{
	const char *word[3];
	const size_t words = report_flags(track, word);

	json_object(json, NULL);
	json_u64(json, "number", track->number);
	json_string(json, "mode", sp_mode_name(track->mode));
	json_i64(json, "start", track->start);
	json_u64(json, "length", track->length);
	json_u64(json, "pregap", report_pregap(track));
	json_array(json, "indexes");
	for (unsigned i = 0; i <= SP_INDEX_MAX; i++) {
		if (track->index[i] == SP_LBA_NONE)
			continue;
		json_object(json, NULL);
		json_u64(json, "number", i);
		json_i64(json, "lba", track->index[i]);
		json_end_object(json);
	}
	json_end_array(json);
	json_array(json, "flags");
	for (size_t i = 0; i < words; i++)
		json_string(json, NULL, word[i]);
	json_end_array(json);
	json_string(json, "isrc", json_or_null(track->isrc));
	json_texts(json, disc, 0, track->number);
	json_remarks(json, disc, track->number);
	json_end_object(json);
}

static void json_sessions(struct json *json, const struct sp_disc *disc)
{
	json_array(json, "sessions");
	for (size_t i = 0; i < disc->sessions; i++) {
		const struct sp_session *session = &disc->session[i];
		json_object(json, NULL);
		json_u64(json, "number", session->number);
		json_u64(json, "type", session->type);
		json_i64(json, "lead_out", session->lead_out);
		json_array(json, "tracks");
		for (size_t t = 0; t < disc->tracks; t++)
			if (disc->track[t].session == session->number)
				json_track(json, disc, &disc->track[t]);
		json_end_array(json);
		json_end_object(json);
	}
	json_end_array(json);
}

static void json_ids(struct json *json, const struct sp_disc *disc)
{
	static const struct {
		const char *name;
		bool (*id)(const struct sp_disc *disc, char *id);
	} kind[] = {
		{"cddb", sp_disc_id_cddb},
		{"musicbrainz", sp_disc_id_musicbrainz},
		{"accuraterip", sp_disc_id_accuraterip},
	};
	char id[32];

	json_object(json, "ids");
	for (size_t i = 0; i < sizeof(kind) / sizeof(*kind); i++)
		json_string(json, kind[i].name, kind[i].id(disc, id) ? id : NULL);
	json_end_object(json);
}

static void json_regions(struct json *json, const struct sp_disc *disc)
{
	json_array(json, "regions");
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *region = &disc->region[i];
		json_object(json, NULL);
		json_i64(json, "lba", region->lba);
		json_u64(json, "count", region->count);
		json_u64(json, "session", region->session);
		json_u64(json, "track", region->track);
		json_string(json, "kind", sp_region_kind_name(region->kind));
		json_string(json, "mode", sp_mode_name(region->mode));
		json_u64(json, "bytes",
			 region->stored ? sp_sector_size(region->mode, region->parts) : 0);
		json_bool(json, "stored", region->stored);
		json_end_object(json);
	}
	json_end_array(json);
}

static void json_wrappings(struct json *json, const struct sp_wrappings *wrappings)
{
	if (!wrappings || !wrappings->count)
		return;
	json_array(json, "wrapped");
	for (size_t i = 0; i < wrappings->count; i++) {
		json_object(json, NULL);
		json_string(json, "format", wrappings->wrapping[i].format->name);
		json_string(json, "text", wrappings->wrapping[i].text);
		json_end_object(json);
	}
	json_end_array(json);
}

void report_disc_json(struct json *json, const struct report_disc *report)
{
	const struct sp_disc *disc = report->disc;

	json_object(json, NULL);
	json_u64(json, "schema", 1);
	json_string(json, "path", report->path);
	json_string(json, "format", report->format->name);
	json_wrappings(json, report->wrappings);
	json_string(json, "medium", sp_medium_name(disc->medium));
	json_u64(json, "sectors", sp_disc_sectors(disc));
	json_u64(json, "stored", sp_disc_stored(disc));
	json_u64(json, "missing", report->missing);
	if (report->missing)
		report_where_json(json, report->where);
	json_string(json, "mcn", json_or_null(disc->mcn));
	json_cdtext(json, disc);
	json_remarks(json, disc, 0);
	json_sessions(json, disc);
	json_ids(json, disc);
	if (disc->layer_break != SP_LBA_NONE)
		json_i64(json, "layer_break", disc->layer_break);
	if (report->container)
		facts_json(json, "container", report->container);
	if (report->kinds)
		facts_json_list(json, "kinds", report->kinds);
	if (report->volume) {
		json_array(json, "volumes");
		for (size_t i = 0; i < report->volumes; i++)
			facts_json(json, NULL, &report->volume[i]);
		json_end_array(json);
	}
	if (report->checksums)
		facts_json_list(json, "checksums", report->checksums);
	if (report->partitions)
		facts_json(json, "partition_table", report->partitions);
	if (report->boot)
		facts_json(json, "boot", report->boot);
	json_array(json, "notes");
	for (size_t i = 0; i < report->notes; i++)
		json_string(json, NULL, report->note[i]);
	json_end_array(json);
	if (report->regions)
		json_regions(json, disc);
	json_end_object(json);
}
