/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an ISO 9660 volume says of itself: the fields of its descriptor. */
#include "tree/iso9660.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

struct facts_out {
	sp_fact_fn *fn;
	void *user;
};

static void facts_tell(const struct facts_out *out, const char *key, const char *text)
{
	if (text[0])
		out->fn(out->user, &(struct sp_fact){.key = key, .text = text});
}

static void facts_count(const struct facts_out *out, const char *key, uint64_t number)
{
	out->fn(out->user, &(struct sp_fact){.key = key, .number = number});
}

char *iso_text(const struct iso *iso, size_t at, size_t size)
{
	const uint8_t *text = iso->descriptor + at + (iso->high_sierra ? 8 : 0);

	if (iso->kind == ISO_JOLIET) {
		size -= size % 2;
		while (size && !text[size - 2] && (text[size - 1] == ' ' || !text[size - 1]))
			size -= 2;
		return sp_fs_utf16(text, size, false);
	}
	while (size && (text[size - 1] == ' ' || !text[size - 1]))
		size--;
	return sp_fs_bytes(text, size);
}

uint32_t iso_blocks(const struct iso *iso)
{
	const uint8_t *d = iso->descriptor;

	return iso->cdi ? get_be32(d + 84) : get_le32(d + (iso->high_sierra ? 88 : 80));
}

/* "2026-11-27 16:05:09 +01:00" with hundredths where it has them, as it is stored (ECMA-119
 * 8.4.26); "": none. */
static char *facts_date(const uint8_t *d)
{
	struct sp_time time;
	const int zone = (int8_t)d[16] * 15, apart = zone < 0 ? -zone : zone;

	if (!iso_date17(&time, d))
		return strdup("");
	return sp_format_text("%.4s-%.2s-%.2s %.2s:%.2s:%.2s%s%.*s %c%02d:%02d", d, d + 4, d + 6,
			      d + 8, d + 10, d + 12, time.nanoseconds ? "." : "",
			      time.nanoseconds ? 2 : 0, d + 14, zone < 0 ? '-' : '+', apart / 60,
			      apart % 60);
}

static int facts_texts(const struct iso *iso, const struct facts_out *out, struct sp_error *err)
{
	static const struct {
		const char *key;
		uint16_t at, size;
	} field[] = {{"volume_id", 40, 32},          {"system_id", 8, 32},
		     {"volume_set_id", 190, 128},    {"publisher_id", 318, 128},
		     {"preparer_id", 446, 128},      {"application_id", 574, 128},
		     {"copyright_file", 702, 37},    {"abstract_file", 739, 37},
		     {"bibliographic_file", 776, 37}};
	/* the draft has shorter fields further on: its name and system are enough */
	const size_t fields = iso->high_sierra ? 2 : sizeof(field) / sizeof(*field);

	for (size_t i = 0; i < fields; i++) {
		char *text = iso_text(iso, field[i].at, field[i].size);
		if (!text)
			return sp_fail_memory(err);
		facts_tell(out, field[i].key, text);
		free(text);
	}
	return 0;
}

static int facts_dates(const struct iso *iso, const struct facts_out *out, struct sp_error *err)
{
	static const struct {
		const char *key;
		uint16_t at;
	} date[] = {{"created", 813}, {"modified", 830}, {"expires", 847}, {"effective", 864}};

	for (size_t i = 0; !iso->high_sierra && i < sizeof(date) / sizeof(*date); i++) {
		char *text = facts_date(iso->descriptor + date[i].at);
		if (!text)
			return sp_fail_memory(err);
		facts_tell(out, date[i].key, text);
		free(text);
	}
	return 0;
}

/* Joliet specification: the escape sequences of UCS-2 level 1, 2, 3. */
static unsigned facts_joliet(const uint8_t *d)
{
	return d[90] == '@' ? 1 : d[90] == 'C' ? 2 : 3;
}

int iso_describe(struct sp_fs *fs, sp_fact_fn *fn, void *user, struct sp_error *err)
{
	const struct iso *iso = (const struct iso *)fs;
	const struct facts_out out = {fn, user};
	const uint8_t *d = iso->descriptor;
	int r;

	if (iso->high_sierra || iso->cdi)
		facts_tell(&out, "kind", iso->cdi ? "CD-i" : "High Sierra");
	r = facts_texts(iso, &out, err);

	if (!r)
		r = facts_dates(iso, &out, err);
	if (r < 0)
		return r;
	facts_count(&out, "blocks", iso_blocks(iso));
	facts_count(&out, "block_size", iso->block);
	if (iso->kind == ISO_JOLIET)
		facts_count(&out, "joliet_level", facts_joliet(d));
	else if (iso->longest)
		facts_count(&out, "longest_name", iso->longest);
	else if (iso->level)
		facts_count(&out, "interchange_level", iso->level);
	/* System Description CD-ROM XA II.2.7 */
	if (!iso->high_sierra && !memcmp(d + 1024, "CD-XA001", 8))
		facts_tell(&out, "xa", "yes");
	return 0;
}
