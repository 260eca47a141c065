#!/usr/bin/python3
"""Writes tests/golden/losses.h: losses and their gradients by PyTorch in f64, for tests/test_ops_loss.c.

usage: tools/golden/losses.py > tests/golden/losses.h
"""
import math
import warnings

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
REDUCTIONS = {"mean": "MEAN", "sum": "SUM", "none": "NONE", "batchmean": "BATCHMEAN"}


def number(v):
    if math.isnan(v):
        return "NAN"
    if math.isinf(v):
        return "INFINITY" if v > 0 else "-INFINITY"
    return float(v).hex()


def tensor(field, x):
    if x is None:
        return ""
    dims = ", ".join(map(str, x.shape)) or "0"
    values = ", ".join(number(float(v)) for v in x.reshape(-1))
    dtype = "TG_F64" if x.is_floating_point() else "TG_I64"
    return f"\n   .{field} = {{{dtype}, {x.dim()}, {{{dims}}}, {{{values}}}}},"


def case(name, call, x, t, reduction, p=0.0, weight=None, pos_weight=None, ignore=None, smoothing=0.0,
         tolerance=0.0):
    """call(x, t) is the loss; the gradient is that of sum(y * (1, 2, 3, ...) / 4), of y where it is a scalar."""
    x = x.clone().requires_grad_()
    slope_t = t.is_floating_point() and name != "hinge_embedding_loss" and not tolerance
    t = t.clone().requires_grad_(slope_t)
    y = call(x, t)
    g = torch.ones_like(y) if y.dim() == 0 else (torch.arange(1, y.numel() + 1) / 4.0).reshape(y.shape)
    grads = torch.autograd.grad(y, [x, t] if slope_t else [x], g)
    line = f'  {{.name = "{name}", .reduction = TG_REDUCTION_{REDUCTIONS[reduction]}, .p = {number(p)},'
    if ignore is not None:
        line += f" .ignores = true, .ignore_index = {ignore},"
    if tolerance:
        line += f" .tolerance = {tolerance},"
    if smoothing:
        line += f" .smoothing = {number(smoothing)},"
    for field, value in [("x", x), ("t", t), ("weight", weight), ("pos_weight", pos_weight), ("y", y),
                         ("g", g), ("dx", grads[0]), ("dt", grads[1] if slope_t else None)]:
        line += tensor(field, None if value is None else value.detach())
    print(line + "},")


def numbers(*shape, low=-2.0, high=2.0):
    return torch.rand(*shape) * (high - low) + low


def pairs():
    """Losses of two numbers."""
    kinks_x = torch.tensor([0.0, 1.0, -1.0, 2.0, 1e4, -1e30, 0.25, -0.75])
    kinks_t = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.25, 0.25])
    for r in ("mean", "sum", "none"):
        sets = [(numbers(3, 4), numbers(3, 4)), (kinks_x, kinks_t)]
        for x, t in sets:
            case("mse_loss", lambda x, t: F.mse_loss(x, t, reduction=r), x, t, r)
            case("l1_loss", lambda x, t: F.l1_loss(x, t, reduction=r), x, t, r)
            for p in (1.0, 0.5):
                case("smooth_l1_loss", lambda x, t: F.smooth_l1_loss(x, t, reduction=r, beta=p), x, t, r, p)
                case("huber_loss", lambda x, t: F.huber_loss(x, t, reduction=r, delta=p), x, t, r, p)
        bits = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.5, 0.25])
        logits = torch.tensor([1e4, 1e4, -1e4, -1e30, 1e30, 0.0, 0.0, 40.0])
        for x, t in [(numbers(3, 4), numbers(3, 4, low=0, high=1)), (logits, bits)]:
            case("binary_cross_entropy_with_logits",
                 lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction=r), x, t, r)
        x, t = numbers(3, 4), numbers(3, 4, low=0, high=1)
        w, pw = numbers(4, low=0.5, high=2), numbers(4, low=0.5, high=3)
        for weight, pos in ((w, None), (None, pw), (w, pw)):
            case("binary_cross_entropy_with_logits",
                 lambda x, t: F.binary_cross_entropy_with_logits(x, t, weight, pos_weight=pos, reduction=r),
                 x, t, r, weight=weight, pos_weight=pos)
        p = numbers(3, 4, low=0.01, high=0.99)
        case("binary_cross_entropy", lambda x, t: F.binary_cross_entropy(x, t, reduction=r), p, t, r)
        case("binary_cross_entropy", lambda x, t: F.binary_cross_entropy(x, t, w, reduction=r), p, t, r, weight=w)
        ends = torch.tensor([0.0, 0.0, 1.0, 1.0, 1e-300, 1.0 - 1e-16])
        # PyTorch's bound 1e-12 of the slope's denominator is a float; its slope by t forgets the bound -100
        case("binary_cross_entropy", lambda x, t: F.binary_cross_entropy(x, t, reduction=r), ends,
             torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0, 0.0]), r, tolerance=1e-8)
        y = torch.tensor([1.0, -1.0, 1.0, -1.0, -1.0, 1.0])
        x = torch.tensor([0.3, 0.4, -2.0, 1.0, 3.0, 1.0])
        case("hinge_embedding_loss", lambda x, t: F.hinge_embedding_loss(x, t, 1.0, reduction=r), x, y, r, 1.0)
        case("hinge_loss", lambda x, t: getattr(F.relu(1 - t * x), r, lambda: F.relu(1 - t * x))(), x, y, r)
    for r in ("mean", "sum", "none", "batchmean"):
        x, t = F.log_softmax(numbers(3, 4), 1), F.softmax(numbers(3, 4), 1)
        case("kl_div", lambda x, t: F.kl_div(x, t, reduction=r), x, t, r)
        case("kl_div_log_target", lambda x, t: F.kl_div(x, t, reduction=r, log_target=True), x, t.log(), r)


