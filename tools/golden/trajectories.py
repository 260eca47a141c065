#!/usr/bin/python3
"""usage: tools/golden/trajectories.py > tests/golden/trajectories.h

Writes how torch.optim trains a small network in f64 for 50 steps, by optimizer and options: the
loss before every step and after the last, and a digest of the parameters at the end; and the
rates of torch.optim.lr_scheduler. Data and parameters come from a hash, which tests/test_optim.c computes too. Needs python3-torch."""
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

SIZES, SAMPLES, STEPS = [5, 6, 4, 2], 8, 50


def fill(shape, seed, low=-1.0, high=1.0):
    """Element i is a hash of i and seed, uniform on [low, high)."""
    n = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = (np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
             + np.uint64(seed * 0xD1B54A32D192ED03 % 2**64))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(40)).astype(np.float64) / 2.0**24
    return torch.from_numpy((low + (high - low) * u).reshape(shape))


def parameters():
    """W0, b0, W1, b1, ...: U(-1/sqrt(fan_in), 1/sqrt(fan_in)), the i-th with seed 100 + i."""
    p = []
    for k, (n_in, n_out) in enumerate(zip(SIZES, SIZES[1:])):
        bound = 1.0 / math.sqrt(n_in)
        p.append(fill((n_out, n_in), 100 + 2 * k, -bound, bound).requires_grad_())
        p.append(fill((n_out,), 101 + 2 * k, -bound, bound).requires_grad_())
    return p


def loss_of(p):
    x, y = fill((SAMPLES, SIZES[0]), 1), fill((SAMPLES, SIZES[-1]), 2)
    h = F.relu(F.linear(x, p[0], p[1]))
    h = torch.tanh(F.linear(h, p[2], p[3]))
    return F.mse_loss(F.linear(h, p[4], p[5]), y)


def train(make, before_step=lambda p, o, k: None):
    p = parameters()
    o = make(p)
    losses = []
    for k in range(STEPS):
        o.zero_grad()
        loss = loss_of(p)
        loss.backward()
        losses.append(loss.item())
        before_step(p, o, k)
        o.step()
    losses.append(loss_of(p).item())
    weights = [fill(q.shape, 200 + i) for i, q in enumerate(p)]
    digest = sum((w * q.detach()).sum().item() for w, q in zip(weights, p))
    return losses, digest


def groups(p):
    return [dict(params=p[1::2], lr=2e-2, weight_decay=0.0), dict(params=p[4:5])]


def clip_norm(p, o, k):
    torch.nn.utils.clip_grad_norm_(p, 0.05)


def clip_inf(p, o, k):
    torch.nn.utils.clip_grad_norm_(p, 0.02, math.inf)


def clip_value(p, o, k):
    torch.nn.utils.clip_grad_value_(p, 0.01)


def cosine(p, o, k):
    o.param_groups[0]["lr"] = 0.01 + (0.3 - 0.01) * (1 + math.cos(math.pi * k / STEPS)) / 2


O = torch.optim
RUNS = {
    "sgd": (lambda p: O.SGD(p, lr=0.1),),
    "sgd decay": (lambda p: O.SGD(p, lr=0.1, weight_decay=0.1),),
    "sgd momentum": (lambda p: O.SGD(p, lr=0.1, momentum=0.9),),
    "sgd dampening": (lambda p: O.SGD(p, lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.01),),
    "sgd nesterov": (lambda p: O.SGD(p, lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.01),),
    "adam": (lambda p: O.Adam(p),),
    "adam betas": (lambda p: O.Adam(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1),),
    "adam no m": (lambda p: O.Adam(p, lr=0.01, betas=(0.0, 0.99)),),
    "amsgrad": (lambda p: O.Adam(p, lr=0.02, betas=(0.9, 0.9), amsgrad=True),),
    "adamw": (lambda p: O.AdamW(p),),
    "adamw amsgrad": (lambda p: O.AdamW(p, lr=0.02, weight_decay=0.2, amsgrad=True),),
    "rmsprop": (lambda p: O.RMSprop(p),),
    "rmsprop decay": (lambda p: O.RMSprop(p, lr=1e-3, alpha=0.9, eps=1e-4, weight_decay=0.1),),
    "rmsprop momentum": (lambda p: O.RMSprop(p, lr=1e-3, momentum=0.9),),
    "rmsprop centered": (lambda p: O.RMSprop(p, lr=1e-3, centered=True),),
    "rmsprop all": (lambda p: O.RMSprop(p, lr=1e-3, alpha=0.95, momentum=0.5, centered=True,
                                        weight_decay=0.05),),
    "adagrad": (lambda p: O.Adagrad(p),),
    "adagrad all": (lambda p: O.Adagrad(p, lr=0.05, lr_decay=0.1, weight_decay=0.01, eps=1e-6,
                                        initial_accumulator_value=0.1),),
    "groups": (lambda p: O.AdamW(groups(p), lr=0.01, weight_decay=0.3),),
    "clip norm": (lambda p: O.SGD(p, lr=0.5), clip_norm),
    "clip inf": (lambda p: O.SGD(p, lr=0.5), clip_inf),
    "clip value": (lambda p: O.SGD(p, lr=0.5), clip_value),
    "cosine": (lambda p: O.SGD(p, lr=0.3), cosine),
}

S = O.lr_scheduler
RATES = 24
SCHEDULES = {
    "step": lambda o: S.StepLR(o, 5, gamma=0.3),
    "exponential": lambda o: S.ExponentialLR(o, 0.9),
    "cosine": lambda o: S.CosineAnnealingLR(o, 15, eta_min=0.05),
    "linear": lambda o: S.LinearLR(o, start_factor=0.25, total_iters=8),
    "warm exponential": lambda o: S.SequentialLR(
        o, [S.LinearLR(o, start_factor=0.25, total_iters=8), S.ExponentialLR(o, 0.9)], [8]),
}


def rates(make):
    o = O.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    schedule, out = make(o), []
    for _ in range(RATES):
        out.append(o.param_groups[0]["lr"])
        o.step()
        schedule.step()
    return out


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        return
    print("/* Written by tools/golden/trajectories.py with PyTorch %s, f64. */" % torch.__version__)
    print("/* clang-format off */\nenum { STEPS = %d };" % STEPS)
    print("static const struct golden_run {\n  const char *name;")
    print("  double digest, loss[STEPS + 1];\n} golden_runs[] = {")
    for name, run in RUNS.items():
        losses, digest = train(*run)
        print('  {"%s", %r,\n   {' % (name, digest) + ",\n    ".join(
            ", ".join(map(repr, losses[k:k + 4])) for k in range(0, STEPS + 1, 4)) + "}},")
    print("};\nenum { RATES = %d }; /* from 0.4 on */" % RATES)
    print("static const struct golden_rates {\n  const char *name;\n  double lr[RATES];")
    print("} golden_rates[] = {")
    for name, make in SCHEDULES.items():
        print('  {"%s",\n   {' % name + ",\n    ".join(
            ", ".join(map(repr, rates(make)[k:k + 4])) for k in range(0, RATES, 4)) + "}},")
    print("};\n/* clang-format on */")


main()
