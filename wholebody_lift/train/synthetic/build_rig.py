"""Building the rig from the body model Anny: the vertices and bones of each keypoint, and what moves them."""

import functools
import importlib.metadata
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS, PARTS
from wholebody_lift.train.synthetic.bones import BONE, BONES, LETTERS, PARENT_BONES
from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS, LOCAL_CHANGES, RACES, VARIATIONS

if TYPE_CHECKING:
    from anny import Anny

# Corrections where Anny's joints are not where the hand bends, as fractions of the way to another head. Its
# wrist is some 10 mm up the forearm (the wrist's crease is 20 mm further on), its knuckles are 5 mm from the
# webs of the fingers and should be three times as far, and the middle joint of the thumb is short of its
# crease. The corrected hand of men measures 88 mm from wrist to middle knuckle and then 46, 29 and 27 mm
# along that finger, close to measured hands (86 mm, de Leva 1996; 45, 26 and 21 mm, Buryanov and Kotiuk
# 2010).
_MOVED_HEADS: dict[str, tuple[str, float]] = {
    "wrist": ("finger3-1", 0.08),
    **{f"finger{finger}-1": ("wrist", 0.1) for finger in range(2, 6)},
    "finger1-2": ("finger1-3", 0.2),
}

# Body keypoints that are placed at the centre of a joint. COCO's annotators mark the joint, whose distance to
# the next joint does not change with the pose. Anny's regressed keypoints are means of skin, and theirs does.
_KEYPOINT_BONES: dict[str, str] = {
    "shoulder": "upperarm01",
    "elbow": "lowerarm01",
    "hip": "upperleg01",
    "knee": "lowerleg01",
    "ankle": "foot",
}
# The rearmost skin of the heels; the regressed heels lie 20 mm under the skin.
_HEEL_VERTICES = {"left": (12410, 12421), "right": (5829, 5840)}
_NEGLIGIBLE = 1e-3  # a regressor's weights below this share of its largest one are dropped
# Vertices this close to the top or the floor may be the outermost of another body; of 4,000 none was farther.
_NEAR_END_MM = 3.0


def head_moves() -> Tensor:
    """(J, J) float64: this rig's bone heads as weighted means of Anny's."""
    moves = torch.eye(len(BONES), dtype=torch.float64)
    for side in LETTERS:
        for bone, (towards, fraction) in _MOVED_HEADS.items():
            i, j = BONE[f"{bone}.{side}"], BONE[f"{towards}.{side}"]
            moves[i, i], moves[i, j] = 1 - fraction, fraction
    return moves


def keypoint_weights(model: "Anny") -> tuple[Tensor, Tensor]:
    """The weights of each keypoint, float64: of vertices (K, V) and of bone heads (K, J, J).

    Entry [k, b, i] of the latter is the share in keypoint k of Anny's head of bone i, as carried by bone b.
    """
    from anny.keypoints import KeypointsRegressor

    table = _table()
    vertices = torch.zeros(NUM_KEYPOINTS, table["n_vertices"], dtype=torch.float64)
    heads = torch.zeros(NUM_KEYPOINTS, len(BONES), len(BONES), dtype=torch.float64)
    regressor = KeypointsRegressor.coco(model)
    for label, weights in zip(regressor.labels, regressor.regression_weights.double(), strict=True):
        weights = weights.where(weights > _NEGLIGIBLE * weights.max(), torch.zeros(()).double())
        vertices[INDEX[label]] = weights / weights.sum()
    for keypoint, vertex in zip(PARTS["face"], table["face_68"], strict=True):
        vertices[keypoint, vertex] = 1
    vertices[INDEX["nose"]] = vertices[PARTS["face"][30]]  # the tip; the regressed nose lies 9 mm inside

    moves = head_moves()
    for side, letter in zip(("left", "right"), LETTERS, strict=True):
        for name, bone in _KEYPOINT_BONES.items():
            keypoint, i = INDEX[f"{side}_{name}"], BONE[f"{bone}.{letter}"]
            vertices[keypoint] = 0
            heads[keypoint, i] = moves[i]
        # The body's wrist stays where Anny has it: the end of the forearm, just before the root of the hand.
        vertices[INDEX[f"{side}_wrist"]] = 0
        heads[INDEX[f"{side}_wrist"], BONE[f"lowerarm02.{letter}"], BONE[f"wrist.{letter}"]] = 1
        vertices[INDEX[f"{side}_heel"]] = 0
        vertices[INDEX[f"{side}_heel"], list(_HEEL_VERTICES[side])] = 0.5
        for keypoint, source in zip(PARTS[f"{side}_hand"], table["hand_joints"][side], strict=True):
            if source.startswith("vertex:"):
                finger = source.removeprefix("vertex:").removesuffix("_tip")
                vertices[keypoint, table["fingertips"][side][finger]] = 1
            else:
                heads[keypoint, BONE[source]] = moves[BONE[source]]
    return vertices, heads


