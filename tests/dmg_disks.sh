#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced behind try.sh by scripts of the second writer's disk images: `write`, and a disk of each
# partition scheme to make them of.

writer=$tests/dmg_write.py

write() {
	python3 "$writer" "$@"
}

for scheme in gpt apm mbr none; do
	write disk $scheme.img --scheme $scheme || exit 99
done
