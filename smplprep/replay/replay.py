"""The investigation's own scene: fit a body to a few 2D keypoints and see what turns unseen.

Only nose, left eye, left ear, left shoulder, elbow and wrist are seen. Stock smplx is fitted to
them by 2D reprojection, from the T-pose, once with the raw and once with the cleaned file. Needs
torch and smplx.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audit.landmark_sets import all_landmarks, landmark_set
from ..audit.support import landmark_support
from ..errors import SmplprepError, shown
from ..records.families import BODY_JOINTS
from ..records.landmark import Landmark
from ..records.model import Model
from ..stock.load import require_torch, stock_from_model, stock_output

OPTIMIZERS = ("adam", "lbfgs")
VISIBLE = ("Nose", "LEye", "LEar", "LShoulder", "LElbow", "LWrist")
FOCAL_PX = 1000.0
DISTANCE_M = 3.0  # from the camera to the pelvis
LEARNING_RATE = 0.01
N_BODY = 22  # joints that are fitted: hands and face stay as they are, as in the investigation
FAMILIES = ("smpl", "smplh", "smplx")  # which begin with these joints

# The true pose by smplx's joint names, axis-angle in radians: left arm raised, head turned.
TRUE_POSE = {
    "spine1": (0.05, 0.15, 0.0),
    "neck": (0.1, 0.2, 0.05),
    "head": (0.1, 0.2, 0.1),
    "left_collar": (0.0, 0.0, 0.15),
    "left_shoulder": (0.1, -0.5, 0.6),
    "left_elbow": (0.0, -1.0, 0.0),
}
LIMBS = {
    "left leg": ("left_hip", "left_knee", "left_ankle", "left_foot"),
    "right leg": ("right_hip", "right_knee", "right_ankle", "right_foot"),
    "left arm": ("left_collar", "left_shoulder", "left_elbow", "left_wrist"),
    "right arm": ("right_collar", "right_shoulder", "right_elbow", "right_wrist"),
}


@dataclass(frozen=True, eq=False)
class Scene:
    """What is seen, and of whom.

    Attributes:
        visible: the landmarks with a keypoint.
        joints: (K,) their places among the joints that stock smplx returns.
        keypoints: (K, 2) pixels from the image's center, without noise.
        unseen: (22,) body joints that lie on no visible landmark's chain, and so should not turn.
    """

    visible: list[Landmark]
    joints: list[int]
    keypoints: NDArray[np.float64]
    unseen: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Fit:
    """One fit.

    Attributes:
        losses: (steps + 1,) mean squared reprojection error in square pixels, the start first.
        turned_deg: (22,) angle of each body joint's rotation against the start.
        vertices: (V, 3) the fitted body, meters.
        landmarks: (K, 3) the visible landmarks on it, meters.
    """

    losses: NDArray[np.float64]
    turned_deg: NDArray[np.float64]
    vertices: NDArray[np.float64]
    landmarks: NDArray[np.float64]


def make_scene(model: Model, visible: Sequence[str] = VISIBLE, *, device: str = "cpu") -> Scene:
    """The scene, its keypoints projected from the true pose of this model.

    Args:
        model: of a family in FAMILIES; which of two models makes the keypoints hardly matters.
        visible: names of landmarks: OpenPose's (LWrist), smplx's (left_wrist), Mixamo's
            (leftHand), or of a vertex (lthumb).

    Raises:
        SmplprepError: an unknown name, or a model without a body.
    """
    if model.family.name not in FAMILIES:
        known = ", ".join(name.upper() for name in FAMILIES)
        message = f"replay takes a body ({known}), and this model is {model.family.name}"
        raise SmplprepError(message, path=model.source.path)
    everything = all_landmarks(model)
    chosen = visible_landmarks(model, visible)
    places = {(landmark.vertex, landmark.joint): row for row, landmark in enumerate(everything)}
    joints = [places[landmark.vertex, landmark.joint] for landmark in chosen]
    names = model.joint_names("smplx")
    true_pose = np.zeros((model.n_joints, 3))
    for name, rotation in TRUE_POSE.items():
        true_pose[names.index(name)] = rotation
    unseen = landmark_support(model, chosen).expected.sum(axis=0)[:N_BODY] == 0
    unseen[0] = False  # the root moves everything
    torch = require_torch(device)
    body = stock_from_model(model, device=device)
    with torch.no_grad():
        points = output_of(body, as_tensor(body, true_pose)).joints[0, joints]
        keypoints = project(points).double().cpu().numpy()
    return Scene(chosen, joints, keypoints, unseen)


def visible_landmarks(model: Model, names: Sequence[str]) -> list[Landmark]:
    """The landmarks of these names, in any of the vocabularies, whatever their case."""
    known: dict[str, Landmark] = {}
    sets = (
        all_landmarks(model, "mixamo"),
        all_landmarks(model, "smplx"),
        landmark_set(model, "openpose-hands"),
        landmark_set(model, "openpose25"),
    )
    for landmark in (landmark for listed in sets for landmark in listed):
        known[landmark.name] = landmark
        known.setdefault(landmark.name.lower(), landmark)
    found = []
    for name in names:
        place = name if name in known else name.lower()
        if place not in known:
            raise SmplprepError(
                f"no landmark is called {shown(name)!r}",
                hint="smplprep audit MODEL --landmarks all lists the names.",
            )
        found.append(known[place])
    return found


def fit(
    model: Model,
    scene: Scene,
    *,
    optimizer: str = "adam",
    steps: int = 100,
    device: str = "cpu",
) -> Fit:
    """Fit the model's pose to the scene's keypoints, from the T-pose.

    Global orientation, translation and the 21 body joints are free; shape, hands and face are not.
    There is no prior: what no keypoint pulls on should stay where it is.

    Args:
        model: of a family in FAMILIES.
        scene: from ``make_scene``, the same for every model that is compared.
        optimizer: "adam" (rate 0.01) or "lbfgs" (strong Wolfe line search).
        steps: iterations.
        device: "cpu" or "cuda".
    """
    torch = require_torch(device)
    body = stock_from_model(model, device=device)
    pose = as_tensor(body, np.zeros((N_BODY, 3))).requires_grad_()
    transl = as_tensor(body, np.zeros(3)).requires_grad_()
    still = as_tensor(body, np.zeros((model.n_joints - N_BODY, 3)))
    keypoints = as_tensor(body, scene.keypoints)

    def loss_of() -> Any:
        points = output_of(body, torch.cat([pose, still]), transl).joints[0, scene.joints]
        return (project(points) - keypoints).square().sum(dim=1).mean()

    losses = optimize(torch, [pose, transl], loss_of, optimizer=optimizer, steps=steps)
    with torch.no_grad():
        losses.append(float(loss_of()))
        out = output_of(body, torch.cat([pose, still]), transl)
    return Fit(
        losses=np.array(losses),
        turned_deg=np.degrees(np.linalg.norm(pose.detach().double().cpu().numpy(), axis=1)),
        vertices=out.vertices[0].double().cpu().numpy(),
        landmarks=out.joints[0, scene.joints].double().cpu().numpy(),
    )


def optimize(
    torch: Any, parameters: list[Any], loss_of: Any, *, optimizer: str, steps: int
) -> list[float]:
    """Run the optimizer; the loss before each step."""
    if optimizer == "adam":
        runner = torch.optim.Adam(parameters, lr=LEARNING_RATE)
    elif optimizer == "lbfgs":
        # One iteration a step, so that its losses are listed as Adam's are; torch's default number
        # of evaluations would then leave none to the line search.
        runner = torch.optim.LBFGS(
            parameters, max_iter=1, max_eval=26, line_search_fn="strong_wolfe"
        )
    else:
        raise SmplprepError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {optimizer!r}")

    def closure() -> Any:
        runner.zero_grad()
        loss = loss_of()
        loss.backward()
        return loss

    return [runner.step(closure).item() for _ in range(steps)]


def as_tensor(body: Any, array: NDArray[np.float64]) -> Any:
    """The array as a tensor of the module's dtype on its device."""
    import torch

    return torch.tensor(array, dtype=body.v_template.dtype, device=body.v_template.device)


