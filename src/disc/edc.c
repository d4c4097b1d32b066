/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The EDC: a CRC-32 of its own polynomial, sixteen bytes a step. ECMA-130 14.3. */
#include "disc/edc.h"

#include "base/bytes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* The CRC is linear: a table's 256 entries are the sums of eight, one for each bit of the byte. */
#define SUM1(v, a)                   v, (v) ^ (a)
#define SUM2(v, a, b)                SUM1(v, a), SUM1((v) ^ (b), a)
#define SUM3(v, a, b, c)             SUM2(v, a, b), SUM2((v) ^ (c), a, b)
#define SUM4(v, a, b, c, d)          SUM3(v, a, b, c), SUM3((v) ^ (d), a, b, c)
#define SUM5(v, a, b, c, d, e)       SUM4(v, a, b, c, d), SUM4((v) ^ (e), a, b, c, d)
#define SUM6(v, a, b, c, d, e, f)    SUM5(v, a, b, c, d, e), SUM5((v) ^ (f), a, b, c, d, e)
#define SUM7(v, a, b, c, d, e, f, g) SUM6(v, a, b, c, d, e, f), SUM6((v) ^ (g), a, b, c, d, e, f)
#define TABLE(a, b, c, d, e, f, g, h)                                                              \
	{                                                                                          \
		SUM7(0u, a, b, c, d, e, f, g), SUM7(h, a, b, c, d, e, f, g)                        \
	}

/* edc_table[k][v]: what byte v leaves k bytes later. 0xD8018001 is the polynomial reflected. */
static const uint32_t edc_table[16][256] = {
	TABLE(0x90910101, 0x91210201, 0x92410401, 0x94810801, 0x99011001, 0x82012001, 0xB4014001,
	      0xD8018001),
	TABLE(0x90019000, 0x90002003, 0x90034005, 0x90058009, 0x90080011, 0x90130021, 0x90250041,
	      0x90490081),
	TABLE(0x00900190, 0x01200320, 0x02400640, 0x04800C80, 0x09001900, 0x12003200, 0x24006400,
	      0x4800C800),
	TABLE(0x41000001, 0x82000002, 0xB4030007, 0xD805000D, 0x00090019, 0x00120032, 0x00240064,
	      0x004800C8),
	TABLE(0x90D00101, 0x91A30201, 0x93450401, 0x96890801, 0x9D111001, 0x8A212001, 0xA4414001,
	      0xF8818001),
	TABLE(0x9001D100, 0x9000A203, 0x90024405, 0x90078809, 0x900C1011, 0x901B2021, 0x90354041,
	      0x90698081),
	TABLE(0x009001D1, 0x012003A2, 0x02400744, 0x04800E88, 0x09001D10, 0x12003A20, 0x24007440,
	      0x4800E880),
	TABLE(0x65904101, 0xCB208202, 0x26420407, 0x4C84080E, 0x9908101C, 0x8213203B, 0xB4254075,
	      0xD84980E9),
	TABLE(0x90F49140, 0x91EA2283, 0x93D74505, 0x97AD8A09, 0x9F581411, 0x8EB32821, 0xAD655041,
	      0xEAC9A081),
	TABLE(0xB491B490, 0xD9206923, 0x0243D245, 0x0487A48A, 0x090F4914, 0x121E9228, 0x243D2450,
	      0x487A48A0),
	TABLE(0x41B401B4, 0x83680368, 0xB6D306D3, 0xDDA50DA5, 0x0B491B49, 0x16923692, 0x2D246D24,
	      0x5A48DA48),
	TABLE(0x51010001, 0xA2020002, 0xF4070007, 0x580D000D, 0xB01A001A, 0xD0370037, 0x106D006D,
	      0x20DA00DA),
	TABLE(0x90C00001, 0x91830001, 0x93050001, 0x96090001, 0x9C110001, 0x88210001, 0xA0410001,
	      0xF0810001),
	TABLE(0x9001C101, 0x90008201, 0x90020401, 0x90070801, 0x900D1001, 0x90192001, 0x90314001,
	      0x90618001),
	TABLE(0x900100C0, 0x90010183, 0x90010305, 0x90010609, 0x90010C11, 0x90011821, 0x90013041,
	      0x90016081),
	TABLE(0x6C90C100, 0xD9218200, 0x02400403, 0x04800806, 0x0900100C, 0x12002018, 0x24004030,
	      0x48008060),
};

