"""Hostile files of the formats beside .npz, .pkl and .h5: torch.save, JSON, .npy and nested dicts.

Each with what the reader must answer. Bodies are written by hand, as in ``pickles``; torch is not
needed.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile

import numpy as np
from pickles import BOMBS, named, short

MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
SYSTEM = b"\x80\x02}" + short("little_endian") + b"\x88s."
STORAGE = named("torch", "FloatStorage")
REBUILD = named("torch._utils", "_rebuild_tensor_v2")


def integer(value: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", value)


def storage(*, key: str = "0", count: int = 4, cls: bytes = STORAGE, more: bytes = b"") -> bytes:
    return b"(" + short("storage") + cls + short(key) + short("cpu") + integer(count) + more + b"tQ"


def tensor(
    size: tuple[int, ...] = (4,),
    stride: tuple[int, ...] = (1,),
    *,
    start: int = 0,
    of: bytes | None = None,
    call: bytes = REBUILD,
) -> bytes:
    shapes = [b"(" + b"".join(map(integer, numbers)) + b"t" for numbers in (size, stride)]
    return call + b"(" + (of or storage()) + integer(start) + b"".join(shapes) + b"\x89NtR"


def torch_zip(pickled: bytes, storages: dict[str, bytes] | None = None, **members: bytes) -> bytes:
    """As ``torch.save`` writes it: the pickle and each storage a member."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("m/data.pkl", pickled)
        for name, body in members.items():
            archive.writestr(f"m/{name}", body)
        for key, body in (storages or {"0": bytes(16)}).items():
            archive.writestr(f"m/data/{key}", body)
    return out.getvalue()


def torch_file(record: bytes, keys: bytes = b"](" + short("0") + b"e.", data: bytes = b"") -> bytes:
    """As ``torch.save`` wrote it before its zip format: five pickles, then the storages."""
    data = data or struct.pack("<q", 4) + bytes(16)
    return MAGIC + b"\x80\x02M\xe9\x03." + SYSTEM + record + b"\x80\x02" + keys + data


def entry(body: bytes, key: str = "weights") -> bytes:
    return b"\x80\x02}" + short(key) + body + b"s."


EXPANDED = tensor((1 << 20, 200), (0, 0))
OWN_FILE = (
    named("torch.storage", "_load_from_bytes") + b"(B%s" + b"%s" + b"tR"
)  # its length, then the file


def storage_file(record: bytes = b"\x80\x02" + storage(more=b"N") + b".") -> bytes:
    """A storage as a file inside a pickle."""
    body = torch_file(record)
    return (
        named("torch.storage", "_load_from_bytes")
        + b"(B"
        + struct.pack("<I", len(body))
        + (body + b"tR")
    )


def deep_json(levels: int, value: str = "1") -> bytes:
    return b'{"a":' * levels + value.encode() + b"}" * levels


def object_npy(body: bytes) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "|O", "fortran_order": False, "shape": ()})
    return out.getvalue() + body


def nested(levels: int) -> bytes:
    """A dict in a dict in a dict."""
    return b"\x80\x02" + (b"}" + short("a")) * levels + b"N" + b"s" * levels + b"."


def routes(command: str) -> dict[str, bytes]:
    """What runs a shell command."""
    text = f"(S'{command}'\n".encode()
    runs = b"cposix\nsystem\n" + text + b"tR"
    rebuilt = named("torch._tensor", "_rebuild_from_type_v2")
    gadget = named("torch.jit.unsupported_tensor_ops", "execWrapper")
    module = named("torch.nn.modules.container", "Sequential")
    return {
        "torch zip.pt": torch_zip(entry(runs)),
        "torch file.pt": torch_file(entry(runs)),
        "torch system.pt": MAGIC + b"\x80\x02M\xe9\x03." + b"\x80\x02" + runs + b".",
        "torch keys.pt": torch_file(entry(tensor(of=storage(more=b"N"))), runs + b"."),
        "tensor in a pickle.pkl": entry(REBUILD + b"(" + runs + b"NNNtR"),
        "storage that is called.pt": torch_zip(entry(STORAGE + text + b"tR")),
        "subclass that is called.pt": torch_zip(entry(rebuilt + b"(" + runs + b"NNNtR")),
        "module.pt": torch_zip(entry(module + b")\x81")),
        "torch gadget.pt": torch_zip(entry(gadget + text + b"tR")),
        "npy.npy": object_npy(b"\x80\x02" + runs + b"."),
    }


