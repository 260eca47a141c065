#!/usr/bin/python3
"""The PyTorch side of the benchmark: times and checks the rows of torch_rows.py.

NAME@VARIANT does the mathematics of NAME by another route; the fastest variant whose check values
agree is the one to compare with. Each row runs in a forked child: fresh allocator. Timing is that of
tools/bench/timing.c: warm-up, samples of at least 0.5 ms, the fastest and the median; small models go
back to their start every 200 steps, outside of what is timed, because Adam's moments turn denormal on
one batch. The check values, the loss of steps 1 and 5, show that both sides did the same work.
peak_bytes is the most that a step held in tensors that it freed again: no parameters, gradients or
optimizer state, and none of the graph's own objects. rss_bytes is by how much the process grew, with
all of these.

Unless --stock is given the script starts itself again with the settings in tuned(), which are read
when libraries are loaded. They matter up to a factor of five: Debian's OpenBLAS 0.3.21 does not know
newer processors and falls back to kernels for old ones."""
import argparse
import ctypes
import gc
import json
import math
import os
import platform
import re
import statistics
import sys
import time

EPISODE = 200  # steps from one reset to the next

# ---- command line and environment


def parse_args():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--only", default="", help="comma list; NAME selects NAME and NAME@*")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--seconds", type=float, default=1.0, help="time a row after the warm-up; 0: check values only")
    p.add_argument("--json", default="", metavar="FILE")
    p.add_argument("--stock", action="store_true", help="leave the environment as it is")
    p.add_argument("--list", action="store_true")
    return p.parse_args()


def tuned():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = re.search(r"^flags\s*:(.*)", file.read(), re.M)
    flags = set(flags.group(1).split()) if flags else set()
    env = {
        # Freed blocks stay in the heap; else every large temporary is mapped and cleared anew.
        "MALLOC_MMAP_THRESHOLD_": "8589934592",
        "MALLOC_TRIM_THRESHOLD_": "17179869184",
        "MALLOC_TOP_PAD_": "67108864",
    }
    if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags:
        env["ATEN_CPU_CAPABILITY"] = "avx512"
        env["OPENBLAS_CORETYPE"] = "Cooperlake" if "avx512_bf16" in flags else "SkylakeX"
    elif {"avx2", "fma"} <= flags:
        env["OPENBLAS_CORETYPE"] = "Haswell"
    return env


def set_environment(args):
    if os.environ.get("_TORCH_PEER") == "1":
        return
    env = dict(os.environ)
    if not args.stock:
        env = {k: v for k, v in env.items() if not k.startswith(("OPENBLAS_", "OMP_"))} | tuned()
        if args.threads > 1:  # spinning threads of two libraries fight over the cores
            env["OMP_WAIT_POLICY"] = "PASSIVE"
    env.update(_TORCH_PEER="1", OMP_NUM_THREADS=str(args.threads), OPENBLAS_NUM_THREADS=str(args.threads))
    os.execve(sys.executable, [sys.executable, os.path.abspath(__file__)] + sys.argv[1:], env)


ARGS = parse_args()
set_environment(ARGS)

import torch  # noqa: E402

from torch_rows import KEPT, ROWS  # noqa: E402

# ---- measuring


def allocations(tree):
    for event in tree:
        if event.name == "[memory]":
            yield event.start_time_ns, event.extra_fields.ptr, event.extra_fields.alloc_size
        yield from allocations(event.children)


def silently(work):
    """The profiler logs a warning for each block that it did not see being made."""
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        return work()
    finally:
        os.dup2(stderr, 2)


def profiled(step):
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as p:
        KEPT.append(step())
    return p


def peak_bytes(step):
    """The most that one step held in blocks that it freed again."""
    KEPT.append(None)
    p = silently(lambda: profiled(step))
    events = sorted(allocations(p.profiler.kineto_results.experimental_event_tree()), key=lambda e: e[0])
    freed_at, freed = {}, [False] * len(events)
    for i in range(len(events) - 1, -1, -1):
        _, block, size = events[i]
        if size < 0:
            freed_at[block] = True
        else:
            freed[i] = freed_at.pop(block, False)
    now = most = 0
    live = {}
    for i, (_, block, size) in enumerate(events):
        if size > 0 and freed[i]:
            live[block] = size
            now += size
        elif size < 0:
            now -= live.pop(block, 0)
        most = max(most, now)
    KEPT.clear()
    return most


