"""The check on a written file: it sees all that is not the model, and makes no second copy."""

from __future__ import annotations

import dataclasses
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import small_files
from numpy.typing import NDArray

from smplprep import read_model
from smplprep.errors import VerificationError
from smplprep.io.check_written import OWN, check_written
from smplprep.io.write_model import write_container, write_model
from smplprep.records.contents import Limits
from smplprep.records.model import Model
from smplprep.records.storage import DEFAULT_STORAGE, Storage


@pytest.fixture(params=["stored", "deflated"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    """A model from a .npz of which one member is new and the others may be copied."""
    source = tmp_path / "source.npz"
    arrays = small_files.arrays() | {"note": np.array("a word")}
    source.write_bytes(small_files.as_npz(arrays, compress=request.param == "deflated"))
    found = read_model(source)
    return found.with_arrays(posedirs=found.posedirs * 2)


def as_written(
    model: Model, container: str, path: Path, storage: Storage = DEFAULT_STORAGE
) -> bytes:
    out = io.BytesIO()
    write_container(model, out, container=container, storage=storage)
    path.write_bytes(out.getvalue())
    return out.getvalue()


@pytest.mark.parametrize("compress", [None, False, True])
@pytest.mark.parametrize("container", ["npz", "pkl", "h5"])
def test_what_was_written_is_the_model(model, container, compress, tmp_path):
    as_written(model, container, tmp_path / "m", Storage(compress=compress))
    check_written(model, tmp_path / "m", container=container)


@pytest.mark.parametrize("compress", [None, True])
def test_a_changed_object_is_seen(model, compress, tmp_path):
    storage = Storage(compress=compress, keep_objects=True)
    model = dataclasses.replace(model, extras={"joint2num": {"jaw": 22}})
    as_written(model, "npz", tmp_path / "m", storage)
    check_written(model, tmp_path / "m", container="npz", storage=storage)
    other = dataclasses.replace(model, extras={"joint2num": {"jaw": 23}})
    with pytest.raises(VerificationError) as caught:
        check_written(other, tmp_path / "m", container="npz", storage=storage)
    assert caught.value.key == "joint2num"


@pytest.mark.parametrize("container", ["npz", "pkl", "h5"])
def test_every_flipped_byte_of_an_array_is_seen(model, container, tmp_path):
    data = as_written(model, container, tmp_path / "m")
    # Where three of the arrays lie; a deflated one is somewhere else, which must do as well.
    places = {data.find(array.tobytes()) for array in (model.posedirs, model.weights, model.f)}
    places.discard(-1)
    for place in places or {len(data) // 2}:
        damaged = bytearray(data)
        damaged[place + 5] ^= 1
        (tmp_path / "m").write_bytes(damaged)
        with pytest.raises(VerificationError, match="just written"):
            check_written(model, tmp_path / "m", container=container)


Edit = Callable[[dict[str, NDArray]], dict[str, NDArray]]
EDITS: dict[str, Edit] = {
    "another value in what was copied": lambda m: m | {"weights": m["weights"] * 0.5},
    "another value in what is new": lambda m: m | {"posedirs": m["posedirs"] + 1},
    "another dtype": lambda m: m | {"posedirs": m["posedirs"].astype(np.float32)},
    "another byte order": lambda m: m | {"posedirs": m["posedirs"].astype(">f8")},
    "another shape": lambda m: m | {"posedirs": m["posedirs"].reshape(10, 27, 3)},
    "another order of the axes": lambda m: m | {"posedirs": np.asfortranarray(m["posedirs"])},
    "another text": lambda m: m | {"note": np.array("a sword")},
    "a key too few": lambda m: {key: m[key] for key in m if key != "note"},
    "a key too many": lambda m: m | {"more": np.zeros(1)},
    "another order of the keys": lambda m: dict(reversed(m.items())),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_sound_file_of_another_model_is_refused(model, edit, tmp_path):
    as_written(model, "npz", tmp_path / "m")
    with np.load(tmp_path / "m") as archive:
        arrays = edit(dict(archive))
    with (tmp_path / "m").open("wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(VerificationError, match=r"a different value|the model's keys"):
        check_written(model, tmp_path / "m", container="npz")


def test_the_same_arrays_in_another_packing_are_the_model(model, tmp_path):
    as_written(model, "npz", tmp_path / "m")
    with np.load(tmp_path / "m") as archive:
        arrays = dict(archive)
    for save in (np.savez, np.savez_compressed):
        with (tmp_path / "m").open("wb") as file:
            save(file, **arrays)
        check_written(model, tmp_path / "m", container="npz")


@pytest.mark.parametrize("container", ["npz", "pkl", "h5"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_file_cut_short_is_refused(model, container, share, tmp_path):
    data = as_written(model, container, tmp_path / "m")
    (tmp_path / "m").write_bytes(data[: int(share * len(data))])
    with pytest.raises(VerificationError, match="the file just written cannot be read"):
        check_written(model, tmp_path / "m", container=container)


def test_a_wrong_checksum_is_seen(model, tmp_path):
    """np.load would refuse such a file, though every byte of the arrays is right."""
    data = bytearray(as_written(model, "npz", tmp_path / "m"))
    with zipfile.ZipFile(tmp_path / "m") as archive:
        info = archive.getinfo("posedirs.npy")
    crc = info.CRC.to_bytes(4, "little")
    assert data.count(crc) == 2  # in the member's own header and in the directory
    (tmp_path / "m").write_bytes(data.replace(crc, (info.CRC ^ 1).to_bytes(4, "little")))
    with pytest.raises(VerificationError, match="CRC-32"):
        check_written(model, tmp_path / "m", container="npz")


def test_the_check_takes_little_memory(standin, tmp_path):
    """76 MB of posedirs are there once, and it is new: the pruned model is no copy of a member."""
    model = standin.with_arrays(posedirs=np.asarray(standin.posedirs))
    as_written(model, "npz", tmp_path / "m")
    tracemalloc.start()
    try:
        check_written(model, tmp_path / "m", container="npz")
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("level", [1, 6, 9])
@pytest.mark.parametrize("compress", [None, True])
def test_a_file_deflated_by_others_may_be_deflated_again(level, compress, tmp_path):
    """The same array, method and checksum, but other packed bytes."""
    with zipfile.ZipFile(tmp_path / "m.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=level) as out:
        for key, array in small_files.arrays().items():
            member = io.BytesIO()
            np.save(member, np.tile(array, 1))
            out.writestr(f"{key}.npy", member.getvalue())
    found = read_model(tmp_path / "m.npz")
    write_model(found, tmp_path / "again.npz", storage=Storage(compress=compress))
    assert np.load(tmp_path / "again.npz")["weights"].tobytes() == found.weights.tobytes()


def test_fields_that_were_replaced_are_written_and_not_what_was_read(model, tmp_path):
    """However they were replaced: the member of the input is then another array's."""
    changed = dataclasses.replace(
        model, v_template=model.v_template + 1, extras={"note": np.array("another word")}
    )
    write_model(changed, tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz") as archive:
        assert archive["v_template"].tobytes() == changed.v_template.tobytes()
        assert archive["note"] == "another word"
    stale = as_written(model, "npz", tmp_path / "stale.npz")
    assert stale
    with pytest.raises(VerificationError, match="a different value"):
        check_written(changed, tmp_path / "stale.npz", container="npz")


@pytest.mark.parametrize("container", ["npz", "pkl", "h5"])
def test_our_own_file_may_be_as_large_as_the_model(model, container, tmp_path, monkeypatch):
    """A model read with --max-bytes may be larger than 2 GiB, and so may the output."""
    as_written(model, container, tmp_path / "m")
    monkeypatch.setattr("smplprep.io.check_written.OWN", Limits(file_bytes=1000))
    with pytest.raises(VerificationError, match="the limit is 1000"):
        check_written(model, tmp_path / "m", container=container)
    assert OWN.file_bytes > 1 << 40 < OWN.unpacked_bytes
