"""Sequences: the steps before and after lifting, from noisy 2D keypoints to people who move smoothly.

A stretch is a part of a video in which a person is seen without a longer gap. In each stretch, `prepare`
fills short gaps of single keypoints and smooths the 2D. After every frame has been lifted, `finish` brings
the 3D to one scale, smooths it and fills short gaps of the person; gives bones their lengths over the whole
track; and places the person in front of the camera again. If asked to, it then fits the person to the
picture and to standing feet over time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wholebody_lift import camera, checks, tracks
from wholebody_lift._types import Floats, Integers, Mask
from wholebody_lift.body import bone_lengths
from wholebody_lift.body.long_bones import weighted_median
from wholebody_lift.errors import InputError, ReprojectionWarning, warn
from wholebody_lift.ground import Ground
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.pose import Pose3D
from wholebody_lift.seen import Seen
from wholebody_lift.video import contacts, expected_error, feet, floor, hands, smoothing
from wholebody_lift.video.fit import fit
from wholebody_lift.video.temporal import TemporalNetwork
from wholebody_lift.viewpoint import canonical_view, to_camera_axes, to_virtual_axes

MAX_GAP_SECONDS = 0.25
"""Longest gap of keypoints and people that is filled in, unless the caller sets another limit."""

MAX_GAP_LIMIT = 3600.0
"""Longest gap that a caller may ask for, in seconds."""

MOST_FILLED_PER_FOUND, MOST_FILLED = 20, 1000
"""Frames that may be filled in: a multiple of those found, plus a constant."""

SCALE_HZ = 0.2
"""Cut-off of `steady_scale`."""

MOST_REPROJECTION = 1.5
"""Holding feet may raise the mean reprojection error by this factor before a warning says so."""

BLOCK = 1024
"""Frames that are compared with the picture at a time, which bounds the memory."""

_LEAST_SCORE = 0.1
"""Lower scores are raised to this one when 2D keypoints are smoothed, weighted by their squared scores."""

_TRUST = (0.1, 4.0)
"""Lowest and highest weight of a keypoint in 3D, relative to the usual weight of that keypoint."""


class Stretch(NamedTuple):
    """One person over T frames without a longer gap, found in R of them."""

    rows: Integers
    """(R,) rows of the input, in the order of time."""
    frames: Integers
    """(R,) the frame that each is in."""

    @property
    def places(self) -> Integers:
        """(R,) the same, counted from 0."""
        return np.asarray(self.frames - self.frames[0])

    @property
    def every_frame(self) -> Integers:
        """(T,) every frame from the first to the last."""
        return np.asarray(self.frames[0] + np.arange(self.places[-1] + 1))

    @property
    def nearest(self) -> Integers:
        """(T,) the row nearest in time to every frame; where the person was found, that row."""
        middles = (self.places[1:] + self.places[:-1]) / 2
        time = np.arange(self.places[-1] + 1)
        return np.asarray(self.rows[np.searchsorted(middles, time, side="right")])

    def spread(self, values: npt.NDArray[Any], missing: float) -> npt.NDArray[Any]:
        """Values (R, ...) of the rows as (T, ...), with `missing` where the person was not found."""
        grid = np.full((len(self.every_frame), *values.shape[1:]), missing, dtype=values.dtype)
        grid[self.places] = values
        return grid


class Frames(NamedTuple):
    """A video that is ready to be lifted."""

    people: Keypoints2D
    """The people found, as given."""
    smooth: Keypoints2D
    """The same rows with smooth 2D and short gaps of single keypoints filled: what to lift."""
    stretches: list[list[Stretch]]
    """The stretches of each person."""
    fps: float
    smoothness: float


class Picture(NamedTuple):
    """What the picture shows of a person over T frames."""

    plane: Floats
    """(T, 133, 2) the smooth keypoints on the image plane; NaN where missing."""
    weights: Floats
    """(T, 133) their scores; 0 where missing."""
    stands: Mask
    """(T, 2) whether the left and the right foot stand."""


class SmoothStretch(NamedTuple):
    """A stretch of T frames, smoothed and filled."""

    stretch: Stretch
    xyz: Floats
    """(T, 133, 3) mm from the midpoint of the hips, camera axes."""
    error_mm: Floats
    """(T, 133) the errors expected of the frames."""
    path: Floats
    """(T, 3) mm, the midpoint of the hips from the camera."""
    lengths: Floats
    """(`bone_lengths.MEASURES`,) the person's."""
    held: Mask | None = None
    """(T, 2) whether the left and the right foot are held."""
    contacts_held: Mask | None = None
    """(T, C) which other `CONTACTS` are held."""


