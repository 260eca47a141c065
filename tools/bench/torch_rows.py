"""The workloads of tapegrad-bench as an expert would write them in PyTorch: ROWS has a builder of a step for each.

A step is forward, backward and update, on data already in memory, with nothing in it that a user could leave out.
It returns its check value, whose item() is the loss, or Squares where there is none. NAME@VARIANT does the
mathematics of NAME by another route. Data come from a 64-bit hash (tools/bench/fill.c has the same), so that both
sides begin from equal numbers. A step that has `reset` can go back to its start. torch_peer.py measures them; it sets
the environment first, which torch reads when it is imported."""
import math

import numpy as np
import torch
import torch.nn.functional as F

# ---- data


def hash64(n, seed):
    with np.errstate(over="ignore"):
        z = (np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
             + np.uint64(seed * 0xD1B54A32D192ED03 % 2**64))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def fill(shape, seed, lo=-1.0, hi=1.0, dtype=torch.float32):
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    u = (hash64(int(np.prod(shape)), seed) >> np.uint64(40)).astype(np.float64) / 2.0**24
    return torch.from_numpy((lo + (hi - lo) * u).reshape(shape)).to(dtype).contiguous()


def labels(n, classes, seed):
    return torch.from_numpy(((hash64(n, seed) >> np.uint64(33)) % np.uint64(classes)).astype(np.int64))


def param(shape, seed, fan_in):
    b = 1.0 / math.sqrt(fan_in)
    return fill(shape, seed, -b, b).requires_grad_()


def linear_params(sizes):
    """W0, b0, W1, b1, ...; tensor i has seed 100 + i."""
    out = []
    for k, (i, o) in enumerate(zip(sizes[:-1], sizes[1:])):
        out += [param((o, i), 100 + 2 * k, i), param((o,), 101 + 2 * k, i)]
    return out


# ---- rows and steps

ROWS = {}  # name -> builder of a step
KEPT = []  # what a step returned, while its memory is looked at


def row(name):
    def enter(builder):
        ROWS[name] = builder
        return builder
    return enter


class Squares:
    """A check value that is not computed until someone asks for it: it is not timed."""

    def __init__(self, tensors):
        self.tensors = tensors

    def item(self):
        return sum(t.double().square().sum().item() for t in self.tensors)


def train(loss_fn, opt):
    def step():
        opt.zero_grad(set_to_none=True)
        loss = loss_fn()
        loss.backward()
        opt.step()
        return loss
    params = [p for g in opt.param_groups for p in g["params"]]
    if sum(p.numel() for p in params) < 1_000_000:
        start = [p.detach().clone() for p in params]

        def reset():
            with torch.no_grad():
                for p, first in zip(params, start):
                    p.copy_(first)
                    p.grad = None
            opt.state.clear()
        step.reset = reset
    return step


def lean_sgd(loss_fn, params, lr):
    """No optimizer object: the least Python that still is eager."""
    def step():
        loss = loss_fn()
        grads = torch.autograd.grad(loss, params)
        with torch.no_grad():
            torch._foreach_add_(params, grads, alpha=-lr)
        return loss
    return step


def gradients(loss_fn, leaves):
    def step():
        loss = loss_fn()
        grads = torch.autograd.grad(loss, leaves)
        if KEPT:
            KEPT.append(grads)
        return loss
    return step


def sgd(params, lr, foreach=False):
    return torch.optim.SGD(params, lr=lr, foreach=foreach)


def adam(params, foreach=True):
    return torch.optim.Adam(params, lr=1e-3, foreach=foreach)

# ---- dense networks


def xor_forward(x, y, w1, b1, w2, b2):
    h = torch.sigmoid(F.linear(x, w1, b1))
    return F.mse_loss(torch.sigmoid(F.linear(h, w2, b2)), y)


def xor_parts(forward=xor_forward):
    x = torch.tensor([[0., 0.], [0., 1.], [1., 0.], [1., 1.]])
    y = torch.tensor([[0.], [1.], [1.], [0.]])
    ps = linear_params([2, 3, 1])
    return ps, lambda: forward(x, y, *ps)


@row("xor")
def _():
    ps, loss = xor_parts()
    return train(loss, sgd(ps, 0.1))


@row("xor@foreach")
def _():
    ps, loss = xor_parts()
    return train(loss, sgd(ps, 0.1, foreach=True))


@row("xor@lean")
def _():
    ps, loss = xor_parts()
    return lean_sgd(loss, ps, 0.1)


