/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scrambler of ECMA-130 annex B. */
#ifndef SP_DISC_SCRAMBLE_H
#define SP_DISC_SCRAMBLE_H

#include <stdint.h>

/* Scramble or unscramble (the same) a raw sector in place: bytes 12…2351. */
void sp_scramble(uint8_t raw[2352]);

#endif
