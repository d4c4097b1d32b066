/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a work store is parsed: strictly, as no hand writes it. */
#include "stream/store_text.h"

#include "base/bytes.h"
#include "base/text.h"
#include "codec/deflate.h"
#include "disc/sector.h"
#include "stream/store_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const sp_store_modes[] = {"audio",    "mode1",    "mode2",    "xa", "xa-form1",
				      "xa-form2", "data2048", "block512", NULL};
const char *const sp_store_media[] = {"cd", "gd", "dvd", "bd", "block", NULL};
const char *const sp_store_kinds[] = {"pregap", "track", "postgap", "gap", NULL};

struct parse_bytes {
	uint8_t *data;
	size_t size;
};

struct parse {
	struct sp_store_text *store;
	struct sp_text_cursor cursor;
	const char *name;
	struct parse_bytes cdtext, full_toc, pfi, dmi;
	unsigned seen; /* bits of the keywords that stand once */
	struct sp_error *err;
};

static int parse_fail(struct parse *p, const char *what)
{
	return sp_fail(p->err, SP_ERR_FORMAT, "%s:%u: %s", p->name, p->cursor.number, what);
}

static bool parse_number(const struct sp_word *word, int64_t min, int64_t max, int64_t *value)
{
	const bool minus = word->size && word->at[0] == '-';
	int64_t v = 0;

	if (word->quoted || word->size <= minus || word->size > 19)
		return false;
	for (size_t i = minus; i < word->size; i++) {
		if (word->at[i] < '0' || word->at[i] > '9')
			return false;
		v = v * 10 + (word->at[i] - '0');
	}
	v = minus ? -v : v;
	*value = v;
	return v >= min && v <= max;
}

/* The next word is a number from `min` to `max`, behind the word `label` when there is one. */
static int parse_value(struct parse *p, const char *label, int64_t min, int64_t max, int64_t *value)
{
	struct sp_word word;

	if (label && (!sp_text_word(&p->cursor, &word) || !sp_word_is(&word, label)))
		return sp_fail(p->err, SP_ERR_FORMAT, "%s:%u: “%s” is missing", p->name,
			       p->cursor.number, label);
	if (!sp_text_word(&p->cursor, &word) || !parse_number(&word, min, max, value))
		return sp_fail(p->err, SP_ERR_FORMAT,
			       "%s:%u: a number from %lld to %lld is missing", p->name,
			       p->cursor.number, (long long)min, (long long)max);
	return 0;
}

static int parse_unsigned(struct parse *p, const char *label, unsigned max, unsigned *value)
{
	int64_t v = 0;
	const int rc = parse_value(p, label, 0, max, &v);

	*value = (unsigned)v;
	return rc;
}

static int parse_lba(struct parse *p, const char *label, sp_lba *lba)
{
	return parse_value(p, label, -SP_STORE_LBA_LIMIT, SP_STORE_LBA_LIMIT, lba);
}

static int parse_count(struct parse *p, const char *label, uint64_t *count)
{
	int64_t v = 0;
	const int rc = parse_value(p, label, 0, SP_STORE_LBA_LIMIT, &v);

	*count = (uint64_t)v;
	return rc;
}

static int parse_choice(struct parse *p, const char *label, const char *const *names,
			unsigned *value)
{
	struct sp_word word;

	if (label && (!sp_text_word(&p->cursor, &word) || !sp_word_is(&word, label)))
		return parse_fail(p, "a word is missing");
	if (!sp_text_word(&p->cursor, &word))
		return parse_fail(p, "the line ends early");
	for (*value = 0; names[*value]; ++*value)
		if (sp_word_is(&word, names[*value]))
			return 0;
	return parse_fail(p, "a word that is not known");
}

static int parse_hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The rest of the line, \xNN taken back; malloc'd. */
static int parse_rest(struct parse *p, char **out)
{
	const struct sp_word rest = sp_text_rest(&p->cursor);
	char *text = malloc(rest.size + 1);
	size_t n = 0;

	*out = NULL;
	if (!text)
		return sp_fail_memory(p->err);
	for (size_t i = 0; i < rest.size; i++) {
		int c = (unsigned char)rest.at[i];

		if (c == '\\') {
			const bool whole = rest.size - i > 3 && rest.at[i + 1] == 'x';
			const int high = whole ? parse_hex_digit(rest.at[i + 2]) : -1;
			const int low = whole ? parse_hex_digit(rest.at[i + 3]) : -1;

			c = high < 0 || low < 0 ? 0 : high << 4 | low;
			i += 3;
		} else if (c < 0x20 || c == 0x7f) {
			c = 0;
		}
		if (!c) {
			free(text);
			return parse_fail(p, "a byte that has to be escaped");
		}
		text[n++] = (char)c;
	}
	text[n] = '\0';
	*out = text;
	return 0;
}

