#!/usr/bin/env python3
"""tools/bench/compare gives the JSON that it says, and fails where a check value is wrong. Without
PyTorch, on one row and for a moment: no test depends on time."""
import json
import pathlib
import subprocess
import sys
import tempfile


def compare(root, build, out, *more):
    command = [root / "tools/bench/compare", "--build", build, "--only", "xor", "--rounds", "1",
               "--seconds", "0.01", "--no-torch", "--json", out, *more]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def main():
    if len(sys.argv) != 3 or sys.argv[1] == "--help":
        print("usage: tools/checks/compare.py ROOT BUILD_FOLDER")
        return 0 if "--help" in sys.argv else 1
    root = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        out, results, checks = folder / "out.json", folder / "results.md", folder / "checks.txt"
        done = compare(root, sys.argv[2], out, "--results", results)
        assert done.returncode == 0, done.stdout + done.stderr
        rows = json.loads(out.read_text(encoding="utf-8"))["rows"]
        assert list(rows) == ["xor"], rows
        xor = rows["xor"]
        assert xor["eager_s"] > 0 and xor["replay_s"] > 0, xor
        assert xor["torch_s"] is None and xor["limit_s"] is None and xor["check_ok"] is True, xor
        assert "| xor " in results.read_text(encoding="utf-8") and "| xor " in done.stdout
        # What cannot be is said before anything is measured, without a traceback.
        for wrong in (["--json", folder / "no/out.json"], ["--checks", folder / "no"], ["--rounds", "0"],
                      ["--threads", "0"], ["--build", folder], ["--only", "xr"]):
            done = compare(root, sys.argv[2], out, *wrong)
            assert done.returncode and "Traceback" not in done.stderr, wrong
            assert done.stderr and not done.stdout, wrong
        checks.write_text("xor 0.2500908 0.2501\n", encoding="utf-8")  # 1.6e-4 off
        done = compare(root, sys.argv[2], out, "--checks", checks)
        assert done.returncode == 1 and "ERROR: xor, eager: c5" in done.stdout, done.stdout + done.stderr
        assert json.loads(out.read_text(encoding="utf-8"))["rows"]["xor"]["check_ok"] is False
    return 0


sys.exit(main())
