"""Zip archives of arrays: as people have them, and with all that a zip file can lie about.

The writer here can lie in every field; ``HOSTILE`` says what the reader must answer to each lie.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

ARRAYS: dict[str, NDArray] = {
    "weights": np.arange(6.0).reshape(2, 3),
    "f": np.array([[0, 1, 2]], np.uint32),
    "bs_type": np.array("lrotmin"),
}


def saved(save: Callable[..., None] = np.savez, arrays: dict[str, NDArray] = ARRAYS) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def streamed(arrays: dict[str, NDArray], method: int = zipfile.ZIP_STORED) -> bytes:
    """As written to a pipe: zip64 fields, and sizes only in data descriptors."""

    class Pipe(io.RawIOBase):
        data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive:  # type: ignore[arg-type]
        for number, (key, array) in enumerate(arrays.items()):
            with archive.open(f"{key}.npy", "w", force_zip64=bool(number)) as member:
                np.lib.format.write_array(member, array)
    return pipe.data


@dataclass
class Member:
    """A member; ``local`` and ``central`` overwrite single header fields."""

    name: str | bytes
    data: bytes
    method: int = 0
    payload: bytes | None = None
    local: dict[str, int | bytes] = field(default_factory=dict)
    central: dict[str, int | bytes] = field(default_factory=dict)
    after: bytes = b""


def archive(*members: Member, before: bytes = b"", after: bytes = b"", **end: int) -> bytes:
    data, directory = before, b""
    for member in members:
        name = member.name.encode() if isinstance(member.name, str) else member.name
        payload = member.payload
        if payload is None:
            machine = zlib.compressobj(6, zlib.DEFLATED, -15)
            packed = machine.compress(member.data) + machine.flush()
            payload = packed if member.method == 8 else member.data
        says = {
            "version": 20,
            "flags": 0,
            "method": member.method,
            "time": 0,
            "date": 33,
            "crc": zlib.crc32(member.data),
            "packed": len(payload),
            "size": len(member.data),
            "name": name,
            "extra": b"",
            "offset": len(data),
            "comment": b"",
            "disk": 0,
        }
        data += _header(b"PK\3\4", says | member.local) + payload + member.after
        directory += _header(b"PK\1\2", says | member.central)
    counts = {"disk": 0, "first": 0, "here": len(members), "count": len(members)}
    counts |= {"size": len(directory), "start": len(data), "comment": 0}
    tail = struct.pack("<4s4H2LH", b"PK\5\6", *(counts | end).values())
    return data + directory + tail + after


def _header(magic: bytes, says: dict) -> bytes:
    fields = [says[name] for name in ("flags", "method", "time", "date", "crc", "packed", "size")]
    lengths = [len(says["name"]), len(says["extra"])]
    if magic == b"PK\3\4":
        fixed = struct.pack("<4s5H3L2H", magic, says["version"], *fields, *lengths)
        return fixed + says["name"] + says["extra"]
    lengths += [len(says["comment"]), says["disk"], 0]
    version = says["version"]
    fixed = struct.pack(
        "<4s6H3L5H2L", magic, version, version, *fields, *lengths, 0, says["offset"]
    )
    return fixed + says["name"] + says["extra"] + says["comment"]


def npy(array: NDArray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


W, F = npy(ARRAYS["weights"]), npy(ARRAYS["f"])
ZEROS = npy(np.zeros(100_000))


def good() -> Member:
    return Member("f.npy", F)


def descriptor(data: bytes, crc: int | None = None) -> bytes:
    return struct.pack("<4sLLL", b"PK\7\x08", crc or zlib.crc32(data), len(data), len(data))


HOSTILE = {
    "no member": (archive(), "the archive is empty"),
    "prefix": (archive(good(), before=b"PK junk"), "bytes that belong to no member"),
    "suffix": (archive(good(), after=b"x"), "does not end in its directory"),
    "archive comment": (archive(good(), after=b"x", comment=1), "does not end in its directory"),
    "fewer entries": (archive(good(), good(), here=1, count=1), "not hold exactly its 1 entries"),
    "more entries": (archive(good(), here=2, count=2), "a damaged directory entry"),
    "counts differ": (archive(good(), here=1, count=2), "does not agree with the rest"),
    "many entries": (archive(good(), here=5000, count=5000), "5000 members; the limit is 4096"),
    "two disks": (archive(good(), disk=1), "does not agree with the rest"),
    "directory elsewhere": (archive(good(), start=0), "does not agree with the rest"),
    "directory size": (archive(good(), size=1), "does not agree with the rest"),
    "directory beyond": (archive(good(), start=2**31), "does not agree with the rest"),
    "zip64 missing": (archive(good(), start=2**32 - 1), "does not agree with the rest"),
    "duplicate": (archive(good(), Member("f.npy", W)), "names this key twice (key f)"),
    "path": (archive(Member("a/f.npy", F)), "whose arrays lie in a folder: a/f.npy"),
    "backslash": (archive(Member("..\\f.npy", F)), "a zip archive without arrays or models"),
    "zipped": (
        archive(Member("SMPLH_NEUTRAL.pkl", F)),
        "a zip archive that holds SMPLH_NEUTRAL.pkl",
    ),
    "control": (
        archive(Member("\x1b[2J.npy", F)),
        r"\x1b[2J.npy has a name that no .npz uses",
    ),
    "no npy": (archive(Member("f", F)), "a zip archive without arrays or models: it holds f"),
    "twice npy": (archive(Member("f.npy.npy", F)), "f.npy.npy has a name that no .npz uses"),
    "only npy": (archive(Member(".npy", F)), "member .npy has a name that no .npz uses"),
    "bad utf-8": (
        archive(Member(b"\xff.npy", F, local={"flags": 2048}, central={"flags": 2048})),
        "member ÿ.npy has no readable name",
    ),
    "checkpoint": (archive(Member("archive/data.pkl", b"")), "the pickle is cut short"),
    "TorchScript": (
        archive(Member("m/data.pkl", b"N."), Member("m/constants.pkl", b").")),
        "this is a TorchScript program",
    ),
    "office": (archive(Member("[Content_Types].xml", b"")), "this is an office document"),
    "encrypted": (
        archive(Member("f.npy", F, local={"flags": 1}, central={"flags": 1})),
        "member f.npy is encrypted",
    ),
    "patched data": (archive(Member("f.npy", F, central={"flags": 32})), "a way that no .npz uses"),
    "lzma": (archive(Member("f.npy", F, method=14)), "a way that no .npz uses"),
    "local name": (archive(Member("f.npy", F, local={"name": b"g.npy"})), "entry for it differ"),
    "local method": (archive(Member("f.npy", F, local={"method": 8})), "entry for it differ"),
    "local flags": (archive(Member("f.npy", F, local={"flags": 8})), "entry for it differ"),
    "local crc": (archive(Member("f.npy", F, local={"crc": 1})), "entry for it differ"),
    "local size": (archive(Member("f.npy", F, local={"size": 1})), "entry for it differ"),
    "local zip64": (
        archive(Member("f.npy", F, local={"size": 2**32 - 1})),
        "lacks its zip64 sizes",
    ),
    "stored sizes": (archive(Member("f.npy", F, central={"size": 1})), "its two sizes differ"),
    "crc": (archive(Member("f.npy", F, local={"crc": 1}, central={"crc": 1})), "the checksum"),
    "entry comment": (
        archive(Member("f.npy", F, central={"comment": b"x"})),
        "a damaged directory",
    ),
    "entry disk": (archive(Member("f.npy", F, central={"disk": 1})), "a damaged directory entry"),
    "extra": (archive(Member("f.npy", F, central={"extra": b"\1\0\x10\0"})), "damaged extra field"),
    "short extra": (archive(Member("f.npy", F, local={"extra": b"\1"})), "damaged extra field"),
    "gap": (archive(Member("f.npy", F, after=b"x"), Member("w.npy", W)), "belong to no member"),
    "long gap": (archive(Member("f.npy", F, after=bytes(25))), "does not fit"),
    "descriptor without flag": (
        archive(Member("f.npy", F, after=descriptor(F))),
        "bytes that belong to no member",
    ),
    "descriptor missing": (
        archive(Member("f.npy", F, local={"flags": 8}, central={"flags": 8})),
        "bytes that belong to no member",
    ),
    "descriptor lies": (
        archive(
            Member("f.npy", F, 0, None, {"flags": 8}, {"flags": 8}, descriptor(F, crc=1)),
        ),
        "bytes that belong to no member",
    ),
    "overlap": (
        archive(good(), Member("w.npy", W, central={"offset": 10})),
        "does not fit between its neighbors",
    ),
    "same bytes twice": (
        archive(good(), Member("g.npy", F, central={"offset": 0})),
        "does not fit between its neighbors",
    ),
    "offset beyond": (
        archive(Member("f.npy", F, central={"offset": 2**31})),
        "bytes that belong to no member",
    ),
    "ratio": (
        archive(Member("f.npy", F, 8, b"12", {"size": 2401}, {"size": 2401})),
        "2 bytes are said to unpack to 2401",
    ),
    "deflated is longer": (
        archive(Member("f.npy", F, 8, None, {"size": 50}, {"size": 50})),
        "the compressed data is broken or longer than it says",
    ),
    "deflated is shorter": (
        archive(Member("f.npy", F, 8, None, {"size": 500}, {"size": 500})),
        "500 bytes were declared, 140 are there",
    ),
    "deflated is broken": (archive(Member("f.npy", F, 8, b"\xff" * 50)), "the compressed data is"),
    "deflated and more": (
        archive(Member("f.npy", F, 8, zlib.compress(F, wbits=-15) + b"more")),
        "140 bytes were declared, 140 are there",
    ),
    "deflated and much more": (
        archive(Member("f.npy", F, 8, zlib.compress(F, wbits=-15) + bytes(3 << 20))),
        "the compressed data is broken or longer than it says",
    ),
    "deflated is cut": (
        archive(Member("f.npy", F, 8, zlib.compress(F, wbits=-15)[:-4])),
        "140 bytes were declared",
    ),
    "no array": (archive(Member("f.npy", b"PK\3\4 and more")), "not a .npy array (key f, byte 0)"),
    "empty member": (archive(Member("f.npy", b"")), "not a .npy array (key f, byte 0)"),
    "short array": (archive(Member("f.npy", F[:-1])), "11 are there (key f, byte 128)"),
    "long array": (archive(Member("f.npy", F + b"x")), "13 are there (key f, byte 128)"),
}
