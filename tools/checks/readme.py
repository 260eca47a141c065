#!/usr/bin/env python3
"""What README.md shows is true: prints a C block, or runs its commands: the lines of
its sh blocks, and what begins with `build/` in the last column of its tables.

A command is run in a copy-free checkout, by the shell, from the top. What is too long for that, or
is run by another test or by CI as a whole, is listed in ELSEWHERE with who runs it."""
import pathlib
import re
import subprocess
import sys

ELSEWHERE = {
    "tools/quickstart": ".ci/run",
    "tools/check": ".ci/run",
    "tools/coverage": "its own run: a build with counters takes minutes",
    "tools/mutate": "its own run: it rebuilds for every mutant",
    "tools/setup-packages": "tools/quickstart",
    "tools/bench/compare": "the test `compare`, without PyTorch",
    "tools/bench/instructions": ".ci/run",
    "build/examples/fashion_mlp": "the test `fashion_mlp`",
    "meson setup build": "tools/quickstart",
    "meson test -C build": "tools/check",
    "cc example.c": "the test `install`, shared and static",
    "meson install -C build": "the test `install`, into a temporary root",
}


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def commands(text):
    for block in blocks(text, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            line = re.sub(r"(^|\s)#.*", "", line).strip()
            if line:
                yield line
    yield from re.findall(r"^\|.*\| `(build/[^`]+)` \|$", text, re.M)


def run(text, root, build):
    failed = 0
    for command in dict.fromkeys(commands(text)):
        runner = next((who for start, who in ELSEWHERE.items()
                       if command == start or command.startswith(start + " ")), None)
        if runner:
            print(f"{command}: run by {runner}")
            continue
        # README speaks of build/; the tests may live in another folder.
        here = re.sub(r"(?<![\w/-])build/", f"{build}/", command)
        print(f"{command}: run here", flush=True)
        done = subprocess.run(here, shell=True, cwd=root, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            print(f"{command}: exit status {done.returncode}")
            failed = 1
    return failed


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("example", "run"):
        print("usage: tools/checks/readme.py example ROOT [NUMBER, from 0] | run ROOT BUILD_FOLDER")
        return 0 if "--help" in sys.argv else 1
    root = pathlib.Path(sys.argv[2]).resolve()
    text = (root / "README.md").read_text(encoding="utf-8")
    if sys.argv[1] == "run":
        return run(text, root, pathlib.Path(sys.argv[3]).resolve())
    example = blocks(text, "c")
    number = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    if number >= len(example):
        print(f"README.md has {len(example)} C blocks", file=sys.stderr)
        return 1
    lines = len(example[0].splitlines())
    if lines > 20:
        print(f"README.md's first example has {lines} lines, more than 20", file=sys.stderr)
        return 1
    print(example[number], end="")
    return 0


sys.exit(main())
