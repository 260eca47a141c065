"""The oracles of ops.py: what each operator computes, by its name, on NumPy arrays."""
import math
import warnings

import mpmath
import numpy as np
import torch
import torch.nn.functional as F

warnings.filterwarnings("ignore")
mpmath.mp.dps = 40

ORACLES = {}
WITHOUT = {}


def oracle(f):
    ORACLES[f.__name__.rstrip("_")] = f
    return f


def each(**rows):
    """Operators without attributes, as functions of arrays."""
    for name, f in rows.items():
        ORACLES[name.rstrip("_")] = lambda a, *x, f=f: f(*x)


def by_mpmath(f):
    """A function of one real number, element by element."""
    return lambda x: np.array([float(f(mpmath.mpf(float(v)))) for v in x.reshape(-1)],
                              dtype=x.dtype).reshape(x.shape)


def by_torch(f):
    return lambda *x: np.asarray(f(*(torch.from_numpy(np.array(v, order="C")) for v in x)))


# ---- elementwise ----

mp = mpmath


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


each(**{name: by_mpmath(getattr(mp, name)) for name in
        "exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc sqrt".split()})
each(rsqrt=by_mpmath(lambda x: 1 / mp.sqrt(x)), exp2=by_mpmath(lambda x: mp.mpf(2) ** x),
     log2=by_mpmath(lambda x: mp.log(x, 2)), log10=by_mpmath(mp.log10), sigmoid=by_mpmath(sigmoid),
     log_sigmoid=by_mpmath(lambda x: mp.log(sigmoid(x))), silu=by_mpmath(lambda x: x * sigmoid(x)),
     gelu=by_mpmath(lambda x: x / 2 * (1 + mp.erf(x / mp.sqrt(2)))),
     gelu_tanh=by_mpmath(lambda x: x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x ** 3)))),
     mish=by_mpmath(lambda x: x * mp.tanh(mp.log(1 + mp.exp(x)))))
each(relu=by_torch(F.relu), relu6=by_torch(F.relu6), selu=by_torch(F.selu), softsign=by_torch(F.softsign),
     hardsigmoid=by_torch(F.hardsigmoid), hardswish=by_torch(F.hardswish))
each(neg=np.negative, abs=np.abs, square=lambda x: x * x, reciprocal=lambda x: 1 / x, sign=np.sign,
     floor=np.floor, ceil=np.ceil, round=np.rint, trunc=np.trunc)
each(add=np.add, sub=np.subtract, mul=np.multiply, maximum=np.maximum, minimum=np.minimum,
     atan2=np.arctan2, fmod=np.fmod, hypot=np.hypot, pow=np.power)
each(eq=np.equal, ne=np.not_equal, lt=np.less, le=np.less_equal, gt=np.greater, ge=np.greater_equal,
     logical_and=np.logical_and, logical_or=np.logical_or, logical_xor=np.logical_xor,
     logical_not=np.logical_not, isnan=np.isnan, isinf=np.isinf, isfinite=np.isfinite, where=np.where)


@oracle
def div(a, x, d):
    if x.dtype.kind == "f":
        return x / d
    q = np.fix(x.astype(np.float64) / d.astype(np.float64))
    return q.astype(x.dtype)


def scalar(x, value):
    """A C number in x's dtype: towards zero, saturating."""
    if x.dtype.kind == "f":
        return x.dtype.type(value)
    if x.dtype.kind == "b":
        return np.bool_(value != 0)
    info = np.iinfo(x.dtype)
    return x.dtype.type(max(info.min, min(info.max, math.trunc(value))))


def with_scalar(name, f, field="value"):
    ORACLES[name] = lambda a, x: f(x, scalar(x, a[field]))


