"""The motion bank: all recordings, on Anny's skeleton, thinned out and packed into one file.

`prepare` reads the publishers' files, which docs/training.md lists, and writes the bank. `MotionBank` draws
poses, hands and faces from it. The split into train, val and test is by recording.
"""

import hashlib
import itertools
import json
import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.bones import BONES
from wholebody_lift.train.synthetic.recordings import added, amc, bvh, face, gltf, hands
from wholebody_lift.train.synthetic.recordings.figures import CMU_AMC, CMU_BVH, QUATERNIUS
from wholebody_lift.train.synthetic.recordings.retarget import RestPose, rest_pose, retarget
from wholebody_lift.train.synthetic.rig import load_rig

Split = Literal["train", "val", "test"]

INPUTS = {
    "cmu_bvh": "motion/cmu_bvh.zip",
    "cmu_amc": "motion/cmu_amc.zip",
    "quaternius": "motion/quaternius/animation.glb",
    "leap": "hands/leap_hands.npz",
    "mrtk": "hands/mrtk_hand_poses.json",
    "iwer": "hands/iwer_hand_poses.json",
    "arkit": "face/arkit_rom.csv",
}
"""The files that `prepare` requires, by source, relative to the data directory."""

ADDED_INPUTS = {
    "mesh2motion": "motion/mesh2motion/human-addon-animations.glb",
    "vircadia_sitting": "motion/vircadia/sitting.glb",
    "vircadia_standing": "motion/vircadia/standing.glb",
    "kaykit": "motion/kaykit/Rogue.glb",
    "makehuman": "motion/makehuman/poses.zip",
    "reactidle": "motion/reactidle.zip",
    "cologne": "motion/cologne.zip",
    "accad": "motion/accad.zip",
    "studio_galt": "motion/studio_galt.zip",
    **{f"cmu_{trial}": f"motion/cmu_more/{trial}.bvh" for trial in added.CMU_BVH_TRIALS},
    **{f"cmu_{trial}": f"motion/cmu_more/{trial}.npz" for trial in added.CMU_FBX_TRIALS},
    "cmu_all": "motion/allasfamc.zip",
    "cmu_cgspeed": "motion/cmu_cgspeed.zip",
    "cmu_daz": "motion/cmu_daz.zip",
    "named_hands": "hands/named_hand_poses.npz",
    "live_link": "face/live_link_takes.zip",
    "makehuman_faces": "face/makehuman_expressions.zip",
}
"""Optional files that `prepare` reads if they exist. They were added after the test sets were published, so
they are used for training only, and the test sets stay the same."""

FPS = 12.0
"""Body motion is thinned out to about this frame rate, and further where little moves."""

_SALSA_FPS = 60.0  # the files themselves claim 120
_SALSA_PARTNERS = 15  # recordings n and n + 15 are the two partners of one dance
_MIN_TURN = 4.0  # degrees by which some bone must have turned since the last frame that was kept
_MIN_FACE_CHANGE = 0.03
_FACE_BLOCK, _FACE_GAP = 150, 15  # frames of one actor's face: 5 s for one split, then 0.5 s left out

# A recording is drawn in proportion to its length to this power, so that short ones are not drowned.
_LENGTH_POWER = 0.5

# On seats and near the floor: few clips, and short ones. They are drawn more often than by their length.
_LOW_CLIPS = re.compile("Crawl|Meditate|Pushup|Sleeping|Tired|Lie_|Sit_|sit01|sitting_")
_LOW_WEIGHT = 4.0

# How often some sources are drawn. In CMU's archive, people run, dance and practise tai chi more than they
# stand; those of reactidle stand, as most people do whom cameras see. The one person of studio_galt signs.
_SOURCE_WEIGHTS = {
    "cmu_all": 0.25,
    "cmu_cgspeed": 0.25,
    "cmu_daz": 0.35,
    "cologne": 0.15,
    "accad": 0.3,
    "reactidle": 3.5,
    "studio_galt": 0.2,
    "studio_galt_hands": 0.12,
}

# Chosen from many salts so that the recordings of docs/training.md divide well: every kind is in all three
# splits in about these shares, and test has both partners of a salsa dance and whole subjects of CMU.
_SPLIT_SALT = 38932
_TEST_SHARE, _VAL_SHARE = 0.17, 0.13

_QUANTUM = 32767


@dataclass(frozen=True)
class Recording:
    """The source of some rows of the bank. Recordings of one group share a split."""

    name: str
    source: str
    group: str
    split: Split
    rows: int = 0
    weight: float = 1.0  # how often it is drawn, relative to others of its length


