/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sub-channels: Q's contents and CRC, and the orders in which images store P-W. ECMA-130 22. */
#ifndef SP_DISC_SUBCHANNEL_H
#define SP_DISC_SUBCHANNEL_H

#include <spindle/disc.h>

/* CRC-16 poly 0x1021, init 0, inverted: of Q (over 10 bytes) and CD-Text packs (over 16). */
uint16_t sp_crc16_gsm(const uint8_t *data, size_t size);
bool sp_q_valid(const uint8_t q[12]);

/* 96 bytes: interleaved (a byte has the bits P…W of one symbol) ↔ linear (12 bytes P, 12 Q, …). */
void sp_sub_to_linear(const uint8_t interleaved[96], uint8_t linear[96]);
void sp_sub_to_interleaved(const uint8_t linear[96], uint8_t interleaved[96]);
/* Take Q out of interleaved P-W, or put it in. */
void sp_sub_get_q(const uint8_t interleaved[96], uint8_t q[12]);
void sp_sub_set_q(uint8_t interleaved[96], const uint8_t q[12]);

/* Q of ADR 1 for `lba` of `disc`, with CRC: control, track and index in BCD, relative time
 * (counting down in index 00 to 00:00:01), absolute time. Lead-out past the last region and in the
 * gap after a session. False: the LBA has no MSF or no track. */
bool sp_q_position(const struct sp_disc *disc, sp_lba lba, uint8_t q[12]);
/* ADR 2 (MCN, 13 digits) and ADR 3 (ISRC, 12 characters) with CRC. False: not valid. */
bool sp_q_mcn(unsigned control, const char *mcn, sp_lba lba, uint8_t q[12]);
bool sp_q_isrc(unsigned control, const char *isrc, sp_lba lba, uint8_t q[12]);
/* And back; false when q is not of that kind, its CRC is wrong or it holds none (zeros). */
bool sp_q_get_mcn(const uint8_t q[12], char mcn[14]);
bool sp_q_get_isrc(const uint8_t q[12], char isrc[13]);

/* The LBA that Q of ADR 1 says it lies at; `near` tells lead-in times (90:00:00 and up) from those
 * of the program. False: of another ADR, or no time. The CRC is not looked at. */
bool sp_q_lba(const uint8_t q[12], sp_lba near, sp_lba *lba);

/* The text that most of many readings agree on, by Boyer and Moore: 0 at the start. */
struct sp_q_vote {
	char text[14];
	uint64_t lead; /* by how many readings it leads all others together */
};
void sp_q_vote(struct sp_q_vote *vote, const char *text);

/* The P-W sub-channel the layout implies: P, Q (MCN at LBAs ≡ 0 mod 100 and ISRC at ≡ 50, where the
 * disc has them), R-W zero. Interleaved. False as sp_q_position. */
bool sp_sub_generate(const struct sp_disc *disc, sp_lba lba, uint8_t interleaved[96]);

#endif
