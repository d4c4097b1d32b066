/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of a rip for a person. */
#include "report/rip.h"

#include "report/disc.h"
#include "report/printable.h"
#include "report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const report_rip_trouble[SP_RIP_TROUBLES] = {
	[SP_RIP_UNREAD] = "could not be read: filled with zeros",
	[SP_RIP_SUSPICIOUS] = "suspicious: read, but never twice the same or without C2 errors",
	[SP_RIP_EDC] = "wrong EDC, the same in each read: kept as it is on the disc",
	[SP_RIP_PADDED] = "beyond what the drive reads: samples filled up with zeros",
};

static void text_drive(FILE *out, const struct report_rip *r)
{
	static const char *const c2[] = {"none", "294 bytes", "296 bytes", "not to be trusted"};
	static const char *const sub[] = {"none", "P-W", "Q", "not to be trusted"};
	const struct sp_drive_abilities *able = &r->rip->able;

	fputs("drive: ", out);
	printable_put(out, r->rip->drive.vendor);
	fputc(' ', out);
	printable_put(out, r->rip->drive.model);
	fputs(", firmware ", out);
	printable_put(out, r->rip->drive.firmware);
	fputc('\n', out);
	if (r->disc->medium != SP_MEDIUM_CD)
		return;
	fprintf(out, "c2: %s\nsub-channel: %s%s\nread offset correction: %+d samples\n",
		able->c2 < 4 ? c2[able->c2] : "?", able->sub < 4 ? sub[able->sub] : "?",
		able->sub && !able->q_crc ? ", its CRC not given" : "", r->rip->offset);
	if (able->order == SP_ORDER_SUB_ONLY && able->c2 && able->sub)
		fputs("c2 and sub-channel: not together; C2 is asked for in retries alone\n", out);
	if ((!able->c2 || able->c2 == SP_C2_USELESS) && r->ar && r->ar->tracks)
		fputs("audio was read without error pointers: see AccurateRip, or --paranoid\n",
		      out);
}

static void text_hex(FILE *out, const char *name, const uint8_t *data, size_t size)
{
	if (!data || !size)
		return;
	fprintf(out, "%s:\n", name);
	for (size_t i = 0; i < size; i++)
		fprintf(out, "%s%02x%s", i % 32 ? "" : "  ", data[i],
			i % 32 == 31 || i + 1 == size ? "\n" : "");
}

static void text_disc(FILE *out, const struct report_rip *r)
{
	char id[32], msf[UNITS_TEXT];

	fputs("disc: ", out);
	printable_put(out, r->rip->disc_identity);
	fputc('\n', out);
	if (sp_disc_id_cddb(r->disc, id))
		fprintf(out, "freedb: %s\n", id);
	if (sp_disc_id_musicbrainz(r->disc, id))
		fprintf(out, "musicbrainz: %s\n", id);
	if (sp_disc_id_accuraterip(r->disc, id))
		fprintf(out, "accuraterip: %s\n", id);
	if (sp_disc_id_ctdb(r->disc, id))
		fprintf(out, "ctdb toc id: %s\n", id);
	for (size_t i = 0; i < r->disc->sessions; i++)
		fprintf(out, "session %u: lead-out at LBA %" PRId64 " (%s)\n",
			r->disc->session[i].number, r->disc->session[i].lead_out,
			units_msf(msf, r->disc->session[i].lead_out));
	text_hex(out, "full toc", r->toc->full_toc, r->toc->full_toc_size);
	text_hex(out, "pfi", r->toc->pfi, r->toc->pfi ? 2048 : 0);
	text_hex(out, "dmi", r->toc->dmi, r->toc->dmi ? 2048 : 0);
	if (r->toc->layer_break != SP_LBA_NONE)
		fprintf(out, "layer break: %" PRId64 "\n", r->toc->layer_break);
}

