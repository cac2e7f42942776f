"""Give a body the hand poses of MANO: AMASS's SMPL-H lacks keys that stock smplx asks for."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..errors import ModelInvalidError
from ..records.contents import read_only
from ..records.model import Model

N_FINGER_ANGLES = 45  # 15 joints of three
SIDES = ("left", "right")
# Keys of a MANO file; SMPL-H has each twice, with l and r at its end.
KEYS = ("hands_mean", "hands_components")
# smplx's own tool takes it along, though stock smplx does not use it.
COEFFICIENTS = "hands_coeffs"


def with_hands(body: Model, left: Model, right: Model) -> Model:
    """The body with ``hands_mean*``, ``hands_components*`` and ``hands_coeffs*`` of two hands.

    Args:
        body: an SMPL-H (or SMPL-X) without these keys.
        left: MANO_LEFT, with ``hands_mean`` (45,) and ``hands_components`` (45, 45).
        right: MANO_RIGHT.

    Raises:
        ModelInvalidError: the body has such keys or no such hands; one of the others is no MANO,
            or is the other side's.

    Source: smplx's ``tools/merge_smplh_mano.py``.
    """
    check_body(body)
    arrays: dict[str, Any] = {}
    coefficients: dict[str, Any] = {}
    for side, hand in zip(SIDES, (left, right), strict=True):
        check_hand(hand, side)
        for key in KEYS:
            arrays[key + side[0]] = hand.extras[key]
        if COEFFICIENTS in hand.extras:
            coefficients[COEFFICIENTS + side[0]] = hand.extras[COEFFICIENTS]
    merged = body.with_arrays(**arrays)
    return dataclasses.replace(merged, extras={**body.extras, **coefficients})


def with_flat_hands(body: Model) -> Model:
    """The body with a flat mean hand, and one component for each angle of the fingers.

    For users without MANO. Pose components are then the angles themselves, in radians.
    """
    check_body(body)
    flat = read_only(np.zeros(N_FINGER_ANGLES))
    each = read_only(np.eye(N_FINGER_ANGLES))
    return body.with_arrays(
        hands_meanl=flat, hands_meanr=flat, hands_componentsl=each, hands_componentsr=each
    )


def check_body(body: Model) -> None:
    """A body that has fingers, but not yet these keys."""
    path, family = body.source.path, body.family.name
    if family not in ("smplh", "smplx"):
        raise ModelInvalidError(
            f"a model of {family} has no hands to pose; take an SMPL-H", path=path
        )
    for name in KEYS:
        for side in SIDES:
            if getattr(body, name + side[0]) is not None:
                raise ModelInvalidError(
                    "it already has hands",
                    path=path,
                    key=name + side[0],
                    hint="There is nothing to merge; smplprep clean keeps its hands.",
                )


def check_hand(hand: Model, side: str) -> None:
    """A whole MANO of this side."""
    path = hand.source.path
    if hand.family.name != "mano":
        raise ModelInvalidError(
            f"this is not a MANO: it has {hand.n_vertices} vertices and {hand.n_joints} joints, "
            f"not 778 and 16",
            path=path,
        )
    shapes = {"hands_mean": (N_FINGER_ANGLES,), "hands_components": (N_FINGER_ANGLES,) * 2}
    for key, shape in shapes.items():
        array = hand.extras.get(key)
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.shape != shape:
            raise ModelInvalidError(
                f"{key} must be an array of floats of shape {shape}", path=path, key=key
            )
        if not np.isfinite(array).all():
            raise ModelInvalidError(f"{key} contains NaN or infinity", path=path, key=key)
    if side_of(hand) != side:
        raise ModelInvalidError(
            f"this is the {side_of(hand)} hand, where the {side} one belongs",
            path=path,
            hint="The left one comes first.",
        )


def side_of(hand: Model) -> str:
    """Whether a MANO is the "left" or the "right" hand, by its mesh: x points to the left."""
    joints = hand.J_regressor.astype(np.float64) @ hand.v_template
    return "left" if joints[1:, 0].mean() > joints[0, 0] else "right"
