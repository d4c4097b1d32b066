/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scrambler: an exclusive or with the output of a shift register. ECMA-130 annex B. */
#include "disc/scramble.h"

#include <stddef.h>

#define SYNC_SIZE 12
#define SIZE      (2352 - SYNC_SIZE)

void sp_scramble(uint8_t raw[2352])
{
	/* The register of x^15 + x + 1 preset to 1 gives bits with s(n+15) = s(n) + s(n+1); squared
	 * three times that holds for bytes, and four times more for runs of 16 bytes. */
	uint8_t key[SIZE] = {0x01, 0x80, 0x00, 0x60, 0x00, 0x28, 0x00, 0x1e,
			     0x80, 0x08, 0x60, 0x06, 0xa8, 0x02, 0xfe};

	for (size_t i = 0; i + 15 < 240; i++)
		key[i + 15] = key[i] ^ key[i + 1];
	for (size_t i = 0; i + 240 < SIZE; i++)
		key[i + 240] = key[i] ^ key[i + 16];
	for (size_t i = 0; i < SIZE; i++)
		raw[SYNC_SIZE + i] ^= key[i];
}
