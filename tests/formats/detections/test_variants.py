"""Variants of the files that people bring: other encodings, wrappings, ids and folders.

Each is read as what it means, or refused by an error that names the file, the entry and the field. All are
made of the squats of the examples, so the truth is known.
"""

import gzip
import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wholebody_lift import InputError, Keypoints2D, formats
from wholebody_lift.errors import DroppedWarning
from wholebody_lift.layouts import NAMED
from wholebody_lift.skeleton import INDEX, indices

FRAMES = 4
SIZE = (720, 1280)

pytestmark = pytest.mark.filterwarnings("ignore::wholebody_lift.errors.InputWarning")

Person = Callable[..., dict[str, Any]]


@pytest.fixture
def person(squats) -> Person:
    """A person of a frame as COCO-WholeBody has it, with all 133 keypoints in one list, and other fields."""

    def of_frame(frame: int, **fields: Any) -> dict[str, Any]:
        triples = np.column_stack((np.nan_to_num(squats.keypoints[frame]), squats.scores[frame]))
        return {"image_id": frame, "category_id": 1, "keypoints": triples.ravel().tolist(), **fields}

    return of_frame


@pytest.fixture
def people(person) -> list[dict[str, Any]]:
    return [person(frame) for frame in range(FRAMES)]


def as_json(document: Any) -> bytes:
    return json.dumps(document).encode()


def folder(path: Path, files: dict[str, bytes]) -> Path:
    path.mkdir()
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


def zipped(files: dict[str, bytes]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def right(read: Keypoints2D, squats, frames=range(FRAMES)) -> bool:
    """Whether the people are those of these frames, as far as they are observed, and most of the body is."""
    off = np.linalg.norm(read.keypoints - squats.keypoints[frames], axis=-1)
    return bool(np.nanmax(off) < 0.01 and read.observed[:, indices("body")].sum(axis=1).min() >= 10)


# Encodings and wrappings


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"]
)
def test_encodings(squats, people, encoding):
    text = json.dumps([{**one, "name": "J\u00fcrgen"} for one in people], ensure_ascii=False)
    assert right(formats.read(text.encode(encoding)), squats)


def test_line_ends_of_windows(squats, people):
    for text in (json.dumps(people, indent=1).replace("\n", "\r\n"), "\r\n".join(map(json.dumps, people))):
        assert right(formats.read(text.encode()), squats)


def test_json_one_after_the_other(squats, people):
    for between in ("", "\n\n", " \t"):
        assert right(formats.read(between.join(map(json.dumps, people)).encode()), squats)


def test_a_damaged_line_is_named(people):
    with pytest.raises(InputError, match=rf"line {FRAMES} column"):
        formats.read("\n".join(map(json.dumps, people)).encode()[:-20])


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"// by hand\n[]", "comment"),
        (b"/* by hand */ []", "comment"),
        (b"# by hand\n[]", "comment"),
        (b"[{'keypoints': []}]", "json.dump"),
        (b"<!doctype html>", "HTML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"\x80\x04\x95", "pickle, which is never read"),
        (b"BZh91AY", "bzip2; unpack it"),
        (b"\xfd7zXZ\0", "xz; unpack it"),
        (b"\x28\xb5\x2f\xfd", "zstd; unpack it"),
        (b"PathFileType\t4", "TRC"),
        (b"0.5,1,2\n3,4,5\n", "table of numbers"),
        (b"frame,x0,y0\n0,1,2\n", "Expecting value: line 1 column 1"),
        (b"", "it is empty"),
        (b" \r\n", "it is empty"),
    ],
)
def test_other_files_are_told_apart(content, hint):
    with pytest.raises(InputError, match=rf"^people.json: not a valid .*{hint}"):
        formats.read(content, name="people.json")


