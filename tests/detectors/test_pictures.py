import os
import re
import struct
import zlib

import numpy as np
import pytest

from wholebody_lift.detectors import Pictures
from wholebody_lift.detectors.pictures import open_video, read_image
from wholebody_lift.errors import InputError

pytestmark = pytest.mark.detect  # as MediaPipe brings an older OpenCV, with which most people read pictures

_TURNED_LEFT = (
    0,
    1,
    0,
    -1,
    0,
    0,
    0,
    0,
    1,
)  # the matrix of a track that is to be shown a quarter turn clockwise


def frames_of(path, every=1):
    with open_video(path) as video:
        return list(video.frames(every))


# Pictures


@pytest.mark.parametrize("name", ["picture.png", "picture.jpg", "Bild für später.png"])
def test_a_file_is_read_as_rgb(cv2, picture, tmp_path, name):
    image = pytest.importorskip("PIL.Image")
    wanted = picture(red=(16, 32), blue=(112, 48))
    image.fromarray(wanted).save(tmp_path / name, quality=95)
    got = read_image(tmp_path / name)
    assert got.dtype == np.uint8
    assert np.median(np.abs(got.astype(int) - wanted)) == 0
    np.testing.assert_array_equal(read_image(str(tmp_path / name)), got)
    assert got[40, 24].argmax() == 0  # red is red
    assert got[56, 120].argmax() == 2


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda stored: stored),
        (2, lambda stored: stored[:, ::-1]),
        (3, lambda stored: np.rot90(stored, 2)),
        (6, lambda stored: np.rot90(stored, -1)),
        (8, lambda stored: np.rot90(stored, 1)),
    ],
)
def test_the_orientation_of_the_camera_is_followed(cv2, picture, tmp_path, orientation, upright):
    image = pytest.importorskip("PIL.Image")
    stored = picture(red=(16, 32), blue=(112, 48))
    exif = image.Exif()
    exif[0x0112] = orientation
    image.fromarray(stored).save(tmp_path / "phone.jpg", exif=exif, quality=95)
    wanted, got = upright(stored), read_image(tmp_path / "phone.jpg")
    assert got.shape == wanted.shape
    assert np.mean(np.abs(got.astype(int) - wanted) > 50) < 0.01


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "I;16"])
def test_other_kinds_of_pixels_become_rgb(cv2, picture, tmp_path, mode):
    image = pytest.importorskip("PIL.Image")
    pixels = image.fromarray(picture(red=(16, 32)))
    stored = image.fromarray(np.full((20, 30), 40000, np.uint16)) if mode == "I;16" else pixels.convert(mode)
    stored.save(tmp_path / "picture.png")
    got = read_image(tmp_path / "picture.png")
    assert got.dtype == np.uint8
    assert got.shape == (*stored.size[::-1], 3)
    assert got[:16].min() > 150


def test_an_array_is_taken_as_it_is(picture):
    pixels = picture(red=(16, 32))
    assert read_image(pixels) is pixels


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((9, 9), np.uint8),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros((9, 9, 3)),
        np.zeros((0, 9, 3), np.uint8),
        np.zeros((2, 9, 9, 3), np.uint8),
    ],
)
def test_what_is_no_picture(pixels):
    with pytest.raises(
        InputError, match=r"expected a picture \(H, W, 3\) uint8 in RGB, got shape .+ and type"
    ):
        read_image(pixels)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x00\x00\x00\x18ftypheic"])
def test_files_that_hold_no_picture(cv2, tmp_path, content):
    (tmp_path / "photo.jpg").write_bytes(content)
    with pytest.raises(InputError, match=r"photo\.jpg: expected a picture that OpenCV decodes"):
        read_image(tmp_path / "photo.jpg")


def test_files_that_are_not_there(cv2, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"photo\.jpg"):
        read_image(tmp_path / "photo.jpg")
    with pytest.raises(FileNotFoundError, match=r"clip\.mp4"):
        frames_of(tmp_path / "clip.mp4")


def test_without_opencv(uninstall, tmp_path):
    uninstall("cv2")
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(ImportError, match=r'OpenCV: pip install "wholebody-lift\[detect\]"'):
        read_image(tmp_path / "photo.jpg")


def test_an_opencv_that_lacks_a_library(install, tmp_path):
    """As on servers; installing it once more would not help."""
    install("cv2", {"__init__.py": "raise ImportError('libGL.so.1: cannot open shared object file')"})
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(ImportError, match=r"does not start: libGL\.so\.1: .+ apt-get install libgl1"):
        read_image(tmp_path / "photo.jpg")


def test_a_large_picture_is_refused_before_it_is_decoded(cv2, monkeypatch, tmp_path):
    """30,000 x 30,000 pixels in 3 MB, which would be 2.7 GB."""
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded it"))
    path = tmp_path / "bomb.png"
    path.write_bytes(blank_png(30_000, 30_000))
    with pytest.raises(InputError, match=r"bomb\.png: .+150 megapixels, got 30000 x 30000 pixels"):
        read_image(path)
    with pytest.raises(InputError, match="at most 150 megapixels"):
        read_image(path.read_bytes())
    with pytest.raises(InputError, match=r"bomb\.png: expected a video"):
        frames_of(path)


