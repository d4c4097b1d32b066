/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses, sizes, times and speeds as a person reads them. */
#ifndef SP_REPORT_UNITS_H
#define SP_REPORT_UNITS_H

#include <spindle/disc.h>

#define UNITS_TEXT 32 /* room for any text below, with its end */

/* All return `text`. Times are mm:ss:ff; where there is no MSF, the number itself. */
char *units_msf(char text[UNITS_TEXT], sp_lba lba);
char *units_frames(char text[UNITS_TEXT], uint64_t frames);
/* "512 bytes", "3.4 MB", "4.7 GB": powers of 1000, as discs are sold */
char *units_size(char text[UNITS_TEXT], uint64_t bytes);
/* "0:07", "12:30", "1:02:03" */
char *units_seconds(char text[UNITS_TEXT], uint64_t seconds);
/* How many times the medium's 1x: 75 sectors a second for a CD (150 KiB/s of 2048-byte and 176.4
 * kB/s of 2352-byte sectors), 1385 kB/s for a DVD, 4496 kB/s for a BD. 0: it has no such speed. */
double units_speed(unsigned medium, double sectors, double bytes);

#endif