def test_numbers_that_json_does_not_have(squats, people):
    people[1]["keypoints"][3 * INDEX["left_knee"]] = float("nan")
    read = formats.read(as_json(people))
    assert right(read, squats)
    assert not read.observed[1, INDEX["left_knee"]]
    people[1]["keypoints"][3 * INDEX["left_knee"]] = float("inf")
    with pytest.raises(InputError, match=r"\(inf, .*person 1, keypoint 13 \(left_knee\)"):
        formats.read(as_json(people))
    people[1]["keypoints"][3 * INDEX["left_knee"]] = 10**400
    with pytest.raises(InputError, match="keypoints of person 1"):
        formats.read(as_json(people))


def test_zips(squats, people):
    whole = {"annotations/people.json": as_json(people)}
    frames = {f"clip/{frame}.json": as_json([one]) for frame, one in enumerate(people)}
    mac = {"__MACOSX/clip/._0.json": b"\0\5\x16\7", "clip/.hidden.json": b"?", "readme.txt": b"?"}
    for files in (whole, frames, frames | mac):
        assert right(formats.read(zipped(files)), squats)
    with pytest.raises(InputError, match=r"people.zip: clip/1.json: not a valid"):
        formats.read(zipped({**frames, "clip/1.json": b"?"}), name="people.zip")
    with pytest.raises(InputError, match=r"got \[Content_Types\].xml"):
        formats.read(zipped({"[Content_Types].xml": b"<x/>"}), name="people.xlsx")


def test_a_zip_may_not_claim_more_memory_than_its_size_justifies(monkeypatch):
    monkeypatch.setattr("wholebody_lift.formats.loading.SLACK_BYTES", 1000)
    with pytest.raises(InputError, match="more memory"):
        formats.read(zipped({"a.json": b" " * 1_000_000}))


def test_arrays_in_gzip_and_without_a_name(squats, tmp_path):
    np.savez(tmp_path / "unnamed.npz", squats.keypoints[:FRAMES])
    np.save(tmp_path / "plain.npy", squats.keypoints[:FRAMES])
    for name in ("unnamed.npz", "plain.npy"):
        assert right(formats.read(tmp_path / name), squats)
        assert right(formats.read(gzip.compress((tmp_path / name).read_bytes())), squats)


def test_frames_by_name_in_one_object(squats, people):
    for names in (map(str, range(FRAMES)), (f"clip/{frame:06d}.jpg" for frame in range(FRAMES))):
        frames = dict(zip(names, ([one] for one in people), strict=True))
        read = formats.read(as_json({**frames, "99": []}))
        assert right(read, squats)
        assert read.image_ids.tolist() == list(range(FRAMES))


def test_one_person_alone(squats, person):
    assert right(formats.read(as_json(person(0))), squats, [0])


@pytest.mark.parametrize("document", [[], {}, None, [[], []], [None]])
def test_nobody(document):
    with pytest.raises(InputError, match="the detector found nobody"):
        formats.read(as_json(document))


# Ids, sizes and layouts


@pytest.mark.parametrize(
    "name", [float, str, "frame_{:04d}.png".format, "C:\\clips\\frame {}.png".format, "a2/{:03d}".format]
)
@pytest.mark.parametrize("described", [False, True])
def test_ids_of_images(squats, people, name, described):
    named = [{**one, "image_id": name(one["image_id"])} for one in people]
    images = [{"id": one["image_id"], "width": "720", "height": 1280.0} for one in named]
    read = formats.read(as_json({"images": images, "annotations": named} if described else named))
    assert right(read, squats)
    assert read.image_ids.tolist() == list(range(FRAMES))
    assert (read.image_size is not None) == described


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, r"image_id of person 2, got 0.5"),
        (None, r"image_id of person 2, got None"),
        (10**20, "image_id of person 2"),
        (True, "image_id of person 2, got True"),
    ],
)
def test_an_id_that_is_none_is_named(people, value, text):
    people[2]["image_id"] = value
    with pytest.raises(InputError, match=text):
        formats.read(as_json(people), name="people.json")


