/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of Q frames from anywhere: what is read is written as both kinds of file and read again. */
#include "formats/sbi.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".sbi";

static void fuzz_again(const struct sp_sbi *sbi, unsigned kind)
{
	struct sp_sbi again;
	uint8_t *data;
	size_t size;

	if (sp_sbi_print(sbi, kind, &data, &size, NULL) < 0)
		abort();
	/* a .lsd whose first time looks like the magic of a .sbi cannot be: S is no BCD digit */
	if (sbi->frames &&
	    (sp_sbi_parse(&again, "again", data, size, NULL) < 0 || again.frames != sbi->frames))
		abort();
	for (size_t i = 0; i < sbi->frames; i++)
		if (again.frame[i].lba != sbi->frame[i].lba ||
		    memcmp(again.frame[i].q, sbi->frame[i].q, kind == SP_LSD ? 12 : 10) != 0)
			abort();
	if (sbi->frames)
		sp_sbi_clear(&again);
	free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_error err = {0};
	struct sp_sbi sbi;

	if (sp_sbi_parse(&sbi, "fuzz.sbi", data, size, &err) < 0) {
		if (!err.text[0] || sbi.frame)
			abort();
		return 0;
	}
	fuzz_again(&sbi, SP_SBI);
	fuzz_again(&sbi, SP_LSD);
	sp_sbi_clear(&sbi);
	return 0;
}
