"""Sparsify the joint regressor: each joint from fewer vertices, at the same place in every shape.

The hand joints are regressed from up to 196 vertices, so a loss on a finger pulls on the whole
hand's shape. A joint is a convex combination of vertices, and few of them span as much as many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelInvalidError
from ..geometry.poses import MAX_BETA
from ..geometry.skinning import blocks
from ..geometry.two_threads import thread_map
from ..records.change import Change
from ..records.model import Model
from ..records.options import RegressorMode, checked

# Vertices of one joint, and of all: the program of one takes 3 kB for each vertex.
MAX_ROW, MAX_ENTRIES = 100_000, 2_500_000
FIXED_POINT_BITS = 120
SOLVER_OPTIONS = {
    "output_flag": False,
    "solver": "simplex",
    # The programs are small and scaled already; presolve and scaling take longer than the rest.
    "presolve": "off",
    "simplex_scale_strategy": 0,
    "primal_feasibility_tolerance": 1e-10,
    "dual_feasibility_tolerance": 1e-10,
}
REFINEMENTS = 3  # each adds about ten digits to the sixteen of the first solution
NO_DOUBLE_CHANGES = 1e-20  # the next correction is 1e-10 of this one


def sparsify_regressor(
    model: Model,
    *,
    mode: RegressorMode = "exact",
    tolerance: float = 1e-3,
    max_shapes: int = 16,
) -> tuple[Model, Change]:
    """Regress each joint from fewer of the vertices it already uses.

    Args:
        model: ``J_regressor`` (J, V); rows keep their signs and sums and gain no vertex.
        mode: "exact" reproduces the joint on the template and the first ``max_shapes`` shape
            directions from at most 3(1 + N) + 1 vertices, and changes nothing without shape
            directions, where it would hold on one body only; "threshold" zeroes entries under
            ``tolerance`` and scales the row back to its own sum; "keep" changes nothing.
        tolerance: dimensionless, in [0, 1); for "threshold" only.
        max_shapes: N, at most the number in the file.

    Returns:
        The new model (unchanged rows are bit-equal; ``J`` follows its rows) and its Change, with
        each joint's vertex count and an upper bound of its shift over |beta_i| <= 3.

    Raises:
        SmplprepError: an unknown mode, or a tolerance outside [0, 1).
        ModelInvalidError: more vertices place the joints than "exact" takes.

    Source: Caratheodory's theorem; a basic solution of the linear program that prefers vertices
        near the joint (HiGHS dual simplex), then refined on the chosen vertices in exact residuals,
        so that the bytes do not depend on the machine's linear algebra library.
    """
    checked("regressor", mode)
    checked("regressor_tolerance", tolerance)
    n_shapes = min(max_shapes, model.shapedirs.shape[2]) if model.shapedirs.any() else 0
    unproven = mode == "exact" and n_shapes == 0
    src = model.J_regressor.astype(np.float64)
    dst = src.copy()
    stored = model.J_regressor.dtype  # an entry equal to the tolerance stays, as in prune_weights
    basis = shape_basis(model)
    held = basis[:, :, : 1 + n_shapes]

    def solved(row: NDArray[np.float64]) -> NDArray[np.float64]:
        if mode == "threshold":
            return thresholded_row(row, float(stored.type(tolerance)))
        return basic_row(row, held)

    if mode == "exact" and not unproven:
        check_size(src)
    if mode != "keep" and not unproven:
        dst = np.stack(list(thread_map(solved, src)))
    touched = (dst != src).any(axis=1)
    after = model.J_regressor.copy()
    after[touched] = dst[touched].astype(after.dtype)
    shift_mm = max_shift_mm(after.astype(np.float64) - src, basis, model.mm)
    change = Change(
        transform="sparsify_regressor",
        field="J_regressor",
        options={"mode": mode, "tolerance": tolerance, "shapes": n_shapes},
        entries_before=int(np.count_nonzero(src)),
        entries_after=int(np.count_nonzero(after)),
        rows_touched=int(np.count_nonzero(touched)),
        figures={
            "vertices_before": np.count_nonzero(src, axis=1).tolist(),
            "vertices_after": np.count_nonzero(after, axis=1).tolist(),
            "max_shift_mm": float(shift_mm.max()),
            "max_shift_mm_per_joint": shift_mm.tolist(),
        },
    )
    if change.nothing_to_do:
        return model, change
    return model.with_arrays(**regressor_and_joints(model, after, touched, basis[:, :, 0])), change


def check_size(regressor: NDArray[np.float64]) -> None:
    """Raise where a linear program would be too large, or all of them together."""
    counts = np.count_nonzero(regressor, axis=1)
    joint = int(counts.argmax())
    for what, count, limit in (
        (f"J_regressor[{joint}]", counts[joint], MAX_ROW),
        ("J_regressor", counts.sum(), MAX_ENTRIES),
    ):
        if count > limit:
            message = f"{what} has {count} entries that are not zero; the limit is {limit}"
            hint = "--regressor threshold and --regressor keep have no such limit."
            raise ModelInvalidError(message, key="J_regressor", hint=hint)


def regressor_and_joints(
    model: Model,
    regressor: NDArray,
    touched: NDArray[np.bool_],
    template: NDArray[np.float64],
) -> dict[str, NDArray]:
    """The new ``J_regressor``, and ``J``, if there is one, with the touched joints regressed."""
    arrays = {"J_regressor": regressor}
    if model.J is not None:
        joints = model.J.copy()
        joints[touched] = (regressor[touched].astype(np.float64) @ template).astype(joints.dtype)
        arrays["J"] = joints
    return arrays


def shape_basis(model: Model) -> NDArray[np.float64]:
    """(V, 3, 1 + B): the template and the shape directions, meters."""
    return np.concatenate([model.v_template[:, :, None], model.shapedirs], axis=2, dtype=np.float64)


def max_shift_mm(
    delta: NDArray[np.float64], basis: NDArray[np.float64], mm: float = 1000.0
) -> NDArray[np.float64]:
    """(J,) upper bound of |delta @ shape| over all shapes with |beta_i| <= 3: |d_0| + 3 sum |d_k|.

    Args:
        delta: (J, V) difference of two regressors.
        basis: (V, 3, 1 + B) from ``shape_basis``.
        mm: millimeters in its unit.
    """
    shifts = np.tensordot(delta, basis, axes=([1], [0]))  # (J, 3, 1 + B)
    lengths = np.linalg.norm(shifts, axis=1)
    return mm * (lengths[:, 0] + MAX_BETA * lengths[:, 1:].sum(axis=1))


def thresholded_row(row: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """The row without entries under the tolerance, scaled back to its own sum, never emptied.

    Where entries are negative, scaling can push others under the tolerance; those go as well. What
    stays may then have no sum of that sign; such a row is left as it is.
    """
    while True:
        kept = np.where(np.abs(row) < tolerance, 0.0, row)
        if np.array_equal(kept, row):
            return row
        if not kept.any():
            largest = np.abs(row).argmax()
            kept[largest] = row[largest]
        total, wanted = kept.sum(), row.sum()
        if total * wanted <= 0 or np.count_nonzero(kept) == np.count_nonzero(row):
            return row
        row = kept * (wanted / total)


def basic_row(row: NDArray[np.float64], basis: NDArray[np.float64]) -> NDArray[np.float64]:
    """A basic solution on the row's own vertices that reproduces the joint on all of ``basis``.

    Args:
        row: (V,) one joint's regressor.
        basis: (V, 3, K) positions and directions to reproduce.

    Returns:
        (V,) with at most 3K + 1 non-zeros, each of its old sign; the row itself where it already is
        that sparse, or where the program finds nothing (it then has no accurate basic solution).
    """
    used = np.flatnonzero(row)
    if used.size <= 3 * basis.shape[2] + 1:
        return row
    points = basis[used].reshape(used.size, -1)
    signs = np.sign(row[used])
    equations = balanced_equations(points, signs)
    old = np.abs(row[used])
    parts = blocks(used.size)  # whole numbers of Python take much memory
    target = sum(fixed(equations[:, part]) @ fixed(old[part]) for part in parts)  # times 2**240
    distance = np.linalg.norm(points[:, :3] - (row @ basis[:, :, 0]), axis=1)
    chosen = cheapest_basis(distance, equations, equations @ old)
    while chosen.size:
        amounts = refined_solution(equations[:, chosen], target)
        if (amounts > 0).all():
            found = np.zeros_like(row)
            found[used[chosen]] = signs[chosen] * amounts
            # A basis too ill-conditioned to solve for is not an answer; 1e-9 m is what we promise.
            accurate = max_shift_mm((found - row)[None], basis)[0] <= 1e-6
            return found if accurate else row
        chosen = chosen[amounts > 0]
    return row


def balanced_equations(
    points: NDArray[np.float64], signs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(1 + 3K, n) left-hand side: the row's sum, then each coordinate centered and scaled to 1.

    Uncentered, HiGHS's tolerances leave joints off by 1e-7 to 2e-6 m.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    centered = points - (low + high) / 2
    # A power of two scales without rounding.
    scale = np.exp2(np.ceil(np.log2(np.maximum((high - low) / 2, 1e-30))))
    return np.vstack([np.ones(len(points)), (centered / scale).T]) * signs


def cheapest_basis(
    cost: NDArray[np.float64], equations: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Columns of the optimal basic solution of min cost @ u, equations @ u = target, u >= 0.

    Empty where HiGHS finds none. Each program has a solver of its own, so that no row depends on
    the rows solved before it on the same thread.
    """
    import highspy  # 20 ms that other modes need not pay

    # highspy.Highs prints a banner before it can be silenced.
    solver = highspy._Highs()  # type: ignore[attr-defined]
    for name, value in SOLVER_OPTIONS.items():
        solver.setOptionValue(name, value)
    n_rows, n_columns = equations.shape
    solver.passModel(
        n_columns,
        n_rows,
        equations.size,
        highspy.MatrixFormat.kRowwise,
        highspy.ObjSense.kMinimize,
        0.0,  # constant cost
        cost,
        np.zeros(n_columns),
        np.full(n_columns, np.inf),
        target,
        target,
        np.arange(n_rows + 1) * n_columns,
        np.tile(np.arange(n_columns), n_rows),
        equations.ravel(),
        np.zeros(n_columns),  # no integers
    )
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(np.array(solver.getSolution().col_value) > 1e-9)


