/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CD-Text: what its codes mean, and packs one by one. MMC annex J; languages: EBU Tech 3264. */
#include "disc/cdtext.h"

#include "base/bytes.h"
#include "disc/subchannel.h"

#include <string.h>
#include <strings.h>

static const char *const cdtext_genre[] = {
	NULL, /* not used */
	NULL, /* not defined */
	"Adult Contemporary",
	"Alternative Rock",
	"Childrens Music",
	"Classical",
	"Contemporary Christian",
	"Country",
	"Dance",
	"Easy Listening",
	"Erotic",
	"Folk",
	"Gospel",
	"Hip Hop",
	"Jazz",
	"Latin",
	"Musical",
	"New Age",
	"Opera",
	"Operetta",
	"Pop Music",
	"Rap",
	"Reggae",
	"Rock Music",
	"Rhythm & Blues",
	"Sound Effects",
	"Soundtrack",
	"Spoken Word",
	"World Music",
};

#define GENRES (sizeof(cdtext_genre) / sizeof(cdtext_genre[0]))

const char *sp_cdtext_genre(unsigned code)
{
	return code < GENRES ? cdtext_genre[code] : NULL;
}

unsigned sp_cdtext_genre_code(const char *name)
{
	for (unsigned i = 0; i < GENRES; i++)
		if (cdtext_genre[i] && strcasecmp(cdtext_genre[i], name) == 0)
			return i;
	return 0;
}

const char *sp_text_language_name(unsigned code)
{
	static const char *const name[] = {
		[0x01] = "Albanian",
		"Breton",
		"Catalan",
		"Croatian",
		"Welsh",
		"Czech",
		"Danish",
		"German",
		"English",
		"Spanish",
		"Esperanto",
		"Estonian",
		"Basque",
		"Faroese",
		"French",
		"Frisian",
		"Irish",
		"Gaelic",
		"Galician",
		"Icelandic",
		"Italian",
		"Lappish",
		"Latin",
		"Latvian",
		"Luxembourgian",
		"Lithuanian",
		"Hungarian",
		"Maltese",
		"Dutch",
		"Norwegian",
		"Occitan",
		"Polish",
		"Portuguese",
		"Romanian",
		"Romansh",
		"Serbian",
		"Slovak",
		"Slovenian",
		"Finnish",
		"Swedish",
		"Turkish",
		"Flemish",
		"Walloon",
		[0x45] = "Zulu",
		"Vietnamese",
		"Uzbek",
		"Urdu",
		"Ukrainian",
		"Thai",
		"Telugu",
		"Tatar",
		"Tamil",
		"Tadzhik",
		"Swahili",
		"Sranan Tongo",
		"Somali",
		"Sinhalese",
		"Shona",
		"Serbo-Croat",
		"Ruthenian",
		"Russian",
		"Quechua",
		"Pushtu",
		"Punjabi",
		"Persian",
		"Papamiento",
		"Oriya",
		"Nepali",
		"Ndebele",
		"Marathi",
		"Moldavian",
		"Malaysian",
		"Malagasay",
		"Macedonian",
		"Laotian",
		"Korean",
		"Khmer",
		"Kazakh",
		"Kannada",
		"Japanese",
		"Indonesian",
		"Hindi",
		"Hebrew",
		"Hausa",
		"Gurani",
		"Gujarati",
		"Greek",
		"Georgian",
		"Fulani",
		"Dari",
		"Chuvash",
		"Chinese",
		"Burmese",
		"Bulgarian",
		"Bengali",
		"Belorussian",
		"Bambara",
		"Azerbaijani",
		"Assamese",
		"Armenian",
		"Arabic",
		"Amharic",
	};

	return code < sizeof(name) / sizeof(name[0]) ? name[code] : NULL;
}

static const struct {
	unsigned charset;
	const char *name, *letters;
} cdtext_charset[] = {
	{SP_TEXT_LATIN1, "ISO 8859-1", "ISO-8859-1"},
	{SP_TEXT_ASCII, "ASCII", "ASCII"},
	{SP_TEXT_MSJIS, "MS-JIS", "CP932"},
	{SP_TEXT_KOREAN, "Korean", NULL}, /* reserved codes: no standard says which letters */
	{SP_TEXT_MANDARIN, "Mandarin Chinese", NULL},
};

#define CHARSETS (sizeof(cdtext_charset) / sizeof(cdtext_charset[0]))

const char *sp_text_charset_name(unsigned charset)
{
	for (size_t i = 0; i < CHARSETS; i++)
		if (cdtext_charset[i].charset == charset)
			return cdtext_charset[i].name;
	return NULL;
}

const char *sp_cdtext_letters(unsigned charset, unsigned type)
{
	if (type > SP_TEXT_MESSAGE) /* codes, and texts that are the same in every language */
		return "ISO-8859-1";
	for (size_t i = 0; i < CHARSETS; i++)
		if (cdtext_charset[i].charset == charset)
			return cdtext_charset[i].letters;
	return NULL;
}

bool sp_cdtext_is_text(unsigned type)
{
	return (type >= SP_TEXT_TITLE && type <= SP_TEXT_GENRE) || type == SP_TEXT_CLOSED ||
	       type == SP_TEXT_UPC_EAN;
}

bool sp_cdtext_of_disc(unsigned type)
{
	return type == SP_TEXT_DISC_ID || type == SP_TEXT_GENRE || type == SP_TEXT_CLOSED;
}

bool sp_cdtext_is_line(const struct sp_text *text)
{
	if (text->block || text->type == SP_TEXT_CLOSED)
		return false;
	for (const char *c = text->text; *c; c++)
		if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
			return false;
	return true;
}

bool sp_cdtext_find(const uint8_t *data, size_t size, size_t *at, size_t *packs)
{
	const size_t odd = size % SP_PACK_SIZE;

	*at = odd >= 4 ? 4 : 0;
	*packs = size - odd;
	return (odd == 0 || odd == 1 || odd == 4 || odd == 5) && *packs &&
	       *packs <= SP_CDTEXT_MAX && (data[*at] & 0xf0) == 0x80;
}

bool sp_cdtext_pack_good(const uint8_t *packs, size_t size, size_t at)
{
	const uint8_t *pack = packs + at;
	const unsigned crc = get_be16(pack + SP_PACK_SIZE - 2);

	return pack[0] &&
	       (crc == sp_crc16_gsm(pack, SP_PACK_SIZE - 2) || (!crc && at + SP_PACK_SIZE == size));
}

bool sp_cdtext_sizes(const uint8_t *packs, size_t size, unsigned block,
		     uint8_t sizes[SP_PACK_SIZES_BYTES])
{
	unsigned seen = 0;

	for (size_t at = 0; at + SP_PACK_SIZE <= size; at += SP_PACK_SIZE) {
		const uint8_t *pack = packs + at;

		if (pack[0] != SP_PACK_SIZES || pack[1] > 2 || (pack[3] >> 4 & 7) != block ||
		    !sp_cdtext_pack_good(packs, size, at))
			continue;
		memcpy(sizes + pack[1] * SP_PACK_PAYLOAD, pack + 4, SP_PACK_PAYLOAD);
		seen |= 1u << pack[1];
	}
	return seen == 7;
}

void sp_cdtext_seal(uint8_t *pack)
{
	put_be16(pack + SP_PACK_SIZE - 2, sp_crc16_gsm(pack, SP_PACK_SIZE - 2));
}
