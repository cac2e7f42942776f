"""The corpus of hostile and broken files: several hundred, each with the name of what it tries.

The tables beside this file, which the tests of each reader use, too, are the source: here their
bodies become files that look like models, so that the whole program can be run on them.
"""

from __future__ import annotations

import io
import json
import os
import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path

import archives
import h5py
import hdf5
import mistaken
import numpy as np
import others
import pickles
from small_files import arrays, as_h5, as_npz, as_pkl

from smplprep.io.npz.npy import encode_header


def in_pickle(body: bytes) -> bytes:
    """A model's pickle with one more key, whose value is ``body``, a pickle without its STOP."""
    return as_pkl(arrays())[:-2] + pickles.short("extra") + body + b"u."


def as_json() -> bytes:
    return json.dumps({key: array.tolist() for key, array in arrays().items()}).encode()


def as_npy(entries: dict[str, np.ndarray]) -> bytes:
    out = io.BytesIO()
    np.save(out, np.array(entries, object))
    return out.getvalue()


def in_npz(body: bytes) -> bytes:
    """A model's .npz with an object array in it, whose pickle is ``body``."""
    out = io.BytesIO(as_npz(arrays()))
    with zipfile.ZipFile(out, "a") as archive:
        header = encode_header(np.zeros((), "i8")).replace(b"'<i8'", b"'|O8'")
        archive.writestr(zipfile.ZipInfo("joint2num.npy"), header + body)
    return out.getvalue()


def code_that_wants_to_run(canary: Path) -> Iterator[tuple[str, bytes]]:
    command = f"touch {canary}".encode()
    for name, (body, _) in pickles.ROUTES.items():
        body = body.replace(b"%s", command)
        yield f"{name}.pkl", body
        yield f"{name}, in a model.pkl", in_pickle(body[:-1])
        yield f"{name}, in an object array.npz", in_npz(body)