def refined_solution(equations: NDArray[np.float64], target: NDArray) -> NDArray[np.float64]:
    """Least-squares solution, correct to the last bit: residuals are whole numbers.

    Iterative refinement (Wilkinson 1963) with the solution itself kept in fixed point. ``target``
    comes scaled by 2**240.
    """
    exact = fixed(equations)
    inverse = np.linalg.pinv(equations)
    solution = fixed(inverse @ unfixed(target, 2 * FIXED_POINT_BITS))
    for _ in range(REFINEMENTS):
        residual = target - exact @ solution
        correction = inverse @ unfixed(residual, 2 * FIXED_POINT_BITS)
        solution = solution + fixed(correction)
        if np.abs(correction).max() < NO_DOUBLE_CHANGES:
            break
    return unfixed(solution, FIXED_POINT_BITS)


def fixed(values: NDArray[np.float64]) -> NDArray:
    """Whole numbers (object array of Python ints) of 2**-120."""
    return np.asarray(np.frompyfunc(int, 1, 1)(np.ldexp(values, FIXED_POINT_BITS)))


def unfixed(values: NDArray, bits: int) -> NDArray[np.float64]:
    """The doubles nearest to ``values`` / 2**bits."""
    return np.frompyfunc(lambda value: value / (1 << bits), 1, 1)(values).astype(np.float64)
