"""Recognise pictures and videos by the first bytes of a file, and read a picture's size from its header.

A picture of a few kilobytes can take gigabytes once it is decoded, so its size is read from its header first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import error as StructError
from struct import unpack_from
from typing import Literal

from wholebody_lift._types import Size

_HEIF = rb"....ftyp(?:hei|hev|mif1|msf1|avi[fs])"

_PICTURE = re.compile(
    rb"\x89PNG|\xff\xd8\xff|RIFF....WEBP|BM|GIF8|II[*+]\0|MM\0[*+]|\0\0\0\x0cjP  |\xff\x4f\xff\x51"
    rb"|P[1-7Ff]\s|\x76\x2f\x31\x01|#\?R|\x59\xa6\x6a\x95|" + _HEIF,
    re.DOTALL,
)
"""How pictures begin: PNG, JPEG, WebP, BMP, GIF, TIFF, JPEG 2000, PNM, PFM, EXR, HDR, Sun, HEIC, AVIF."""

_VIDEO = re.compile(rb"....(?:ftyp|moov|mdat|wide)|\x1aE\xdf\xa3|RIFF....AVI |\x00\x00\x01\xba", re.DOTALL)
"""How videos begin that are not pictures: MP4 and QuickTime, Matroska and WebM, AVI, MPEG."""

_MOST_TAGS = 4096
"""Number of a TIFF's tags that are read; tags are sorted, and sizes come early."""


def beginning_of(path: str | Path) -> bytes:
    """The first bytes of a file, as `kind_of` and `may_be_animated` need them."""
    with Path(path).open("rb") as file:
        return file.read(16)


def kind_of(content: bytes) -> Literal["picture", "video"] | None:
    """The kind of a file by its first 16 bytes; None if it is neither, or unknown."""
    if _PICTURE.match(content):
        return "picture"
    return "video" if _VIDEO.match(content) else None


def may_be_animated(content: bytes) -> bool:
    """Whether a picture may hold several frames, and so a video: GIF and WebP."""
    return content.startswith((b"GIF8", b"RIFF"))


def size_of(picture: bytes) -> Size | None:
    """Width and height that a picture's header states, before it is turned upright; None if it states none.

    Where a header states several sizes, as of tiles or of several pictures, the largest counts.
    """
    read = next((read for begin, read in _READERS.items() if re.match(begin, picture, re.DOTALL)), None)
    try:
        sizes = [] if read is None else list(read(picture))
    except (StructError, ValueError):
        return None
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def _at(offset: int, layout: str) -> Callable[[bytes], Iterator[Size]]:
    """Reads width and height, as `struct` names them, at a fixed place."""

    def read(picture: bytes) -> Iterator[Size]:
        width, height = unpack_from(layout, picture, offset)
        yield width, height

    return read


def _jpeg(picture: bytes) -> Iterator[Size]:
    """From the start of frame, which comes after any number of segments (ITU T.81, annex B)."""
    place = 2
    while (place := picture.find(b"\xff", place)) >= 0:  # decoders skip what is between segments
        marker = picture[place + 1] if place + 1 < len(picture) else 0
        if marker == 0xFF:
            place += 1
        elif marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:  # they stand alone
            place += 2
        elif marker in (0xD9, 0xDA):  # the end, or the pixels
            return
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = unpack_from(">HH", picture, place + 5)
            yield width, height
            return
        else:
            place += 2 + int.from_bytes(picture[place + 2 : place + 4], "big")


def _webp(picture: bytes) -> Iterator[Size]:
    chunk = picture[12:16]
    if chunk == b"VP8X":
        yield 1 + int.from_bytes(picture[24:27], "little"), 1 + int.from_bytes(picture[27:30], "little")
    elif chunk == b"VP8L":
        (bits,) = unpack_from("<I", picture, 21)
        yield 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif chunk == b"VP8 ":
        width, height = unpack_from("<HH", picture, 26)
        yield width & 0x3FFF, height & 0x3FFF


