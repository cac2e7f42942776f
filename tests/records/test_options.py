"""Options refuse what they cannot be, wherever they come from."""

from __future__ import annotations

import json

import numpy as np
import pytest

from smplprep import Options, SmplprepError


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"shapedirs": "zeros"}, "shapedirs 'zeros' is none of keep, zero"),
        ({"dtype": "float16"}, "dtype 'float16' is none of same, float32"),
        ({"hops": 1.5}, "hops 1.5 is no whole number"),
        ({"hops": True}, "hops True is no whole number"),
        ({"max_influences": 1.5}, "max_influences 1.5 is no whole number"),
        ({"tolerance": None}, "tolerance None is no finite number"),
        ({"tolerance": float("nan")}, "tolerance nan is no finite number"),
        ({"regressor_tolerance": "5"}, "regressor_tolerance '5' is no finite number"),
        ({"keep_joints": (1,)}, r"keep_joints \(1,\) is no list of names"),
        ({"keep_joints": "left_hip"}, "keep_joints 'left_hip' is no list of names"),
        ({"keep_joints": None}, "keep_joints None is no list of names"),
        ({"keep_vertices": 5}, "keep_vertices 5 is no list of indices"),
        ({"symmetrize": "no"}, "symmetrize 'no' is neither True nor False"),
        ({"normalize_rows": 1}, "normalize_rows 1 is neither True nor False"),
        ({"keep_vertices": (1.5,)}, r"keep_vertices \(1.5,\) is no list of indices"),
    ],
)
def test_what_is_no_option_is_named(chosen, message):
    with pytest.raises(SmplprepError, match=message):
        Options(**chosen)


def test_numbers_of_numpy_are_numbers():
    options = Options(
        tolerance=np.float32(0.5),
        hops=np.int64(1),
        max_influences=np.uint8(3),
        keep_vertices=np.array([3, 4]),
    )
    assert options == Options(tolerance=0.5, hops=1, max_influences=3, keep_vertices=(3, 4))
    assert json.loads(json.dumps(options.as_dict())) == options.as_dict()


def test_a_list_is_frozen_with_the_rest():
    names = ["left_hip"]
    options = Options(keep_joints=names)
    names.append("spine")
    assert options.keep_joints == ("left_hip",)
    once = Options(keep_joints=(name for name in ["left_hip"]))
    assert once == options


def test_what_may_be_left_out_may():
    assert Options(tolerance="auto", max_influences=None).max_influences is None