with_scalar("add_scalar", np.add)
with_scalar("sub_scalar", np.subtract)
with_scalar("rsub_scalar", lambda x, p: np.subtract(p, x))
with_scalar("mul_scalar", np.multiply)
with_scalar("div_scalar", lambda x, p: div(None, x, p))
with_scalar("rdiv_scalar", lambda x, p: div(None, np.broadcast_to(p, x.shape), x))
with_scalar("pow_scalar", np.power, "exponent")
with_scalar("rpow_scalar", lambda x, p: np.power(p, x), "base")
with_scalar("maximum_scalar", np.maximum)
with_scalar("minimum_scalar", np.minimum)
with_scalar("fmod_scalar", np.fmod)
with_scalar("atan2_scalar", np.arctan2)
with_scalar("hypot_scalar", np.hypot)
for _name, _f in (("eq", np.equal), ("ne", np.not_equal), ("lt", np.less), ("le", np.less_equal),
                  ("gt", np.greater), ("ge", np.greater_equal)):
    with_scalar(_name + "_scalar", _f)


@oracle
def clamp(a, x):
    return np.minimum(np.maximum(x, scalar(x, a["min"])), scalar(x, a["max"]))


ORACLES["hardtanh"] = clamp
ORACLES["leaky_relu"] = lambda a, x: by_torch(lambda v: F.leaky_relu(v, a["negative_slope"]))(x)
ORACLES["elu"] = lambda a, x: by_torch(lambda v: F.elu(v, a["alpha"]))(x)
ORACLES["celu"] = lambda a, x: by_torch(lambda v: F.celu(v, a["alpha"]))(x)


@oracle
def softplus(a, x):
    return by_mpmath(lambda v: v if v * a["beta"] > a["threshold"] else mp.log(1 + mp.exp(v * a["beta"])) / a["beta"])(x)


# ---- shapes ----

def window(axis, start, stop, step, rank):
    end = 2 ** 63 - 1
    bound = lambda v: None if v == end else v
    where = [slice(None)] * rank
    where[axis] = slice(bound(start), bound(stop), step)
    return tuple(where)


def put(x, where, b):
    y = x.copy()
    y[where] = b
    return y


def diagonal_of(a, x):
    """A view: writing it writes x."""
    offset, rows, columns = a["offset"], x.shape[a["axis0"]], x.shape[a["axis1"]]
    offset = max(-rows, min(columns, offset))
    view = np.diagonal(x, offset, a["axis0"], a["axis1"])
    view.flags.writeable = x.flags.writeable
    return view


@oracle
def broadcast_to(a, x):
    return np.broadcast_to(x, a["dims"])


@oracle
def expand(a, x):
    new = len(a["dims"]) - x.ndim
    dims = [x.shape[k - new] if d == -1 else d for k, d in enumerate(a["dims"])]
    return np.broadcast_to(x, dims)


@oracle
def sum_to(a, x):
    dims = [1] * (x.ndim - len(a["dims"])) + list(a["dims"])
    axes = tuple(k for k, d in enumerate(dims) if d == 1 and x.shape[k] != 1)
    return x.sum(axis=axes, keepdims=True, dtype=x.dtype).reshape(a["dims"])


@oracle
def flatten(a, x):
    x = x.reshape(1) if x.ndim == 0 else x
    first, last = a["start_axis"] % x.ndim, a["end_axis"] % x.ndim
    return x.reshape(x.shape[:first] + (int(np.prod(x.shape[first:last + 1])),) + x.shape[last + 1:])


@oracle
def squeeze(a, x):
    return np.squeeze(x, a["axis"]) if x.ndim and x.shape[a["axis"]] == 1 else x


@oracle
def pad(a, x):
    dims = [b + d + e for b, d, e in zip(a["before"], x.shape, a["after"])]
    y = np.full(dims, scalar(x, a["value"]), dtype=x.dtype)
    to, of = [], []
    for b, d, e in zip(a["before"], x.shape, a["after"]):
        first, last = max(0, -b), max(max(0, -b), d + min(e, 0))
        to.append(slice(first + b, max(first + b, last + b)))
        of.append(slice(first, last))
    if x.ndim:
        y[tuple(to)] = x[tuple(of)]
        return y
    return x


def half(keep, a, x):
    i, j = np.arange(x.shape[-2])[:, None], np.arange(x.shape[-1])[None, :]
    k = max(-10 ** 6, min(10 ** 6, a["k"]))
    return np.where(keep(j, i + k), x, np.zeros((), x.dtype))


