/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boot loaders: which one a boot image is, and where its code for disks lies. */
#include "tree/isofs.h"

#include "base/bytes.h"
#include "tree/esp.h"

#include <spindle/io.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum author_loader { BOOT_UNKNOWN, BOOT_ISOLINUX, BOOT_GRUB };
enum {
	AUTHOR_EFI_PARTITION = 2,
	AUTHOR_EFI_TYPE = 0xef,   /* of an MBR's entry */
	BOOT_IMAGE_MAX = 4 << 20, /* read by a BIOS into memory below 1 MB, so never near this */
	BOOT_PIECE = 65536,
	BOOT_AREA = 32768, /* system area, ECMA-119 6.2.1 */
};

static bool boot_holds(const uint8_t *data, size_t size, const char *word)
{
	return memmem(data, size, word, strlen(word)) != NULL;
}

static int author_loader(unsigned *loader, const char *path, struct sp_error *err)
{
	uint8_t data[BOOT_PIECE];
	struct sp_io *io;

	int r = sp_io_open_file(&io, path, err);
	if (r < 0)
		return r;
	const size_t size = io->size < sizeof(data) ? (size_t)io->size : sizeof(data);
	r = io->size && io->size <= BOOT_IMAGE_MAX
		    ? sp_io_read(io, 0, data, size, err)
		    : sp_fail(err, SP_ERR_USAGE, "%s: %llu bytes are no BIOS boot image", path,
			      (unsigned long long)io->size);
	sp_io_close(io);
	/* ISOLINUX says its name at 64; GRUB's first sector is cdboot.img, which prints nothing,
	 * and what follows has its name in messages */
	if (!r)
		*loader = boot_holds(data, size, "ISOLINUX ") || boot_holds(data, size, "isolinux")
				  ? BOOT_ISOLINUX
			  : boot_holds(data, size, "GRUB") || boot_holds(data, size, "no boot info")
				  ? BOOT_GRUB
				  : BOOT_UNKNOWN;
	return r;
}

static int author_mbr(uint8_t *area, const char *path, unsigned loader, struct sp_error *err)
{
	static const struct {
		unsigned loader;
		const char *path, *package;
	} code[] = {
		{BOOT_ISOLINUX, "/usr/lib/ISOLINUX/isohdpfx.bin", "isolinux"},
		{BOOT_ISOLINUX, "/usr/share/syslinux/isohdpfx.bin", "syslinux"},
		{BOOT_ISOLINUX, "/usr/lib/syslinux/bios/isohdpfx.bin", "syslinux"},
		{BOOT_GRUB, "/usr/lib/grub/i386-pc/boot_hybrid.img", "grub-pc-bin"},
	};
	const char *package = NULL;
	struct sp_io *io = NULL;
	struct sp_error missing;

	int r = path ? sp_io_open_file(&io, path, err) : SP_ERR_IO;
	for (size_t i = 0; !path && r < 0 && i < sizeof(code) / sizeof(code[0]); i++) {
		if (code[i].loader != loader)
			continue;
		package = package ? package : code[i].package;
		r = sp_io_open_file(&io, code[i].path, &missing);
	}
	if (r < 0 && !path && loader == BOOT_UNKNOWN)
		return sp_fail(
			err, SP_ERR_USAGE,
			"an unknown BIOS boot image: give the code that boots it from a disk "
			"with --mbr FILE, or --no-hybrid for a CD alone");
	if (r < 0 && !path)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "the code that boots it from a disk is in the package %s: install "
			       "that, give --mbr FILE, or --no-hybrid for a CD alone",
			       package);
	if (r < 0)
		return r;
	const uint64_t size = io->size;
	r = size && size <= BOOT_AREA
		    ? sp_io_read(io, 0, area, (size_t)size, err)
		    : sp_fail(err, SP_ERR_USAGE, "%s: %llu bytes are no boot code of a disk",
			      io->name, (unsigned long long)size);
	sp_io_close(io);
	return r;
}

static int author_efi(char **path, int *fd, const struct sp_author *from, int64_t now,
		      struct sp_error *err)
{
	const char *folder = NULL;
	char *made = NULL;
	struct stat st;
	int r = 0;

	*path = NULL;
	if (strcmp(from->efi, "auto") != 0) {
		*path = sp_author_absolute(from->efi, err);
		if (*path && (stat(*path, &st) || !S_ISREG(st.st_mode)))
			return sp_fail(err, SP_ERR_USAGE, "--efi %s: not a file", from->efi);
		return *path ? 0 : SP_ERR_IO;
	}
	for (size_t i = 0; i < from->grafts; i++)
		if (!strcmp(from->graft[i].to + strspn(from->graft[i].to, "/"), "EFI"))
			folder = from->graft[i].from;
	if (!folder && from->folder)
		folder = made = sp_format_text("%s/EFI", from->folder);
	if (!folder || stat(folder, &st) || !S_ISDIR(st.st_mode))
		r = sp_fail(err, SP_ERR_USAGE,
			    "--efi auto: the image has no folder EFI to make a partition of");
	else
		r = sp_esp_make(fd, folder, now, (uint32_t)now ^ 0x45535000u, err);
	free(made);
	if (!r && !(*path = sp_format_text("/proc/self/fd/%d", *fd)))
		r = sp_fail_memory(err);
	return r;
}

