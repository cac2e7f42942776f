"""Write a model as .glb (binary glTF 2.0): a skinned mesh with its skeleton and its first shapes.

glTF has the model's units and axes already: meters, y up, z forward. Pose correctives and the way
joints follow the shape have no place in it; ``gltf_losses`` says what that costs.

Source: Khronos, glTF 2.0 specification, sections 3.7 (meshes, skins, morph targets) and 4.4 (GLB).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import __version__
from ...errors import ModelWriteError, inside, install
from ...geometry.kinematic_tree import parents_of
from ...geometry.mesh import vertex_normals
from ...records.model import Model
from ..replace_file import replacing
from ..write_model import Written
from .arrays import (
    gltf_joints,
    indices,
    influence_sets,
    inverse_binds,
    joint_offsets,
    morph_directions,
)
from .texts import license_note

MAX_BYTES = 2**32 - 1  # a .glb holds its own size in 32 bits


def write_gltf(
    model: Model,
    path: str | os.PathLike[str],
    *,
    n_betas: int | None = None,
    vocabulary: str = "mixamo",
    force: bool = False,
) -> Written:
    """Write the skinned mesh of a model to ``path``, whole or not at all.

    Skinning rows are rescaled to sum 1. Nodes 0 to J-1 are the joints, node J is the mesh.

    Args:
        model: V vertices, J joints, B shape directions.
        path: the output, which should end in .glb.
        n_betas: how many of the B become morph targets; None for 10, or all where there are fewer.
        vocabulary: of the joints' names, "mixamo" or "smplx".
        force: replace an existing file.

    Returns:
        SHA-256 and size of the file. The same model and arguments give the same bytes.

    Raises:
        ModelWriteError: pygltflib is missing, the model has no faces or too few directions, or the
            file cannot be written; an existing file is unchanged.
    """
    own = [] if model.source.path is None else [model.source.path]
    with replacing(path, force=force, inputs=own) as output:
        with inside(path=model.source.path):
            pieces = glb_pieces(model, morph_directions(model, n_betas), vocabulary)
        for piece in pieces:
            output.write(piece)
        output.commit()
    return Written(output.sha256(), output.n_bytes)


def glb_pieces(model: Model, directions: NDArray, vocabulary: str) -> list[bytes]:
    """The bytes of the file in pieces, from morph directions (V, 3, N)."""
    try:
        import pygltflib as gltf
    except ImportError as error:
        raise ModelWriteError("a .glb needs pygltflib", hint=install("gltf")) from error
    if not len(model.f):
        raise ModelWriteError("a .glb needs faces, and the model has none", key="f")
    buffer = Buffer(gltf)
    joints = gltf_joints(model)
    n_joints, n_shapes = model.n_joints, directions.shape[2]
    attributes = {
        "POSITION": buffer.vertices(model.v_template, bounds=True),
        "NORMAL": buffer.vertices(vertex_normals(model.v_template, model.f)),
    }
    for index, (numbers, weights) in enumerate(influence_sets(model.weights)):
        attributes[f"JOINTS_{index}"] = buffer.vertices(numbers)
        attributes[f"WEIGHTS_{index}"] = buffer.vertices(weights)
    shapes = np.moveaxis(directions, 2, 0)
    triangles = gltf.Primitive(
        attributes=gltf.Attributes(**attributes),
        indices=buffer.add(indices(model), "SCALAR", target=gltf.ELEMENT_ARRAY_BUFFER),
        material=0,
        targets=[gltf.Attributes(POSITION=buffer.vertices(each, bounds=True)) for each in shapes],
    )
    mesh = gltf.Mesh(
        primitives=[triangles],
        weights=[0.0] * n_shapes,
        extras={"targetNames": [f"beta{index}" for index in range(n_shapes)]},
    )
    skin = gltf.Skin(
        joints=list(range(n_joints)),
        inverseBindMatrices=buffer.add(inverse_binds(joints), "MAT4"),
    )
    skinned = gltf.Node(name=model.family.name + " mesh", mesh=0, skin=0)
    nodes, root = skeleton(model, joints, vocabulary, gltf)
    document = gltf.GLTF2(
        asset=gltf.Asset(generator=f"smplprep {__version__}", copyright=license_note(model)),
        scene=0,
        scenes=[gltf.Scene(nodes=[root, n_joints])],
        nodes=[*nodes, skinned],
        meshes=[mesh],
        skins=[skin],
        materials=[plain_material(gltf)],
        accessors=buffer.accessors,
        bufferViews=buffer.views,
        buffers=[gltf.Buffer(byteLength=len(buffer.data))],
    )
    document.set_binary_blob(buffer.data)
    return [bytes(piece) for piece in document.save_to_bytes()]


class Buffer:
    """The binary part as it grows, each array with a view and an accessor of its own."""

    def __init__(self, gltf: Any) -> None:
        self.data = bytearray()
        self.views: list[Any] = []
        self.accessors: list[Any] = []
        self._gltf = gltf

    def vertices(self, array: NDArray, *, bounds: bool = False) -> int:
        """``add`` for (V, 3) floats, or (V, 4) floats or joint numbers."""
        kept = array if array.dtype.kind == "u" else array.astype(np.float32)
        kind = f"VEC{array.shape[1]}"
        return self.add(kept, kind, target=self._gltf.ARRAY_BUFFER, bounds=bounds)

    def add(
        self, array: NDArray, kind: str, *, target: int | None = None, bounds: bool = False
    ) -> int:
        """Append the array; the index of its accessor. ``bounds`` states smallest and largest.

        Raises:
            ModelWriteError: the file would be larger than a .glb can be.
        """
        if len(self.data) + array.nbytes > MAX_BYTES - (1 << 24):  # 16 MiB are left for the JSON
            raise ModelWriteError(
                "it would be larger than 4 GiB, the most a .glb can be",
                hint="Use fewer --betas.",
            )
        gltf = self._gltf
        component = {
            "|u1": gltf.UNSIGNED_BYTE,
            "<u2": gltf.UNSIGNED_SHORT,
            "<u4": gltf.UNSIGNED_INT,
            "<f4": gltf.FLOAT,
        }[array.dtype.newbyteorder("<").str]
        view = gltf.BufferView(
            buffer=0, byteOffset=len(self.data), byteLength=array.nbytes, target=target
        )
        accessor = gltf.Accessor(
            bufferView=len(self.views), componentType=component, count=len(array), type=kind
        )
        if bounds:
            accessor.min, accessor.max = array.min(axis=0).tolist(), array.max(axis=0).tolist()
        self.views.append(view)
        self.accessors.append(accessor)
        self.data += np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        self.data += bytes(-len(self.data) % 4)
        return len(self.accessors) - 1


def skeleton(
    model: Model, joints: NDArray[np.float64], vocabulary: str, gltf: Any
) -> tuple[list[Any], int]:
    """A node for each joint, in the rest pose, and the number of the root."""
    parents = parents_of(model.kintree_table)
    names = model.joint_names(vocabulary)
    offsets = joint_offsets(joints, parents)
    children = [np.flatnonzero(parents == joint).tolist() for joint in range(len(joints))]
    nodes = [
        gltf.Node(name=name, translation=offset.tolist(), children=below)
        for name, offset, below in zip(names, offsets, children, strict=True)
    ]
    return nodes, int(np.flatnonzero(parents < 0)[0])


def plain_material(gltf: Any) -> Any:
    """Gray, not metal, and seen from inside too: hands and heads are open where they end."""
    surface = gltf.PbrMetallicRoughness(
        baseColorFactor=[0.8, 0.8, 0.8, 1.0], metallicFactor=0.0, roughnessFactor=0.9
    )
    return gltf.Material(name="plain", pbrMetallicRoughness=surface, doubleSided=True)
