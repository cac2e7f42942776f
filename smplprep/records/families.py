"""The families of models: how many vertices they have, and what their joints and landmarks are.

A file's family goes by its numbers of vertices and joints, not by its name. Everything else in
SMPL's schema (animals, rigs of one's own) is "other".

Sources: joint order and landmark vertices follow smplx 0.1.28's ``joint_names.py``,
``vertex_ids.py`` and ``body_models.py``; the other set of joint names is the one of Mixamo rigs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

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
# SMPL has one joint for all fingers of a hand, where Mixamo's rigs have none.
MITTEN_JOINTS = (("leftFingers", "left_hand"), ("rightFingers", "right_hand"))
FACE_JOINTS = (
    ("jaw", "jaw"),
    ("leftEye", "left_eye_smplhf"),
    ("rightEye", "right_eye_smplhf"),
)
# The investigation counts a finger's joints from 0 (lthumb2 is the last), smplx from 1.
HAND_JOINTS = tuple(
    (f"{side[0]}{finger}{k}", f"{side}_{finger}{k + 1}")
    for side in ("left", "right")
    for finger in FINGERS
    for k in range(3)
)
# One hand alone, left or right.
MANO_JOINTS = (
    ("hand", "wrist"),
    *((f"{finger}{k}", f"{finger}{k + 1}") for finger in FINGERS for k in range(3)),
)
FLAME_JOINTS = (("root", "root"), ("neck", "neck"), *FACE_JOINTS)


@dataclass(frozen=True)
class Family:
    """What smplprep knows of one kind of model beyond its arrays.

    Attributes:
        name: as stock smplx spells it: "smplh"; "other" for any model in SMPL's schema.
        joints: (Mixamo's name, smplx's name) of each joint, in order; empty where unknown.
        landmarks: name -> vertex that stock smplx appends to the joints, in its order.
    """

    name: str
    n_vertices: int | None = None
    joints: tuple[tuple[str, str], ...] = ()
    landmarks: Mapping[str, int] = field(default_factory=dict)

    def joint_names(self, n_joints: int, vocabulary: str = "mixamo") -> list[str]:
        """Names of the joints in "mixamo" or "smplx" terms; j0, j1, ... where none are known."""
        if not self.joints:
            return [f"j{index}" for index in range(n_joints)]
        return [pair[vocabulary == "smplx"] for pair in self.joints]


# In the order in which stock smplx appends them.
_BODY_LANDMARKS = (
    *("nose", "reye", "leye", "rear", "lear"),
    *("LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel"),
    *("lthumb", "lindex", "lmiddle", "lring", "lpinky"),
    *("rthumb", "rindex", "rmiddle", "rring", "rpinky"),
)


def body_landmarks(*vertices: int) -> dict[str, int]:
    """The 21 landmarks of a whole body."""
    return dict(zip(_BODY_LANDMARKS, vertices, strict=True))


SMPLH = Family(
    name="smplh",
    n_vertices=6890,
    joints=BODY_JOINTS + HAND_JOINTS,
    landmarks=body_landmarks(
        *(332, 6260, 2800, 4071, 583),
        *(3216, 3226, 3387, 6617, 6624, 6787),
        *(2746, 2319, 2445, 2556, 2673),
        *(6191, 5782, 5905, 6016, 6133),
    ),
)
# The same mesh.
SMPL = replace(SMPLH, name="smpl", joints=BODY_JOINTS + MITTEN_JOINTS)
SMPLX = Family(
    name="smplx",
    n_vertices=10475,
    joints=BODY_JOINTS + FACE_JOINTS + HAND_JOINTS,
    landmarks=body_landmarks(
        *(9120, 9929, 9448, 616, 6),
        *(5770, 5780, 8846, 8463, 8474, 8635),
        *(5361, 4933, 5058, 5169, 5286),
        *(8079, 7669, 7794, 7905, 8022),
    ),
)
MANO = Family(
    name="mano",
    n_vertices=778,
    joints=MANO_JOINTS,
    landmarks={"thumb": 744, "index": 320, "middle": 443, "ring": 554, "pinky": 671},
)
# Its landmarks lie inside faces, and are kept in files of their own.
FLAME = Family(name="flame", n_vertices=5023, joints=FLAME_JOINTS)
OTHER = Family(name="other")
FamilyName = Literal["smpl", "smplh", "smplx", "mano", "flame", "other"]
Gender = Literal["neutral", "female", "male"]
GENDERS = get_args(Gender)
FAMILIES = {family.name: family for family in (SMPL, SMPLH, SMPLX, MANO, FLAME, OTHER)}


def family_of(n_vertices: int, n_joints: int) -> Family:
    """The family whose vertex and joint counts these are, else OTHER."""
    for family in FAMILIES.values():
        if (n_vertices, n_joints) == (family.n_vertices, len(family.joints)):
            return family
    return OTHER


def named_family(name: str, n_vertices: int) -> Family:
    """The family of this name. On a mesh of another size its landmarks are unknown."""
    family = FAMILIES[name]
    at_home = family.n_vertices in (None, n_vertices)
    return family if at_home else replace(family, landmarks={})
