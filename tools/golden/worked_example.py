#!/usr/bin/env python3
"""The closed form of examples/worked_example.c, written from the chain rule alone; prints examples/expected/worked_example.txt."""
from math import exp

x, target, eta = (1, 2), 1, 0.1
W, b, v, c = [[0.1, 0.2], [0.3, 0.4]], [0.1, 0.2], [0.5, 0.6], 0.1


def sigmoid(z):
    return 1 / (1 + exp(-z))


def forward():
    z = [sum(w * xi for w, xi in zip(row, x)) + bi for row, bi in zip(W, b)]
    a = [sigmoid(zi) for zi in z]
    out = sum(vi * ai for vi, ai in zip(v, a)) + c
    return z, a, out, sigmoid(out), (sigmoid(out) - target) ** 2 / 2


def show(label, *numbers):
    print(f"  {label:28s}" + "".join(f" {n:11.8f}" for n in numbers))


z, a, out, y, loss = forward()
print("forward")
show("hidden z = W x + b", *z)
show("hidden a = sigmoid(z)", *a)
show("output z = v . a + c", out)
show("output y = sigmoid(z)", y)
show("loss = (y - t)^2 / 2", loss)
delta = (y - target) * y * (1 - y)
hidden = [delta * vj * aj * (1 - aj) for vj, aj in zip(v, a)]
print("backward")
show("dL/dy = y - t", y - target)
show("delta output = dL/dz", delta)
show("dL/da hidden = delta v", *[delta * vj for vj in v])
show("delta hidden = dL/dz", *hidden)
show("dL/dv = delta a", *[delta * aj for aj in a])
show("dL/dc = delta", delta)
show("dL/dW = delta x^T", *[dj * xi for dj in hidden for xi in x])
show("dL/db = delta", *hidden)
v = [vj - eta * delta * aj for vj, aj in zip(v, a)]
c -= eta * delta
W = [[w - eta * dj * xi for w, xi in zip(row, x)] for row, dj in zip(W, hidden)]
b = [bj - eta * dj for bj, dj in zip(b, hidden)]
z, a, out, y, loss = forward()
print("after one step with eta = 0.1")
show("v", *v)
show("c", c)
show("W", *W[0], *W[1])
show("b", *b)
show("output y", y)
show("loss", loss)
