"""The .npz writer; ``np.load``, ``zipfile`` and ``unzip`` must read all of it."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from numpy.typing import NDArray

from smplprep.errors import ModelWriteError
from smplprep.io.npz import write as npz_write
from smplprep.io.npz.read import read_npz
from smplprep.io.npz.write import write_npz
from smplprep.io.packed_file import read_packed
from smplprep.records.contents import Contents

ARRAYS: dict[str, NDArray] = {
    "weights": np.arange(12.0).reshape(3, 4),
    "kintree_table": np.array([[2**32 - 1, 0], [0, 1]], np.uint32),
    "zeros": np.zeros((50, 3), np.float32),
    "bs_type": np.array("lrotmin"),
    "empty": np.zeros((0, 3)),
    "flag": np.array(True),
    "größe": np.array([b"x", b"yz"]),
}


def written(arrays: dict[str, NDArray] = ARRAYS, **options: object) -> bytes:
    out = io.BytesIO()
    write_npz(arrays, out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def reread(data: bytes, folder: Path) -> Contents:
    path = folder / "model.npz"
    path.write_bytes(data)
    return read_npz(read_packed(path))


def assert_loads(data: bytes, arrays: dict[str, NDArray], folder: Path) -> None:
    """Through numpy and zipfile, and through our own stricter reader."""
    with np.load(io.BytesIO(data)) as loaded:
        assert loaded.files == list(arrays)
        for key, array in arrays.items():
            assert (loaded[key].dtype, loaded[key].shape) == (array.dtype, array.shape)
            assert loaded[key].tobytes() == array.tobytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
    assert list(reread(data, folder).entries) == list(arrays)


@pytest.mark.parametrize("compress", [False, True, ["zeros", "weights"]])
def test_numpy_reads_every_key(compress: bool | list[str], tmp_path: Path) -> None:
    data = written(compress=compress)
    assert_loads(data, ARRAYS, tmp_path)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            key = info.filename.removesuffix(".npy")
            packed = compress if isinstance(compress, bool) else key in compress
            assert info.compress_type == (zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED)
            assert (info.date_time, info.create_system) == ((1980, 1, 1, 0, 0, 0), 3)
            assert (info.external_attr, info.extra, info.comment) == (0o100644 << 16, b"", b"")
            assert info.flag_bits == (0 if key.isascii() else 0x800)


@pytest.mark.skipif(not shutil.which("unzip"), reason="there is no unzip")
@pytest.mark.parametrize("compress", [False, True])
def test_unzip_reads_it(compress: bool, tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(written(compress=compress))
    result = subprocess.run(["unzip", "-t", tmp_path / "m.npz"], capture_output=True)
    assert result.returncode == 0, result.stdout


def test_same_arrays_same_bytes() -> None:
    """Everywhere and always: a digest of stored members is part of the contract."""
    arrays = {"weights": np.arange(6.0).reshape(2, 3), "bs_type": np.array("lrotmin")}
    expected = "9cfba9c0ebb400c10d2189637b46a1ac598a236cadc54cf30830d4b191969124"
    assert hashlib.sha256(written(arrays)).hexdigest() == expected
    assert written(compress=True) == written(compress=True)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">f8").reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(24.0).reshape(4, 6)[::2, ::-1],
        np.broadcast_to(np.float32(2), (3, 2)),
        np.array("\u4e16", ">U2"),
        np.array(5, ">i2"),
    ],
)
def test_odd_arrays_are_written_as_plain_ones(array: NDArray, tmp_path: Path) -> None:
    plain = array.astype(array.dtype.newbyteorder("<"), order="C")
    data = written({"x": array})
    assert data == written({"x": plain})
    assert_loads(data, {"x": plain}, tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    arrays=st.dictionaries(
        st.text("abcxyz_019 é.", min_size=1, max_size=9).filter(lambda key: key[-4:] != ".npy"),
        nps.scalar_dtypes()
        .filter(lambda dtype: dtype.kind in "biufSU" and 0 < dtype.itemsize <= 8)
        .flatmap(lambda dtype: nps.arrays(dtype, nps.array_shapes(min_dims=0, min_side=0))),
        max_size=4,
        min_size=1,
    ),
    compress=st.booleans(),
)
def test_round_trip(arrays: dict[str, NDArray], compress: bool, tmp_path: Path) -> None:
    found = reread(written(arrays, compress=compress), tmp_path)
    assert list(found.entries) == list(arrays)
    for key, array in arrays.items():
        value = found.entries[key]
        assert isinstance(value, np.ndarray)
        assert (value.dtype, value.shape) == (array.dtype.newbyteorder("="), array.shape)
        assert value.tobytes() == array.astype(value.dtype).tobytes()
    again = written(found.entries, copy=found.members)  # type: ignore[arg-type]
    assert reread(again, tmp_path).sha256 == found.sha256


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_copied_members_keep_their_bytes(save: Callable[..., None], tmp_path: Path) -> None:
    buffer = io.BytesIO()
    save(buffer, **ARRAYS)
    found = reread(buffer.getvalue(), tmp_path)
    changed = dict(ARRAYS, weights=np.ones((3, 4)))
    copy = {key: member for key, member in found.members.items() if key != "weights"}
    data = written(changed, copy=copy, compress=True)
    assert_loads(data, changed, tmp_path)
    again = reread(data, tmp_path)
    for key, member in copy.items():
        assert again.members[key] == member
        assert bytes(member.payload) in data
    assert again.members["weights"].method == zipfile.ZIP_DEFLATED


def test_zip64_where_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = written()
    assert b"PK\6\6" not in plain
    for limit in (0, 130, 300, 1000, len(plain)):
        monkeypatch.setattr(npz_write, "_WIDE_FROM", limit)
        assert_loads(written(), ARRAYS, tmp_path)
        assert_loads(written(compress=True), ARRAYS, tmp_path)


@pytest.mark.parametrize("key", ["", "a/b", "..\\a", "a\n", "x.npy", "k" * 256])
def test_keys_that_are_no_names(key: str) -> None:
    with pytest.raises(ModelWriteError, match="this key cannot be a name") as caught:
        written({key: np.zeros(1)})
    assert caught.value.key == key


@pytest.mark.parametrize("array", [np.array(None), np.zeros(1, "c16"), np.zeros(1, "f8,f8")])
def test_arrays_that_need_pickle(array: NDArray) -> None:
    with pytest.raises(ModelWriteError, match=r"cannot be written to a \.npz \(key x\)"):
        written({"x": array})


def test_a_big_array_is_not_copied() -> None:
    class Nowhere:
        def write(self, data: bytes | memoryview) -> int:
            return len(data)

    array = np.ones((8 << 20) // 8)
    tracemalloc.start()
    try:
        write_npz({"x": array, "y": array[::-1][::-1]}, Nowhere())
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_what_the_output_raises_passes_through() -> None:
    class Full:
        def write(self, data: bytes | memoryview) -> int:
            raise ModelWriteError("no space left on the disk")

    with pytest.raises(ModelWriteError, match="no space left"):
        write_npz(ARRAYS, Full())