@dataclass(frozen=True)
class Track:
    """Rows (R, ...) of one kind, recording after recording."""

    values: Tensor
    recordings: tuple[Recording, ...]

    def draw(self, n: int, split: Split, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw `n` rows (n, ...) of a split, with replacement, and the index of each one's recording (n,).

        Raises `ValueError` if the split is empty.
        """
        device = generator.device
        rows = torch.tensor([recording.rows for recording in self.recordings], device=device)
        weight = [recording.weight * (recording.split == split) for recording in self.recordings]
        inside = torch.tensor(weight, dtype=torch.float64, device=device)
        if not inside.any():
            raise ValueError(f"expected recordings of the split {split!r} in the bank, got none")
        starts = rows.cumsum(0) - rows
        recording = torch.multinomial(
            rows.double() ** _LENGTH_POWER * inside, n, replacement=True, generator=generator
        )
        place = torch.rand(n, generator=generator, device=device, dtype=torch.float64)
        row = starts[recording] + (place * rows[recording]).long()
        return self.values[row.to(self.values.device)], recording.to(self.values.device)


@dataclass(frozen=True)
class MotionBank:
    """Recorded body poses, hands and faces.

    Rotations are as in `rig`: L_b, relative to the parent and to the rest pose, as unit quaternions wxyz.
    """

    bodies: Track  # (F, B, 4) int16 over `bones`
    hands: Track  # (M, 15, 4) int16 over `bones.HAND_BONES`
    faces: Track  # (E, 52) float16 over `phenotypes.FACE_ACTIONS`
    bones: tuple[str, ...]  # those that move in some recording

    @property
    def tracks(self) -> dict[str, Track]:
        """What the bank holds, by name."""
        return {"bodies": self.bodies, "hands": self.hands, "faces": self.faces}

    def sample(self, n: int, split: Split, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw `n` body poses (n, J, 4) over `bones.BONES`, float32, and indices (n,) into
        `bodies.recordings`.

        The rotation of the root is the orientation of the pelvis in a world with z up, so heading and lean
        are as recorded. Finger bones move in animations only, not in motion capture.
        """
        packed, recording = self.bodies.draw(n, split, generator)
        poses = torch.zeros(n, len(BONES), 4, device=packed.device)
        poses[..., 0] = 1
        columns = torch.tensor([BONES.index(bone) for bone in self.bones], device=packed.device)
        poses[:, columns] = _unpack(packed)
        return poses, recording

    def sample_hands(self, n: int, split: Split, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw `n` left hands (n, 15, 4) over `HAND_BONES`, float32, and indices (n,) into
        `hands.recordings`."""
        packed, recording = self.hands.draw(n, split, generator)
        return _unpack(packed), recording

    def sample_faces(self, n: int, split: Split, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw `n` faces (n, 52) over `FACE_ACTIONS`, float32, 0..1, and indices (n,) into
        `faces.recordings`."""
        weights, recording = self.faces.draw(n, split, generator)
        return weights.float(), recording

    def to(self, device: torch.device | str) -> "MotionBank":
        """The same bank with its rows on another device."""
        bodies, hand_track, faces = (
            replace(track, values=track.values.to(device)) for track in self.tracks.values()
        )
        return replace(self, bodies=bodies, hands=hand_track, faces=faces)

    def save(self, path: Path) -> None:
        """Write the bank to an npz file."""
        about = {
            "bones": self.bones,
            **{name: [asdict(entry) for entry in track.recordings] for name, track in self.tracks.items()},
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                about=np.array(json.dumps(about)),
                bodies=self.bodies.values.cpu().numpy(),
                hands=self.hands.values.cpu().numpy(),
                faces=self.faces.values.cpu().numpy(),
            )

    @classmethod
    def load(cls, path: Path) -> "MotionBank":
        """Read a bank that `save` wrote."""
        with np.load(path) as file:
            about = json.loads(str(file["about"]))
            bodies, hand_track, faces = (
                Track(torch.from_numpy(file[name]), tuple(Recording(**entry) for entry in about[name]))
                for name in ("bodies", "hands", "faces")
            )
        return cls(bodies=bodies, hands=hand_track, faces=faces, bones=tuple(about["bones"]))


def split_of(group: str) -> Split:
    """The split of a group of recordings, from a hash of its name, so it stays the same when others are
    added."""
    digest = hashlib.sha256(f"{_SPLIT_SALT}:{group}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < _TEST_SHARE:
        return "test"
    return "val" if place < _TEST_SHARE + _VAL_SHARE else "train"


def prepare(data_dir: Path, out_path: Path) -> MotionBank:
    """Build the bank from the files under `data_dir`, all of `INPUTS` and those of `ADDED_INPUTS` that exist,
    and write it to `out_path` (.npz).

    A manifest with the suffix .json is written beside it: SHA-256 of every input, and the recordings of each
    split. Raises `FileNotFoundError`, naming the missing inputs.
    """
    paths = {source: data_dir / name for source, name in INPUTS.items()}
    missing = [str(path) for path in paths.values() if not path.exists()]
    if missing:
        raise FileNotFoundError(f"not found: {', '.join(missing)}; docs/training.md says where to get them")
    more = {source: data_dir / name for source, name in ADDED_INPUTS.items() if (data_dir / name).exists()}
    rest = rest_pose(load_rig())
    added_bodies = _read_added_bodies(more, rest, paths["cmu_amc"])
    bodies = _collect(itertools.chain(_read_bodies(paths, rest), added_bodies))
    moving = (bodies.values[..., 0] < 1 - 1e-6).any(0)  # (J,)
    hand_track = _collect(itertools.chain(_read_hands(paths, rest), _read_added_hands(more, rest)))
    faces = _collect(itertools.chain(_read_faces(paths["arkit"]), _read_added_faces(more)))
    bank = MotionBank(
        bodies=replace(bodies, values=_pack(bodies.values[:, moving])),
        hands=replace(hand_track, values=_pack(hand_track.values)),
        faces=replace(faces, values=faces.values.half()),
        bones=tuple(bone for bone, moves in zip(BONES, moving.tolist(), strict=True) if moves),
    )
    bank.save(out_path)
    manifest = json.dumps(_describe(bank, paths | more), indent=2) + "\n"
    out_path.with_suffix(".json").write_text(manifest, encoding="utf-8")
    return bank


def _describe(bank: MotionBank, paths: dict[str, Path]) -> dict[str, object]:
    """The manifest: inputs by SHA-256, and the recordings of each split with their rows."""
    splits = {
        name: {
            split: {entry.name: entry.rows for entry in track.recordings if entry.split == split}
            for split in get_args(Split)
        }
        for name, track in bank.tracks.items()
    }
    return {
        "inputs": {(INPUTS | ADDED_INPUTS)[source]: _sha256(path) for source, path in paths.items()},
        "rows": {
            name: {split: sum(rows.values()) for split, rows in recordings.items()}
            for name, recordings in splits.items()
        },
        "recordings": splits,
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _pack(quaternions: Tensor) -> Tensor:
    return (quaternions * _QUANTUM).round().to(torch.int16)


def _unpack(packed: Tensor) -> Tensor:
    return rotations.normalize(packed.float())


def _collect(recordings: Iterable[tuple[Recording, Tensor]]) -> Track:
    """Concatenate the rows of recordings."""
    kept, rows = [], []
    for recording, values in recordings:
        kept.append(replace(recording, rows=len(values)))
        rows.append(values)
    return Track(torch.cat(rows), tuple(kept))


def _recording(source: str, name: str, group: str) -> Recording:
    group = f"{source}/{group}"
    return Recording(f"{source}/{name}", source, group, split_of(group))


def _read_bodies(paths: dict[str, Path], rest: RestPose) -> Iterator[tuple[Recording, Tensor]]:
    """Body recordings with their poses (T, J, 4), thinned out."""
    with zipfile.ZipFile(paths["cmu_bvh"]) as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".bvh")):
            style, take = name.removesuffix(".bvh").split("/")
            dance = take
            clip = bvh.read(archive.read(name).decode("latin-1"))
            if style == "salsa":
                clip = replace(clip, fps=_SALSA_FPS)
                dance = f"{(int(take) - 1) % _SALSA_PARTNERS + 1:02d}"
            clip = replace(clip, rotations=clip.rotations[1:])  # the first frame is a reference pose
            poses = retarget(clip.subsample(FPS), CMU_BVH, rest)
            yield _recording(style, take, dance), _thin_poses(poses)
    with zipfile.ZipFile(paths["cmu_amc"]) as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".amc")):
            subject = name.split("/")[0]
            skeleton = archive.read(f"{subject}/{subject}.asf").decode("latin-1")
            clip = amc.read(skeleton, archive.read(name).decode("latin-1"))
            poses = retarget(clip.subsample(FPS), CMU_AMC, rest)
            yield _recording("cmu_amc", Path(name).stem, subject), _thin_poses(poses)
    for name, clip in gltf.read(paths["quaternius"]).items():
        if name != "T-Pose":
            poses = retarget(clip.subsample(FPS), QUATERNIUS, rest)
            # Clips that share a first word are parts of one action: enter, loop, exit.
            yield _recording("quaternius", name, name.split("_")[0]), _thin_poses(poses)


