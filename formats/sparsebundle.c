/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sparsebundle: a directory in which Info.plist says how large the disk is, files bands/0, 1, … a,
 * b, … hold it, and `token` the keys where it is encrypted. Bands that are missing, and what is
 * missing of a band, are zeros. */
#include "formats/sparsebundle.h"
#include "base/bytes.h"
#include "formats/encrcdsa.h"
#include "formats/formats.h"
#include "formats/plist.h"
#include "formats/unwrap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUNDLE_KEPT = 8, /* bands that stay open */
	BUNDLE_INFO = 1 << 20,
};
#define BUNDLE_BAND_MAX (UINT64_C(1) << 40)

/* A band that was looked for; io NULL: it is not there. */
struct bundle_band {
	uint64_t number;
	struct sp_io *io;
	uint64_t used; /* when last; 0: the place is free */
};

struct bundle {
	struct sp_io io;
	struct sp_io *info; /* Info.plist */
	uint64_t band_size, clock;
	struct sp_crypt *crypt; /* NULL: not encrypted */
	struct bundle_band band[BUNDLE_KEPT];
};

/* A file of the bundle; *out NULL with status 0: it is not there. */
static int bundle_file(struct sp_io **out, struct sp_io *info, const char *name,
		       struct sp_error *err)
{
	struct sp_error here;
	const int r = sp_io_sibling_exact(info, name, out, &here);

	if (r < 0)
		*out = NULL;
	if (r == SP_ERR_IO && here.sys_errno == ENOENT)
		return 0;
	if (r < 0 && err)
		*err = here;
	return r;
}

static int bundle_open_band(struct bundle *b, uint64_t number, struct sp_io **out,
			    struct sp_error *err)
{
	char name[32];
	struct sp_io *plain;

	snprintf(name, sizeof(name), "bands/%" PRIx64, number);
	int r = bundle_file(out, b->info, name, err);
	if (r < 0 || !*out)
		return r;
	if ((*out)->size > b->band_size)
		r = sp_fail(err, SP_ERR_FORMAT,
			    "%s: has %" PRIu64 " bytes, more than the %" PRIu64 " of a band",
			    (*out)->name, (*out)->size, b->band_size);
	if (!r && b->crypt) {
		r = sp_io_crypt(&plain, *out, b->crypt, false,
				number * (b->band_size / sp_crypt_block(b->crypt)), 0, (*out)->size,
				err);
		if (!r)
			*out = plain;
	}
	if (r < 0) {
		sp_io_close(*out);
		*out = NULL;
	}
	return r;
}

/* The band's place among those kept, opened where it is not. */
static int bundle_band(struct bundle *b, uint64_t number, struct sp_io **out, struct sp_error *err)
{
	struct bundle_band *oldest = &b->band[0];
	int r = 0;

	for (size_t i = 0; i < BUNDLE_KEPT; i++) {
		if (b->band[i].used && b->band[i].number == number) {
			b->band[i].used = ++b->clock;
			*out = b->band[i].io;
			return 0;
		}
		if (b->band[i].used < oldest->used)
			oldest = &b->band[i];
	}
	sp_io_close(oldest->io);
	*oldest = (struct bundle_band){0};
	r = bundle_open_band(b, number, out, err);
	if (!r)
		*oldest = (struct bundle_band){number, *out, ++b->clock};
	return r;
}

static int bundle_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct bundle *b = (struct bundle *)io;
	uint8_t *to = data;

	while (size) {
		const uint64_t within = at % b->band_size, left = b->band_size - within;
		const size_t n = left < size ? (size_t)left : size;
		struct sp_io *band;
		size_t there = 0;

		int r = bundle_band(b, at / b->band_size, &band, err);
		if (!r && band && within < band->size)
			there = n < band->size - within ? n : (size_t)(band->size - within);
		if (!r && there)
			r = sp_io_read(band, within, to, there, err);
		if (r < 0)
			return r;
		memset(to + there, 0, n - there);
		at += n;
		to += n;
		size -= n;
	}
	return 0;
}

static void bundle_free(struct bundle *b)
{
	for (size_t i = 0; i < BUNDLE_KEPT; i++)
		sp_io_close(b->band[i].io);
	sp_crypt_free(b->crypt);
	free(b);
}

static void bundle_close(struct sp_io *io)
{
	struct bundle *b = (struct bundle *)io;
	struct sp_io *info = b->info;

	bundle_free(b);
	sp_io_close(info);
}

