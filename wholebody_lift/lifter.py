"""Lifter: keypoints in, millimetres out, by whichever backend computes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from wholebody_lift import backends, checks, pretrained
from wholebody_lift._types import Progress
from wholebody_lift.backends import Backend, Name
from wholebody_lift.config import FIELDS_OF_INPUT, INPUTS, Input
from wholebody_lift.errors import InputError, count, name_people, warn
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.plausibility import error_factor, signs_in_result
from wholebody_lift.pose import CameraSource, Pose3D, ScaleSource
from wholebody_lift.seen import Seen, camera_source
from wholebody_lift.video import sequence, tracker
from wholebody_lift.video.temporal import TemporalNetwork

if TYPE_CHECKING:
    import torch

    from wholebody_lift.model import SemGAN

CHUNK = 128
"""People lifted at once. It bounds the memory (about 0.3 GB at the default size) for any N."""


class Lifter:
    """Lifts 133 COCO-WholeBody keypoints to 3D. Build it with `from_pretrained`.

    Safe to share between threads: nothing changes after construction. Start processes with "spawn": PyTorch's
    threads do not survive a fork, and a forked child can hang.
    """

    def __init__(
        self,
        model: SemGAN | Backend,
        device: str | torch.device = "auto",
        dtype: str | torch.dtype = "float32",
        temporal: TemporalNetwork | None = None,
    ):
        """Use a network that is already in memory, or a backend that holds one.

        A network is moved to the device and put into evaluation mode; a backend has its own device and
        precision. `temporal` is the network over time, for `lift_sequence` and `LiveLifter`.
        """
        self.temporal = temporal
        self.backend: Backend
        if isinstance(model, Backend):
            self.backend = model
        else:
            from wholebody_lift.backends.pytorch import PyTorch

            self.backend = PyTorch(model, device, dtype)

    @property
    def model(self) -> SemGAN:
        """The network. Raises AttributeError for a backend that has none."""
        return self.backend.model  # type: ignore[attr-defined, no-any-return]

    @property
    def device(self) -> torch.device | str:
        """Where the network is."""
        device: torch.device | str = self.backend.device
        return device

    @property
    def dtype(self) -> torch.dtype:
        """The network's precision. Raises AttributeError for a backend that has none."""
        return self.backend.dtype  # type: ignore[attr-defined, no-any-return]

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path | None = None,
        *,
        revision: str | None = None,
        backend: Name = "auto",
        device: str | torch.device = "auto",
        dtype: str | torch.dtype = "float32",
        cache_dir: str | Path | None = None,
        token: str | None = None,
        local_files_only: bool = False,
    ) -> Lifter:
        """Load weights and be ready to lift.

        Args:
            source: "base" (the default) or "tiny" for weights inside the package, without network; a
                directory with config.json and model.safetensors; or the id of a repository on the Hugging
                Face Hub.
            revision: branch, tag or commit on the Hub; pin it where results must not change.
            backend: "torch", or "onnx" for ONNX Runtime, which needs no torch; it takes `model.onnx` from the
                same places, or the path of a file that `wholebody-lift onnx` wrote as source. "auto" is torch
                where it is installed, else onnx.
            device: "auto" takes CUDA, then Apple's MPS, then the CPU.
            dtype: precision of the network in torch, by name or as a `torch.dtype`; geometry and results are
                float32, also under `torch.autocast`. An ONNX file has its own precision.
            cache_dir: where the Hub's files are kept; huggingface_hub's own cache by default.
            token: gives access to private and gated repositories on the Hub.
            local_files_only: use only files of the Hub that are in the cache.

        Raises:
            WeightsError: the weights cannot be loaded completely, or do not fit the network.
            ImportError: the backend is not installed.
            ValueError: there is no such backend, device or precision.
        """
        reach: dict[str, Any] = {
            "cache_dir": cache_dir,
            "token": token,
            "local_files_only": local_files_only,
        }
        if backends.chosen(backend) == "torch":
            directory = pretrained.locate(source, revision=revision, **reach)
            model = pretrained.load(directory)
            return cls(
                model, device, dtype, pretrained.load_temporal(model.config, directory, source, **reach)
            )
        if str(dtype).removeprefix("torch.") != "float32":
            raise ValueError(
                f'expected no dtype with backend="onnx", got {dtype}: a file has its own precision; omit '
                "dtype"
            )
        from wholebody_lift.backends.onnx_runtime import OnnxRuntime

        path = pretrained.locate_onnx(source, revision=revision, **reach)
        network = OnnxRuntime(path, str(device))
        temporal = pretrained.load_temporal(network.config, path.parent, source, **reach)
        return cls(network, temporal=temporal)

    def lift(
        self,
        keypoints: npt.ArrayLike | Keypoints2D,
        scores: npt.ArrayLike | None = None,
        *,
        image_size: npt.ArrayLike | None = None,
        K: npt.ArrayLike | None = None,
        distortion: npt.ArrayLike | None = None,
        height_mm: npt.ArrayLike | None = None,
        bone_lengths: npt.ArrayLike | Mapping[str, float] | None = None,
        gravity: npt.ArrayLike | Literal["level"] | None = None,
        gravity_spread_deg: npt.ArrayLike | None = None,
        depth: npt.ArrayLike | None = None,
        track: bool = False,
        progress: Progress | None = None,
    ) -> Pose3D:
        """Lift one person or many.

        Args:
            keypoints: (133, 2) or (N, 133, 2) pixels, or (…, 3) with the score as third column; numpy, torch
                or lists. NaN, or a score under `MIN_SCORE`, means missing. Or a `Keypoints2D`.
            scores: (133,) or (N, 133), 0..1.
            image_size: (width, height) or (N, 2) pixels; used to assume a camera if K is not given.
            K: (3, 3) or (N, 3, 3) intrinsics in pixels.
            distortion: (5,) or (N, 5) Brown-Conrady k1 k2 p1 p2 k3 (OpenCV's order); needs K.
            height_mm: the person's standing height, a number or (N,); sets the scale of the result.
            bone_lengths: lengths of the person's bones, mm by name, as {"left_thigh": 430}; or (12,) or
                (N, 12) in the order of `skeleton.LONG_BONES`, NaN where not known. Without height_mm they set
                the scale too. `Pose3D.bone_lengths` measures them.
            gravity: (3,) or (N, 3), the direction down in camera axes (x right, y down, z forward); or
                "level" for a camera that is held level.
            gravity_spread_deg: by how many degrees gravity may be off, about; 5 by default.
            depth: (133,) or (N, 133), a detector's depth of the keypoints in mm, larger is farther away; from
                any origin, NaN where missing. In a `Keypoints2D` it is ignored by weights without this input.
            track: number people who have no track ids through the frames that `image_ids` count, and drop
                false detections: anyone seen in only a frame or two of a longer clip. A warning names them.
            progress: called after every few people with how many are lifted and how many there are.

        Returns:
            Pose3D of N people (1 for one person), mm, OpenCV camera axes, origin at the midpoint of the hips.

        Raises:
            InputError: the input cannot be lifted; the text says what was expected, what came and the fix.

        Warns:
            InputWarning: the input is accepted but looks wrong (upside down, sides swapped, a result that
                does not fit the keypoints, ...); the subclasses are in `wholebody_lift.errors`.
        """
        given = _given(
            scores=scores,
            image_size=image_size,
            K=K,
            distortion=distortion,
            height_mm=height_mm,
            bone_lengths=bone_lengths,
            gravity=gravity,
            gravity_spread_deg=gravity_spread_deg,
            depth=depth,
        )
        self.require_inputs(given)
        if not isinstance(keypoints, Keypoints2D):
            keypoints = Keypoints2D(keypoints=keypoints, **given)
        elif given:
            raise _given_twice("lift", given)
        people = tracker.follow(keypoints) if track else keypoints
        return _with_warnings(self._lift(people, progress))

    def lift_sequence(
        self,
        keypoints: npt.ArrayLike | Keypoints2D,
        fps: float | None = None,
        *,
        image_size: npt.ArrayLike | None = None,
        K: npt.ArrayLike | None = None,
        distortion: npt.ArrayLike | None = None,
        height_mm: float | None = None,
        bone_lengths: npt.ArrayLike | Mapping[str, float] | None = None,
        gravity: npt.ArrayLike | Literal["level"] | None = None,
        gravity_spread_deg: float | None = None,
        depth: npt.ArrayLike | None = None,
        camera_height_mm: float | None = None,
        lock_feet: bool = False,
        smoothness: float = 1.0,
        max_gap_seconds: float = sequence.MAX_GAP_SECONDS,
        track: bool = False,
        progress: Progress | None = None,
    ) -> Pose3D:
        """Lift a whole video, using the fact that people move smoothly and keep their size.

        2D and 3D are smoothed without delay, each part at its own rate; bones have the same length in every
        frame; short gaps are filled in. See docs/sequences.md.

        Args:
            keypoints: (T, 133, 2|3) one person in T frames that follow one another, as in `lift`; frames in
                which nothing is visible are gaps. Or a `Keypoints2D` whose `image_ids` count the frames, with
                `track_ids` where there are several people.
            fps: frames per second, up to 10,000; that of the `Keypoints2D` by default.
            image_size: (width, height) pixels of all frames. A `Keypoints2D` holds its own image_size, K,
                distortion and height_mm instead.
            K: (3, 3) intrinsics in pixels.
            distortion: (5,) Brown-Conrady k1 k2 p1 p2 k3; needs K.
            height_mm: the person's standing height.
            bone_lengths: (12,) or by name, as in `lift`.
            gravity: (3,) or "level", as in `lift`; or (T, 3) for a camera that turns. One direction for all
                frames is `ground.down` of the result, also for weights without this input.
            gravity_spread_deg: by how many degrees gravity may be off, about; 5 by default.
            depth: (T, 133), as in `lift`.
            camera_height_mm: height of the camera above the floor, for `ground`; needs a known height_mm or
                bone_lengths.
            lock_feet: keep standing feet in their place, and fit body and path to them and to the 2D over
                time. For cameras that do not move.
            smoothness: 0.001 to 1000; divides all cut-off frequencies: 2 is smoother, 0.5 follows faster.
            max_gap_seconds: gaps up to this length are filled; after a longer one a person starts anew.
            track: number people who have no track ids through the frames that `image_ids` count, and drop
                false detections: anyone seen in only a frame or two of a longer clip. A warning names them.
            progress: called after every few people with how many are lifted and how many there are.

        Returns:
            Pose3D with a row for each frame and person, ordered by frame and then track. `image_ids` says
            which frame; frames in longer gaps have no row. In a frame that was filled in, no keypoint is
            `observed` and `reprojection_error_px` is NaN. `error_mm` is the error expected of the
            motion. `ground` is set where feet are seen to stand, or gravity and camera_height_mm are
            given.

        Raises:
            InputError: as `lift`; also without fps, or for several people without track ids.

        Warns:
            InputWarning: as `lift`.
        """
        given = _given(
            image_size=image_size,
            K=K,
            distortion=distortion,
            height_mm=height_mm,
            bone_lengths=bone_lengths,
            gravity=gravity,
            gravity_spread_deg=gravity_spread_deg,
            depth=depth,
        )
        self.require_inputs(given.keys() - _ALSO_FOR_THE_GROUND)
        if not isinstance(keypoints, Keypoints2D):
            keypoints = sequence.read_frames(keypoints, given)
        elif given:
            raise _given_twice("lift_sequence", given)
        people = tracker.follow(keypoints, fps) if track else keypoints
        floor_at = _camera_height(camera_height_mm, people)
        frames = sequence.prepare(people, fps=fps, smoothness=smoothness, max_gap_seconds=max_gap_seconds)
        smooth = frames.smooth
        if "gravity" not in self.backend.config.inputs:
            smooth = smooth.model_copy(update=dict.fromkeys(_ALSO_FOR_THE_GROUND))
        flat = self._lift(smooth, progress)
        pose = sequence.finish(
            frames, flat, lock_feet=lock_feet, camera_height_mm=floor_at, temporal=self.temporal
        )
        return _with_warnings(_require_finite(pose))

    def save_pretrained(self, directory: str | Path, *, onnx: bool = False) -> None:
        """Write config.json, model.safetensors and, where there is a network over time, temporal.safetensors,
        for `from_pretrained(directory)`. Needs torch.

        With `onnx`, also model.onnx, for `from_pretrained(directory, backend="onnx")`; needs the extra.
        """
        pretrained.save(self.model, directory, onnx=onnx, temporal=self.temporal)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Upload the weights to the Hub; options as in `pretrained.push`. Returns the commit's address."""
        return pretrained.push(self.model, repo_id, temporal=self.temporal, **options)

    def require_inputs(self, given: Collection[str]) -> None:
        """Raise InputError if the weights have no input for one of these options of `lift`."""
        takes = self.backend.config.inputs
        lacking = [name for name in INPUTS if name in given and name not in takes]
        if lacking:
            raise InputError(
                f"expected weights with an input for {' and '.join(lacking)}, got weights that take "
                f"{', '.join(('keypoints', 'camera', 'height', *takes))}; omit {' and '.join(lacking)}, or "
                "load other weights"
            )

    def _lift(self, people: Keypoints2D, progress: Progress | None = None) -> Pose3D:
        if not len(people):
            return Pose3D.empty(people.fps)
        self.require_inputs(
            [name for name in ("bone_lengths", "gravity") if getattr(people, name) is not None]
        )
        source = camera_source(people)
        chunks = []
        with self.backend.computing():
            for start in range(0, len(people), CHUNK):
                chunk = people[start : start + CHUNK]
                try:
                    chunks.append(self._lift_chunk(chunk, source))
                except np.linalg.LinAlgError:  # a K without an inverse
                    raise InputError(_BEYOND.format(count(len(chunk)))) from None
                if progress is not None:
                    progress(start + len(chunk), len(people))
        arrays = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
        n = len(people)
        pose = Pose3D(
            xyz=arrays["xyz"],
            error_mm=arrays["error_mm"] * error_factor(people.keypoints),
            observed=people.observed,
            translation=arrays["translation"],
            K=arrays["K"].astype(np.float64) if people.K is None else people.K.copy(),
            distortion=np.zeros((n, 5)) if people.distortion is None else people.distortion.copy(),
            camera_source=source,
            reprojection_error_px=arrays["reprojection_error_px"],
            keypoints=people.keypoints.astype(np.float32),
            scores=people.scores.copy(),
            image_ids=np.zeros(n, dtype=np.int64) if people.image_ids is None else people.image_ids.copy(),
            image_size=None if people.image_size is None else people.image_size.copy(),
            track_ids=None if people.track_ids is None else people.track_ids.copy(),
            fps=people.fps,
            scale_source=_scale_source(people),
        )
        return _require_finite(pose)

    def _lift_chunk(self, people: Keypoints2D, source: CameraSource) -> dict[str, npt.NDArray[np.float32]]:
        backend = self.backend
        seen = Seen.of(people, array=backend.array)
        lifted = backend.lift(
            seen.plane,
            seen.observed,
            seen.scores,
            camera_given=source == "given",
            size_given=source != "keypoints",
            height_mm=None if people.height_mm is None else backend.array(people.height_mm),
            known={name: backend.array(values) for name, values in _known(people, backend.config.inputs)},
        )
        off = seen.reprojection_error(lifted.xyz + lifted.translation[:, None])
        arrays = {**lifted._asdict(), "K": seen.K, "reprojection_error_px": off}
        return {name: backend.numpy(array) for name, array in arrays.items()}