def prepare(people: Keypoints2D, *, fps: float | None, smoothness: float, max_gap_seconds: float) -> Frames:
    """The steps before lifting: tell people and their gaps apart, and smooth the 2D.

    Arguments as of `Lifter.lift_sequence`. Raises InputError for numbers out of range, without fps, for
    several people without track ids, and for more frames to fill than people found can account for.
    """
    fps = people.fps if fps is None else tracks.rate(people, checks.fps(fps))
    if fps is None:
        raise InputError("expected frames per second, as smoothing depends on them, got none; pass fps=")
    smoothness = checks.smoothness(smoothness)
    gap = int(checks.number("max_gap_seconds", max_gap_seconds, least=0, most=MAX_GAP_LIMIT) * fps + 1e-6)
    people = _one_after_the_other(people)
    stretches = [_stretches(people, rows, gap) for _, rows in tracks.each(people)]
    _require_few_filled(stretches, len(people))
    smooth = _smooth_image(people, itertools.chain(*stretches), gap, fps, smoothness)
    return Frames(people, smooth, stretches, fps, smoothness)


def finish(
    frames: Frames,
    flat: Pose3D,
    *,
    lock_feet: bool,
    camera_height_mm: float | None = None,
    temporal: TemporalNetwork | None = None,
) -> Pose3D:
    """The result, from `frames.smooth` lifted frame by frame (`flat`)."""
    if not len(flat):
        return Pose3D.empty(frames.fps)
    if flat.camera_source == "keypoints":
        flat = one_camera(flat, frames.smooth)
    by_frame, flat = flat, corrected(flat, frames, temporal)
    motions = [motion for track in frames.stretches for motion in move(track, flat, frames)]
    pictures = [picture_of(motion, flat, frames) for motion in motions]
    over_time = temporal is not None
    pose = assemble(by_frame, frames, motions, corrected=over_time)
    ground = ground_of(motions, pictures, frames, camera_height_mm)
    if lock_feet:
        motions = [
            hold(motion, picture, contacts_of(motion, picture, ground, frames.fps), ground, frames.fps)
            for motion, picture in zip(motions, pictures, strict=True)
        ]
        pose = _compared(assemble(by_frame, frames, motions, corrected=over_time), pose)
    return replace(pose, ground=ground)


# -------------------------------------------------------------------------------------- tracks and gaps


def read_frames(keypoints: npt.ArrayLike, options: dict[str, Any]) -> Keypoints2D:
    """One person (T, 133, 2|3) over frames that follow one another; those without anything visible are gaps.

    `options` are of `Keypoints2D` and hold for all frames. Raises InputError as that does.
    """
    people, seen = Keypoints2D.visible(keypoints, **options)
    if not len(people):
        return Keypoints2D(keypoints, **options)  # which says what is wrong
    return people.model_copy(update={"image_ids": np.flatnonzero(seen)})


def _one_after_the_other(people: Keypoints2D) -> Keypoints2D:
    """The same people; rows without image ids are frames that follow one another."""
    return people.model_copy(update={"image_ids": tracks.frames(people)})


def _stretches(people: Keypoints2D, rows: Integers, gap: int) -> list[Stretch]:
    """The stretches of one track, which is cut wherever more than `gap` frames are missing."""
    frames = tracks.frames(people)[rows]
    steps = np.diff(frames)  # rising; a step that exceeds 64 bits comes out negative
    cuts = np.flatnonzero((steps > gap + 1) | (steps < 0)) + 1
    return [Stretch(*pair) for pair in zip(np.split(rows, cuts), np.split(frames, cuts), strict=True)]


