"""Stock smplx and models in memory: what keeps it from loading one is said in words."""

from __future__ import annotations

import pytest

from smplprep import SmplprepError, read_model
from smplprep.stock.load import stock_from_model


def test_missing_hands_are_named(standin_dir):
    bare = read_model(standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz")
    with pytest.raises(SmplprepError, match="it lacks hands_meanl") as error:
        stock_from_model(bare)
    assert "--flat-hands" in error.value.hint