static void text_q(FILE *out, const struct report_rip *r)
{
	const struct sp_rip_q *q = &r->rip->q;

	if (!q->sectors)
		return;
	fprintf(out,
		"q: %" PRIu64 " sectors, CRC right in %" PRIu64 ", wrong in %" PRIu64
		", of another place in %" PRIu64 "\n",
		q->sectors, q->right, q->wrong, q->elsewhere);
	if (r->disc->mcn[0])
		fprintf(out, "mcn: %s (%u readings%s, %u of others)\n", r->disc->mcn, q->mcn,
			q->mcn_drive ? " and the drive's word" : "", q->mcn_not);
}

static void text_track(FILE *out, const struct report_rip *r, const struct sp_track *t)
{
	const struct sp_rip_q_track *q = &r->rip->q.track[t->number];
	char start[UNITS_TEXT], length[UNITS_TEXT];
	const char *flag[3];

	fprintf(out, "\ntrack %02u: %s, LBA %" PRId64 " (%s), %" PRIu64 " sectors (%s)", t->number,
		sp_mode_name(t->mode), t->start, units_msf(start, t->start), t->length,
		units_frames(length, t->length));
	const size_t flags = report_flags(t, flag);
	for (size_t i = 0; i < flags; i++)
		fprintf(out, " %s", flag[i]);
	fputc('\n', out);
	if (t->index[0] != SP_LBA_NONE && r->disc->medium == SP_MEDIUM_CD) {
		fprintf(out, "  index 00: LBA %" PRId64, t->index[0]);
		if (q->gap_sure)
			fprintf(out, " (Q of %u sectors%s)", q->gap_sure,
				q->gap_unsure ? "; its begin is not sure" : "");
		fputc('\n', out);
	}
	for (unsigned i = 2; i <= SP_INDEX_MAX; i++)
		if (t->index[i] != SP_LBA_NONE)
			fprintf(out, "  index %02u: LBA %" PRId64 "\n", i, t->index[i]);
	if (t->isrc[0])
		fprintf(out, "  isrc: %s (%u readings%s, %u of others)\n", t->isrc, q->isrc,
			q->isrc_drive ? " and the drive's word" : "", q->isrc_not);
	if (q->q_control < 16 && q->q_control != t->control)
		fprintf(out, "  control: %X, in Q %X\n", t->control, q->q_control);
}

static void text_hash(FILE *out, const struct sp_hash *hash)
{
	for (unsigned i = 0; i < SP_DIGESTS; i++)
		if (hash->hex[i][0])
			fprintf(out, "  %s: %s\n", sp_digest_name(i), hash->hex[i]);
}

static void text_verdict(FILE *out, const struct sp_ar_verdict *v)
{
	if (v->confidence)
		fprintf(out, "accurate, version %u, confidence %u", v->version, v->confidence);
	else if (v->other)
		fprintf(out, "accurate in another pressing, at %+d samples, confidence %u",
			v->offset, v->other);
	else if (v->most)
		fprintf(out, "not accurate: known, up to confidence %u, with other checksums",
			v->most);
	else
		fputs("not known", out);
}

static void text_music(FILE *out, const struct report_rip *r, unsigned number)
{
	for (size_t i = 0; i < r->ar->tracks; i++) {
		const struct sp_ar_track *t = &r->ar->track[i];

		if (t->number != number)
			continue;
		fprintf(out,
			"  eac crc: %08x\n  accuraterip: v1 %08x, v2 %08x, sector 450 %08x\n"
			"  ctdb: %08x\n",
			t->crc32, t->v1, t->v2, t->frame450, t->ctdb);
		if (t->silent)
			fputs("  silent\n", out);
		if (r->response && r->verdict) {
			fputs("  accuraterip response: ", out);
			text_verdict(out, &r->verdict[i]);
			fputc('\n', out);
		}
	}
}

static void text_tracks(FILE *out, const struct report_rip *r)
{
	for (size_t i = 0; i < r->disc->tracks; i++) {
		const struct sp_track *t = &r->disc->track[i];

		text_track(out, r, t);
		for (size_t n = 0; n < r->hashes->tracks; n++)
			if (r->hashes->track[n].track == t->number)
				text_hash(out, &r->hashes->track[n]);
		text_music(out, r, t->number);
	}
	fprintf(out, "\nwhole: %" PRIu64 " bytes\n", r->hashes->whole.size);
	text_hash(out, &r->hashes->whole);
	if (r->ar->ctdb)
		fprintf(out, "  ctdb: %08x\n", r->ar->ctdb);
}

