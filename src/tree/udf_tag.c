/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small things UDF's descriptors are made of: tags, texts, times, addresses. */
#include "tree/udf.h"

#include "base/bytes.h"
#include "disc/subchannel.h"

#include <string.h>

/* 3/7.2.6: CRC-16 of polynomial 0x1021 that begins with 0, as a Q sub-channel's is but for the
 * inversion. */
static uint16_t tag_crc(const uint8_t *data, size_t size)
{
	return (uint16_t)(sp_crc16_gsm(data, size) ^ 0xffff);
}

static bool tag_blank(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i])
			return false;
	return true;
}

/* Bytes: 0 identifier, 2 version, 4 checksum of the other 15, 8 CRC, 10 bytes it is of, 12 block.
 */
unsigned udf_tag(const uint8_t *data, size_t size, int id, int64_t location)
{
	uint8_t sum = 0;

	if (size < UDF_TAG_SIZE)
		return UDF_TAG_NONE;
	if (tag_blank(data, size < 64 ? size : 64))
		return UDF_TAG_BLANK;
	for (unsigned i = 0; i < UDF_TAG_SIZE; i++)
		sum = (uint8_t)(sum + (i == 4 ? 0 : data[i]));
	if (sum != data[4])
		return UDF_TAG_NONE;
	if (id >= 0 && get_le16(data) != id)
		return UDF_TAG_OTHER;
	const size_t length = get_le16(data + 10);
	if (length > size - UDF_TAG_SIZE ||
	    (length && tag_crc(data + UDF_TAG_SIZE, length) != get_le16(data + 8)))
		return UDF_TAG_BROKEN;
	return location >= 0 && get_le32(data + 12) != location ? UDF_TAG_PLACE : UDF_TAG_GOOD;
}

const char *udf_tag_text(unsigned state)
{
	static const char *const text[] = {
		[UDF_TAG_GOOD] = "is whole",
		[UDF_TAG_BLANK] = "is not recorded",
		[UDF_TAG_NONE] = "has no valid tag",
		[UDF_TAG_OTHER] = "is another kind of descriptor",
		[UDF_TAG_PLACE] = "says that it belongs elsewhere",
		[UDF_TAG_BROKEN] = "has a wrong CRC",
	};

	return state < sizeof(text) / sizeof(text[0]) ? text[state] : "";
}

char *udf_cs0(const uint8_t *text, size_t size)
{
	if (!size)
		return sp_fs_latin1(text, 0);
	/* 254 and 255: of names that were deleted (UDF 2.1.1) */
	if (text[0] == 16 || text[0] == 255)
		return sp_fs_utf16(text + 1, size - 1, false);
	if (text[0] == 8 || text[0] == 254)
		return sp_fs_latin1(text + 1, size - 1);
	return sp_fs_latin1(text, size);
}

char *udf_dstring(const uint8_t *field, size_t size)
{
	size_t used = field[size - 1] < size ? field[size - 1] : size - 1;

	/* fields filled by hand have NULs counted as letters */
	if (used && field[0] == 8)
		while (used > 1 && !field[used - 1])
			used--;
	return udf_cs0(field, used);
}

struct sp_time udf_time(const uint8_t *stamp)
{
	const unsigned zone = get_le16(stamp) & 0xfff;
	int offset = zone & 0x800 ? (int)zone - 0x1000 : (int)zone;
	struct sp_time time;

	/* type 0 is UTC; -2047: the zone is not known */
	if (get_le16(stamp) >> 12 != 1 || offset < -1440 || offset > 1440)
		offset = 0;
	if (sp_fs_time(&time, (int16_t)get_le16(stamp + 2), stamp[4], stamp[5], stamp[6], stamp[7],
		       stamp[8], offset))
		time.nanoseconds =
			stamp[9] < 100 && stamp[10] < 100 && stamp[11] < 100
				? (stamp[9] * 10000u + stamp[10] * 100u + stamp[11]) * 1000u
				: 0;
	return time;
}

bool udf_is(const uint8_t *regid, const char *name)
{
	const size_t size = strlen(name);

	return size <= 23 && !memcmp(regid + 1, name, size) &&
	       (size == 23 || !regid[1 + size] || regid[1 + size] == ' ');
}

struct udf_long udf_long(const uint8_t *ad)
{
	return (struct udf_long){.size = get_le32(ad) & 0x3fffffff,
				 .kind = get_le32(ad) >> 30,
				 .at = {get_le32(ad + 4), get_le16(ad + 8)}};
}

bool udf_fatal(int status)
{
	return status == SP_ERR_MEMORY || status == SP_ERR_CANCELLED;
}
