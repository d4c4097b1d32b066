/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the types of partitions mean, in a person's words. */
#include "disc/partition.h"

#include <string.h>

const char *sp_partition_mbr_kind(uint8_t type)
{
	static const struct {
		uint8_t type;
		const char *kind;
	} known[] = {
		{0x01, "FAT12"},
		{0x04, "FAT16"},
		{0x05, "extended"},
		{0x06, "FAT16"},
		{0x07, "NTFS/exFAT"},
		{0x0b, "FAT32"},
		{0x0c, "FAT32"},
		{0x0e, "FAT16"},
		{0x0f, "extended"},
		{0x11, "hidden FAT12"},
		{0x17, "hidden NTFS"},
		{0x1b, "hidden FAT32"},
		{0x1c, "hidden FAT32"},
		{0x27, "Windows recovery"},
		{0x42, "Windows dynamic disk"},
		{0x82, "Linux swap"},
		{0x83, "Linux"},
		{0x85, "extended"},
		{0x8e, "Linux LVM"},
		{0x96, "ISO 9660"},
		{0xa5, "FreeBSD"},
		{0xa6, "OpenBSD"},
		{0xa8, "Apple UFS"},
		{0xa9, "NetBSD"},
		{0xab, "Apple boot"},
		{0xaf, "Apple HFS"},
		{0xbf, "Solaris"},
		{0xcd, "ISO 9660"},
		{0xee, "GPT"},
		{0xef, "EFI system"},
		{0xfb, "VMware VMFS"},
		{0xfd, "Linux RAID"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].type == type)
			return known[i].kind;
	return "";
}

struct kind_text {
	const char *type, *kind;
};

static const char *kind_find(const struct kind_text *known, size_t count, const char *type)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(known[i].type, type))
			return known[i].kind;
	return "";
}

/* UEFI 5.3.3, the Discoverable Partitions Specification, Apple's TN2166, Microsoft's
 * PARTITION_INFORMATION_GPT. */
const char *sp_partition_gpt_kind(const char *guid)
{
	static const struct kind_text known[] = {
		{"024DEE41-33E7-11D3-9D69-0008C781F39F", "MBR scheme"},
		{"C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EFI system"},
		{"21686148-6449-6E6F-744E-656564454649", "BIOS boot"},
		{"EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "basic data"},
		{"E3C9E316-0B5C-4DB8-817D-F92DF00215AE", "Microsoft reserved"},
		{"DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "Windows recovery"},
		{"5808C8AA-7E8F-42E0-85D2-E1E90434CFB3", "Windows dynamic disk metadata"},
		{"AF9B60A0-1431-4F62-BC68-3311714A69AD", "Windows dynamic disk data"},
		{"E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D", "Windows storage spaces"},
		{"0FC63DAF-8483-4772-8E79-3D69D8477DE4", "Linux"},
		{"0657FD6D-A4AB-43C4-84E5-0933C84B4F4F", "Linux swap"},
		{"E6D6D379-F507-44C2-A23C-238F2A3DF928", "Linux LVM"},
		{"A19D880F-05FC-4D3B-A006-743F0F84911E", "Linux RAID"},
		{"CA7D7CCB-63ED-4C53-861C-1742536059CC", "LUKS"},
		{"BC13C2FF-59E6-4262-A352-B275FD6F7172", "Linux boot"},
		{"933AC7E1-2EB4-4F13-B844-0E14E2AEF915", "Linux home"},
		{"4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "Linux root (x86-64)"},
		{"B921B045-1DF0-41C3-AF44-4C6F280D3FAE", "Linux root (ARM 64)"},
		{"44479540-F297-41B2-9AF7-D131D5F0458A", "Linux root (x86)"},
		{"48465300-0000-11AA-AA11-00306543ECAC", "Apple HFS"},
		{"7C3457EF-0000-11AA-AA11-00306543ECAC", "Apple APFS"},
		{"55465300-0000-11AA-AA11-00306543ECAC", "Apple UFS"},
		{"6A898CC3-1DD2-11B2-99A6-080020736631", "ZFS"},
		{"52414944-0000-11AA-AA11-00306543ECAC", "Apple RAID"},
		{"426F6F74-0000-11AA-AA11-00306543ECAC", "Apple boot"},
		{"4C616265-6C00-11AA-AA11-00306543ECAC", "Apple label"},
		{"53746F72-6167-11AA-AA11-00306543ECAC", "Apple Core Storage"},
		{"69646961-6700-11AA-AA11-00306543ECAC", "Apple Silicon boot"},
		{"52637672-7900-11AA-AA11-00306543ECAC", "Apple Silicon recovery"},
		{"516E7CB4-6ECF-11D6-8FF8-00022D09712B", "FreeBSD"},
		{"516E7CB6-6ECF-11D6-8FF8-00022D09712B", "FreeBSD UFS"},
		{"516E7CBA-6ECF-11D6-8FF8-00022D09712B", "FreeBSD ZFS"},
		{"83BD6B9D-7F41-11DC-BE0B-001560B84F0F", "FreeBSD boot"},
		{"FE3A2A5D-4F32-41A7-B725-ACCC3285A309", "ChromeOS kernel"},
		{"3CB8E202-3B7E-47DD-8A3C-7FF2A13CFCEC", "ChromeOS root"},
	};

	return kind_find(known, sizeof(known) / sizeof(known[0]), guid);
}

/* Inside Macintosh: Devices, 3, and what later systems added. */
const char *sp_partition_apm_kind(const char *type)
{
	static const struct kind_text known[] = {
		{"Apple_partition_map", "partition map"},
		{"Apple_Free", "free space"},
		{"Apple_HFS", "Apple HFS"},
		{"Apple_HFSX", "Apple HFS"},
		{"Apple_APFS", "Apple APFS"},
		{"Apple_UFS", "Apple UFS"},
		{"Apple_UNIX_SVR2", "A/UX or Linux"},
		{"Apple_PRODOS", "ProDOS"},
		{"Apple_ISO", "ISO 9660"},
		{"Apple_Boot", "Apple boot"},
		{"Apple_Bootstrap", "Apple boot"},
		{"Apple_Driver", "driver"},
		{"Apple_Driver43", "driver"},
		{"Apple_Driver43_CD", "driver"},
		{"Apple_Driver_ATA", "driver"},
		{"Apple_Driver_ATAPI", "driver"},
		{"Apple_Driver_IOKit", "driver"},
		{"Apple_Driver_OpenFirmware", "driver"},
		{"Apple_FWDriver", "driver"},
		{"Apple_Patches", "patches"},
		{"Apple_Scratch", "scratch"},
		{"Apple_MFS", "Apple MFS"},
		{"DOS_FAT_12", "FAT12"},
		{"DOS_FAT_16", "FAT16"},
		{"DOS_FAT_32", "FAT32"},
		{"Windows_NTFS", "NTFS/exFAT"},
		{"Linux", "Linux"},
	};

	return kind_find(known, sizeof(known) / sizeof(known[0]), type);
}
