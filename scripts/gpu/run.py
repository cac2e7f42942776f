"""Everything that a GPU has to show, on prepared artifacts; writes gpu.json and a table.

    python -m scripts.gpu.run FOLDER [--device cuda] [--small]

FOLDER is what ``scripts.gpu.artifacts`` filled. Exit status 1 if a test or a command failed. What
may not work with this torch (torch.compile, torch.func.jacrev) is recorded, and fails nothing.
``--small`` is for a rehearsal on a CPU: small batches, few frames, no timing worth quoting.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from scripts.gpu.artifacts import RAW
from scripts.gpu.bodies import forward, landmarks, load, random_pose, touched

ROOT = Path(__file__).resolve().parents[2]
WALK = ROOT / "assets" / "cc0_walk.npz"
CLEAN = "SMPLH_CLEAN.npz"


def machine(device: str) -> dict[str, Any]:
    """Date, card, driver and versions."""
    from smplprep import __version__

    on_gpu = device == "cuda"
    asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    driver = subprocess.run(asked, capture_output=True, text=True).stdout if on_gpu else ""
    return {
        "date": datetime.date.today().isoformat(),
        "device": device,
        "card": torch.cuda.get_device_name() if on_gpu else platform.processor() or "CPU",
        "driver": driver.strip() or None,
        "torch": torch.__version__,
        "cuda": torch.version.cuda if on_gpu else None,
        "python": platform.python_version(),
        "smplprep": __version__,
    }


def command(*arguments: str | Path, says: str = "", timeout: int = 300) -> dict[str, Any]:
    """Run a module of this Python; its exit status, seconds, and the last line with ``says``."""
    start = time.monotonic()
    line = [sys.executable, "-m", *map(str, arguments)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=timeout)
    output = (done.stdout + done.stderr).strip()
    print(f"$ {' '.join(line[1:])}\n{output}\n", flush=True)
    seconds = round(time.monotonic() - start, 1)
    lines = [line for line in output.splitlines() if says in line] or [""]
    return {"status": done.returncode, "seconds": seconds, "figure": " ".join(lines[-1].split())}


def commands(folder: Path, device: str, *, small: bool) -> dict[str, Any]:
    """The GPU tests and the commands that take ``--device``."""
    os.environ["SMPLPREP_GPU_ARTIFACTS"] = str(folder.resolve())
    os.environ["SMPLPREP_GPU_DEVICE"] = device
    raw, cleaned = folder.resolve() / RAW, folder.resolve() / CLEAN
    own, on = "smplprep", ("--device", device)
    motion = ("--motions", WALK, *on)
    bench = ["--device", device, "--raw", str(raw), "--cleaned", str(cleaned)]
    bench += ["--frames", "64", "--runs", "1"] if small else ["--frames", "16384"]
    return {
        "tests": command("pytest", "-q", "tests/gpu", "-p", "no:cacheprovider", says="passed"),
        "verify": command(own, "verify", cleaned, "--against", raw, *on, says="verified"),
        "replay": command(own, "replay", raw, cleaned, *on, says="left leg"),
        "evaluate": command(own, "evaluate", raw, cleaned, *motion, says="frames of"),
        "evaluate beside stock smplx": command("scripts.bench_evaluate", *bench, says="| "),
    }


def precision(folder: Path, device: str) -> dict[str, Any]:
    """Largest distance of a vertex from the CPU's float64, meters, with TF32 off and on."""
    path = folder / CLEAN
    there = load(path, device=device)
    here = load(path, device="cpu", dtype=torch.float64)
    exact = forward(here, *random_pose(here, 32, device="cpu", dtype=torch.float64)).vertices
    found = {}
    for tf32 in (False, True):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        pose = random_pose(there, 32, device=device, dtype=torch.float32)
        apart = (forward(there, *pose).vertices.cpu().double() - exact).abs().max().item()
        found[f"TF32 {'on' if tf32 else 'off'}"] = apart
    torch.backends.cuda.matmul.allow_tf32 = False
    return found


