"""What the first bytes of pictures and videos say."""

import struct

import numpy as np
import pytest

from wholebody_lift.detectors.headers import kind_of, size_of

WIDTH, HEIGHT = 313, 257


@pytest.fixture
def encode(cv2):
    def encoded(suffix, *options):
        pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        if suffix in ("pbm", "pgm"):
            pixels = pixels[..., 0]
        if suffix in ("pfm", "hdr"):
            pixels = pixels.astype(np.float32)
        try:
            done, content = cv2.imencode(f".{suffix}", pixels, options)
        except cv2.error:
            done = False
        if not done:
            pytest.skip(f"this OpenCV does not write {suffix}")
        return content.tobytes()

    return encoded


@pytest.mark.parametrize(
    "suffix",
    [
        "png",
        "jpg",
        "webp",
        "gif",
        "bmp",
        "tiff",
        "jp2",
        "pbm",
        "pgm",
        "ppm",
        "pam",
        "pfm",
        "hdr",
        "sr",
        "avif",
    ],
)
def test_sizes_are_those_of_the_picture(encode, suffix):
    """Of everything that OpenCV writes."""
    content = encode(suffix)
    assert kind_of(content) == "picture"
    assert size_of(content) == (WIDTH, HEIGHT)


def test_other_ways_to_write_them(cv2, encode):
    assert size_of(encode("webp", cv2.IMWRITE_WEBP_QUALITY, 50)) == (WIDTH, HEIGHT)
    assert size_of(encode("jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK"])
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "JPEG2000"])
def test_as_others_write_them(format, mode, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="needs Pillow")
    try:
        image.new(mode, (WIDTH, HEIGHT)).save(tmp_path / "picture", format)
    except (OSError, ValueError, KeyError):
        pytest.skip(f"Pillow does not write {mode} as {format}")
    assert size_of((tmp_path / "picture").read_bytes()) == (WIDTH, HEIGHT)


def test_a_jpeg_with_much_before_its_pixels(encode):
    """As phones write: a preview, colours, comments; and the preview's own size does not count."""
    content, preview = (
        encode("jpg"),
        encode("jpg").replace(struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", 9, 9)),
    )
    segments = b"".join(
        b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part
        for part in (preview[:60_000], b"x" * 60_000, b"\xff\xc0" * 1000)
    )
    assert size_of(content[:2] + segments + b"\xff\xff\xff" + content[3:]) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_kinds_of_tiff(order):
    begin = b"II" if order == "<" else b"MM"
    tags = [(256, 4, 30_000), (257, 3, 20_000), (322, 3, 64), (323, 3, 64)]

    def entry(layout, tag, kind, value):
        number = struct.pack(order + {3: "H", 4: "I"}[kind], value)
        return struct.pack(order + "HH" + layout, tag, kind, 1) + number.ljust(struct.calcsize(layout), b"\0")

    small = begin + struct.pack(order + "HIH", 42, 8, len(tags)) + b"".join(entry("I", *tag) for tag in tags)
    large = begin + struct.pack(order + "HHHQQ", 43, 8, 0, 16, len(tags))
    large += b"".join(entry("Q", *tag) for tag in tags)
    assert size_of(small) == (30_000, 20_000)
    assert size_of(large) == (30_000, 20_000)


def test_tiles_count_as_well():
    tags = ((256, 9), (257, 9), (322, 30_000), (323, 30_000))
    entries = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in tags)
    assert size_of(b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries) == (30_000, 30_000)


def test_the_largest_picture_of_several_counts():
    sizes = b"".join(b"ispe" + struct.pack(">III", 0, side, side) for side in (100, 30_000, 200))
    assert size_of(b"\0\0\0\x20ftypavif" + sizes) == (30_000, 30_000)


def test_any_bytes_after_a_beginning(encode):
    """No error, no endless loop: a size or none."""
    random = np.random.default_rng(0)
    beginnings = [encode("png"), encode("jpg"), encode("tiff"), encode("webp"), b"P6 ", b"#?R", b"BM", b""]
    for number in range(4000):
        content = bytearray(beginnings[number % len(beginnings)][: random.integers(0, 400)])
        for place in random.integers(0, max(1, len(content)), 4):
            content[place : place + 1] = random.bytes(1)
        size = size_of(bytes(content))
        assert size is None or all(isinstance(side, int) for side in size)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"\0\0\0\x18ftypheic", "picture"),
        (b"\0\0\0\x20ftypavif", "picture"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "picture"),
        (b"\0\0\0\x20ftypisom", "video"),
        (b"\0\0\0\x14ftypqt  ", "video"),
        (b"\0\0\0\x08wide\0\0", "video"),
        (b"\x1aE\xdf\xa3\x01", "video"),
        (b"RIFF\x10\0\0\0AVI LIST", "video"),
        (b"\0\0\x01\xba\x44", "video"),
        (b'{"a": "ftyp"}', None),
        (b"\x93NUMPY", None),
        (b"PK\x03\x04", None),
        (b"Pose 6", None),
        (b"", None),
    ],
)
def test_a_file_is_what_it_begins_with(content, kind):
    assert kind_of(content) == kind
