"""Time and memory of smplprep beside plain scripts that do the same, as ratios.

    python scripts/bench.py [--runs 7] [--only NAME] [--check]

Each pair runs in turn (A B A B ...) as whole processes, so that a machine whose speed drifts slows
both; the figure is the ratio of the medians. --check exits 1 where a bound is broken.
"""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

TORCH_SCRIPT = """
import sys, numpy as np, torch
model = dict(np.load(sys.argv[1]))
weights = torch.tensor(model["weights"])
weights[torch.where(torch.logical_and(weights < 1e-2, weights != 0.0))] = 0.0
model["weights"] = torch.nn.functional.normalize(weights, p=1, dim=1).numpy()
np.savez(sys.argv[2], **model)
"""
NUMPY_SCRIPT = """
import sys
import numpy as np
model = dict(np.load(sys.argv[1]))
weights = np.where(model["weights"] < 1e-2, 0.0, model["weights"])
model["weights"] = weights / weights.sum(axis=1, keepdims=True)
np.savez(sys.argv[2], **model)
"""
# Which pose parameters move stock smplx's 73 joints, asked of autograd, one joint at a time.
AUTOGRAD_SCRIPT = """
import sys, smplx, torch
body = smplx.SMPLH(sys.argv[1], ext="npz", use_pca=False)
names = ("global_orient", "body_pose", "left_hand_pose", "right_hand_pose")
pose = {name: torch.full_like(getattr(body, name), 0.1).requires_grad_() for name in names}
joints = body(**pose).joints[0]
for joint in joints:
    torch.autograd.grad(joint.sum(), list(pose.values()), retain_graph=True)
"""


@dataclass(frozen=True)
class Pair:
    """Two commands that do the same, and how many times B's figure A may take."""

    name: str
    ours: Sequence[str]
    theirs: Sequence[str]
    bound: float | None = None
    extra_seconds: float | None = None  # a bound on the difference, not on the ratio
    peak_mib: float | None = None
    models: int = 1  # that A cleans; its time is that of each


@dataclass(frozen=True)
class Run:
    """One process: wall seconds and peak resident memory."""

    seconds: float
    peak_mib: float


