/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sub-channel of a made disc is told to be: whole, damaged, or marked by a protection. */
#include "base/bytes.h"
#include "disc/sector.h"
#include "disc/subchannel.h"

#include <spindle/stream.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { SECTORS = 45000 };

/* Silence with the implied sub-channel, but for what `change` does to some Q. */
struct scan_source {
	struct sp_source source;
	bool (*change)(sp_lba lba, uint8_t q[12]);
	bool formatted; /* Q, not P-W */
};

static struct sp_subscan result;

static int scan_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	const struct scan_source *s = (const struct scan_source *)src;

	(void)err;
	memset(span->data, 0, span->count * span->stride);
	for (uint32_t i = 0; i < span->count; i++) {
		const sp_lba lba = span->lba + i;
		uint8_t *sub = span->data + i * span->stride + SP_RAW_SIZE, q[12], all[96];

		assert_true(sp_sub_generate(src->disc, lba, all));
		sp_sub_get_q(all, q);
		if (s->change)
			s->change(lba, q);
		sp_sub_set_q(all, q);
		if (s->formatted)
			memcpy(sub, q, sizeof(q));
		else
			memcpy(sub, all, sizeof(all));
	}
	return 0;
}

static void scan_close(struct sp_source *src)
{
	sp_disc_free(src->disc);
}

static struct sp_disc *scan_disc(unsigned sub)
{
	struct sp_disc *disc = sp_disc_new();
	const struct sp_region region = {.lba = -150,
					 .count = 150,
					 .session = 1,
					 .track = 1,
					 .kind = SP_REGION_PREGAP,
					 .mode = SP_MODE_AUDIO,
					 .parts = SP_PART_USER | sub,
					 .stored = true};
	const struct sp_region main = {.count = SECTORS,
				       .session = 1,
				       .track = 1,
				       .kind = SP_REGION_TRACK,
				       .mode = SP_MODE_AUDIO,
				       .parts = SP_PART_USER | sub,
				       .stored = true};

	sp_disc_add_session(disc)->lead_out = SECTORS;
	struct sp_track *track = sp_disc_add_track(disc);
	track->index[0] = -150;
	track->index[1] = 0;
	track->length = SECTORS;
	memcpy(track->isrc, "DEABC2400001", 13);
	memcpy(disc->mcn, "4006381333931", 14);
	sp_disc_add_region(disc, &region);
	sp_disc_add_region(disc, &main);
	assert_int_equal(sp_disc_check(disc, NULL), 0);
	return disc;
}

static void scan(bool (*change)(sp_lba lba, uint8_t q[12]), bool formatted)
{
	static const struct sp_source_ops ops = {.read = scan_read, .close = scan_close};
	struct scan_source s = {.change = change, .formatted = formatted};
	struct sp_copy copy = {.source = &s.source};
	struct sp_error err;

	s.source.ops = &ops;
	s.source.disc = scan_disc(formatted ? SP_PART_Q : SP_PART_PW);
	assert_int_equal(sp_sink_subscan(&copy.sink, &result, &err), 0);
	assert_int_equal(sp_copy(&copy, &err), 0);
	sp_sink_close(copy.sink);
	sp_source_close(&s.source);
}

static void a_sub_channel_as_implied_has_no_anomaly_and_tells_its_codes(void **state)
{
	(void)state;
	for (unsigned formatted = 0; formatted < 2; formatted++) {
		scan(NULL, formatted);
		assert_int_equal(result.sectors, SECTORS + 150);
		assert_int_equal(result.blank, 0);
		assert_int_equal(result.anomalies, 0);
		assert_int_equal(result.pattern, SP_SUB_PATTERN_NONE);
		assert_string_equal(result.mcn, "4006381333931");
		assert_string_equal(result.isrc[1], "DEABC2400001");
	}
}

static bool change_faults(sp_lba lba, uint8_t q[12])
{
	if (lba == 7 || lba == 9000)
		q[4] ^= 0x10;
	if (lba == 100) /* another disc's code, once */
		sp_q_mcn(0, "9780201379624", lba, q);
	if (lba == 20)
		memset(q, 0, 12);
	if (lba == 30) {
		q[9] ^= 1;
		put_be16(q + 10, sp_crc16_gsm(q, 10));
	}
	return true;
}

static void faults_are_counted_by_kind_with_their_place(void **state)
{
	(void)state;
	scan(change_faults, false);
	assert_int_equal(result.count[SP_SUB_CRC], 2);
	assert_int_equal(result.first[SP_SUB_CRC], 7);
	assert_int_equal(result.count[SP_SUB_DESYNC], 1);
	assert_int_equal(result.blank, 1);
	assert_int_equal(result.anomalies, 3);
	assert_int_equal(result.anomaly[1].lba, 30);
	assert_int_equal(result.anomaly[1].said, 31);
	assert_int_equal(result.pattern, SP_SUB_PATTERN_NONE);
	assert_string_equal(result.mcn, "4006381333931");
}