def _require_few_filled(stretches: list[list[Stretch]], rows: int) -> None:
    """Bound the memory by what was given: every filled frame takes as much as a frame that was found."""
    frames = sum(int(stretch.places[-1]) + 1 for track in stretches for stretch in track)
    most = MOST_FILLED_PER_FOUND * rows + MOST_FILLED
    if frames - rows > most:
        raise InputError(
            f"expected at most {most:,} frames to fill in for {rows:,} that were found, got "
            f"{frames - rows:,}; check that image_ids count frames and that fps is right, or give a lower "
            "max_gap_seconds"
        )


def between(known: Mask, gap: int) -> Mask:
    """(T, M) values in gaps of at most `gap` frames, with known ones (T, M) on both sides."""
    time = np.arange(len(known))[:, None]
    before = np.maximum.accumulate(np.where(known, time, -np.inf))
    after = np.minimum.accumulate(np.where(known, time, np.inf)[::-1])[::-1]
    return np.asarray(~known & (after - before - 1 <= gap))


# ------------------------------------------------------------------------------------------------ steps


def _smooth_image(
    people: Keypoints2D, stretches: Iterator[Stretch], gap: int, fps: float, smoothness: float
) -> Keypoints2D:
    """The same rows with smooth 2D, without keypoints that jump, and with short gaps of keypoints filled."""
    keypoints, scores = people.keypoints.copy(), people.scores.copy()
    for stretch in stretches:
        xy = stretch.spread(people.keypoints[stretch.rows], np.nan)
        score = stretch.spread(people.scores[stretch.rows], 0)
        known = ~np.isnan(xy[..., 0])
        filled = between(known, gap)
        jumps = smoothing.outliers(xy, fps)
        cutoff = smoothing.rates("image") / smoothness
        weights = (known & ~jumps) * np.maximum(score, _LEAST_SCORE) ** 2
        smooth = smoothing.low_pass(xy, weights, cutoff, fps)
        smooth[~(known | filled)] = np.nan
        keypoints[stretch.rows] = smooth[stretch.places]
        score[filled | jumps] = max(people.min_score, _LEAST_SCORE)  # a guess
        scores[stretch.rows] = score[stretch.places]
    return people.model_copy(update={"keypoints": keypoints, "scores": scores})


def one_camera(flat: Pose3D, people: Keypoints2D) -> Pose3D:
    """See everyone through one assumed camera, in place of one for each frame and person.

    Its focal length is the median of theirs, and its axis passes through their mean centre. The lifted shape
    is what a person looks like along their ray; only the direction of the ray is new.
    """
    own = Seen.of(people)
    focal = np.quantile(own.K[:, 0, 0], 0.5, method="lower")
    shared = own._replace(K=camera.intrinsics(np.full(len(people), focal), own.K[:, :2, 2].mean(0)))
    _, own_view = canonical_view(own.plane, own.observed)
    _, view = canonical_view(shared.plane, own.observed)
    xyz = to_camera_axes(to_virtual_axes(flat.xyz.astype(np.float64), own_view), view)
    return replace(flat, K=shared.K, xyz=xyz)


def corrected(flat: Pose3D, frames: Frames, temporal: TemporalNetwork | None) -> Pose3D:
    """What the network over time, where there is one, makes of people lifted frame by frame."""
    if temporal is None:
        return flat
    rows = [stretch.rows for track in frames.stretches for stretch in track]
    return temporal.correct(frames.smooth, flat, rows, frames.fps)


def move(track: list[Stretch], flat: Pose3D, frames: Frames) -> Iterator[SmoothStretch]:
    """The motion of one person in each stretch; bones have the same length in all of them."""
    fps, smoothness = frames.fps, frames.smoothness
    rows = np.concatenate([stretch.rows for stretch in track])
    weights = bone_lengths.measure_weights(flat.error_mm[rows])
    lengths = weighted_median(bone_lengths.measures(flat.xyz[rows].astype(np.float64)), weights)
    cutoff = smoothing.rates("space") / smoothness
    smooth, errors = [], []
    for stretch in track:
        xyz, error = (
            stretch.spread(values[stretch.rows].astype(np.float64), np.nan)  # (T, 133, ...)
            for values in (flat.xyz, flat.error_mm)
        )
        scale = steady_scale(xyz, lengths, error, fps)
        found = ~np.isnan(error)
        error = _interpolated(error * scale[:, None])
        trust = ((np.median(error, axis=0) / np.maximum(error, 1e-6)) ** 2).clip(*_TRUST) * found
        parts = smoothing.apart(xyz * scale[:, None, None])
        smooth.append(smoothing.together(smoothing.low_pass(parts, trust, cutoff, fps)))
        errors.append(error)
    locked = bone_lengths.lock_lengths(np.concatenate(smooth), lengths)
    ends = np.cumsum([len(xyz) for xyz in smooth])[:-1]
    for stretch, xyz, error in zip(track, np.split(locked, ends), errors, strict=True):
        seen = Seen.of(frames.smooth[stretch.rows], flat.K[stretch.rows])
        roots = seen.place(xyz[stretch.places])
        path = _smooth_path(stretch, roots, fps, smoothness)
        yield SmoothStretch(stretch, xyz, error, path, lengths)