def test_images_that_contradict_each_other(people):
    images = [{"id": 0, "width": 720, "height": 1280}, {"id": 0, "width": 1280, "height": 720}]
    with pytest.raises(InputError, match="two different ones with id 0"):
        formats.read(as_json({"images": images, "annotations": people[:1]}))


def test_a_size_of_zero_is_not_known(people):
    images = [{"id": frame, "width": 0, "height": 0} for frame in range(FRAMES)]
    assert formats.read(as_json({"images": images, "annotations": people})).image_size is None
    images[1]["width"] = "wide"
    with pytest.raises(InputError, match="width and height of image 1"):
        formats.read(as_json({"images": images, "annotations": people}))


def test_each_image_has_its_own_size(squats, people):
    images = [{"id": i, "width": 720 * (1 + i % 2), "height": 1280 * (1 + i % 2)} for i in range(FRAMES)]
    read = formats.read(as_json({"images": images, "annotations": people}))
    assert read.image_size.tolist() == [[720, 1280], [1440, 2560]] * 2


@pytest.mark.parametrize("track", [7, 7.0, "7"])
def test_track_ids_in_other_types(people, track):
    assert formats.read(as_json([{**one, "track_id": track} for one in people])).track_ids.tolist() == [7] * 4


def test_people_listed_twice_are_left_out(squats, people):
    with pytest.warns(DroppedWarning, match=r"people 4 and 5 \(of 6\), in image 1 and 3: listed twice"):
        read = formats.read(as_json([*people, people[3], people[1]]))
    assert right(read, squats)
    twins = [people[0], {**people[0], "image_id": 1}]  # somebody who does not move
    assert len(formats.read(as_json(twins))) == 2


def test_categories_may_have_another_order(squats, person):
    order = ["nose", "head_bottom", "head_top", "Left Ear", "right-ear", *reversed(NAMED["coco"].names[5:])]
    named = [name.lower().replace(" ", "_").replace("-", "_") for name in order]
    annotations = []
    for frame in range(FRAMES):
        triples = np.reshape(person(frame)["keypoints"], (-1, 3))
        rows = [triples[INDEX[name]] if name in INDEX else [300, 10, 0.9] for name in named]
        annotations.append({"image_id": frame, "keypoints": np.ravel(rows).tolist()})
    with pytest.warns(DroppedWarning, match="head_bottom and head_top, which COCO-WholeBody does not have"):
        read = formats.read(
            as_json({"annotations": annotations, "categories": [{"id": 1, "keypoints": order}]})
        )
    assert right(read, squats)
    assert read.observed.sum() == FRAMES * 15


def test_names_of_categories_that_are_no_names_change_nothing(squats, person):
    people = [{"image_id": frame, "keypoints": person(frame)["keypoints"][:51]} for frame in range(FRAMES)]
    for names in ([str(i) for i in range(17)], list(NAMED["coco"].names), []):
        read = formats.read(as_json({"annotations": people, "categories": [{"keypoints": names}]}))
        assert right(read, squats)
        assert read.observed.sum() == FRAMES * 17


@pytest.mark.parametrize("layout", ["halpe26", "halpe136"])
def test_other_layouts_with_numbers_of_images(squats, person, layout):
    people = []
    for frame in range(FRAMES):
        triples = np.reshape(person(frame)["keypoints"], (-1, 3))
        rows = [triples[INDEX[name]] if name in INDEX else np.zeros(3) for name in NAMED[layout].names]
        people.append({"image_id": frame, "category_id": 1, "keypoints": np.ravel(rows).tolist()})
    assert right(formats.read(as_json(people)), squats)


@pytest.mark.parametrize("missing", [None, [], "absent"])
def test_hands_that_are_not_there(squats, person, missing):
    people = []
    for frame in range(FRAMES):
        flat = person(frame)["keypoints"]
        one = {"image_id": frame, "keypoints": flat[:51], "foot_kpts": flat[51:69], "lefthand_kpts": missing}
        if missing == "absent":
            del one["lefthand_kpts"]
        people.append(one)
    read = formats.read(as_json(people))
    assert right(read, squats)
    assert not read.observed[:, indices("left_hand", "right_hand")].any()


