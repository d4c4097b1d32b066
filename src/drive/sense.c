/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sense data into words. The table has what optical drives give (MMC-6 annex F, SPC-4 annex E). */
#include "drive/sense.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

#define FIXED      0x70 /* response codes; + 1: deferred */
#define DESCRIPTOR 0x72
#define WALK_MAX   32 /* descriptors: 252 bytes hold no more of any use */

/* SENSE-KEY SPECIFIC, SPC-4 4.5.2.4: what it is depends on the key. */
static void sense_specific(struct sp_sense *sense, const uint8_t sks[3])
{
	if (!(sks[0] & 0x80))
		return;
	if (sense->key == SP_SENSE_ILLEGAL) {
		sense->bad_field = true;
		sense->in_command = (sks[0] & 0x40) != 0;
		sense->field = get_be16(sks + 1);
	} else if (sense->key == SP_SENSE_NOT_READY || sense->key == SP_SENSE_NONE) {
		sense->progress = get_be16(sks + 1);
	}
}

static void sense_fixed(struct sp_sense *sense, const uint8_t *data, size_t size)
{
	sense->key = data[2] & 15;
	if (size >= 7 && (data[0] & 0x80))
		sense->lba = (int32_t)get_be32(data + 3);
	if (size >= 14) {
		sense->asc = data[12];
		sense->ascq = data[13];
	}
	if (size >= 18)
		sense_specific(sense, data + 15);
}

static void sense_descriptors(struct sp_sense *sense, const uint8_t *data, size_t size)
{
	size_t end = size >= 8 ? 8u + data[7] : 8, at = 8;

	sense->key = data[1] & 15;
	sense->asc = data[2];
	sense->ascq = data[3];
	if (end > size)
		end = size;
	for (unsigned i = 0; i < WALK_MAX && at + 2 <= end; i++) {
		const size_t length = 2u + data[at + 1];

		if (length > end - at)
			return;
		if (data[at] == 0x00 && length >= 12 && (data[at + 2] & 0x80)) {
			const uint64_t lba = get_be64(data + at + 4);

			/* 32 bits, as commands of 10 and 12 bytes have them, may be signed */
			sense->lba = lba <= UINT32_MAX  ? (int32_t)lba
				     : lba <= INT64_MAX ? (sp_lba)lba
							: SP_LBA_NONE;
		} else if (data[at] == 0x02 && length >= 7) {
			sense_specific(sense, data + at + 4);
		}
		at += length;
	}
}

bool sp_sense_decode(const uint8_t *data, size_t size, struct sp_sense *sense)
{
	*sense = (struct sp_sense){.lba = SP_LBA_NONE, .progress = -1};
	if (size < 4)
		return false;
	const unsigned code = data[0] & 0x7f;
	sense->deferred = code & 1;
	if ((code & ~1u) == FIXED)
		sense_fixed(sense, data, size);
	else if ((code & ~1u) == DESCRIPTOR)
		sense_descriptors(sense, data, size);
	else
		return false;
	return true;
}

const char *sp_sense_key_text(unsigned key)
{
	static const char *const text[16] = {
		"no sense",       "recovered error", "not ready",      "medium error",
		"hardware error", "illegal request", "unit attention", "data protected",
		"blank check",    "vendor specific", "copy aborted",   "aborted command",
		"equal",          "volume overflow", "miscompare",     "completed",
	};

	return text[key & 15];
}

struct sense_word {
	uint16_t code; /* ASC << 8 | ASCQ, ascending */
	const char *text;
};