def steady_scale(xyz: Floats, lengths: Floats, error_mm: Floats, fps: float) -> Floats:
    """Factor (T,) that brings the limbs to their `lengths` (`bone_lengths.MEASURES`,), as they drift slowly.

    Quick changes of `bone_lengths.scale_to` are errors of single bones, which `lock_lengths` corrects, rather
    than of the scale. Frames that are NaN are filled in.
    """
    factor = np.log(bone_lengths.scale_to(xyz, lengths, error_mm))
    known = ~np.isnan(factor)[:, None]
    return np.asarray(np.exp(smoothing.low_pass(factor[:, None, None], known, SCALE_HZ, fps)[:, 0, 0]))


def picture_of(motion: SmoothStretch, flat: Pose3D, frames: Frames) -> Picture:
    """What the picture shows of a person over time."""
    rows = motion.stretch.rows
    seen = Seen.of(frames.smooth[rows], flat.K[rows])
    plane = np.where(seen.observed[..., None], seen.plane, np.nan)
    plane = motion.stretch.spread(plane, np.nan)  # (T, 133, 2)
    weights = motion.stretch.spread(seen.observed * seen.scores, 0)
    placed = motion.xyz + motion.path[:, None]
    stands = feet.standing(feet.places_seen(plane, placed), feet.depth(motion.path), frames.fps)
    return Picture(plane, weights, stands)


class Contacts(NamedTuple):
    """What touches what, besides feet that stand."""

    touch: hands.Touch | None
    """When the hands touch each other."""
    rests: Mask
    """(T, C) which of the `CONTACTS` rest."""


def contacts_of(motion: SmoothStretch, picture: Picture, ground: Ground | None, fps: float) -> Contacts:
    """When the hands of a person touch, and what of the person rests."""
    seen = picture.plane, motion.xyz + motion.path[:, None], motion.error_mm
    return Contacts(hands.touching(*seen, fps), contacts.resting(*seen, ground, fps))


def hold(
    motion: SmoothStretch, picture: Picture, found: Contacts, ground: Ground | None, fps: float
) -> SmoothStretch:
    """The motion fitted to the picture over time, with what stands or rests held, touching hands together."""
    plane, weights, stands = picture
    xyz, path = fit(
        motion.xyz,
        motion.path,
        motion.error_mm,
        np.nan_to_num(plane),
        weights,
        stands,
        fps,
        ground,
        found.touch,
        found.rests,
    )
    xyz, path = feet.lock_feet(bone_lengths.lock_lengths(xyz, motion.lengths), path, stands, fps)
    return motion._replace(xyz=xyz, path=path, held=stands, contacts_held=found.rests)


def ground_of(
    motions: list[SmoothStretch], pictures: list[Picture], frames: Frames, camera_height_mm: float | None
) -> Ground | None:
    """The ground that people stand on; None where it is not known, as when the camera turns."""
    people = [
        floor.Standing(motion.xyz + motion.path[:, None], picture.stands, frames.fps)
        for motion, picture in zip(motions, pictures, strict=True)
    ]
    given = frames.people
    if given.gravity is None or given.gravity_spread_deg is None:
        return floor.estimate(people, camera_height_mm=camera_height_mm)
    known = np.isfinite(given.gravity).all(axis=1)
    down, spread = given.gravity[known], given.gravity_spread_deg[known]
    if not known.any():
        return floor.estimate(people, camera_height_mm=camera_height_mm)
    if (down != down[0]).any():
        return None
    return floor.estimate(
        people, down=down[0], spread_deg=float(spread.max()), camera_height_mm=camera_height_mm
    )


