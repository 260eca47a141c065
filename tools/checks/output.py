#!/usr/bin/env python3
"""usage: output.py EXPECTED PROGRAM [ARGUMENT ...]

Runs a program and holds its output against a file: words to the letter, numbers to a relative 2e-3
(1e-9 absolute).
"""
import os
import re
import subprocess
import sys

NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")


def is_close(a, b):
    a, b = float(a), float(b)
    return abs(a - b) <= 1e-9 + 2e-3 * max(abs(a), abs(b))


def is_same(expected, line):
    if NUMBER.sub("#", expected).split() != NUMBER.sub("#", line).split():
        return False
    return all(map(is_close, NUMBER.findall(expected), NUMBER.findall(line)))


def main():
    if "--help" in sys.argv[1:2]:
        print(__doc__.strip())
        return
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        expected = file.read().splitlines()
    program = [os.path.abspath(sys.argv[2])] + sys.argv[3:]
    run = subprocess.run(program, stdout=subprocess.PIPE, text=True)
    lines = run.stdout.splitlines()
    if run.returncode != 0:
        sys.exit(f"exit status {run.returncode}\n{run.stdout}")
    for i, (a, b) in enumerate(zip(expected, lines)):
        if not is_same(a, b):
            sys.exit(f"line {i + 1}\nexpected: {a}\nprinted:  {b}")
    if len(expected) != len(lines):
        sys.exit(f"{len(lines)} lines printed, {len(expected)} expected")


main()