static int parse_hex(struct parse *p, struct parse_bytes *into, size_t max)
{
	struct sp_word word;

	if (!sp_text_word(&p->cursor, &word) || !word.size || word.size % 2 ||
	    word.size > 2 * SP_STORE_HEX_LINE)
		return parse_fail(p, "hexadecimal digits are missing");
	if (into->size + word.size / 2 > max)
		return parse_fail(p, "there is too much of this");
	uint8_t *data = realloc(into->data, into->size + word.size / 2);
	if (!data)
		return sp_fail_memory(p->err);
	into->data = data;
	for (size_t i = 0; i < word.size; i += 2) {
		const int high = parse_hex_digit(word.at[i]), low = parse_hex_digit(word.at[i + 1]);

		if (high < 0 || low < 0)
			return parse_fail(p, "not hexadecimal digits");
		data[into->size++] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static int parse_stem(struct parse *p)
{
	const int rc = parse_rest(p, &p->store->stem);

	if (rc < 0 || sp_store_stem_valid(p->store->stem))
		return rc;
	return parse_fail(p, "not the name of files beside this one");
}

static int parse_identity(struct parse *p)
{
	return parse_rest(p, &p->store->identity);
}

static int parse_records(struct parse *p)
{
	static const char *const sub[] = {"-", "sub", NULL};
	unsigned has_sub = 0;
	int rc = parse_lba(p, NULL, &p->store->origin);

	if (!rc)
		rc = parse_unsigned(p, NULL, SP_RAW_SIZE, &p->store->stride);
	if (!rc)
		rc = parse_choice(p, NULL, sub, &has_sub);
	p->store->sub = has_sub;
	return rc;
}

static int parse_medium(struct parse *p)
{
	return parse_choice(p, NULL, sp_store_media, &p->store->disc->medium);
}

static int parse_profile(struct parse *p)
{
	return parse_unsigned(p, NULL, 0xffff, &p->store->disc->profile);
}

static int parse_layer_break(struct parse *p)
{
	return parse_lba(p, NULL, &p->store->disc->layer_break);
}

static int parse_mcn(struct parse *p)
{
	struct sp_word word;
	char *mcn = p->store->disc->mcn;

	if (!sp_text_word(&p->cursor, &word) || word.size != 13)
		return parse_fail(p, "not 13 digits");
	memcpy(mcn, word.at, 13);
	return sp_mcn_valid(mcn, false) ? 0 : parse_fail(p, "not 13 digits");
}

/* A list of the disc did not grow: it is full, or there is no memory. */
static int parse_full(struct parse *p, size_t count, size_t most, const char *what)
{
	return count < most ? sp_fail_memory(p->err) : parse_fail(p, what);
}

static int parse_session(struct parse *p)
{
	struct sp_session *session = sp_disc_add_session(p->store->disc);

	if (!session)
		return parse_full(p, p->store->disc->sessions, 99, "one session too many");
	int rc = parse_unsigned(p, NULL, 99, &session->number);
	if (!rc)
		rc = parse_unsigned(p, "type", 255, &session->type);
	return rc ? rc : parse_lba(p, "lead-out", &session->lead_out);
}

static int parse_indexes(struct parse *p, struct sp_track *track)
{
	struct sp_word word;

	if (!sp_text_word(&p->cursor, &word) || !sp_word_is(&word, "index"))
		return parse_fail(p, "“index” is missing");
	track->index[1] = track->start;
	while (sp_text_word(&p->cursor, &word)) {
		const char *colon = memchr(word.at, ':', word.size);
		const size_t head = colon ? (size_t)(colon - word.at) : 0;
		const struct sp_word of = {.at = word.at, .size = head};
		const struct sp_word at = {.at = word.at + head + 1,
					   .size = word.size - head - !!colon};
		int64_t i, lba;

		if (!colon || !parse_number(&of, 0, SP_INDEX_MAX, &i) || i == 1 ||
		    track->index[i] != SP_LBA_NONE ||
		    !parse_number(&at, -SP_STORE_LBA_LIMIT, SP_STORE_LBA_LIMIT, &lba))
			return parse_fail(p, "not an index and its LBA");
		track->index[i] = lba;
	}
	return 0;
}

static int parse_track(struct parse *p)
{
	struct sp_track *track = sp_disc_add_track(p->store->disc);
	struct sp_word word;

	if (!track)
		return parse_full(p, p->store->disc->tracks, SP_TRACK_MAX, "one track too many");
	int rc = parse_unsigned(p, NULL, SP_TRACK_MAX, &track->number);
	if (!rc)
		rc = parse_unsigned(p, "session", 99, &track->session);
	if (!rc)
		rc = parse_unsigned(p, "control", 15, &track->control);
	if (!rc)
		rc = parse_choice(p, "mode", sp_store_modes, &track->mode);
	if (!rc)
		rc = parse_lba(p, "start", &track->start);
	if (!rc)
		rc = parse_count(p, "length", &track->length);
	if (rc < 0)
		return rc;
	if (!sp_text_word(&p->cursor, &word) || !sp_word_is(&word, "isrc") ||
	    !sp_text_word(&p->cursor, &word))
		return parse_fail(p, "“isrc” is missing");
	if (!sp_word_is(&word, "-")) {
		if (word.size != 12)
			return parse_fail(p, "not an ISRC");
		memcpy(track->isrc, word.at, 12);
		if (!sp_isrc_valid(track->isrc))
			return parse_fail(p, "not an ISRC");
	}
	return parse_indexes(p, track);
}

static int parse_region(struct parse *p)
{
	static const char *const stored[] = {"-", "stored", NULL};
	struct sp_region region = {0};
	unsigned is_stored = 0;
	int rc = parse_lba(p, NULL, &region.lba);

	if (!rc)
		rc = parse_count(p, NULL, &region.count);
	if (!rc)
		rc = parse_unsigned(p, "session", 99, &region.session);
	if (!rc)
		rc = parse_unsigned(p, "track", SP_TRACK_MAX, &region.track);
	if (!rc)
		rc = parse_choice(p, "kind", sp_store_kinds, &region.kind);
	if (!rc)
		rc = parse_choice(p, "mode", sp_store_modes, &region.mode);
	if (!rc)
		rc = parse_unsigned(p, "parts", SP_PART_MAIN | SP_PART_PW, &region.parts);
	if (!rc)
		rc = parse_choice(p, NULL, stored, &is_stored);
	if (rc < 0)
		return rc;
	region.stored = is_stored;
	if (region.parts & ~(unsigned)(SP_PART_MAIN | SP_PART_PW) || !region.count ||
	    (region.stored && !sp_sector_size(region.mode, region.parts)))
		return parse_fail(p, "sectors that cannot be stored so");
	if (sp_disc_add_region(p->store->disc, &region))
		return 0;
	return parse_full(p, p->store->disc->regions, 65536, "one region too many");
}

static int parse_text_of(struct parse *p, unsigned block)
{
	unsigned track = 0, type = 0;
	char *text = NULL;
	int rc = parse_unsigned(p, NULL, SP_TRACK_MAX, &track);

	if (!rc)
		rc = parse_unsigned(p, NULL, block ? SP_TEXT_UPC_EAN : SP_TEXT_REMARK, &type);
	if (!rc)
		rc = parse_rest(p, &text);
	if (!rc && sp_disc_set_block_text(p->store->disc, block, track, type, text) < 0)
		rc = sp_fail_memory(p->err);
	free(text);
	return rc;
}

static int parse_text(struct parse *p)
{
	return parse_text_of(p, 0);
}

static int parse_block_text(struct parse *p)
{
	unsigned block = 0;
	const int rc = parse_unsigned(p, NULL, SP_TEXT_BLOCKS - 1, &block);

	return rc ? rc : parse_text_of(p, block);
}

static int parse_block(struct parse *p)
{
	unsigned i = 0;
	int rc = parse_unsigned(p, NULL, SP_TEXT_BLOCKS - 1, &i);
	struct sp_text_block *block = &p->store->disc->block[i];

	if (!rc)
		rc = parse_unsigned(p, "language", 255, &block->language);
	if (!rc)
		rc = parse_unsigned(p, "charset", 255, &block->charset);
	return rc ? rc : parse_unsigned(p, "genre", 0xffff, &block->genre);
}

static int parse_cdtext(struct parse *p)
{
	return parse_hex(p, &p->cdtext, SP_STORE_PACKS_MAX);
}

static int parse_full_toc(struct parse *p)
{
	return parse_hex(p, &p->full_toc, SP_STORE_PACKS_MAX);
}

static int parse_pfi(struct parse *p)
{
	return parse_hex(p, &p->pfi, SP_STORE_STRUCTURE);
}

static int parse_dmi(struct parse *p)
{
	return parse_hex(p, &p->dmi, SP_STORE_STRUCTURE);
}

/* Lines are gathered, each with its end. */
static int parse_recorder(struct parse *p)
{
	struct sp_store_text *store = p->store;
	char *line;
	int rc = parse_rest(p, &line);

	if (rc < 0)
		return rc;
	char *lines = sp_format_text("%s%s\n", store->recorder ? store->recorder : "", line);
	free(line);
	if (!lines)
		return sp_fail_memory(p->err);
	free(store->recorder);
	store->recorder = lines;
	if (strlen(lines) > SP_STORE_RECORDER_MAX)
		rc = parse_fail(p, "there is too much of this");
	return rc;
}

enum parse_times { PARSE_MANY, PARSE_MAY, PARSE_MUST };

static const struct {
	const char *word;
	int (*parse)(struct parse *p);
	enum parse_times times;
} parse_keyword[] = {
	{"stem", parse_stem, PARSE_MUST},
	{"identity", parse_identity, PARSE_MUST},
	{"records", parse_records, PARSE_MUST},
	{"medium", parse_medium, PARSE_MUST},
	{"profile", parse_profile, PARSE_MUST},
	{"layer-break", parse_layer_break, PARSE_MAY},
	{"mcn", parse_mcn, PARSE_MAY},
	{"session", parse_session, PARSE_MANY},
	{"track", parse_track, PARSE_MANY},
	{"region", parse_region, PARSE_MANY},
	{"text", parse_text, PARSE_MANY},
	{"block", parse_block, PARSE_MANY},
	{"block-text", parse_block_text, PARSE_MANY},
	{"cdtext", parse_cdtext, PARSE_MANY},
	{"full-toc", parse_full_toc, PARSE_MANY},
	{"pfi", parse_pfi, PARSE_MANY},
	{"dmi", parse_dmi, PARSE_MANY},
	{"recorder", parse_recorder, PARSE_MANY},
};

enum { PARSE_KEYWORDS = sizeof(parse_keyword) / sizeof(parse_keyword[0]) };

static int parse_line(struct parse *p)
{
	struct sp_word word, more;
	unsigned i = 0;

	if (!sp_text_word(&p->cursor, &word))
		return parse_fail(p, "an empty line");
	while (i < PARSE_KEYWORDS && !sp_word_is(&word, parse_keyword[i].word))
		i++;
	if (i == PARSE_KEYWORDS)
		return parse_fail(p, "a line that is not known");
	if (parse_keyword[i].times != PARSE_MANY && p->seen & 1u << i)
		return parse_fail(p, "this is said twice");
	p->seen |= 1u << i;
	const int rc = parse_keyword[i].parse(p);
	if (rc < 0)
		return rc;
	return sp_text_word(&p->cursor, &more) ? parse_fail(p, "words too many on this line") : 0;
}

/* The gathered bytes go to the disc. */
static int parse_structures(struct parse *p)
{
	struct sp_disc *disc = p->store->disc;

	if (p->cdtext.size % 18 || (p->pfi.size && p->pfi.size != SP_STORE_STRUCTURE) ||
	    (p->dmi.size && p->dmi.size != SP_STORE_STRUCTURE))
		return sp_fail(p->err, SP_ERR_FORMAT, "%s: CD-Text packs, PFI or DMI are not whole",
			       p->name);
	if (p->cdtext.size && sp_disc_set_cdtext(disc, p->cdtext.data, p->cdtext.size) < 0)
		return sp_fail_memory(p->err);
	disc->full_toc = p->full_toc.data;
	disc->full_toc_size = p->full_toc.size;
	disc->pfi = p->pfi.data;
	disc->dmi = p->dmi.data;
	p->full_toc.data = p->pfi.data = p->dmi.data = NULL;
	return 0;
}

/* What the lines say together. */
static int parse_check(struct parse *p)
{
	const struct sp_store_text *store = p->store;
	const struct sp_disc *disc = store->disc;

	for (unsigned i = 0; i < PARSE_KEYWORDS; i++)
		if (parse_keyword[i].times == PARSE_MUST && !(p->seen & 1u << i))
			return sp_fail(p->err, SP_ERR_FORMAT, "%s: “%s” is missing", p->name,
				       parse_keyword[i].word);
	if (!disc->regions && store->recorder && !disc->sessions && !disc->tracks) /* blank */
		return 0;
	if (!disc->regions)
		return sp_fail(p->err, SP_ERR_FORMAT, "%s: “region” is missing", p->name);
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *r = &disc->region[i];

		if (r->stored && r->lba < store->origin)
			return sp_fail(p->err, SP_ERR_FORMAT,
				       "%s: LBA %lld lies before the first record", p->name,
				       (long long)r->lba);
		if (r->stored &&
		    (sp_sector_size(r->mode, r->parts & SP_PART_MAIN) > store->stride ||
		     (r->parts & SP_PART_PW && !store->sub)))
			return sp_fail(p->err, SP_ERR_FORMAT,
				       "%s: the sectors at LBA %lld do not fit the records",
				       p->name, (long long)r->lba);
	}
	return sp_disc_check(disc, p->err);
}

/* The version that begins at `from`: its length without and with its last line, and whether that is
 * whole and right. */
static bool parse_version(const uint8_t *data, size_t size, size_t from, size_t *text,
			  size_t *whole)
{
	const size_t magic = sizeof(SP_STORE_MAGIC) - 1;
	const uint8_t *at = data + from;
	char last[48];

	if (size - from < magic || memcmp(at, SP_STORE_MAGIC, magic))
		return false;
	const uint8_t *end = memmem(at, size - from, "\nend ", 5);
	if (!end)
		return false;
	*text = (size_t)(end + 1 - at);
	const int n = snprintf(last, sizeof(last), "end %zu %08x\n", *text,
			       (unsigned)sp_crc32(0, at, *text));
	*whole = *text + (size_t)n;
	return size - from >= *whole && !memcmp(end + 1, last, (size_t)n);
}

int sp_store_parse(struct sp_store_text *store, const char *name, const uint8_t *data, size_t size,
		   uint64_t *end, struct sp_error *err)
{
	struct parse p = {.store = store, .name = name, .err = err};
	size_t from = 0, text = 0, next = 0, n, whole;
	int rc = 0;

	*store = (struct sp_store_text){.disc = sp_disc_new()};
	if (!store->disc)
		return sp_fail_memory(err);
	for (; parse_version(data, size, next, &n, &whole); next += whole) {
		from = next;
		text = n;
	}
	*end = next;
	if (!text)
		return sp_fail(
			err, SP_ERR_FORMAT, "%s: %s", name,
			size >= sizeof(SP_STORE_MAGIC) - 1 &&
					!memcmp(data, SP_STORE_MAGIC, sizeof(SP_STORE_MAGIC) - 1)
				? "the description is cut short or damaged"
				: "not a work store");
	sp_text_begin(&p.cursor, data + from, text);
	sp_text_line(&p.cursor);
	const struct sp_word version = sp_text_rest(&p.cursor);
	if (!sp_word_is(&version, SP_STORE_MAGIC "1") &&
	    !sp_word_is(&version, SP_STORE_MAGIC "2") && !sp_word_is(&version, SP_STORE_MAGIC "3"))
		rc = sp_fail(err, SP_ERR_UNSUPPORTED,
			     "%s: a work store of a later program (it begins “%.*s”)", name,
			     version.size > 40 ? 40 : (int)version.size, version.at);
	while (!rc && sp_text_line(&p.cursor))
		rc = parse_line(&p);
	if (!rc)
		rc = parse_structures(&p);
	if (!rc)
		rc = parse_check(&p);
	free(p.cdtext.data);
	free(p.full_toc.data);
	free(p.pfi.data);
	free(p.dmi.data);
	return rc;
}

void sp_store_text_clear(struct sp_store_text *store)
{
	free(store->stem);
	free(store->identity);
	free(store->recorder);
	sp_disc_free(store->disc);
	*store = (struct sp_store_text){0};
}

bool sp_store_stem_valid(const char *stem)
{
	const size_t size = strlen(stem);

	if (!size || size > 200 || stem[0] == '.' || stem[0] == ' ' || stem[size - 1] == ' ')
		return false;
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)stem[i] < 0x20 || stem[i] == 0x7f || stem[i] == '/' ||
		    stem[i] == '\\')
			return false;
	return true;
}
