"""Feed damaged files to smplprep until the time is up: each must be read or refused.

    python tests/fuzz.py [--seconds 60] [--seed 0] [--h5]

Half of the time goes to models, the rest to all else: reports, locks, manifests, landmarks, states,
motions.

Hypothesis chooses a good file and what to do to it, and shrinks what fails. Anything but success or
a SmplprepError is a failure; its file is kept beside where the program was started.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import pickle
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import small_files
from fuzz_others import Kind, damaged_json, kinds
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from scipy.sparse import bsr_matrix, csc_matrix, dia_matrix, dok_matrix, lil_matrix

from smplprep import SmplprepError, clean, read_model
from smplprep.io.write_model import write_container

BATCH = 200
SPARSE = (bsr_matrix, dia_matrix, dok_matrix, lil_matrix)


def good_files() -> list[bytes]:
    """The small model in every spelling that needs no child process."""
    arrays = small_files.arrays()
    odd = arrays | {
        "f": arrays["f"].astype(">i8"),
        "kintree_table": arrays["kintree_table"].astype(np.float64),
        "posedirs": np.asfortranarray(arrays["posedirs"].astype(np.float32)),
        "names": np.array({"a": [1, (2, None)], "b": {3}}, dtype=object),
        "bs_type": np.array("lrotmin"),
    }
    saved, streamed = io.BytesIO(), io.BytesIO()
    np.savez(saved, **odd)
    np.savez_compressed(streamed, **odd)
    sparse = odd | {"J_regressor": csc_matrix(arrays["J_regressor"]), "bs_type": "lrotmin"}
    others = {"names": ["a", {"b": None}], "J_regressor": lil_matrix(arrays["J_regressor"])}
    with warnings.catch_warnings():  # that numpy.matrix is not recommended
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        others["weights"] = np.asmatrix(arrays["weights"])
    texts = json.dumps({key: array.tolist() for key, array in arrays.items()})
    single = io.BytesIO()
    np.save(single, np.array({"model": arrays | {"J_regressor": sparse["J_regressor"]}}, object))
    return [
        small_files.as_npz(arrays),
        small_files.as_npz(arrays, compress=True),
        saved.getvalue(),
        streamed.getvalue(),
        small_files.as_pkl(dict(arrays)),
        *(pickle.dumps(sparse, protocol) for protocol in range(6)),
        *(pickle.dumps({"a": [arrays | others]}, protocol) for protocol in (0, 2, 4)),
        *(pickle.dumps(arrays | {"weights": kind(arrays["weights"])}, 4) for kind in SPARSE),
        pickle.dumps(arrays, 0).replace(b"\n", b"\r\n"),
        texts.encode(),
        single.getvalue(),
        *torch_files(arrays),
    ]


def torch_files(arrays: dict[str, np.ndarray]) -> list[bytes]:
    """What torch writes, in both of its formats and as a pickle; nothing where it is missing."""
    try:
        import torch
    except ImportError:
        return []
    tensors = {key: torch.from_numpy(array.astype("f4")) for key, array in arrays.items()}
    tensors["f"], tensors["posedirs"] = tensors["f"].long(), tensors["posedirs"].mT.contiguous().mT
    saved = [io.BytesIO(), io.BytesIO()]
    for out in saved:
        torch.save({"model": tensors}, out, _use_new_zipfile_serialization=out is saved[0])
    return [*(out.getvalue() for out in saved), pickle.dumps(tensors)]


@st.composite
def damaged(draw: st.DrawFn, files: list[bytes]) -> bytes:
    """One of the files with a few changes; those inside a .npz get their checksums made right."""
    body = draw(st.sampled_from(files))
    if body.startswith(b"{") and draw(st.booleans()):
        return draw(damaged_json(body))
    if body.startswith(b"PK") and draw(st.booleans()):
        return repacked(body, draw)
    return changed(body, draw)


def repacked(body: bytes, draw: st.DrawFn) -> bytes:
    """A .npz in which one member is damaged, and which is whole otherwise."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        chosen = draw(st.sampled_from(old.namelist()))
        for name in old.namelist():
            member = old.read(name)
            new.writestr(zipfile.ZipInfo(name), changed(member, draw) if name == chosen else member)
    return out.getvalue()