def output_of(body: Any, pose: Any, transl: Any = None) -> Any:
    """Stock smplx's output for one pose (J, 3) of the mean shape."""
    betas = as_tensor(body, np.zeros((1, body.num_betas)))
    return stock_output(body, pose[None], betas, None if transl is None else transl[None])


def project(points: Any) -> Any:
    """(K, 2) pixels of (K, 3) points: a pinhole camera before the body that looks at the pelvis."""
    return FOCAL_PX * points[:, :2] / (DISTANCE_M - points[:, 2:])


def limb_turns(scene: Scene, fitted: Fit) -> dict[str, float]:
    """Limb -> degrees that the most turned of its unseen joints turned; a seen limb is left out."""
    index = {smplx_name: joint for joint, (_, smplx_name) in enumerate(BODY_JOINTS)}
    turns = {}
    for limb, names in LIMBS.items():
        joints = [index[name] for name in names if scene.unseen[index[name]]]
        if joints:
            only = ", ".join(BODY_JOINTS[joint][0] for joint in joints)
            label = limb if len(joints) == len(names) else f"{limb}, {only} only"
            turns[label] = float(fitted.turned_deg[joints].max())
    return turns


def replay_text(scene: Scene, fits: dict[str, Fit], optimizer: str) -> str:
    """How far each unseen limb turned, and the loss over the iterations.

    Args:
        fits: heading -> fit.
    """
    turns = [limb_turns(scene, fitted) for fitted in fits.values()]
    rows = [(limb, *(degrees(turn[limb]) for turn in turns)) for limb in turns[0]]
    table = [("unseen limb turned by, degrees", *fits), *rows]
    n_steps = len(next(iter(fits.values())).losses) - 1
    steps = sorted({round(n_steps * share / 10) for share in range(11)})
    losses = [(str(k), *(f"{fitted.losses[k]:.5g}" for fitted in fits.values())) for k in steps]
    table += [(), (f"loss after {optimizer} steps, px^2", *fits), *losses]
    width = max(len(row[0]) for row in table if row)
    seen = ", ".join(landmark.name for landmark in scene.visible)
    lines = [
        "".join([f"{row[0]:<{width}}", *(f"{cell:>14}" for cell in row[1:])]) if row else ""
        for row in table
    ]
    return "\n".join([f"seen: {seen}", "", *lines])


def degrees(angle: float) -> str:
    """Three decimals, but 0.0 only for what did not turn at all."""
    return "0.0" if angle == 0 else "< 0.001" if angle < 0.0005 else f"{angle:.3f}"
