"""Pictures for the viewers: which belongs to which image, and what becomes part of a page."""

from io import BytesIO

import numpy as np
import pytest

from wholebody_lift.viewers.pictures import jpeg, matching


def test_each_image_gets_its_own_picture_and_one_is_read_at_a_time() -> None:
    read = []

    def pictures():
        for number in (0, 2, 3, 5, 8):
            read.append(number)
            yield number, np.full((2, 2, 3), number, np.uint8)

    found = []
    for picture in matching(pictures(), np.array([2, 2, 3, 4, 5])):
        found.append((None if picture is None else int(picture[0, 0, 0]), read[-1]))
    assert found == [(2, 2), (2, 2), (3, 3), (None, 5), (5, 5)]


def test_without_pictures_there_are_none() -> None:
    assert list(matching(None, np.arange(3))) == [None] * 3
    assert list(matching([], np.arange(2))) == [None] * 2


def test_a_jpeg_is_scaled_down_and_has_no_metadata() -> None:
    image = pytest.importorskip("PIL.Image", reason="the extra mp4")
    picture = np.zeros((100, 400, 3), np.uint8)
    picture[:, 200:] = (255, 0, 0)
    found = image.open(BytesIO(jpeg(picture, longest=120, quality=90)))
    assert found.size == (120, 30)
    assert not found.getexif()
    right = np.asarray(found)[15, 100]
    assert right[0] > 230
    assert right[1:].max() < 40
    assert image.open(BytesIO(jpeg(picture, longest=4000, quality=90))).size == (400, 100)