def _compared(held: Pose3D, free: Pose3D) -> Pose3D:
    """The motion with its feet held; warns where the picture contradicts it."""
    after, before = (float(np.nanmean(pose.reprojection_error_px)) for pose in (held, free))
    if after > MOST_REPROJECTION * before:
        warn(
            "expected feet that can be held in place, got a reprojection error that rises from "
            f"{before:.1f} to {after:.1f} px: the camera may move, or the depth of the feet is wrong; "
            "compare with the result without lock_feet",
            ReprojectionWarning,
        )
    return held


def _interpolated(values: Floats) -> Floats:
    """(T, K), linearly interpolated where whole frames are NaN."""
    time = np.arange(len(values))
    known = np.asarray(~np.isnan(values[:, 0]))
    return np.stack([np.interp(time, time[known], column[known]) for column in values.T], axis=1)


def _smooth_path(stretch: Stretch, found: Floats, fps: float, smoothness: float) -> Floats:
    """The smooth path (T, 3) of the root, from its position in each frame by itself (R, 3).

    The direction of the root is seen precisely, its distance is not: each has its own cut-off.
    """
    direction, distance = smoothing.polar(found)
    values = np.column_stack((direction, np.log(distance)))
    cutoff = np.array([smoothing.PATH.image] * 3 + [smoothing.PATH.space]) / smoothness
    known = stretch.spread(np.ones(values.shape), 0)
    smooth = smoothing.low_pass(stretch.spread(values, np.nan)[..., None], known, cutoff, fps)[..., 0]
    return smoothing.from_polar(smooth[:, :3], np.exp(smooth[:, 3]))


def assemble(flat: Pose3D, given: Frames, motions: list[SmoothStretch], *, corrected: bool = False) -> Pose3D:
    """The result, ordered by frame and, within one, by track.

    corrected: whether the network over time had a part in the motions.
    """
    people = given.people
    frames = np.concatenate([motion.stretch.every_frame for motion in motions])
    source = np.concatenate([motion.stretch.nearest for motion in motions])
    found = tracks.frames(people)[source] == frames
    order = np.lexsort(
        (np.zeros(len(frames)) if people.track_ids is None else people.track_ids[source], frames)
    )
    xyz, error, path = (
        np.concatenate([getattr(motion, name) for motion in motions])[order]
        for name in ("xyz", "error_mm", "path")
    )
    held, contacts_held = (
        [mask for motion in motions if (mask := getattr(motion, name)) is not None]
        for name in ("held", "contacts_held")
    )
    error = expected_error.of_motion(error, fitted=bool(held), corrected=corrected)
    frames, source, found = frames[order], source[order], found[order]
    rows = source[found]
    reprojection, frame_by_frame = np.full((2, len(frames)), np.nan)
    there = np.flatnonzero(found)
    for start in range(0, len(rows), BLOCK):
        part, here = rows[start : start + BLOCK], there[start : start + BLOCK]
        seen = Seen.of(people[part], flat.K[part])
        reprojection[here] = seen.reprojection_error(xyz[here] + path[here, None])
        frame_by_frame[here] = seen.reprojection_error(flat.xyz[part] + seen.place(flat.xyz[part])[:, None])
    return replace(
        flat[source],
        xyz=xyz.astype(np.float32),
        error_mm=error.astype(np.float32),
        observed=people.observed[source] & found[:, None],
        translation=path.astype(np.float32),
        reprojection_error_px=reprojection.astype(np.float32),
        keypoints=np.where(found[:, None, None], people.keypoints[source], np.nan).astype(np.float32),
        scores=np.where(found[:, None], people.scores[source], 0).astype(np.float32),
        image_ids=frames,
        fps=given.fps,
        feet_held=np.concatenate(held)[order] if held else None,
        contacts_held=np.concatenate(contacts_held)[order] if contacts_held else None,
        frame_by_frame_px=frame_by_frame.astype(np.float32),
    )
