"""What a user can choose about one clean; the CLI's flags have the same names and defaults."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from numbers import Integral, Real
from typing import Any, Literal, NoReturn

from ..errors import SmplprepError, shown

# Field -> the field that must have one of these values for it to have an effect.
NEEDS = {
    "tolerance": ("policy", ("threshold",)),
    "regressor_tolerance": ("regressor", ("threshold",)),
    "hops": ("posedirs", ("local",)),
}
# Field -> what it may be; whether a number is in its range, its transform knows.
CHOICES = {
    "regressor": ("exact", "threshold", "keep"),
    "posedirs": ("local", "zero", "keep"),
    "shapedirs": ("keep", "zero"),
    "dtype": ("same", "float32"),
    "policy": ("threshold", "islands"),
    "removed_to": ("renormalize", "parent"),
}
# Field -> its flag, where that is no mere spelling of it.
SHORT = {"tolerance": "tol", "regressor_tolerance": "regressor-tol"}
FLAGS = ("normalize_rows", "symmetrize")
COUNTS = ("hops", "max_influences")
NUMBERS = ("tolerance", "regressor_tolerance")


def flag_of(field: str) -> str:
    """The flag of ``clean`` and the key of a manifest that sets a field of Options, undashed."""
    return SHORT.get(field, field.replace("_", "-"))


@dataclass(frozen=True)
class Options:
    """Options of ``clean``, in the order of its steps.

    Raises:
        SmplprepError: a word that is none of those below, or a value of another type.

    Attributes:
        tolerance: skinning weights below it go; dimensionless, in [0, 1). "auto" is the smallest
            of a sweep (see ``sweep``) that leaves no leak.
        normalize_rows: accept skinning rows whose sum is off by more than 1e-2, and rescale them.
        regressor: "exact", "threshold" or "keep".
        regressor_tolerance: for "threshold"; dimensionless, in [0, 1).
        posedirs: "local", "zero" or "keep".
        hops: for "local": how many edges of the kinematic tree a corrective reaches.
        shapedirs: "keep" or "zero".
        dtype: "same" or "float32".
        policy: which skinning weights are spurious: "threshold" or "islands".
        max_influences: how many weights of a vertex stay after the policy; None: all.
        keep_joints: joints whose weights are not touched, by name in either vocabulary.
        keep_vertices: vertices whose weights are not touched, by index.
        removed_to: "renormalize" (shared by what stays) or "parent" (the nearest kept ancestor).
        symmetrize: make weights, regressor and correctives mirror-symmetric, before all else.
    """

    tolerance: float | Literal["auto"] = 1e-2
    normalize_rows: bool = False
    regressor: str = "exact"
    regressor_tolerance: float = 1e-3
    posedirs: str = "local"
    hops: int = 2
    shapedirs: str = "keep"
    dtype: str = "same"
    policy: str = "threshold"
    max_influences: int | None = None
    keep_joints: tuple[str, ...] = ()
    keep_vertices: tuple[int, ...] = ()
    removed_to: str = "renormalize"
    symmetrize: bool = False

    def __post_init__(self) -> None:
        for name, values in CHOICES.items():
            if getattr(self, name) not in values:
                self._refuse(name, f"none of {', '.join(values)}")
        for name in (*COUNTS, *NUMBERS):
            value = getattr(self, name)
            kind: Any = Integral if name in COUNTS else Real
            if value is None and getattr(Options, name) is None:
                continue
            if name == "tolerance" and value == "auto":
                continue
            if not isinstance(value, kind) or isinstance(value, bool) or not math.isfinite(value):
                self._refuse(name, f"no {'whole' if name in COUNTS else 'finite'} number")
            # numpy's numbers are numbers, too, but no JSON.
            object.__setattr__(self, name, int(value) if name in COUNTS else float(value))
        for name in FLAGS:
            if type(getattr(self, name)) is not bool:
                self._refuse(name, "neither True nor False")
        self._check_list("keep_joints", str, "no list of names")
        self._check_list("keep_vertices", Integral, "no list of indices")
        if not all(type(index) is int for index in self.keep_vertices):
            object.__setattr__(self, "keep_vertices", tuple(map(int, self.keep_vertices)))

    def _check_list(self, name: str, kind: Any, what: str) -> None:
        listed = getattr(self, name)
        if not isinstance(listed, Iterable) or isinstance(listed, str):
            self._refuse(name, what)
        if not isinstance(listed, tuple):
            object.__setattr__(self, name, tuple(listed))
        if not all(isinstance(item, kind) for item in getattr(self, name)):
            self._refuse(name, what)

    def _refuse(self, name: str, what: str) -> NoReturn:
        raise SmplprepError(f"{name} {shown(repr(getattr(self, name)))} is {what}")

    @property
    def chosen_tolerance(self) -> float:
        """The tolerance as a number.

        Raises:
            SmplprepError: it is still "auto"; ``clean`` chooses one for its model.
        """
        if isinstance(self.tolerance, str):
            raise SmplprepError(f"the tolerance {shown(self.tolerance)!r} is no number")
        return self.tolerance

    def idle(self) -> list[tuple[str, str]]:
        """The fields that were set in vain, each with the field that leaves it without effect."""
        return [
            (name, other)
            for name, (other, values) in NEEDS.items()
            if getattr(self, name) != getattr(Options, name) and getattr(self, other) not in values
        ]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the report and the stamp."""
        plain = asdict(self)
        return {key: list(v) if isinstance(v, tuple) else v for key, v in plain.items()}