/* The file in the file system that a path in the image comes from. */
static char *author_origin(struct author *author, const char *path)
{
	IsoNode *node = NULL;
	char *absolute = sp_format_text("/%s", path + strspn(path, "/")), *origin = NULL;

	if (absolute && iso_image_path_to_node(author->image, absolute, &node) == 1 &&
	    iso_node_get_type(node) == LIBISO_FILE)
		origin = iso_stream_get_source_path(iso_file_get_stream((IsoFile *)node), 0);
	free(absolute);
	return origin;
}

static int author_boot_bios(struct author *author, unsigned *kind, struct sp_error *err)
{
	const char *path = author->from->bios + strspn(author->from->bios, "/");
	const char *slash = strrchr(path, '/');
	ElToritoBootImage *boot;
	char *origin = author_origin(author, path), *image = sp_format_text("/%s", path);
	char *catalog = sp_format_text("/%.*sboot.cat", slash ? (int)(slash + 1 - path) : 0, path);

	int r = 0;
	if (!image || !catalog)
		r = sp_fail_memory(err);
	else if (!origin)
		r = sp_fail(
			err, SP_ERR_USAGE,
			"--bios %s: no such file in the image; it is a path as the image has it",
			path);
	else
		r = author_loader(kind, origin, err);
	if (!r) {
		r = iso_image_set_boot_image(author->image, image, ELTORITO_NO_EMUL, catalog,
					     &boot);
		r = r < 0 ? sp_author_fail(author->from, r, image, err) : 0;
	}
	if (!r) {
		el_torito_set_load_size(boot,
					4); /* of 512 bytes: what BIOSes read without trouble */
		/* boot info table; and where GRUB is, its own address */
		el_torito_set_isolinux_options(boot,
					       *kind == BOOT_GRUB ? 1 | 1 << 9
					       : *kind            ? 1
								  : 0,
					       0);
	}
	free(catalog);
	free(image);
	free(origin);
	return r;
}

static int author_boot_efi(struct author *author, bool first, struct sp_error *err)
{
	static const char inside[] = "/boot-efi.img";
	const bool hybrid = !author->from->no_hybrid;
	const char *image = hybrid ? "--interval:appended_partition_2:all::" : inside;
	ElToritoBootImage *boot;
	char *path;

	int r = author_efi(&path, &author->efi, author->from, author->now, err);
	if (r < 0) {
		free(path);
		return r;
	}
	if (hybrid)
		r = iso_write_opts_set_partition_img(author->opts, AUTHOR_EFI_PARTITION,
						     AUTHOR_EFI_TYPE, path, 0);
	else
		/* a piece, as whole: the one way that takes a link to a file, which a descriptor's
		 * path is */
		r = iso_tree_add_new_cut_out_node(author->image, iso_image_get_root(author->image),
						  inside + 1, path, 0, INT64_MAX, NULL);
	if (r >= 0 && hybrid)
		r = iso_write_opts_set_appended_as_gpt(author->opts, 1);
	if (r >= 0)
		r = first ? iso_image_set_boot_image(author->image, image, ELTORITO_NO_EMUL,
						     "/boot.cat", &boot)
			  : iso_image_add_boot_image(author->image, image, ELTORITO_NO_EMUL, 0,
						     &boot);
	free(path);
	if (r < 0)
		return sp_author_fail(author->from, r, "the EFI partition", err);
	el_torito_set_boot_platform_id(boot, AUTHOR_EFI_TYPE);
	el_torito_set_full_load(boot, 1);
	return 0;
}

int sp_author_boot(struct author *author, struct sp_error *err)
{
	const struct sp_author *from = author->from;
	uint8_t *area = calloc(1, BOOT_AREA);
	unsigned kind = 0;
	int options = 0;

	int r = area ? 0 : sp_fail_memory(err);
	if (!r && from->bios)
		r = author_boot_bios(author, &kind, err);
	if (!r && from->efi)
		r = author_boot_efi(author, !from->bios, err);
	if (!r && !from->no_hybrid && (from->bios || from->mbr)) {
		r = author_mbr(area, from->mbr, kind, err);
		/* bit 0: a partition that protects the whole, bit 14: GRUB's address in it; bit 1:
		 * isolinux' own table, which with a GPT is the protecting one as well */
		options = kind == BOOT_ISOLINUX ? 1 << 1 : 1 | 1 << 14;
	}
	if (!r && !from->no_hybrid && (from->bios || from->efi || from->mbr)) {
		const int rc =
			iso_write_opts_set_system_area(author->opts, (char *)area, options, 0);

		r = rc < 0 ? sp_author_fail(author->from, rc, "the boot record", err) : 0;
	}
	free(area);
	return r;
}
