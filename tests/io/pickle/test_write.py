"""Writing pickles: Python's own ``pickle.load`` must read them, and always the same bytes."""

from __future__ import annotations

import io
import pickle
import pickletools
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from smplprep.errors import ModelWriteError
from smplprep.io.check_written import identical
from smplprep.io.pickle import write as pickle_write
from smplprep.io.pickle.read import read_pickle
from smplprep.io.pickle.write import write_pickle
from smplprep.io.sparse import sparsify
from smplprep.records.contents import ObjectArray, Sparse

DENSE = np.array([[0, 0.5, 0.5, 0], [1, 0, 0, 0], [0, 0, 0, 2]])
MATRIX = sp.csr_matrix(DENSE)
COO = sp.coo_matrix(DENSE)
ENTRIES: dict[str, object] = {
    "v_template": np.arange(6.0).reshape(2, 3),
    "big_endian": np.arange(6, dtype=">i4"),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "half": np.arange(3, dtype=np.float16),
    "bool": np.array([True, False]),
    "zero_d": np.array(7, np.int64),
    "empty": np.zeros((0, 3)),
    "words": np.array(["word", "\u20ac\U0001f600"]),
    "octets": np.array([b"octets", b"\xff"]),
    "J_regressor": sparsify(DENSE),
    "csr": Sparse("csr", MATRIX.data, MATRIX.indices, MATRIX.indptr, MATRIX.shape),
    "coo": Sparse("coo", COO.data, COO.row, COO.col, COO.shape),
    "objects": ObjectArray((2, 2), [1, "x", None, np.arange(3.0)]),
    "bs_type": "lrotmin",
    "\u20ac": "\u20ac\n\0\U0001f600",
    "bytes": b"\x00\xff\n",
    "no bytes": b"",
    "integers": [0, -1, 255, 2**31 - 1, -(2**31), 2**31, -(2**31) - 1, 2**63, 2**64 - 1, -(2**63)],
    "floats": (0.0, -0.0, 1.5, float("inf")),
    "constants": [None, True, False],
    "nested": {"a": {3: [(), [], {}]}},
    "set": {"b", "a", 3, b"c", None},
    "no set": set(),
}


both = pytest.mark.parametrize("python2", [False, True], ids=["python3", "python2"])


def written(entries: dict[str, Any], *, python2: bool = False) -> bytes:
    out = io.BytesIO()
    write_pickle(entries, out, python2=python2)
    return out.getvalue()


def plain(value: Any) -> Any:
    """As numpy and scipy make it."""
    if isinstance(value, ObjectArray):
        array = np.empty(len(value.items), object)
        array[:] = [plain(item) for item in value.items]
        return array.reshape(value.shape)
    return value


def assert_loaded(found: Any, expected: Any) -> None:
    expected = plain(expected)
    if isinstance(expected, Sparse):
        assert type(found) is getattr(sp, f"{expected.layout}_matrix")
        assert found.shape == expected.shape
        np.testing.assert_array_equal(found.toarray(), DENSE)
        # scipy works with it, and finds nothing wrong.
        np.testing.assert_array_equal((found @ np.eye(4)), DENSE)
        np.testing.assert_array_equal(found.tocsc().tocoo().tocsr().toarray(), DENSE)
        found.check_format() if expected.layout != "coo" else found._check()
        assert "sparse matrix" in repr(found)
        assert str(found)
    elif isinstance(expected, np.ndarray):
        assert type(found) is np.ndarray
        assert found.dtype == expected.dtype.newbyteorder("=")
        assert found.shape == expected.shape
        assert found.flags.writeable
        assert found.flags.c_contiguous
        if expected.dtype.hasobject:
            assert repr(found) == repr(expected)
        else:
            np.testing.assert_array_equal(found, expected)
    else:
        assert type(found) is type(expected)
        assert found == expected


def numpy_load(data: bytes) -> Any:
    return np.load(io.BytesIO(data), allow_pickle=True)


def joblib_load(data: bytes) -> Any:
    return pytest.importorskip("joblib").load(io.BytesIO(data))


def assert_all_loaded(found: Any) -> None:
    assert list(found) == list(ENTRIES)
    for key, expected in ENTRIES.items():
        assert_loaded(found[key], expected)


@pytest.mark.parametrize("encoding", ["latin1", "bytes"])
@both
def test_python_loads_it(encoding: str, python2: bool) -> None:
    assert_all_loaded(pickle.loads(written(ENTRIES, python2=python2), encoding=encoding))


@pytest.mark.parametrize("load", [pickle.loads, pickle._loads, numpy_load, joblib_load])
def test_everything_that_unpickles_loads_it_without_an_encoding(load: Any) -> None:
    assert_all_loaded(load(written(ENTRIES)))


