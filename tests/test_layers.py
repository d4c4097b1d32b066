#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Holds the layers: who includes whom, who calls what, and what every file begins with.
import fnmatch
import glob
import os
import re
import sys

os.chdir(os.environ.get("top_srcdir", "."))

# layer | its own and other folders it may include | public headers it may include
LAYERS = """
src/base   | base                              | error
src/codec  | base codec                        | error
src/io     | base codec io                     | error io
src/disc   | base codec disc                   | error disc
src/stream | base codec io disc stream         | error io disc stream accuraterip
formats    | base codec io disc stream formats | error io disc stream format
src/drive  | base codec io disc stream drive   | error io disc stream drive rip burn
src/tree   | base codec io disc stream tree    | error io disc stream tree
src/sim    | base io disc stream sim drive     | error io disc stream
src/door   | base door sim drive               | spindle error io disc stream format drive
src/report | report                            | spindle error io disc stream format drive rip burn accuraterip tree
src/cli    | cli report                        | spindle error io disc stream format drive rip burn accuraterip tree
src/open.c | base codec io disc stream formats drive sim tree | spindle error io disc stream format drive tree
src/open_drive.c | sim drive          | spindle error io disc stream format drive
src/open_sim.c | base stream sim drive | spindle error io disc stream format drive
"""
# What the C library and the system bring; every other <header> is a third party's.
SYSTEM = """assert ctype dirent dlfcn errno fcntl fnmatch inttypes glob limits linux/* locale math poll
pthread sched scsi/* setjmp signal stdarg stdatomic stdbool stddef stdint stdio stdlib string strings
sys/* termios threads time unistd wchar""".split()
UNSAFE = (r"(ato[fil]|atoll|strcpy|strcat|v?sprintf|gets|v?s?scanf|strtok|system|popen|alloca|assert"
          r"|abort|[a-z]*fopen|freopen|mmap) *\(")
PRINTING = (r"(_?exit|v?f?printf|f?puts|f?putc|putchar|perror) *\(|FILE"
            r"|std(out|err)[^A-Za-z0-9_]")
LINES = 600  # of a file of the library or the program

layers = {}
for line in LAYERS.split("\n"):
    if line:
        layer, folders, public = (part.split() for part in line.split("|"))
        layers[layer[0]] = folders, public


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def find(*tops, names=("*",)):
    return sorted(os.path.join(folder, name) for top in tops for folder, _, all in os.walk(top)
                  for name in all if any(fnmatch.fnmatch(name, n) for n in names))


sources = find("src", "formats", names=("*.[ch]",))
program = [file for file in sources
           if file.startswith(("src/cli/", "src/report/", "src/door/preload", "src/door/main.c"))]
library = [file for file in sources if file not in program]
if not library:
    sys.exit(1)
content = {file: text(file) for file in sources}


def bare(code):
    """Comments out, strings emptied: line numbers stay."""
    def shorter(found):
        return '""' if found[0][0] in "\"'" else "\n" * found[0].count("\n")
    return re.sub(r"/\*.*?(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", shorter, code,
                  flags=re.S)


def includes(file):
    return re.findall(r'^#include *(["<])(.*)[">]', content[file], re.M)


def layer_includes():
    for file in sources:
        where = file if file in layers else os.path.dirname(file)
        folders, public = layers.get(where, ((), ()))
        for how, name in includes(file):
            if how == "<":
                good = not name.startswith("spindle/") or name[8:-2] in public
            elif "/" in name:
                good = name.split("/")[0] in folders
            else:
                good = os.path.exists(os.path.join(os.path.dirname(file), name))
            if not good:
                yield f"{file} includes {name}"


def unlayered_files():
    for file in sources:
        if file not in layers and os.path.dirname(file) not in layers:
            yield f"{file} is in no layer"


def public_headers():
    for file in glob.glob("include/spindle/*.h"):
        for name in re.findall(r"^#include *(.*)", text(file), re.M):
            if not name.startswith(("<spindle/", "<std")):
                yield f"{file} includes {name}"


def third_parties():
    by = {}
    for file in sources:
        for how, name in includes(file):
            party = name.split("/")[0]
            if (how == "<" and party != "spindle"
                    and not any(fnmatch.fnmatch(name.removesuffix(".h"), s) for s in SYSTEM)
                    and by.setdefault(party, file) != file):
                yield f"{party}: {by[party]} and {file}"


def calls(words, files):
    """Where one of these functions is called, or a type or stream named."""
    pattern = re.compile(rf"(?:^|[^A-Za-z0-9_.>])(?:{words})")
    for file in files:
        for number, line in enumerate(bare(content[file]).split("\n"), 1):
            if pattern.search(line):
                yield f"{file}:{number}:{line}"


everything = (["configure.ac", "Makefile.am", "setup", ".ci/run", "bench/run"]
              + find("include", "src", "formats", "tests", "bench", names=("*.[ch]", "*.sh", "*.py"))
              + find("man", "completion"))


def unmarked():
    for file in everything:
        if not any("SPDX-License-Identifier: GPL-3.0-or-later" in line
                   for line in text(file).split("\n")[:2]):
            yield f"{file}: no SPDX line"


def long_files():
    for file in sources:
        lines = content[file].count("\n")
        if lines > LINES:
            yield f"{file}: {lines} lines"


def outward():
    for file in everything + ["README", "CONTRIBUTING"]:
        if file != "tests/test_layers.py":
            for number, line in enumerate(text(file).split("\n"), 1):
                if re.search(r"/(work|root|home|Users)/[a-z]|facts/[a-z]+\.md|design\.md", line):
                    yield f"{file}:{number}:{line}"


TESTS = (
    ("a layer includes only what its line names", layer_includes()),
    ("every source file lies in a layer", unlayered_files()),
    ("public headers need the C standard library and each other", public_headers()),
    ("a third-party library is included by one file", third_parties()),
    ("no unbounded, aborting or unseen calls", calls(UNSAFE, sources)),
    ("the library neither prints nor exits", calls(PRINTING, library)),
    ("every file says its licence", unmarked()),
    ("a file is one idea: at most 600 lines", long_files()),
    ("nothing points outside of the tree", outward()),
)
print(f"1..{len(TESTS)}")
for number, (name, wrong) in enumerate(TESTS, 1):
    wrong = list(wrong)
    for line in wrong:
        print("#", line)
    print("not ok" if wrong else "ok", number, "-", name)
