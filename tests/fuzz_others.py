"""What ``fuzz.py`` damages besides models: everything else that smplprep reads.

Each kind is good files, and what the program does with one: it may end in a SmplprepError alone.
"""

from __future__ import annotations

import copy
import json
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import small_files
from hypothesis import strategies as st

from smplprep import read_model
from smplprep.audit.landmark_sets import landmark_set
from smplprep.build.lock import Entry, read_lock, write_lock
from smplprep.build.manifest import Job, read_manifest
from smplprep.build.plan import plan
from smplprep.evaluate.measure import Measure
from smplprep.evaluate.motions import Motion, find_motions, stretches
from smplprep.evaluate.run import Outcome, file_result
from smplprep.evaluate.state import State, digest_of
from smplprep.evaluate.tally import Tally
from smplprep.jobs.clean_file import clean_file
from smplprep.report.html.render import render_page
from smplprep.report.read import read_report
from smplprep.report.summary import change_lines, summary_text

ODD = [None, True, -1, 0, 1.5, 2**70, 1e308, float("nan"), "", "\x1b[2J", [], {}, [1], {"a": 3}]
MANIFEST = """\
tol = 0.02
output = "cleaned"   # a folder
[[model]]
path = ["raw.npz"]
hops = 1
[[model]]
path = "*.npz"
output = '''out'''
html = true
"""


@dataclass(frozen=True)
class Kind:
    """Good files, and what is done with one at a path; ``name`` is what it is called there."""

    name: str
    files: list[bytes]
    use: Callable[[Path], object]


def kinds(folder: Path) -> dict[str, Kind]:
    """Every kind, with what it needs in a folder."""
    raw = folder / "raw.npz"
    raw.write_bytes(small_files.as_npz(small_files.arrays()))
    model = read_model(raw)
    (folder / "motions").mkdir()
    np.savez(folder / "motions" / "a.npz", poses=np.zeros((40, 12)), betas=np.zeros(2))
    np.savez_compressed(folder / "b.npz", poses=np.ones((3, 12), "f4"), betas=np.zeros(16))
    points = b'{"tip": 3, "heel": 8}'
    faces = {"lmk_face_idx": np.array([0, 2]), "lmk_b_coords": np.full((2, 3), 1 / 3)}
    measure = Measure(model, model)
    return {
        "reports": Kind("m.report.json", [report(folder, raw, points)], draw),
        "locks": Kind("smplprep.lock", [lock(folder)], use_lock),
        "manifests": Kind("smplprep.toml", [MANIFEST.encode()], use_manifest),
        "landmarks": Kind(
            "points.json", [points], lambda path: landmark_set(model, os.fspath(path))
        ),
        "embeddings": Kind(
            "points.pkl",
            [pickle.dumps(faces)],
            lambda path: landmark_set(model, os.fspath(path)),
        ),
        "states": Kind("known.state", [state(folder, measure)], partial(load, measure, folder)),
        "motions": Kind(
            "m.npz",
            [path.read_bytes() for path in (folder / "motions" / "a.npz", folder / "b.npz")],
            lambda path: [*stretches(Motion("m", os.fspath(path)), n_joints=4)],
        ),
    }


def report(folder: Path, raw: Path, points: bytes) -> bytes:
    (folder / "tips.json").write_bytes(points)
    tips = os.fspath(folder / "tips.json")
    done = clean_file(raw, folder / "o.npz", landmarks=tips, html=False)
    return done.report_target.read_bytes()


def draw(path: Path) -> None:
    data = read_report(path)
    render_page(data, name="m")
    summary_text(data)
    change_lines(data)


def lock(folder: Path) -> bytes:
    path, digest = folder / "good.lock", "0" * 64
    versions = {"smplprep": "0.1.0", "numpy": "2.0"}
    entries = [
        Entry(Job(f"{name}.npz").recipe(), {f"{name}.npz": digest}, {name: digest}, versions)
        for name in "ab"
    ]
    write_lock(path, entries)
    return path.read_bytes()


def use_lock(path: Path) -> None:
    plan([Job("a.npz"), Job("b.npz")], read_lock(path))


def use_manifest(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        read_manifest(path.name)
    finally:
        os.chdir(before)


def state(folder: Path, measure: Measure) -> bytes:
    (motion,) = find_motions([folder / "motions"])
    outcome = Outcome(Tally.empty(len(measure.regions)))
    outcome.add(file_result(measure, motion))
    kept = State(folder / "good.state", measure)
    kept.save(outcome, now=True)
    return kept.path.read_bytes()


def load(measure: Measure, folder: Path, path: Path) -> None:
    State(path, measure).load(find_motions([folder / "motions"]))


@st.composite
def damaged_json(draw: st.DrawFn, body: bytes) -> bytes:
    """JSON in which one to three values are replaced or gone; a state's digest is made right."""
    data = json.loads(body)
    for _ in range(draw(st.integers(1, 3))):
        places = [*containers(data)]
        inside = places[draw(st.integers(0, len(places) - 1))]
        keys = [*inside] if isinstance(inside, dict) else [*range(len(inside))]
        if not keys:
            continue
        key = draw(st.sampled_from(keys))
        if draw(st.booleans()):
            inside[key] = copy.deepcopy(draw(st.sampled_from(ODD)))  # lists may be changed again
        else:
            del inside[key]
    if isinstance(data, dict) and "digest" in data:
        data["digest"] = digest_of({k: v for k, v in data.items() if k != "digest"})
    return json.dumps(data).encode()


def containers(data: Any) -> Iterator[Any]:
    """Every object and list in JSON, the outermost first."""
    if isinstance(data, dict | list):
        yield data
        for value in data.values() if isinstance(data, dict) else data:
            yield from containers(value)
