/* SPDX-License-Identifier: GPL-3.0-or-later */
/* EDC of CD-ROM sectors (ECMA-130 14.3) and P/Q parity (ECMA-130 annex A). */
#ifndef SP_DISC_EDC_H
#define SP_DISC_EDC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CRC-32 with the polynomial 0x8001801B reflected, initial value `crc` (0 at the start), no final
 * xor. */
uint32_t sp_edc(uint32_t crc, const uint8_t *data, size_t size);

/* P/Q parity of a raw sector: 172 bytes at 0x81C and 104 at 0x8C8, over the bytes from 0xC on. With
 * `zero_header` the four header bytes count as zero (mode 2). Computed into `parity`, not stored.
 */
void sp_ecc(const uint8_t raw[2352], bool zero_header, uint8_t parity[276]);

#endif
