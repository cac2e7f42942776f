"""Zip archives that are no .npz: what they are, by the names of their members."""

from __future__ import annotations

import struct

from ...errors import ModelReadError, shown
from ...geometry.other_kinds import TAKE_THE_MODEL
from ...records.contents import ENDINGS
from ..input_file import InputFile

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s24x3H12x")
_TAIL = _END.size + (1 << 16)  # the longest comment
_SHOWN = 6


def listed_names(file: InputFile) -> list[bytes]:
    """The names in the directory, as far as it can be read; nothing else in it is believed."""
    tail_at = max(file.n_bytes - _TAIL, 0)
    tail = file.peek_at(tail_at, file.n_bytes - tail_at)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        return []
    *_, size, start, _ = _END.unpack_from(tail, at)
    limit = file.limits.members
    directory = file.peek_at(
        min(start, file.n_bytes), max(min(size, limit * 1024, file.n_bytes - start), 0)
    )
    names, at = list[bytes](), 0
    while len(names) < limit and at + _ENTRY.size <= len(directory):
        magic, n_name, n_extra, n_comment = _ENTRY.unpack_from(directory, at)
        if magic != b"PK\1\2":
            break
        at += _ENTRY.size
        names.append(directory[at : at + n_name])
        at += n_name + n_extra + n_comment
    return names


def is_torch(names: list[bytes]) -> bool:
    """Whether ``torch.save`` wrote the archive; a TorchScript program is not one of those."""
    folders = {name.removesuffix(b"data.pkl") for name in names if name.endswith(b"/data.pkl")}
    return len(folders) == 1 and folders.pop() + b"constants.pkl" not in names


def other_archive(names: list[bytes]) -> ModelReadError:
    """What an archive with these names is, and which file to take."""
    texts = [shown(name, 240) for name in names if not name.startswith(b"__MACOSX/")]
    models = [name for name in texts if name[name.rfind(".") :].lower() in ENDINGS]
    if any(name.endswith(b"/constants.pkl") for name in names):
        return ModelReadError("this is a TorchScript program, not a body model")
    if b"[Content_Types].xml" in names:
        return ModelReadError("this is an office document")
    if models:
        more = f" and {len(models) - _SHOWN} more" if len(models) > _SHOWN else ""
        listed = ", ".join(models[:_SHOWN])
        message = f"this is a zip archive that holds {listed}{more}"
        return ModelReadError(message, hint="Unpack it, then name the model file in it.")
    folder = [name for name in texts if name.endswith(".npy") and "/" in name]
    if folder:
        message = f"this is a zip archive whose arrays lie in a folder: {folder[0]}"
        hint = "Unpack it and put the arrays into one .npz: np.savez('OUT.npz', **arrays)."
        return ModelReadError(message, hint=hint)
    other = next((name for name in texts if not name.endswith(".npy")), "nothing")
    message = f"this is a zip archive without arrays or models: it holds {other}"
    return ModelReadError(message, hint=TAKE_THE_MODEL)
