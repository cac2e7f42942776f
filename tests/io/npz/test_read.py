"""The strict zip reader, against numpy's writers and against all that a zip file can lie about."""

from __future__ import annotations

import collections
import hashlib
import io
import struct
import subprocess
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from archives import (
    ARRAYS,
    HOSTILE,
    ZEROS,
    Member,
    W,
    archive,
    descriptor,
    good,
    npy,
    saved,
    streamed,
)
from numpy.typing import NDArray

from smplprep.errors import ModelReadError
from smplprep.io.input_file import open_input
from smplprep.io.npz.members import read_members
from smplprep.io.npz.stream import open_members
from smplprep.io.read_model import read_contents
from smplprep.records.contents import DEFAULT_LIMITS, Contents, Limits, ObjectArray

pytestmark = pytest.mark.slow


@pytest.fixture
def reading(tmp_path: Path) -> Callable[..., Contents]:
    """Reads bytes as a file."""
    path = tmp_path / "model.npz"

    def read(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Contents:
        path.write_bytes(data)
        return read_contents(path, limits=limits)

    return read


def assert_same(found: Contents, arrays: dict[str, NDArray]) -> None:
    assert list(found.entries) == list(found.members) == list(arrays)
    for key, array in arrays.items():
        value = found.entries[key]
        assert isinstance(value, np.ndarray)
        assert (value.dtype, value.shape) == (array.dtype.newbyteorder("="), array.shape)
        assert value.tobytes() == array.astype(value.dtype).tobytes()
        assert not value.flags.writeable
        assert found.notes.get(key) == ("big-endian" if array.dtype.byteorder == ">" else None)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes(save: Callable[..., None], reading: Callable[..., Contents]) -> None:
    data = saved(save)
    found = reading(data)
    assert_same(found, ARRAYS)
    assert (found.container, found.n_bytes, found.notes) == ("npz", len(data), {})
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            member = found.members[info.filename.removesuffix(".npy")]
            assert (member.method, member.crc32) == (info.compress_type, info.CRC)
            assert (len(member.payload), member.n_bytes) == (info.compress_size, info.file_size)
            raw = bytes(member.payload)
            assert archive.read(info) == (zlib.decompress(raw, -15) if member.method else raw)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_streamed_archives(method: int, reading: Callable[..., Contents]) -> None:
    assert_same(reading(streamed(ARRAYS, method)), ARRAYS)


def test_odd_arrays(reading: Callable[..., Contents]) -> None:
    arrays = {
        "big": np.arange(6, dtype=">f4").reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(24, dtype="i2").reshape(2, 3, 4)),
        "both": np.asfortranarray(np.arange(6, dtype=">u8").reshape(3, 2)),
        "half": np.array([0.5, np.nan], "f2"),
        "empty": np.zeros((0, 3)),
        "scalar": np.array(True),
        "text": np.array(["a", "\u00e9\u4e16"], ">U3"),
        "größe": np.array([b"x", b"yz"]),
    }
    assert_same(reading(saved(arrays=arrays)), arrays)
    assert_same(reading(saved(np.savez_compressed, arrays)), arrays)


@pytest.mark.parametrize("n_rows", [1, 1 << 17, (1 << 17) + 1, 500_000])
def test_long_deflated_members(n_rows: int, reading: Callable[..., Contents]) -> None:
    noise = np.random.default_rng(0).random(n_rows)
    arrays = {"zeros": np.zeros((n_rows, 3)), "noise": noise, "steps": noise.round(1)}
    assert_same(reading(saved(np.savez_compressed, arrays)), arrays)


