"""The options of a clean, each defined once.

A field of ``Options`` says what it may be, its default, its flag, its help text and when it has an
effect. The command line, the manifest, the report and docs/options.md take all of it from here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from ..errors import SmplprepError, shown
from .option_kinds import Count, Flag, Kind, Names, Number, Vertices, Word


@dataclass(frozen=True)
class Definition:
    """What there is to say about one option beside its name and default.

    Attributes:
        kind: the values it takes.
        help: for the command line and the table.
        flag: on the command line, and without the dashes the key in a manifest.
        metavar: how the help calls the value.
        needs: another field and the values of it with which this one has an effect.
    """

    kind: Kind
    help: str
    flag: str = ""
    metavar: str | None = None
    needs: tuple[str, tuple[str, ...]] | None = None


def option(default: Any, kind: Kind, help: str, **more: Any) -> Any:
    """A field of ``Options``."""
    return field(default=default, metadata={"definition": Definition(kind, help, **more)})


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
        "Skinning weights below this go; auto: the smallest of sweep's twenty that leaves no leak.",
        flag="--tol",
        metavar="NUMBER|auto",
        needs=("policy", ("threshold",)),
    )
    policy: Literal["threshold", "islands"] = option(
        "threshold",
        Word(("threshold", "islands")),
        "Which skinning weights are spurious: small ones, or ones off the region of the mesh that "
        "their joint moves.",
    )
    max_influences: int | None = option(
        None,
        Count(1, optional=True),
        "After the policy, keep the K largest weights of each vertex.",
        metavar="K",
    )
    keep_joints: tuple[str, ...] = option(
        (),
        Names(),
        "Do not touch the weights of these joints: left_hip,leftLeg. A vertex with nothing else to "
        "take up what would go keeps all it has.",
        metavar="NAMES",
    )
    keep_vertices: tuple[int, ...] = option(
        (),
        Vertices(),
        "Do not touch the weights of these vertices: a JSON list, or one index a line.",
        metavar="FILE",
    )
    removed_to: Literal["renormalize", "parent"] = option(
        "renormalize",
        Word(("renormalize", "parent")),
        "Who gets removed weight: all that stays, or the nearest joint above that stays.",
    )
    regressor: Literal["exact", "threshold", "keep"] = option(
        "exact", Word(("exact", "threshold", "keep")), "How J_regressor is sparsified."
    )
    regressor_tolerance: float = option(
        1e-3,
        Number(0, 1),
        "For --regressor threshold: entries below this go.",
        flag="--regressor-tol",
        needs=("regressor", ("threshold",)),
    )
    posedirs: Literal["local", "zero", "keep"] = option(
        "local", Word(("local", "zero", "keep")), "Which pose blend shapes stay."
    )
    hops: int = option(
        2,
        Count(0),
        "For --posedirs local: how many joints up or down the tree a corrective reaches.",
        needs=("posedirs", ("local",)),
    )
    shapedirs: Literal["keep", "zero"] = option(
        "keep", Word(("keep", "zero")), "Which shape blend shapes stay."
    )
    dtype: Literal["same", "float32"] = option(
        "same", Word(("same", "float32")), "Float type of the output."
    )
    fill_unweighted: bool = option(
        False,
        Flag(),
        "First give vertices without any weight those of the nearest vertex that has some.",
    )
    symmetrize: bool = option(
        False, Flag(), "First make weights, regressor and correctives mirror-symmetric."
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
        return DEFINITIONS[name].kind.checked(value)
    except ValueError as error:
        raise SmplprepError(f"{name} {error}, got {shown(repr(value))}") from None