@row("xor@jit")
def _():
    ps, loss = xor_parts(torch.jit.script(xor_forward))
    return lean_sgd(loss, ps, 0.1)


def fashion_forward(x, t, w1, b1, w2, b2, w3, b3):
    h = torch.relu(F.linear(x, w1, b1))
    h = torch.relu(F.linear(h, w2, b2))
    return F.cross_entropy(F.linear(h, w3, b3), t)


def fashion_in_place(x, t, w1, b1, w2, b2, w3, b3):
    h = F.linear(x, w1, b1).relu_()
    h = F.linear(h, w2, b2).relu_()
    return F.cross_entropy(F.linear(h, w3, b3), t)


def fashion_parts(batch, forward):
    x, t = fill((batch, 784), 1, 0.0, 1.0), labels(batch, 10, 2)
    ps = linear_params([784, 64, 64, 10])
    return ps, lambda: forward(x, t, *ps)


def fashion_rows(name, batch):
    @row(name)
    def _():
        ps, loss = fashion_parts(batch, fashion_in_place)
        return train(loss, adam(ps))

    @row(name + "@single")
    def _():
        ps, loss = fashion_parts(batch, fashion_in_place)
        return train(loss, adam(ps, foreach=False))

    @row(name + "@jit")
    def _():
        ps, loss = fashion_parts(batch, torch.jit.script(fashion_forward))
        return train(loss, adam(ps))


fashion_rows("mlp_fashion", 32)
fashion_rows("mlp_fashion_b128", 128)


def large_parts():
    x, y = fill((256, 1024), 1), fill((256, 1024), 2)
    ps = linear_params([1024, 4096, 4096, 1024])
    w1, b1, w2, b2, w3, b3 = ps

    def loss():
        h = F.linear(x, w1, b1).relu_()
        h = F.linear(h, w2, b2).relu_()
        return F.mse_loss(F.linear(h, w3, b3), y)
    return ps, loss


@row("mlp_large")
def _():
    ps, loss = large_parts()
    return train(loss, sgd(ps, 0.01))


@row("mlp_large@foreach")
def _():
    ps, loss = large_parts()
    return train(loss, sgd(ps, 0.01, foreach=True))

# ---- a recurrent cell

STEPS, BATCH, N_IN, HIDDEN = 32, 32, 64, 256


def cell(g, c):
    i, f, u, o = g.chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(u)
    return torch.sigmoid(o) * torch.tanh(c), c


def unrolled(x, h, w_ih, w_hh, b_ih, b_hh):
    c = h
    for xt in x.unbind(0):
        h, c = cell(F.linear(xt, w_ih, b_ih) + F.linear(h, w_hh, b_hh), c)
    return h.square().mean()


def hoisted(x, h, w_ih, w_hh, b_ih, b_hh):
    """The inputs of all time steps in one product."""
    c, wt = h, w_hh.t()
    for xt in F.linear(x, w_ih, b_ih + b_hh).unbind(0):
        h, c = cell(torch.addmm(xt, h, wt), c)
    return h.square().mean()


@torch.jit.script
def scripted(x, h, w_ih, w_hh, b_ih, b_hh):
    c = h
    for t in range(x.size(0)):
        g = F.linear(x[t], w_ih, b_ih) + F.linear(h, w_hh, b_hh)
        i, f, u, o = g.chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(u)
        h = torch.sigmoid(o) * torch.tanh(c)
    return h.square().mean()


def lstm_row(name, forward):
    @row(name)
    def _():
        x, h = fill((STEPS, BATCH, N_IN), 1), torch.zeros(BATCH, HIDDEN)
        shapes = [(4 * HIDDEN, N_IN), (4 * HIDDEN, HIDDEN), (4 * HIDDEN,), (4 * HIDDEN,)]
        ps = [param(shape, 100 + i, HIDDEN) for i, shape in enumerate(shapes)]
        return train(lambda: forward(x, h, *ps), sgd(ps, 0.01))


lstm_row("lstm_cell", unrolled)
lstm_row("lstm_cell@hoist", hoisted)
lstm_row("lstm_cell@jit", scripted)

# ---- arrays


def maps_plain(x, y):
    return (torch.sigmoid(torch.tanh(x) * y + torch.exp(-x * x)) - y).square().mean()


def maps_in_place(x, y):
    z = torch.addcmul((x * x).neg_().exp_(), x.tanh(), y).sigmoid_()
    return F.mse_loss(z, y)