/* Eight of the sixteen pairs, both of each; one fault besides. */
static bool change_libcrypt(sp_lba lba, uint8_t q[12])
{
	static const sp_lba first[] = {13955, 14335, 14499, 14906, 15092, 15228, 15769, 15951};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (lba == first[i] || lba == first[i] + 5)
			q[4] ^= 2;
	if (lba == 44000)
		q[4] ^= 2;
	return true;
}

static void libcrypt_is_told_with_its_key_and_is_no_damage(void **state)
{
	(void)state;
	scan(change_libcrypt, false);
	assert_int_equal(result.pattern, SP_SUB_PATTERN_LIBCRYPT);
	assert_int_equal(result.key, 0xaaaa);
	assert_int_equal(result.count[SP_SUB_CRC], 17);
	assert_int_equal(result.explained[SP_SUB_CRC], 16);
	assert_int_equal(result.first[SP_SUB_CRC], 44000);
}

static bool change_seven_pairs(sp_lba lba, uint8_t q[12])
{
	return lba < 15769 ? change_libcrypt(lba, q) : true;
}

static void too_few_pairs_are_no_libcrypt(void **state)
{
	(void)state;
	/* 15769 and 15951 are left alone: six of one and the other, which is the other maker's */
	scan(change_seven_pairs, false);
	assert_int_equal(result.pattern, SP_SUB_PATTERN_LIBCRYPT);
	assert_int_equal(result.key, 0xaaa0 | 0x0000);
}

static sp_lba securom_step;
static uint16_t securom_xor;
static unsigned securom_sectors;

/* Sectors in equal steps, none of which falls on a code's. */
static bool change_securom(sp_lba lba, uint8_t q[12])
{
	if (lba < 1 || (lba - 1) % securom_step || (lba - 1) / securom_step >= securom_sectors)
		return true;
	if (securom_xor)
		put_be16(q + 10, get_be16(q + 10) ^ securom_xor);
	else {
		q[9] ^= 1;
		put_be16(q + 10, sp_crc16_gsm(q, 10));
	}
	return true;
}

static void securom_is_told_by_its_sectors(void **state)
{
	(void)state;
	static const struct {
		unsigned sectors;
		uint16_t crc;
		unsigned scheme;
	} row[] = {{216, 0x0080, 1}, {90, 0x0080, 2}, {98, 0x8001, 3}, {10, 0x8001, 4}, {10, 0, 4},
		   {98, 0, 3},       {97, 0x8001, 0}, {11, 0x8001, 0}, {10, 0x0100, 0}};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		securom_sectors = row[i].sectors;
		securom_xor = row[i].crc;
		securom_step = 200;
		scan(change_securom, false);
		assert_int_equal(result.scheme, row[i].scheme);
		assert_int_equal(result.pattern,
				 row[i].scheme ? SP_SUB_PATTERN_SECUROM : SP_SUB_PATTERN_NONE);
		assert_int_equal(result.explained[SP_SUB_CRC] + result.explained[SP_SUB_DESYNC],
				 row[i].scheme ? row[i].sectors : 0);
	}
}

static bool change_before_lba_0(sp_lba lba, uint8_t q[12])
{
	if (lba == -1)
		put_be16(q + 10, get_be16(q + 10) ^ 0x8001);
	return change_securom(lba, q);
}

static void securom_may_have_one_more_before_lba_0(void **state)
{
	(void)state;
	securom_sectors = 98;
	securom_xor = 0x8001;
	scan(change_before_lba_0, false);
	assert_int_equal(result.scheme, 3);
	assert_int_equal(result.explained[SP_SUB_CRC], 99);
}

static bool change_all(sp_lba lba, uint8_t q[12])
{
	(void)lba;
	q[11] ^= 1;
	return true;
}

static void more_faults_than_are_kept_are_all_counted(void **state)
{
	(void)state;
	scan(change_all, false);
	assert_int_equal(result.anomalies, SP_SUB_KEPT);
	assert_int_equal(result.count[SP_SUB_CRC], SECTORS + 150);
	assert_string_equal(result.mcn, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sub_channel_as_implied_has_no_anomaly_and_tells_its_codes),
		cmocka_unit_test(faults_are_counted_by_kind_with_their_place),
		cmocka_unit_test(libcrypt_is_told_with_its_key_and_is_no_damage),
		cmocka_unit_test(too_few_pairs_are_no_libcrypt),
		cmocka_unit_test(securom_is_told_by_its_sectors),
		cmocka_unit_test(securom_may_have_one_more_before_lba_0),
		cmocka_unit_test(more_faults_than_are_kept_are_all_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