def timed(command: Sequence[str]) -> Run:
    """Run the command to its end; what it says is thrown away, its failure is ours."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"exit status {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
    return Run(seconds, usage.ru_maxrss / 1024)


def compare(pair: Pair, runs: int) -> bool:
    """Print one row of the table; whether the bounds hold."""
    timed(pair.ours), timed(pair.theirs)  # warm the file cache
    rows = [(timed(pair.ours), timed(pair.theirs)) for _ in range(runs)]
    sides = list(zip(*rows, strict=True))
    ours, theirs = (statistics.median(run.seconds for run in side) for side in sides)
    ours /= pair.models
    peaks = [statistics.median(run.peak_mib for run in side) for side in sides]
    kept = [pair.bound is None or ours <= pair.bound * theirs]
    kept.append(pair.extra_seconds is None or ours - theirs <= pair.extra_seconds)
    kept.append(pair.peak_mib is None or peaks[0] <= pair.peak_mib)
    limit = f"<= {pair.bound}" if pair.bound else ""
    if pair.extra_seconds:
        limit = f"<= +{pair.extra_seconds} s"
    if pair.peak_mib:
        limit += f", <= {pair.peak_mib:.0f} MiB"
    print(
        f"| {pair.name} | {ours:.3f} | {theirs:.3f} | {ours / theirs:.2f} | {peaks[0]:.0f} "
        f"| {peaks[1]:.0f} | {limit} | {'yes' if all(kept) else 'NO'} |",
        flush=True,
    )
    return all(kept)


def pairs(folder: Path) -> list[Pair]:
    """Every comparison, on the full-size stand-in."""
    source, out, plain = (str(folder / name) for name in ("SMPLH_NEUTRAL.npz", "o.npz", "p.npz"))
    pickled = str(folder / "SMPLH_NEUTRAL.pkl")
    ours = [sys.executable, "-m", "smplprep"]
    clean = [*ours, "clean", source, "-o", out, "--force", "-q"]
    with_torch = [sys.executable, "-c", TORCH_SCRIPT, source, plain]
    with_numpy = [sys.executable, "-c", NUMPY_SCRIPT, source, plain]
    weights_only = [*clean, "--posedirs", "keep", "--regressor", "keep"]
    copied = ["sh", "-c", f"cp {source} {plain} && {sys.executable} -c 'import numpy, scipy'"]
    command = [str(Path(sys.executable).with_name("smplprep")), "--help"]
    twelve = twelve_links(folder)
    clean_twelve = [*ours, "clean", *twelve, "-o", f"{folder}/cleaned/", "--force", "-q"]
    built = f"rm -rf built smplprep.lock && PYTHONPATH={ROOT} {' '.join(ours)} build -j2"
    return [
        Pair("default / torch script", clean, with_torch, bound=0.55, peak_mib=260),
        Pair("default / cp and import numpy, scipy", clean, copied, bound=4.0, peak_mib=260),
        Pair(
            "weights only, no report / numpy script",
            [*weights_only, "--no-report"],
            with_numpy,
            bound=1.3,
        ),
        Pair("weights only / numpy script", weights_only, with_numpy),
        Pair("no report / default", [*clean, "--no-report"], clean),
        Pair("float32 / default", [*clean, "--dtype", "float32"], clean),
        Pair("compressed / default", [*clean, "--compress"], clean),
        Pair("from .pkl / default", [pickled if a == source else a for a in clean], clean),
        Pair("islands / default", [*clean, "--policy", "islands"], clean, extra_seconds=0.3),
        Pair("symmetrize / default", [*clean, "--symmetrize"], clean),
        Pair("clean of twelve, each / default", clean_twelve, clean, models=12),
        Pair(
            "build -j2 of twelve, each / default",
            ["sh", "-c", f"cd {folder} && {built}"],
            clean,
            models=12,
        ),
        Pair(
            "audit / smplx autograd",
            [*ours, "audit", source, "--landmarks", "all"],
            [sys.executable, "-W", "ignore", "-c", AUTOGRAD_SCRIPT, source],
        ),
        Pair("sweep of 20 / default", [*ours, "sweep", source], clean),
        Pair("--help / python -c ''", command, [sys.executable, "-c", ""], extra_seconds=0.15),
    ]


def twelve_links(folder: Path) -> list[str]:
    """Twelve names of the stand-in, and a manifest of them."""
    (folder / "raw").mkdir()
    links = [folder / "raw" / f"SMPLH_{number:02}.npz" for number in range(12)]
    for link in links:
        link.hardlink_to(folder / "SMPLH_NEUTRAL.npz")
    manifest = 'output = "built/"\nhtml = true\n[[model]]\npath = "raw/*.npz"\n'
    (folder / "smplprep.toml").write_text(manifest)
    return [str(link) for link in links]


def main() -> None:
    """Make the stand-in, run the pairs, print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only", default="", help="pairs whose name contains this")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bound is broken")
    arguments = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(f"medians of {arguments.runs} paired runs\n")
    print("| A / B | A, s | B, s | A/B | A, MiB | B, MiB | bound | held |")
    print("|---|---|---|---|---|---|---|---|")
    compileall.compile_dir(ROOT / "smplprep", quiet=1)  # as pip does with every package it installs
    with tempfile.TemporaryDirectory() as name:
        make = [sys.executable, "-m", "scripts.standins.make_standin", name]
        subprocess.run(make, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        chosen = [pair for pair in pairs(Path(name)) if arguments.only in pair.name]
        held = [compare(pair, arguments.runs) for pair in chosen]
        if arguments.only in "evaluate":
            from bench_evaluate import bench  # imports torch

            held.append(bench(Path(name), runs=arguments.runs))
    sys.exit(1 if arguments.check and not all(held) else 0)


if __name__ == "__main__":
    main()
