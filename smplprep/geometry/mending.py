"""What an array of a wrong shape or type looks like, and the line of numpy that mends it.

In the lines ``d`` is the dict that the user loaded.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelInvalidError

Shape = tuple[int | None, ...]  # None is any size


def fits(shape: tuple[int, ...], wanted: Shape) -> bool:
    """Whether the shape is the wanted one."""
    return len(shape) == len(wanted) and all(
        w is None or n == w for n, w in zip(shape, wanted, strict=True)
    )


def wrong(key: str, what: str, value: str) -> ModelInvalidError:
    """The error of a key that looks like something else, with the value that it should have."""
    return ModelInvalidError(
        f"{key} {what}", key=key, hint=f'Fix it in numpy: d["{key}"] = {value}'
    )


def wrong_shape(key: str, shape: tuple[int, ...], wanted: Shape) -> ModelInvalidError | None:
    """What is wrong with the shape, if it is something that people do; None else."""
    array, text = f'd["{key}"]', shape_text(wanted)
    if shape[:1] == (1,) and fits(shape[1:], wanted):
        return wrong(key, f"looks like a batch of one: shape {shape}, not {text}", f"{array}[0]")
    for axes in permutations(range(len(shape))):
        if len(shape) <= 3 and fits(tuple(shape[axis] for axis in axes), wanted):
            turned = f"{array}.T" if len(shape) == 2 else f"{array}.transpose{axes}"
            return wrong(key, f"looks transposed: shape {shape}, not {text}", turned)
    if key == "kintree_table" and len(shape) == 1:
        table = f"np.stack([{array}, np.arange({shape[0]})])"
        return wrong(key, "has only the row of parents; a row of joint numbers must follow", table)
    if key == "f" and len(shape) == 2 and shape[1] == 4:
        triangles = f"np.concatenate([{array}[:, [0, 1, 2]], {array}[:, [0, 2, 3]]])"
        return wrong(key, f"looks like quads: shape {shape}, not {text}", triangles)
    if len(shape) == 2 and len(wanted) == 3 and wanted[0] is not None:
        rows, columns = 3 * wanted[0], wanted[2]
        flat = f"looks flattened: shape {shape}, not {text}"
        for (n, m), value in ((shape, array), (shape[::-1], f"{array}.T")):
            if n == rows and columns in (None, m):
                return wrong(key, flat, f"{value}.reshape({wanted[0]}, 3, {m})")
    if len(shape) == 1 and len(wanted) == 2 and wanted[1] == 3 and shape[0] % 3 == 0:
        return wrong(key, f"looks flattened: shape {shape}, not {text}", f"{array}.reshape(-1, 3)")
    return None


def shape_text(wanted: Shape) -> str:
    """(10, 3, any)"""
    sizes = ["any" if n is None else str(n) for n in wanted]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def no_floats(key: str, array: NDArray) -> ModelInvalidError:
    """An array of integers where floats belong; weights may be shares of 255."""
    value = f'd["{key}"]'
    what = f"has dtype {array.dtype}, not floats"
    if key != "weights" or array.ndim != 2:
        return wrong(key, what, f"{value}.astype('f8')")
    sums = array.sum(axis=1, dtype=np.float64)
    if sums.size and np.median(sums) > 1:
        what += f" whose rows sum to 1 (they sum to {np.median(sums):g})"
        return wrong(key, what, f"{value} / {value}.sum(axis=1, keepdims=True)")
    return wrong(key, what, f"{value}.astype('f8')")


def shuffled_ids() -> ModelInvalidError:
    """Row 1 of ``kintree_table`` numbers the joints otherwise than their columns do.

    Stock smplx takes the columns; SMPL's own loader looks parents up in row 1.
    """
    error = ModelInvalidError(
        "row 1 of kintree_table numbers the joints in another order than its columns",
        key="kintree_table",
    )
    error.hint = (
        'Fix it in numpy: k = d["kintree_table"]; ids = k[1].tolist(); '
        "k[:] = [[ids.index(p) if p in ids else p for p in k[0].tolist()], range(len(ids))]"
    )
    return error
