# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of spindle for fish: the program knows what may stand where.

function __spindle_complete
	set -l words (commandline -opc)
	set -l last (commandline -ct)
	for line in ($words[1] __complete $words[2..] "$last" 2>/dev/null)
		if test "$line" = :files
			set -l kept (string match -r '^-.*=' -- "$last")
			for file in (__fish_complete_path (string replace -r '^-.*=' '' -- "$last"))
				echo "$kept$file"
			end
		else
			echo $line
		end
	end
end
complete -c spindle -f -a '(__spindle_complete)'