def changed(body: bytes, draw: st.DrawFn) -> bytes:
    """The bytes with one to four changes."""
    data = bytearray(body)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        what = draw(st.sampled_from(["byte", "bit", "number", "drop", "copy", "cut", "digit"]))
        if what == "byte":
            data[at : at + 1] = [draw(st.integers(0, 255))]
        elif what == "bit":
            data[at : at + 1] = [byte ^ 1 << draw(st.integers(0, 7)) for byte in data[at : at + 1]]
        elif what == "number":
            width = draw(st.sampled_from([2, 4, 8]))
            top = 256**width - 1
            number = draw(st.sampled_from([0, 1, top, top // 2, top // 2 + 1]))
            data[at : at + width] = number.to_bytes(width, "little")
        elif what == "digit":
            digits = [k for k, byte in enumerate(data[:4096]) if byte in b"0123456789"] or [at]
            place = draw(st.sampled_from(digits))
            data[place : place + 1] = draw(st.sampled_from([b"0", b"9", b"99999999", b"-1", b""]))
        elif what == "drop":
            del data[at : at + draw(st.integers(1, 64))]
        elif what == "copy":
            start = draw(st.integers(0, len(data)))
            data[at:at] = data[start : start + draw(st.integers(1, 64))]
        else:
            del data[at:]
    return bytes(data)


class Nowhere:
    """An output that forgets."""

    def write(self, data: bytes | memoryview, /) -> int:
        return len(data)


def clean_it(path: Path) -> None:
    """Read, clean and write."""
    cleaned, _ = clean(read_model(path))
    for container in ("npz", "pkl", "h5"):
        write_container(cleaned, Nowhere(), container=container)


def try_one(body: bytes, path: Path, use: Callable[[Path], object]) -> None:
    """Use a file; only a SmplprepError may end it early."""
    path.write_bytes(body)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # numbers near the largest may overflow
            use(path)
    except SmplprepError as error:
        assert str(error).isprintable()


def fuzz(*, seconds: float, first_seed: int = 0, h5: bool = False) -> int:
    """Run until the time is up; how many files were tried.

    Raises:
        Whatever the program raised on a file that is neither read nor refused; the file is kept.
    """
    end, n_tried = time.monotonic() + seconds, 0
    with tempfile.TemporaryDirectory() as folder:
        if h5:
            turns = [Kind("model", [small_files.as_h5(small_files.arrays())], clean_it)]
        else:
            models = Kind("model", good_files(), clean_it)
            turns = [turn for kind in kinds(Path(folder)).values() for turn in (kind, models)]
        for number in itertools.count(first_seed):
            kind = turns[number % len(turns)]
            path = Path(folder) / kind.name
            pause = min(end, time.monotonic() + seconds / len(turns))

            @seed(number)
            @settings(
                max_examples=BATCH,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )
            @given(damaged(kind.files))
            def batch(body: bytes) -> None:  # which runs in this turn alone
                nonlocal n_tried
                if time.monotonic() < pause:  # noqa: B023
                    n_tried += 1
                    try_one(body, path, kind.use)  # noqa: B023

            try:
                batch()
            except BaseException:
                Path(f"fuzz-{number}-{kind.name}").write_bytes(path.read_bytes())
                raise
            if time.monotonic() >= end:
                return n_tried
    raise AssertionError("the seeds are endless")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--h5", action="store_true", help="HDF5: slow, a process for each file")
    args = parser.parse_args()
    n_tried = fuzz(seconds=args.seconds, first_seed=args.seed, h5=args.h5)
    print(f"{n_tried} files, each read or refused")


if __name__ == "__main__":
    main()
