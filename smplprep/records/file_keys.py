"""The keys of SMPL's file format, as smplx 0.1.28 reads them."""

from __future__ import annotations

# Fields of Model that every model file must have, and those it may have.
REQUIRED_KEYS = (
    "v_template",
    "f",
    "weights",
    "J_regressor",
    "kintree_table",
    "shapedirs",
    "posedirs",
)
# Of those, the ones that zeros stand for where they are missing.
FILLED_KEYS = ("shapedirs", "posedirs")
OPTIONAL_KEYS = (
    "J",
    "hands_meanl",
    "hands_meanr",
    "hands_componentsl",
    "hands_componentsr",
    "bs_type",
    "bs_style",
)
FLOAT_KEYS = ("v_template", "weights", "J_regressor", "shapedirs", "posedirs", "J", "hands_meanl",
              "hands_meanr", "hands_componentsl", "hands_componentsr")  # fmt: skip
STAMP_KEY = "smplprep"

# Family -> what its stock class asks for beyond what every model file has.
_HANDS = ("hands_meanl", "hands_meanr", "hands_componentsl", "hands_componentsr")
NEEDED = {
    "smplh": _HANDS,
    "smplx": (*_HANDS, "lmk_faces_idx", "lmk_bary_coords"),
    "mano": ("hands_mean", "hands_components"),
}
