"""The pose set: seeded poses inside human joint limits, over which displacements are stated.

Limits: American Academy of Orthopaedic Surgeons, "Joint Motion: Method of Measuring and Recording"
(1965), degrees from the neutral position. The three spine joints share the trunk's range, neck and
head that of the cervical spine. SMPL's axes are x to the subject's left, y up, z forward, and its
neutral position is the T-pose, so the arm's ranges are those from 90 degrees of abduction. The
ranges hold for each component of the joint's axis-angle vector.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..records.model import Model

N_POSES = 64
MAX_SHAPES = 16  # shape directions over which displacements and sensitivities are stated
MAX_BETA = 3.0
SOURCE = "AAOS, Joint Motion: Method of Measuring and Recording (1965)"

Range = tuple[float, float]
TRUNK = ((-25 / 3, 80 / 3), (-45 / 3, 45 / 3), (-35 / 3, 35 / 3))
NECK = ((-45 / 2, 45 / 2), (-60 / 2, 60 / 2), (-45 / 2, 45 / 2))
# Anything that is not in the table: a joint of an unknown rig.
UNKNOWN: tuple[Range, Range, Range] = ((-30, 30), (-30, 30), (-30, 30))

# The left side, by smplx's names: ranges about x, y and z. The right side is its mirror image.
LEFT: dict[str, tuple[Range, Range, Range]] = {
    "hip": ((-120, 30), (-45, 45), (-30, 45)),  # flexion, rotation, adduction/abduction
    "knee": ((0, 135), (0, 0), (0, 0)),
    "ankle": ((-20, 50), (-15, 15), (-15, 35)),  # flexion; eversion/inversion
    "foot": ((-70, 45), (0, 0), (0, 0)),
    "collar": ((0, 0), (-15, 15), (-10, 30)),  # protraction, elevation
    "shoulder": ((-70, 90), (-135, 45), (-90, 90)),  # rotation, horizontal, adduction/abduction
    "elbow": ((0, 0), (-150, 0), (0, 0)),
    "wrist": ((-80, 80), (-20, 30), (-80, 70)),  # pronation, deviation, flexion
    "index1": ((0, 0), (-20, 20), (-90, 45)),
    "index2": ((0, 0), (0, 0), (-100, 0)),
    "index3": ((0, 0), (0, 0), (-90, 0)),
    "thumb1": ((-20, 20), (-35, 35), (-15, 15)),
    "thumb2": ((0, 0), (-50, 0), (0, 0)),
    "thumb3": ((0, 0), (-80, 15), (0, 0)),
}
MIDLINE = {
    "pelvis": ((-180.0, 180.0),) * 3,
    "spine1": TRUNK,
    "spine2": TRUNK,
    "spine3": TRUNK,
    "neck": NECK,
    "head": NECK,
}
FINGERS_LIKE_INDEX = ("middle", "pinky", "ring")


def joint_limits(smplx_name: str) -> NDArray[np.float64]:
    """(3, 2) lowest and highest axis-angle component about x, y, z, in radians."""
    side, _, part = smplx_name.partition("_")
    part = part or side  # MANO's one hand names no side; a left one's ranges stand for both
    for finger in FINGERS_LIKE_INDEX:
        part = part.replace(finger, "index")
    ranges = np.radians(MIDLINE.get(smplx_name, LEFT.get(part, UNKNOWN)))
    if side == "right":
        # Mirroring at x = 0 keeps turns about x and reverses those about y and z.
        ranges[1:] = -ranges[1:, ::-1]
    return ranges


def pose_set(
    smplx_names: list[str], n_betas: int, *, n_poses: int = N_POSES, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Axis-angle poses (N, J, 3), uniform inside the limits, and betas (N, B) from N(0, 1).

    Betas are clipped at 3. Python promises the stream of ``random.random`` to stay as it is, so the
    set is the same for every version.
    """
    draw = random.Random(seed).random
    limits = np.stack([joint_limits(name) for name in smplx_names])
    share = uniform(draw, (n_poses, len(smplx_names), 3))
    poses = limits[..., 0] + share * (limits[..., 1] - limits[..., 0])
    return poses, normal(draw, (n_poses, n_betas))


def shape_set(n_betas: int, *, n_shapes: int = N_POSES, seed: int = 0) -> NDArray[np.float64]:
    """Betas (N, B) from N(0, 1), clipped at 3, always the same."""
    return normal(random.Random(seed).random, (n_shapes, n_betas))


def pose_set_of(model: Model) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The pose set for a model's joints, and for as many of its shapes as count."""
    names = model.family.joint_names(model.n_joints, "smplx")
    return pose_set(names, min(model.shapedirs.shape[2], MAX_SHAPES))


def normal(draw: Callable[[], float], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """An array of this shape from N(0, 1), clipped at ``MAX_BETA``."""
    # Box and Muller 1958; 1 - u because log(0) is none.
    radius = np.sqrt(-2.0 * np.log(1.0 - uniform(draw, shape)))
    return np.clip(radius * np.cos(2.0 * np.pi * uniform(draw, shape)), -MAX_BETA, MAX_BETA)


def uniform(draw: Callable[[], float], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """An array of this shape, drawn one number at a time from [0, 1)."""
    return np.array([draw() for _ in range(math.prod(shape))]).reshape(shape)
