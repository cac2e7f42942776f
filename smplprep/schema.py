"""The names of SMPL's file format: its keys, its families, their joints and landmarks.

Sources: the keys are those that smplx 0.1.28 reads; joint order and landmark vertices follow its
``joint_names.py`` and ``vertex_ids.py``; the second set of joint names is the one of Mixamo rigs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Fields of Model that every model file must have, and those it may have.
REQUIRED_KEYS = (
    "v_template",
    "f",
    "weights",
    "J_regressor",
    "kintree_table",
    "shapedirs",
    "posedirs",
)
OPTIONAL_KEYS = (
    "J",
    "hands_meanl",
    "hands_meanr",
    "hands_componentsl",
    "hands_componentsr",
    "bs_type",
    "bs_style",
)
FLOAT_KEYS = ("v_template", "weights", "J_regressor", "shapedirs", "posedirs", "J", "hands_meanl",
              "hands_meanr", "hands_componentsl", "hands_componentsr")  # fmt: skip
STAMP_KEY = "smplprep"

FINGERS = ("index", "middle", "pinky", "ring", "thumb")

# The two vocabularies of the body's 22 joints: (Mixamo's, smplx's).
BODY_JOINTS = (
    ("hips", "pelvis"),
    ("leftUpLeg", "left_hip"),
    ("rightUpLeg", "right_hip"),
    ("spine", "spine1"),
    ("leftLeg", "left_knee"),
    ("rightLeg", "right_knee"),
    ("spine1", "spine2"),
    ("leftFoot", "left_ankle"),
    ("rightFoot", "right_ankle"),
    ("spine2", "spine3"),
    ("leftToeBase", "left_foot"),
    ("rightToeBase", "right_foot"),
    ("neck", "neck"),
    ("leftShoulder", "left_collar"),
    ("rightShoulder", "right_collar"),
    ("head", "head"),
    ("leftArm", "left_shoulder"),
    ("rightArm", "right_shoulder"),
    ("leftForeArm", "left_elbow"),
    ("rightForeArm", "right_elbow"),
    ("leftHand", "left_wrist"),
    ("rightHand", "right_wrist"),
)
# The investigation counts a finger's joints from 0 (lthumb2 is the last), smplx from 1.
HAND_JOINTS = tuple(
    (f"{side[0]}{finger}{k}", f"{side}_{finger}{k + 1}")
    for side in ("left", "right")
    for finger in FINGERS
    for k in range(3)
)


@dataclass(frozen=True)
class Family:
    """What smplprep knows of one kind of model beyond its arrays.

    Attributes:
        name: as stock smplx spells it: "smplh"; "other" for any model in SMPL's schema.
        joints: (findings' name, smplx's name) of each joint, in order; empty where unknown.
        landmarks: name -> vertex that stock smplx appends to the joints, in its order.
    """

    name: str
    n_vertices: int | None = None
    joints: tuple[tuple[str, str], ...] = ()
    landmarks: Mapping[str, int] = field(default_factory=dict)

    def joint_names(self, n_joints: int, vocabulary: str = "findings") -> list[str]:
        """Names of the joints in "findings" or "smplx" terms; j0, j1, ... where none are known."""
        if not self.joints:
            return [f"j{index}" for index in range(n_joints)]
        return [pair[vocabulary == "smplx"] for pair in self.joints]


SMPLH = Family(
    name="smplh",
    n_vertices=6890,
    joints=BODY_JOINTS + HAND_JOINTS,
    landmarks={
        "nose": 332,
        "reye": 6260,
        "leye": 2800,
        "rear": 4071,
        "lear": 583,
        "LBigToe": 3216,
        "LSmallToe": 3226,
        "LHeel": 3387,
        "RBigToe": 6617,
        "RSmallToe": 6624,
        "RHeel": 6787,
        "lthumb": 2746,
        "lindex": 2319,
        "lmiddle": 2445,
        "lring": 2556,
        "lpinky": 2673,
        "rthumb": 6191,
        "rindex": 5782,
        "rmiddle": 5905,
        "rring": 6016,
        "rpinky": 6133,
    },
)
OTHER = Family(name="other")


def family_of(n_vertices: int, n_joints: int) -> Family:
    """The family whose vertex and joint counts these are, else OTHER."""
    for family in (SMPLH,):
        if (n_vertices, n_joints) == (family.n_vertices, len(family.joints)):
            return family
    return OTHER