HOSTILE = {
    "tensor beyond.pt": (torch_zip(entry(tensor((5,)))), "reaches beyond its storage"),
    "tensor far beyond.pt": (
        torch_zip(entry(tensor((2,), (1 << 62,)))),
        "reaches beyond its storage",
    ),
    "tensor that starts beyond.pt": (
        torch_zip(entry(tensor((1,), start=1 << 62))),
        "reaches beyond its storage",
    ),
    "tensor that starts below.pt": (
        torch_zip(entry(tensor((1,), start=-1))),
        "reaches beyond its storage",
    ),
    "tensor that steps back.pt": (
        torch_zip(entry(tensor((2,), (-1,), start=3))),
        "a tensor without a shape",
    ),
    "tensor that wraps.pt": (
        torch_zip(entry(tensor((1 << 33, 1 << 33), (1, 1)))),
        "over the limit of 1073741824 bytes",
    ),
    "tensor of zero times much.pt": (
        torch_zip(entry(tensor((0, 1 << 62), (1, 1)))),
        "over the limit of 1073741824 bytes",
    ),
    "tensor of many dimensions.pt": (
        torch_zip(entry(tensor((1,) * 33, (1,) * 33))),
        "33 dimensions",
    ),
    "storage that is short.pt": (
        torch_zip(entry(tensor()), {"0": bytes(15)}),
        "whose storage is cut short",
    ),
    "storage that is missing.pt": (
        torch_zip(entry(tensor(of=storage(key="../../m")))),
        "whose storage is not in the file",
    ),
    "storage of another kind.pt": (
        torch_zip(entry(tensor(of=storage(cls=named("torch", "Tensor"))))),
        "a tensor without a storage",
    ),
    "storage of a number.pt": (torch_zip(entry(tensor(of=b"K\x01"))), "without a storage"),
    "storage alone.pt": (torch_zip(entry(storage())), "only the program that wrote it has;"),
    "storage outside.pkl": (entry(tensor()), "whose storage is not in the file"),
    "view beyond.pt": (
        torch_file(entry(tensor(of=storage(more=b"(" + short("v") + b"K\x03K\x02t")))),
        "whose storage is damaged",
    ),
    "bfloat16.pt": (
        torch_zip(entry(tensor(of=storage(count=8, cls=named("torch", "BFloat16Storage"))))),
        "dtype bfloat16, which numpy does not have",
    ),
    "boolean of 2.pt": (
        torch_zip(
            entry(tensor(of=storage(count=16, cls=named("torch", "BoolStorage")))),
            {"0": b"\2" * 16},
        ),
        "neither 0 nor 1",
    ),
    "big-endian.pt": (torch_zip(entry(tensor()), byteorder=b"big"), "a big-endian machine"),
    "two pickles.pt": (
        torch_zip(entry(tensor()), **{"more/data.pkl": b"N."}),
        "a zip archive that holds",
    ),
    "TorchScript.pt": (torch_zip(b"N.", **{"constants.pkl": b")."}), "a TorchScript program"),
    "old, no keys.pt": (torch_file(entry(tensor()), b"N."), "a damaged torch.save file"),
    "old, key twice.pt": (
        torch_file(
            entry(tensor(of=storage(more=b"N"))),
            b"](" + short("0") * 2 + b"e.",
            (struct.pack("<q", 4) + bytes(16)) * 2,
        ),
        "damaged or cut short",
    ),
    "old, unknown key.pt": (
        torch_file(entry(tensor(of=storage(more=b"N"))), b"](" + short("9") + b"e."),
        "damaged or cut short",
    ),
    "old, too many.pt": (
        torch_file(entry(tensor(of=storage(more=b"N"))), data=struct.pack("<q", 1 << 61)),
        "damaged or cut short",
    ),
    "old, below zero.pt": (
        torch_file(entry(tensor(of=storage(more=b"N"))), data=struct.pack("<q", -4)),
        "damaged or cut short",
    ),
    "old, of another protocol.pt": (MAGIC + b"\x80\x02M\xea\x03." * 4, "a damaged torch.save"),
    "old, cut short.pt": (MAGIC, "the pickle is cut short"),
    "file in a file.pkl": (
        entry(tensor(of=storage_file(b"\x80\x02" + storage_file() + b"."))),
        "damaged or cut short",
    ),
    "file alone.pkl": (entry(storage_file()), "storage was found where a value belongs"),
    "file of nothing.pkl": (
        entry(tensor(of=named("torch.storage", "_load_from_bytes") + b")R")),
        "a tensor without its numbers",
    ),
    "subclass of itself.pt": (
        torch_zip(
            entry(
                named("torch._tensor", "_rebuild_from_type_v2")
                + b"("
                + named("torch._tensor", "_rebuild_from_type_v2")
                + b"N)NtR"
            )
        ),
        "a tensor of an unknown kind",
    ),
    "sparse tensor of nothing.pt": (
        torch_zip(entry(named("torch._utils", "_rebuild_sparse_tensor") + b"(NNtR")),
        "a sparse tensor without its parts",
    ),
    "bomb of an expanded tensor.pt": (
        torch_zip(entry(b"](" + EXPANDED * 2 + b"e")),
        "unfolds into far more than its own size",
    ),
    "bomb of files.pkl": (
        entry(b"](" + tensor(of=storage_file()) * 9000 + b"e"),
        "more than 500000",
    ),
    "bomb of one file again.pkl": (
        entry(
            b"B"
            + struct.pack("<I", len(torch_file(b"\x80\x02" + storage(more=b"N") + b".")))
            + torch_file(b"\x80\x02" + storage(more=b"N") + b".")
            + b"\x940]("
            + tensor(of=named("torch.storage", "_load_from_bytes") + b"(h\x00tR") * 9000
            + b"e"
        ),
        "more than 500000",
    ),
    "bomb of doubled lists.pt": (
        torch_zip(BOMBS["doubled lists, flat"][0]),
        "unfolds into more than 500000 values",
    ),
    "bomb of zeros.pt": (None, "are said to unpack to"),  # made below
    "deep.pkl": (nested(40), "nested deeper than 32 levels"),
    "deep.npy": (object_npy(nested(40)), "nested deeper than 32 levels"),
    "npy of nothing.npy": (object_npy(b"\x80\x02N."), "it does not hold an object array of shape"),
    "npy without a pickle.npy": (object_npy(b""), "the pickle is cut short"),
    "npy that floods.npy": (b"\x93NUMPY\x01\x00\xff\xff" + b"{" * 65535, "npy header of 65535"),
    "many dicts.pkl": (
        b"\x80\x02}(" + b"".join(b"K" + bytes([n % 256]) + b"}" for n in range(256)) + b"u.",
        "the key 0 is not text",
    ),
    "deep.json": (deep_json(100_000), "not readable as JSON"),
    "deep but readable.json": (deep_json(100), "nested too deep"),
    "lists.json": (b'{"a":' + b"[" * 100_000, "not readable as JSON"),
    "many lists.json": (b'{"a":[' + b"[]," * 3_000_000 + b"1]}", "more than 2000000 of the"),
    "many numbers.json": (b'{"a":[' + b"1," * 15_000_000 + b"1]}", "more than 12000000 of the"),
    "many texts.json": (b'{"a":[' + b'"b",' * 500_000 + b"1]}", "more than 400000 of the"),
    "many dicts.json": (b'{"a":[' + b"{}," * 200_000 + b"1]}", "more than 100000 of the"),
    "wide text.json": (
        b'{"a":"' + "\U0001f600".encode() * 20_000_000 + b'"}',
        "bytes are too much for JSON",
    ),
    "long number.json": (b'{"a":' + b"9" * 1_000_000 + b"}", "not readable as JSON"),
    "long fraction.json": (
        b'{"v_template":[0.' + b"9" * 1_000_000 + b"]}",
        "it lacks f, weights",
    ),
    "NaN.json": (b'{"weights":[[NaN]]}', "the JSON contains NaN"),
    "infinity.json": (b'{"weights":[[1e999]]}', "a number in the JSON is too large"),
    "key twice.json": (b'{"f":[1],"f":[2]}', "appears twice"),
    "not UTF-8.json": (b'{"f":"\xff"}', "the JSON is not UTF-8"),
    "half a character.json": (b'{"\\ud800":[1]}', "it lacks v_template"),
    "a list.json": (b'{"a":[[1,2],[3]],"b":[true,null,"x"]}', "it lacks v_template"),
    "a program.json": (b"{__import__('os').system('true')}", "not readable as JSON"),
    "comments.json": (b'{"f": [1] /* a face */}', "not readable as JSON"),
    "ragged.json": (
        json.dumps(
            {
                "v_template": [[0, 0, 0], [1]],
                "f": [[0, 0, 0]],
                "weights": [[1]],
                "J_regressor": [[1]],
                "kintree_table": [[-1], [0]],
            }
        ).encode(),
        "v_template is a list, not an array",
    ),
}


def bomb_of_zeros() -> bytes:
    """A storage of 700 MB in 700 kB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("m/data.pkl", entry(tensor()))
        with archive.open("m/data/0", "w") as member:
            for _ in range(600):
                member.write(bytes(1 << 20))
    return out.getvalue()


HOSTILE["bomb of zeros.pt"] = (bomb_of_zeros(), "is too much for its size")
