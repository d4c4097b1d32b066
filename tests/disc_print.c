/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc as lines of text, to compare. */
#include "tests/disc_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_tracks(FILE *out, const struct sp_disc *disc, unsigned session)
{
	for (size_t i = 0; i < disc->tracks; i++) {
		const struct sp_track *t = &disc->track[i];

		if (t->session != session)
			continue;
		fprintf(out, "track %u %u %s %" PRId64 " %" PRIu64 " %u %s\n", t->number,
			t->session, sp_mode_name(t->mode), t->start, t->length, t->control,
			*t->isrc ? t->isrc : "-");
		for (unsigned n = 0; n <= SP_INDEX_MAX; n++)
			if (t->index[n] != SP_LBA_NONE)
				fprintf(out, "index %u %u %" PRId64 "\n", t->number, n,
					t->index[n]);
	}
}

static bool print_alike(const struct sp_region *a, const struct sp_region *b)
{
	return a->session == b->session && a->track == b->track && a->kind == b->kind &&
	       a->mode == b->mode && a->stored == b->stored && (!a->stored || a->parts == b->parts);
}

static void print_parts(FILE *out, const struct sp_region *region)
{
	static const char *const name[] = {"sync", "header", "subheader", "user",
					   "ecc",  "c2",     "q",         "pw"};
	const char *sep = "";

	for (unsigned i = 0; region->stored && i < 8; i++)
		if (region->parts & 1u << i) {
			fprintf(out, "%s%s", sep, name[i]);
			sep = "+";
		}
	if (!*sep)
		fputc('-', out);
}

static void print_regions(FILE *out, const struct sp_disc *disc)
{
	for (size_t i = 0, next; i < disc->regions; i = next) {
		const struct sp_region *r = &disc->region[i];
		uint64_t count = r->count;

		for (next = i + 1; next < disc->regions && print_alike(r, &disc->region[next]);
		     next++)
			count += disc->region[next].count;
		fprintf(out, "region %" PRId64 " %" PRIu64 " %s %u %u %s ", r->lba, count,
			sp_region_kind_name(r->kind), r->track, r->session, sp_mode_name(r->mode));
		print_parts(out, r);
		fprintf(out, " %s\n", r->stored ? "stored" : "absent");
	}
}

static void print_text(FILE *out, const struct sp_text *text, const char *type)
{
	fprintf(out, "text %u %s \"", text->track, type);
	for (const char *c = text->text; *c; c++) {
		if ((unsigned char)*c < 0x20)
			fprintf(out, "\\x%02x", (unsigned char)*c);
		else
			fprintf(out, "%s%c", strchr("\"\\", *c) ? "\\" : "", *c);
	}
	fputs("\"\n", out);
}

static void print_texts(FILE *out, const struct sp_disc *disc)
{
	static const struct {
		unsigned type;
		const char *name;
	} kind[] = {
		{SP_TEXT_TITLE, "title"},           {SP_TEXT_PERFORMER, "performer"},
		{SP_TEXT_SONGWRITER, "songwriter"}, {SP_TEXT_COMPOSER, "composer"},
		{SP_TEXT_ARRANGER, "arranger"},     {SP_TEXT_MESSAGE, "message"},
		{SP_TEXT_DISC_ID, "disc_id"},       {SP_TEXT_GENRE, "genre"},
		{SP_TEXT_UPC_EAN, "upc_ean"},       {SP_TEXT_REMARK, "remark"},
	};

	for (unsigned track = 0; track <= SP_TRACK_MAX; track++)
		for (size_t k = 0; k < sizeof(kind) / sizeof(*kind); k++)
			for (size_t i = 0; i < disc->texts; i++)
				if (disc->text[i].track == track &&
				    disc->text[i].type == kind[k].type)
					print_text(out, &disc->text[i], kind[k].name);
}

char *disc_print(const struct sp_disc *disc)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	fprintf(out, "medium %s\n", sp_medium_name(disc->medium));
	if (*disc->mcn)
		fprintf(out, "mcn %s\n", disc->mcn);
	for (size_t i = 0; i < disc->sessions; i++) {
		fprintf(out, "session %u leadout %" PRId64 "\n", disc->session[i].number,
			disc->session[i].lead_out);
		print_tracks(out, disc, disc->session[i].number);
	}
	print_regions(out, disc);
	print_texts(out, disc);
	if (fclose(out))
		abort();
	return text;
}