@both
def test_our_reader_gives_the_same_back(python2: bool) -> None:
    body = written(ENTRIES, python2=python2)
    entries = read_pickle(body).value
    for key in ("big_endian", "fortran"):
        native = np.ascontiguousarray(ENTRIES[key], ENTRIES[key].dtype.newbyteorder("="))
        assert identical(entries[key], native)
    rest = [key for key in ENTRIES if key not in ("big_endian", "fortran", "set")]
    assert [key for key in rest if not identical(entries[key], ENTRIES[key])] == []
    assert entries["set"] == ENTRIES["set"]
    assert written(entries, python2=python2) == body


@both
@given(nps.arrays(nps.scalar_dtypes(), nps.array_shapes(min_dims=0, min_side=0)))
def test_every_dtype_is_written_exactly_or_refused(python2: bool, array: np.ndarray) -> None:
    try:
        body = written({"array": array}, python2=python2)
    except ModelWriteError as error:
        assert array.dtype.kind not in "biu"
        assert error.key == "array"
        return
    found = pickle.loads(body, encoding="latin1")["array"]
    assert found.dtype == array.dtype.newbyteorder("=")
    assert found.tobytes() == np.ascontiguousarray(array, found.dtype).tobytes()


@both
@given(st.integers(-(2**63), 2**64 - 1))
def test_every_integer(python2: bool, value: int) -> None:
    body = written({"integer": value}, python2=python2)
    assert pickle.loads(body) == read_pickle(body).value == {"integer": value}


def test_another_process_writes_the_same_bytes() -> None:
    script = (
        "import sys; from smplprep.io.pickle.write import write_pickle\n"
        "write_pickle({'set': {'a', 'b', 'c', 'd', 1, 2}}, sys.stdout.buffer)"
    )
    run = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
        for _ in range(3)
    ]
    assert run[0] == run[1] == run[2]


@both
def test_its_protocol_and_names_are_those_that_everybody_has(python2: bool) -> None:
    names, newest = set(), 0
    for opcode, argument, _ in pickletools.genops(written(ENTRIES, python2=python2)):
        newest = max(newest, opcode.proto)
        if opcode.name == "GLOBAL":
            names.add(argument)
    assert newest == (2 if python2 else 4)
    assert names == ({"_codecs encode", "__builtin__ set"} if python2 else set()) | {
        "numpy dtype",
        "numpy ndarray",
        "numpy.core.multiarray _reconstruct",
        "scipy.sparse coo_matrix",
        "scipy.sparse csc_matrix",
        "scipy.sparse csr_matrix",
    }


def test_bulk_goes_out_as_it_lies_in_memory() -> None:
    bulk = np.arange(1 << 18, dtype=np.uint8)
    pieces: list[Any] = []

    class Out:
        def write(self, data: bytes | memoryview) -> None:
            pieces.append(data)

    write_pickle({"bulk": bulk}, Out())
    views = [np.frombuffer(piece, np.uint8) for piece in pieces if len(piece) > 1000]
    assert sum(map(len, views)) == len(bulk)
    assert all(np.shares_memory(view, bulk) for view in views)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1j, "a value of type complex cannot be written to a pickle"),
        (np.float32(1), "a value of type float32 cannot be written to a pickle"),
        ([{"a": range(3)}], "a value of type range cannot be written to a pickle"),
        (np.zeros(2, complex), "dtype complex128 cannot be written to a pickle"),
        (np.array([None]), "dtype object cannot be written to a pickle"),
        (np.zeros(2, "f8,i4"), "dtype [('f0', '<f8'), ('f1', '<i4')] cannot be written"),
    ],
    ids=repr,
)
def test_what_cannot_be_written(value: object, message: str) -> None:
    with pytest.raises(ModelWriteError) as caught:
        written({"good": 1, "bad": value})
    assert caught.value.message.startswith(message)
    assert caught.value.key == "bad"


def test_a_body_too_long_for_a_short_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_write, "_MAX_BINBYTES", 8)
    monkeypatch.setattr(pickle_write, "_MAX_BINSTRING", 8)
    array = np.arange(9, dtype=np.uint8)
    body = written({"long": array})
    assert "BINBYTES8" in {opcode.name for opcode, _, _ in pickletools.genops(body)}
    assert_loaded(pickle.loads(body)["long"], array)
    assert identical(read_pickle(body).value["long"], array)
    with pytest.raises(ModelWriteError, match="9 bytes is too long") as caught:
        written({"long": array}, python2=True)
    assert caught.value.key == "long"
