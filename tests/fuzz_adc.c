/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ADC: whole and in pieces give the same. */
#include "tests/fuzz_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".adc";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_codec(&sp_codec_adc, data, size);
	return 0;
}
