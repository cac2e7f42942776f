"""What runs on a GPU puts everything there; seen without one, on torch's device without data.

On ``meta`` tensors have shapes only, and an operation on tensors of two devices is an error, as it
is on CUDA. ``tests/gpu`` sees the figures.
"""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")

from smplprep.replay import replay  # noqa: E402
from smplprep.stock import load  # noqa: E402
from smplprep.stock.skinning import StockSkinning  # noqa: E402


@pytest.fixture(scope="module")
def stock(standin):
    """Stock smplx on ``meta``, but for the tree, whose entries it asks one by one."""
    body = load.stock_from_model(standin, device="meta")
    body.parents = load.stock_from_model(standin).parents
    return body


def test_evaluate_has_everything_on_the_device(standin):
    model = StockSkinning(standin, n_shapes=10, device="meta")
    poses, betas = (torch.zeros(5, *shape, device="meta") for shape in ((52, 3), (10,)))
    assert model.vertices(poses, betas).shape == (5, 6890, 3)
    with pytest.raises(RuntimeError, match="device"):  # or this test could not fail
        model.vertices(poses, torch.zeros(5, 10))


def test_stock_smplx_is_asked_with_everything_on_the_device(stock):
    pose = torch.zeros(4, 52, 3, device="meta", requires_grad=True)
    joints = load.stock_output(stock, pose, torch.zeros(4, 10, device="meta")).joints
    assert torch.autograd.grad(joints.sum(), pose)[0].device.type == "meta"
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
        load.autograd_jacobians(stock, np.zeros((52, 3)), np.zeros(10))  # only the way back fails


def test_a_fit_has_everything_on_the_device(stock):
    pose, transl, keypoints = (
        replay.as_tensor(stock, np.zeros(shape)) for shape in ((52, 3), 3, (6, 2))
    )
    points = replay.output_of(stock, pose, transl).joints[0, :6]
    assert (replay.project(points) - keypoints).device.type == "meta"
