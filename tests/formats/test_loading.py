"""Files that claim more than they hold, and content that comes without a path."""

import io
import json
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib import format as npy

from wholebody_lift import InputError, InputWarning, Keypoints2D, Pose3D, formats
from wholebody_lift.formats.loading import SLACK_BYTES, Content

PEAK = 3 * SLACK_BYTES


def header_alone(shape: tuple[int, ...], dtype: str = "<f8") -> bytes:
    """An npy file that claims an array and has no data."""
    file = io.BytesIO()
    npy.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue()


def npz(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def saved(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


@pytest.fixture(scope="module")
def zeros() -> bytes:
    """Half a MB that unpacks to half a GB."""
    return saved(keypoints=np.zeros((2**17, 133, 4), np.float64))


@pytest.mark.parametrize("read", [formats.read, formats.read_pose])
def test_content_is_read_like_a_file(read: object, tmp_path: Path) -> None:
    for content in (b"no JSON", io.BytesIO(b"no JSON")):
        with pytest.raises(InputError, match=r"^standard input: not a valid"):
            read(content, name="standard input")  # type: ignore[operator]
    path = tmp_path / "a.json"
    path.write_bytes(b"no JSON")
    with path.open("rb") as file, pytest.raises(InputError, match=r"a\.json: not a valid"):
        read(file)  # type: ignore[operator]


def test_detections_in_memory(example_data: Path) -> None:
    path = example_data / "photos.json"
    want = formats.read(path, height_mm=1800)
    for content in (path.read_bytes(), b"\xef\xbb\xbf" + path.read_bytes()):
        got = formats.read(content, name="photos.json", height_mm=1800)
        np.testing.assert_array_equal(got.keypoints, want.keypoints)


def test_warnings_have_the_name(example_data: Path) -> None:
    people = formats.read(example_data / "photos.json")
    nobody = np.concatenate([people.keypoints, np.full((1, 133, 2), np.nan)])
    content = repr(np.nan_to_num(nobody).tolist()).encode()
    with pytest.warns(InputWarning, match=r"^standard input: .*person 2"):
        assert len(formats.read(content, name="standard input")) == 2


@pytest.mark.parametrize(
    "content",
    [
        header_alone((2**40, 133, 2)),
        header_alone((2**62, 133, 2)),
        header_alone((-1, 133, 2)),
        header_alone((0, 2**62, 2)),
        header_alone((5, 133, 2)),
        header_alone((5, 133, 2), "|O"),
        header_alone((5, 133, 2), "|V0"),
        b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f8', ",
        b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 60000,
        b"\x93NUMPY\x09\x09",
        npz(keypoints=header_alone((2**40, 133, 2))),
        npz(keypoints=header_alone((5, 133, 2))),
        npz(keypoints=b"", scores=b"\x93NUMPY"),
        npz(header=header_alone((), "<U1000000000")),
        b"PK\x03\x04 and no more",
        b"[" * 100_000,
        b'{"people": [{"pose_keypoints_2d": [' + b"9" * 5000 + b"]}]}",
        b"\xff\xfe[\x00]\x00",
    ],
    ids=range(18),
)
def test_what_is_claimed_is_not_believed(content: bytes) -> None:
    tracemalloc.start()
    try:
        for read in (formats.read, formats.read_pose):
            with pytest.raises(InputError, match=r"^a file: ") as caught:
                read(content, name="a file")
            assert "pickle" not in str(caught.value)
        assert tracemalloc.get_traced_memory()[1] < PEAK
    finally:
        tracemalloc.stop()


def test_zeros_that_unpack_to_gigabytes_are_not_unpacked(zeros: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="which the size of the file does not justify"):
            formats.read(zeros)
        assert tracemalloc.get_traced_memory()[1] < PEAK
    finally:
        tracemalloc.stop()


def test_arrays_that_nobody_asked_for_are_not_unpacked(zeros: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(zeros)) as archive:
        member = archive.read("keypoints.npy")
    people = io.BytesIO()
    np.save(people, np.ones((2, 133, 2)))
    content = npz(keypoints=people.getvalue(), **dict.fromkeys("abcdefgh", member))
    del member
    tracemalloc.start()
    try:
        for read in (formats.read, formats.read_pose):
            with pytest.raises(InputError):
                read(content)
        assert tracemalloc.get_traced_memory()[1] < PEAK
    finally:
        tracemalloc.stop()


def test_an_encrypted_archive_is_named() -> None:
    content = bytearray(saved(keypoints=np.ones((1, 133, 2))))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1  # the flag "encrypted"
    with pytest.raises(InputError, match=r"a\.npz: not a valid \.npz or \.zip file .*encrypted"):
        formats.read(bytes(content), name="a.npz")


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_arrays_come_back(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(0, 4), max_size=3)))
    dtype = data.draw(st.sampled_from(["<f4", ">f8", "<i8", "|b1", "<U5", "<f2"]))
    array = np.zeros(shape, dtype)
    array.flat = np.arange(array.size)
    array = np.asfortranarray(array) if data.draw(st.booleans()) else array
    got = Content.of(saved(a=array)).npz(["a"])["a"]
    np.testing.assert_array_equal(got, array)
    assert got.dtype == array.dtype
    assert got.flags.writeable


@pytest.fixture(scope="module")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """A result and detections in each form that is read."""
    from moving import clip

    folder = tmp_path_factory.mktemp("small")
    pose = clip(1)
    people = Keypoints2D(pose.keypoints, pose.scores)
    for suffix in (".json", ".npz"):
        formats.write(pose, folder / f"pose{suffix}")
    formats.write_keypoints(people, folder / "people.npz", "arrays")
    formats.write_keypoints(people, folder / "people.json")
    np.save(folder / "people.npy", pose.keypoints)
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@pytest.mark.filterwarnings("ignore")
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_damage_is_an_input_error_or_none(small_files: list[bytes], data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(small_files)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.sampled_from([0, 1, 1, 1, 2, 100]))
        content[place : place + length] = data.draw(st.binary(max_size=8))
    for read in (formats.read, formats.read_pose):
        with suppress(InputError):
            read(bytes(content), name="damaged")


@given(
    changes=st.dictionaries(
        st.sampled_from(["fps", "camera_source", "scale_source", "frame", "skeleton", "version", "people"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
            ),
            max_leaves=5,
        ),
        min_size=1,
    )
)
@settings(max_examples=200, deadline=None)
def test_fields_of_a_result_that_hold_something_else(
    small_files: list[bytes], changes: dict[str, object]
) -> None:
    document = json.loads(next(content for content in small_files if b"wholebody-lift pose" in content[:99]))
    try:
        pose = formats.read_pose(json.dumps(document | changes).encode())
    except InputError:
        return
    assert isinstance(pose, Pose3D)
    assert pose.fps is None or 0 < pose.fps < np.inf