def _given(**options: Any) -> dict[str, Any]:
    """The options that a caller has set."""
    return {name: value for name, value in options.items() if value is not None}


def _given_twice(call: str, given: Collection[str]) -> TypeError:
    return TypeError(
        f"expected {call}(Keypoints2D) without {', '.join(given)}, got both; put {', '.join(given)} into "
        "Keypoints2D"
    )


def _known(people: Keypoints2D, inputs: Collection[Input]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """The fields of people that belong to these `inputs` of a network, by name."""
    for field in (field for name in inputs for field in FIELDS_OF_INPUT[name]):
        if (array := getattr(people, field)) is not None:
            yield field, array


def _scale_source(people: Keypoints2D) -> ScaleSource:
    if people.height_mm is not None:
        return "height_mm"
    return "average_adult" if people.bone_lengths is None else "bone_lengths"


_ALSO_FOR_THE_GROUND = ("gravity", "gravity_spread_deg")
"""Fields that a sequence uses even if the weights have no input for them."""


def _camera_height(camera_height_mm: float | None, people: Keypoints2D) -> float | None:
    """The camera's height as a number. Raises InputError for people whose size is not known."""
    if camera_height_mm is None:
        return None
    height = checks.number("camera_height_mm", camera_height_mm, most=checks.MAX_CAMERA_HEIGHT_MM)
    if _scale_source(people) == "average_adult":
        raise InputError(
            "expected height_mm or bone_lengths with camera_height_mm, got neither: the floor would not be "
            "at the feet of people whose size is assumed; pass height_mm, or omit camera_height_mm"
        )
    return height


_BEYOND = (
    "expected keypoints and a camera that single precision can hold, got NaN or infinity as the result for "
    "{}; check the units of keypoints, K, distortion and image_size"
)


def _require_finite(pose: Pose3D) -> Pose3D:
    """The pose. Raises InputError for NaN in it, except as the reprojection error of frames that were filled
    in."""
    finite = np.isfinite(pose.xyz).all(axis=(1, 2)) & np.isfinite(pose.error_mm).all(axis=1)
    finite &= np.isfinite(pose.translation).all(axis=1)
    finite &= np.isfinite(pose.reprojection_error_px) | ~pose.observed.any(axis=1)
    if not finite.all():
        raise InputError(_BEYOND.format(name_people(~finite)))
    return pose


def _with_warnings(pose: Pose3D) -> Pose3D:
    """The pose, after warnings of signs of mistakes in it."""
    xy, off = (np.asarray(array, np.float64) for array in (pose.keypoints, pose.reprojection_error_px))
    for category, message in signs_in_result(xy, off):
        warn(message, category)
    return pose
