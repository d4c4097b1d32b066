/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words that the printer and the parser of a work store share. */
#ifndef SP_STREAM_STORE_WORDS_H
#define SP_STREAM_STORE_WORDS_H

enum {
	SP_STORE_RECORDER_MAX = 65536, /* bytes */
	SP_STORE_HEX_LINE = 32,        /* bytes */
	SP_STORE_STRUCTURE = 2048,     /* bytes of PFI and DMI */
	SP_STORE_PACKS_MAX = 65520, /* bytes of CD-Text packs and of a full TOC: READ TOC's length
				       has 16 bits */
};

/* NULL-ended, in the order of their enums; modes are told apart further than sp_mode_name does. */
extern const char *const sp_store_modes[], *const sp_store_media[], *const sp_store_kinds[];

#endif
