/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc printed for a person: a sentence, a table, what else is known. */
#include "report/disc.h"
#include "report/printable.h"
#include "report/units.h"

#include <inttypes.h>
#include <string.h>

enum { TEXT_MISSING = 20 }; /* things that are listed */

size_t report_flags(const struct sp_track *track, const char *word[3])
{
	static const struct {
		unsigned bit;
		const char *word;
	} flag[] = {
		{SP_CONTROL_PREEMPHASIS, "pre"},
		{SP_CONTROL_COPY, "dcp"},
		{SP_CONTROL_FOUR_CHANNEL, "4ch"},
	};
	size_t n = 0;

	for (size_t i = 0; i < 3; i++)
		if (track->control & flag[i].bit)
			word[n++] = flag[i].word;
	return n;
}

const char *report_text_name(unsigned type)
{
	static const char *const name[] = {
		"title",    "performer", "songwriter", "composer",
		"arranger", "message",   "disc_id",    "genre",
	};

	if (type >= SP_TEXT_TITLE && type <= SP_TEXT_GENRE)
		return name[type - SP_TEXT_TITLE];
	if (type == SP_TEXT_CLOSED)
		return "closed";
	if (type == SP_TEXT_UPC_EAN)
		return "upc_ean";
	return type == SP_TEXT_REMARK ? "remark" : NULL;
}

uint64_t report_pregap(const struct sp_track *track)
{
	if (track->index[0] == SP_LBA_NONE || track->index[0] > track->start)
		return 0;
	return (uint64_t)(track->start - track->index[0]);
}

static bool text_has_time(const struct sp_disc *disc)
{
	return disc->medium == SP_MEDIUM_CD || disc->medium == SP_MEDIUM_GD;
}

/* "14 tracks (13 audio, 1 mode1)" */
static void text_tracks(FILE *out, const struct sp_disc *disc)
{
	unsigned count[SP_MODES] = {0};
	const char *comma = "";

	fprintf(out, "%zu track%s", disc->tracks, disc->tracks == 1 ? "" : "s");
	if (!disc->tracks)
		return;
	for (size_t i = 0; i < disc->tracks; i++) {
		unsigned mode = disc->track[i].mode;
		if (mode == SP_MODE_XA_FORM1 || mode == SP_MODE_XA_FORM2)
			mode = SP_MODE_XA;
		if (mode < SP_MODES)
			count[mode]++;
	}
	fputs(" (", out);
	for (unsigned i = 0; i < SP_MODES; i++) {
		if (count[i] && disc->tracks == 1)
			fputs(sp_mode_name(i), out);
		else if (count[i])
			fprintf(out, "%s%u %s", comma, count[i], sp_mode_name(i));
		comma = count[i] ? ", " : comma;
	}
	fputc(')', out);
}

static uint64_t text_bytes(const struct sp_disc *disc)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < disc->regions; i++)
		if (disc->region[i].stored)
			bytes += disc->region[i].count *
				 sp_sector_size(disc->region[i].mode,
						disc->region[i].parts & SP_PART_MAIN);
	return bytes;
}

/* "a BIN/CUE image": the extensions of the format's data and of itself, as people call it. */
static void text_format(FILE *out, const struct sp_format *format)
{
	char name[32] = "", *p = name;

	if (format->data_extension && format->data_extension[0] &&
	    strlen(format->data_extension[0]) == 4) /* BIN, IMG, MDF: names people know */
		snprintf(name, sizeof(name), "%s/", format->data_extension[0] + 1);
	p += strlen(name);
	snprintf(p, sizeof(name) - strlen(name), "%s", format->name);
	for (p = name; *p; p++)
		*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
	/* M and N: MDS, NRG are spoken letter by letter */
	fprintf(out, "%s %s image", strchr("AEIOMN", name[0]) ? "an" : "a", name);
}