def status_bytes(key):
    with open("/proc/self/status", encoding="utf-8") as file:
        return int(re.search(key + r":\s+(\d+)", file.read()).group(1)) * 1024


class Episode:
    """Steps, with a way back to the start that is not timed."""

    def __init__(self, step):
        self.step, self.reset, self.since = step, getattr(step, "reset", None), EPISODE

    def make_ready(self, k):
        if self.reset and self.since + k > EPISODE:
            self.reset()
            for _ in range(3):
                self.step()
            self.since = 3
        self.since += k

    def sample(self, k):
        self.make_ready(k)
        step, start = self.step, time.perf_counter()
        for _ in range(k):
            step()
        return (time.perf_counter() - start) / k


def timed(step, seconds):
    episode, warm = Episode(step), min(seconds, 0.3)
    n, start = 0, time.perf_counter()
    while n < 5 or time.perf_counter() - start < warm:
        episode.sample(1)
        n += 1
    gc.collect()
    gc.disable()
    one = episode.sample(1)
    k = max(1, math.ceil(0.5e-3 / one))
    samples = [episode.sample(k) for _ in range(int(min(400, max(10, seconds / (one * k)))))]
    gc.enable()
    return dict(min_s=min(samples), median_s=statistics.median(samples), samples=len(samples), inner=k)


def measure(builder):
    torch.set_num_threads(ARGS.threads)
    before = status_bytes("VmRSS")
    step = builder()
    values = [float(step().item()) for _ in range(5)]
    out = dict(c1=values[0], c5=values[4])
    if ARGS.seconds > 0:
        out.update(timed(step, ARGS.seconds))
        out["rss_bytes"] = status_bytes("VmHWM") - before
        out["peak_bytes"] = peak_bytes(step)
    return out


def in_child(name):
    read, write = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            out = measure(ROWS[name])
        except Exception as e:  # a row that this PyTorch cannot run
            out = dict(error=f"{type(e).__name__}: {str(e).strip().splitlines()[0]}")
        with os.fdopen(write, "w") as file:
            json.dump(out, file)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        text = file.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(text) if text else dict(error=f"the child died, status {status}")


def selected():
    want = [w for w in ARGS.only.split(",") if w]
    return [n for n in ROWS if not want or n in want or n.split("@")[0] in want]


def machine():
    core = None
    try:
        name = ctypes.CDLL("libopenblas.so.0").openblas_get_corename
        name.restype = ctypes.c_char_p
        core = name().decode()
    except (OSError, AttributeError):
        pass
    aten = re.search("CPU capability usage: (.*)", torch.__config__.show())
    return dict(torch=torch.__version__, python=platform.python_version(), openblas_core=core,
                aten=aten.group(1) if aten else None, threads=ARGS.threads, stock=ARGS.stock,
                env={k: os.environ[k] for k in [*tuned(), "OMP_WAIT_POLICY"] if k in os.environ})


def main():
    names = selected()
    if ARGS.list:
        print("\n".join(names))
        return
    info, rows = machine(), {}
    print("# " + json.dumps(info))
    print(f"{'row':<28} {'median ms':>12} {'min ms':>12} {'MB peak':>9}  {'c1':<14} {'c5':<14}")
    for name in names:
        r = rows[name] = in_child(name)
        if "error" in r:
            print(f"{name:<28} -- {r['error']}")
            continue
        print(f"{name:<28} {r.get('median_s', 0) * 1e3:12.4f} {r.get('min_s', 0) * 1e3:12.4f} "
              f"{r.get('peak_bytes', 0) * 1e-6:9.3f}  {r['c1']:<14.9g} {r['c5']:<14.9g}", flush=True)
    if ARGS.json:
        with open(ARGS.json, "w", encoding="utf-8") as file:
            json.dump(dict(machine=info, rows=rows), file, indent=1)


if __name__ == "__main__":
    main()
