"""Reading pickles as data. Python's own pickler and real chumpy wrote them; their values decide."""

from __future__ import annotations

import collections
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from smplprep.errors import ModelReadError
from smplprep.io.pickle.read import read_pickle
from smplprep.io.read_model import read_contents
from smplprep.io.sparse import densify
from smplprep.records.contents import DEFAULT_LIMITS, Limits, ObjectArray, Sparse

RECORDED = Path(__file__).parent / "recorded"
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)

ARRAYS = [
    np.arange(6.0).reshape(2, 3),
    np.arange(6, dtype=">i4").reshape(2, 3),
    np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)),
    np.arange(24, dtype=np.uint8).reshape(2, 3, 4).transpose(2, 0, 1),
    np.arange(20.0)[::-3],
    np.arange(3, dtype=np.float16),
    np.array([2**64 - 1, 0], np.uint64),
    np.array(7, np.int64),
    np.zeros((0, 3)),
    np.array([True, False]),
    np.array(["word", "", "\u20ac\U0001f600"]),
    np.array([b"octets", b"\xff"]),
    np.arange(9000.0),
]
VALUES = [
    None,
    [True, False, 0, -1, 255, 256, 65536, -(2**31), 2**31, 2**63, -(2**63), 2**64 - 1],
    [0.0, -0.0, 1.5, 1e22, -2.5e-300, float("inf")],
    ["", "lrotmin", "\u20ac\n\\u0041\0\x1a\U0001f600", "x" * 300],
    [b"", b"\x00\xff\n", b"x" * 300, b"\xe9" * 70_000],
    {"a": {"b": [1, (2,), ()]}, 3: (1, 2, 3), None: [], b"k": (1, 2, 3, 4), 2.5: True},
    {1, "two", b"three", 4.0, None},
    set(),
]


def assert_same(found: Any, expected: Any) -> None:
    """Equal in type and value; ``expected`` as numpy and scipy know it."""
    if sp.issparse(expected):
        assert isinstance(found, Sparse)
        np.testing.assert_array_equal(densify(found, limits=DEFAULT_LIMITS), expected.toarray())
    elif isinstance(expected, np.ndarray) and expected.dtype.hasobject:
        assert isinstance(found, ObjectArray)
        assert found.shape == expected.shape
        assert_same(found.items, expected.reshape(-1).tolist())
    elif isinstance(expected, np.ndarray | np.generic):
        assert isinstance(found, np.ndarray)
        assert found.dtype == expected.dtype.newbyteorder("=")
        assert found.shape == expected.shape
        assert not found.flags.writeable
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, dict):
        assert type(found) is dict
        assert list(found) == list(expected)
        assert_same(list(found.values()), list(expected.values()))
    elif isinstance(expected, list | tuple):
        assert (type(found), len(found)) == (type(expected), len(expected))
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        assert type(found) is type(expected)
        assert repr(found) == repr(expected) or found == expected


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype.str}{array.shape}")
def test_arrays(array: np.ndarray, protocol: int) -> None:
    assert_same(read_pickle(pickle.dumps(array, protocol)).value, array)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_plain_values(value: object, protocol: int) -> None:
    assert_same(read_pickle(pickle.dumps(value, protocol)).value, value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["csc", "csr", "coo"])
