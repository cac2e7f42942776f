"""Options refuse what they cannot be, wherever they come from."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest

from scripts.options_table import PAGE, options_table
from smplprep import Options, SmplprepError
from smplprep.records.options import DEFINITIONS, checked


@pytest.mark.parametrize(
    ("chosen", "fragment"),
    [
        ({"shapedirs": "zeros"}, "must be one of keep, zero, got 'zeros'"),
        ({"dtype": "float16"}, "must be one of same, float32"),
        ({"dtype": ["same"]}, "must be one of same, float32"),
        ({"hops": 1.5}, "must be an integer, got 1.5"),
        ({"hops": True}, "must be an integer, got True"),
        ({"hops": -1}, "must be at least 0, got -1"),
        ({"max_influences": 1.5}, "must be an integer"),
        ({"max_influences": 0}, "must be at least 1"),
        ({"tolerance": None}, "must be a number or 'auto', got None"),
        ({"tolerance": "automatic"}, "must be a number or 'auto'"),
        ({"tolerance": float("nan")}, "must be a number"),
        ({"tolerance": 2.0}, "must be at least 0 and less than 1, got 2.0"),
        ({"tolerance": 1}, "less than 1"),
        ({"tolerance": -1e-9}, "must be at least 0"),
        ({"regressor_tolerance": "5"}, "must be a number, got '5'"),
        ({"keep_joints": (1,)}, "must be a list of names"),
        ({"keep_joints": "left_hip"}, "must be a list of names"),
        ({"keep_joints": None}, "must be a list of names"),
        ({"keep_vertices": 5}, "must be a list of vertex indices"),
        ({"keep_vertices": (1.5,)}, "must be a list of vertex indices"),
        ({"symmetrize": "no"}, "must be True or False"),
    ],
)
def test_a_value_that_an_option_cannot_be_is_refused_by_name(chosen, fragment):
    with pytest.raises(SmplprepError) as caught:
        Options(**chosen)
    (name,) = chosen
    assert str(caught.value).startswith(f"{name} ")
    assert fragment in str(caught.value)


def test_every_option_is_defined_and_its_default_is_valid():
    assert list(DEFINITIONS) == [entry.name for entry in fields(Options)]
    for name, definition in DEFINITIONS.items():
        assert checked(name, getattr(Options(), name)) == getattr(Options, name)
        if definition.needs:
            other, values = definition.needs
            assert set(values) < set(DEFINITIONS[other].kind.choices)


def test_the_page_of_options_is_the_one_that_the_definitions_make():
    assert PAGE.read_text() == options_table()


def test_a_percentage_is_refused_with_the_fraction():
    with pytest.raises(ValueError, match=r"fraction and not a percentage: 0\.01"):
        DEFINITIONS["tolerance"].kind.parsed("1%")


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
