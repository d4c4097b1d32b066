/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of a rip for programs: the same facts as the text. */
#include "report/rip.h"

#include "report/disc.h"

#include <stdlib.h>

static void rip_hex(struct json *json, const char *key, const uint8_t *data, size_t size)
{
	char *text = data && size ? malloc(size * 2 + 1) : NULL;

	for (size_t i = 0; text && i < size; i++)
		snprintf(text + i * 2, 3, "%02x", data[i]);
	if (text)
		json_string(json, key, text);
	free(text);
}

static void rip_word(struct json *json, const char *key, uint32_t value)
{
	char text[9];

	snprintf(text, sizeof(text), "%08x", value);
	json_string(json, key, text);
}

static void rip_drive(struct json *json, const struct report_rip *r)
{
	static const char *const c2[] = {"none", "294", "296", "useless"};
	static const char *const sub[] = {"none", "pw", "q", "useless"};

	json_object(json, "drive");
	json_string(json, "vendor", r->rip->drive.vendor);
	json_string(json, "model", r->rip->drive.model);
	json_string(json, "firmware", r->rip->drive.firmware);
	json_string(json, "c2", r->rip->able.c2 < 4 ? c2[r->rip->able.c2] : NULL);
	json_string(json, "sub", r->rip->able.sub < 4 ? sub[r->rip->able.sub] : NULL);
	json_i64(json, "offset", r->rip->offset);
	json_end_object(json);
}

static void rip_ids(struct json *json, const struct sp_disc *disc)
{
	char id[32];

	json_object(json, "ids");
	if (sp_disc_id_cddb(disc, id))
		json_string(json, "freedb", id);
	if (sp_disc_id_musicbrainz(disc, id))
		json_string(json, "musicbrainz", id);
	if (sp_disc_id_accuraterip(disc, id))
		json_string(json, "accuraterip", id);
	if (sp_disc_id_ctdb(disc, id))
		json_string(json, "ctdb", id);
	json_end_object(json);
}

static void rip_hashes(struct json *json, const struct sp_hash *hash)
{
	for (unsigned i = 0; i < SP_DIGESTS; i++)
		if (hash->hex[i][0])
			json_string(json, sp_digest_name(i), hash->hex[i]);
}

static void rip_verdict(struct json *json, const struct sp_ar_verdict *v)
{
	json_object(json, "response");
	json_u64(json, "confidence", v->confidence);
	json_u64(json, "version", v->version);
	json_u64(json, "other_confidence", v->other);
	json_i64(json, "other_offset", v->offset);
	json_u64(json, "most", v->most);
	json_end_object(json);
}

static void rip_music(struct json *json, const struct report_rip *r, unsigned number)
{
	for (size_t i = 0; i < r->ar->tracks; i++) {
		const struct sp_ar_track *t = &r->ar->track[i];

		if (t->number != number)
			continue;
		json_object(json, "music");
		rip_word(json, "eac_crc", t->crc32);
		rip_word(json, "accuraterip_v1", t->v1);
		rip_word(json, "accuraterip_v2", t->v2);
		rip_word(json, "accuraterip_450", t->frame450);
		rip_word(json, "ctdb", t->ctdb);
		json_bool(json, "silent", t->silent);
		if (r->response && r->verdict)
			rip_verdict(json, &r->verdict[i]);
		json_end_object(json);
	}
}

static void rip_track(struct json *json, const struct report_rip *r, const struct sp_track *t)
{
	const struct sp_rip_q_track *q = &r->rip->q.track[t->number];
	const char *flag[3];

	json_object(json, NULL);
	json_u64(json, "number", t->number);
	json_u64(json, "session", t->session);
	json_string(json, "mode", sp_mode_name(t->mode));
	json_i64(json, "start", t->start);
	json_u64(json, "length", t->length);
	json_array(json, "flags");
	const size_t flags = report_flags(t, flag);
	for (size_t i = 0; i < flags; i++)
		json_string(json, NULL, flag[i]);
	json_end_array(json);
	json_array(json, "indexes");
	for (unsigned i = 0; i <= SP_INDEX_MAX; i++) {
		if (t->index[i] == SP_LBA_NONE)
			continue;
		json_object(json, NULL);
		json_u64(json, "number", i);
		json_i64(json, "lba", t->index[i]);
		json_end_object(json);
	}
	json_end_array(json);
	if (t->isrc[0])
		json_string(json, "isrc", t->isrc);
	json_object(json, "evidence");
	json_u64(json, "q_right", q->right);
	json_u64(json, "index0", q->gap_sure);
	json_u64(json, "index0_unsure", q->gap_unsure);
	json_u64(json, "isrc", q->isrc);
	json_u64(json, "isrc_others", q->isrc_not);
	json_bool(json, "isrc_drive", q->isrc_drive);
	if (q->q_control < 16 && r->rip->q.sectors)
		json_u64(json, "q_control", q->q_control);
	json_end_object(json);
	for (size_t n = 0; n < r->hashes->tracks; n++)
		if (r->hashes->track[n].track == t->number)
			rip_hashes(json, &r->hashes->track[n]);
	rip_music(json, r, t->number);
	json_end_object(json);
}

