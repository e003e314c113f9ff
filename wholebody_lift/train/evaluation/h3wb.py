"""Human3.6M 3D WholeBody (H3WB), for users who have the dataset: files, official split, masking and errors.

H3WB: Zhu, Samet, Picard, ICCV 2023. Both published layouts are read and recognised by their content:

- JSON (`2Dto3D_train.json`, its parts, `RGBto3D_*.json`, the tests): sample id, then `keypoints_2d` and
  `keypoints_3d` as keypoint number, then x, y(, z); `image_path`. No file holds all of these.
- NPZ (`h3wb_train.npz`, `task1_test_3d.npz`, `task2_test_3d.npz`): `train_data`, or `data` in the tests, as
  subject, action, camera, then `camera_3d` and `pose_2d`; cameras are in `metadata` of the training file.

Sources: https://github.com/wholebody3d/wholebody3d, README.md (tasks, masking), benchmark.md (split, errors),
test_leaderboard.py (JSON) and utils/prepare_data_h3wb.py (NPZ) at 0713f74; its issues 5, 11 and 16 say
that 3D is in millimetres, in JSON rotated into the camera's axes but not moved to its centre, and that 2D is
projected without lens distortion. That `metadata` gives K in thousands of pixels is as MMPose reads it
(mmpose/datasets/datasets/wholebody3d/h3wb_dataset.py). Masked 2D keypoints are 0, 0.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from tqdm import tqdm

from wholebody_lift import camera
from wholebody_lift.checks import MAX_PIXEL
from wholebody_lift.config import Config
from wholebody_lift.errors import InputError
from wholebody_lift.skeleton import NUM_KEYPOINTS, PARTS
from wholebody_lift.train.evaluation import metrics
from wholebody_lift.train.evaluation.evaluate import predict
from wholebody_lift.train.synthetic.cameras import FAMILIES, Views
from wholebody_lift.train.synthetic.detector import KINDS, MASKS, Detections
from wholebody_lift.train.synthetic.people import CAMERA_KNOWLEDGE, Batch, Scene
from wholebody_lift.train.synthetic.people import to_batch as scene_to_batch

SUBJECTS: dict[str, tuple[str, ...]] = {"train": ("S1", "S5", "S6", "S7"), "test": ("S8",)}
"""The official split."""

IMAGE_SIZE = (1000.0, 1000.0)
"""Pixels; the images of two of Human3.6M's four cameras have 1002 rows."""

_K_UNIT = 1000.0  # `metadata` gives focal length and centre in thousands of pixels
_FOCAL_PX = (500.0, 3000.0)  # Human3.6M's are about 1145
_LARGEST_REPROJECTION_PX = 20.0  # median error; with a wrong unit or camera it is in the hundreds
_SAME_MM = 1.0
_SMALLEST_MM = 100.0  # people are larger, unless they are in metres
_CHUNK = 250

_IMAGE_PATH = re.compile(r"(?P<subject>S\d+)/Images/(?P<action>[^/]+)\.(?P<camera>\d{8})/")

