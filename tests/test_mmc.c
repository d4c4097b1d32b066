/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MMC commands and the tables drives answer with: what is sent, and what is made of the reply. */
#include "base/bytes.h"
#include "drive/mmc.h"
#include "drive/toc.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

/* A transport that answers every command with the same, and keeps the last one. */
struct script {
	struct sp_transport transport;
	struct sp_command last;
	uint8_t sent[300];
	const uint8_t *reply;
	size_t size;
	uint8_t status, sense[18];
	unsigned host, commands;
};

static int script_execute(struct sp_transport *transport, struct sp_command *c,
			  struct sp_error *err)
{
	struct script *s = (struct script *)transport;

	(void)err;
	s->commands++;
	if (c->direction == SP_DATA_OUT)
		memcpy(s->sent, c->data, c->size < sizeof(s->sent) ? c->size : sizeof(s->sent));
	if (c->direction == SP_DATA_IN) {
		memset(c->data, 0xee, c->size);
		c->done = s->size < c->size ? s->size : c->size;
		if (c->done)
			memcpy(c->data, s->reply, c->done);
	}
	c->host = s->host;
	c->status = s->status;
	memcpy(c->sense, s->sense, sizeof(s->sense));
	c->sense_size = sizeof(s->sense);
	s->last = *c;
	return 0;
}

static void script_start(struct script *s, const void *reply, size_t size)
{
	static const struct sp_transport_ops ops = {.execute = script_execute};

	*s = (struct script){.transport = {.ops = &ops, .name = "dr", .max_transfer = 65536},
			     .reply = reply,
			     .size = size};
}

static void a_command_is_not_what_mmc_says(void **state)
{
	static const uint8_t cd[12] = {0xbe, 4, 0xff, 0xff, 0xff, 0xb5, 0, 0, 27, 0xfa, 1, 0};
	static const uint8_t read10[10] = {0x28, 0, 0, 1, 0, 0, 0, 0, 32, 0};
	static const uint8_t read12[12] = {0xa8, 8, 0x81, 0, 0, 0, 0, 0, 0, 32, 0, 0};
	static const uint8_t speed[12] = {0xbb, 0, 0x06, 0xe4, 0xff, 0xff};
	static const uint8_t flush[12] = {0xa8, 8, 0, 0, 0, 7};
	struct sp_read_cd read = {.lba = -75, .count = 27, .type = 1, .select = 0xfa, .sub = 1};
	struct script s;
	uint8_t data[65536];

	(void)state;
	script_start(&s, data, sizeof(data));
	memset(data, 0, sizeof(data));
	read.data = data;
	read.size = 23 * 2742;
	assert_int_equal(sp_mmc_read_cd(&s.transport, &read, NULL, NULL), 0);
	assert_int_equal(s.last.cdb_size, 12);
	assert_memory_equal(s.last.cdb, cd, 12);
	assert_int_equal(sp_mmc_read(&s.transport, false, 0x10000, 32, data, 1, NULL, NULL), 0);
	assert_int_equal(s.last.cdb_size, 10);
	assert_memory_equal(s.last.cdb, read10, 10);
	assert_int_equal(s.last.size, 65536);
	assert_int_equal(sp_mmc_read(&s.transport, true, 0x81000000, 32, data, 1, NULL, NULL), 0);
	assert_memory_equal(s.last.cdb, read12, 12);
	assert_int_equal(sp_mmc_speed(&s.transport, 1764, NULL), 0);
	assert_memory_equal(s.last.cdb, speed, 12);
	assert_int_equal(sp_mmc_flush(&s.transport, 7, NULL), 0);
	assert_memory_equal(s.last.cdb, flush, 12);
	assert_int_equal(s.last.direction, SP_DATA_NONE);
	read.lba = (sp_lba)INT32_MAX + 1;
	assert_int_equal(sp_mmc_read_cd(&s.transport, &read, NULL, NULL), SP_ERR_USAGE);
}

