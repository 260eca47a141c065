#!/usr/bin/python3
"""Writes tests/golden/ops.txt: the value of every operator on every sample, by PyTorch, NumPy and mpmath.

usage: ninja -C build && build/tests/test_ops dump | tools/golden/ops.py > tests/golden/ops.txt

An operator is known here by its name alone: ORACLES[name](a, x...), where a holds its attributes by
name and x its operands as NumPy arrays. What stands here is written from the operator's public
formula and from nothing in lib/. An operator without an oracle is an error, unless WITHOUT says why.
"""
import sys

import numpy as np

from oracles import ORACLES, WITHOUT

DTYPES = {"f32": np.float32, "f64": np.float64, "i64": np.int64, "i32": np.int32, "u8": np.uint8,
          "bool": np.bool_}


def attribute(text):
    if text.startswith("["):
        return [attribute(part) for part in text[1:-1].split(",") if part]
    if text in ("true", "false"):
        return text == "true"
    if text.lstrip("-").isdigit():
        return int(text)
    try:
        return float(text)
    except ValueError:
        return DTYPES.get(text, text)


def operand(line):
    _, dtype, shape, *numbers = line.split()
    dims = [int(d) for d in shape[1:-1].split(",") if d]
    parse = float if dtype in ("f32", "f64") else int
    return np.array([parse(n) for n in numbers], dtype=DTYPES[dtype]).reshape(dims)


def cases(lines):
    """name, index, dtype, attributes, operands of each"""
    lines = iter(lines)
    for line in lines:
        _, name, index, dtype, n, *attrs = line.split()
        pairs = (pair.split("=", 1) for pair in attrs)
        a = {key: attribute(value) for key, value in pairs}
        yield name, index, dtype, a, [operand(next(lines)) for _ in range(int(n))]


def number(v):
    return repr(float(v)) if isinstance(v, (float, np.floating)) else str(int(v))


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1] == "--help" else 2
    missing = {}
    for name, why in sorted(WITHOUT.items()):
        print(f"{name} - - -: {why}")
    for name, index, dtype, a, x in cases(sys.stdin):
        if name in WITHOUT:
            continue
        if name not in ORACLES:
            missing[name] = "no oracle"
            continue
        try:
            with np.errstate(all="ignore"):
                y = np.asarray(ORACLES[name](a, *x))
        except Exception as e:  # the rest is still wanted
            missing[name] = f"sample {index} {dtype}: {type(e).__name__}: {e}"
            continue
        shape = ",".join(map(str, y.shape))
        print(f"{name} {index} {dtype} [{shape}]: " + " ".join(number(v) for v in y.reshape(-1)))
    for name, why in missing.items():
        print(f"tools/golden/ops.py: {name}: {why}", file=sys.stderr)
    return 1 if missing else 0


sys.exit(main())
