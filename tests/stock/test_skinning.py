"""``StockSkinning`` hands a model's arrays to ``smplx.lbs`` as the class of stock smplx does."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import SmplprepError
from smplprep.evaluate.measure import Frames, Measure
from smplprep.geometry.skinning import posed_vertices

torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")

from smplprep.evaluate.on_torch import TorchMeasure  # noqa: E402
from smplprep.stock.load import stock_from_model, stock_output  # noqa: E402
from smplprep.stock.skinning import StockSkinning  # noqa: E402


def test_vertices_are_those_of_the_class_and_of_numpy(standin):
    random = np.random.RandomState(3)
    poses, betas = 0.4 * random.standard_normal((3, 52, 3)), random.standard_normal((3, 10))
    model = StockSkinning(standin, n_shapes=10, dtype="float64")
    found = model.vertices(model.tensor(poses), model.tensor(betas)).numpy()
    assert np.abs(found - posed_vertices(standin, poses, betas)).max() < 1e-7
    pose, shape = (torch.tensor(array, dtype=torch.float32) for array in (poses, betas))
    with torch.no_grad():
        expected = stock_output(stock_from_model(standin), pose, shape).vertices
    assert np.abs(found - expected.numpy()).max() < 1e-5


def test_a_child_before_its_parent_is_refused(small_model):
    model = small_model(kintree_table=np.array([[1, -1, 1, 2], [0, 1, 2, 3]]))
    with pytest.raises(SmplprepError) as caught:
        StockSkinning(model, n_shapes=1)
    assert caught.value.key == "kintree_table"


@pytest.mark.parametrize("n_betas", [0, 1, 2, 3])
def test_evaluate_counts_as_with_numpy(small_model, n_betas):
    """However many of the model's shapes a motion names."""
    random = np.random.RandomState(1)
    model = small_model()
    cleaned = model.with_arrays(posedirs=0 * model.posedirs)
    poses = 0.4 * random.standard_normal((300, model.n_joints, 3))
    frames = Frames("walk.npz", 0, poses, random.standard_normal(n_betas))
    ours, theirs = (
        Measure(model, cleaned)(frames),
        TorchMeasure(model, cleaned, device="cpu")(frames),
    )
    assert theirs.frames == ours.frames == 300
    assert theirs.sums.sum() == pytest.approx(ours.sums.sum(), rel=1e-4)
    assert abs(theirs.highest - ours.highest).max() <= 1  # micrometers