def test_mmpose_frames_without_anybody_and_twice(squats, person):
    def instance(frame):
        triples = np.reshape(person(frame)["keypoints"], (-1, 3))
        return {"keypoints": triples[:, :2].tolist(), "keypoint_scores": triples[:, 2].tolist()}

    frames = [{"frame_id": str(frame), "instances": [instance(frame)]} for frame in range(FRAMES)]
    read = formats.read(as_json([*frames, {"frame_id": 9, "instances": None}]))
    assert right(read, squats)
    with pytest.raises(InputError, match="frame_id 2 in entries 2 and 4"):
        formats.read(as_json([*frames, frames[2]]))


# Folders


def test_hidden_files_are_left_alone(squats, people, tmp_path):
    frames = {f"{frame}.json": as_json([one]) for frame, one in enumerate(people)}
    hidden = {"._1.json": b"\0\5\x16\7", ".checkpoint.json": b"?"}
    assert right(formats.read(folder(tmp_path / "clip", frames | hidden)), squats)


def test_frames_without_anybody_are_skipped(squats, people, tmp_path):
    frames = {f"{frame}.json": as_json([one]) for frame, one in enumerate(people)}
    empty = {"4.json": b"[]", "5.json": b"{}", "6.json": b"null", "7.json": as_json({"people": []})}
    read = formats.read(folder(tmp_path / "clip", frames | empty))
    assert right(read, squats)
    assert read.image_ids.tolist() == list(range(FRAMES))


def test_a_folder_with_a_whole_video_in_one_file(squats, people, tmp_path):
    assert right(formats.read(folder(tmp_path / "clip", {"people.json": as_json(people)})), squats)


def test_a_folder_of_two_programs(squats, people, person, tmp_path):
    triples = np.reshape(person(1)["keypoints"], (-1, 3))
    mmpose = [{"keypoints": triples[:, :2].tolist(), "keypoint_scores": triples[:, 2].tolist()}]
    pose2sim = {"people": [{"pose_keypoints_2d": person(2)["keypoints"]}]}
    files = {"0.json": people[:1], "1.json": mmpose, "2.json": pose2sim}
    contents = {name: as_json(document) for name, document in files.items()}
    assert right(formats.read(folder(tmp_path / "clip", contents)), squats, range(3))


def test_a_folder_of_pixels_and_fractions_names_both(people, person, tmp_path):
    triples = np.reshape(person(1)["keypoints"], (-1, 3)) / (*SIZE, 1)
    fractions = {"people": [{"pose_keypoints_2d": triples.ravel().tolist()}]}
    files = {"0.json": as_json(people[:1]), "1.json": as_json(fractions)}
    with pytest.raises(InputError, match=r"got pixels in 0.json and fractions of the image in 1.json"):
        formats.read(folder(tmp_path / "clip", files))


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["f_08", "f_09", "f_0a", "f_0b"], "f_08.json, f_09.json, f_0a.json and f_0b.json"),
        (["f1", "f01", "f2", "f3"], "f01.json, f1.json, f2.json and f3.json"),
        (["f1", "f1 (1)", "f2", "f3"], "f1 (1).json, f1.json, f2.json and f3.json"),
    ],
)
def test_names_that_do_not_tell_the_frame(squats, people, tmp_path, names, order):
    files = {f"{name}.json": as_json([one]) for name, one in zip(names, people, strict=True)}
    with pytest.warns(DroppedWarning) as caught:
        formats.read(folder(tmp_path / "clip", files))
    assert any(order in str(warning.message) for warning in caught)


def test_what_is_in_a_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=r"got one with a.jpg and b.png"):
        formats.read(folder(tmp_path / "clip", {"a.jpg": b"?", "b.png": b"?"}))
    with pytest.raises(InputError, match=r"settings.json: expected one of"):
        formats.read(folder(tmp_path / "other", {"0.json": b"[]", "settings.json": b'{"fps": 30}'}))
