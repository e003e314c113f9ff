import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

pytest.importorskip("anny")

from wholebody_lift.train.evaluation.fingerprints import of_test_recordings
from wholebody_lift.train.synthetic import bank
from wholebody_lift.train.synthetic.bank import (
    ADDED_INPUTS,
    INPUTS,
    MotionBank,
    Recording,
    Track,
    prepare,
    split_of,
)
from wholebody_lift.train.synthetic.bones import BONES, HAND_BONES
from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS
from wholebody_lift.train.synthetic.recordings.added import HELD_OUT_CMU_SUBJECTS


def _recording(name: str, split: bank.Split, rows: int) -> Recording:
    return Recording(name, "test", name, split, rows)


@pytest.fixture
def small() -> MotionBank:
    recordings = (_recording("a", "train", 30), _recording("b", "test", 10), _recording("c", "train", 10))
    quaternions = torch.nn.functional.normalize(
        torch.randn(50, 2, 4, generator=torch.Generator().manual_seed(0)), dim=-1
    )
    fingers = torch.nn.functional.normalize(torch.ones(50, len(HAND_BONES), 4), dim=-1)
    faces = torch.arange(50)[:, None].expand(50, len(FACE_ACTIONS)) / 50
    return MotionBank(
        bodies=Track((quaternions * 32767).round().to(torch.int16), recordings),
        hands=Track((fingers * 32767).round().to(torch.int16), recordings),
        faces=Track(faces.half(), recordings),
        bones=("root", "head"),
    )


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def test_only_recordings_of_the_split_are_drawn(small: MotionBank) -> None:
    for split, members in (("train", {0, 2}), ("test", {1})):
        for draw in (small.sample, small.sample_hands, small.sample_faces):
            _, recording = draw(400, split, _generator())
            assert set(recording.tolist()) == members


def test_rows_belong_to_their_recording(small: MotionBank) -> None:
    faces, recording = small.sample_faces(500, "train", _generator())
    rows = (faces[:, 0] * 50).round().long()
    assert ((rows < 30) == (recording == 0)).all()
    assert (rows[recording == 2] >= 40).all()


def test_short_recordings_are_drawn_more_often_than_by_length(small: MotionBank) -> None:
    _, recording = small.sample(4000, "train", _generator())
    share = (recording == 2).float().mean().item()
    assert share == pytest.approx(10**0.5 / (10**0.5 + 30**0.5), abs=0.03)


def test_a_recording_with_more_weight_is_drawn_more_often(small: MotionBank) -> None:
    bodies = small.bodies
    heavy = tuple(replace(one, weight=4.0 if one.name == "c" else 1.0) for one in bodies.recordings)
    _, recording = replace(bodies, recordings=heavy).draw(4000, "train", _generator())
    share = (recording == 2).float().mean().item()
    assert share == pytest.approx(4 * 10**0.5 / (4 * 10**0.5 + 30**0.5), abs=0.03)


def test_bones_that_never_move_are_at_rest(small: MotionBank) -> None:
    poses, _ = small.sample(20, "train", _generator())
    assert poses.shape == (20, len(BONES), 4)
    assert torch.allclose(poses.norm(dim=-1), torch.ones(20, len(BONES)), atol=1e-6)
    resting = [i for i, bone in enumerate(BONES) if bone not in small.bones]
    assert torch.equal(poses[:, resting], torch.tensor([1.0, 0, 0, 0]).expand(20, len(resting), 4))


def test_a_split_without_recordings_is_an_error(small: MotionBank) -> None:
    with pytest.raises(ValueError, match="split 'val' in the bank, got none"):
        small.sample(1, "val", _generator())


def test_a_bank_survives_saving_and_loading(small: MotionBank, tmp_path: Path) -> None:
    small.save(tmp_path / "bank.npz")
    again = MotionBank.load(tmp_path / "bank.npz")
    assert again.bones == small.bones
    for name, track in small.tracks.items():
        assert torch.equal(again.tracks[name].values, track.values)
        assert again.tracks[name].recordings == track.recordings


def test_the_split_of_a_group_does_not_depend_on_the_others() -> None:
    groups = [f"source/{i}" for i in range(3000)]
    splits = [split_of(group) for group in groups]
    assert splits == [split_of(group) for group in groups]
    assert splits.count("test") / len(splits) == pytest.approx(0.17, abs=0.03)
    assert splits.count("val") / len(splits) == pytest.approx(0.13, abs=0.03)


