"""Whole files of every format, small, from which damaged ones are made."""

from __future__ import annotations

import json
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np

from wholebody_lift import Keypoints2D, Pose3D, formats

_CASES = Path(__file__).resolve().parents[1] / "tests" / "data" / "cases"


def seeds() -> dict[str, list[bytes]]:
    """Files by the reader that they are for."""
    people = _people()
    found = {
        "coco-wholebody": [_written(people, "coco-wholebody", ".json"), _case("14-b-coco.json")],
        "mmpose": [_written(people, "mmpose", ".json"), _case("29-a.json"), _case("29-h36m.json")],
        "openpose": [_written(people[:1], "openpose", ".json"), _case("14-e.json")],
        "alphapose": [_case("14-d.json")],
        "mediapipe": [_case("28-e.json"), _case("04-mp-lists.json")],
        "json arrays": [json.dumps({"keypoints": people.keypoints.tolist(), "fps": 5}).encode()],
        "npz": [_written(people, "arrays", ".npz")],
        "npy": [_npy(people)],
        "json lines": [
            b"\n".join(json.dumps(one).encode() for one in json.loads(_case("14-b-coco.json"))),
            _case("14-b-coco.json").decode().encode("utf-16"),
        ],
        "json zip": [_zipped("14-b-coco.json"), _zipped("14-e.json", "29-a.json")],
    }
    pose = _pose(people)
    return found | {
        "result json": [_saved(pose, ".json")],
        "result npz": [_saved(pose, ".npz")],
        "trc": [_saved(pose, ".trc")],
    }


def _people() -> Keypoints2D:
    """Two people in two frames, of random keypoints, many of them missing so that files are small."""
    rng = np.random.default_rng(0)
    keypoints = np.round(rng.uniform(0, 500, (2, 133, 2)))
    keypoints[:, 20:] = np.nan
    return Keypoints2D(keypoints, image_size=(640, 480), image_ids=[0, 1], track_ids=[3, 3], fps=5)


def _pose(people: Keypoints2D) -> Pose3D:
    n = len(people)
    rng = np.random.default_rng(1)
    return Pose3D(
        xyz=np.round(rng.normal(0, 300, (n, 133, 3))).astype(np.float32),
        error_mm=np.full((n, 133), 50, np.float32),
        observed=people.observed,
        translation=np.tile(np.float32([0, 0, 3000]), (n, 1)),
        K=np.tile([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]], (n, 1, 1)),
        distortion=np.zeros((n, 5)),
        camera_source="image_size",
        reprojection_error_px=np.ones(n, np.float32),
        keypoints=people.keypoints.astype(np.float32),
        scores=people.scores,
        image_ids=people.image_ids,
        track_ids=people.track_ids,
        fps=people.fps,
    )


def _case(name: str) -> bytes:
    return (_CASES / name).read_bytes()


def _zipped(*names: str) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:  # not compressed: damage reaches what is inside
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), _case(name))
    return packed.getvalue()


def _written(people: Keypoints2D, format: str, suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"people{suffix}")
        formats.write_keypoints(people, path, format)
        return path.read_bytes()


def _saved(pose: Pose3D, suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"pose{suffix}")
        pose.save(path)
        return path.read_bytes()


def _npy(people: Keypoints2D) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "people.npy")
        np.save(path, np.concatenate([people.keypoints, people.scores[..., None]], axis=-1))
        return path.read_bytes()
