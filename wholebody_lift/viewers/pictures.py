"""The pictures in which keypoints were found, for the viewers that show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TypeAlias

from wholebody_lift._types import Integers, Picture
from wholebody_lift.extras import PILLOW

NumberedPictures: TypeAlias = Iterable[tuple[int, Picture]]
"""Image ids in ascending order, each with its picture; `detectors.Pictures` reads them from a file."""


def matching(pictures: NumberedPictures | None, ids: Integers) -> Iterator[Picture | None]:
    """The picture of each image id, or None where there is none; ids ascend and may repeat.

    Only one picture is in memory at a time.
    """
    coming = iter(() if pictures is None else pictures)
    number, pixels = next(coming, (None, None))
    for id in ids:
        while number is not None and number < id:
            number, pixels = next(coming, (None, None))
        yield pixels if number == id else None


def jpeg(picture: Picture, longest: int, quality: int) -> bytes:
    """A picture as JPEG, scaled down so that no side has more than `longest` pixels, without metadata."""
    PILLOW.needed_for("a page with pictures")
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((longest, longest), Image.Resampling.BILINEAR)
    content = BytesIO()
    image.save(content, "JPEG", quality=quality)
    return content.getvalue()