def _read_hands(paths: dict[str, Path], rest: RestPose) -> Iterator[tuple[Recording, Tensor]]:
    """Hand recordings with their poses (M, 15, 4)."""
    for recorded in hands.read_leap(paths["leap"]):
        # Excerpts of one recording have names that share the first word.
        group = re.split(r"[^a-z]", recorded.name.lower())[0]
        poses = _thin_poses(hands.retarget(recorded.points, rest))
        yield _recording("leap", recorded.name, group), poses
    for source in ("mrtk", "iwer"):
        for still in hands.read_poses(paths[source]):
            yield _recording(source, still.name, still.name), hands.retarget(still.points, rest)


def _read_faces(path: Path) -> Iterator[tuple[Recording, Tensor]]:
    """Blocks of the single face recording with their weights (E, 52)."""
    weights = face.read(path)
    for number, start in enumerate(range(0, len(weights), _FACE_BLOCK)):
        block = weights[start : start + _FACE_BLOCK - _FACE_GAP]
        yield _recording("arkit", f"{number:02d}", f"{number:02d}"), block[_thin_faces(block)]


def _for_training(source: str, name: str) -> Recording:
    """A recording of one of the `ADDED_INPUTS`."""
    weight = _LOW_WEIGHT if _LOW_CLIPS.search(name) else _SOURCE_WEIGHTS.get(source, 1.0)
    return Recording(f"{source}/{name}", source, f"{source}/{name}", "train", weight=weight)