/* The four bytes of `word`, the last of which lies `after` bytes before the step's end. */
static inline uint32_t edc_word(uint32_t word, unsigned after)
{
	return edc_table[after + 3][word & 255] ^ edc_table[after + 2][word >> 8 & 255] ^
	       edc_table[after + 1][word >> 16 & 255] ^ edc_table[after][word >> 24];
}

static uint32_t edc_table_walk(uint32_t crc, const uint8_t *data, size_t size)
{
	for (; size >= 16; data += 16, size -= 16)
		crc = edc_word(crc ^ get_le32(data), 12) ^ edc_word(get_le32(data + 4), 8) ^
		      edc_word(get_le32(data + 8), 4) ^ edc_word(get_le32(data + 12), 0);
	for (; size; data++, size--)
		crc = crc >> 8 ^ edc_table[0][(crc ^ *data) & 255];
	return crc;
}

#if defined(__x86_64__)
/* Sixty-four bytes a step by carry-less products: bits that lie n before others are worth x^n mod
 * the polynomial there (V. Gopal et al., Fast CRC Computation for Generic Polynomials Using
 * PCLMULQDQ Instruction, Intel 2009). A constant is x^(n ± 32) mod P, reflected, times 2. */
#define EDC_STEP 64

__attribute__((target("pclmul"))) static inline __m128i edc_fold(__m128i a, __m128i by,
								 __m128i next)
{
	const __m128i low = _mm_clmulepi64_si128(a, by, 0x00);
	const __m128i high = _mm_clmulepi64_si128(a, by, 0x11);

	return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

static inline __m128i edc_load(const uint8_t *data)
{
	return _mm_loadu_si128((const __m128i *)(const void *)data);
}

/* At least EDC_STEP bytes. */
__attribute__((target("pclmul"))) static uint32_t edc_products(uint32_t crc, const uint8_t *data,
							       size_t size)
{
	const __m128i by512 = _mm_set_epi64x(0x12e7928a2, 0x1f8931102); /* 512 - 32, 512 + 32 */
	const __m128i by128 = _mm_set_epi64x(0x1d5934102, 0x06c90c100); /* 128 - 32, 128 + 32 */
	__m128i a[4];
	uint8_t left[16];

	for (unsigned i = 0; i < 4; i++)
		a[i] = edc_load(data + (size_t)i * 16);
	a[0] = _mm_xor_si128(a[0], _mm_cvtsi32_si128((int)crc));
	for (data += EDC_STEP, size -= EDC_STEP; size >= EDC_STEP;
	     data += EDC_STEP, size -= EDC_STEP)
		for (unsigned i = 0; i < 4; i++)
			a[i] = edc_fold(a[i], by512, edc_load(data + (size_t)i * 16));
	for (unsigned i = 1; i < 4; i++)
		a[0] = edc_fold(a[0], by128, a[i]);
	for (; size >= 16; data += 16, size -= 16)
		a[0] = edc_fold(a[0], by128, edc_load(data));
	_mm_storeu_si128((__m128i *)(void *)left, a[0]);
	return edc_table_walk(edc_table_walk(0, left, sizeof(left)), data, size);
}

uint32_t sp_edc(uint32_t crc, const uint8_t *data, size_t size)
{
	return size >= EDC_STEP && __builtin_cpu_supports("pclmul")
		       ? edc_products(crc, data, size)
		       : edc_table_walk(crc, data, size);
}
#else
uint32_t sp_edc(uint32_t crc, const uint8_t *data, size_t size)
{
	return edc_table_walk(crc, data, size);
}
#endif