def maps_row(name, forward):
    @row(name)
    def _():
        x, y = (fill(1_000_000, seed, -2, 2).requires_grad_() for seed in (1, 2))
        f = torch.jit.script(forward) if name.endswith("@jit") else forward
        return gradients(lambda: f(x, y), (x, y))


maps_row("elementwise", maps_in_place)
maps_row("elementwise@plain", maps_plain)
maps_row("elementwise@jit", maps_plain)


@row("softmax_ce_wide")
def _():
    x, t = fill((4096, 8192), 1, -4, 4).requires_grad_(), labels(4096, 8192, 2)
    return gradients(lambda: F.cross_entropy(x, t), (x,))


@row("softmax_ce_wide@manual")
def _():
    """The gradient by hand: (softmax - one_hot) / n."""
    x, t, r = fill((4096, 8192), 1, -4, 4), labels(4096, 8192, 2), torch.arange(4096)

    def step():
        p = x.softmax(1)
        loss = p[r, t].log_().mean().neg_()
        p[r, t] -= 1
        p.mul_(1.0 / 4096)
        if KEPT:
            KEPT.append(p)
        return loss
    return step


def adam_row(name, **options):
    @row(name)
    def _():
        p = fill(10_000_000, 1).requires_grad_()
        p.grad = fill(10_000_000, 2)
        opt = torch.optim.Adam([p], lr=1e-3, **options)

        def step():
            opt.step()
            return Squares([p.detach()])
        return step


adam_row("adam_10m", foreach=False)
adam_row("adam_10m@foreach", foreach=True)


@row("adam_10m@manual")
def _():
    p, g = fill(10_000_000, 1), fill(10_000_000, 2)
    m, v, tmp = torch.zeros_like(p), torch.zeros_like(p), torch.empty_like(p)
    k = 0

    def step():
        nonlocal k
        k += 1
        m.lerp_(g, 0.1)
        v.mul_(0.999).addcmul_(g, g, value=0.001)
        torch.sqrt(v, out=tmp).mul_(1 / math.sqrt(1 - 0.999**k)).add_(1e-8)
        p.addcdiv_(m, tmp, value=-1e-3 / (1 - 0.9**k))
        return Squares([p])
    return step

# ---- scalars


def chain(x, a, b):
    for _i in range(3333):
        x = torch.sin(x) * a + b
    return torch.sin(x)


def chain_addcmul(x, a, b):
    for _i in range(3333):
        x = torch.addcmul(b, x.sin(), a)
    return x.sin()


def chain_row(name, forward):
    @row(name)
    def _():
        leaves = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.5, 1.1, 0.2)]
        f = torch.jit.script(forward) if name.endswith("@jit") else forward
        return gradients(lambda: f(*leaves), leaves)


chain_row("scalar_chain", chain)
chain_row("scalar_chain@addcmul", chain_addcmul)
chain_row("scalar_chain@jit", chain)

# ---- second order


def hvp_parts():
    x, t = fill((128, 784), 1, 0.0, 1.0), labels(128, 10, 2)
    ps = linear_params([784, 64, 64, 10])
    vs = [fill(p.shape, 300 + i) for i, p in enumerate(ps)]

    def scores(w1, b1, w2, b2, w3, b3):
        h = torch.tanh(F.linear(x, w1, b1))
        return F.linear(torch.tanh(F.linear(h, w2, b2)), w3, b3)
    return ps, vs, t, scores


@row("hvp_mlp")
def _():
    ps, vs, t, scores = hvp_parts()

    def step():
        g = torch.autograd.grad(F.cross_entropy(scores(*ps), t), ps, create_graph=True)
        return Squares(torch.autograd.grad(g, ps, grad_outputs=vs))
    return step


@row("hvp_mlp@functorch")
def _():
    import functorch
    ps, vs, t, scores = hvp_parts()
    ps, vs = tuple(p.detach() for p in ps), tuple(vs)

    def loss(ps):  # nll_loss has no forward rule in 1.13
        z = scores(*ps)
        return (z.logsumexp(1) - z.gather(1, t[:, None]).squeeze(1)).mean()
    g = functorch.grad(loss)
    return lambda: Squares(functorch.jvp(g, (ps,), (vs,))[1])


def jacobian_parts():
    w1, b1, w2, b2, w3, b3 = (p.detach() for p in linear_params([64, 64, 64, 64]))

    def f(x):
        return F.linear(torch.tanh(F.linear(torch.tanh(F.linear(x, w1, b1)), w2, b2)), w3, b3)
    return fill(64, 1), f