def _read_added_bodies(
    paths: dict[str, Path], rest: RestPose, acclaim: Path
) -> Iterator[tuple[Recording, Tensor]]:
    """Motion and still bodies with their poses (T, J, 4), thinned out."""
    for source, name, clip, figure in added.read_all(paths, acclaim):
        poses = retarget(clip.subsample(FPS), figure, rest)
        yield _for_training(source, name), _thin_poses(poses)


def _read_added_hands(paths: dict[str, Path], rest: RestPose) -> Iterator[tuple[Recording, Tensor]]:
    """Named still hands (1, 15, 4), and both hands (M, 15, 4) of someone who signs, thinned out."""
    if "named_hands" in paths:
        for still in hands.read_named(paths["named_hands"]):
            yield _for_training("named_hands", still.name), hands.retarget(still.points, rest)
    if "studio_galt" in paths:
        for name, clip, figure in added.read("studio_galt", paths["studio_galt"]):
            both = hands.of_bodies(retarget(clip.subsample(FPS), figure, rest))
            yield _for_training("studio_galt_hands", name), torch.cat([_thin_poses(hand) for hand in both])


def _read_added_faces(paths: dict[str, Path]) -> Iterator[tuple[Recording, Tensor]]:
    """Facial takes (E, 52), thinned out, and still expressions (1, 52)."""
    if "live_link" in paths:
        with zipfile.ZipFile(paths["live_link"]) as archive:
            for name in sorted(name for name in archive.namelist() if name.endswith(".csv")):
                weights = face.parse(archive.read(name).decode("utf-8"))
                yield _for_training("live_link", name.removesuffix(".csv")), weights[_thin_faces(weights)]
    if "makehuman_faces" in paths:
        with zipfile.ZipFile(paths["makehuman_faces"]) as archive:
            for name in sorted(name for name in archive.namelist() if name.endswith(".mhpose")):
                weights = face.parse_units(archive.read(name).decode("utf-8"))
                yield _for_training("makehuman_faces", name.removesuffix(".mhpose")), weights


def _thin_faces(weights: Tensor) -> list[int]:
    """Indices of the rows of weights (E, 52) in which some action has changed since the last row kept."""
    return _thin(weights, lambda a, b: float((a - b).abs().max()) >= _MIN_FACE_CHANGE)


def _thin_poses(poses: Tensor) -> Tensor:
    """Leave out poses (T, B, 4) in which no bone has turned much since the last pose kept."""
    # |<p, q>| is the cosine of half the angle between two rotations.
    limit = math.cos(math.radians(_MIN_TURN) / 2)
    return poses[_thin(poses, lambda p, q: float((p * q).sum(-1).abs().min()) <= limit)]


def _thin(rows: Tensor, differ: Callable[[Tensor, Tensor], bool]) -> list[int]:
    """Indices of the first row, and of each later row that differs from the last one kept."""
    kept = [0]
    for i in range(1, len(rows)):
        if differ(rows[kept[-1]], rows[i]):
            kept.append(i)
    return kept
