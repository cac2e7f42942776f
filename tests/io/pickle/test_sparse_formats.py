"""Every sparse format of scipy, in every protocol, by the module names of old and new scipy."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from model_files import assert_read, model_dict
from pickles import instance, named, short

from smplprep.errors import ModelReadError
from smplprep.io.pickle.read import read_pickle
from smplprep.io.sparse import densify
from smplprep.records.contents import DEFAULT_LIMITS

FORMATS = ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")
KINDS = [f"{name}_{twin}" for name in FORMATS for twin in ("matrix", "array")]
DENSE = np.array([[0, 1.5, 0, -2], [0, 0, 0, 0], [3, 0, 0, 0], [0, 0, 4, 5]])


def dense(value: Any) -> np.ndarray:
    return densify(value, limits=DEFAULT_LIMITS)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_read(kind: str, protocol: int) -> None:
    for array in (DENSE, DENSE.T.copy(), DENSE[:2], DENSE.astype(np.float32), np.zeros((3, 2))):
        body = pickle.dumps(getattr(sp, kind)(array), protocol)
        found = dense(read_pickle(body).value)
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_with_sparse_arrays_is_read(kind: str, tmp_path: Path) -> None:
    entries = model_dict()
    for key in ("weights", "J_regressor"):
        entries[key] = getattr(sp, kind)(entries[key])
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(entries))
    model = assert_read(tmp_path / "m.pkl")
    assert set(model.source.sparse) == {"weights", "J_regressor"}
    assert model.source.notes["weights"].endswith(kind)


@pytest.mark.parametrize("name", FORMATS)
def test_modules_of_old_scipy(name: str) -> None:
    body = pickle.dumps(getattr(sp, f"{name}_matrix")(DENSE), 2)
    old = body.replace(f"scipy.sparse._{name}".encode(), f"scipy.sparse.{name}".encode())
    assert old != body
    np.testing.assert_array_equal(dense(read_pickle(old).value), DENSE)


def test_a_dok_matrix_of_old_scipy_is_a_dict_with_attributes() -> None:
    """Before scipy 1.8: an object made by its class, items set as in a dict, then its state."""
    items = b"(" + b"K\x00K\x01\x86G?\xf8\0\0\0\0\0\0" + b"K\x02K\x00\x86G@\x08\0\0\0\0\0\0" + b"u"
    state = b"}(" + short("_shape") + b"K\x03K\x02\x86" + b"ub."
    found = read_pickle(named("scipy.sparse.dok", "dok_matrix") + b")\x81" + items + state).value
    np.testing.assert_array_equal(dense(found), [[0, 1.5], [0, 0], [3, 0]])


def test_blocks_and_duplicates_add_up() -> None:
    blocks = sp.bsr_matrix(
        (np.arange(1.0, 13).reshape(3, 2, 2), np.array([1, 1, 0]), np.array([0, 2, 3])),
        shape=(4, 4),
    )
    np.testing.assert_array_equal(dense(read_pickle(pickle.dumps(blocks)).value), blocks.toarray())
    diagonals = sp.dia_matrix((np.arange(1.0, 13).reshape(3, 4), [0, -2, 1]), shape=(3, 5))
    np.testing.assert_array_equal(
        dense(read_pickle(pickle.dumps(diagonals)).value), diagonals.toarray()
    )


def broken(kind: str, **attributes: Any) -> bytes:
    """A matrix whose attributes are no longer what scipy made them."""
    matrix = getattr(sp, f"{kind}_matrix")(DENSE)
    vars(matrix).update(attributes)
    return pickle.dumps(matrix, 2)


def rows(*items: Any) -> np.ndarray:
    array = np.empty(len(items), object)
    array[:] = items
    return array


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (broken("lil", rows=rows([9, 1], [], [0], [2, 3])), r"column\[0\] is 9, not below 4"),
        (broken("lil", rows=rows([1, 9], [], [0], [2, 3])), r"column\[1\] is 9, not below 4"),
        (broken("lil", rows=rows([1, -1], [], [0], [2, 3])), r"column\[1\] is -1, not below 4"),
        (broken("lil", rows=rows([1, 3], [], [0])), "differ in number"),
        (broken("lil", rows=rows(1, 2, 3, 4)), "differ in number"),
        (broken("lil", rows=[[1, 3], [], [0], [2, 3]]), "differ in number"),
        (broken("lil", data=rows(["a", 1], [], [0], [2, 3])), "with a value that is not a number"),
        (
            broken("lil", data=rows([[1], [1]], [], [[0]], [[2], [3]])),
            "with a value that is not a number",
        ),
        (broken("bsr", data=np.zeros((2, 0, 1))), "without blocks"),
        (broken("bsr", data=np.zeros(5)), "without blocks"),
        (broken("bsr", data=np.zeros((2, 3, 3))), "whose blocks do not fit"),
        (broken("bsr", indices=np.full(9, 99, np.int32)), "damaged csr matrix"),
        (broken("dia", offsets=np.array([99, 0, 1, 3], np.int32)), "diagonal"),
        (broken("dia", offsets=np.array([-(2**63)] * 4)), "diagonal"),
        (broken("dia", offsets=np.array([2**64 - 1] * 4, np.uint64)), "diagonal"),
        (broken("dia", offsets=np.zeros(99, np.int32)), "without a place for each diagonal"),
        (broken("dia", _shape=(2**40, 2**40)), None),
        (broken("coo", _shape=(1,)), "that is not two-dimensional"),
    ],
)
def test_what_scipy_would_believe(body: bytes, message: str | None) -> None:
    if message is None:  # a small matrix that would be huge when dense
        with pytest.raises(ModelReadError, match="when dense"):
            dense(read_pickle(body).value)
        return
    with pytest.raises(ModelReadError, match=message):
        read_pickle(body)


def test_keys_of_a_dok_matrix() -> None:
    name = named("scipy.sparse._dok", "dok_matrix")
    shape = {"_shape": b"K\x02K\x02\x86"}
    for key, message in [
        (b"K\x05K\x00\x86", r"row\[0\] is 5, not below 2"),
        (b"K\x01", "a key that is not"),
        (b"K\x01K\x01K\x01\x87", "a key that is not"),
        (b"G?\xf8\0\0\0\0\0\0K\x00\x86", "a key that is not"),
        (short("x") + b"K\x00\x86", "a key that is not"),
    ]:
        items = b"}(" + key + b"K\x01u"
        with pytest.raises(ModelReadError, match=message):
            read_pickle(instance(name, _dict=items, **shape) + b".")
