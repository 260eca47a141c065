#!/usr/bin/env python3
"""The benchmark does the work that it says: the check values of its cheap rows are PyTorch's."""
import json
import pathlib
import subprocess
import sys
import tempfile

TOO_LARGE = {"mlp_large", "softmax_ce_wide", "adam_10m"}  # for a test under sanitizers


def expected(file):
    lines = [line.split() for line in pathlib.Path(file).read_text(encoding="utf-8").splitlines()]
    return {w[0]: (float(w[1]), float(w[2])) for w in lines if w and w[0] != "#"}


def main():
    if len(sys.argv) != 3 or sys.argv[1] == "--help":
        print("usage: tools/checks/bench.py TAPEGRAD_BENCH CHECKS.txt")
        return 0 if "--help" in sys.argv else 1
    checks = {row: c for row, c in expected(sys.argv[2]).items() if row not in TOO_LARGE}
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "bench.json"
        subprocess.run([sys.argv[1], "--seconds", "0", "--only", ",".join(checks), "--json", out],
                       check=True)
        rows = json.loads(out.read_text(encoding="utf-8"))["rows"]
    wrong = 0
    for row, values in checks.items():
        for mode in ("eager", "replay"):
            found = rows.get(row, {}).get(mode, {"c1": None, "c5": None})
            for key, value in zip(("c1", "c5"), values):
                if found[key] is None or not abs(found[key] - value) <= 1e-4 * abs(value):
                    print(f"{row} {mode}: {key} is {found[key]}, PyTorch has {value}")
                    wrong += 1
    return 1 if wrong else 0


sys.exit(main())
