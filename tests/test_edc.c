/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The EDC by every road there is to it, against its definition. */
#include "disc/edc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void fill(uint8_t *data, size_t size)
{
	uint32_t x = 1;

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
}

/* Bit by bit, as ECMA-130 14.3 has it. */
static uint32_t edc_of_bits(uint32_t crc, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xd8018001 : 0);
	}
	return crc;
}

static void edc_of_any_size_is_that_of_its_bits(void **state)
{
	uint8_t data[2400];
	const uint32_t x = 0x12345678;

	(void)state;
	fill(data, sizeof(data));
	for (size_t size = 0; size <= 300; size++)
		assert_int_equal(sp_edc(x, data + size % 17, size),
				 edc_of_bits(x, data + size % 17, size));
	assert_int_equal(sp_edc(0, data, 2064), edc_of_bits(0, data, 2064));
	assert_int_equal(sp_edc(~0u, data + 3, 2056), edc_of_bits(~0u, data + 3, 2056));
}

static void edc_does_not_depend_on_how_it_is_cut(void **state)
{
	uint8_t data[2064];

	(void)state;
	fill(data, sizeof(data));
	const uint32_t whole = sp_edc(0, data, sizeof(data));
	for (size_t cut = 0; cut < sizeof(data); cut += 7)
		assert_int_equal(sp_edc(sp_edc(0, data, cut), data + cut, sizeof(data) - cut),
				 whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edc_of_any_size_is_that_of_its_bits),
		cmocka_unit_test(edc_does_not_depend_on_how_it_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
