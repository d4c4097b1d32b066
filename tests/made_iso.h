/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ISO 9660 volumes made by hand, record after record. */
#ifndef TESTS_MADE_ISO_H
#define TESTS_MADE_ISO_H

#include "tree/fs.h"

enum { SECTORS = 200, ROOT = 20, SUB = 21, DATA = 60, CONT = 100, FOLDER = 2, MULTI = 0x80 };

/* An image, what was told of it, what was listed. */
struct made_iso {
	uint8_t data[SECTORS * 2048];
	struct sp_memory *mem;
	struct sp_io *io;
	struct sp_fs *fs;
	char told[4096], listed[4096];
	unsigned entries;
};

void made_both32(uint8_t *p, uint32_t v);
void made_both16(uint8_t *p, uint16_t v);
/* A record at p; returns what is behind it. */
uint8_t *made_record_bytes(uint8_t *p, const void *name, size_t name_size, uint32_t extent,
			   uint32_t size, unsigned flags, const void *use, size_t use_size);
uint8_t *made_record(uint8_t *p, const char *name, uint32_t extent, uint32_t size, unsigned flags);
uint8_t *made_dots(uint8_t *p, uint32_t self, uint32_t parent);
uint8_t *made_sector(struct made_iso *image, size_t n);
/* One with an empty root; returns where its entries go. */
uint8_t *made_begin(struct made_iso *image);
/* The same with Rock Ridge: SP and PX in the root's ".". */
uint8_t *made_rock(struct made_iso *image);
int made_open_as(struct made_iso *image, const struct sp_fs_format *format, uint64_t start,
		 size_t size);
void made_open(struct made_iso *image, const struct sp_fs_format *format);
void made_close(struct made_iso *image);
/* sp_fs_walk's: into image->listed. */
int made_entry(void *user, const struct sp_walk_entry *entry);
const char *made_walked(struct made_iso *image);
void made_assert_told(const struct made_iso *image, const char *what);
/* The file has that text. */
void made_assert_content(struct made_iso *image, const char *path, const char *wanted);

struct CMUnitTest;
/* Every test of a program with one image as its state. */
int made_iso_tests(const char *group, const struct CMUnitTest *tests, size_t count);

#endif
