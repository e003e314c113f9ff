"""Measure lifting on real people: `python -m benchmarks.real`.

The recordings are `benchmarks/data/gestures.npz` (see the README beside it): 2D from MediaPipe Holistic in
one camera, ground truth triangulated from another detector in three. Every figure is a mean over frames; the
interval beside it comes from drawing whole takes anew, since the frames of one take resemble each other.

Compared are our weights with the true camera and with the image size alone, frame by frame and as a video;
with what else weights can be told (bone lengths, gravity, MediaPipe's depth); and MediaPipe's own 3D of the
same frames.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from wholebody_lift import InputWarning, Keypoints2D, Lifter, Pose3D
from wholebody_lift.body import long_bones
from wholebody_lift.config import INPUTS, Input
from wholebody_lift.skeleton import INDEX, ROOT
from wholebody_lift.train.markdown import table

Floats = npt.NDArray[np.float64]

GESTURES = Path(__file__).parent / "data" / "gestures.npz"

BOOTSTRAP_DRAWS = 2000
BOOTSTRAP_SEED = 0
INTERVAL_PERCENT = (5.0, 95.0)

ANGLES: dict[str, tuple[str, str, str]] = {
    "knee": ("hip", "knee", "ankle"),
    "elbow": ("shoulder", "elbow", "wrist"),
    "hip": ("shoulder", "hip", "knee"),
    "shoulder": ("hip", "shoulder", "elbow"),
}
"""Joint angles: three keypoints of one side, the angle at the middle one."""

LEANS: dict[str, tuple[str, str]] = {"legs": ("hip", "ankle"), "trunk": ("shoulder", "hip")}
"""Segments between the midpoints of the left and right keypoint, from top to bottom."""

TOLD: tuple[tuple[Input, ...], ...] = (*((name,) for name in INPUTS), ("bone_lengths", "gravity"))
"""What is known beside K, together."""

COLUMNS = {
    "mpjpe": "MPJPE, mm",
    "n_mpjpe": "N-MPJPE, mm",
    "pa_mpjpe": "PA-MPJPE, mm",
    "acceleration": "acceleration error, m/s²",
    **{f"angle/{name}": f"{name}, degrees" for name in ANGLES},
    **{f"lean/{name}": f"lean of the {name}, degrees" for name in LEANS},
}
"""Figures by name. Leans are signed: positive is towards the camera at the lower end."""


class Recordings(NamedTuple):
    """N frames of real people."""

    keypoints: Floats
    """(N, 133, 2) pixels, NaN where missing."""
    scores: Floats
    """(N, 133)"""
    K: Floats
    """(N, 3, 3)"""
    image_size: Floats
    """(N, 2)"""
    truth: Floats
    """(N, 133, 3) mm, camera axes, NaN where there is none."""
    detector_xyz: Floats
    """(N, 133, 3) mm: the detector's own 3D, NaN where there is none, as where the file has none at all."""
    gravity: Floats
    """(N, 3) the direction down, NaN where it is not known."""
    person: npt.NDArray[np.int64]
    take: npt.NDArray[np.int64]
    frame: npt.NDArray[np.int64]
    fps: float

    @property
    def compared(self) -> list[int]:
        """The keypoints with ground truth that the detector's own 3D has, too, if there is any."""
        has_truth, has_own = (np.isfinite(xyz[..., 0]).any(axis=0) for xyz in (self.truth, self.detector_xyz))
        return [int(k) for k in np.flatnonzero(has_truth & (has_own | ~has_own.any()))]

    @property
    def has_detector_xyz(self) -> bool:
        """Whether the detector's own 3D is known."""
        return bool(np.isfinite(self.detector_xyz).any())

    @property
    def takes(self) -> list[npt.NDArray[np.intp]]:
        """The rows of each take, in the order of time."""
        return [np.flatnonzero(self.take == take) for take in np.unique(self.take)]


def read(path: Path = GESTURES) -> Recordings:
    """The recordings in a file."""
    with np.load(path, allow_pickle=False) as file:
        return Recordings(
            keypoints=file["kp2d"].astype(np.float64),
            scores=file["score"].astype(np.float64),
            K=file["K"].astype(np.float64),
            image_size=file["image_size"].astype(np.float64),
            truth=file["xyz"].astype(np.float64),
            detector_xyz=_optional(file, "mediapipe_xyz", file["xyz"].shape),
            gravity=_optional(file, "gravity", (len(file["xyz"]), 3)),
            person=file["person"],
            take=file["take"],
            frame=file["frame"],
            fps=float(file["fps"]),
        )


