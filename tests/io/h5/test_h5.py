"""HDF5 both ways: what is written comes back to the bit, and hostile files end in a sentence."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hdf5 import HOSTILE, largest, made, texts_that_widen, zeros

from smplprep import read_model, write_model
from smplprep.errors import ModelReadError, ModelWriteError
from smplprep.io.check_written import identical
from smplprep.io.h5 import read as h5_read
from smplprep.io.h5.write import write_h5
from smplprep.io.read_model import read_contents
from smplprep.io.sparse import sparsify
from smplprep.records.contents import Contents, Limits, Sparse

pytestmark = pytest.mark.slow

ENTRIES = {
    "zeta": np.arange(6.0).reshape(2, 3),
    "alpha": np.arange(4, dtype=np.uint32),
    "half": np.array([1, -2], np.float16),
    "wide": np.array([[2**63 + 1]], np.uint64),
    "yes": np.array(True),
    "nothing": np.zeros((0, 3), np.float32),
    "text": np.array("lrotmin"),
    "texts": np.array([["é", "日本語"], ["", "a"]]),
    "bytes": np.array([b"ab\xff", b"c"]),
    "matrix": sparsify(np.diag([1.0, 2.0, 0.0])),
}


def encoded(entries: dict = ENTRIES, **options: bool) -> bytes:
    out = io.BytesIO()
    write_h5(entries, out, **options)
    return out.getvalue()


@pytest.fixture
def reading(tmp_path: Path) -> Callable[..., Contents]:
    def read(data: bytes, limits: Limits | None = None) -> Contents:
        path = tmp_path / "model.h5"
        path.write_bytes(data)
        return read_contents(path, limits=limits or Limits())

    return read


@pytest.mark.parametrize("compress", [False, True])
def test_what_is_written_comes_back(compress: bool, reading: Callable[..., Contents]) -> None:
    found = reading(encoded(compress=compress))
    assert found.container == "h5"
    assert list(found.entries) == list(ENTRIES)
    for key, value in ENTRIES.items():
        assert identical(found.entries[key], value), key
        assert isinstance(value, Sparse) or not found.entries[key].flags.writeable


def test_others_read_it_too() -> None:
    with h5py.File(io.BytesIO(encoded()), "r") as file:
        assert file["zeta"][1, 2] == 5.0
        assert file["text"].asstr()[()] == "lrotmin"
        assert file["texts"].asstr()[0, 1] == "日本語"
        assert set(file["matrix"]) == {"data", "indices", "indptr", "shape"}
        assert file["matrix"].attrs["layout"] == b"csc"


def test_the_same_bytes_at_another_time_in_another_process() -> None:
    first = encoded()
    time.sleep(1.1)  # HDF5 counts in seconds
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from test_h5 import encoded\nsys.stdout.buffer.write(encoded())"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent), *sys.path]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout == first


def test_keys_that_hdf5_would_take_for_paths() -> None:
    with pytest.raises(ModelWriteError, match=r"cannot be a name in a \.h5"):
        encoded({"a/b": np.zeros(1)})


def test_a_model_there_and_back(small_model, tmp_path: Path) -> None:
    model = small_model(bs_type=np.array("lrotmin", "<U20"))
    write_model(model, tmp_path / "m.h5")
    found = read_model(tmp_path / "m.h5")
    write_model(found, tmp_path / "m.npz")
    again = read_model(tmp_path / "m.npz")
    for key, value in model.entries().items():
        assert np.array_equal(value, found.entries()[key])
        assert np.array_equal(value, again.entries()[key])
    assert list(again.entries()) == list(model.entries())


def test_files_of_other_writers(reading: Callable[..., Contents]) -> None:
    """Big-endian numbers, texts of any length, chunks with a checksum, an old library's format."""
    memory = io.BytesIO()
    with h5py.File(memory, "w", libver="latest") as file:
        file["big"] = np.arange(3, dtype=">f8")
        file["text"] = "as long as it is: é"
        file["texts"] = ["a", "bcd"]
        chunked = {"chunks": (10, 10), "compression": 9, "shuffle": True, "fletcher32": True}
        file.create_dataset("packed", data=np.ones((15, 15)), **chunked)
        group = file.create_group("matrix")
        for name, value in (
            ("data", [5.0]),
            ("indices", [2]),
            ("indptr", [0, 1]),
            ("shape", [1, 3]),
        ):
            group[name] = value
    entries = reading(memory.getvalue()).entries
    assert entries["big"].dtype == np.float64
    assert entries["big"].tolist() == [0, 1, 2]
    assert str(entries["text"]) == "as long as it is: é"
    assert entries["texts"].tolist() == ["a", "bcd"]
    assert entries["packed"].sum() == 225
    assert (entries["matrix"].layout, entries["matrix"].shape) == ("csr", (1, 3))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name: str, reading: Callable[..., Contents]) -> None:
    build, message = HOSTILE[name]
    start = time.monotonic()
    with pytest.raises(ModelReadError) as caught:
        reading(made(build))
    assert message in str(caught.value)
    assert "model.h5: " in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - start < 3


