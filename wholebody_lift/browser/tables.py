"""What the page's JavaScript takes from the Python code: keypoints, weights, frequencies, constants."""

from __future__ import annotations

from typing import Any

from wholebody_lift import camera, viewpoint
from wholebody_lift.body import bone_lengths, girdle
from wholebody_lift.formats.detections import mediapipe
from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.layouts import LEFT_HAND, MEDIAPIPE_POSE, RIGHT_HAND
from wholebody_lift.live import FORGET_SECONDS
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS, PART_ROOTS, PARTS, ROOT
from wholebody_lift.video import smoothing


def tables() -> dict[str, Any]:
    """The content of tables.json, which page/ reads; keypoints are indices of the 133."""
    return {
        "keypoints": NUM_KEYPOINTS,
        "min_score": MIN_SCORE,
        "mediapipe": _mediapipe(),
        "smoothing": _smoothing(),
        "bones": _bones(),
        "keypoint_weights": viewpoint.KEYPOINT_WEIGHTS,
        "nearest_mm": camera.NEAREST_MM,
        "forget_seconds": FORGET_SECONDS,
    }


def _mediapipe() -> dict[str, Any]:
    """The keypoint of each landmark: of the body as [landmark, keypoint], of the rest in their order."""
    return {
        "body": [[i, INDEX[name]] for i, name in enumerate(MEDIAPIPE_POSE.names) if name in INDEX],
        "left_hand": [INDEX[name] for name in LEFT_HAND],
        "right_hand": [INDEX[name] for name in RIGHT_HAND],
        "face": list(PARTS["face"]),
        "face_vertices": mediapipe.FACE_VERTICES,
    }


def _smoothing() -> dict[str, Any]:
    return {
        "rates_hz": smoothing.rates("live").tolist(),
        "path_hz": smoothing.PATH.live,
        "gain": smoothing.LIVE_GAIN,
        "speed_hz": smoothing.SPEED_CUTOFF_HZ,
        "attached": smoothing.ATTACHED,
    }


def _bones() -> dict[str, Any]:
    return {
        "limbs": bone_lengths.LIMB_EDGES,
        "fingers": bone_lengths.FINGER_EDGES,
        "rigid": [part._asdict() for part in bone_lengths.RIGID_PARTS],
        "hips": ROOT,
        "shoulders": [INDEX["left_shoulder"], INDEX["right_shoulder"]],
        "head": girdle.HEAD,
        "face": list(PARTS["face"]),
        "firm_face": bone_lengths.FIRM_FACE,
        "nose": PART_ROOTS["face"],
        "waist": girdle.WAIST,
        "set_back": girdle.SET_BACK,
        "head_pivot": girdle.HEAD_PIVOT.tolist(),
        "swing": girdle.SWING,
        "longest": girdle.LONGEST,
    }