@pytest.mark.parametrize("twin", ["matrix", "array"])
def test_scipy_matrices(kind: str, twin: str, protocol: int) -> None:
    dense = np.array([[0, 0.5, 0.5, 0], [1, 0, 0, 0], [0, 0, 0, 2]])
    matrix = getattr(sp, f"{kind}_{twin}")(dense)
    found = read_pickle(pickle.dumps({"J_regressor": matrix}, protocol))
    assert_same(found.value, {"J_regressor": matrix})
    assert found.notes[id(found.value)] == {"J_regressor": f"scipy.sparse._{kind}.{kind}_{twin}"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_object_arrays(protocol: int) -> None:
    objects = np.empty((2, 3), object, order="F")
    objects[:] = [[1, "x", None], [[2, 3], np.arange(3.0), {"k": b"v"}]]
    found = read_pickle(pickle.dumps({"joint2num": objects}, protocol))
    assert_same(found.value, {"joint2num": objects})
    assert found.notes[id(found.value)] == {"joint2num": "object array"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scalars_and_ordered_dicts(protocol: int) -> None:
    entries = collections.OrderedDict([(np.str_("b"), np.float32(1.5)), ("a", np.int64(-3))])
    found = read_pickle(pickle.dumps(entries, protocol)).value
    assert_same(found, {"b": np.float32(1.5), "a": np.int64(-3)})


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_shared_and_discarded_objects(protocol: int) -> None:
    array, items = np.arange(3.0), [1, 2]
    recursive: tuple[list[object]] = ([],)
    recursive[0].append((recursive[0],))
    value = {"a": array, "b": array, "c": items, "d": (items, items)}
    assert_same(read_pickle(pickle.dumps(value, protocol)).value, value)
    with pytest.raises(ModelReadError, match="nested deeper than 32 levels, or in itself"):
        read_pickle(pickle.dumps(recursive, protocol))


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | nps.arrays(st.sampled_from(["<f4", ">f8", "<i2", ">u4", "|b1"]), nps.array_shapes()),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(PLAIN, st.sampled_from(PROTOCOLS))
def test_whatever_python_pickles(value: object, protocol: int) -> None:
    assert_same(read_pickle(pickle.dumps(value, protocol)).value, value)


def recorded_model() -> dict[str, object]:
    """What ``recorded/make.py`` pickled, with chumpy's objects as their arrays."""
    whole = np.arange(12.0).reshape(4, 3)
    return {
        "v_template": whole,
        "shapedirs": whole[:, :2],
        "posedirs": np.arange(24.0).reshape(2, 3, 4),
        "weights": np.arange(6, dtype="f4").reshape(2, 3),
        "f": np.arange(6, dtype=np.uint32).reshape(2, 3),
        "kintree_table": np.array([[2**32 - 1, 0], [0, 1]], np.int64),
        "J_regressor": sp.csc_matrix(np.array([[0, 0.5, 0.5], [1.0, 0, 0]])),
        "coo": sp.coo_matrix(np.eye(2)),
        "csr": sp.csr_matrix(np.eye(2)),
        "bs_type": "lrotmin",
        "name": "\u20ac",
        "quotes": "caf\xe9 '\"\\\n\t",
        "numbers": [2**63, -7, 1.5e-300, 1e22, True, None],
        "scalar": np.float32(2),
        "words": np.array(["ab", "\xe9"]),
        "octets": np.array([b"x\n", b"yz"]),
        "objects": np.array([1, "x", None], object),
        "set": {1, 2},
        "nested": (1, [2, {"k": 3.25}]),
    }


@pytest.mark.parametrize("name", ["python2-0", "python2-1", "python2-2", "python3-2", "python3-4"])
def test_recorded_files_of_real_chumpy(name: str) -> None:
    found = read_contents(RECORDED / f"{name}.pkl")
    entries, notes = found.entries, found.notes
    expected = recorded_model()
    assert_same({key: entries[key] for key in expected}, expected)
    assert len(entries) == len(expected)
    modules = "scipy.sparse." if name.startswith("python2") else "scipy.sparse._"
    assert notes == {
        "v_template": "chumpy.ch.Ch",
        "shapedirs": "chumpy.reordering.Select",
        "J_regressor": f"{modules}csc.csc_matrix",
        "coo": f"{modules}coo.coo_matrix",
        "csr": f"{modules}csr.csr_matrix",
        "objects": "object array",
    }


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_a_bulk_that_lies_right_stays_a_view_of_the_file(protocol: int) -> None:
    bulk = np.arange(5000, dtype=np.uint8)
    file = np.frombuffer(pickle.dumps(bulk, protocol), np.uint8)
    assert np.shares_memory(read_pickle(file.data).value, file)


def test_python_2_text() -> None:
    found = read_pickle(b"}(U\x01aU\x02\xc3\xa9U\x02\xc3\xa9]U\x01\xffau.").value
    assert found == {"a": "\xc3\xa9", "\xc3\xa9": ["\xff"]}
    long = read_pickle(b"T\x01\x10\0\0" + 0x1001 * b"x" + b".").value
    assert long == 0x1001 * b"x"


def test_protocol_0_booleans() -> None:
    assert_same(read_pickle(b"(I00\nI01\nI1\nI-1\nt.").value, (False, True, 1, -1))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"].", "the file holds a list, not a dict of arrays"),
        (b"N.", "the file holds nothing, not a dict of arrays"),
        (b"}K\x01Ns.", "the key 1 is not text"),
    ],
)
def test_a_model_is_a_dict_with_text_for_keys(body: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"\x80\x02" + body)
    with pytest.raises(ModelReadError) as caught:
        read_contents(tmp_path / "m")
    assert str(caught.value) == f"{tmp_path / 'm'}: {message}"


def test_errors_name_file_key_and_place(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    body = pickle.dumps({"f": [1], "weights": np.arange(3, dtype=complex)}, 2)
    path.write_bytes(body)
    with pytest.raises(ModelReadError) as caught:
        read_contents(path)
    error = caught.value
    assert error.message == "dtype c16 does not belong in a body model"
    assert (error.path, error.key) == (str(path), "weights")
    assert body[error.offset : error.offset + 1] == b"R"


def test_limits() -> None:
    array = pickle.dumps(np.arange(100.0), 4)
    for limits, message in [
        (Limits(array_bytes=799), "over the limit of 799 bytes"),
        (Limits(opcodes=5), "more than 5 parts"),
        (Limits(depth=1), "nested deeper than 1 levels"),
    ]:
        with pytest.raises(ModelReadError, match=message):
            read_pickle(array, limits=limits)