def test_missing_inputs_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"cmu_bvh\.zip.*docs/training\.md"):
        prepare(tmp_path, tmp_path / "bank.npz")


def _shorten(archive: Path, out: Path, frames: int = 60) -> None:
    """Copy an archive of motion files with the first frames of each."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            text = source.read(name).decode("latin-1")
            if name.endswith(".bvh"):
                head, _, motion = text.partition("Frames:")
                lines = motion.splitlines()
                text = f"{head}Frames: {frames}\n" + "\n".join(lines[1 : frames + 2])
            elif name.endswith(".amc"):
                text = re.split(rf"^{frames + 1}\s*$", text, maxsplit=1, flags=re.MULTILINE)[0]
            target.writestr(name, text)


@pytest.fixture(scope="module")
def prepared(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank of all the recordings, the long ones cut short."""
    folder = tmp_path_factory.mktemp("recordings")
    for source, name in INPUTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (_shorten if source.startswith("cmu") else shutil.copyfile)(shared_data / name, folder / name)
    prepare(folder, folder / "bank.npz")
    return folder / "bank.npz"


def test_every_source_is_in_every_split(prepared: Path) -> None:
    """Partners of one dance share a split, and so do the recordings of one CMU subject."""
    made = MotionBank.load(prepared)
    splits: dict[str, set[str]] = {}
    sources: dict[str, set[str]] = {"train": set(), "val": set(), "test": set()}
    for track in made.tracks.values():
        assert sum(recording.rows for recording in track.recordings) == len(track.values)
        for recording in track.recordings:
            splits.setdefault(recording.group, set()).add(recording.split)
            sources[recording.split].add(recording.source)
    assert all(len(split) == 1 for split in splits.values())
    for split in sources.values():
        assert {"indian", "martial", "salsa", "cmu_amc", "quaternius", "leap", "mrtk", "arkit"} <= split
    groups = {recording.name: recording.group for recording in made.bodies.recordings}
    assert groups["salsa/09"] == groups["salsa/24"] != groups["salsa/27"]
    assert groups["cmu_amc/02_02"] == groups["cmu_amc/02_10"] != groups["cmu_amc/03_01"]
    assert split_of(groups["salsa/09"]) == split_of(groups["cmu_amc/02_02"]) == "test"
    manifest = prepared.with_suffix(".json").read_text()
    assert all(name in manifest for name in INPUTS.values())


def test_recordings_added_later_are_only_for_training(
    prepared: Path, shared_data: Path, tmp_path: Path
) -> None:
    """The test recordings stay as they were, so that figures can be compared."""
    for name in INPUTS.values():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(prepared.parent / name)
    for source in ("vircadia_standing", "named_hands", "live_link"):
        target = tmp_path / ADDED_INPUTS[source]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(shared_data / ADDED_INPUTS[source])
    before, more = MotionBank.load(prepared), prepare(tmp_path, tmp_path / "bank.npz")
    assert of_test_recordings(more) == of_test_recordings(before)
    for name, track in more.tracks.items():
        added = track.recordings[len(before.tracks[name].recordings) :]
        assert added, name
        assert {recording.split for recording in added} == {"train"}
        assert sum(recording.rows for recording in track.recordings) == len(track.values)


def test_no_trials_are_added_of_people_of_the_test_sets(prepared: Path) -> None:
    recordings = MotionBank.load(prepared).bodies.recordings
    held_out = {entry.name for entry in recordings if entry.source == "cmu_amc" and entry.split != "train"}
    subjects = {name.removeprefix("cmu_amc/").partition("_")[0] for name in held_out}
    assert subjects
    assert subjects <= set(HELD_OUT_CMU_SUBJECTS)


def test_the_reference_pose_that_begins_a_bvh_file_is_left_out(prepared: Path) -> None:
    """In it the arms of all figures are straight out; in the motion that follows they are not."""
    made = MotionBank.load(prepared)
    elbow = made.bones.index("lowerarm01.L")
    starts, first = [], 0
    for recording in made.bodies.recordings:
        if recording.source == "salsa":
            starts.append(made.bodies.values[first, elbow])
        first += recording.rows
    assert len(starts) == 19
    assert len(torch.stack(starts).unique(dim=0)) == 19