def _optional(file: Mapping[str, npt.NDArray[Any]], name: str, shape: tuple[int, ...]) -> Floats:
    return file[name].astype(np.float64) if name in file else np.full(shape, np.nan)


def estimates(recordings: Recordings, lifter: Lifter) -> Iterator[tuple[str, Floats, Floats]]:
    """What is compared: a name, xyz (N, 133, 3) mm and the expected error (N, 133) mm."""
    cameras: dict[str, dict[str, Floats]] = {
        "K given": {"K": recordings.K},
        "image size alone": {"image_size": recordings.image_size},
    }
    for name, camera in cameras.items():
        pose = lifter.lift(recordings.keypoints, recordings.scores, **camera)
        yield f"frame by frame, {name}", pose.xyz.astype(np.float64), pose.error_mm.astype(np.float64)
    for name, pose in told(recordings, lifter):
        yield f"frame by frame, {name}", pose.xyz.astype(np.float64), pose.error_mm.astype(np.float64)
    for name, lock_feet in (("video, K given", False), ("video, K given, feet locked", True)):
        poses = [
            _lift_take(recordings, rows, lifter, lock_feet=lock_feet).xyz.astype(np.float64)
            for rows in recordings.takes
        ]
        xyz = np.full(recordings.truth.shape, np.nan)
        for rows, lifted in zip(recordings.takes, poses, strict=True):
            xyz[rows] = lifted
        yield name, xyz, np.full(xyz.shape[:2], np.nan)


def told(recordings: Recordings, lifter: Lifter) -> Iterator[tuple[str, Pose3D]]:
    """The people lifted with K and what else is known, as far as the network has the inputs: a name and the
    result."""
    everything = _facts(recordings)
    told = set(lifter.model.config.inputs) - (set() if recordings.has_detector_xyz else {"depth"})
    for names in TOLD:
        if set(names) <= told:
            known: dict[str, Any] = {name: everything[name] for name in names}
            words = ", ".join(["K", *names[:-1]]) + f" and {names[-1]} given"
            pose = lifter.lift(recordings.keypoints, recordings.scores, K=recordings.K, **known)
            yield words.replace("_", " "), pose


def _facts(recordings: Recordings) -> dict[str, Floats]:
    """What may be known beside the keypoints: bone lengths (N, 12) as medians of each person's ground truth;
    gravity (N, 3), where the file does not hold it, as the mean direction from shoulders to ankles in the
    ground truth of all takes; and the depth (N, 133) that the detector itself guesses.
    """
    truth = recordings.truth
    shoulders, ankles = (
        (truth[:, INDEX[f"left_{name}"]] + truth[:, INDEX[f"right_{name}"]]) / 2
        for name in ("shoulder", "ankle")
    )
    lengths = long_bones.lengths(truth)
    bones = np.full(lengths.shape, np.nan)
    for person in np.unique(recordings.person):
        rows = recordings.person == person
        known = np.isfinite(lengths[rows]).any(axis=0)
        bones[np.ix_(rows, known)] = np.nanmedian(lengths[rows][:, known], axis=0)
    return {
        "bone_lengths": bones,
        "gravity": np.where(
            np.isfinite(recordings.gravity), recordings.gravity, np.nanmean(ankles - shoulders, axis=0)
        ),
        "depth": recordings.detector_xyz[..., 2],
    }


def keypoints_of_take(recordings: Recordings, rows: npt.NDArray[np.intp]) -> Keypoints2D:
    """What the detector found in these rows, with K."""
    return Keypoints2D(
        recordings.keypoints[rows],
        recordings.scores[rows],
        K=recordings.K[rows],
        image_ids=recordings.frame[rows],
        fps=recordings.fps,
    )


def _lift_take(
    recordings: Recordings, rows: npt.NDArray[np.intp], lifter: Lifter, *, lock_feet: bool
) -> Pose3D:
    video = lifter.lift_sequence(keypoints_of_take(recordings, rows), lock_feet=lock_feet)
    return video[np.searchsorted(video.image_ids, recordings.frame[rows])]


