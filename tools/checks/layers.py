#!/usr/bin/env python3
"""The layering of design.md, section 2, held by what files include and by what objects link to.

A folder of lib/ includes itself, folders to its left, and public headers. An object uses no symbol
that is defined to its right. Public headers include only each other."""
import collections
import pathlib
import re
import subprocess
import sys

LAYERS = [["base"], ["tensor"], ["kernel"], ["tape"], ["ops"], ["diff"], ["program"],
          ["nn", "optim", "data", "io", "graph"],
          ["picture"]]  # a library of its own beside libtapegrad
RANK = {folder: rank for rank, folders in enumerate(LAYERS) for folder in folders}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def includes(file):
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1)


def may_include(folder, target, lib):
    """None where it may, else why not; target is a folder of lib/"""
    if target not in RANK:
        return f"{target}/ is no layer"
    if target != folder and RANK[target] >= RANK[folder]:
        return f"{target}/ is not to the left of {folder}/"
    return None


def check_includes(root):
    lib, public = root / "lib", root / "include" / "tapegrad"
    for file in sorted(lib.rglob("*.[ch]")):
        folder = file.relative_to(lib).parts[0]
        if folder not in RANK:
            yield f"{file}: {folder}/ is no layer"
            continue
        for number, name in includes(file):
            if name.startswith("tapegrad/"):
                why = None if (public.parent / name).is_file() else "no such public header"
            elif (file.parent / name).is_file():
                target = (file.parent / name).resolve().relative_to(lib).parts[0]
                why = may_include(folder, target, lib)
            elif (lib / name).is_file():
                why = may_include(folder, name.split("/")[0], lib)
            else:
                why = "neither in lib/ nor public"
            if why:
                yield f"{file}:{number}: includes {name}: {why}"
    for file in sorted(public.glob("*.h")):
        for number, name in includes(file):
            if not (public / name).is_file():
                yield f"{file}:{number}: a public header includes {name}"


def symbols(archive):
    """object -> (defined, undefined) symbols"""
    text = subprocess.run(["nm", "-A", archive], check=True, capture_output=True, text=True).stdout
    table = collections.defaultdict(lambda: (set(), set()))
    for line in text.splitlines():
        where, rest = line.rsplit(":", 1)
        *_, kind, name = rest.split()
        if kind == "U" or kind.isupper():
            table[where.rsplit(":", 1)[-1]][kind == "U"].add(name)
    return table


def check_links(archive):
    # Meson names the object of lib/tape/apply.c "tape_apply.c.o".
    table = {o: s for o, s in symbols(archive).items() if o.split("_")[0] in RANK}
    if not table:
        yield f"{archive}: no object of lib/ found in it"
    home = {name: o for o, (defined, _) in table.items() for name in defined}
    for o, (_, undefined) in sorted(table.items()):
        for name in sorted(undefined & home.keys()):
            folder, target = o.split("_")[0], home[name].split("_")[0]
            if RANK[target] > RANK[folder]:
                yield f"{o} uses {name} of {home[name]}: {target}/ is to the right of {folder}/"


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1] == "--help":
        print("usage: tools/checks/layers.py ROOT [LIBTAPEGRAD.a]")
        return 0 if "--help" in sys.argv else 1
    root = pathlib.Path(sys.argv[1]).resolve()
    problems = list(check_includes(root))
    if len(sys.argv) == 3:
        problems += check_links(sys.argv[2])
    print("\n".join(problems) or "layers: as they should be")
    return 1 if problems else 0


sys.exit(main())