@oracle
def diag_embed(a, x):
    return by_torch(lambda v: torch.diag_embed(v, a["offset"], a["axis0"], a["axis1"]))(x)


ORACLES.update({
    "reshape": lambda a, x: x.reshape(a["dims"]),
    "squeeze_all": lambda a, x: np.squeeze(x),
    "unsqueeze": lambda a, x: np.expand_dims(x, a["axis"]),
    "transpose": lambda a, x: np.swapaxes(x, a["axis0"], a["axis1"]) if x.ndim else x,
    "permute": lambda a, x: np.transpose(x, a["axes"]),
    "flip": lambda a, x: np.flip(x, tuple(a["axes"]) or None),
    "roll": lambda a, x: np.roll(x, a["shift"] % max(1, x.shape[a["axis"]]), a["axis"]),
    "slice": lambda a, x: x[window(a["axis"], a["start"], a["stop"], a["step"], x.ndim)],
    "slice_scatter": lambda a, x, b: put(x, window(a["axis"], a["start"], a["stop"], a["step"], x.ndim), b),
    "select": lambda a, x: np.take(x, a["index"], a["axis"]),
    "concat": lambda a, *x: np.concatenate(x, a["axis"]),
    "stack": lambda a, *x: np.stack(x, a["axis"]),
    "tile": lambda a, x: np.tile(x, a["reps"]),
    "repeat": lambda a, x: np.tile(x, a["reps"]),
    "repeat_interleave": lambda a, x: np.repeat(x, a["repeats"], a["axis"]),
    "diagonal": diagonal_of,
    "tril": lambda a, x: half(np.less_equal, a, x),
    "triu": lambda a, x: half(np.greater_equal, a, x),
})


@oracle
def diagonal_scatter(a, x, b):
    y = x.copy()
    diagonal_of(a, y)[...] = b
    return y


# ---- creation ----

ORACLES.update({
    "full": lambda a: np.full(a["dims"], a["value"], dtype=a["dtype"]),
    "arange": lambda a: np.arange(a["start"], a["stop"], a["step"]).astype(a["dtype"]),
    "linspace": lambda a: np.linspace(a["start"], a["stop"], a["n"]).astype(a["dtype"]),
    "eye": lambda a: np.eye(a["n"], dtype=a["dtype"]),
    "cast": lambda a, x: np.fix(x).astype(a["dtype"]) if np.dtype(a["dtype"]).kind in "iu" else x.astype(a["dtype"]),
    "identity": lambda a, x: x, "detach": lambda a, x: x, "contiguous": lambda a, x: x,
})


