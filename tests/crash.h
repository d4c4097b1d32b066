/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder whose files lose power: what was not synced stays whole, in part or not at all. */
#ifndef TEST_CRASH_H
#define TEST_CRASH_H

#include <spindle/io.h>

#include <stdbool.h>
#include <stdint.h>

struct crash_folder;

struct crash_folder *crash_new(uint32_t seed); /* no memory ends the program, here and below */
void crash_free(struct crash_folder *folder);
/* Open or make a file, writable; siblings are opened or made likewise. */
struct sp_io *crash_open(struct crash_folder *folder, const char *name);
/* Of writes since each file's last sync: none survives (not `lucky`), or each by chance, some of
 * them only their beginning. Open ios are of no more use than to be closed. */
void crash_now(struct crash_folder *folder, bool lucky);
/* The nth sync from now on fails and does nothing; 0: none does. */
void crash_fail_sync(struct crash_folder *folder, unsigned nth);
/* Calls of sync so far. */
unsigned crash_syncs(const struct crash_folder *folder);

#endif