/* clang-format off */
static const struct sense_word sense_words[] = {
	{0x0000, "no additional information"},
	{0x0006, "process terminated"},
	{0x0011, "audio play in progress"},
	{0x0016, "operation in progress"},
	{0x0017, "cleaning requested"},
	{0x0100, "no index or sector signal"},
	{0x0200, "no seek complete"},
	{0x0300, "peripheral write fault"},
	{0x0400, "the drive is not ready, the cause is not told"},
	{0x0401, "the drive is becoming ready"},
	{0x0402, "the drive wants a start command"},
	{0x0403, "the drive wants a person's help"},
	{0x0404, "formatting is in progress"},
	{0x0407, "an operation is in progress"},
	{0x0408, "a long write is in progress"},
	{0x0409, "a self-test is in progress"},
	{0x0500, "the drive does not answer to selection"},
	{0x0600, "no reference position found"},
	{0x0700, "multiple drives selected"},
	{0x0800, "communication failure"},
	{0x0801, "communication timed out"},
	{0x0802, "communication parity error"},
	{0x0803, "communication CRC error"},
	{0x0900, "track following error"},
	{0x0901, "tracking servo failure"},
	{0x0902, "focus servo failure"},
	{0x0903, "spindle servo failure"},
	{0x0904, "head select fault"},
	{0x0a00, "error log overflow"},
	{0x0b00, "warning"},
	{0x0b01, "the drive is too hot"},
	{0x0c00, "write error"},
	{0x0c07, "write error, recovery needed"},
	{0x0c08, "write error, recovery failed"},
	{0x0c09, "write error, loss of streaming"},
	{0x0c0a, "write error, padding blocks were added"},
	{0x0c0f, "defects in the error window"},
	{0x1100, "unrecovered read error"},
	{0x1101, "read retries exhausted"},
	{0x1102, "error too long to correct"},
	{0x1105, "unrecovered error beyond L-EC"},
	{0x1106, "CIRC unrecovered error"},
	{0x110f, "error reading the UPC/EAN number"},
	{0x1110, "error reading the ISRC"},
	{0x1111, "read error, loss of streaming"},
	{0x1400, "recorded entity not found"},
	{0x1401, "record not found"},
	{0x1500, "random positioning error"},
	{0x1501, "mechanical positioning error"},
	{0x1502, "positioning error found while reading"},
	{0x1600, "data synchronization mark error"},
	{0x1700, "data recovered with no error correction"},
	{0x1701, "data recovered with retries"},
	{0x1702, "data recovered with positive head offset"},
	{0x1703, "data recovered with negative head offset"},
	{0x1704, "data recovered with retries and CIRC"},
	{0x1705, "data recovered using the previous sector ID"},
	{0x1707, "data recovered without ECC, reassignment recommended"},
	{0x1708, "data recovered without ECC, rewriting recommended"},
	{0x1709, "data recovered without ECC, it was rewritten"},
	{0x1800, "data recovered with error correction"},
	{0x1801, "data recovered with error correction and retries"},
	{0x1802, "data recovered, it was reassigned"},
	{0x1803, "data recovered with CIRC"},
	{0x1804, "data recovered with L-EC"},
	{0x1805, "data recovered, reassignment recommended"},
	{0x1806, "data recovered, rewriting recommended"},
	{0x1808, "data recovered with linking"},
	{0x1a00, "parameter list length error"},
	{0x1b00, "synchronous data transfer error"},
	{0x1d00, "miscompare during verify"},
	{0x2000, "the drive does not know this command"},
	{0x2100, "the LBA is out of range"},
	{0x2101, "invalid element address"},
	{0x2102, "invalid address for write"},
	{0x2103, "invalid write across a layer jump"},
	{0x2400, "invalid field in the command"},
	{0x2500, "logical unit not supported"},
	{0x2600, "invalid field in the parameter list"},
	{0x2601, "parameter not supported"},
	{0x2602, "parameter value invalid"},
	{0x2603, "threshold parameters not supported"},
	{0x2700, "write protected"},
	{0x2701, "hardware write protected"},
	{0x2702, "software write protected"},
	{0x2703, "associated write protect"},
	{0x2704, "persistent write protect"},
	{0x2705, "permanent write protect"},
	{0x2706, "conditional write protect"},
	{0x2800, "the medium may have changed"},
	{0x2801, "import or export element accessed"},
	{0x2802, "the format layer may have changed"},
	{0x2900, "power on or reset occurred"},
	{0x2901, "power on occurred"},
	{0x2902, "bus reset occurred"},
	{0x2903, "device reset occurred"},
	{0x2904, "the drive reset itself"},
	{0x2a00, "parameters changed"},
	{0x2a01, "mode parameters changed"},
	{0x2a02, "log parameters changed"},
	{0x2b00, "COPY cannot be executed, the host cannot disconnect"},
	{0x2c00, "command sequence error"},
	{0x2c03, "the program area is not empty"},
	{0x2c04, "the program area is empty"},
	{0x2d00, "overwrite error on update in place"},
	{0x2e00, "not enough time for the operation"},
	{0x2f00, "commands cleared by another initiator"},
	{0x3000, "incompatible medium"},
	{0x3001, "the medium cannot be read: unknown format"},
	{0x3002, "the medium cannot be read: incompatible format"},
	{0x3003, "a cleaning cartridge is installed"},
	{0x3004, "the medium cannot be written: unknown format"},
	{0x3005, "the medium cannot be written: incompatible format"},
	{0x3006, "the medium cannot be formatted"},
	{0x3007, "cleaning failed"},
	{0x3008, "the medium cannot be written: wrong application code"},
	{0x3009, "the session is not fixed up for append"},
	{0x3010, "the medium is not formatted"},
	{0x3011, "cannot append: incompatible recording"},
	{0x3100, "the medium's format is corrupted"},
	{0x3101, "formatting failed"},
	{0x3102, "zoned formatting failed, no spare linking"},
	{0x3200, "no defect spare location available"},
	{0x3400, "enclosure failure"},
	{0x3700, "rounded parameter"},
	{0x3900, "saving parameters not supported"},
	{0x3a00, "no disc in the drive"},
	{0x3a01, "no disc in the drive, tray closed"},
	{0x3a02, "no disc in the drive, tray open"},
	{0x3a03, "no disc in the drive, loadable"},
	{0x3b0d, "destination element full"},
	{0x3b0e, "source element empty"},
	{0x3b0f, "end of the medium reached"},
	{0x3b16, "mechanical positioning or changer error"},
	{0x3e00, "the drive has not configured itself yet"},
	{0x3e01, "the drive failed"},
	{0x3e02, "the drive timed out"},
	{0x3f00, "target operating conditions changed"},
	{0x3f01, "the microcode was changed"},
	{0x3f02, "the operating definition changed"},
	{0x3f03, "inquiry data changed"},
	{0x4000, "a component of the drive failed"},
	{0x4300, "message error"},
	{0x4400, "internal failure of the drive"},
	{0x4500, "selection or reselection failure"},
	{0x4600, "unsuccessful soft reset"},
	{0x4700, "parity error on the bus"},
	{0x4800, "the initiator's message of a detected error was received"},
	{0x4900, "invalid message"},
	{0x4a00, "command phase error"},
	{0x4b00, "data phase error"},
	{0x4c00, "the drive failed to configure itself"},
	{0x4e00, "overlapped commands attempted"},
	{0x5100, "erase failure"},
	{0x5101, "erase failure, incomplete erase found"},
	{0x5300, "loading or ejecting failed"},
	{0x5302, "removal of the medium is prevented"},
	{0x5500, "system resource failure"},
	{0x5700, "the table of contents cannot be recovered"},
	{0x5a00, "operator request or state change"},
	{0x5a01, "a person asked for the disc"},
	{0x5a02, "a person asked for write protection"},
	{0x5a03, "a person asked for write permission"},
	{0x5b00, "log exception"},
	{0x5d00, "failure prediction threshold exceeded"},
	{0x5d01, "the medium's failure is predicted"},
	{0x5d02, "the drive's failure is predicted"},
	{0x5d03, "the end of the spare area is predicted"},
	{0x5e00, "low power condition on"},
	{0x6300, "end of user area encountered on this track"},
	{0x6301, "the packet does not fit in the available space"},
	{0x6400, "illegal mode for this track"},
	{0x6401, "invalid packet size"},
	{0x6500, "voltage fault"},
	{0x6f00, "copy protection: key exchange failed"},
	{0x6f01, "copy protection: key not present"},
	{0x6f02, "copy protection: key not established"},
	{0x6f03, "copy protection: a scrambled sector without authentication"},
	{0x6f04, "copy protection: the region of the disc is not the drive's"},
	{0x6f05, "copy protection: the drive's region must be set"},
	{0x6f06, "copy protection: bus nonce"},
	{0x7200, "session fixation error"},
	{0x7201, "session fixation error writing the lead-in"},
	{0x7202, "session fixation error writing the lead-out"},
	{0x7203, "an incomplete track in the session"},
	{0x7204, "an empty or partly written reserved track"},
	{0x7205, "no more track reservations allowed"},
	{0x7206, "the zone cannot be extended"},
	{0x7207, "the session is complete, no more can be written"},
	{0x7300, "CD control error"},
	{0x7301, "power calibration area almost full"},
	{0x7302, "power calibration area is full"},
	{0x7303, "power calibration area error"},
	{0x7304, "program memory area update failure"},
	{0x7305, "program memory area is full"},
	{0x7306, "the program memory area is almost full"},
	{0x7310, "current power calibration area almost full"},
	{0x7311, "current power calibration area is full"},
	{0x7317, "the recording management area is full"},
};
/* clang-format on */

static const struct sense_word *sense_find(unsigned code)
{
	size_t low = 0, high = sizeof(sense_words) / sizeof(*sense_words);

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (sense_words[mid].code < code)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == sizeof(sense_words) / sizeof(*sense_words) || sense_words[low].code != code)
		return NULL;
	return &sense_words[low];
}

const char *sp_sense_text(unsigned asc, unsigned ascq)
{
	const struct sense_word *word = sense_find((asc & 255) << 8 | (ascq & 255));

	if (!word)
		word = sense_find((asc & 255) << 8);
	return word ? word->text : NULL;
}

char *sp_sense_describe(unsigned key, unsigned asc, unsigned ascq, char *text, size_t size)
{
	const char *words = asc || ascq ? sp_sense_text(asc, ascq) : NULL;

	snprintf(text, size, "%s%s%s (%02x/%02x/%02x)", sp_sense_key_text(key), words ? ": " : "",
		 words ? words : "", key, asc, ascq);
	return text;
}
