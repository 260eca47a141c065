#!/usr/bin/env python3
"""usage: fashion_mlp.py PROGRAM [no-zlib] [no-jansson]

The main job as a test: accuracy over seeds 1, 2, 3, the same losses and parameters from the same seed
whatever the threads and when replayed, the files it names, and what it says to wrong flags and to
damaged data. A build without zlib gets the data unpacked; one without jansson keeps no parameters.
Exit status 77 (skipped) where Fashion-MNIST is absent.
"""
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile

DATA = "/usr/share/datasets/fashion-mnist"
TRAIN = "train-images-idx3-ubyte.gz"


def unpack(folder):
    """The files without gzip, in a folder whose name still says what they show."""
    plain = folder + "/fashion"
    os.mkdir(plain)
    for name in os.listdir(DATA):
        with gzip.open(f"{DATA}/{name}") as packed, open(f"{plain}/{name[:-3]}", "wb") as file:
            shutil.copyfileobj(packed, file)
    return plain


def run(*arguments, status=0):
    """Standard output where status is 0, else standard error, which must be one sentence."""
    result = subprocess.run([PROGRAM, *USUAL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert result.returncode == status, f"{arguments}: exit status {result.returncode}, not {status}\n{result.stderr}"
    if status == 0:
        return result.stdout
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and len(lines[0]) > 20, f"{arguments}: not one sentence:\n{result.stderr}"
    return lines[0]


def losses(output):
    return re.findall(r"^epoch \S+  loss (\S+)", output, re.M)


def accuracy(output):
    return float(re.search(r"^test accuracy: (\d+\.\d\d) %$", output, re.M).group(1))


def check_accuracy(folder):
    outputs = [run("--out", folder, "--seed", str(seed)) for seed in (1, 2, 3)]
    found = [accuracy(output) for output in outputs]
    print("accuracy of seeds 1, 2, 3:", found)
    assert min(found) >= 86.3 and sum(found) / 3 >= 87.0, found
    output = outputs[0]
    assert "gradient check: right" in output
    assert "confusion matrix" in output
    assert NO_JANSSON or "every prediction the same" in output
    assert output.rstrip().splitlines()[-1].startswith("test accuracy: "), "the last line is not the accuracy"
    again = run("--out", folder, "--seed", "3", "--threads", "2", "--save", f"{folder}/again.safetensors")
    assert losses(again) == losses(outputs[2]), "threads change losses"
    replayed = run("--replay", "--out", folder, "--seed", "3", "--save", f"{folder}/replayed.safetensors")
    assert losses(replayed) == losses(outputs[2]), "replays change losses"
    if not NO_JANSSON:
        first, second, third = (open(f"{folder}/{name}.safetensors", "rb").read()
                                for name in ("fashion_mlp", "again", "replayed"))
        assert first == second, "the same seed ends in other parameters"
        assert first == third, "a replay ends in other parameters"


def check_files(folder):
    names = ((".dot", b"digraph"), ("_loss.svg", b"<"), (".safetensors", None))
    for name, start in names[:2] if NO_JANSSON else names:
        with open(f"{folder}/fashion_mlp{name}", "rb") as file:
            content = file.read()
        assert content and (start is None or content.startswith(start)), name
    if not NO_JANSSON:
        run("--epochs", "0", "--load", f"{folder}/fashion_mlp.safetensors", "--out", folder)


def check_flags():
    for flags in (["--foo", "1"], ["--epochs", "-1"], ["--epochs"], ["--lr", "nan"], ["--hidden", "64,,64"],
                  ["--batch", "0"], ["--seed", "x"], ["--threads", "1000"], ["extra"]):
        run(*flags, status=2)
    assert "--epochs" in run("--help")


def check_damage(folder):
    run("--data", folder + "/absent", status=1)
    damaged = folder + "/damaged"
    os.mkdir(damaged)
    for name in os.listdir(DATA):
        shutil.copy(f"{DATA}/{name}", damaged)
    with open(f"{DATA}/{TRAIN}", "rb") as file:
        packed = file.read()
    plain = gzip.decompress(packed)
    if NO_ZLIB:
        assert "zlib" in run("--data", damaged, status=1)
        return
    for content in (packed[:100000], b"", b"\x00\x00\x08\x03" + b"\xff" * 12,
                    gzip.compress(plain[:5000000], 1), gzip.compress(b"\x00\x00\x09" + plain[3:5000], 1)):
        with open(f"{damaged}/{TRAIN}", "wb") as file:
            file.write(content)
        print(run("--data", damaged, status=1))
    run("--load", f"{damaged}/{TRAIN}", "--out", folder, status=1)
    run("--epochs", "0", "--out", folder + "/absent", status=1)


def main():
    if not os.path.exists(f"{DATA}/{TRAIN}"):
        print("Fashion-MNIST is not here; Debian's package dataset-fashion-mnist has it")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        if NO_ZLIB:
            USUAL.extend(["--data", unpack(folder)])
        check_flags()
        check_accuracy(folder)
        check_files(folder)
        check_damage(folder)


if "--help" in sys.argv:
    print(__doc__.strip())
    sys.exit(0)
if len(sys.argv) < 2:
    sys.exit(__doc__)
PROGRAM = os.path.abspath(sys.argv[1])
NO_ZLIB, NO_JANSSON = "no-zlib" in sys.argv, "no-jansson" in sys.argv
USUAL = []  # arguments of every run
main()
