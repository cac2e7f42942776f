"""The options of a clean, each defined once.

A field of ``Options`` says what it may be, its default, its flag, its help text and when it has an
effect. The command line, the manifest, the report and docs/options.md take all of it from here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from ..errors import SmplprepError
from .option_kinds import (
    Count,
    Definition,
    Flag,
    Names,
    Number,
    Vertices,
    Word,
    option,
    saying_what_was_given,
)

# The transforms in the order in which ``clean`` runs them. Floats are cast first, so that every
# other step counts in the digits of the output.
STEPS = (
    "cast_floats",
    "limit_shapedirs",
    "fill_unweighted",
    "symmetrize",
    "prune_weights",
    "sparsify_regressor",
    "localize_posedirs",
    "zero_shapedirs",
)

Policy = Literal["threshold", "islands"]
RemovedTo = Literal["renormalize", "parent"]
RegressorMode = Literal["exact", "threshold", "keep"]
PosedirsMode = Literal["local", "zero", "keep"]
ShapedirsMode = Literal["keep", "zero"]
FloatType = Literal["same", "float32"]


@dataclass(frozen=True)
class Options:
    """Options of ``clean``; docs/options.md lists them.

    Raises:
        SmplprepError: a value of another type, outside the range or none of the choices; the
            message names the field.
    """

    tolerance: float | Literal["auto"] = option(
        1e-2,
        Number(0, 1, word="auto"),
        "Remove skinning weights below this; auto: the smallest of a sweep that leaves no leak.",
        step="prune_weights",
        keyword="tolerance",
        flag="--tol",
        metavar="NUMBER|auto",
        needs=("policy", ("threshold",)),
    )
    policy: Policy = option(
        "threshold",
        Word(get_args(Policy)),
        "Which skinning weights are spurious: small ones, or ones outside the region of the mesh "
        "that their joint moves.",
        step="prune_weights",
        keyword="policy",
    )
    max_influences: int | None = option(
        None,
        Count(1, optional=True),
        "After the policy, keep the K largest weights of each vertex.",
        step="prune_weights",
        keyword="max_influences",
        metavar="K",
    )
    keep_joints: tuple[str, ...] = option(
        (),
        Names(),
        "Do not touch the weights of these joints: left_hip,leftLeg. A vertex without "
        "another joint to take the removed weight keeps all its weights.",
        step="prune_weights",
        metavar="NAMES",
    )
    keep_vertices: tuple[int, ...] = option(
        (),
        Vertices(),
        "Do not touch the weights of these vertices: a JSON list, or one index a line.",
        step="prune_weights",
        metavar="FILE",
    )
    removed_to: RemovedTo = option(
        "renormalize",
        Word(get_args(RemovedTo)),
        "Which joints get the removed weight: all that are left, or the nearest ancestor left.",
        step="prune_weights",
        keyword="removed_to",
    )
    regressor: RegressorMode = option(
        "exact",
        Word(get_args(RegressorMode)),
        "How J_regressor is sparsified.",
        step="sparsify_regressor",
        keyword="mode",
    )
    regressor_tolerance: float = option(
        1e-3,
        Number(0, 1),
        "For --regressor threshold: remove entries below this.",
        step="sparsify_regressor",
        keyword="tolerance",
        flag="--regressor-tol",
        needs=("regressor", ("threshold",)),
    )
    posedirs: PosedirsMode = option(
        "local",
        Word(get_args(PosedirsMode)),
        "Which pose blend shapes are kept.",
        step="localize_posedirs",
        keyword="mode",
    )
    hops: int = option(
        2,
        Count(0),
        "For --posedirs local: how many joints up or down the tree a corrective reaches.",
        step="localize_posedirs",
        keyword="hops",
        needs=("posedirs", ("local",)),
    )
    shapedirs: ShapedirsMode = option(
        "keep",
        Word(get_args(ShapedirsMode)),
        "Which shape blend shapes are kept.",
        step="zero_shapedirs",
    )
    n_betas: int | None = option(
        None,
        Count(1, optional=True),
        "Keep the first N shape directions. In SMPL-X and FLAME, expressions stay in place, and "
        "shape directions before them become zero.",
        step="limit_shapedirs",
        keyword="n_betas",
        flag="--betas",
        metavar="N",
    )
    dtype: FloatType = option(
        "same",
        Word(get_args(FloatType)),
        "Float type of the output.",
        step="cast_floats",
        keyword="dtype",
    )
    fill_unweighted: bool = option(
        False,
        Flag(),
        "First give vertices without weights those of the nearest vertex that has some.",
        step="fill_unweighted",
    )
    symmetrize: bool = option(
        False,
        Flag(),
        "First make weights, regressor and correctives mirror-symmetric.",
        step="symmetrize",
    )

    def __post_init__(self) -> None:
        for name in DEFINITIONS:
            object.__setattr__(self, name, checked(name, getattr(self, name)))

    @property
    def chosen_tolerance(self) -> float:
        """The tolerance as a number.

        Raises:
            SmplprepError: it is still "auto"; ``clean`` chooses one for its model.
        """
        if isinstance(self.tolerance, str):
            raise SmplprepError("tolerance must be a number here, got 'auto'")
        return self.tolerance

    def keywords_of(self, step: str) -> dict[str, Any]:
        """The keywords of a transform that options set."""
        return {
            definition.keyword: getattr(self, name)
            for name, definition in DEFINITIONS.items()
            if definition.step == step and definition.keyword
        }

    def asks_for(self, step: str) -> bool:
        """Whether an option of a transform differs from its default."""
        return any(
            getattr(self, name) != getattr(Options, name)
            for name, definition in DEFINITIONS.items()
            if definition.step == step
        )

    def without_effect(self) -> list[tuple[str, str]]:
        """The fields that were set and have no effect, each with the field that is the reason."""
        return [
            (name, definition.needs[0])
            for name, definition in DEFINITIONS.items()
            if definition.needs
            and getattr(self, name) != getattr(Options, name)
            and getattr(self, definition.needs[0]) not in definition.needs[1]
        ]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the report and the stamp."""
        plain = asdict(self)
        return {key: list(v) if isinstance(v, tuple) else v for key, v in plain.items()}


DEFINITIONS: dict[str, Definition] = {
    entry.name: entry.metadata["definition"] for entry in fields(Options)
}


def flag_of(name: str) -> str:
    """The flag of a field of ``Options``, or of ``CleanJob``: --regressor-tol."""
    known = DEFINITIONS.get(name)
    return (known.flag if known else "") or f"--{name.replace('_', '-')}"


def options_schema() -> dict[str, Any]:
    """JSON Schema of ``Options.as_dict()``."""
    properties = {name: definition.kind.schema() for name, definition in DEFINITIONS.items()}
    required = list(properties)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def checked(name: str, value: Any) -> Any:
    """The value of a field of ``Options`` as a plain Python one.

    Raises:
        SmplprepError: it is of another type, outside the range or none of the choices.
    """
    try:
        with saying_what_was_given(value):
            return DEFINITIONS[name].kind.checked(value)
    except ValueError as error:
        raise SmplprepError(f"{name} {error}") from None