def test_infozip_members(tmp_path: Path) -> None:
    """The ``zip`` program adds times and owners in extra fields; bsdtar and others do so too."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("weights.npy")
        info.extra = struct.pack("<HHB", 0x5455, 1, 0)
        member = io.BytesIO()
        np.save(member, ARRAYS["weights"])
        archive.writestr(info, member.getvalue())
    (tmp_path / "m.npz").write_bytes(buffer.getvalue())
    found = read_contents(tmp_path / "m.npz")
    assert_same(found, {"weights": ARRAYS["weights"]})


def test_object_arrays_are_read_as_data(reading: Callable[..., Contents]) -> None:
    arrays = {
        "joint2num": np.array({"hips": 0, "head": 15}),
        "ragged": np.array([[1], [2, 3]], dtype=object),
    }
    found = reading(saved(arrays=arrays))
    assert found.notes == {"joint2num": "object array", "ragged": "object array"}
    joints, ragged = found.entries.values()
    assert isinstance(joints, ObjectArray)
    assert (joints.shape, list(joints.items)) == ((), [{"hips": 0, "head": 15}])
    assert isinstance(ragged, ObjectArray)
    assert (ragged.shape, list(ragged.items)) == ((2,), [[1], [2, 3]])


def test_offsets_in_object_arrays_count_from_the_member(reading: Callable[..., Contents]) -> None:
    header = npy(np.zeros((), "i8"))[:-8].replace(b"'<i8'", b"'|O8'")
    with pytest.raises(ModelReadError) as caught:
        reading(archive(Member("joint2num.npy", header + b"\x80\x02NN.")))
    assert caught.value.offset == len(header) + 4


def test_object_arrays_are_not_run(reading: Callable[..., Contents]) -> None:
    body = b"cos\nabort\n(tR."
    member = saved(arrays={"x": np.array(None)})
    start = member.index(b"\n", 40) + 1
    head = member[member.index(b"\x93NUMPY") : start]
    with pytest.raises(ModelReadError) as caught:
        reading(archive(Member("x.npy", head + body)))
    assert caught.value.key == "x"
    lying = head.replace(b"()", b"(2,)").replace(b"   \n", b" \n")
    with pytest.raises(ModelReadError, match="it does not hold an object array of shape \\(2,\\)"):
        reading(archive(Member("x.npy", lying + member[start : member.index(b"PK\1\2")])))


def test_stored_arrays_share_the_payload(reading: Callable[..., Contents]) -> None:
    found = reading(saved())
    for key, member in found.members.items():
        value = found.entries[key]
        assert isinstance(value, np.ndarray)
        assert np.shares_memory(value, np.frombuffer(member.payload, np.uint8))


def test_the_lying_writer_can_tell_the_truth(reading: Callable[..., Contents]) -> None:
    arrays = {key: ARRAYS[key] for key in ("weights", "f")}
    found = reading(archive(Member("weights.npy", W, method=8), good()))
    assert_same(found, arrays)
    zero = {"flags": 8, "crc": 0, "packed": 0, "size": 0}
    for after in (descriptor(W), descriptor(W)[4:]):
        first = Member("weights.npy", W, local=zero, central={"flags": 8}, after=after)
        assert_same(reading(archive(first, good())), arrays)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives(name: str, reading: Callable[..., Contents]) -> None:
    data, message = HOSTILE[name]
    with pytest.raises(ModelReadError) as caught:
        reading(data)
    assert message in str(caught.value)
    assert "model.npz: " in str(caught.value) and "\n" not in str(caught.value)


def test_extent_of_a_bomb(reading: Callable[..., Contents]) -> None:
    """Each member may be allowed, all together not; nothing is unpacked before that is known."""
    members = [Member(f"k{number}.npy", ZEROS, method=8) for number in range(4)]
    data = archive(*members)
    assert len(reading(data, Limits(unpacked_bytes=4 * len(ZEROS))).entries) == 4
    with pytest.raises(ModelReadError, match="which is too much for its size"):
        reading(data, Limits(unpacked_bytes=3 * len(ZEROS)))


@pytest.mark.parametrize("size", [0, 1, 21, 22, 50])
def test_nothing_but_junk(size: int, reading: Callable[..., Contents]) -> None:
    with pytest.raises(ModelReadError):
        reading(b"PK" + bytes(size))


def small(save: Callable[..., None]) -> bytes:
    return saved(save, {"weights": np.arange(2.0), "n": np.array(3)})


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_truncation(save: Callable[..., None], reading: Callable[..., Contents]) -> None:
    data = small(save)
    for n in range(len(data)):
        with pytest.raises(ModelReadError):
            reading(data[:n])


@pytest.mark.parametrize(
    "data",
    [
        small(np.savez),
        small(np.savez_compressed),
        streamed({"weights": np.arange(2.0), "n": np.array(3)}),
    ],
    ids=["stored", "deflated", "streamed"],
)
def test_every_flipped_bit(data: bytes, reading: Callable[..., Contents]) -> None:
    """Refused, or the very same arrays (a bit of a time or of the attributes)."""
    expected = {"weights": np.arange(2.0), "n": np.array(3)}
    n_refused = 0
    for at in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        try:
            found = reading(bytes(flipped))
        except ModelReadError:
            n_refused += 1
        else:
            assert_same(found, expected)
    assert n_refused > 0.8 * 8 * len(data)


def test_what_numpy_lets_pass(reading: Callable[..., Contents]) -> None:
    """Why zipfile is not used: it reads these three without a word, two of them wrongly."""
    short = archive(good(), Member("w.npy", W), here=1, count=1)
    twice = archive(good(), Member("f.npy", npy(np.zeros(3))))
    more = archive(good(), after=b"junk")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for data in (short, twice, more):
            np.load(io.BytesIO(data))["f"]
            with pytest.raises(ModelReadError):
                reading(data)


def test_zip64_records(reading: Callable[..., Contents]) -> None:
    plain = archive(good())
    tail = struct.unpack("<4s4H2LH", plain[-22:])
    count, size, start = tail[4:7]
    record = (b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    wide = struct.pack("<4sQ2H2L4Q", *record)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, start + size, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    body = plain[:-22]
    assert_same(reading(body + wide + locator + end), {"f": ARRAYS["f"]})
    assert_same(reading(body + wide + locator + plain[-22:]), {"f": ARRAYS["f"]})
    lie = struct.pack("<4s4H2LH", *tail[:4], count + 1, size, start, 0)
    moved = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    for data in (
        body + wide + locator + lie,
        body + wide + moved + end,
        body + wide[:4] + b"\0" + wide[5:] + locator + end,
        body + b"x" + wide + locator + end,
        body + locator + end,
    ):
        with pytest.raises(ModelReadError):
            reading(data)


def test_a_file_that_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = archive(good())
    (tmp_path / "m.npz").write_bytes(data)
    with open_input(tmp_path / "m.npz") as file:
        read_all = file.read_all

        def changed() -> memoryview:
            (tmp_path / "m.npz").write_bytes(data[:-1] + b"\1")
            return read_all()

        monkeypatch.setattr(file, "read_all", changed)
        with pytest.raises(ModelReadError, match="the file changed while it was read"):
            read_members(file)


def test_a_big_array_lies_in_memory_once(tmp_path: Path) -> None:
    np.savez(tmp_path / "big.npz", weights=np.ones((10 << 20,)))  # 80 MiB
    script = f"""
import resource
import smplprep.io.npz.read
from smplprep.io.read_model import read_contents
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
found = read_contents({str(tmp_path / "big.npz")!r})
grown = (peak() - before) / (1 << 20 if __import__("sys").platform == "darwin" else 1 << 10)
assert grown < 90, grown
"""
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_piece_at_a_time_is_no_less_strict(name: str, tmp_path: Path) -> None:
    """What is refused at once is refused here, too, be it only after the last piece."""
    data, _ = HOSTILE[name]
    (tmp_path / "m.npz").write_bytes(data)
    with open_input(tmp_path / "m.npz") as file, pytest.raises(ModelReadError):
        for member in open_members(file).values():
            collections.deque(member.body(), maxlen=0)