def blank_png(width, height):
    """The smallest of that size, black and white."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    packer = zlib.compressobj(9)
    line = bytes(1 + (width + 7) // 8)
    pixels = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_file_without_an_end_is_not_read_to_it(cv2, monkeypatch, tmp_path):
    monkeypatch.setattr("wholebody_lift.detectors.pictures._MAX_BYTES", 99)
    (tmp_path / "photo.png").write_bytes(blank_png(64, 64) + bytes(99))
    with pytest.raises(InputError, match="expected a picture"):
        read_image(tmp_path / "photo.png")


def test_a_video_is_no_picture(picture, save_video):
    with pytest.raises(InputError, match=r"clip\.mp4: expected a picture, got a video; use detect_video"):
        read_image(save_video([picture()]))


# Videos


def test_frames_come_in_order_upright_and_as_rgb(picture, save_video):
    wanted = [picture(red=(8 * i, 16), blue=(128, 8 * i)) for i in range(8)]
    path = save_video(wanted, fps=12.5)
    with open_video(path) as video:
        assert video.fps == 12.5
        assert video.num_frames == 8
        got = list(video.frames(1))
    assert [number for number, _ in got] == list(range(8))
    for (_, pixels), expected in zip(got, wanted, strict=True):
        assert pixels.shape == expected.shape
        assert np.mean(np.abs(pixels.astype(int) - expected) > 80) < 0.05


@pytest.mark.parametrize("every", [2, 3, 100])
def test_every_nth_frame(picture, save_video, every):
    path = save_video([picture(red=(8 * i, 16)) for i in range(8)])
    everything, some = frames_of(path), frames_of(path, every)
    assert [number for number, _ in some] == list(range(0, 8, every))
    for number, pixels in some:
        np.testing.assert_array_equal(pixels, everything[number][1])
    with open_video(path) as video:
        assert video.taken(every) == len(some)


def test_the_rotation_of_the_camera_is_followed(picture, save_video):
    stored = picture(red=(16, 16), blue=(112, 64))
    path = save_video([stored] * 3)
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44  # ISO 14496-12, version 0 of the track header
    unit = (1 << 16, 1 << 16, 1 << 30)
    assert struct.unpack(">9i", data[matrix : matrix + 36]) == (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    data[matrix : matrix + 36] = struct.pack(
        ">9i", *(value * unit[i % 3] for i, value in enumerate(_TURNED_LEFT))
    )
    path.write_bytes(data)
    wanted = np.rot90(stored, -1)
    for _, pixels in frames_of(path):
        assert pixels.shape == wanted.shape
        assert np.mean(np.abs(pixels.astype(int) - wanted) > 80) < 0.05


def test_files_that_hold_no_video(cv2, tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    with pytest.raises(InputError, match=r"clip\.mp4: expected a video that OpenCV decodes"):
        frames_of(tmp_path / "clip.mp4")


def test_a_video_without_frames(cv2, tmp_path):
    """By its name it may be one of a series of pictures, so OpenCV opens it."""
    (tmp_path / "photo.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"photo\.jpg: expected a video that OpenCV decodes"):
        frames_of(tmp_path / "photo.jpg")


def test_a_picture_is_no_video(cv2, picture, tmp_path):
    """OpenCV would take it and photo1.png, photo2.png, ... beside it for frames."""
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"photo{number}.png"), picture())
    with pytest.raises(InputError, match=r"photo0\.png: expected a video .+ use detect_image"):
        frames_of(tmp_path / "photo0.png")


def test_a_large_video_is_refused(picture, save_video, monkeypatch):
    monkeypatch.setattr("wholebody_lift.detectors.pictures.MAX_PIXELS", 160 * 96 - 1)
    with pytest.raises(InputError, match=r"clip\.mp4: .+ got 160 x 96 pixels"):
        frames_of(save_video([picture()]))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_not_text(cv2, picture, save_video):
    """OpenCV ends the process when it is given one."""
    path = save_video([picture()])
    renamed = os.fsdecode(os.fsencode(path.parent) + b"/\xff.mp4")
    os.rename(path, renamed)
    with pytest.raises(InputError, match="valid Unicode"):
        frames_of(renamed)


def test_a_video_that_ends_in_the_middle_gives_what_is_there(picture, tmp_path, cv2):
    """Motion JPEG in AVI needs nothing from the end of its file."""
    path = tmp_path / "clip.avi"
    frames = [picture(red=(8 * i, 16)) for i in range(8)]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, frames[0].shape[1::-1])
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    data = path.read_bytes()
    chunks = [found.start() for found in re.finditer(b"00dc", data)]
    path.write_bytes(data[: chunks[5]])
    assert 0 < len(frames_of(path)) < 8


def test_the_pictures_of_a_video_are_those_of_its_frames_again_and_again(picture, save_video):
    video = save_video([picture(red=(8 * i, 40)) for i in range(3)])
    pictures = Pictures(video)
    for _ in range(2):
        numbers, found = zip(*pictures, strict=True)
        assert numbers == (0, 1, 2)
        for one, (_, frame) in zip(found, frames_of(video), strict=True):
            np.testing.assert_array_equal(one, frame)


def test_the_picture_of_a_photo_has_number_0(cv2, picture, tmp_path):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), picture(blue=(40, 40))[..., ::-1])
    ((number, found),) = Pictures(path)
    assert number == 0
    np.testing.assert_array_equal(found, picture(blue=(40, 40)))
