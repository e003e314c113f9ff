"""A stick person that moves, for tests of what happens over time."""

import dataclasses

import numpy as np
import torch
from people import standing

from wholebody_lift.pose import Pose3D
from wholebody_lift.skeleton import INDEX


def walk(frames: int, seed: int = 0) -> np.ndarray:
    """(frames, 133, 3) mm from the hips, OpenCV axes: turns about the vertical, arms and knees swing."""
    xyz = standing(1, seed, torch.float64).numpy()[0]
    people = np.repeat(xyz[None], frames, axis=0)
    for t in range(frames):
        phase = 2 * np.pi * t / max(frames, 8)
        for side, sign in (("left", 1), ("right", -1)):
            _swing(
                people[t], f"{side}_shoulder", ("elbow", "wrist", "hand"), side, sign * 0.6 * np.sin(phase)
            )
            _swing(people[t], f"{side}_elbow", ("wrist", "hand"), side, -0.5 - 0.4 * np.cos(phase))
            _swing(people[t], f"{side}_knee", ("ankle", "toe", "heel"), side, 0.4 + 0.4 * np.sin(phase))
        turn = 0.4 * np.sin(phase)
        c, s = np.cos(turn), np.sin(turn)
        people[t] = people[t] @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T
    return people


def _swing(xyz: np.ndarray, about: str, parts: tuple[str, ...], side: str, angle: float) -> None:
    """Turn what hangs on a keypoint about the left-right axis."""
    words = {"hand": ("hand_root", "thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")}
    names = [word for part in parts for word in words.get(part, (part,))]
    moved = [i for name, i in INDEX.items() if name.startswith(side) and any(word in name for word in names)]
    c, s = np.cos(angle), np.sin(angle)
    middle = xyz[INDEX[about]].copy()
    xyz[moved] = middle + (xyz[moved] - middle) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]]).T


def clip(frames: int = 12, *, tracks: tuple[int, ...] = (4,), fps: float | None = 25.0) -> Pose3D:
    """A result with one row per frame and person, the people side by side, 3 m from the camera."""
    n = frames * len(tracks)
    xyz = np.stack([walk(frames, seed) for seed in range(len(tracks))], axis=1).reshape(n, 133, 3)
    random = np.random.default_rng(0)
    observed = random.random((n, 133)) < 0.9
    translation = np.tile([[800.0 * i, 100, 3000] for i in range(len(tracks))], (frames, 1))
    translation[:, 0] += np.repeat(10.0 * np.arange(frames), len(tracks))
    keypoints = random.random((n, 133, 2)) * 400
    return Pose3D(
        xyz=xyz.astype(np.float32),
        error_mm=(5 + 30 * random.random((n, 133))).astype(np.float32),
        observed=observed,
        translation=translation.astype(np.float32),
        K=np.tile([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]], (n, 1, 1)),
        distortion=np.zeros((n, 5)),
        camera_source="given",
        reprojection_error_px=np.ones(n, dtype=np.float32),
        keypoints=np.where(observed[..., None], keypoints, np.nan).astype(np.float32),
        scores=observed.astype(np.float32),
        image_ids=np.repeat(np.arange(frames), len(tracks)),
        image_size=np.tile([640.0, 480.0], (n, 1)),
        track_ids=np.tile(tracks, frames),
        fps=fps,
    )


def without_tracks(pose: Pose3D) -> Pose3D:
    return dataclasses.replace(pose, track_ids=None)