static void text_sentence(FILE *out, const struct report_disc *report)
{
	static const char *const medium[] = {
		[SP_MEDIUM_CD] = "a CD", [SP_MEDIUM_GD] = "a GD-ROM",  [SP_MEDIUM_DVD] = "a DVD",
		[SP_MEDIUM_BD] = "a BD", [SP_MEDIUM_BLOCK] = "a disk",
	};
	const struct sp_disc *disc = report->disc;
	char text[UNITS_TEXT];

	printable_put(out, report->path);
	fputs(" is ", out);
	const bool drive = !strcmp(report->format->name, "drive");
	if (drive)
		fputs("a drive", out);
	else if (!strcmp(report->format->name, "folder"))
		fputs("a folder, as the image", out);
	else
		text_format(out, report->format);
	fprintf(out, " %s %s: ", drive ? "with" : "of",
		disc->medium < sizeof(medium) / sizeof(*medium) ? medium[disc->medium] : "a disc");
	if (disc->sessions > 1)
		fprintf(out, "%zu sessions, ", disc->sessions);
	if (disc->tracks) {
		text_tracks(out, disc);
		fputs(", ", out);
	}
	if (text_has_time(disc) && disc->sessions)
		fprintf(out, "%s, ",
			units_frames(text, (uint64_t)disc->session[disc->sessions - 1].lead_out));
	else
		fprintf(out, "%" PRIu64 " sectors, ", sp_disc_sectors(disc));
	fprintf(out, "%s, %s.\n", units_size(text, text_bytes(disc)), report->state);
	for (size_t i = 0; report->wrappings && i < report->wrappings->count; i++) {
		const struct sp_wrapping *w = &report->wrappings->wrapping[i];

		fprintf(out, "Wrapped in %s (%s): ", w->format->name, w->format->summary);
		printable_put(out, w->text);
		fputs(".\n", out);
	}
}

static void text_track_name(FILE *out, const struct sp_disc *disc, const struct sp_track *track)
{
	const char *performer = sp_disc_text(disc, track->number, SP_TEXT_PERFORMER);
	const char *title = sp_disc_text(disc, track->number, SP_TEXT_TITLE);
	const char *isrc = track->isrc[0] ? track->isrc : "-";

	if (!performer && !title) {
		fprintf(out, "%s\n", isrc);
		return;
	}
	fprintf(out, "%-12s  ", isrc);
	printable_put(out, performer);
	fputs(performer && title ? " - " : "", out);
	printable_put(out, title);
	fputc('\n', out);
}

static void text_track(FILE *out, const struct sp_disc *disc, const struct sp_track *track)
{
	char start[UNITS_TEXT], length[UNITS_TEXT], pregap[UNITS_TEXT], flags[16];
	const char *word[3] = {"", "", ""};
	const size_t words = report_flags(track, word);

	snprintf(flags, sizeof(flags), "%s%s%s%s%s", word[0], words > 1 ? " " : "", word[1],
		 words > 2 ? " " : "", word[2]);
	if (text_has_time(disc)) {
		units_frames(length, track->length);
		units_frames(pregap, report_pregap(track));
	} else {
		snprintf(length, sizeof(length), "%" PRIu64, track->length);
		snprintf(pregap, sizeof(pregap), "%" PRIu64, report_pregap(track));
	}
	fprintf(out, "%5u  %-8s  %8s  %8" PRId64 "  %8s  %8s  %-11s  ", track->number,
		sp_mode_name(track->mode),
		text_has_time(disc) ? units_msf(start, track->start) : "-", track->start, length,
		pregap, words ? flags : "-");
	text_track_name(out, disc, track);
	for (unsigned i = 2; i <= SP_INDEX_MAX; i++)
		if (track->index[i] != SP_LBA_NONE)
			fprintf(out, "%7sindex %02u  %8s  %8" PRId64 "\n", "", i,
				units_msf(start, track->index[i]), track->index[i]);
}

static void text_table(FILE *out, const struct sp_disc *disc)
{
	unsigned session = 0;

	fprintf(out, "\n%5s  %-8s  %8s  %8s  %8s  %8s  %-11s  %-12s  %s\n", "Track", "Mode",
		"Start", "LBA", "Length", "Pregap", "Flags", "ISRC", "Title");
	for (size_t i = 0; i < disc->tracks; i++) {
		if (disc->sessions > 1 && disc->track[i].session != session) {
			session = disc->track[i].session;
			fprintf(out, "Session %u\n", session);
		}
		text_track(out, disc, &disc->track[i]);
	}
}

static void text_field(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%-12s ", name);
	printable_put(out, value);
	fputc('\n', out);
}

