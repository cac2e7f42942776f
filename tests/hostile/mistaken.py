"""Files that people take for a model, and how the reader names them."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib

import numpy as np


def npy_bytes() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((3, 2)))
    return buffer.getvalue()


def tar_bytes() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("SMPLH_NEUTRAL.npz"))
    return buffer.getvalue()


MISTAKEN = {
    "empty": (b"", "the file is empty"),
    "login page": (
        b"\n<!DOCTYPE html>\n<html><body>Sign in",
        "this is a web page (HTML), which a download without login returns",
    ),
    "page without doctype": (
        b"\xef\xbb\xbf<HTML>",
        "this is a web page (HTML), which a download without login returns",
    ),
    "xml": (b"<?xml version='1.0'?>", "this is an XML file"),
    "lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "this is a git-lfs pointer, not the file itself",
    ),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "this is a PNG image"),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF", "this is a JPEG image"),
    "pdf": (b"%PDF-1.7", "this is a PDF document"),
    "gzip": (gzip.compress(b"x"), "this is compressed with gzip"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "this is a 7z archive"),
    "rar": (b"Rar!\x1a\x07\x01\0", "this is a RAR archive"),
    "tar": (tar_bytes(), "this is a tar archive"),
    "blend": (b"BLENDER-v300", "this is a Blender file (.blend)"),
    "fbx": (b"Kaydara FBX Binary  \0", "this is an FBX file"),
    "fbx as text": (b"; FBX 7.4.0 project file\n", "this is an FBX file"),
    "glb": (b"glTF\2\0\0\0", "this is a glTF file (.glb)"),
    "gltf": (b'{"asset": {"version": "2.0"}, "meshes": []}', "this is a glTF file"),
    "obj": (b"# made by hand\nmtllib a.mtl\nv 0.1 0.2 0.3\nf 1 2 3\n", "this is an OBJ mesh"),
    "obj without comments": (b"v -0.1 0.2 0.3\n", "this is an OBJ mesh"),
    "ply": (b"ply\nformat ascii 1.0\n", "this is a PLY mesh"),
    "stl": (b"solid body\n", "this is an STL mesh"),
    "bvh": (b"HIERARCHY\nROOT Hips\n", "this is a BVH motion"),
    "npy": (npy_bytes(), "this is a single numpy array (.npy) of shape (3, 2)"),
    "joblib, compressed": (
        zlib.compress(b"x" * 99),
        "this is compressed with zlib, as joblib",
    ),
    "text": (b"0.1 0.2 0.3\n1 2 3\n", "this is a text file, not a body model"),
    "sentence": (b"I like cats (and dogs).", "this is a text file, not a body model"),
    "noise": (bytes(range(1, 20)), "this is not a .npz, .pkl or .h5 file: it begins with 01 02 03"),
}
