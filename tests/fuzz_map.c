/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Map files from anywhere: what is read is written, and is the same when it is read again. */
#include "drive/map.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".map";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_map map, again;
	struct sp_error err = {0};
	char *text;
	size_t length;

	if (sp_map_parse(&map, "fuzz.map", data, size, &err) < 0) {
		if (!err.text[0])
			abort();
		sp_map_clear(&map);
		return 0;
	}
	if (sp_map_print(&map, NULL, &text, &length, NULL) < 0 ||
	    sp_map_parse(&again, "again.map", text, length, &err) < 0)
		abort();
	if (map.blocks != again.blocks || map.size != again.size || map.at != again.at ||
	    map.phase != again.phase || map.pass != again.pass ||
	    (map.blocks && map.origin != again.origin))
		abort();
	for (size_t i = 0; i < map.blocks; i++)
		if (map.block[i].size != again.block[i].size ||
		    map.block[i].status != again.block[i].status)
			abort();
	free(text);
	sp_map_clear(&map);
	sp_map_clear(&again);
	return 0;
}
