"""The kinematic tree: odd spellings are read, impossible trees are refused by index."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import ModelInvalidError
from smplprep.geometry.kinematic_tree import (
    ancestors_or_self,
    edges_apart,
    in_line_within,
    leaf_siblings,
    parents_first,
    parents_of,
)


def table(parents, dtype=np.int64):
    return np.array([parents, range(len(parents))], dtype=dtype)


@pytest.mark.parametrize(
    ("root", "dtype"),
    [(-1, np.int32), (2**32 - 1, np.uint32), (2**63 - 1, np.int64), (-1, np.float64)],
)
def test_the_root_is_spelt_in_several_ways(root, dtype):
    assert parents_of(table([root, 0, 1], dtype)).tolist() == [-1, 0, 1]


def test_uint64_and_the_float_of_2_to_the_32_are_roots_too():
    assert parents_of(table([2**64 - 1, 0], np.uint64)).tolist() == [-1, 0]
    assert parents_of(table([2.0**32 - 1, 0], np.float64)).tolist() == [-1, 0]


@pytest.mark.parametrize(
    ("kintree_table", "message"),
    [
        (np.zeros((3, 4)), r"shape \(3, 4\), not \(2, J\)"),
        (table([-1, 0.5], np.float64), r"kintree_table\[0, 1\]: 0.5 is no whole number"),
        (table([-1, np.nan], np.float64), "nan is no whole number"),
        (table([-1, np.inf], np.float64), r"kintree_table\[0, 1\]"),
        (table([-1, -1, 0]), r"2 roots \[0, 1\], not one"),
        (table([1, 0]), "0 roots"),
        (np.array([[-1, 0], [0, 0.5]]), r"kintree_table\[1, 1\]: 0.5 is no whole number"),
        (table([-1, -2]), r"kintree_table\[0, 1\]: no joint -2 among 2"),
        (table([-1, 1e30], np.float64), r"kintree_table\[0, 1\]: no joint 10+\d+ among 2"),
        (table([-1, 7]), r"kintree_table\[0, 1\]: no joint 7 among 2"),
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
    assert edges_apart(parents).tolist() == [
        [0, 1, 2, 3, 2],
        [1, 0, 1, 2, 1],
        [2, 1, 0, 1, 2],
        [3, 2, 1, 0, 3],
        [2, 1, 2, 3, 0],
    ]


def test_jaw_and_eyes_are_leaf_siblings_and_nothing_else_is(standin):
    assert leaf_siblings(np.array([-1, 0, 1, 1, 1])) == [2, 3, 4]
    assert leaf_siblings(np.array([-1, 0, 1, 2, 1])) == []  # 3 and 4 have other parents
    assert leaf_siblings(np.array([-1, 0, 0, 2])) == []  # 1 is the one leaf of the root
    assert leaf_siblings(np.array([-1])) == []
    assert leaf_siblings(parents_of(standin.kintree_table)) == []
