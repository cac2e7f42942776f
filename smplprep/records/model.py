"""A body model as a frozen record of arrays. Reading and judging it live elsewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from ..errors import shown
from .contents import RawMember, read_only
from .families import Family, FamilyName, family_of, named_family
from .file_keys import OPTIONAL_KEYS, REQUIRED_KEYS
from .landmark import Landmark
from .texts import texts_of
from .units import MILLIMETERS, Unit


@dataclass(frozen=True)
class Source:
    """Where a model came from, and what is needed to write it back without loss.

    Attributes:
        path: the file, for messages; never written into an output.
        container: "npz", "pkl" or "h5".
        sha256, n_bytes: of the whole file.
        keys: the file's keys in the file's order.
        sparse: key -> layout, for matrices that the file holds as scipy.sparse.
        notes: key -> how the value was stored where that is not plain (chumpy, object array).
        remarks: see ``Contents``.
        members: npz only; the undecoded members of the archive, see ``Model.unchanged``.
        deflated: npz only; the keys that the file holds compressed.
    """

    path: str | None = None
    container: str = "npz"
    sha256: str | None = None
    n_bytes: int | None = None
    keys: tuple[str, ...] = REQUIRED_KEYS
    sparse: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    members: Mapping[str, RawMember] = field(default_factory=dict)
    deflated: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """One SMPL-family model. V vertices, J joints, B shape directions, P = 9(J-1) pose features.

    Arrays are read-only and keep the dtype of the file. Meters and radians.

    Attributes:
        extras: the other keys of the file.
        family_name: what the user says the model is; None goes by its numbers of vertices and
            joints. See ``family``.
        landmarks: points of the skin that the user named, beside those of the family.
        named_joints: names of all joints, as the user gave them; see ``joint_names``.
        units: of every length in the file: "m", "cm" or "mm".
    """

    v_template: NDArray  # (V, 3)
    f: NDArray  # (F, 3)
    weights: NDArray  # (V, J), rows sum to 1
    J_regressor: NDArray  # (J, V), dense also where the file holds it sparse
    kintree_table: NDArray  # (2, J); row 0: parents, the root's is -1 or 2**32-1
    shapedirs: NDArray  # (V, 3, B)
    posedirs: NDArray  # (V, 3, P)
    J: NDArray | None = None  # (J, 3)
    hands_meanl: NDArray | None = None  # (45,)
    hands_meanr: NDArray | None = None
    hands_componentsl: NDArray | None = None  # (45, 45)
    hands_componentsr: NDArray | None = None
    bs_type: Any = None
    bs_style: Any = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    source: Source = field(default_factory=Source)
    family_name: FamilyName | None = None
    landmarks: tuple[Landmark, ...] = ()
    named_joints: tuple[str, ...] = ()
    units: Unit = "m"

    def __repr__(self) -> str:
        file = f", read from {shown(repr(self.source.path))}" if self.source.path else ""
        return (
            f"<Model of {self.family.name}: {self.n_vertices} vertices, {self.n_joints} joints, "
            f"{self.shapedirs.shape[-1]} shape directions{file}>"
        )

    @property
    def n_vertices(self) -> int:
        return int(self.v_template.shape[0])

    @property
    def n_joints(self) -> int:
        return int(self.weights.shape[1])

    @property
    def family(self) -> Family:
        """What is known of models of this kind: names of joints, landmarks."""
        if self.family_name is not None:
            return named_family(self.family_name, self.n_vertices)
        return family_of(self.n_vertices, self.n_joints)

    def joint_names(self, vocabulary: str = "mixamo") -> list[str]:
        """Of each joint: as the user gave them, the family's, the file's own, or j0, j1, ...

        The file's own are those under its key ``joint_names``, if they are as many as its joints
        and each is another.
        """
        if self.named_joints:
            return list(self.named_joints)
        named = texts_of(self.extras.get("joint_names"))
        if not self.family.joints and len(set(named)) == len(named) == self.n_joints:
            return named
        return self.family.joint_names(self.n_joints, vocabulary)

    @property
    def mm(self) -> float:
        """Millimeters in the file's unit of length."""
        return MILLIMETERS[self.units]

    @property
    def correctives(self) -> NDArray:
        """``posedirs`` as (V, 3, J-1, 9): one block of nine features per joint after the root."""
        return self.posedirs.reshape(self.n_vertices, 3, self.n_joints - 1, 9)

    def entries(self) -> dict[str, Any]:
        """Every key and value in the file's order; keys that the file lacks come last."""
        values = {key: getattr(self, key) for key in (*REQUIRED_KEYS, *OPTIONAL_KEYS)}
        values = {key: value for key, value in values.items() if value is not None}
        values.update(self.extras)
        ordered = {key: values.pop(key) for key in self.source.keys if key in values}
        return ordered | values

    def unchanged(self) -> dict[str, RawMember]:
        """npz only; the member of every key that still has the very value that was read."""
        entries = self.entries()
        members = self.source.members
        return {key: m for key, m in members.items() if entries.get(key) is m.value}

    def with_arrays(self, **arrays: NDArray) -> Model:
        """A copy in which these fields are new; the memory of their raw members is let go."""
        members = {k: m for k, m in self.source.members.items() if k not in arrays}
        return dataclasses.replace(
            self,
            source=dataclasses.replace(self.source, members=members),
            **{key: read_only(array) for key, array in arrays.items()},  # type: ignore[arg-type]
        )
