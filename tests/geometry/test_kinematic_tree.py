"""The kinematic tree: odd spellings are read, impossible trees are refused by index."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import ModelInvalidError
from smplprep.geometry.kinematic_tree import (
    ancestors_or_self,
    in_line_within,
    leaf_siblings,
    parents_first,
    parents_of,
)


def table(parents, dtype=np.int64):
    return np.array([parents, range(len(parents))], dtype=dtype)


INTEGERS = [np.dtype(f"{order}{kind}") for order in "<>" for kind in ("i1", "i2", "i4", "i8")]
INTEGERS += [np.dtype(f"{order}{kind}") for order in "<>" for kind in ("u1", "u2", "u4", "u8")]
FLOATS = [np.dtype(f"{order}f{size}") for order in "<>" for size in (2, 4, 8)]
SPELLINGS = (-1, 0, 255, 65535, 2**32 - 1, 2**63 - 1, 2**64 - 1)


def holds(dtype, number):
    """Whether the type has the number, or infinity for it."""
    if dtype.kind == "f":
        return dtype.itemsize > 2 or number <= 65535
    return np.iinfo(dtype).min <= number <= np.iinfo(dtype).max


@pytest.mark.parametrize(
    ("root", "dtype"),
    [(n, dtype) for n in SPELLINGS for dtype in (*INTEGERS, *FLOATS) if holds(dtype, n)],
    ids=str,
)
def test_the_root_is_spelt_in_many_ways(root, dtype):
    with np.errstate(over="ignore"):
        kintree_table = table([root, 0, 1], np.float64 if dtype.kind == "f" else object)
        kintree_table = kintree_table.astype(dtype)
    assert parents_of(kintree_table).tolist() == [-1, 0, 1]


def test_the_largest_of_each_signed_type_is_a_root():
    for dtype in (np.int8, np.int16, np.int32, np.int64):
        assert parents_of(table([np.iinfo(dtype).max, 0], dtype)).tolist() == [-1, 0]


def test_a_joint_of_a_number_that_spells_none_is_a_joint():
    chain = [-1, *range(299)]
    assert parents_of(table(chain))[256] == 255
    chain[0] = 255
    with pytest.raises(ModelInvalidError, match="0 roots"):
        parents_of(table(chain))


def test_a_joint_that_is_its_own_parent_is_the_root():
    assert parents_of(table([1, 1, 1])).tolist() == [1, -1, 1]
    with pytest.raises(ModelInvalidError, match=r"2 roots \[0, 2\], not one"):
        parents_of(table([-1, 0, 2]))


@pytest.mark.parametrize(
    ("kintree_table", "message"),
    [
        (np.zeros((3, 4)), r"shape \(3, 4\), not \(2, J\)"),
        (table([-1, 0.5], np.float64), r"kintree_table\[0, 1\]: 0.5 is not an integer"),
        (table([-1, np.nan], np.float64), "nan is not an integer"),
        (table([-1, np.inf], np.float64), r"kintree_table\[0, 1\]"),
        (table([-1, -1, 0]), r"2 roots \[0, 1\], not one"),
        (table([1, 0]), "0 roots"),
        (np.array([[-1, 0], [0, 0.5]]), r"kintree_table\[1, 1\]: 0.5 is not an integer"),
        (table([-1, -2]), r"kintree_table\[0, 1\]: parent -2 is not one of the 2"),
        (
            table([-1, 1e30], np.float64),
            r"kintree_table\[0, 1\]: parent 10+\d+ is not one of the 2",
        ),
        (table([-1, 7]), r"kintree_table\[0, 1\]: parent 7 is not one of the 2"),
        (table([-1, 2, 1]), "joint 1 is its own ancestor"),
    ],
)
def test_impossible_trees_are_refused(kintree_table, message):
    with pytest.raises(ModelInvalidError, match=message) as error:
        parents_of(kintree_table)
    assert error.value.key == "kintree_table"


def test_ancestors_and_lines_of_a_small_tree():
    """0 - 1 - 2 - 3 with a second child 4 of joint 1; the file lists a child before its parent."""
    parents = np.array([-1, 0, 1, 2, 1])
    assert np.flatnonzero(ancestors_or_self(parents)[3]).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(in_line_within(parents, 1)[1]).tolist() == [0, 1, 2, 4]
    assert np.flatnonzero(in_line_within(parents, 2)[4]).tolist() == [0, 1, 4]  # 2 is a sibling
    assert parents_first(np.array([1, -1])) == [1, 0]


def test_jaw_and_eyes_are_leaf_siblings_and_nothing_else_is(standin):
    assert leaf_siblings(np.array([-1, 0, 1, 1, 1])) == [2, 3, 4]
    assert leaf_siblings(np.array([-1, 0, 1, 2, 1])) == []  # 3 and 4 have other parents
    assert leaf_siblings(np.array([-1, 0, 0, 2])) == []  # 1 is the one leaf of the root
    assert leaf_siblings(np.array([-1])) == []
    assert leaf_siblings(parents_of(standin.kintree_table)) == []
