/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder in memory with the data files that test sheets name, and a disc in a few lines of text.
 */
#ifndef TEST_CUE_FOLDER_H
#define TEST_CUE_FOLDER_H

#include <spindle/format.h>

struct folder {
	struct sp_memory *mem;
	char notes[8192]; /* of what was opened and made, one a line */
	struct sp_notes sink;
};

/*
 * a.bin 1000, b.bin 500, c.bin 200 sectors of 2352; user.bin 100 of 2048; long.bin 450000 of 2352;
 * cut.bin 10 of 2352 and 100 bytes; empty.bin; a.wav 100, b.wav 50, a.aiff 30 sectors of samples;
 * xa.bin 40 sectors of XA (2352), xa2336.bin the same (2336); 48k.wav mono.wav cut.wav x.flac
 * x.ape: what is refused. In the .bin files every 4 bytes name themselves: see folder_word.
 */
void folder_make(struct folder *folder);
void folder_clear(struct folder *folder);
/* The word at byte `offset` (a multiple of 4) of a file whose name begins with `letter`. */
uint32_t folder_word(char letter, uint64_t offset);
/* Fill `size` bytes with the words of a file. */
void folder_words(char letter, uint8_t *data, size_t size);
void folder_put(struct folder *folder, const char *name, const char *sheet);
int folder_open(struct folder *folder, const char *name, struct sp_source **src,
		struct sp_error *err);
/* A sheet of this text, which must open. */
struct sp_source *folder_sheet(struct folder *folder, const char *sheet);
/* One sector as stored; its state. */
uint16_t folder_sector(struct sp_source *src, sp_lba lba, uint8_t sector[3072]);

/* Lines of text for sessions, tracks, regions, codes and texts. malloc'd. */
char *folder_describe(const struct sp_disc *disc);

#endif
