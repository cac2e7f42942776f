"""Every hostile pickle ends in one sentence that says what was refused, and nothing in it runs."""

from __future__ import annotations

import io
import pickle
import resource
import struct
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from pickles import (
    BOMBS,
    CH,
    CSC,
    DAMAGED,
    GADGETS,
    OBJECTS,
    ROUTES,
    SELECT,
    TWO,
    array,
    instance,
    integers,
    short,
)

from smplprep.errors import ModelReadError, SmplprepError
from smplprep.io.pickle.read import read_pickle
from smplprep.io.pickle.write import write_pickle
from smplprep.io.sparse import sparsify

pytestmark = pytest.mark.slow

RECORDED = Path(__file__).parent / "recorded"


def refused(body: bytes, **arguments: Any) -> ModelReadError:
    """The error that the pickle ends in, quickly and in a few words."""
    start = time.process_time()
    with pytest.raises(ModelReadError) as caught:
        read_pickle(body, **arguments)
    # 3 s is what SECURITY.md says of an idle core; what is not bounded takes minutes.
    assert time.process_time() - start < 15
    error = caught.value
    assert 0 <= (error.offset or 0) <= len(body)
    assert "\n" not in str(error)
    assert len(str(error)) < 300
    return error


@pytest.mark.parametrize("route", ROUTES)
def test_code_never_runs(route: str, tmp_path: Path) -> None:
    body, message = ROUTES[route]
    ran, modules = tmp_path / "ran", set(sys.modules)
    error = refused(body.replace(b"%s", f"touch {ran}".encode()))
    assert message in error.message
    assert error.offset is not None
    assert "; nothing was run" in error.message or "the pickle is damaged" in error.message
    assert not ran.exists()
    assert set(sys.modules) == modules


@pytest.mark.parametrize("gadget", GADGETS)
def test_what_numpy_scipy_and_chumpy_would_believe(gadget: str) -> None:
    body, message = GADGETS[gadget]
    assert message in refused(body + b".").message
    # The same, deeper.
    assert message in refused(b"\x80\x02}" + short("weights") + b"](" + body + b"es.").message


def test_the_building_blocks_are_sound() -> None:
    """What the gadgets are made of is read where nothing is wrong with it."""
    assert read_pickle(array() + b".").value.tobytes() == b"abcdefgh"
    assert read_pickle(array(b"](Ne", dtype=OBJECTS) + b".").value.items == [None]
    assert read_pickle(integers(3, -4) + b".").value.tolist() == [3, -4]
    matrix = instance(CSC, data=array(), indices=integers(1), indptr=integers(0, 1, 1), _shape=TWO)
    assert read_pickle(matrix + b".").value.shape == (2, 2)
    chosen = instance(SELECT, a=instance(CH, x=integers(5, 6)), idxs=integers(1, 1, 0))
    assert read_pickle(chosen + b".").value.tolist() == [6, 6, 5]


@pytest.mark.parametrize("fault", DAMAGED)
def test_damage(fault: str) -> None:
    body, message = DAMAGED[fault]
    error = refused(body)
    assert message in error.message
    assert error.offset is not None


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs(bomb: str) -> None:
    body, message = BOMBS[bomb]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert message in refused(body).message
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) * 1024 < 1 << 30


def test_numbers_made_to_share_a_hash() -> None:
    """Python takes minutes for a dict of integers that are equal modulo 2**61 - 1."""
    keys = (b"\x8a\x09" + struct.pack("<q", (i + 1) % 2**62) + b"\1N" for i in range(9))
    assert "more than 64 bits" in refused(b"}(" + b"".join(keys) + b"u.").message
    floats = b"".join(b"G" + struct.pack(">d", 2.0 ** (61 * i) * 3) + b"N" for i in range(17))
    assert len(read_pickle(b"}(" + floats + b"u.").value) == 17


def good_pickles() -> list[bytes]:
    model = {
        "weights": np.arange(6.0).reshape(2, 3),
        "f": np.arange(3, dtype=">u4"),
        "J_regressor": sp.csc_matrix(np.eye(3)),
        "names": np.array(["a", "bc"]),
        "objects": np.array([1, "x"], object),
        "bs_type": "lrotmin",
        "rest": [1, 2.5, None, True, (b"\xff", {"k": {3}})],
    }
    ours = io.BytesIO()
    write_pickle({"weights": model["weights"], "J": sparsify(np.eye(3)), "s": {1, "a"}}, ours)
    dumped = [pickle.dumps(model, protocol) for protocol in range(6)]
    recorded = [file.read_bytes() for file in sorted(RECORDED.glob("*.pkl"))]
    assert len(recorded) == 5
    return [*dumped, *recorded, ours.getvalue()]


GOOD = good_pickles()


@pytest.mark.parametrize("body", GOOD, ids=range(len(GOOD)))
def test_cut_anywhere(body: bytes) -> None:
    read_pickle(body)
    for end in range(len(body)):
        with pytest.raises(ModelReadError):
            read_pickle(body[:end])
    with pytest.raises(ModelReadError, match="1 bytes follow the end"):
        read_pickle(body + b"\0")


@given(st.data())
def test_mutated_files_are_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(GOOD)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.sampled_from(["byte", "bit", "drop", "copy"])):
            case "byte":
                body[at] = data.draw(st.integers(0, 255))
            case "bit":
                body[at] ^= 1 << data.draw(st.integers(0, 7))
            case "drop":
                del body[at : at + data.draw(st.integers(1, 9))]
            case "copy":
                start = data.draw(st.integers(0, len(body)))
                body[at:at] = body[start : start + data.draw(st.integers(1, 40))]
        if not body:
            break
    try:
        read_pickle(bytes(body))
    except SmplprepError as error:
        assert "\n" not in str(error)


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        read_pickle(body)
    except SmplprepError as error:
        assert "\n" not in str(error)