static void rip_runs(struct json *json, const struct sp_runs *runs)
{
	static const char *const what[SP_RIP_TROUBLES] = {"unread", "suspicious", "edc", "padded"};

	json_array(json, "trouble");
	for (size_t i = 0; i < runs->count; i++) {
		json_object(json, NULL);
		json_string(json, "what",
			    runs->run[i].what < SP_RIP_TROUBLES ? what[runs->run[i].what] : NULL);
		json_i64(json, "lba", runs->run[i].lba);
		json_u64(json, "count", runs->run[i].count);
		json_end_object(json);
	}
	json_end_array(json);
}

static void rip_q(struct json *json, const struct report_rip *r)
{
	const struct sp_rip_q *q = &r->rip->q;

	json_object(json, "q");
	json_u64(json, "sectors", q->sectors);
	json_u64(json, "right", q->right);
	json_u64(json, "wrong", q->wrong);
	json_u64(json, "elsewhere", q->elsewhere);
	json_u64(json, "mcn", q->mcn);
	json_u64(json, "mcn_others", q->mcn_not);
	json_bool(json, "mcn_drive", q->mcn_drive);
	json_end_object(json);
}

static void rip_reads(struct json *json, const struct sp_rip_report *rip)
{
	json_object(json, "reads");
	json_u64(json, "commands", rip->commands);
	json_u64(json, "asked", rip->asked);
	json_u64(json, "failed", rip->failed);
	json_u64(json, "again", rip->retried);
	json_bool(json, "resumed", rip->resumed);
	json_u64(json, "padded_samples", rip->padded);
	json_end_object(json);
}

void report_rip_json(struct json *json, const struct report_rip *r)
{
	json_object(json, NULL);
	json_u64(json, "schema", 1);
	json_string(json, "spindle", sp_version());
	rip_drive(json, r);
	json_string(json, "disc", r->rip->disc_identity);
	json_string(json, "medium", sp_medium_name(r->disc->medium));
	rip_ids(json, r->disc);
	if (r->disc->mcn[0])
		json_string(json, "mcn", r->disc->mcn);
	rip_hex(json, "full_toc", r->toc->full_toc, r->toc->full_toc_size);
	rip_hex(json, "pfi", r->toc->pfi, r->toc->pfi ? 2048 : 0);
	rip_hex(json, "dmi", r->toc->dmi, r->toc->dmi ? 2048 : 0);
	if (r->toc->layer_break != SP_LBA_NONE)
		json_i64(json, "layer_break", r->toc->layer_break);
	json_array(json, "sessions");
	for (size_t i = 0; i < r->disc->sessions; i++) {
		json_object(json, NULL);
		json_u64(json, "number", r->disc->session[i].number);
		json_i64(json, "lead_out", r->disc->session[i].lead_out);
		json_end_object(json);
	}
	json_end_array(json);
	json_array(json, "tracks");
	for (size_t i = 0; i < r->disc->tracks; i++)
		rip_track(json, r, &r->disc->track[i]);
	json_end_array(json);
	json_object(json, "whole");
	json_u64(json, "size", r->hashes->whole.size);
	rip_hashes(json, &r->hashes->whole);
	if (r->ar->ctdb)
		rip_word(json, "ctdb", r->ar->ctdb);
	json_end_object(json);
	rip_q(json, r);
	rip_reads(json, r->rip);
	rip_runs(json, &r->rip->runs);
	if (r->where)
		report_where_json(json, r->where);
	json_array(json, "notes");
	for (size_t i = 0; i < r->notes; i++)
		json_string(json, NULL, r->note[i]);
	json_end_array(json);
	json_end_object(json);
}