def errors(xyz: Floats, recordings: Recordings) -> dict[str, Floats]:
    """Each figure of `COLUMNS` frame by frame, (N,), NaN where a frame does not have it."""
    keys = recordings.compared
    found, truth = (_at_hips(values)[:, keys] for values in (xyz, recordings.truth))
    both = np.isfinite(found[..., 0]) & np.isfinite(truth[..., 0])
    found, truth = (np.where(both[..., None], values, 0) for values in (found, truth))
    squares = np.maximum((found**2).sum(axis=(1, 2)), 1e-12)
    scale = (found * truth).sum(axis=(1, 2)) / squares
    figures = {
        "mpjpe": _mean_distance(found, truth, both),
        "n_mpjpe": _mean_distance(found * scale[:, None, None], truth, both),
        "pa_mpjpe": _mean_distance(_procrustes(found, truth, both), truth, both),
        "acceleration": _acceleration_error(xyz, recordings),
    }
    for name, corners in ANGLES.items():
        off = [
            angle(xyz, side, corners) - angle(recordings.truth, side, corners) for side in ("left", "right")
        ]
        figures[f"angle/{name}"] = _row_mean(np.abs(off))
    for name, ends in LEANS.items():
        figures[f"lean/{name}"] = _lean(xyz, ends) - _lean(recordings.truth, ends)
    return figures


def interval(figure: Floats, recordings: Recordings) -> tuple[float, float]:
    """The 5th and 95th percentile of the mean of a figure (N,) when the takes are drawn anew."""
    takes = [figure[rows][np.isfinite(figure[rows])] for rows in recordings.takes]
    sums, counts = (np.array([function(take) for take in takes]) for function in (np.sum, len))
    drawn = np.random.default_rng(BOOTSTRAP_SEED).integers(len(takes), size=(BOOTSTRAP_DRAWS, len(takes)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), INTERVAL_PERCENT)
    return float(low), float(high)


