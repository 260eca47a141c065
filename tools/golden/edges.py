#!/usr/bin/python3
"""Writes tests/golden/edges.txt: elementwise operators and their slopes at zeros, kinks, ties, NaN, infinities
and huge numbers, by PyTorch in f64.

usage: build/tests/test_ops dump | tools/golden/edges.py > tests/golden/edges.txt

A line: operator, sample (it says the attributes), operands = value, slopes ("-": not compared)."""
import itertools
import math
import sys

import torch
import torch.nn.functional as F

INF, NAN = math.inf, math.nan
ONE = [0.0, -0.0, 0.07, 0.25, 0.5, 0.9, 1.0, 1.5, 2.0, 2.5, 2.999, 3.001, 3.0, 5.999, 6.0, 6.003, 8.0, 1e300, INF]
ONE = [s * x for x in ONE for s in (1, -1)] + [NAN]
TWO = [0.0, -0.0, 0.5, 1.0, -1.0, 2.0, -2.0, -3.7, 5.2, 1e300, -1e300, INF, -INF, NAN]


# x operands, p and q the attributes in their order.
OPERATORS = {name: getattr(torch, name) for name in
             "neg abs square sqrt rsqrt reciprocal exp expm1 exp2 log log1p log2 log10 sin cos tan asin acos atan sinh "
             "cosh tanh asinh acosh atanh erf erfc sigmoid relu sign floor ceil round trunc maximum minimum fmod hypot "
             "pow atan2 add sub mul div eq ne lt le gt ge logical_not logical_and logical_or logical_xor isnan isinf "
             "isfinite".split()}
OPERATORS.update(
    log_sigmoid=F.logsigmoid, relu6=F.relu6, selu=F.selu, softsign=F.softsign, hardsigmoid=F.hardsigmoid,
    hardswish=F.hardswish, mish=F.mish, gelu=F.gelu, silu=F.silu, leaky_relu=F.leaky_relu, elu=F.elu, celu=F.celu, softplus=F.softplus,
    hardtanh=F.hardtanh, clamp=torch.clamp, pow_scalar=torch.pow, fmod_scalar=torch.fmod,
    add_scalar=torch.add, sub_scalar=torch.sub, mul_scalar=torch.mul, div_scalar=torch.div,
    rsub_scalar=lambda x, p: p - x, rdiv_scalar=lambda x, p: p / x, rpow_scalar=lambda x, p: torch.pow(p, x),
    maximum_scalar=lambda x, p: torch.maximum(x, torch.tensor(p).double()),
    minimum_scalar=lambda x, p: torch.minimum(x, torch.tensor(p).double()),
    **{name + "_scalar": getattr(torch, name) for name in "eq ne lt le gt ge".split()})

# Where this library differs from PyTorch 1.13 on purpose: the slope is not compared. A NaN goes on everywhere, and a
# slope is that of the function where PyTorch's formula is infinity times zero.
NO_SLOPE = {
    "abs": math.isnan, "selu": math.isnan, "elu": math.isnan, "celu": math.isnan, "hardswish": math.isnan, "softsign": math.isinf,
}
# The value is not compared either.
NO_ROW = {"sign": math.isnan}
# PyTorch's constant is that of f32.
MENDED = {"hardsigmoid": lambda d: 1 / 6 if d else 0.0}


def number(v):
    return repr(float(v))


def row(name, index, p, points):
    if any(NO_ROW.get(name, lambda v: False)(v) for v in points):
        return
    x = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in points]
    y = OPERATORS[name](*x, *p)
    slopes = ["-"] * len(x)
    if y.dtype == torch.float64 and not any(map(NO_SLOPE.get(name, lambda v: False), points)):
        g = torch.autograd.grad(y, x, allow_unused=True) if y.requires_grad else [None] * len(x)
        slopes = [number(MENDED.get(name, float)(0.0 if d is None else d)) for d in g]
    print(name, index, *map(number, points), "=", number(y), *slopes)


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1] == "--help" else 2
    lines = list(sys.stdin)
    for at, line in enumerate(lines):
        words = line.split()
        if words[0] != "case" or words[3] != "f64" or words[1] not in OPERATORS:
            continue
        n = int(words[4])
        if all(lines[at + 1 + k].split()[2] == "[]" for k in range(n)):
            p = [float(pair.split("=")[1]) for pair in words[5:]]
            for points in itertools.product(*([ONE] if n == 1 else [TWO, TWO])):
                row(words[1], words[2], p, points)
    return 0


sys.exit(main())
