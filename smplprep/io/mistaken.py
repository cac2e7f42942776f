"""What people take for a model file, recognized by its first bytes, and what to do."""

from __future__ import annotations

import re

_DOWNLOAD = "Download it again in a browser that is logged in to the model's site."
_UNPACK = "Unpack it first."
_TAKE = "Take the model file of the same download: a .pkl, .npz or .h5 such as SMPL_MALE.pkl."
JOBLIB_AGAIN = (
    "If you trust the file, save it again in Python: "
    "pickle.dump(joblib.load('IN'), open('OUT.pkl', 'wb'))"
)

# How it begins (after white space, in lower case), what it is, and what to do.
_BEGINNINGS = (
    (b"<!doctype html", "a web page (HTML), which a download without login returns", _DOWNLOAD),
    (b"<html", "a web page (HTML), which a download without login returns", _DOWNLOAD),
    (b"<?xml", "an XML file", _TAKE),
    (b"version https://git-lfs", "a git-lfs pointer, not the file itself", "Run: git lfs pull"),
    (b"\x89png", "a PNG image", None),
    (b"\xff\xd8\xff", "a JPEG image", None),
    (b"gif8", "a GIF image", None),
    (b"%pdf-", "a PDF document", None),
    (b"\x1f\x8b", "compressed with gzip", _UNPACK),
    (b"bzh", "compressed with bzip2", _UNPACK),
    (b"\xfd7zxz\0", "compressed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", _UNPACK),
    (b"zf0x", "compressed by an old joblib", JOBLIB_AGAIN),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"blender", "a Blender file (.blend)", _TAKE),
    (b"kaydara fbx", "an FBX file: a scene for animation programs", _TAKE),
    (b"; fbx", "an FBX file: a scene for animation programs", _TAKE),
    (b"gltf", "a glTF file (.glb): a scene for viewers", _TAKE),
    (b"ply\n", "a PLY mesh", _TAKE),
    (b"ply\r\n", "a PLY mesh", _TAKE),
    (b"solid ", "an STL mesh", _TAKE),
    (b"#usda", "a USD scene", _TAKE),
    (b"pxr-usdc", "a USD scene", _TAKE),
    (b"ogawa", "an Alembic scene", _TAKE),
    (b"hierarchy", "a BVH motion", _TAKE),
    (b"matlab", "a MATLAB file (.mat)", _TAKE),
)
_ZLIB = (b"x\x01", b"x^", b"x\x9c", b"x\xda")
_OBJ = re.compile(rb"(?:#[^\n]*\n|\s+)*(?:v|vn|vt|mtllib|usemtl|o|g|f) +[-\w./]")


def mistaken_for_a_model(head: bytes) -> tuple[str, str | None] | None:
    """What a file that is not a model is, and what to do; None if ``head`` does not show it."""
    begin = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, what, hint in _BEGINNINGS:
        if begin.startswith(magic):
            return what, hint
    if head[257:262] == b"ustar":
        return "a tar archive", _UNPACK
    if head[:2] in _ZLIB and not is_text(head):
        return "compressed with zlib, as joblib does", JOBLIB_AGAIN
    if _OBJ.match(head):
        return "an OBJ mesh", _TAKE
    return None


def is_text(head: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\r\n\f" for byte in head)