_NEITHER = (
    "expected H3WB as published: a JSON file of samples with keypoints_2d or keypoints_3d, or an NPZ file "
    "with train_data or data"
)

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class H3WB:
    """N samples, each one person in one picture. `h3wb[rows]` selects samples by slice, mask or positions."""

    sample: npt.NDArray[np.int64]
    """(N,) the publishers' sample ids; -1 if the file has none."""
    xy: npt.NDArray[np.float32]
    """(N, 133, 2) pixels, NaN where not observed."""
    xyz: npt.NDArray[np.float32]
    """(N, 133, 3) mm in camera axes, NaN where the file has none. In NPZ files the camera is at the
    origin."""
    observed: npt.NDArray[np.bool_]
    """(N, 133)"""
    subject: npt.NDArray[np.str_]
    """(N,) such as "S1". Here and in the next two, "" if the file does not say."""
    action: npt.NDArray[np.str_]
    """(N,) such as "Directions 1"."""
    camera: npt.NDArray[np.str_]
    """(N,) such as "54138969"."""
    K: npt.NDArray[np.float32] | None = None
    """(N, 3, 3) pixels, or None if the file has no cameras (see `with_cameras`)."""

    def __len__(self) -> int:
        return len(self.sample)

    def __getitem__(self, rows: slice | Array) -> H3WB:
        columns: dict[str, Any] = {
            name: None if values is None else values[rows] for name, values in vars(self).items()
        }
        return H3WB(**columns)

    def of(self, split: Literal["train", "test"]) -> H3WB:
        """The samples of one side of the official split. Raises `InputError` if the subjects are not
        known."""
        if (self.subject == "").any():
            raise InputError(
                "expected samples with subjects, got some without, which cannot be split; add them with "
                "with_images, or go by the file's name (all of 2Dto3D_train.json is for training)"
            )
        return self[np.isin(self.subject, SUBJECTS[split])]


def read(path: str | os.PathLike[str]) -> H3WB:
    """Read the samples of a JSON or NPZ file in either published layout, in the file's order.

    Raises `InputError`, naming what was found, for any other file.
    """
    path = Path(path)
    h3wb = _read_npz(path) if zipfile.is_zipfile(path) else _read_json(path)
    extent = np.ptp(h3wb.xyz[np.isfinite(h3wb.xyz).reshape(len(h3wb), -1).all(1)], axis=1)
    if extent.size and np.median(extent.max(1)) < _SMALLEST_MM:
        raise InputError(
            f"expected millimetres, as published, got people who are {np.median(extent.max(1)):.3g} high in "
            f"{path.name}"
        )
    return h3wb


def with_images(poses: H3WB, images: H3WB) -> H3WB:
    """Add the subjects, actions and cameras of `images` to `poses`, by sample id.

    For `2Dto3D_train.json` and `RGBto3D_train.json`, which have the same samples. The ids of the test files
    do not correspond (README). Raises `InputError` if a sample is not in `images` or its 3D differs.
    """
    position = {int(sample): row for row, sample in enumerate(images.sample)}
    missing = [int(sample) for sample in poses.sample if int(sample) not in position]
    if missing:
        raise InputError(f"expected samples of the images, got {len(missing)} others, such as {missing[0]}")
    other = images[np.array([position[int(sample)] for sample in poses.sample], dtype=np.int64)]
    same = (np.abs(poses.xyz - other.xyz) <= _SAME_MM).all((1, 2))
    if not same.all():
        raise InputError(
            f"expected the same 3D keypoints in both files, got different or missing ones for sample "
            f"{poses.sample[~same][0]}; only 2Dto3D_train.json and RGBto3D_train.json have the same samples"
        )
    return replace(poses, subject=other.subject, action=other.action, camera=other.camera)


def with_cameras(h3wb: H3WB, path: str | os.PathLike[str]) -> H3WB:
    """Add K from the `metadata` of `h3wb_train.npz`, which has the cameras of all subjects."""
    path = Path(path)
    return replace(h3wb, K=_intrinsics(h3wb, _metadata(path), path))


def incomplete(h3wb: H3WB, generator: torch.Generator) -> H3WB:
    """Mask samples as in the second task (`detector.MASKS`), with a mask drawn for each."""
    share = torch.tensor([share for share, _ in MASKS.values()])
    probability = torch.zeros(len(MASKS), NUM_KEYPOINTS)
    for row, (part, (_, masked)) in enumerate(MASKS.items()):
        probability[row, list(PARTS.get(part, range(NUM_KEYPOINTS)))] = masked
    which = torch.multinomial(share, len(h3wb), replacement=True, generator=generator)
    kept = torch.rand(len(h3wb), NUM_KEYPOINTS, generator=generator) >= probability[which]
    observed = h3wb.observed & kept.numpy()
    return replace(h3wb, observed=observed, xy=np.where(observed[..., None], h3wb.xy, np.float32(np.nan)))


