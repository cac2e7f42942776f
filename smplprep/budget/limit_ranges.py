"""What joint limits allow: how far a joint's rotation is from the identity, and in which ranges.

By Rodrigues, the rotation of an axis-angle vector a of length t is, less the identity,

    sin(t)/t [a] + (1 - cos t)/t^2 [a]^2,     [a] the matrix of the cross product with a,

so its nine entries are sums of nine terms: three sin(t)/t a_i, three (1 - cos t)/t^2 a_i a_j, and
on the diagonal three -(1 - cos t)/t^2 (a_j^2 + a_k^2). Ranges of the terms are closer than those of
the entries, since the terms come back in several entries with known signs. J joints.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PAIRS = ((0, 1), (0, 2), (1, 2))


def largest_chords(limits: Array) -> Array:
    """(J,) the largest |R - I|, 2 sin(angle / 2), within limits (J, 3, 2) in radians."""
    angles = np.minimum(np.linalg.norm(np.abs(limits).max(axis=2), axis=1), np.pi)
    return 2.0 * np.sin(angles / 2)


def one_axis_masks(limits: Array) -> Array:
    """(J, 3) of 0 and 1: a joint that turns about one axis alone moves nothing along that axis."""
    turns = limits.any(axis=2)
    single = turns.sum(axis=1) == 1
    return 1.0 - (turns & single[:, None])


def terms_of_entries() -> Array:
    """(9, 9) that takes the nine terms to the nine entries of R - I, row by row."""
    found = np.zeros((3, 3, 9))
    for axis in range(3):
        after, before = (axis + 1) % 3, (axis + 2) % 3
        found[before, after, axis], found[after, before, axis] = 1, -1
        found[axis, axis, 6 + axis] = 1
    for term, (i, j) in enumerate(PAIRS, start=3):
        found[i, j, term] = found[j, i, term] = 1
    return found.reshape(9, 9)


def term_ranges(limits: Array) -> Array:
    """(2, J, 9) lowest and highest value of each term within limits (J, 3, 2), 0 among them.

    sin(t)/t falls up to a half turn, (1 - cos t)/t^2 is at most 1/2, and |a_i a_j| at most t^2/2.
    Beyond a half turn, which corners of wide limits reach, sin(t)/t is negative.
    """
    low, high = np.minimum(limits[..., 0], 0), np.maximum(limits[..., 1], 0)
    sizes = np.maximum(-low, high)
    wide = np.linalg.norm(sizes, axis=1, keepdims=True) > np.pi
    versines = np.square(largest_chords(limits)) / 2  # the largest 1 - cos t
    found = np.zeros((2, len(limits), 9))
    found[0, :, :3] = -np.sin(np.minimum(np.where(wide, sizes, -low), np.pi / 2))
    found[1, :, :3] = np.sin(np.minimum(np.where(wide, sizes, high), np.pi / 2))
    for term, (i, j) in enumerate(PAIRS, start=3):
        lowest = np.minimum(low[:, i] * high[:, j], high[:, i] * low[:, j])
        highest = np.maximum(low[:, i] * low[:, j], high[:, i] * high[:, j])
        found[0, :, term] = np.maximum(lowest, -versines) / 2
        found[1, :, term] = np.minimum(highest, versines) / 2
    squares = np.square(sizes)
    others = squares.sum(axis=1, keepdims=True) - squares
    found[0, :, 6:] = -np.minimum(versines[:, None], others / 2)
    return found