/* The texts of another language, each after its track. */
static void text_block(FILE *out, const struct sp_disc *disc, unsigned block)
{
	const char *language = sp_text_language_name(disc->block[block].language);
	bool any = false;

	for (size_t i = 0; i < disc->texts; i++) {
		const struct sp_text *text = &disc->text[i];
		char of[24] = "disc";

		if (text->block != block)
			continue;
		if (!any)
			fprintf(out, "%-12s block %u, %s\n", "CD-Text", block,
				language ? language : "of a language it does not say");
		any = true;
		if (text->track)
			snprintf(of, sizeof(of), "track %u", text->track);
		fprintf(out, "%-12s %-8s  %-10s  ", "", of, report_text_name(text->type));
		printable_put(out, text->text);
		fputc('\n', out);
	}
}

static void text_rest(FILE *out, const struct sp_disc *disc)
{
	char id[32], text[UNITS_TEXT];

	if (!text_has_time(disc) && !disc->mcn[0] && !disc->texts && !disc->cdtext_size &&
	    disc->layer_break == SP_LBA_NONE)
		return;
	fputc('\n', out);
	for (size_t i = 0; disc->tracks && text_has_time(disc) && i < disc->sessions; i++) {
		const sp_lba end = disc->session[i].lead_out;
		fprintf(out, "%-12s %s (LBA %" PRId64 ")", i ? "" : "Lead-out",
			units_msf(text, end), end);
		if (disc->sessions > 1)
			fprintf(out, " of session %u", disc->session[i].number);
		fputc('\n', out);
	}
	if (disc->mcn[0])
		text_field(out, "MCN", disc->mcn);
	for (size_t i = 0; i < disc->texts; i++)
		if (!disc->text[i].track && !disc->text[i].block &&
		    report_text_name(disc->text[i].type))
			text_field(out, report_text_name(disc->text[i].type), disc->text[i].text);
	if (disc->cdtext_size)
		fprintf(out, "%-12s %zu packs\n", "CD-Text", disc->cdtext_size / 18);
	for (unsigned i = 1; i < SP_TEXT_BLOCKS; i++)
		text_block(out, disc, i);
	if (disc->layer_break != SP_LBA_NONE)
		fprintf(out, "%-12s LBA %" PRId64 "\n", "Layer break", disc->layer_break);
	if (sp_disc_id_cddb(disc, id))
		text_field(out, "CDDB", id);
	if (sp_disc_id_musicbrainz(disc, id))
		text_field(out, "MusicBrainz", id);
	if (sp_disc_id_accuraterip(disc, id))
		text_field(out, "AccurateRip", id);
}

static void text_regions(FILE *out, const struct sp_disc *disc)
{
	fprintf(out, "\n%8s  %8s  %5s  %-7s  %-8s  %s\n", "LBA", "Sectors", "Track", "Kind", "Mode",
		"Bytes stored of each");
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *r = &disc->region[i];
		fprintf(out, "%8" PRId64 "  %8" PRIu64 "  %5u  %-7s  %-8s  %zu\n", r->lba, r->count,
			r->track, sp_region_kind_name(r->kind), sp_mode_name(r->mode),
			r->stored ? sp_sector_size(r->mode, r->parts) : 0);
	}
}

/* The things that what is missing is part of, the first ones. */
static void text_where(FILE *out, const struct sp_where *where, bool all)
{
	struct where_thing thing;
	size_t shown = 0;

	if (!report_where_any(where))
		return;
	fputs("\nMissing of\n", out);
	for (size_t at = 0; report_where_next(where, &at, &thing);) {
		if (shown++ == TEXT_MISSING && !all) {
			fputs("  ... more with -v or --json\n", out);
			return;
		}
		fputs("  ", out);
		report_where_put(out, thing.first);
		fprintf(out, ": %" PRIu64 " sector%s, the first is LBA %" PRId64 "\n",
			thing.sectors, thing.sectors == 1 ? "" : "s", thing.first->lba);
	}
}

void report_disc_text(FILE *out, const struct report_disc *report)
{
	text_sentence(out, report);
	if (report->where)
		text_where(out, report->where, report->regions);
	if (report->disc->tracks)
		text_table(out, report->disc);
	text_rest(out, report->disc);
	if (report->container)
		facts_text(out, report->container);
	if (report->kinds)
		facts_text(out, report->kinds);
	for (size_t i = 0; i < report->volumes; i++)
		facts_text(out, &report->volume[i]);
	if (report->checksums)
		facts_text(out, report->checksums);
	if (report->partitions)
		facts_text(out, report->partitions);
	if (report->boot)
		facts_text(out, report->boot);
	if (report->regions)
		text_regions(out, report->disc);
}
