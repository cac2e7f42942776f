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

from .. import __version__
from ..errors import ModelWriteError, install
from ..geometry.displacement import displacements
from ..geometry.kinematic_tree import parents_of
from ..geometry.mesh import vertex_normals
from ..geometry.skinning import shaped_joints
from ..records.contents import ObjectArray
from ..records.model import Model
from .replace_file import replacing
from .write_model import Written

DEFAULT_BETAS = 10
MAX_BYTES = 2**32 - 1  # a .glb holds its own size in 32 bits
GRID_DECIMALS = 9  # joints are rounded to 1e-9 m: sums may differ in their last digits by machine


def write_gltf(
    model: Model,
    path: str | os.PathLike[str],
    *,
    n_betas: int | None = None,
    vocabulary: str = "findings",
    force: bool = False,
) -> Written:
    """Write the skinned mesh of a model to ``path``, whole or not at all.

    Skinning rows are rescaled to sum 1. Nodes 0 to J-1 are the joints, node J is the mesh.

    Args:
        model: V vertices, J joints, B shape directions.
        path: the output, which should end in .glb.
        n_betas: how many of the B become morph targets; None for 10, or all where there are fewer.
        vocabulary: of the joints' names, as for ``Family.joint_names``.
        force: replace an existing file.

    Returns:
        SHA-256 and size of the file. The same model and arguments give the same bytes.

    Raises:
        ModelWriteError: pygltflib is missing, the model has no faces or too few directions, or the
            file cannot be written; an existing file is unchanged.
    """
    directions = morph_directions(model, n_betas)
    own = [] if model.source.path is None else [model.source.path]
    with replacing(path, force=force, inputs=own) as output:
        for piece in glb_pieces(model, directions, vocabulary):
            output.write(piece)
        output.commit()
    return Written(output.sha256(), output.n_bytes)


def morph_directions(model: Model, n_betas: int | None) -> NDArray:
    """(V, 3, N) the shape directions that become morph targets.

    Raises:
        ModelWriteError: the model has fewer than ``n_betas``.
    """
    n_found = model.shapedirs.shape[2]
    if n_betas is not None and n_betas > n_found:
        raise ModelWriteError(
            f"there are {n_found} shape directions, not {n_betas}",
            path=model.source.path,
            key="shapedirs",
            hint=f"Use --betas {n_found} or less.",
        )
    return model.shapedirs[:, :, : DEFAULT_BETAS if n_betas is None else n_betas]


def glb_pieces(model: Model, directions: NDArray, vocabulary: str) -> list[bytes]:
    """The bytes of the file in pieces, from morph directions (V, 3, N)."""
    try:
        import pygltflib as gltf
    except ImportError as error:
        raise ModelWriteError("a .glb needs pygltflib", hint=install("gltf")) from error
    if not len(model.f):
        raise ModelWriteError(
            "a .glb needs faces, and the model has none", path=model.source.path, key="f"
        )
    buffer = Buffer(model, gltf)
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

    def __init__(self, model: Model, gltf: Any) -> None:
        self.data = bytearray()
        self.views: list[Any] = []
        self.accessors: list[Any] = []
        self._path = model.source.path
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
                path=self._path,
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


def influence_sets(weights: NDArray) -> list[tuple[NDArray, NDArray[np.float32]]]:
    """(V, 4) joint numbers and (V, 4) weights for each set of four influences, heaviest first.

    Rows sum to 1 over all sets. An unused place has joint 0 and weight 0.
    """
    rows = np.maximum(weights.astype(np.float64), 0)  # validation lets -1e-6 through
    rows = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
    n_sets = max(1, -(-int(np.count_nonzero(rows, axis=1).max()) // 4))
    rows = np.pad(rows, ((0, 0), (0, max(0, 4 * n_sets - rows.shape[1]))))
    order = np.argsort(-rows, axis=1, kind="stable")[:, : 4 * n_sets]
    heaviest = np.take_along_axis(rows, order, axis=1)
    numbers = np.where(heaviest > 0, order, 0)
    numbers = numbers.astype(np.uint8 if weights.shape[1] <= 256 else np.uint16)
    parts = [slice(4 * index, 4 * index + 4) for index in range(n_sets)]
    return [(numbers[:, part], heaviest[:, part]) for part in parts]


def indices(model: Model) -> NDArray:
    """(3 F,) vertices of the triangles; the largest number of a type has a meaning of its own."""
    dtype = np.uint16 if model.n_vertices <= 65535 else np.uint32
    return model.f.astype(dtype).reshape(-1)


def gltf_joints(model: Model) -> NDArray[np.float64]:
    """(J, 3) joints of the template, meters."""
    joints, _ = shaped_joints(model, 0)
    return np.round(joints, GRID_DECIMALS) + 0.0  # -0.0 becomes 0.0


def inverse_binds(joints: NDArray[np.float64]) -> NDArray[np.float32]:
    """(J, 16) translations from each joint to the origin, column by column."""
    matrices = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
    matrices[:, 3, :3] = 0.0 - joints
    return matrices.reshape(-1, 16)


def skeleton(
    model: Model, joints: NDArray[np.float64], vocabulary: str, gltf: Any
) -> tuple[list[Any], int]:
    """A node for each joint, in the rest pose, and the number of the root."""
    parents = parents_of(model.kintree_table)
    names = model.family.joint_names(model.n_joints, vocabulary)
    offsets = joints - np.where(parents[:, None] < 0, 0, joints[parents])
    offsets = np.round(offsets, GRID_DECIMALS) + 0.0
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


def license_note(model: Model) -> str | None:
    """What the file itself says under keys such as license, licence or copyright."""
    texts = []
    for key, value in model.extras.items():
        if "licen" not in key.lower() and "copyright" not in key.lower():
            continue
        if isinstance(value, ObjectArray):
            value = value.items
        if isinstance(value, np.ndarray) and value.dtype.kind in "SU":
            value = value.reshape(-1).tolist()
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, bytes):
                text = text.decode("latin-1")
            if isinstance(text, str) and text.strip():
                texts.append(text.strip().encode("utf-8", "replace").decode("utf-8"))
    return "\n".join(texts) or None


def gltf_losses(model: Model, *, n_betas: int | None = None) -> list[str]:
    """Sentences on what of the model a .glb cannot hold, with figures where there are any."""
    directions = morph_directions(model, n_betas)
    told = []
    if model.posedirs.any():
        flat = model.with_arrays(posedirs=np.zeros_like(model.posedirs))
        worst = displacements([model, flat])[-1].max_mm
        told.append(
            "pose correctives have no place in glTF; without them vertices are off by up to "
            f"{worst:.1f} mm over the pose set"
        )
    if directions.shape[2]:
        _, added = shaped_joints(model, directions.shape[2])
        shift = 1000 * float(np.linalg.norm(added, axis=1).max())
        told.append(
            "morph targets move no joints: the skeleton stays that of the mean shape, where 1 of a "
            f"beta would move a joint by up to {shift:.1f} mm"
        )
    n_more = int((np.count_nonzero(model.weights, axis=1) > 4).sum())
    if n_more:
        told.append(
            f"{n_more} vertices have more than four influences; three.js and many engines use the "
            "first four alone: clean the model with --max-influences 4 first"
        )
    off = np.abs(model.weights.sum(axis=1, dtype=np.float64) - 1)
    if off.max() > 1e-5:
        told.append(
            f"{int((off > 1e-5).sum())} skinning rows did not sum to 1 and are rescaled, "
            f"as glTF demands (worst: off by {off.max():.2g})"
        )
    return told