def philox(seed, stream, block):
    """Four words (Salmon et al. 2011)."""
    c = [block & 0xFFFFFFFF, block >> 32, stream & 0xFFFFFFFF, stream >> 32]
    k = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ k[0], q & 0xFFFFFFFF, (p >> 32) ^ c[3] ^ k[1], p & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def uniforms(a, n):
    seed, stream = (int(part, 16) for part in a["key"].split(":"))
    blocks = (philox(seed, stream, j) for j in range((n + 1) // 2))
    words = [(low | high << 32) for b in blocks for low, high in ((b[0], b[1]), (b[2], b[3]))]
    return np.array([(w >> 11) * 2.0 ** -53 for w in words])[:n]


def normals(a, n):
    u = uniforms(a, n + n % 2)
    radius, angle = np.sqrt(-2 * np.log(1 - u[0::2])), 2 * np.pi * u[1::2]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)[:n]


def drawn(a, numbers):
    return numbers(a, int(np.prod(a["dims"]))).reshape(a["dims"])


ORACLES.update({
    "rand_uniform": lambda a: (a["low"] + (a["high"] - a["low"]) * drawn(a, uniforms)).astype(a["dtype"]),
    "rand_normal": lambda a: (a["mean"] + a["std"] * drawn(a, normals)).astype(a["dtype"]),
    "rand_bernoulli": lambda a: (drawn(a, uniforms) < a["p"]).astype(a["dtype"]),
})

# ---- reduction ----


def over(a):
    return {"axis": tuple(a["axes"]) or None, "keepdims": a["keepdim"]}


ORACLES["sum"] = lambda a, x: x.sum(dtype=x.dtype, **over(a))
ORACLES["mean"] = lambda a, x: x.mean(**over(a))
ORACLES["prod"] = lambda a, x: x.prod(dtype=x.dtype, **over(a))

ORACLES["amax"] = lambda a, x: x.max(**over(a))
ORACLES["amin"] = lambda a, x: x.min(**over(a))
ORACLES["any"] = lambda a, x: x.any(**over(a))
ORACLES["all"] = lambda a, x: x.all(**over(a))
ORACLES["argmax"] = lambda a, x: np.argmax(x, axis=a["axes"][0], keepdims=a["keepdim"])
ORACLES["argmin"] = lambda a, x: np.argmin(x, axis=a["axes"][0], keepdims=a["keepdim"])
ORACLES["logsumexp"] = lambda a, x: np.log(np.exp(x).sum(**over(a)))


@oracle
def norm(a, x):
    return np.abs(x).max(**over(a)) if a["p"] == math.inf else (np.abs(x) ** a["p"]).sum(**over(a)) ** (1 / a["p"])


ORACLES["power_norm"] = norm
ORACLES["variance"] = lambda a, x: x.var(ddof=a["correction"], **over(a))
ORACLES["std"] = lambda a, x: x.std(ddof=a["correction"], **over(a))
ORACLES["var_mean"] = lambda a, x: np.stack([x.var(ddof=a["correction"], **over(a)), x.mean(**over(a))])


def turned(f):
    """Along a["axis"], from its end where a["reverse"]."""
    def compute(a, *x):
        turn = (lambda v: np.flip(v, a["axis"])) if a["reverse"] else (lambda v: v)
        return turn(f(a["axis"], *map(turn, x)))
    return compute


def scan(axis, m, b):
    m, y = np.moveaxis(m, axis, 0), np.moveaxis(b, axis, 0).copy()
    for i in range(1, len(y)):
        y[i] += m[i] * y[i - 1]
    return np.moveaxis(y, 0, axis)


ORACLES["cumsum"] = turned(lambda axis, x: np.cumsum(x, axis, dtype=x.dtype))
ORACLES["cumprod"] = turned(lambda axis, x: np.cumprod(x, axis, dtype=x.dtype))
ORACLES["linear_scan"] = turned(scan)
ORACLES["softmax"] = lambda a, x: by_torch(lambda v: torch.softmax(v, a["axis"]))(x)
ORACLES["log_softmax"] = lambda a, x: by_torch(lambda v: torch.log_softmax(v, a["axis"]))(x)

# ---- linear algebra ----

each(matmul=np.matmul, dot=np.dot, outer=np.outer,
     linear=lambda x, w, *b: x @ w.T + (b[0] if b else 0))

# ---- losses ----


def loss(name, f, field=None):
    def compute(a, *x):
        x = [torch.from_numpy(v) for v in x]
        extra = {field: a[field]} if field else {}
        y = f(*x, **extra)
        kind, n = a["reduction"], y.numel()
        if kind == "none":
            return np.asarray(y)
        if kind == "batchmean":
            return np.asarray(y.sum() / x[0].shape[0])
        return np.asarray(y.sum() if kind == "sum" else y.sum() / n if n else torch.tensor(math.nan))
    ORACLES[name] = compute


def each_of(f):
    return lambda *x, **more: f(*x, reduction="none", **more)


for _name in ("mse_loss", "l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"):
    loss(_name, each_of(getattr(F, _name)))
loss("smooth_l1_loss", each_of(F.smooth_l1_loss), "beta")
loss("huber_loss", each_of(F.huber_loss), "delta")
loss("hinge_embedding_loss", each_of(F.hinge_embedding_loss), "margin")
loss("hinge_loss", lambda x, t: torch.clamp(1 - t * x, min=0))
loss("kl_div_log_target", lambda x, t: F.kl_div(x, t, reduction="none", log_target=True))


# ---- losses of classes, and with weights ----


def scores(a, x, t, *w, logits):
    """Cross-entropy and nll of one element each by the definition, and q / divisor."""
    axis = 0 if x.ndim == 1 else 1
    last = np.moveaxis(x.astype(np.float64), axis, -1)
    rows, n = last.reshape(-1, last.shape[-1]), last.shape[-1]
    w = w[0].astype(np.float64) if w else np.ones(n)
    kept = [not a["ignores"] or k != a["ignore_index"] for k in t.reshape(-1)]
    s = a["label_smoothing"]
    q = np.array([[w[j] * ((1 - s) * (j == k) + s / n) if keep else 0.0 for j in range(n)]
                  for k, keep in zip(t.reshape(-1), kept)]).reshape(rows.shape)
    logs = rows - np.log(np.exp(rows).sum(axis=1, keepdims=True)) if logits else rows
    total = sum(w[k] for k, keep in zip(t.reshape(-1), kept) if keep)
    divisor = total if a["reduction"] == "mean" else 1.0
    each = -(q * logs).sum(axis=1)
    y = each.reshape(t.shape) if a["reduction"] == "none" else each.sum() / divisor
    return y, np.moveaxis((q / divisor).reshape(last.shape), -1, axis)


def reduced(a, y):
    return {"none": lambda: y, "sum": y.sum, "mean": y.mean}[a["reduction"]]()


def soft_cross_entropy(a, x, p, *w):
    axis, s = (0 if x.ndim == 1 else 1), a["label_smoothing"]
    shape = [-1 if k == axis else 1 for k in range(x.ndim)]
    q = ((1 - s) * p + s / x.shape[axis]) * (w[0].reshape(shape) if w else 1.0)
    return reduced(a, -(q * (x - np.log(np.exp(x).sum(axis=axis, keepdims=True)))).sum(axis=axis))


def weighted_with_logits(a, x, t, w, pos):
    p = 1 / (1 + np.exp(-x))
    return reduced(a, w * -(pos * t * np.log(p) + (1 - t) * np.log(1 - p)))


ORACLES["cross_entropy"] = lambda a, *x: scores(a, *x, logits=True)[0]
ORACLES["nll_loss"] = lambda a, *x: scores(a, *x, logits=False)[0]
ORACLES["class_targets"] = lambda a, *x: scores(a, *x, logits=False)[1]
ORACLES["soft_cross_entropy"] = soft_cross_entropy
ORACLES["binary_cross_entropy_weighted"] = lambda a, x, t, w: reduced(
    a, w * -(t * np.log(x) + (1 - t) * np.log(1 - x)))
ORACLES["binary_cross_entropy_with_logits_weighted"] = weighted_with_logits
ORACLES["cosine_similarity"] = lambda a, x, y: np.asarray(
    F.cosine_similarity(torch.from_numpy(x), torch.from_numpy(y), a["axis"], a["eps"]))

# ---- by index ----


def added(a, x, index, src):
    y = x.copy()
    for at in np.ndindex(*src.shape):
        to = list(at)
        k = at[a["axis"]]
        to[a["axis"]] = index[k] if index.ndim == 1 and x.ndim > 1 else index[at]
        y[tuple(to)] += src[at]
    return y


ORACLES["gather"] = lambda a, x, index: np.asarray(
    torch.gather(torch.from_numpy(x), a["axis"], torch.from_numpy(index.astype(np.int64))))
ORACLES["index_select"] = lambda a, x, index: np.take(x, index, axis=a["axis"])
ORACLES["scatter_add"] = added
ORACLES["index_add"] = added
ORACLES["one_hot"] = lambda a, index: np.eye(a["classes"])[index].astype(a["dtype"])
ORACLES["masked_fill"] = lambda a, x, mask: np.where(mask, x.dtype.type(a["value"]), x)
ORACLES["embedding"] = lambda a, weight, index: weight[index]

# ---- dropout ----


def dropout(a, x):
    kept = uniforms(a, x.size).reshape(x.shape) >= a["p"]
    return np.where(kept, x / (1 - a["p"]), 0) if a["p"] < 1 else np.zeros_like(x)


ORACLES["dropout"] = dropout