def to_batch(
    h3wb: H3WB,
    *,
    knowledge: str | None = None,
    config: Config | None = None,
    stature_mm: float | None = None,
    device: torch.device | str = "cpu",
) -> Batch:
    """Convert samples to the network's input and target, by the same function as synthetic people.

    knowledge: what the network is given of the camera, as in `people.CAMERA_KNOWLEDGE`. None gives it all
        that is known: "given" with K and "image_size" without. Without K the target is in the assumed
        camera's view, because the true camera is not known.
    stature_mm: stature of these people, to scale the target to the network's stature; H3WB does not publish
        it. None keeps the target in true millimetres.

    Raises `InputError` for samples without 3D or without any 2D keypoint, and for "given" without K.
    """
    config = config or Config()
    if knowledge is None:
        knowledge = "image_size" if h3wb.K is None else "given"
    if knowledge not in CAMERA_KNOWLEDGE:
        raise InputError(f"expected knowledge to be one of {', '.join(CAMERA_KNOWLEDGE)}, got {knowledge!r}")
    if knowledge == "given" and h3wb.K is None:
        raise InputError("expected samples with K, got none; add it with with_cameras, or omit knowledge")
    complete = {
        "3D keypoints": np.asarray(np.isfinite(h3wb.xyz).all((1, 2))),
        "observed 2D keypoints": np.asarray(h3wb.observed.any(1)),
    }
    for wanted, has in complete.items():
        if not has.all():
            raise InputError(
                f"expected {wanted} in every sample, got none in {(~has).sum()} of {len(has)}, the first at "
                f"position {has.argmin()}"
            )

    n = len(h3wb)
    xy, xyz, observed = (torch.as_tensor(a, device=device) for a in (h3wb.xy, h3wb.xyz, h3wb.observed))
    image_size = torch.tensor(IMAGE_SIZE, device=device).expand(n, 2)
    K = (
        camera.intrinsics_from_image_size(image_size)
        if h3wb.K is None
        else torch.as_tensor(h3wb.K, device=device)
    )
    views = Views(
        xyz=xyz,
        xy=xy,
        K=K,
        distortion=torch.zeros(n, 5, device=device),
        image_size=image_size,
        family=torch.full((n,), list(FAMILIES).index("laboratory"), device=device),
        rotation=torch.eye(3, device=device).expand(n, 3, 3),  # the camera's axes serve as the world's
    )
    kind = torch.full((n,), list(KINDS).index("exact"), device=device)
    stature = torch.full((n,), stature_mm or config.stature_mm, device=device)
    return scene_to_batch(Scene(views, Detections(xy, observed.float(), kind), stature), knowledge, config)


class Errors(NamedTuple):
    """Means over all samples and the keypoints of a part, mm. The first six are the benchmark's columns.

    The fields are those of `metrics.Protocol`, in the same order."""

    whole: float
    body: float
    """With feet."""
    face: float
    face_at_nose: float
    """Face with the nose at the origin."""
    hands: float
    hands_at_wrist: float
    """Each hand with its own root at the origin."""
    n_mpjpe: float
    """Over all keypoints, after the best scale of each sample, and so independent of the assumed stature."""
    pa_mpjpe: float
    """Over all keypoints, after the best similarity transform of each sample."""


