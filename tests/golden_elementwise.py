#!/usr/bin/python3
"""Writes tests/golden_elementwise.h: values and slopes of elementwise operators by PyTorch in f64,
at ordinary points, at kinks, and far out. usage: golden_elementwise.py > golden_elementwise.h"""
import textwrap

import torch
import torch.nn.functional as F

INF, NAN = float("inf"), float("nan")
POINTS = [-800.0, -100.0, -30.0, -6.0, -3.0, -1.0, -0.75, -0.5, -0.0, 0.0, 0.3, 0.5, 1.0, 2.0, 3.0,
          6.0, 21.0, 100.0, 800.0, INF, -INF, NAN]
PAIRS = [(0.0, 0.0), (0.0, 2.0), (0.0, 0.5), (0.0, -1.0), (2.0, 0.0), (1.5, 1.5), (-1.5, 2.0),
         (-2.0, 3.0), (3.0, -2.0), (7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (0.5, 0.25), (1.0, NAN),
         (NAN, 1.0), (INF, 1.0), (1.0, INF)]

# name, function, attributes p and q
UNARY = [
    ("neg", torch.neg, 0, 0), ("abs", torch.abs, 0, 0), ("square", torch.square, 0, 0),
    ("sqrt", torch.sqrt, 0, 0), ("rsqrt", torch.rsqrt, 0, 0),
    ("reciprocal", torch.reciprocal, 0, 0), ("exp", torch.exp, 0, 0),
    ("expm1", torch.expm1, 0, 0), ("exp2", torch.exp2, 0, 0), ("log", torch.log, 0, 0),
    ("log1p", torch.log1p, 0, 0), ("log2", torch.log2, 0, 0), ("log10", torch.log10, 0, 0),
    ("sin", torch.sin, 0, 0), ("cos", torch.cos, 0, 0), ("tan", torch.tan, 0, 0),
    ("asin", torch.asin, 0, 0), ("acos", torch.acos, 0, 0), ("atan", torch.atan, 0, 0),
    ("sinh", torch.sinh, 0, 0), ("cosh", torch.cosh, 0, 0), ("tanh", torch.tanh, 0, 0),
    ("asinh", torch.asinh, 0, 0), ("acosh", torch.acosh, 0, 0), ("atanh", torch.atanh, 0, 0),
    ("erf", torch.erf, 0, 0), ("erfc", torch.erfc, 0, 0), ("sigmoid", torch.sigmoid, 0, 0),
    ("log_sigmoid", F.logsigmoid, 0, 0), ("relu", F.relu, 0, 0), ("relu6", F.relu6, 0, 0),
    ("selu", F.selu, 0, 0), ("gelu", F.gelu, 0, 0),
    ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), 0, 0), ("silu", F.silu, 0, 0),
    ("softsign", F.softsign, 0, 0), ("mish", F.mish, 0, 0),
    ("hardsigmoid", lambda x: F.relu6(x + 3) / 6, 0, 0), ("hardswish", F.hardswish, 0, 0),
    ("leaky_relu", lambda x: F.leaky_relu(x, 0.3), 0.3, 0), ("elu", lambda x: F.elu(x, 0.5), 0.5, 0),
    ("celu", lambda x: F.celu(x, 0.5), 0.5, 0),
    ("softplus", lambda x: F.softplus(x, 2, 20), 2, 20),
    ("softplus", lambda x: F.softplus(x, 2, 1), 2, 1),
    ("hardtanh", lambda x: F.hardtanh(x, -0.75, 2), -0.75, 2),
    ("clamp", lambda x: torch.clamp(x, -0.75, 2), -0.75, 2),
    ("clamp", lambda x: torch.clamp(x, 1, -1), 1, -1),
    ("add_scalar", lambda x: x + 3, 3, 0), ("sub_scalar", lambda x: x - 3, 3, 0),
    ("rsub_scalar", lambda x: 3 - x, 3, 0), ("mul_scalar", lambda x: x * 3, 3, 0),
    ("div_scalar", lambda x: x / 3, 3, 0), ("rdiv_scalar", lambda x: 3 / x, 3, 0),
    ("pow_scalar", lambda x: torch.pow(x, 2), 2, 0), ("pow_scalar", lambda x: torch.pow(x, 3), 3, 0),
    ("pow_scalar", lambda x: torch.pow(x, 0.5), 0.5, 0),
    ("rpow_scalar", lambda x: torch.pow(2, x), 2, 0),
    ("fmod_scalar", lambda x: torch.fmod(x, 0.4), 0.4, 0),
    ("floor", torch.floor, 0, 0), ("ceil", torch.ceil, 0, 0),
    ("round", torch.round, 0, 0), ("trunc", torch.trunc, 0, 0),
]
BINARY = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "atan2", "fmod", "hypot"]


def number(x):
    if x != x:
        return "NAN"
    if x in (INF, -INF):
        return "-INFINITY" if x < 0 else "INFINITY"
    return repr(x)


def numbers(values):
    text = "{" + ", ".join(number(v) for v in values) + "}"
    return "\n".join(textwrap.wrap(text, 98, initial_indent="   ", subsequent_indent="    "))


def slopes(f, *point):
    x = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in point]
    y = f(*x)
    return [y.item()] + [d.item() for d in torch.autograd.grad(y, x)]


def main():
    print("/* Written by golden_elementwise.py with PyTorch %s, f64. */" % torch.__version__)
    print("/* clang-format off */")
    print("enum { POINTS = %d, PAIRS = %d };" % (len(POINTS), len(PAIRS)))
    print("static const double golden_x[POINTS] =\n%s;" % numbers(POINTS))
    print("static const double golden_a[PAIRS] =\n%s;" % numbers(a for a, _ in PAIRS))
    print("static const double golden_b[PAIRS] =\n%s;" % numbers(b for _, b in PAIRS))
    print("/* At each point: y and dy/dx. */")
    print("static const struct golden1 {")
    print("  const char *name;")
    print("  double attrs[2], y[POINTS], dx[POINTS];")
    print("} golden1[] = {")
    for name, f, p, q in UNARY:
        found = zip(*(slopes(f, v) for v in POINTS))
        print('  {"%s", {%s, %s},\n%s},' % (name, p, q, ",\n".join(numbers(c) for c in found)))
    print("};")
    print("/* At each pair: y, dy/da and dy/db. */")
    print("static const struct golden2 {")
    print("  const char *name;")
    print("  double y[PAIRS], da[PAIRS], db[PAIRS];")
    print("} golden2[] = {")
    for name in BINARY:
        found = zip(*(slopes(getattr(torch, name), *pair) for pair in PAIRS))
        print('  {"%s",\n%s},' % (name, ",\n".join(numbers(c) for c in found)))
    print("};")
    print("/* clang-format on */")


if __name__ == "__main__":
    main()
