/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc as an entry of a DAT, with the names redump.org gives its files; and what a search found.
 */
#include "cli/dat.h"

#include "cli/cli.h"
#include "report/printable.h"

#include <inttypes.h>
#include <string.h>

/* Text as an attribute or element wants it; what XML cannot hold at all becomes U+FFFD. */
static void dat_escape(FILE *out, const char *text, const char *end)
{
	for (const char *p = text; p < end;) {
		const char *from = p;
		const int32_t c = printable_next(&p);

		if (c == '&')
			fputs("&amp;", out);
		else if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else if (c < 0x20)
			fputs("\xef\xbf\xbd", out);
		else if (printable_is_unsafe(c))
			fprintf(out, "&#x%" PRIX32 ";", (uint32_t)c);
		else
			fwrite(from, 1, (size_t)(p - from), out);
	}
}

/* "dir/Disc.cue" is "Disc". */
static void dat_print_name(FILE *out, const char *path)
{
	const char *base = strcmp(path, "-") != 0 ? cli_base(path) : "disc";
	const char *dot = strrchr(base, '.');

	dat_escape(out, base, dot && dot != base ? dot : base + strlen(base));
}

static void dat_print_rom(FILE *out, const char *path, const char *middle, const char *extension,
			  const struct sp_hash *hash)
{
	fputs("\t<rom name=\"", out);
	dat_print_name(out, path);
	fprintf(out, "%s%s\" size=\"%" PRIu64 "\" crc=\"%s\" md5=\"%s\" sha1=\"%s\"/>\n", middle,
		extension, hash->size, hash->hex[SP_DIGEST_CRC32], hash->hex[SP_DIGEST_MD5],
		hash->hex[SP_DIGEST_SHA1]);
}

void dat_print(FILE *out, const char *path, const struct sp_hashes *hashes, bool plain)
{
	fputs("<game name=\"", out);
	dat_print_name(out, path);
	fputs("\">\n\t<description>", out);
	dat_print_name(out, path);
	fputs("</description>\n", out);
	if (hashes->tracks <= 1)
		dat_print_rom(out, path, "", plain ? ".iso" : ".bin",
			      hashes->tracks ? &hashes->track[0] : &hashes->whole);
	for (size_t i = 0; hashes->tracks > 1 && i < hashes->tracks; i++) {
		char middle[24];
		snprintf(middle, sizeof(middle), " (Track %0*u)", hashes->tracks > 9 ? 2 : 1,
			 hashes->track[i].track % 100);
		dat_print_rom(out, path, middle, ".bin", &hashes->track[i]);
	}
	fputs("</game>\n", out);
}

void dat_match_text(FILE *out, const char *path, const char *dat, const struct sp_hashes *hashes,
		    const struct dat_match *match)
{
	const char *comma = "; different: track ";
	size_t same = 0;

	printable_put(out, path);
	for (size_t i = 0; i < match->games && i < DAT_GAMES; i++) {
		fputs(i ? " and \"" : " is \"", out);
		printable_put(out, match->name[i]);
		fputc('"', out);
	}
	fputs(match->games ? " of " : " is no game of ", out);
	printable_put(out, dat);
	if (!match->games && match->nearest[0]) {
		for (size_t i = 0; i < hashes->tracks; i++)
			same += match->same[i];
		fputs("; the nearest is \"", out);
		printable_put(out, match->nearest);
		fprintf(out, "\": %zu of %zu tracks are the same", same, hashes->tracks);
		for (size_t i = 0; i < hashes->tracks; i++) {
			if (match->same[i])
				continue;
			fprintf(out, "%s%u", comma, hashes->track[i].track);
			comma = ", ";
		}
		if (match->nearest_tracks != hashes->tracks)
			fprintf(out, "; that game has %zu", match->nearest_tracks);
	}
	fputc('\n', out);
}

void dat_match_json(struct json *json, const char *dat, const struct sp_hashes *hashes,
		    const struct dat_match *match)
{
	const char *nearest = match->nearest[0] ? match->nearest : NULL;

	json_object(json, "match");
	json_string(json, "dat", dat);
	json_string(json, "game", match->games ? match->name[0] : NULL);
	json_array(json, "games");
	for (size_t i = 0; i < match->games && i < DAT_GAMES; i++)
		json_string(json, NULL, match->name[i]);
	json_end_array(json);
	json_string(json, "nearest", match->games ? NULL : nearest);
	json_array(json, "different");
	for (size_t i = 0; !match->games && i < hashes->tracks; i++)
		if (!match->same[i])
			json_u64(json, NULL, hashes->track[i].track);
	json_end_array(json);
	json_end_object(json);
}
