/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any Q over any TOC: what comes out is a disc that holds together, with the TOC's sectors.
 *
 * Two bytes a track of the TOC, then readings of sectors, eight bytes each: where, which kind, and
 * what it says. */
#include "drive/qlayout.h"
#include "drive/toc.h"

#include "base/bytes.h"
#include "disc/sector.h"
#include "disc/subchannel.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".qlayout";

enum { FUZZ_TRACKS = 8, FUZZ_READING = 8 };

static void fuzz_toc(struct sp_toc *toc, unsigned mode[], const uint8_t *data)
{
	sp_lba at = 0;
	unsigned session = 1;

	*toc = (struct sp_toc){.tracks = 1 + (data[0] & 7u) % FUZZ_TRACKS};
	for (unsigned i = 0; i < toc->tracks; i++) {
		const uint8_t *track = data + 2 * (size_t)i;

		if (i && track[0] & 0x80) {
			toc->session[session - 1] =
				(struct sp_toc_session){.number = session, .lead_out = at};
			session++;
			at += 11400;
		}
		toc->track[i] = (struct sp_toc_track){.number = i + 1,
						      .session = session,
						      .control = track[0] >> 3 & 7u,
						      .start = at};
		mode[i] = toc->track[i].control & 4 ? (track[0] & 0x40 ? SP_MODE_XA : SP_MODE_MODE1)
						    : SP_MODE_AUDIO;
		at += 1 + track[1] * 4;
	}
	toc->session[session - 1] = (struct sp_toc_session){.number = session, .lead_out = at};
	toc->sessions = session;
}

static void fuzz_reading(struct sp_qlayout *ql, const uint8_t *r)
{
	const sp_lba lba = (sp_lba)get_le16(r) - 200;
	uint8_t pw[SP_SUB_SIZE], q[12] = {0};
	struct sp_msf msf;

	memset(pw, r[2] & 1 ? 0x80 : 0, sizeof(pw));
	q[0] = r[3];
	q[1] = r[4];
	q[2] = r[5];
	if (sp_lba_to_msf(lba + (r[2] & 2 ? (int8_t)r[6] : 0), &msf) && (r[3] & 15) == 1) {
		q[7] = sp_to_bcd(msf.m);
		q[8] = sp_to_bcd(msf.s);
		q[9] = sp_to_bcd(msf.f);
	} else {
		memset(q + 3, r[6], 7);
	}
	put_be16(q + 10, (uint16_t)(sp_crc16_gsm(q, 10) ^ (r[2] & 4 ? 1 : 0)));
	sp_sub_set_q(pw, q);
	/* a run of sectors that say the same of themselves */
	for (unsigned i = 0; i < 1u + (r[2] >> 5); i++)
		sp_qlayout_take(ql, lba + i, r[2] & 8 ? NULL : pw, r[7]);
}

static const char *fuzz_code(void *user, unsigned track)
{
	static const char *const said[] = {"", "DEABC2400001", NULL, "4006381333931"};

	(void)user;
	return track ? said[track & 1] : said[3];
}

static uint64_t fuzz_stored(const struct sp_disc *disc)
{
	uint64_t sectors = 0;

	for (size_t i = 0; i < disc->regions; i++)
		sectors += disc->region[i].stored ? disc->region[i].count : 0;
	return sectors;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_disc *disc = NULL;
	struct sp_qlayout *ql = NULL;
	unsigned mode[FUZZ_TRACKS];
	struct sp_error err = {0};
	struct sp_rip_q facts;
	struct sp_toc toc;

	if (size < 2 * FUZZ_TRACKS)
		return 0;
	fuzz_toc(&toc, mode, data);
	struct sp_disc *plain = sp_toc_disc(&toc, mode);
	if (!plain || sp_disc_check(plain, &err) || sp_qlayout_new(&ql, plain, &err))
		abort();
	for (size_t at = 2 * FUZZ_TRACKS; at + FUZZ_READING <= size; at += FUZZ_READING)
		fuzz_reading(ql, data + at);
	if (sp_qlayout_finish(ql, &disc, &facts, fuzz_code, NULL, NULL, &err) ||
	    disc->tracks != plain->tracks || fuzz_stored(disc) != fuzz_stored(plain) ||
	    facts.right + facts.wrong + facts.elsewhere != facts.sectors)
		abort();
	for (size_t i = 0; i < disc->tracks; i++)
		if (disc->track[i].start != plain->track[i].start)
			abort();
	sp_qlayout_free(ql);
	sp_disc_free(plain);
	sp_disc_free(disc);
	return 0;
}
