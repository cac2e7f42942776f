"""How a container holds a model: choices that change no number in it."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import SmplprepError, shown

PICKLES = ("python3", "python2")


@dataclass(frozen=True)
class Storage:
    """How a model is written.

    Attributes:
        compress: deflate a .npz or .h5; None keeps each member of a .npz as it was.
        pickle: "python3", or "python2" for a .pkl that Python 2 loads.
        keep_objects: in a .npz, values without an array form, such as dicts, stay Python objects.
            ``np.load`` needs ``allow_pickle=True`` for them. Otherwise they become JSON text.

    Raises:
        SmplprepError: ``pickle`` is another word.
    """

    compress: bool | None = None
    pickle: str = "python3"
    keep_objects: bool = False

    def __post_init__(self) -> None:
        if self.pickle not in PICKLES:
            choices = " or ".join(PICKLES)
            raise SmplprepError(f"pickle must be {choices}, got {shown(repr(self.pickle))}")


DEFAULT_STORAGE = Storage()