def test_bombs(reading: Callable[..., Contents]) -> None:
    with pytest.raises(ModelReadError, match="over the limit"):
        reading(made(zeros))
    with pytest.raises(ModelReadError, match="too much memory"):
        reading(made(texts_that_widen))
    packed = reading(made(largest)).entries["weights"]
    assert packed.nbytes == 1 << 28


def test_cut_anywhere_and_flipped(reading: Callable[..., Contents]) -> None:
    """Read or refused; a file that says less than it did must not come through as whole."""
    body = encoded()
    for end in range(8, len(body), len(body) // 12):
        with pytest.raises(ModelReadError):
            reading(body[:end])
    random = np.random.RandomState(0)
    for _ in range(12):
        bad = bytearray(body)
        for at in random.randint(8, 2000, size=3):
            bad[at] = random.randint(256)
        try:
            reading(bytes(bad))
        except ModelReadError as error:
            assert "\n" not in str(error)


CHILDREN = {
    "crashes": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "the library fails"),
    "runs on": ("while True: pass", "takes too long"),
    "says nothing": ("", "gives no list"),
    "a long list": ("import sys; sys.stdout.buffer.write(b'\\xff' * 8)", "gives no list"),
    "no JSON": ("import sys; sys.stdout.buffer.write(b'\\1' + bytes(7) + b'?')", "gives no list"),
    "objects": (
        "import sys, struct, json\n"
        "t = json.dumps([dict(key='a', part='', layout='', dtype='|O8', shape=[1])]).encode()\n"
        "sys.stdout.buffer.write(struct.pack('<Q', len(t)) + t + bytes(8))",
        "an unknown type",
    ),
    "too little": (
        "import sys, struct, json\n"
        "t = json.dumps([dict(key='a', part='', layout='', dtype='<f8', shape=[2])]).encode()\n"
        "sys.stdout.buffer.write(struct.pack('<Q', len(t)) + t + bytes(8))",
        "needs 16 bytes, 8 are there",
    ),
    "no list at all": (
        "import sys, struct\nsys.stdout.buffer.write(struct.pack('<Q', 4) + b'null')",
        "gives no list",
    ),
}


@pytest.mark.parametrize("name", CHILDREN)
def test_the_child_is_not_trusted(
    name: str,
    reading: Callable[..., Contents],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, message = CHILDREN[name]
    (tmp_path / "child.py").write_text("import sys; sys.stdin.buffer.read()\n" + code)
    monkeypatch.setattr(h5_read, "CHILD", tmp_path / "child.py")
    monkeypatch.setattr(h5_read, "_WALL", 1)
    with pytest.raises(ModelReadError, match=message):
        reading(encoded())


def test_the_child_can_open_nothing_and_has_an_end(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import child\nchild.rehearse()\nchild.confine(1 << 30, 1)\n"
        "try:\n    open('/etc/passwd')\n    print('opened')\nexcept OSError: print('refused')\n"
        "try: bytearray(1 << 32)\nexcept MemoryError: print('refused', flush=True)\n"
        "while True: pass"
    )
    command = [sys.executable, "-c", code, str(h5_read.CHILD.parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert done.stdout.split() == ["refused", "refused"]
    assert done.returncode < 0
