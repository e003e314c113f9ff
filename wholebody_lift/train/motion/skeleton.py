"""Anny's bones and where they are at rest."""

import json
from functools import lru_cache
from importlib import resources

import torch
from torch import Tensor


@lru_cache
def _anny():
    import anny

    return anny.Anny()


BONES = tuple(_anny().bone_labels)
PARENT_BONES = {BONES[i]: BONES[p] for i, p in enumerate(_anny().bone_parents) if p >= 0}


@lru_cache
def rest_points() -> dict[str, Tensor]:
    model = _anny()
    out = model(phenotype_kwargs={"age": 0.67})
    heads = out["rest_bone_heads"][0].double()
    points = dict(zip(BONES, heads))
    tips = json.loads((resources.files("wholebody_lift.train") / "data/anny_landmarks.json").read_text())["fingertips"]
    for side in ("left", "right"):
        for n, f in enumerate(("thumb", "index", "middle", "ring", "pinky"), 1):
            points[f"finger{n}-4.{side[0].upper()}"] = out["rest_vertices"][0, tips[side][f]].double()
    return points