static void a_failure_does_not_say_why(void **state)
{
	struct script s;
	struct sp_answer answer;
	struct sp_error err = {0};

	(void)state;
	script_start(&s, NULL, 0);
	s.status = SP_SCSI_CHECK_CONDITION;
	memcpy(s.sense, (const uint8_t[18]){0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3a, 2}, 18);
	assert_int_equal(sp_mmc_ready(&s.transport, &answer, &err), SP_ERR_DEVICE);
	assert_string_equal(err.text, "dr: TEST UNIT READY: not ready: no disc in the drive, tray "
				      "open (02/3a/02)");
	assert_int_equal(err.sense_key, 2);
	assert_int_equal(err.asc, 0x3a);
	assert_int_equal(err.ascq, 2);
	assert_int_equal(answer.sense.asc, 0x3a);
	s.sense[2] = SP_SENSE_RECOVERED;
	assert_int_equal(sp_mmc_ready(&s.transport, &answer, &err), 0);
	s.sense[0] = 0x71; /* of an earlier command: this one was not done */
	assert_int_equal(sp_mmc_ready(&s.transport, &answer, &err), SP_ERR_DEVICE);
	s.host = SP_HOST_REFUSED;
	assert_int_equal(sp_mmc_speed(&s.transport, 0, &err), SP_ERR_DEVICE);
	assert_string_equal(err.text, "dr: SET CD SPEED (BBh): the system does not let this user "
				      "send this command");
}

/* Data that did not come must not be what lay in the buffer. */
static void a_short_answer_is_believed(void **state)
{
	struct sp_drive_identity id;
	struct sp_disc_info info;
	struct sp_track_info track;
	uint64_t blocks;
	uint32_t size;
	unsigned type;
	struct script s;

	(void)state;
	script_start(&s, "\5\x80\5\x32\x1f\0\0\0VENDOR", 14);
	assert_int_equal(sp_mmc_inquiry(&s.transport, &id, &type, NULL), 0);
	assert_int_equal(type, 5);
	assert_string_equal(id.vendor, "VENDOR");
	assert_string_equal(id.model, "");
	assert_int_equal(sp_mmc_capacity(&s.transport, &blocks, &size, NULL), 0);
	s.size = 7;
	assert_int_equal(sp_mmc_capacity(&s.transport, &blocks, &size, NULL), SP_ERR_DEVICE);
	assert_int_equal(sp_mmc_disc_info(&s.transport, &info, NULL), SP_ERR_DEVICE);
	assert_int_equal(sp_mmc_track_info(&s.transport, false, 1, &track, NULL), SP_ERR_DEVICE);
}

static void a_mode_page_is_not_found_behind_descriptors(void **state)
{
	static const uint8_t reply[] = {0, 30, 0, 0, 0,    0, 0,    8, 0, 0, 0, 0,
					0, 0,  8, 0, 0x81, 6, 0x20, 5, 0, 0, 0, 0};
	struct script s;
	uint8_t page[32];
	size_t length;

	(void)state;
	script_start(&s, reply, sizeof(reply));
	assert_int_equal(sp_mmc_mode_sense(&s.transport, 1, page, sizeof(page), &length, NULL), 0);
	assert_int_equal(length, 8);
	assert_memory_equal(page, reply + 16, 8);
	assert_int_equal(sp_mmc_mode_select(&s.transport, page, length, NULL), 0);
	assert_int_equal(s.last.cdb[0], 0x55);
	assert_int_equal(get_be16(s.last.cdb + 7), 16);
	assert_int_equal(s.sent[8], 0x01); /* PS is reserved when it is sent */
	assert_int_equal(s.sent[10], 0x20);
	for (s.size = 0; s.size < 18; s.size++)
		assert_int_equal(
			sp_mmc_mode_sense(&s.transport, 1, page, sizeof(page), &length, NULL),
			SP_ERR_DEVICE);
	s.size = sizeof(reply);
	assert_int_equal(sp_mmc_mode_sense(&s.transport, 0x2a, page, sizeof(page), &length, NULL),
			 SP_ERR_DEVICE);
}

/* TOC of the Enhanced CD of the golden vectors: twelve audio tracks, a data track in session 2. */
static const int32_t enhanced[] = {0,      15537,  31691,  50866,  66466,  81202,  99409,
				   115920, 133093, 149847, 161560, 177682, 207106, 210385};

