"""``evaluate`` in torch on a device: the figures of numpy, within float32's rounding."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu

WALK = Path(__file__).resolve().parents[2] / "assets" / "cc0_walk.npz"


def test_the_walk_gives_the_figures_of_numpy(artifacts: Path, device: str) -> None:
    from smplprep import read_model
    from smplprep.evaluate.measure import Measure
    from smplprep.evaluate.motions import find_motions
    from smplprep.evaluate.on_torch import TorchMeasure
    from smplprep.evaluate.run import file_result

    models = [read_model(artifacts / name) for name in ("SMPLH_RAW.npz", "SMPLH_CLEAN.npz")]
    (motion,) = find_motions([WALK])
    expected = file_result(Measure(*models), motion).tally
    found = file_result(TorchMeasure(*models, device=device), motion).tally
    assert found.frames == expected.frames == 120
    assert found.counts.sum() == expected.counts.sum()
    assert found.sums.sum() == pytest.approx(expected.sums.sum(), rel=1e-3)
    assert abs(found.highest - expected.highest).max() <= 5  # micrometers
