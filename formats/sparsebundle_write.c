/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a sparse bundle: a file for each band that has something, and what describes them. */
#include "formats/formats.h"
#include "formats/sparsebundle.h"
#include "stream/loss.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUNDLE_BAND = 8192, /* KiB, as macOS makes them */
	BUNDLE_BAND_LEAST = 4,
	BUNDLE_BAND_MOST = 1 << 20,
	BUNDLE_PIECE = 4096, /* zeros of this size, at its multiples, are left out of a band */
};

const struct sp_format_option sp_sparsebundle_option[] = {
	{"band", "KIB", "writing: KiB of a band, 4…1048576; 8192 where it is not said"},
	{NULL, NULL, NULL},
};

struct bundle_sink {
	struct sp_sink sink;
	struct sp_io *info; /* Info.plist */
	struct sp_io *band; /* the one that is written; NULL: nothing of it yet */
	uint64_t band_size, at;
	bool any; /* band was written */
};

static unsigned bundle_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	return region->mode == SP_MODE_BLOCK512 && region->stored ? SP_PART_USER : 0;
}

/* What lies in one has no word for larger sectors: it would come out as a disk of blocks. */
static int bundle_losses(struct sp_sink *sink, const struct sp_disc *disc, struct sp_losses *losses,
			 struct sp_error *err)
{
	const int r = sp_losses_common(losses, sink, disc, err);

	if (!r && losses->count[SP_LOSS_TRACKS])
		losses->text[SP_LOSS_TRACKS] =
			"sectors of a disc: a sparse bundle has 512-byte blocks of a disk (see "
			"--to dmg or iso)";
	return r;
}

static int bundle_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
			struct sp_error *err)
{
	(void)source;
	for (size_t i = 0; i < disc->regions; i++)
		if (bundle_wants(sink, &disc->region[i]))
			return 0;
	return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: there are no blocks to make a disk image of",
		       ((struct bundle_sink *)sink)->info->name);
}

static bool bundle_blank(const uint8_t *data, size_t size)
{
	return !data[0] && !memcmp(data, data + 1, size - 1);
}

/* `size` bytes, not 0, that lie in one piece. */
static int bundle_piece(struct bundle_sink *b, const uint8_t *data, size_t size,
			struct sp_error *err)
{
	char name[32];
	int r = 0;

	if (bundle_blank(data, size))
		return 0;
	snprintf(name, sizeof(name), "bands/%" PRIx64, b->at / b->band_size);
	if (!b->band)
		r = sp_io_sibling(b->info, name, &b->band, err);
	b->any = true;
	return r < 0 ? r : sp_io_write(b->band, b->at % b->band_size, data, size, err);
}

static int bundle_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct bundle_sink *b = (struct bundle_sink *)sink;
	const uint8_t *data = span->data;
	size_t size = (size_t)span->count * span->stride;

	while (size) {
		const size_t left = BUNDLE_PIECE - (size_t)(b->at % BUNDLE_PIECE);
		const size_t n = size < left ? size : left;
		const int r = bundle_piece(b, data, n, err);

		if (r < 0)
			return r;
		b->at += n;
		data += n;
		size -= n;
		if (b->at % b->band_size == 0) {
			sp_io_close(b->band);
			b->band = NULL;
		}
	}
	return 0;
}

static int bundle_text(struct sp_io *io, const char *text, struct sp_error *err)
{
	return sp_io_write(io, 0, text, strlen(text), err);
}

/* Twice the same, and an empty token: not encrypted. */
static int bundle_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct bundle_sink *b = (struct bundle_sink *)sink;
	struct sp_io *copy = NULL, *token = NULL;
	char text[800];

	(void)disc;
	snprintf(text, sizeof(text),
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		 "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
		 "<plist version=\"1.0\">\n"
		 "<dict>\n"
		 "\t<key>CFBundleInfoDictionaryVersion</key>\n"
		 "\t<string>6.0</string>\n"
		 "\t<key>band-size</key>\n"
		 "\t<integer>%" PRIu64 "</integer>\n"
		 "\t<key>bundle-backingstore-version</key>\n"
		 "\t<integer>1</integer>\n"
		 "\t<key>diskimage-bundle-type</key>\n"
		 "\t<string>" SP_SPARSEBUNDLE_TYPE "</string>\n"
		 "\t<key>size</key>\n"
		 "\t<integer>%" PRIu64 "</integer>\n"
		 "</dict>\n"
		 "</plist>\n",
		 b->band_size, b->at);
	sp_io_close(b->band);
	b->band = NULL;
	/* a disk of zeros has a first band too, of no byte */
	int r = b->any ? 0 : sp_io_sibling(b->info, "bands/0", &b->band, err);
	if (!r)
		r = sp_io_sibling(b->info, "token", &token, err);
	if (!r)
		r = sp_io_sibling(b->info, "Info.bckup", &copy, err);
	if (!r)
		r = bundle_text(copy, text, err);
	if (!r)
		r = bundle_text(b->info, text, err);
	sp_io_close(copy);
	sp_io_close(token);
	return r;
}

static void bundle_close(struct sp_sink *sink)
{
	struct bundle_sink *b = (struct bundle_sink *)sink;

	sp_io_close(b->band);
	sp_io_close(b->info);
	free(b);
}

unsigned sp_sparsebundle_carries(const struct sp_options *options)
{
	(void)options;
	return 0;
}

int sp_sparsebundle_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
			   struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = bundle_wants,
					       .begin = bundle_begin,
					       .write = bundle_write,
					       .finish = bundle_finish,
					       .close = bundle_close,
					       .losses = bundle_losses};
	const char *text = sp_options_get(options, "band"), *p = text;
	uint64_t band = text ? 0 : BUNDLE_BAND;

	for (; p && *p >= '0' && *p <= '9' && band <= BUNDLE_BAND_MOST; p++)
		band = band * 10 + (unsigned)(*p - '0');
	if ((p && *p) || band < BUNDLE_BAND_LEAST || band > BUNDLE_BAND_MOST || band % 4)
		return sp_fail(err, SP_ERR_USAGE,
			       "-O band=%s: a multiple of 4 from %d to %d is wanted", text,
			       BUNDLE_BAND_LEAST, BUNDLE_BAND_MOST);
	struct bundle_sink *b = calloc(1, sizeof(*b));
	if (!b)
		return sp_fail_memory(err);
	b->sink = (struct sp_sink){.ops = &ops, .carries = sp_sparsebundle_carries(options)};
	b->info = io;
	b->band_size = band << 10;
	*out = &b->sink;
	return 0;
}