@row("jacobian_mlp")
def _():
    """64 copies of x as a batch, one backward pass with the identity."""
    x, f = jacobian_parts()
    eye = torch.eye(64)

    def step():
        xs = x.expand(64, 64).requires_grad_()
        return Squares(torch.autograd.grad(f(xs), xs, eye))
    return step


@row("jacobian_mlp@vectorize")
def _():
    x, f = jacobian_parts()
    return lambda: Squares([torch.autograd.functional.jacobian(f, x, vectorize=True)])


@row("jacobian_mlp@jacrev")
def _():
    import functorch
    x, f = jacobian_parts()
    jacobian = functorch.jacrev(f)
    return lambda: Squares([jacobian(x)])


def rosenbrock(x):
    a, b = x[..., :-1], x[..., 1:]
    return (100.0 * (b - a * a).square() + (1.0 - a).square()).sum(-1)


def rosenbrock_at():
    return fill(200, 1, -2, 2, torch.float64)


@row("hessian_rosenbrock")
def _():
    x, eye = rosenbrock_at(), torch.eye(200, dtype=torch.float64)

    def step():
        xs = x.expand(200, 200).requires_grad_()
        g, = torch.autograd.grad(rosenbrock(xs).sum(), xs, create_graph=True)
        return Squares(torch.autograd.grad(g, xs, eye))
    return step


@row("hessian_rosenbrock@vectorize")
def _():
    x = rosenbrock_at()
    return lambda: Squares([torch.autograd.functional.hessian(rosenbrock, x, vectorize=True)])


@row("hessian_rosenbrock@functorch")
def _():
    import functorch
    x, hessian = rosenbrock_at(), functorch.hessian(rosenbrock)
    return lambda: Squares([hessian(x)])

# ---- a Gaussian mixture: ADBench's log-likelihood and Wishart prior (gamma 1, m 0)

D, K, N = 10, 25, 1000


def gmm_constant():
    log_gamma = 0.25 * D * (D - 1) * math.log(math.pi) + sum(
        math.lgamma(0.5 * (D + 1) + 0.5 * (1 - j)) for j in range(1, D + 1))
    return -N * D * 0.5 * math.log(2 * math.pi) + K * ((D + 1) * D * 0.5 * math.log(2) + log_gamma)


def gmm_squares(form, x, means, q):
    """|Q (x - mean)|^2 as [N,K], or [K,N] as ADBench writes it and with the points last."""
    if form == "points_last":  # the means as a column of the product
        shift = -torch.bmm(q, means.unsqueeze(2))
        rows = torch.cat((q, shift), 2).transpose(0, 1).reshape(D * K, D + 1)
        return torch.mm(rows, torch.cat((x, torch.ones(N, 1, dtype=x.dtype)), 1).t()).view(D, K, N).square().sum(0)
    if form == "expanded":  # Q x - Q mean: one product
        y = torch.mm(x, q.view(K * D, D).t()).view(N, K, D) - torch.bmm(q, means.unsqueeze(2)).squeeze(2)
        return y.square().sum(2)
    return torch.bmm(x.unsqueeze(0) - means.unsqueeze(1), q.transpose(1, 2)).square().sum(2)


def gmm_row(name, form):
    @row(name)
    def _():
        f64 = torch.float64
        alphas, means, icf = (fill(shape, 100 + i, dtype=f64).requires_grad_()
                              for i, shape in enumerate([K, (K, D), (K, D * (D + 1) // 2)]))
        x, constant = fill((N, D), 1, dtype=f64), gmm_constant()
        columns, rows = (torch.tensor(v) for v in zip(*[(i, j) for i in range(D) for j in range(i + 1, D)]))
        each = torch.arange(K)[:, None]

        def loss():
            logd, low = icf[:, :D], icf[:, D:]
            q = logd.exp()
            lower = torch.zeros(K, D, D, dtype=f64).index_put((each, rows, columns), low)
            squares = gmm_squares(form, x, means, lower + torch.diag_embed(q))
            weight = alphas + logd.sum(1)
            inner = weight - 0.5 * squares if form == "expanded" else weight.unsqueeze(1) - 0.5 * squares
            prior = 0.5 * (q.square().sum() + low.square().sum())
            fit = inner.logsumexp(1 if form == "expanded" else 0).sum()
            return constant + fit - N * alphas.logsumexp(0) + prior
        return gradients(loss, (alphas, means, icf))


gmm_row("gmm", "expanded")
gmm_row("gmm@adbench_form", "adbench")
gmm_row("gmm@points_last", "points_last")
