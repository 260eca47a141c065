#!/usr/bin/python3
"""Writes tests/golden/reductions.h: values and gradients of reductions, cumulative operators and softmax by PyTorch in f64, at
ordinary numbers, ties, zeros and infinities. usage: reductions.py > tests/golden/reductions.h"""
import torch

INF = float("inf")
PLAIN = [[0.5, -1.25, 2.0, 0.75], [-0.375, 1.5, -2.5, 0.125], [3.0, -0.5, 0.25, -1.0]]
TIES = [[1.0, 2.0, 2.0, 0.0], [-1.0, -1.0, -1.0, -1.0], [0.5, 2.0, -3.0, 2.0]]
ONE_ZERO = [[0.5, 0.0, 2.0, 0.75], [-0.375, 1.5, -2.5, 0.125], [3.0, -0.5, 0.25, 0.0]]
TWO_ZEROS = [[0.0, -1.25, 0.0, 0.75], [0.0, 0.0, 0.0, 0.0], [3.0, -0.5, 0.0, -1.0]]
HUGE = [[1000.0, 999.0, -1000.0, 998.5], [-800.0, -800.0, -801.0, -799.0], [0.0, 700.0, 710.0, 1e-3]]
INFINITE = [[0.5, -INF, 2.0, 0.75], [-INF, -INF, -INF, -INF], [3.0, -0.5, 0.25, -1.0]]


def norm(p):
    return lambda x, k: torch.norm(x, p, dim=k)


# name, number, function of (x, axis), inputs
CASES = [
    ("sum", 0, lambda x, k: x.sum(k), [PLAIN]),
    ("mean", 0, lambda x, k: x.mean(k), [PLAIN]),
    ("prod", 0, lambda x, k: x.prod(k), [PLAIN, ONE_ZERO, TWO_ZEROS]),
    ("amax", 0, lambda x, k: x.amax(k), [PLAIN, TIES]),
    ("amin", 0, lambda x, k: x.amin(k), [PLAIN, TIES]),
    ("logsumexp", 0, lambda x, k: torch.logsumexp(x, k), [PLAIN, HUGE]),
    ("norm", 1, norm(1), [PLAIN, TWO_ZEROS]),
    ("norm", 2, norm(2), [PLAIN, TWO_ZEROS]),
    ("norm", 3, norm(3), [PLAIN, TWO_ZEROS]),
    ("norm", 1.5, norm(1.5), [PLAIN, TWO_ZEROS]),
    ("norm", INF, norm(INF), [PLAIN, TIES]),
    ("variance", 1, lambda x, k: x.var(k, unbiased=True), [PLAIN, HUGE]),
    ("variance", 0, lambda x, k: x.var(k, unbiased=False), [PLAIN]),
    ("std", 1, lambda x, k: x.std(k, unbiased=True), [PLAIN, TIES]),
    ("cumsum", 0, lambda x, k: x.cumsum(k), [PLAIN]),
    ("cumprod", 0, lambda x, k: x.cumprod(k), [PLAIN, ONE_ZERO, TWO_ZEROS]),
    ("softmax", 0, lambda x, k: torch.softmax(x, k), [PLAIN, HUGE, INFINITE[:1] + INFINITE[2:]]),
    ("log_softmax", 0, lambda x, k: torch.log_softmax(x, k), [PLAIN, HUGE]),
]


def number(v):
    if v != v:
        return "NAN"
    if v in (INF, -INF):
        return "INFINITY" if v > 0 else "-INFINITY"
    return float(v).hex()


def numbers(x):
    return "{" + ", ".join(number(v) for v in x.reshape(-1).tolist()) + "}"


print(f"/* Written by tools/golden/reductions.py with PyTorch {torch.__version__}. y[i]'s cotangent: 1 + i / 8. */")
print("/* clang-format off */\nstatic const golden_case golden[] = {")
for name, p, f, inputs in CASES:
    for axis in (0, 1):
        for rows in inputs:
            x = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
            y = f(x, axis)
            g = 1 + torch.arange(y.numel(), dtype=torch.float64).reshape(y.shape) / 8
            (dx,) = torch.autograd.grad(y, x, g)
            print(f'  {{"{name}", {number(p)}, {axis}, {len(rows)},\n   {numbers(x.detach())},\n   {y.numel()}, '
                  f"{numbers(y.detach())},\n   {numbers(dx)}}},")
print("};\n/* clang-format on */")