def classes():
    """Losses of class indices and of class probabilities."""
    huge = torch.tensor([[1e4, 0.0, -1e4], [1e30, -1e30, 0.0], [1e4, 1e4, 1e4], [-1e30, -1e30, 0.0]])
    infinite = torch.tensor([[0.5, -math.inf, 1.0], [-math.inf, 0.0, -math.inf], [1.0, 2.0, -math.inf], [0.0, 0.0, 0.0]])
    for r in ("mean", "sum", "none"):
        w = numbers(3, low=0.5, high=2)
        sets = [(numbers(4, 3), torch.tensor([0, 2, 1, 2])), (numbers(3), torch.tensor(1)),
                (numbers(2, 3, 2, 2), torch.tensor([[[0, 2], [1, 1]], [[2, 0], [0, 1]]])),
                (huge, torch.tensor([0, 0, 1, 2])), (infinite, torch.tensor([0, 1, 1, 2]))]
        for x, t in sets:
            case("cross_entropy", lambda x, t: F.cross_entropy(x, t, reduction=r), x, t, r)
            case("cross_entropy", lambda x, t: F.cross_entropy(x, t, w, reduction=r), x, t, r, weight=w)
        for x, t in sets[:3]:
            for ignore in (None, 2):
                for weight in (None, w):
                    for eps in (0.0, 0.1):
                        kw = dict(reduction=r, label_smoothing=eps)
                        if ignore is not None:
                            kw["ignore_index"] = ignore
                        case("cross_entropy", lambda x, t: F.cross_entropy(x, t, weight, **kw), x, t, r,
                             weight=weight, ignore=ignore, smoothing=eps)
                    kw = {} if ignore is None else {"ignore_index": ignore}
                    case("nll_loss", lambda x, t: F.nll_loss(x, t, weight, reduction=r, **kw),
                         F.log_softmax(x, 0 if x.dim() == 1 else 1), t, r, weight=weight, ignore=ignore)
            soft = F.softmax(numbers(*x.shape), 0 if x.dim() == 1 else 1)
            for weight in (None, w):
                for eps in (0.0, 0.2):
                    case("cross_entropy", lambda x, t: F.cross_entropy(x, t, weight, reduction=r, label_smoothing=eps),
                         x, soft, r, weight=weight, smoothing=eps)
        nothing = torch.tensor([-100, -100, -100, -100])
        case("cross_entropy", lambda x, t: F.cross_entropy(x, t, reduction=r), numbers(4, 3), nothing, r, ignore=-100)


def similarities():
    for axis in (0, 1):
        x, t = numbers(3, 4), numbers(3, 4)
        case("cosine_similarity", lambda x, t: F.cosine_similarity(x, t, axis, 1e-8), x, t, "none", axis)
    zero = torch.zeros(2, 3)
    case("cosine_similarity", lambda x, t: F.cosine_similarity(x, t, 1, 1e-8), zero, numbers(2, 3), "none", 1)


warnings.simplefilter("ignore")
torch.manual_seed(1)
print("/* Written by tools/golden/losses.py with PyTorch %s. */" % torch.__version__)
print("/* clang-format off */")
print("static const golden_case golden[] = {")
pairs()
classes()
similarities()
print("};")
