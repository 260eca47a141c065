#!/usr/bin/python3
"""Writes tests/golden/edges.txt: elementwise operators and their slopes at zeros, kinks, ties, NaN, infinities
and huge numbers, by PyTorch in f64.

usage: build/tests/test_ops dump | tools/golden/edges.py > tests/golden/edges.txt

A line: operator, sample (it says the attributes), operands = value, slopes ("-": not compared). A vector is [1,2,3]. The
slopes are for the cotangent 3, of vectors 3, 4, 5, ..."""
import itertools
import math
import sys

import torch
import torch.nn.functional as F

INF, NAN = math.inf, math.nan
VECTORS = [[1, 1, 0], [2, -1, 2, 2], [0, 0, 0], [0, 2, 3], [0, 0, 3], [5], [NAN, 1, 2], [1, NAN, NAN], [INF, 1, 2],
           [INF, INF, 1], [-INF, 1, 2], [-INF, -INF], [1e300, 1e300], [1000, 1000.5, 999], [-1000, 0, 1]]
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
    identity=torch.clone, detach=torch.clone, contiguous=torch.clone, log_sigmoid=F.logsigmoid, relu6=F.relu6, selu=F.selu, softsign=F.softsign, hardsigmoid=F.hardsigmoid,
    hardswish=F.hardswish, mish=F.mish, gelu=F.gelu, gelu_tanh=lambda x: F.gelu(x, approximate="tanh"), silu=F.silu, leaky_relu=F.leaky_relu, elu=F.elu, celu=F.celu, softplus=F.softplus,
    hardtanh=F.hardtanh, clamp=torch.clamp, pow_scalar=torch.pow, fmod_scalar=torch.fmod,
    add_scalar=torch.add, sub_scalar=torch.sub, mul_scalar=torch.mul, div_scalar=torch.div,
    rsub_scalar=lambda x, p: p - x, rdiv_scalar=lambda x, p: p / x, rpow_scalar=lambda x, p: torch.pow(p, x),
    maximum_scalar=lambda x, p: torch.maximum(x, torch.tensor(p).double()),
    minimum_scalar=lambda x, p: torch.minimum(x, torch.tensor(p).double()),
    atan2_scalar=lambda x, p: torch.atan2(x, torch.tensor(p).double()),
    hypot_scalar=lambda x, p: torch.hypot(x, torch.tensor(p).double()),
    **{name + "_scalar": getattr(torch, name) for name in "eq ne lt le gt ge".split()})

# Of vectors; a the attributes.
REDUCTIONS = dict(
    sum=lambda a, x: x.sum(), mean=lambda a, x: x.mean(), prod=lambda a, x: x.prod(), amax=lambda a, x: x.amax(),
    amin=lambda a, x: x.amin(), argmax=lambda a, x: x.argmax(), argmin=lambda a, x: x.argmin(),
    logsumexp=lambda a, x: torch.logsumexp(x, 0), norm=lambda a, x: torch.linalg.vector_norm(x, float(a["p"])),
    variance=lambda a, x: x.var((0,), correction=int(a["correction"])), std=lambda a, x: x.std((0,), correction=int(a["correction"])),
    cumsum=lambda a, x: x.cumsum(0), cumprod=lambda a, x: x.cumprod(0), softmax=lambda a, x: x.softmax(0),
    log_softmax=lambda a, x: x.log_softmax(0))


def loss(f, *names):
    return lambda a, x, t: f(x, t, reduction="sum", **{name: float(a[name]) for name in names})


# Of two numbers.
LOSSES = dict(mse_loss=loss(F.mse_loss), l1_loss=loss(F.l1_loss), smooth_l1_loss=loss(F.smooth_l1_loss, "beta"),
              huber_loss=loss(F.huber_loss, "delta"),
              binary_cross_entropy_with_logits=loss(F.binary_cross_entropy_with_logits), kl_div=loss(F.kl_div),
              hinge_embedding_loss=loss(F.hinge_embedding_loss, "margin"))

# Where this library differs from PyTorch 1.13 on purpose, the slope is not compared. A NaN goes on everywhere, and
# through a product or a largest one only to itself; a slope is that of the function where PyTorch's formula overflows, is infinity
# times zero or zero by zero.
NO_SLOPE = dict.fromkeys("abs selu elu celu hardswish amax amin norm".split(), math.isnan)
NO_SLOPE.update(dict.fromkeys(["prod", "cumprod", "l1_loss"], lambda v: not abs(v) < 1e200))
NO_SLOPE.update(softsign=math.isinf, logsumexp=lambda v: v == -INF, kl_div=lambda v: v == 0 or math.isinf(v))
# The value is not compared either. (At infinite logits both have NaN for one of the targets 0 and 1.)
NO_ROW = {"sign": math.isnan, "binary_cross_entropy_with_logits": math.isinf}
# PyTorch's constant is that of f32.
MENDED = {"hardsigmoid": lambda d: torch.where(d != 0, 0.5, 0.0).double()}


def text(v):
    if v.ndim == 0:
        return repr(float(v))
    return "[" + ",".join(repr(float(e)) for e in v) + "]"


def without(table, name, points):
    return any(map(table.get(name, lambda v: False), torch.stack(points).reshape(-1).tolist()))


def row(name, index, f, points):
    """one line: f(x...) and its slopes, x being made of the points"""
    x = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in points]
    if without(NO_ROW, name, x):
        return
    y = f(*x)
    slopes = ["-"] * len(x)
    if y.dtype == torch.float64 and not without(NO_SLOPE, name, x):
        g = 3.0 + torch.arange(y.numel(), dtype=torch.float64).reshape(y.shape)
        d = torch.autograd.grad(y, x, g, allow_unused=True) if y.requires_grad else [None] * len(x)
        d = [torch.zeros_like(v) if e is None else e for e, v in zip(d, x)]
        slopes = [text(MENDED[name](e) if name in MENDED else e) for e in d]
    print(name, index, *map(text, x), "=", text(y), *slopes)


def rows(name, index, n, a, scalars):
    numbers = [float(v) for v in a.values()] if name in OPERATORS else []
    if name in OPERATORS and scalars:
        for points in itertools.product(*([ONE] if n == 1 else [TWO, TWO])):
            row(name, index, lambda *x: OPERATORS[name](*x, *numbers), points)
    if name in REDUCTIONS and a.get("keepdim", "false") == "false" and a.get("reverse", "false") == "false":
        if a.get("axis", a.get("axes")) in ("[]", "[-1]", "-1"):
            for points in VECTORS:
                row(name, index, lambda x: REDUCTIONS[name](a, x), [points])
    if name in LOSSES and scalars and n == 2:
        for points in itertools.product(TWO, TWO):
            row(name, index, lambda *x: LOSSES[name](a, *x), points)


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1] == "--help" else 2
    lines = list(sys.stdin)
    for at, line in enumerate(lines):
        words = line.split()
        if words[0] == "case" and words[3] == "f64":
            n = int(words[4])
            a = dict(pair.split("=", 1) for pair in words[5:])
            rows(words[1], words[2], n, a, all(lines[at + 1 + k].split()[2] == "[]" for k in range(n)))
    return 0


sys.exit(main())
