"""Reads a pickle as data: nothing that the file names is imported, and nothing is run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ...errors import ModelReadError, inside
from ...records.contents import DEFAULT_LIMITS, Contents, Limits
from ..input_file import PIECE
from ..nesting import contents_of
from ..packed_file import PackedFile
from .calls import CALLS
from .machine import Machine
from .tensors import big_endian, read_saved
from .values import Values


@dataclass(frozen=True, eq=False)
class PickleResult:
    """The top-level value of a pickle.

    Attributes:
        value: see ``read_pickle``.
        notes: by the id of a dict in it, for each of its keys: how the value was stored, where
            that is not plain.
    """

    value: object
    notes: dict[int, dict[Any, str]] = field(default_factory=dict)


def read_pickle(buffer: memoryview | bytes, *, limits: Limits = DEFAULT_LIMITS) -> PickleResult:
    """The value in a pickle of protocol 0 to 5, from Python 2 or 3.

    Args:
        buffer: the whole pickle. Bodies of arrays stay views of it where they can.
        limits: how much the pickle may ask for.

    Returns:
        None, bool, int, float, str, bytes, list, tuple, dict, set, a read-only array (scalars are
        arrays of no dimension), ``Sparse`` or ``ObjectArray``. chumpy's objects and torch's tensors
        are their arrays.

    Raises:
        ModelReadError: damaged, over the limits, or it names something that smplprep does not
            follow; the message says what and where.
    """
    record = Machine(buffer, limits=limits).run()
    values = Values(CALLS, limits=limits, n_bytes=memoryview(buffer).nbytes)
    return PickleResult(values.value(record), values.notes)


def read_pickle_model(file: PackedFile) -> Contents:
    """The entries of a model's pickle.

    Raises:
        ModelReadError: as ``read_pickle`` and ``contents_of``; or line ends were changed in a
            pickle that is not text.
    """
    remark = None
    try:
        body = file.body
        if _TEXT_WITH_CRLF.match(body):
            body = memoryview(bytes(body).replace(b"\r\n", b"\n"))
            remark = "line ends had been changed in it (LF to CRLF), and were changed back"
        result = read_pickle(body, limits=file.limits)
    except ModelReadError as error:
        if _line_ends_changed(file.body):
            raise ModelReadError(_CRLF, hint=_AS_BINARY) from error
        raise
    return contents_of(result.value, file, container="pkl", notes=result.notes, remark=remark)


# Protocol 0 is text: a pickle of a dict, list or name whose first line ends in CRLF.
_TEXT_WITH_CRLF = re.compile(rb"\(?[dlcp][\w.]*\r\n")
_CRLF = "damaged: line ends in it were changed (LF to CRLF), as git and FTP do to text"
_AS_BINARY = "Download it again, as a binary file."


def _line_ends_changed(body: memoryview) -> bool:
    """Whether no LF stands without a CR, as happens by chance in no file of a model's size."""
    changed = unchanged = 0
    for start in range(0, len(body), PIECE):
        piece = bytes(body[max(start - 1, 0) : start + PIECE])
        changed += piece.count(b"\r\n")
        unchanged += piece[1 if start else 0 :].count(b"\n")
    return 0 < changed == unchanged


def read_torch_model(file: PackedFile) -> Contents:
    """The entries of a model in a file that ``torch.save`` wrote, in its zip format or before.

    Raises:
        ModelReadError: as ``read_pickle``; or it was written on a big-endian machine.
    """
    if not file.members:
        saved = read_saved(file.body, limits=file.limits)
        record, storages, n_bytes = saved.record, saved.storages, file.n_bytes
    else:
        bodies = {name: member.body for name, member in file.members.items()}
        (top,) = {name for name in bodies if name.endswith("/data.pkl")}
        folder, n_bytes = top.removesuffix("data.pkl"), sum(map(len, bodies.values()))
        if bytes(bodies.get(f"{folder}byteorder", b"little")[:9]) != b"little":
            raise big_endian()
        with inside(key=top):
            record = Machine(bodies[top], limits=file.limits).run()
        data = f"{folder}data/"
        storages = {k.removeprefix(data): v for k, v in bodies.items() if k.startswith(data)}
    values = Values(CALLS, limits=file.limits, n_bytes=n_bytes, storages=storages)
    remark = "torch.save wrote the file; its tensors were read as arrays"
    value = values.value(record)
    return contents_of(value, file, container="npz", notes=values.notes, remark=remark)
