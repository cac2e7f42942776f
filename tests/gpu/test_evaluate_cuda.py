"""``evaluate --device cuda`` on the artifacts: the figures of numpy, within float32's rounding."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu

WALK = Path(__file__).resolve().parents[2] / "assets" / "cc0_walk.npz"


def test_the_walk_gives_the_figures_of_numpy(artifacts: Path):
    from smplprep import read_model
    from smplprep.evaluate.measure import Measure
    from smplprep.evaluate.motions import find_motions
    from smplprep.evaluate.on_torch import TorchMeasure
    from smplprep.evaluate.run import file_result

    models = [read_model(artifacts / name) for name in ("SMPLH_RAW.npz", "SMPLH_CLEAN.npz")]
    (motion,) = find_motions([WALK])
    on_cpu = file_result(Measure(*models), motion).tally
    on_gpu = file_result(TorchMeasure(*models, device="cuda"), motion).tally
    assert on_gpu.frames == on_cpu.frames == 120
    assert on_gpu.counts.sum() == on_cpu.counts.sum()
    assert on_gpu.sums.sum() == pytest.approx(on_cpu.sums.sum(), rel=1e-3)
    assert abs(on_gpu.highest - on_cpu.highest).max() <= 5  # micrometers
