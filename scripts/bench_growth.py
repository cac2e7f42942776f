"""How time and memory grow with vertices, joints and shape directions, on synthetic models.

    python scripts/bench_growth.py [--runs 3] [--largest 300000] [--check]

Each figure is one whole process: processor time (user and system, the least of the runs) and peak
resident memory. The exponent is the slope between the two largest sizes on a log-log scale: 1 is
linear. --check exits 1 where time grows faster than linearly in vertices, or a clean takes more
memory than 2.5 times its input and 100 MiB.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = {
    "V": (1_000, 7_000, 20_000, 100_000, 300_000),
    "J": (24, 55, 150, 300),
    "B": (10, 100, 400),
}
DEFAULTS = {"V": 7_000, "J": 24, "B": 10}
LINEAR = 1.1  # time may grow so; the tenth is noise
TIMES_INPUT, MORE_MIB = 2.5, 100.0


def commands(model: Path, out: Path) -> dict[str, list[str]]:
    """What is measured, by name, in this order; the page is drawn from the last clean's report."""
    clean = ["clean", str(model), "-o", str(out), "--force", "-q"]
    page = str(out.with_suffix(".page.html"))
    return {
        "clean --no-report": [*clean, "--no-report"],
        "clean": clean,
        "clean --policy islands": [*clean, "--policy", "islands"],
        "audit --vertices all": ["audit", str(model), "--vertices", "all"],
        "sweep": ["sweep", str(model)],
        "the page (report)": [
            "report",
            str(out.with_suffix(".report.json")),
            "-o",
            page,
            "--force",
        ],
    }


def measured(command: list[str], runs: int) -> tuple[float, float]:
    """Processor seconds and peak MiB of ``smplprep`` with these arguments."""
    seconds, peak = math.inf, 0.0
    for _ in range(runs):
        asked = [sys.executable, "-m", "smplprep", *command]
        process = subprocess.Popen(asked, cwd=ROOT, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"exit status {os.waitstatus_to_exitcode(status)}: {' '.join(asked)}")
        seconds = min(seconds, usage.ru_utime + usage.ru_stime)
        peak = max(peak, usage.ru_maxrss / 1024)
    return seconds, peak


def grown(axis: str, sizes: tuple[int, ...], runs: int) -> bool:
    """Print the table of one axis; whether its bounds hold."""
    rows: dict[str, list[tuple[float, float]]] = {}
    n_mib, held = [], True
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            model, out = Path(name) / "model.npz", Path(name) / "out.npz"
            chosen = DEFAULTS | {axis: size}
            asked = [part for key in "VJB" for part in (f"-{key}", str(chosen[key]))]
            asked += ["--dtype", "float32"]  # 300,000 vertices of float64 are over the limits
            make = [sys.executable, "-m", "scripts.standins.make_synthetic", str(model), *asked]
            subprocess.run(make, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            n_mib.append(model.stat().st_size / 2**20)
            for what, command in commands(model, out).items():
                rows.setdefault(what, []).append(measured(command, runs))
    others = ", ".join(f"{key} = {DEFAULTS[key]:,}" for key in "VJB" if key != axis)
    print(f"\nProcessor seconds and peak MiB over {axis} ({others})\n")
    titles = [f"{size:,}" for size in sizes]
    print(f"| {axis} | {' | '.join(titles)} | exponent |")
    print("|---" * (len(sizes) + 2) + "|")
    print(f"| input, MiB | {' | '.join(f'{n:.0f}' for n in n_mib)} | |")
    for what, figures in rows.items():
        slope = math.log(figures[-1][0] / figures[-2][0]) / math.log(sizes[-1] / sizes[-2])
        cells = [f"{seconds:.2f} s, {peak:.0f}" for seconds, peak in figures]
        print(f"| {what} | {' | '.join(cells)} | {slope:.2f} |", flush=True)
        held &= axis != "V" or slope <= LINEAR
        if what in ("clean", "clean --no-report"):
            held &= all(
                peak <= TIMES_INPUT * mib + MORE_MIB
                for mib, (_, peak) in zip(n_mib, figures, strict=True)
            )
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--largest", type=int, default=max(SIZES["V"]), help="of V")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bound is broken")
    chosen = parser.parse_args()
    sizes = SIZES | {"V": tuple(size for size in SIZES["V"] if size <= chosen.largest)}
    held = [grown(axis, sizes[axis], chosen.runs) for axis in sizes]
    sys.exit(1 if chosen.check and not all(held) else 0)


if __name__ == "__main__":
    main()
