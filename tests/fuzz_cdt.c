/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of CD-Text packs from anywhere: read as they are and with every CRC set right; what was
 * read is made again, and that must say the same. */
#include "disc/cdtext.h"
#include "formats/cdt.h"

#include <spindle/io.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".cdt";

static struct sp_disc *fuzz_disc(void)
{
	struct sp_disc *disc = sp_disc_new();

	for (unsigned i = 0; i < 12; i++)
		if (!disc || !sp_disc_add_track(disc))
			abort();
	return disc;
}

static struct sp_disc *fuzz_read(const uint8_t *data, size_t size)
{
	struct sp_memory *mem = sp_memory_new();
	struct sp_disc *disc = fuzz_disc();
	struct sp_error err = {0};
	struct sp_io *io;

	if (!mem || sp_memory_put(mem, "fuzz.cdt", data, size) < 0 ||
	    sp_memory_open(mem, "fuzz.cdt", false, &io, &err) < 0)
		abort();
	if (sp_cdt_read(io, disc, NULL, &err) < 0)
		abort();
	sp_io_close(io);
	sp_memory_free(mem);
	return disc;
}

/* As many texts as before, and each as it was, when nothing was lost. */
static void fuzz_compare(const struct sp_disc *disc, const uint8_t *packs, size_t size)
{
	struct sp_disc *back = fuzz_disc();

	if (sp_disc_set_cdtext(back, packs, size) < 0 || sp_cdtext_decode(back, NULL, NULL) < 0)
		abort();
	for (size_t i = 0; i < disc->texts; i++) {
		const struct sp_text *t = &disc->text[i];
		const char *text = sp_disc_block_text(back, t->block, t->track, t->type);

		if (!text || strcmp(text, t->text) != 0)
			abort();
	}
	if (back->texts != disc->texts)
		abort();
	sp_disc_free(back);
}

static void fuzz_packs(const uint8_t *data, size_t size)
{
	struct sp_disc *disc = fuzz_read(data, size);
	struct sp_cdtext_lost lost;
	struct sp_error err = {0};
	uint8_t *packs;
	size_t made;

	if (disc->cdtext_size) {
		if (sp_cdtext_packs(disc, SP_CDTEXT_WHOLE, &packs, &made, &lost, &err) < 0)
			abort();
		if (made != disc->cdtext_size || memcmp(packs, disc->cdtext, made) != 0)
			abort();
		free(packs);
	}
	if (sp_cdtext_encode(disc, &packs, &made, &lost, &err) < 0)
		abort();
	if (!lost.letters && !lost.texts)
		fuzz_compare(disc, packs, made);
	free(packs);
	if (sp_disc_set_text(disc, 3, SP_TEXT_TITLE, "another") < 0 ||
	    sp_cdtext_packs(disc, SP_CDTEXT_BESIDE, &packs, &made, &lost, &err) < 0)
		abort();
	free(packs);
	sp_disc_free(disc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *right;
	size_t at, packs;

	fuzz_packs(data, size);
	if (!sp_cdtext_find(data, size, &at, &packs))
		return 0;
	right = malloc(size);
	if (!right)
		abort();
	memcpy(right, data, size);
	for (size_t i = 0; i < packs; i += SP_PACK_SIZE)
		sp_cdtext_seal(right + at + i);
	fuzz_packs(right, size);
	free(right);
	return 0;
}
