/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc as lines of text, to compare: the form of tests/expect. */
#ifndef TEST_DISC_PRINT_H
#define TEST_DISC_PRINT_H

#include <spindle/disc.h>

/*
 *   medium cd
 *   mcn 0000010271955                          only when there is one
 *   session NUMBER leadout LBA
 *   track NUMBER SESSION MODE START LENGTH CONTROL ISRC|-
 *   index TRACK NUMBER LBA                     after its track, each that is there
 *   region LBA COUNT KIND TRACK SESSION MODE PARTS|- stored|absent
 *   text TRACK TYPE "…"                        by track, then type; bytes below 0x20 as \xNN
 *
 * Regions that differ in nothing but their place are printed as one; parts of what is not stored
 * mean nothing and are left out. malloc'd; no memory ends the program.
 */
char *disc_print(const struct sp_disc *disc);

#endif