def _bmp(picture: bytes) -> Iterator[Size]:
    (header,) = unpack_from("<I", picture, 14)
    width, height = unpack_from("<HH" if header == 12 else "<ii", picture, 18)
    yield width, abs(height)


def _tiff(picture: bytes) -> Iterator[Size]:
    """From the tags of the first picture, and of its tiles (TIFF 6.0, and BigTIFF)."""
    order = "<" if picture[:2] == b"II" else ">"
    if unpack_from(order + "H", picture, 2)[0] == 42:
        (start,) = unpack_from(order + "I", picture, 4)
        (count,), first, step, value = unpack_from(order + "H", picture, start), start + 2, 12, 8
    else:
        (start,) = unpack_from(order + "Q", picture, 8)
        (count,), first, step, value = unpack_from(order + "Q", picture, start), start + 8, 20, 12
    found = {}
    for place in range(first, min(first + min(count, _MOST_TAGS) * step, len(picture)), step):
        tag, kind = unpack_from(order + "HH", picture, place)
        if tag in (256, 257, 322, 323) and kind in (3, 4, 16):
            (found[tag],) = unpack_from(order + {3: "H", 4: "I", 16: "Q"}[kind], picture, place + value)
    for across, down in ((256, 257), (322, 323)):
        if across in found and down in found:
            yield found[across], found[down]


def _jpeg2000(picture: bytes) -> Iterator[Size]:
    start = picture.index(b"\xff\x4f\xff\x51")
    width, height = unpack_from(">II", picture, start + 8)
    yield width, height


def _heif(picture: bytes) -> Iterator[Size]:
    for found in re.finditer(rb"ispe", picture[: 2**20]):
        width, height = unpack_from(">II", picture, found.end() + 4)
        yield width, height


def _pnm(picture: bytes) -> Iterator[Size]:
    """Words and comments between spaces (Netpbm); PAM names them."""
    head = re.sub(rb"#[^\n]*", b"", picture[: 2**16])
    if picture[:2] == b"P7":
        words = dict(re.findall(rb"(WIDTH|HEIGHT)\s+(\d{1,12})", head))
        yield int(words.get(b"WIDTH", b"")), int(words.get(b"HEIGHT", b""))
    elif found := re.match(rb"P.\s+(\d{1,12})\s+(\d{1,12})\s", head):
        yield int(found[1]), int(found[2])


def _hdr(picture: bytes) -> Iterator[Size]:
    if found := re.search(rb"\n[-+]([XY]) (\d{1,12}) [-+][XY] (\d{1,12})\n", picture[: 2**16]):
        sizes = int(found[2]), int(found[3])
        yield sizes if found[1] == b"X" else sizes[::-1]


def _exr(picture: bytes) -> Iterator[Size]:
    for found in re.finditer(rb"(?:dataWindow|displayWindow)\0box2i\0....", picture[: 2**20], re.DOTALL):
        left, top, right, bottom = unpack_from("<4i", picture, found.end())
        yield right - left + 1, bottom - top + 1


_READERS: dict[bytes, Callable[[bytes], Iterator[Size]]] = {
    rb"\x89PNG\r\n\x1a\n....IHDR": _at(16, ">II"),
    rb"\xff\xd8\xff": _jpeg,
    rb"RIFF....WEBP": _webp,
    rb"GIF8": _at(6, "<HH"),
    rb"BM": _bmp,
    rb"II[*+]\0|MM\0[*+]": _tiff,
    rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51": _jpeg2000,
    rb"P[1-7Ff]\s": _pnm,
    rb"#\?R": _hdr,
    rb"\x76\x2f\x31\x01": _exr,
    rb"\x59\xa6\x6a\x95": _at(4, ">II"),  # Sun raster
    _HEIF: _heif,
}
"""By how the file begins."""