def evaluate(
    model: nn.Module,
    h3wb: H3WB,
    *,
    knowledge: str | None = None,
    stature_mm: float | None = None,
    network_stature_mm: float = Config().stature_mm,
    progress: bool = False,
) -> Errors:
    """Measure a network by the benchmark's protocol. `h3wb.of("test")` or a test file is the official test.

    model: anything that maps `Features` to a `Prediction` for people of `network_stature_mm`.
    stature_mm: assumed stature of the people; None means that of the network. A single picture does not show
        how tall a person is, so report the assumption with the errors.
    progress: show a progress bar.

    `knowledge` and the errors raised are as in `to_batch`.
    """
    if not len(h3wb):
        raise InputError(
            "expected samples to evaluate on, got none; h3wb.of('test') is empty if no subject is S8"
        )
    scale = (stature_mm or network_stature_mm) / network_stature_mm
    total = torch.zeros(len(Errors._fields), dtype=torch.float64)
    for start in tqdm(range(0, len(h3wb), _CHUNK), desc="H3WB", disable=not progress):
        batch = to_batch(h3wb[start : start + _CHUNK], knowledge=knowledge)
        xyz = predict(model, batch.features).xyz * scale
        total += torch.stack(metrics.protocol(xyz, batch.target)).double().sum(1)
    return Errors(*(total / len(h3wb)).tolist())


def _assemble(
    sample: Array, xy: Array, xyz: Array, subject: list[str], action: list[str], cameras: list[str]
) -> H3WB:
    observed = np.isfinite(xy).all(-1) & (np.abs(xy) <= MAX_PIXEL).all(-1) & (xy != 0).any(-1)
    return H3WB(
        sample=sample.astype(np.int64),
        xy=np.where(observed[..., None], xy, np.nan).astype(np.float32),
        xyz=xyz.astype(np.float32),
        observed=observed,
        subject=np.array(subject, dtype=np.str_),
        action=np.array(action, dtype=np.str_),
        camera=np.array(cameras, dtype=np.str_),
    )


def _some(names: object) -> str:
    """The first few names found in a file."""
    listed = [repr(name) for name in names] if isinstance(names, Mapping | list | tuple) else []
    return ", ".join(listed[:6]) + (", ..." if len(listed) > 6 else "") or "nothing"


# JSON


def _compact(node: dict[str, Any]) -> Any:
    """While a file is read, convert each point to a tuple and the points of a sample to an array, to save
    memory."""
    if "x" in node and "y" in node:
        return tuple(node[axis] for axis in "xyz" if axis in node)
    if isinstance(node.get("0"), tuple) and set(node) == {str(i) for i in range(NUM_KEYPOINTS)}:
        return np.array([node[str(i)] for i in range(NUM_KEYPOINTS)], dtype=np.float32)
    return node


def _read_json(path: Path) -> H3WB:
    with path.open("rb") as file:
        if file.read(200).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
            raise InputError(f"{path.name} is not a valid JSON or NPZ file; {_NEITHER}")
        file.seek(0)
        try:
            data = json.load(file, object_hook=_compact)
        except (ValueError, UnicodeDecodeError) as error:
            raise InputError(f"{path.name} is incomplete JSON ({error}); download it again") from error
    if not isinstance(data, dict) or not data:
        raise InputError(f"{path.name} holds a {type(data).__name__}, not samples by id; {_NEITHER}")
    for key, sample in data.items():
        if not (
            key.isdigit()
            and isinstance(sample, dict)
            and {"keypoints_2d", "keypoints_3d", "image_path"} & {*sample}
        ):
            inside = f" with {_some(sample)}" if isinstance(sample, dict) else ""
            raise InputError(f"{path.name} holds {_some(data)}; {key!r} is not a sample{inside}; {_NEITHER}")
    origin = [_IMAGE_PATH.search(str(sample.get("image_path", ""))) for sample in data.values()]
    subject, action, cameras = (
        [match[name] if match else "" for match in origin] for name in ("subject", "action", "camera")
    )
    xy, xyz = (
        np.stack(
            [
                _points(sample.get(field), channels, f"{field} of sample {key} in {path.name}")
                for key, sample in data.items()
            ]
        )
        for field, channels in (("keypoints_2d", 2), ("keypoints_3d", 3))
    )
    return _assemble(np.array([int(key) for key in data]), xy, xyz, subject, action, cameras)