def rank_correlation(expected: Floats, xyz: Floats, recordings: Recordings) -> float:
    """Spearman's correlation of expected (N, 133) and actual errors over all keypoints with ground truth."""
    actual = np.linalg.norm(_at_hips(xyz) - _at_hips(recordings.truth), axis=-1)
    both = np.isfinite(actual) & np.isfinite(expected)
    ranks = [np.argsort(np.argsort(values[both])) for values in (expected, actual)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def measure(recordings: Recordings, lifter: Lifter) -> dict[str, object]:
    """All figures of one set of weights, ready for JSON."""
    found: dict[str, object] = {}
    for name, xyz, expected in estimates(recordings, lifter):
        found[name] = summarise(xyz, recordings)
        if name == "frame by frame, K given":
            found["rank correlation of expected and actual error"] = round(
                rank_correlation(expected, xyz, recordings), 3
            )
    return found


def summarise(xyz: Floats, recordings: Recordings) -> dict[str, object]:
    """Mean and interval of every figure, and the means of each person and take."""
    figures = errors(xyz, recordings)

    def means(rows: npt.NDArray[np.bool_]) -> dict[str, float]:
        return {name: _rounded(np.nanmean(values[rows])) for name, values in figures.items()}

    return {
        "mean": means(np.ones(len(xyz), dtype=bool)),
        "interval": {
            name: [_rounded(limit) for limit in interval(values, recordings)]
            for name, values in figures.items()
        },
        "person": {str(one): means(recordings.person == one) for one in np.unique(recordings.person)},
        "take": {str(one): means(recordings.take == one) for one in np.unique(recordings.take)},
    }


def as_markdown(found: dict[str, dict[str, object]]) -> str:
    """One row for each set of weights and way of lifting."""
    rows = []
    for weights, ways in found.items():
        for way, summary in ways.items():
            if isinstance(summary, dict):
                rows.append(
                    [
                        f"{weights}, {way}",
                        *(
                            f"{summary['mean'][name]:.1f} ({low:.1f} to {high:.1f})"
                            for name, (low, high) in summary["interval"].items()
                        ),
                    ]
                )
    return table(["", *COLUMNS.values()], rows)


def _at_hips(xyz: Floats) -> Floats:
    return np.asarray(xyz - xyz[:, list(ROOT)].mean(axis=1, keepdims=True))


def _mean_distance(found: Floats, truth: Floats, both: npt.NDArray[np.bool_]) -> Floats:
    distance = np.linalg.norm(found - truth, axis=-1)
    return _row_mean(np.where(both, distance, np.nan).T)


def _row_mean(values: Floats) -> Floats:
    """(N,) means over the first axis of (M, N), NaN where all are."""
    values = np.asarray(values)
    count = np.isfinite(values).sum(axis=0)
    return np.where(count > 0, np.nansum(values, axis=0) / np.maximum(count, 1), np.nan)


def _procrustes(found: Floats, truth: Floats, both: npt.NDArray[np.bool_]) -> Floats:
    """`found` after the similarity that brings it nearest to `truth`, over the keypoints that both have."""
    weight = both[..., None] / np.maximum(both.sum(axis=1), 1)[:, None, None]
    centres = [(values * weight).sum(axis=1, keepdims=True) for values in (found, truth)]
    a, b = (np.where(both[..., None], v - c, 0) for v, c in zip((found, truth), centres, strict=True))
    u, s, vt = np.linalg.svd(a.swapaxes(1, 2) @ b)
    sign = np.ones_like(s)
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    scale = (s * sign).sum(axis=1) / np.maximum((a**2).sum(axis=(1, 2)), 1e-12)
    return np.asarray(scale[:, None, None] * (a @ ((u * sign[:, None]) @ vt)) + centres[1])


def _acceleration_error(xyz: Floats, recordings: Recordings) -> Floats:
    """Mean distance between predicted and true acceleration, m/s², of the middle of three frames in a row."""
    off = _at_hips(xyz)[:, recordings.compared] - _at_hips(recordings.truth)[:, recordings.compared]
    error = np.full(len(xyz), np.nan)
    for rows in recordings.takes:
        frames = recordings.frame[rows]
        in_a_row = (np.diff(frames[:-1]) == 1) & (np.diff(frames[1:]) == 1)
        second = np.linalg.norm(off[rows[:-2]] - 2 * off[rows[1:-1]] + off[rows[2:]], axis=-1)
        error[rows[1:-1]] = np.where(in_a_row, _row_mean(second.T), np.nan) * recordings.fps**2 / 1000
    return error


def angle(xyz: Floats, side: str, corners: tuple[str, str, str]) -> Floats:
    """(N,) degrees at the middle keypoint."""
    a, b, c = (xyz[:, INDEX[f"{side}_{name}"]] for name in corners)
    u, v = a - b, c - b
    cosine = (u * v).sum(axis=-1) / (np.linalg.norm(u, axis=-1) * np.linalg.norm(v, axis=-1))
    return np.asarray(np.degrees(np.arccos(cosine.clip(-1, 1))))


def _lean(xyz: Floats, ends: tuple[str, str]) -> Floats:
    """(N,) degrees by which a segment's lower end is nearer to the camera than straight down the picture."""
    top, bottom = ((xyz[:, INDEX[f"left_{name}"]] + xyz[:, INDEX[f"right_{name}"]]) / 2 for name in ends)
    _, down, away = (bottom - top).T
    return np.asarray(np.degrees(np.arctan2(-away, down)))


def _rounded(value: float) -> float:
    return round(float(value), 2)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real", description=__doc__)
    parser.add_argument("--weights", nargs="+", default=["base", "tiny"], help="(default: base tiny)")
    parser.add_argument("--file", type=Path, default=GESTURES, help="recordings (default: those in the tree)")
    parser.add_argument("--out", type=Path, help="write everything as JSON as well")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    warnings.simplefilter("ignore", InputWarning)
    recordings = read(arguments.file)
    found: dict[str, dict[str, object]] = {
        weights: measure(recordings, Lifter.from_pretrained(weights, device="cpu"))
        for weights in arguments.weights
    }
    if recordings.has_detector_xyz:
        found["MediaPipe"] = {"its own 3D": summarise(recordings.detector_xyz, recordings)}
    print(as_markdown(found))
    for weights in arguments.weights:
        correlation = found[weights]["rank correlation of expected and actual error"]
        print(f"\n{weights}: rank correlation of expected and actual error {correlation}")
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