def load_anny() -> "Anny":
    """Load Anny with the bones, shapes and facial actions that the rig uses, and linear blend skinning.

    The first call takes minutes, as Anny reads its source files and writes 1 GB to its own cache,
    `ANNY_CACHE_DIR`; later calls take seconds.

    Raises `ImportError` if the package `anny` is missing, and `RuntimeError` if its version has other bones,
    vertices or facial actions.
    """
    try:
        import anny
    except ImportError as error:
        raise ImportError('synthetic people need anny: pip install "wholebody-lift[train]"') from error
    model = anny.Anny(
        local_changes=[label for labels in LOCAL_CHANGES.values() for label in labels],
        facial_actions="all",
        phenotypes="all",
        phenotype_blendshapes="original",
        skinning_method="lbs",
    )
    parents = dict(zip(model.bone_labels, model.bone_parents, strict=True))
    wanted = {bone: BONE.get(PARENT_BONES.get(bone, ""), -1) for bone in BONES}
    same = list(parents.items()) == list(wanted.items()) and tuple(model.facial_action_labels) == FACE_ACTIONS
    if not same or len(model.template_vertices) != _table()["n_vertices"]:
        known = _table()["anny_version"]
        raise RuntimeError(
            f"expected the bones, vertices and facial actions of anny {known}, got different ones from anny "
            f"{importlib.metadata.version('anny')}; install anny=={known}"
        )
    return model


@functools.cache
def _table() -> dict[str, Any]:
    """The vertices and bones of Anny at the keypoints of face and hands."""
    path = Path(__file__).with_name("data") / "anny_landmarks.json"
    table: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return table


def build_rig() -> dict[str, Tensor]:
    """Build the tensors of a `Rig` from the package `anny`. Raises what `load_anny` raises."""
    model = load_anny()
    rows, factors = _coefficient_rows(model)
    weights, head_weights = keypoint_weights(model)

    def place(template: Tensor, shapes: Tensor) -> Tensor:
        """Template and blend shapes of some points, the latter summed by `rows`, mm: (1 + C, points, 3)."""
        summed = torch.einsum("cr,rpd->cpd", rows, shapes.double())
        return torch.cat([template.double()[None], summed]) * 1000

    anny_heads = place(model.template_bone_heads, model.bone_heads_blendshapes)
    heads = head_moves() @ anny_heads  # (1 + C, J, 3)
    moving = (weights != 0).any(0).nonzero().squeeze(1)  # the vertices that keypoints are made of
    vertices = place(model.template_vertices[moving], model.blendshapes[:, moving])
    weights = weights[:, moving]
    skinning = model.dense_vertex_bone_weights.double()[moving]  # (V, J)
    carried = weights @ skinning + head_weights.sum(-1)  # (K, J): w
    keypoints, bones = carried.nonzero().unbind(1)
    moments = torch.einsum("ev,cvd->ced", weights[keypoints] * skinning[:, bones].T, vertices)
    moments += torch.einsum("ej,cjd->ced", head_weights[keypoints, bones], anny_heads)
    offsets = moments - carried[keypoints, bones, None] * heads[:, bones]
    # A keypoint at the head of its bone has no offset to rotate.
    moved = offsets.abs().amax((0, 2)) > 1e-6
    keypoints, bones, offsets = keypoints[moved], bones[moved], offsets[:, moved]

    z = model.template_vertices[:, 2]
    average = model(phenotype_kwargs={"age": 0.8})["rest_vertices"][0, :, 2] * 1000
    crown, soles = average > average.max() - _NEAR_END_MM, average < average.min() + _NEAR_END_MM
    ends = (crown | soles).nonzero().squeeze(1)
    heights = place(z[ends, None], model.blendshapes[:, ends, 2:]).squeeze(-1)  # (1 + C, H)
    points = torch.cat([heads, offsets], 1).flatten(1)  # (1 + C, (J + E) * 3)
    belongs = torch.zeros(NUM_KEYPOINTS, len(keypoints))
    belongs[keypoints, torch.arange(len(keypoints))] = 1
    return {
        "template": points[0].float(),
        "shapes": points[1:].float(),
        "height_template": heights[0].float(),
        "height_shapes": heights[1:].float(),
        "crown": crown[ends],
        "factors": factors,
        "offset_bones": bones,
        "offset_keypoints": belongs,
        "head_weights": carried.float(),
    }


def _coefficient_rows(model: "Anny") -> tuple[Tensor, Tensor]:
    """The blend shapes of this rig, as sums (C, rows of Anny) float64 of Anny's, and the variations that each
    of the first ones is the product of, (products, F) int64.

    Newborns are left out, and so are breasts, which are zero at Anny's average cup size and move no keypoint.
    """
    labels = list(model.blendshape_labels)
    variations = [name for names in VARIATIONS.values() for name in names] + list(RACES)
    place = {name: i for i, name in enumerate(variations)}
    kept, products = [], []
    for i, label in enumerate(labels):
        block, _, name = label.partition(":")
        if block in ("universal", "race", "height", "proportions") and "newborn" not in name:
            kept.append([i])
            products.append([place[factor] for factor in name.split("-")])
    most = max(map(len, products))
    one = len(variations)  # the last column, of ones, pads the shorter products
    factors = torch.tensor([product + [one] * (most - len(product)) for product in products])
    kept += [[labels.index(f"facial_action:{action}")] for action in FACE_ACTIONS]
    positive = [
        [labels.index(f"local_change:{label}") for label in group] for group in LOCAL_CHANGES.values()
    ]
    kept += positive
    kept += [[i + 1 for i in group] for group in positive]  # Anny has each negative right after its positive
    rows = torch.zeros(len(kept), len(labels), dtype=torch.float64)
    for row, group in zip(rows, kept, strict=True):
        row[group] = 1
    return rows, factors
