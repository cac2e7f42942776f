"""A small model that is as it should be, as bytes of each container: fuzzing starts from it."""

from __future__ import annotations

import io

import numpy as np

from smplprep.io.h5.write import write_h5
from smplprep.io.npz.write import write_npz
from smplprep.io.pickle.write import write_pickle

N_VERTICES, N_JOINTS = 10, 4


def arrays() -> dict[str, np.ndarray]:
    """Ten vertices on a chain of four joints, each vertex on one of them."""
    weights = np.zeros((N_VERTICES, N_JOINTS))
    weights[np.arange(N_VERTICES), np.arange(N_VERTICES) % N_JOINTS] = 1
    return {
        "v_template": np.arange(30.0).reshape(10, 3),
        "f": np.array([[0, 1, 2], [3, 4, 5], [7, 8, 9]], np.uint32),
        "weights": weights,
        "J_regressor": weights.T / weights.sum(axis=0)[:, None],
        "kintree_table": np.array([[2**32 - 1, 0, 1, 2], [0, 1, 2, 3]], np.uint32),
        "shapedirs": np.ones((10, 3, 2)),
        "posedirs": np.ones((10, 3, 27)),
    }


def as_npz(entries: dict[str, np.ndarray], *, compress: bool = False) -> bytes:
    out = io.BytesIO()
    write_npz(entries, out, compress=compress)
    return out.getvalue()


def as_pkl(entries: dict[str, object]) -> bytes:
    out = io.BytesIO()
    write_pickle(entries, out)
    return out.getvalue()


def as_h5(entries: dict[str, np.ndarray]) -> bytes:
    out = io.BytesIO()
    write_h5(entries, out)
    return out.getvalue()