def speed(folder: Path, device: str, *, small: bool) -> dict[str, Any]:
    """Bodies per second, forward and backward, of the cleaned file in stock smplx, in float32."""
    body = load(folder / CLEAN, device=device)
    n_poses = 16 if small else 4096
    pose, betas = random_pose(body, n_poses, device=device, dtype=torch.float32)
    pose.requires_grad_()

    def step() -> None:
        forward(body, pose, betas).vertices.sum().backward()
        if device == "cuda":
            torch.cuda.synchronize()

    step()
    runs = 1 if small else 10
    start = time.perf_counter()
    for _ in range(runs):
        step()
    return {"batch": n_poses, "bodies per second": runs * n_poses / (time.perf_counter() - start)}


def compiled(folder: Path, device: str, *, small: bool) -> dict[str, Any]:
    """``torch.compile``: the zeros of the plain forward pass."""
    body = load(folder / CLEAN, device=device)
    pose, betas = random_pose(body, 8, device=device, dtype=torch.float32)
    plain = touched(body, pose, betas)
    # The rehearsal goes through the tracing, and not through a compiler of the machine.
    body.forward = torch.compile(body.forward, backend="aot_eager" if small else "inductor")
    return {"same gradient support": bool((touched(body, pose, betas) == plain).all())}


def forward_jacobian(folder: Path, device: str) -> dict[str, Any]:
    """``torch.func.jacrev``: the zeros of autograd."""
    body = load(folder / CLEAN, device=device)
    pose, betas = random_pose(body, 1, device=device, dtype=torch.float32)
    points = landmarks(body)
    jacobian = torch.func.jacrev(lambda p: forward(body, p, betas).vertices[0, points])(pose)
    support = (jacobian[:, :, 0] != 0).any(dim=3).any(dim=1).cpu()
    return {"same gradient support": bool((support == touched(body, pose, betas)).all())}


def attempt(function: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a function gives, or the error that stopped it, recorded."""
    try:
        return function()
    except Exception as error:  # whatever this torch has to say; nothing of ours depends on it
        return {"failed": f"{type(error).__name__}: {str(error).splitlines()[0]}"}


def run(folder: Path, device: str, *, small: bool) -> int:
    """All of it; the exit status."""
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit(f"this torch ({torch.__version__}) sees no CUDA device")
    start = time.monotonic()
    result = machine(device) | {
        "small": small,
        "commands": commands(folder, device, small=small),
        "largest error, m": precision(folder, device),
        "forward and backward": speed(folder, device, small=small),
        "torch.compile": attempt(lambda: compiled(folder, device, small=small)),
        "torch.func.jacrev": attempt(lambda: forward_jacobian(folder, device)),
    }
    result["seconds"] = round(time.monotonic() - start, 1)
    (folder / "gpu.json").write_text(json.dumps(result, indent=1) + "\n")
    (folder / "gpu.md").write_text(table(result))
    print(f"{table(result)}\nwritten: {folder / 'gpu.json'}, {folder / 'gpu.md'}")
    return int(any(row["status"] for row in result["commands"].values()))


def table(result: dict[str, Any]) -> str:
    """The figures as a table for BENCHMARKS.md."""
    rows = [
        ("card, driver", f"{result['card']}, {result['driver']}"),
        ("torch, CUDA", f"{result['torch']}, {result['cuda']}"),
    ]
    rows += [(f"`{name}`", outcome(row)) for name, row in result["commands"].items()]
    rows += [(f"largest error, {k}", f"{v:.2e} m") for k, v in result["largest error, m"].items()]
    batch = result["forward and backward"]
    rate = f"{batch['bodies per second']:,.0f} bodies/s"
    rows.append((f"forward and backward, batch of {batch['batch']:,}", rate))
    for name in ("torch.compile", "torch.func.jacrev"):
        rows += [(f"`{name}`, {key}", str(value)) for key, value in result[name].items()]
    lines = [f"| {result['date']}, {result['device']} | figure |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows)]) + "\n"


def outcome(row: dict[str, Any]) -> str:
    """What a command came to: the line of its output that says it, or its exit status."""
    if row["status"]:
        return f"exit status {row['status']}"
    return f"{row['figure'].strip('| ').replace('|', '/')} ({row['seconds']} s)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    sys.exit(run(arguments.folder, arguments.device, small=arguments.small))


if __name__ == "__main__":
    main()
