"""Shape directions from MakeHuman's macro targets, for build_cc0_body."""

from __future__ import annotations

import numpy as np

N_PEOPLE = 4000
SEED = 20160
HEIGHT_SD = 0.08  # MakeHuman's extremes of height lie far out; this gives a people's 10 cm


def draw_people(n: int, seed: int) -> list[dict[str, np.ndarray]]:
    """Seeded adults: for each axis of MakeHuman's macro space, its levels' shares (n,).

    Gender is even; age runs from 25 to 60 of MakeHuman's 25 ("young") to 90 ("old"); the rest is
    normal about the average with a standard deviation of 0.25 on MakeHuman's scale of 0 to 1.
    """
    rng = np.random.default_rng(seed)

    def three_levels(low: str, middle: str, high: str, sd: float = 0.25) -> dict[str, np.ndarray]:
        value = np.clip(rng.normal(0.5, sd, n), 0, 1) * 2 - 1
        return {low: np.maximum(-value, 0), middle: 1 - abs(value), high: np.maximum(value, 0)}

    def two_levels(low: str, high: str, share: np.ndarray) -> dict[str, np.ndarray]:
        return {low: 1 - share, high: share}

    race = rng.dirichlet([1, 1, 1], n).T
    return [
        dict(zip(("african", "asian", "caucasian"), race, strict=True)),
        two_levels("female", "male", rng.random(n)),
        two_levels("young", "old", rng.random(n) * 35 / 65),
        three_levels("minmuscle", "averagemuscle", "maxmuscle"),
        three_levels("minweight", "averageweight", "maxweight"),
        three_levels("minheight", "averageheight", "maxheight", sd=HEIGHT_SD),
        three_levels("uncommonproportions", "averageproportions", "idealproportions"),
    ]


def target_coefficients(names: list[str], people: list[dict[str, np.ndarray]]) -> np.ndarray:
    """Each target's coefficient for each person (n, T): the product of its levels' shares.

    Source: ``macro.json`` beside the targets, "combinations".
    """
    share = {level: values for axis in people for level, values in axis.items()}
    n = len(people[0]["asian"])
    columns = []
    for name in names:
        column = np.ones(n)
        for level in name.removeprefix("universal-").split("-"):
            column = column * share[level]
        columns.append(column)
    return np.stack(columns, axis=1)


def principal_directions(
    deltas: np.ndarray, coefficients: np.ndarray, template: np.ndarray, n_shapes: int
) -> np.ndarray:
    """The people's principal components, one standard deviation long, largest first.

    Args:
        deltas: (T, V, 3), displacement of each target, meters.
        coefficients: (n, T), the people. template: (V, 3), centered; it fixes the signs: a positive
            beta makes the body larger.

    Returns:
        (V, 3, n_shapes), mutually orthogonal.
    """
    values, vectors = np.linalg.eigh(np.cov(coefficients, rowvar=False))
    root = vectors * np.sqrt(np.maximum(values, 0))
    factor = root.T @ deltas.reshape(len(deltas), -1)
    _, turned = np.linalg.eigh(factor @ factor.T)
    directions = turned[:, ::-1][:, :n_shapes].T @ factor
    signs = np.where(directions @ template.ravel() < 0, -1.0, 1.0)
    return (directions * signs[:, None]).T.reshape(*template.shape, n_shapes)