static size_t toc_reply(uint8_t *to)
{
	memset(to, 0, 4 + 14 * 8);
	put_be16(to, 2 + 14 * 8);
	to[2] = 1;
	to[3] = 13;
	for (unsigned i = 0; i < 14; i++) {
		uint8_t *e = to + 4 + i * 8;

		e[1] = i >= 12 ? 0x14 : 0x10;
		e[2] = (uint8_t)(i < 13 ? i + 1 : 0xaa);
		put_be32(e + 4, (uint32_t)enhanced[i]);
	}
	return 4 + 14 * 8;
}

static void full_entry(uint8_t **at, unsigned session, unsigned control, unsigned point,
		       int32_t lba, bool bcd)
{
	const uint32_t f = (uint32_t)(lba + 150);
	const unsigned value[3] = {f / 4500, f / 75 % 60, f % 75};
	uint8_t *e = *at;

	memset(e, 0, 11);
	e[0] = (uint8_t)session;
	e[1] = (uint8_t)(0x10 | control);
	e[3] = point < 100 && bcd ? sp_to_bcd(point) : (uint8_t)point;
	for (unsigned i = 0; i < 3; i++)
		e[8 + i] = bcd ? sp_to_bcd(value[i]) : (uint8_t)value[i];
	*at += 11;
}

static size_t full_reply(uint8_t *to, bool bcd)
{
	uint8_t *at = to + 4;

	full_entry(&at, 1, 0, 0xa0, 75 * 0, bcd);
	at[-2] = 0;
	full_entry(&at, 1, 0, 0xa2, 195706, bcd); /* 207106 - 11400 */
	for (unsigned i = 0; i < 12; i++)
		full_entry(&at, 1, 0, i + 1, enhanced[i], bcd);
	full_entry(&at, 2, 4, 0xa0, 0, bcd);
	at[-2] = 0x20; /* CD-ROM XA */
	full_entry(&at, 2, 4, 0xa2, 210385, bcd);
	full_entry(&at, 2, 4, 13, enhanced[12], bcd);
	put_be16(to, (uint16_t)(at - to - 2));
	to[2] = 1;
	to[3] = 2;
	return (size_t)(at - to);
}

static void a_full_toc_in_bcd_is_read_as_binary(void **state)
{
	uint8_t plain_reply[256], reply[512];
	struct sp_toc plain, toc;
	struct sp_error err = {0};

	(void)state;
	assert_int_equal(sp_toc_tracks(&plain, plain_reply, toc_reply(plain_reply), &err), 0);
	assert_int_equal(plain.tracks, 13);
	assert_int_equal(plain.session[0].lead_out, 210385);
	for (unsigned bcd = 0; bcd < 2; bcd++) {
		const size_t size = full_reply(reply, bcd);

		assert_int_equal(sp_toc_full(&toc, reply, size, &plain, &err), 0);
		assert_int_equal(toc.bcd, bcd);
		assert_int_equal(toc.sessions, 2);
		assert_int_equal(toc.session[0].lead_out, 195706);
		assert_int_equal(toc.session[1].lead_out, 210385);
		assert_int_equal(toc.session[1].type, SP_SESSION_XA);
		for (unsigned i = 0; i < 13; i++) {
			assert_int_equal(toc.track[i].number, i + 1);
			assert_int_equal(toc.track[i].start, enhanced[i]);
			assert_int_equal(toc.track[i].session, i < 12 ? 1 : 2);
		}
	}
}