/* The files a run is part of; a rip of music has none. */
static void text_where(FILE *out, const struct sp_where *where, const struct sp_run *run)
{
	const sp_lba end = run->lba + (sp_lba)run->count;

	for (size_t i = report_where_from(where, run->lba);
	     i < where->parts && where->part[i].lba < end; i++) {
		fputs("    in ", out);
		report_where_put(out, &where->part[i]);
		fputc('\n', out);
	}
}

static void text_trouble(FILE *out, const struct report_rip *r)
{
	const struct sp_runs *runs = &r->rip->runs;
	char from[UNITS_TEXT], to[UNITS_TEXT];
	const bool where = r->where && report_where_any(r->where);
	bool any = false;

	fprintf(out,
		"\nreads: %" PRIu64 " commands, %" PRIu64 " sectors asked for, %" PRIu64
		" reads failed, %" PRIu64 " sectors read again%s\n",
		r->rip->commands, r->rip->asked, r->rip->failed, r->rip->retried,
		r->rip->resumed ? ", a part in an earlier run" : "");
	if (r->rip->padded)
		fprintf(out, "padded: %" PRIu64 " samples\n", r->rip->padded);
	for (unsigned i = 0; i < SP_RIP_TROUBLES; i++) {
		if (!r->rip->sectors[i])
			continue;
		any = true;
		fprintf(out, "%" PRIu64 " sector%s %s\n", r->rip->sectors[i],
			r->rip->sectors[i] == 1 ? "" : "s", report_rip_trouble[i]);
		for (size_t n = 0; n < runs->count; n++) {
			const struct sp_run *run = &runs->run[n];
			const sp_lba last = run->lba + (sp_lba)run->count - 1;

			if (run->what != i)
				continue;
			fprintf(out, "  LBA %" PRId64, run->lba);
			if (run->count > 1)
				fprintf(out, " to %" PRId64, last);
			if (r->disc->medium == SP_MEDIUM_CD)
				fprintf(out, " (%s%s%s)", units_msf(from, run->lba),
					run->count > 1 ? " to " : "",
					run->count > 1 ? units_msf(to, last) : "");
			fputc('\n', out);
			if (where)
				text_where(out, r->where, run);
		}
	}
	if (!any)
		fputs("every sector was read\n", out);
}

char *report_rip_verdict(char *text, size_t size, const struct report_rip *r)
{
	unsigned right = 0, other = 0, unknown = 0;

	for (size_t i = 0; i < r->ar->tracks; i++) {
		right += r->verdict[i].confidence > 0;
		other += !r->verdict[i].confidence && r->verdict[i].other;
		unknown += !r->verdict[i].most;
	}
	if (right == r->ar->tracks)
		snprintf(text, size, "AccurateRip: all %u tracks are accurate", right);
	else
		snprintf(text, size,
			 "AccurateRip: %u of %zu tracks accurate, %u in another pressing, %u not "
			 "known, %u differ",
			 right, r->ar->tracks, other, unknown,
			 (unsigned)r->ar->tracks - right - other - unknown);
	return text;
}

char *report_rip_text(const struct report_rip *report, size_t *size)
{
	char *text = NULL, hex[65], line[160];
	FILE *out = open_memstream(&text, size);

	if (!out)
		return NULL;
	fprintf(out, "log-format: 1\nspindle %s\n\n", sp_version());
	text_drive(out, report);
	text_disc(out, report);
	text_q(out, report);
	text_tracks(out, report);
	text_trouble(out, report);
	if (report->response)
		fprintf(out, "%s\n", report_rip_verdict(line, sizeof(line), report));
	for (size_t i = 0; i < report->notes; i++) {
		fputs("note: ", out);
		printable_put(out, report->note[i]);
		fputc('\n', out);
	}
	fflush(out);
	if (!sp_digest_of(SP_DIGEST_SHA256, text, *size, hex))
		fputs("sha256: none, the system forbids it\n", out);
	else
		fprintf(out, "sha256: %s\n", hex);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