def _points(points: object, channels: int, where: str) -> Array:
    """(133, channels), NaN if the sample has none."""
    if points is None:
        return np.full((NUM_KEYPOINTS, channels), np.nan, dtype=np.float32)
    if isinstance(points, np.ndarray) and points.shape == (NUM_KEYPOINTS, channels):
        return points
    found = f"coordinates {points.shape}" if isinstance(points, np.ndarray) else f"keypoints {_some(points)}"
    axes = ", ".join("xyz"[:channels])
    raise InputError(
        f"{where}: expected keypoints '0' to '{NUM_KEYPOINTS - 1}', each with {axes}, got {found}"
    )


# NPZ


class _Unpickler(pickle.Unpickler):
    """Reads arrays, tensors and plain containers only, because anything else in a downloaded file could run
    code."""

    _ALLOWED = (
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("collections", "OrderedDict"),
        ("collections", "defaultdict"),
        ("builtins", "dict"),
        ("_codecs", "encode"),
        ("torch._utils", "_rebuild_tensor_v2"),
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch.storage", "_load_from_bytes"):
            return lambda content: torch.load(io.BytesIO(content), weights_only=True)
        from_numpy = re.fullmatch(r"numpy\.(_)?core\.(multiarray|numeric)", module)
        if (module, name) in self._ALLOWED or (
            from_numpy and name in ("_reconstruct", "scalar", "_frombuffer")
        ):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it holds a {module}.{name}, which is not loaded, for safety")


def _dictionary(file: IO[bytes]) -> object:
    """The object that an NPY member wraps, which is how NumPy stores a dictionary."""
    version = np.lib.format.read_magic(file)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(file)
    if shape != () or dtype != np.dtype(object):
        raise ValueError(f"it is an array {shape} of {dtype}, not a dictionary")
    return _Unpickler(file).load().item()


def _members(path: Path, *names: str) -> dict[str, dict[str, Any]]:
    """Those of the named dictionaries that an NPZ file has. Raises `InputError` if it has none."""
    with zipfile.ZipFile(path) as archive:
        held = [name.removesuffix(".npy") for name in archive.namelist()]
        found: dict[str, dict[str, Any]] = {}
        for name in names:
            if name not in held:
                continue
            try:
                with archive.open(f"{name}.npy") as file:
                    content = _dictionary(file)
            except (ValueError, pickle.UnpicklingError, EOFError, zipfile.BadZipFile) as error:
                raise InputError(f"{name} in {path.name} cannot be read: {error}; {_NEITHER}") from error
            if not isinstance(content, dict):
                raise InputError(f"{name} in {path.name} is a {type(content).__name__}; {_NEITHER}")
            found[name] = content
    if not found:
        raise InputError(f"{path.name} is an archive of {_some(held)}; {_NEITHER}")
    return found


def _metadata(path: Path) -> dict[str, Any]:
    if not zipfile.is_zipfile(path):
        raise InputError(
            f"expected h3wb_train.npz, whose metadata has the cameras; {path.name} is not an NPZ file"
        )
    return _members(path, "metadata")["metadata"]


def _read_npz(path: Path) -> H3WB:
    held = _members(path, "train_data", "data", "metadata")
    people = held.get("train_data", held.get("data"))
    if people is None:
        raise InputError(f"{path.name} holds metadata but no train_data and no data; {_NEITHER}")
    sample, xy, xyz, names = [], [], [], []
    for subject, actions in people.items():
        for action, recording in _entries(actions, f"subject {subject!r} in {path.name}"):
            for name, block in _entries(recording, f"{subject} {action!r} in {path.name}"):
                if not isinstance(block, Mapping):
                    continue  # global_3d and frame_id are listed among the cameras
                where = f"{subject} {action!r} camera {name} in {path.name}"
                xy.append(_frames(block, "pose_2d", 2, where))
                xyz.append(_frames(block, "camera_3d", 3, where))
                if len(xy[-1]) != len(xyz[-1]):
                    raise InputError(
                        f"{where}: expected as many frames of pose_2d as of camera_3d, got {len(xy[-1])} and "
                        f"{len(xyz[-1])}"
                    )
                n = len(xy[-1])
                ids = np.asarray(block.get("sample_id", np.full(n, -1))).reshape(-1)
                sample.append(ids.astype(np.int64) if len(ids) == n else np.full(n, -1))
                names += [(str(subject), str(action), str(name))] * n
    if not xy:
        raise InputError(f"{path.name} has subjects {_some(people)} but no camera_3d in them; {_NEITHER}")
    columns = [list(column) for column in zip(*names, strict=True)]
    h3wb = _assemble(np.concatenate(sample), np.concatenate(xy), np.concatenate(xyz), *columns)
    if "metadata" not in held:
        return h3wb
    h3wb = replace(h3wb, K=_intrinsics(h3wb, held["metadata"], path))
    _check_projection(h3wb, path)
    return h3wb


def _entries(node: object, where: str) -> list[tuple[Any, Any]]:
    if not isinstance(node, Mapping):
        raise InputError(f"{where} is a {type(node).__name__}; {_NEITHER}, by subject, action and camera")
    return list(node.items())


def _frames(block: Mapping[str, Any], field: str, channels: int, where: str) -> Array:
    """(T, 133, channels); the files may have an axis of one person after the frames."""
    if field not in block:
        raise InputError(f"expected camera_3d and pose_2d in {where}, got {_some(block)}")
    values = np.asarray(block[field])
    if (
        values.shape[-2:] != (NUM_KEYPOINTS, channels)
        or values.ndim not in (3, 4)
        or values.shape[1:-2] not in ((), (1,))
    ):
        raise InputError(
            f"{where}: expected {field} of shape (frames, {NUM_KEYPOINTS}, {channels}), got {values.shape}"
        )
    return values.reshape(-1, NUM_KEYPOINTS, channels)


def _intrinsics(h3wb: H3WB, metadata: Mapping[str, Any], path: Path) -> npt.NDArray[np.float32]:
    """K (N, 3, 3) in pixels of every sample's camera."""
    K = np.zeros((len(h3wb), 3, 3), dtype=np.float32)
    for subject, name in sorted({*zip(h3wb.subject.tolist(), h3wb.camera.tolist(), strict=True)}):
        known = metadata.get(subject, {})
        if name not in known or "K" not in known[name]:
            raise InputError(
                f"expected K of camera {name!r} of subject {subject!r} in the metadata of {path.name}, got "
                f"{_some(known or metadata)}"
            )
        matrix = np.asarray(known[name]["K"], dtype=np.float64).reshape(-1, 3)[:2] * _K_UNIT
        if not (_FOCAL_PX[0] < matrix[0, 0] < _FOCAL_PX[1] and _FOCAL_PX[0] < matrix[1, 1] < _FOCAL_PX[1]):
            raise InputError(
                f"expected K of camera {name} in {path.name} in thousands of pixels, with a focal length of "
                f"about 1.145, got {matrix[0, 0] / _K_UNIT:g}"
            )
        rows = (h3wb.subject == subject) & (h3wb.camera == name)
        K[rows, :2], K[rows, 2, 2] = matrix, 1
    return K


def _check_projection(h3wb: H3WB, path: Path) -> None:
    """Check that the 3D projects to about where the 2D is, as the camera is at the origin in NPZ files."""
    xyz, K = torch.from_numpy(h3wb.xyz), torch.as_tensor(h3wb.K)
    off = (camera.project(xyz, K) - torch.from_numpy(h3wb.xy)).norm(dim=-1).numpy()[h3wb.observed]
    if off.size and not np.nanmedian(off) <= _LARGEST_REPROJECTION_PX:
        raise InputError(
            f"expected camera_3d of {path.name} in mm from the camera, pose_2d in pixels and K in thousands "
            f"of pixels, got a median of {np.nanmedian(off):.0f} px between pose_2d and projected camera_3d"
        )