static void tables_of_one_disc_are_not_joined(void **state)
{
	uint8_t plain_reply[256], reply[512];
	struct sp_toc plain, full, toc;
	unsigned mode[13] = {0};
	struct sp_error err = {0};

	(void)state;
	assert_int_equal(sp_toc_tracks(&plain, plain_reply, toc_reply(plain_reply), &err), 0);
	const size_t size = full_reply(reply, false);
	/* old drives: a full TOC a frame off, and an entry twice, the last one right */
	reply[4 + 11 * 4 + 10]++;
	assert_int_equal(sp_toc_full(&full, reply, size, &plain, &err), 0);
	assert_int_not_equal(full.track[2].start, enhanced[2]);
	assert_int_equal(sp_toc_join(&toc, &plain, &full, "dr", NULL, &err), 0);
	assert_int_equal(toc.track[2].start, enhanced[2]);
	assert_int_equal(toc.sessions, 2);
	mode[12] = SP_MODE_XA;
	struct sp_disc *disc = sp_toc_disc(&toc, mode);
	assert_non_null(disc);
	assert_int_equal(sp_disc_check(disc, &err), 0);
	char id[29];
	assert_true(sp_disc_id_musicbrainz(disc, id));
	assert_string_equal(id, "KnpGsLhvH.lPrNc1PBL21lb9Bg4-");
	assert_true(sp_disc_id_cddb(disc, id));
	assert_string_equal(id, "c60af50d");
	assert_int_equal(disc->track[12].index[0], 207106 - 150);
	const struct sp_region *gap = sp_disc_region(disc, 195706);
	assert_int_equal(gap->kind, SP_REGION_GAP);
	assert_false(gap->stored);
	sp_disc_free(disc);
	/* without the one or the other */
	assert_int_equal(sp_toc_join(&toc, &plain, NULL, "dr", NULL, &err), 0);
	assert_int_equal(toc.sessions, 1);
	assert_int_equal(sp_toc_join(&toc, NULL, &full, "dr", NULL, &err), 0);
	assert_int_equal(toc.sessions, 2);
	assert_int_equal(sp_toc_join(&toc, NULL, NULL, "dr", NULL, &err), SP_ERR_FORMAT);
}

/* Every cut, and every byte made worse: no crash, and what passes makes a disc that holds. */
static void a_damaged_toc_makes_a_disc_that_does_not_hold(void **state)
{
	static const uint8_t odd[] = {0x00, 0x01, 0x7f, 0x80, 0x99, 0xa0, 0xa2, 0xaa, 0xff};
	uint8_t whole[512];
	unsigned passed = 0;

	(void)state;
	for (unsigned full = 0; full < 2; full++) {
		const size_t size = full ? full_reply(whole, false) : toc_reply(whole);

		for (size_t i = 0; i < size * (1 + sizeof(odd)); i++) {
			const size_t n = i < size ? i : size, at = i % size;
			uint8_t *data = malloc(n ? n : 1); /* exact, for the sanitizer */
			unsigned mode[SP_TRACK_MAX] = {0};
			struct sp_error err = {0};
			struct sp_toc toc;

			assert_non_null(data);
			memcpy(data, whole, n);
			if (i >= size)
				data[at] = odd[i / size - 1];
			const int r = full ? sp_toc_full(&toc, data, n, NULL, &err)
					   : sp_toc_tracks(&toc, data, n, &err);
			free(data);
			if (r) {
				assert_int_equal(r, SP_ERR_FORMAT);
				continue;
			}
			passed++;
			struct sp_disc *disc = sp_toc_disc(&toc, mode);
			assert_non_null(disc);
			if (sp_disc_check(disc, &err))
				fail_msg("%s", err.text);
			sp_disc_free(disc);
		}
	}
	assert_true(passed > 100);
}

