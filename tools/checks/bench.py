#!/usr/bin/env python3
"""The benchmark does the work that it says: the check values of its cheap rows are PyTorch's, and so
are those of the loops that bound them."""
import json
import pathlib
import subprocess
import sys
import tempfile

TOO_LARGE = {"mlp_large", "softmax_ce_wide", "adam_10m"}  # for a test under sanitizers
# Between single precision in another order (1e-7) and what a wrong rate does to c5 (8e-5).
CLOSE = 5e-6


def expected(file):
    lines = [line.split() for line in pathlib.Path(file).read_text(encoding="utf-8").splitlines()]
    return {w[0]: (float(w[1]), float(w[2])) for w in lines if w and w[0] != "#"}


def rows_of(program, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "rows.json"
        subprocess.run([program, "--seconds", "0", "--json", out, *arguments], check=True)
        return json.loads(out.read_text(encoding="utf-8"))["rows"]


def wrong(what, found, values):
    """The number of check values that are not as they should be."""
    count = 0
    for key, value in zip(("c1", "c5"), values):
        if found.get(key) is None or not abs(found[key] - value) <= CLOSE * abs(value):
            print(f"{what}: {key} is {found.get(key)}, PyTorch has {value}")
            count += 1
    return count


def main():
    if len(sys.argv) != 4 or sys.argv[1] == "--help":
        print("usage: tools/checks/bench.py TAPEGRAD_BENCH TAPEGRAD_LIMITS CHECKS.txt")
        return 0 if "--help" in sys.argv else 1
    checks = expected(sys.argv[3])
    unknown = subprocess.run([sys.argv[1], "--only", "xor,xr"], check=False, capture_output=True, text=True)
    assert unknown.returncode and "xr" in unknown.stderr and not unknown.stdout, unknown
    rows = rows_of(sys.argv[1], "--only", ",".join(checks.keys() - TOO_LARGE))
    bad = sum(wrong(f"{row} {mode}", rows.get(row, {}).get(mode, {}), checks[row])
              for row in sorted(checks.keys() - TOO_LARGE) for mode in ("eager", "replay"))
    for isa in ("base", "avx2", "avx512"):
        loops = rows_of(sys.argv[2], "--isa", isa)
        bad += sum(wrong(f"{row}, loop {isa}", found, checks[row]) for row, found in loops.items())
        bad += not loops
    return 1 if bad else 0


sys.exit(main())