def other_formats(canary: Path) -> Iterator[tuple[str, bytes]]:
    """torch.save files, JSON, .npy and dicts in dicts."""
    for name, body in others.routes(f"touch {canary}").items():
        yield f"route, {name}", body
    for name, (body, _) in others.HOSTILE.items():
        yield f"format, {name}", body
    for body, name in (
        (others.torch_zip(others.entry(others.tensor())), "zip"),
        (as_json(), "json"),
    ):
        for end in range(7, len(body), len(body) // 12):
            yield f"cut at {end}.{name}", body[:end]


def gadgets() -> Iterator[tuple[str, bytes]]:
    for name, (body, _) in pickles.GADGETS.items():
        yield f"{name}.pkl", in_pickle(body)
    for name, (body, _) in pickles.BOMBS.items():
        yield f"bomb of {name}.pkl", body
        yield f"bomb of {name}.npz", in_npz(body)
    # The costliest of the opcodes, as many as are allowed and one more.
    lines = b"(" + b"S'\\x41\\x41\\n'\n" * 500_001
    yield "bomb of escapes.pkl", b"\x80\x02}" + pickles.short("x") + b"]" + lines + b"es."


def damage() -> Iterator[tuple[str, bytes]]:
    for name, (body, _) in pickles.DAMAGED.items():
        yield f"damaged, {name}.pkl", b"\x80\x02" + body
    for name, (body, _) in mistaken.MISTAKEN.items():
        yield f"mistaken, {name}.npz", body
    for name, hostile in archives.HOSTILE.items():
        yield f"zip, {name}.npz", hostile[0]
    for name, (build, _) in hdf5.HOSTILE.items():
        yield f"h5, {name}.h5", hdf5.made(build)
    for bomb in (hdf5.zeros, hdf5.largest, hdf5.texts_that_widen):
        yield f"h5, bomb of {bomb.__name__}.h5", hdf5.made(bomb)
    quine = as_npz(arrays())
    yield "zip, ten in one.npz", quine * 10


def truncations() -> Iterator[tuple[str, bytes]]:
    """Each kind of file cut where one of its parts ends, and one byte into the next."""
    body = as_npz(arrays())
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        ends = {archive.start_dir, archive.start_dir + 46, len(body) - 22, len(body) - 1}
        for member in archive.infolist()[:2]:
            start = member.header_offset
            payload = start + 30 + len(member.filename)
            ends |= {start + 4, start + 30, payload, payload + 10, payload + 128}
            ends |= {payload + member.compress_size}
    for end in sorted(ends - {0}):
        yield f"cut at {end}.npz", body[:end]
    body = as_pkl(arrays())
    positions = [position for _, _, position in pickletools.genops(body)]
    for end in positions[2:-1:9]:
        yield f"cut at {end}.pkl", body[:end]
        yield f"cut at {end + 1}.pkl", body[: end + 1]
    body = as_h5(arrays())
    for end in (8, 96, 97, 200, 1000, len(body) // 2, len(body) - 1):
        yield f"cut at {end}.h5", body[:end]


def models_that_are_none() -> Iterator[tuple[str, bytes]]:
    """Well-formed files whose arrays make no body model."""

    def with_value(key: str, index: tuple[int, ...], value: float) -> dict[str, np.ndarray]:
        entries = arrays()
        entries[key][index] = value
        return entries

    faults = {
        "NaN": with_value("v_template", (3, 1), np.nan),
        "infinity": with_value("posedirs", (3, 1, 4), np.inf),
        "a cycle": with_value("kintree_table", (0, 1), 3),
        "two roots": with_value("kintree_table", (0, 1), 2**32 - 1),
        "no such joint": with_value("kintree_table", (0, 3), 9),
        "no such vertex": with_value("f", (1, 1), 10),
        "a negative weight": with_value("weights", (2, 2), -0.5),
        "an empty row": with_value("weights", (2, 2), 0),
        "a row too heavy": with_value("weights", (2, 2), 1.5),
        "too few features": arrays() | {"posedirs": np.ones((10, 3, 26))},
        "STAR": arrays() | {"posedirs": np.ones((10, 3, 13))},
        "SUPR": arrays() | {"posedirs": np.ones((10, 3, 16))},
        "another count": arrays() | {"shapedirs": np.ones((9, 3, 2))},
        "one dimension": arrays() | {"weights": np.ones(40)},
        "texts": arrays() | {"weights": np.array([["a"] * 4] * 10)},
        "no vertices": arrays() | {"v_template": np.zeros((0, 3)), "weights": np.zeros((0, 4))},
        "a key missing": {k: v for k, v in arrays().items() if k != "J_regressor"},
        "nothing of it": {"poses": np.zeros((100, 72))},
    }
    for name, entries in faults.items():
        yield f"{name}.npz", as_npz(entries)
        yield f"{name}.pkl", as_pkl(entries)
    for name in ("NaN", "STAR"):
        yield f"{name}.h5", as_h5(faults[name])
    yield "SUPR.npy", as_npy(arrays() | {"posedirs": np.ones((10, 3, 16))})
    yield "SKEL.npy", as_npy({"skin_template_v": np.zeros((10, 3))})


def write_corpus(folder: Path, canary: Path) -> list[Path]:
    """All files, written into ``folder``; what runs code touches ``canary``."""
    found: list[Path] = []
    parts = (gadgets(), damage(), truncations(), models_that_are_none())
    for files in (code_that_wants_to_run(canary), other_formats(canary), *parts):
        for name, body in files:
            path = folder / name.replace("/", "_")
            assert not path.exists(), name
            path.write_bytes(body)
            found.append(path)
    (folder / "folder.npz").mkdir()
    os.mkfifo(folder / "pipe.npz")
    return [*found, folder / "folder.npz", folder / "pipe.npz", folder / "missing.npz"]


def write_good(folder: Path) -> list[Path]:
    """The same model whole, in each container, in JSON and in a .npy."""
    bodies = {"npz": as_npz(arrays()), "pkl": as_pkl(arrays()), "h5": as_h5(arrays())}
    bodies |= {"json": as_json(), "npy": as_npy(arrays())}
    for ending, body in bodies.items():
        (folder / f"good.{ending}").write_bytes(body)
    with h5py.File(folder / "good.h5") as file:
        assert "weights" in file
    return [folder / f"good.{ending}" for ending in bodies]