static void sizes_of_dvd_and_bd_are_wrong(void **state)
{
	/* two layers, opposite: layer 0 ends at 22cfff, layer 1 goes from its complement to fcffff
	 */
	uint8_t pfi[2048] = {0x01, 0x02, 0x31, 0x10, 0, 0x03, 0,    0,
			     0,    0xfc, 0xff, 0xff, 0, 0x22, 0xcf, 0xff};
	/* one layer; data zone 0x100000 to 0xba73fe */
	static const uint8_t di[64] = {'D', 'I',  1,    8, 0, 0,    0x20, 0,   'B', 'D',
				       'O', 1,    0x11, 1, 1, 0,    0,    0,   0,   0,
				       0,   0x10, 0,    0, 0, 0xba, 0x73, 0xfe};
	struct sp_physical p;

	(void)state;
	assert_true(sp_pfi_decode(pfi, sizeof(pfi), &p));
	assert_int_equal(p.layers, 2);
	assert_true(p.opposite);
	assert_int_equal(p.layer_break, 0x22cfff - 0x30000 + 1);
	assert_int_equal(p.sectors, p.layer_break + 0xfcffff - 0xdd3000 + 1);
	pfi[2] = 0x21; /* parallel */
	assert_true(sp_pfi_decode(pfi, sizeof(pfi), &p));
	assert_int_equal(p.layer_break, SP_LBA_NONE);
	memset(pfi + 8, 0, 4); /* ends before it begins */
	assert_false(sp_pfi_decode(pfi, sizeof(pfi), &p));
	pfi[2] = 0x01;
	put_be32(pfi + 8, 0x0313ff);
	assert_true(sp_pfi_decode(pfi, sizeof(pfi), &p));
	assert_int_equal(p.sectors, 0x1400);
	assert_int_equal(p.layers, 1);
	for (size_t n = 0; n < 17; n++)
		assert_false(sp_pfi_decode(pfi, n, &p));
	assert_true(sp_di_decode(di, sizeof(di), &p));
	assert_int_equal(p.sectors, 0xba73fe - 0x100000 + 1);
	for (size_t n = 0; n < 28; n++)
		assert_false(sp_di_decode(di, n, &p));
}

static void a_code_that_is_none_is_told(void **state)
{
	uint8_t reply[24] = {0, 0x15, 0, 20, 2, 0, 0, 0, 0x80};
	char text[14];
	struct script s;

	(void)state;
	script_start(&s, reply, sizeof(reply));
	memcpy(reply + 9, "4006381333931", 13);
	assert_int_equal(sp_mmc_code(&s.transport, 0, text, NULL), 0);
	assert_string_equal(text, "4006381333931");
	assert_int_equal(s.last.cdb[3], 2);
	memset(reply + 9, '0', 13);
	assert_int_equal(sp_mmc_code(&s.transport, 0, text, NULL), 0);
	assert_string_equal(text, "");
	memcpy(reply + 9, "DEABC2400007", 12);
	assert_int_equal(sp_mmc_code(&s.transport, 3, text, NULL), 0);
	assert_string_equal(text, "DEABC2400007");
	assert_int_equal(s.last.cdb[6], 3);
	reply[8] = 0;
	assert_int_equal(sp_mmc_code(&s.transport, 3, text, NULL), 0);
	assert_string_equal(text, "");
	reply[8] = 0x80;
	reply[12] = 7; /* no letter */
	assert_int_equal(sp_mmc_code(&s.transport, 3, text, NULL), 0);
	assert_string_equal(text, "");
}

static void a_toc_reply_is_longer_than_what_came(void **state)
{
	uint8_t reply[300], *data;
	struct script s;
	size_t size;

	(void)state;
	script_start(&s, reply, toc_reply(reply));
	assert_int_equal(sp_mmc_toc(&s.transport, SP_TOC_TRACKS, 0, &data, &size, NULL), 0);
	assert_int_equal(s.commands, 2); /* how long, then all of it */
	assert_int_equal(size, 4 + 14 * 8);
	assert_memory_equal(data, reply, size);
	free(data);
	put_be16(reply, 0xffff);
	assert_int_equal(sp_mmc_toc(&s.transport, SP_TOC_FULL, 1, &data, &size, NULL), 0);
	assert_int_equal(size, s.size);
	free(data);
	put_be16(reply, 0);
	assert_int_equal(sp_mmc_toc(&s.transport, SP_TOC_TRACKS, 0, &data, &size, NULL),
			 SP_ERR_DEVICE);
	assert_null(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_not_what_mmc_says),
		cmocka_unit_test(a_failure_does_not_say_why),
		cmocka_unit_test(a_short_answer_is_believed),
		cmocka_unit_test(a_mode_page_is_not_found_behind_descriptors),
		cmocka_unit_test(a_full_toc_in_bcd_is_read_as_binary),
		cmocka_unit_test(tables_of_one_disc_are_not_joined),
		cmocka_unit_test(a_damaged_toc_makes_a_disc_that_does_not_hold),
		cmocka_unit_test(sizes_of_dvd_and_bd_are_wrong),
		cmocka_unit_test(a_code_that_is_none_is_told),
		cmocka_unit_test(a_toc_reply_is_longer_than_what_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