/* What Info.plist says. */
static int bundle_info(struct bundle *b, const struct sp_plist_node *dict, struct sp_error *err)
{
	const char *name = b->io.name, *type = sp_plist_text(dict, "diskimage-bundle-type");
	uint64_t version, band, size;

	if (!type || strcmp(type, SP_SPARSEBUNDLE_TYPE) != 0)
		return sp_fail(err, SP_ERR_FORMAT, "%s: is of %s, not a sparse bundle", name,
			       type ? type : "nothing that has a diskimage-bundle-type");
	if (!sp_plist_number(dict, "bundle-backingstore-version", &version) || version != 1)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: a bundle-backingstore-version that is not 1 is not known",
			       name);
	if (!sp_plist_number(dict, "band-size", &band) || !band || band % 512 ||
	    band > BUNDLE_BAND_MAX)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: band-size is missing or no multiple of 512 up to 2^40", name);
	if (!sp_plist_number(dict, "size", &size) || size > INT64_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "%s: size is missing or more than 2^63", name);
	b->band_size = band;
	b->io.size = size;
	return 0;
}

/* The keys where there are some; and a bundle has a token, if an empty one, or its first band. */
static int bundle_token(struct bundle *b, const struct sp_options *options,
			char text[SP_WRAPPING_TEXT], struct sp_error *err)
{
	struct sp_io *token = NULL, *first = NULL;
	struct sp_encrcdsa head;
	int r = bundle_file(&token, b->info, "token", err);

	if (!r && token && token->size) {
		r = sp_encrcdsa_read(&head, token, err);
		if (!r)
			sp_encrcdsa_text(&head, text);
		if (!r)
			r = sp_encrcdsa_unlock(&b->crypt, &head, token->name, options, err);
		if (!r && b->band_size % head.block)
			r = sp_fail(err, SP_ERR_UNSUPPORTED,
				    "%s: bands of %" PRIu64
				    " bytes are no whole number of encrypted blocks of %" PRIu32,
				    b->io.name, b->band_size, head.block);
	}
	if (!r)
		r = bundle_band(b, 0, &first, err);
	if (!r && !first && !token)
		r = sp_fail(err, SP_ERR_FORMAT, "%s: no band and no token lie beside it",
			    b->io.name);
	else if (!r && !first)
		sp_note(sp_options_notes(options),
			"%s: its first band is missing, as an empty disk's is", b->io.name);
	sp_io_close(token);
	return r;
}

static int bundle_unwrap(struct sp_io **out, struct sp_io *io, const struct sp_options *options,
			 char text[SP_WRAPPING_TEXT], struct sp_error *err)
{
	static const struct sp_io_ops ops = {.read = bundle_read, .close = bundle_close};
	struct sp_plist_node *dict = NULL;
	char crypt[SP_WRAPPING_TEXT] = "";

	if (io->size > BUNDLE_INFO)
		return sp_fail(err, SP_ERR_FORMAT, "%s: is too large for a bundle's description",
			       io->name);
	struct bundle *b = calloc(1, sizeof(*b));
	if (!b)
		return sp_fail_memory(err);
	b->io = (struct sp_io){.ops = &ops, .name = io->name};
	b->info = io;
	int r = sp_plist_read(&dict, io, 0, io->size, err);
	if (!r)
		r = bundle_info(b, dict, err);
	sp_plist_free(dict);
	if (!r)
		r = bundle_token(b, options, crypt, err);
	if (r < 0) {
		bundle_free(b);
		return r;
	}
	snprintf(text, SP_WRAPPING_TEXT, "%" PRIu64 " bands of %" PRIu64 " KiB%s%.90s",
		 b->io.size / b->band_size + (b->io.size % b->band_size != 0), b->band_size / 1024,
		 *crypt ? ", " : "", crypt);
	*out = &b->io;
	return 0;
}

static int bundle_probe(const struct sp_probe *probe)
{
	return probe->head_size > 5 && memcmp(probe->head, "<?xml", 5) == 0 &&
			       memmem(probe->head, probe->head_size, SP_SPARSEBUNDLE_TYPE,
				      sizeof(SP_SPARSEBUNDLE_TYPE) - 1)
		       ? 90
		       : 0;
}

static int bundle_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
		       struct sp_error *err)
{
	return sp_unwrap_open(out, &sp_format_sparsebundle, io, options, err);
}

const struct sp_format sp_format_sparsebundle = {
	.name = "sparsebundle",
	.summary = "Apple sparse bundle",
	.extension = (const char *const[]){".sparsebundle", ".backupbundle", NULL},
	.flags = SP_FORMAT_SHEET | SP_FORMAT_FOLDER,
	.option = sp_sparsebundle_option,
	.carries = sp_sparsebundle_carries,
	.probe = bundle_probe,
	.open = bundle_open,
	.create = sp_sparsebundle_create,
	.unwrap = bundle_unwrap,
};
