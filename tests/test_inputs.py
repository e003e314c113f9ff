"""Files that come from a pipe or an upload."""

from pathlib import Path

import numpy as np
import pytest

from wholebody_lift import InputError, InputWarning, formats, inputs


def test_read_is_that_of_the_file(example_data: Path) -> None:
    path = example_data / "photos.json"
    got, want = inputs.read(path.read_bytes(), "stdin", height_mm=1800), formats.read(path, height_mm=1800)
    np.testing.assert_array_equal(got.keypoints, want.keypoints)
    np.testing.assert_array_equal(got.height_mm, want.height_mm)


@pytest.mark.parametrize("read", [inputs.read, inputs.read_pose])
def test_errors_have_the_name_and_no_path(read: object) -> None:
    with pytest.raises(InputError) as caught:
        read(b"no JSON", "standard input")  # type: ignore[operator]
    assert str(caught.value).startswith("standard input: not a valid .npy")
    assert "wholebody-lift-" not in str(caught.value)


def test_warnings_have_the_name_and_come_after(example_data: Path) -> None:
    people = formats.read(example_data / "photos.json")
    nobody = np.concatenate([people.keypoints, np.full((1, 133, 2), np.nan)])
    content = repr(np.nan_to_num(nobody).tolist()).encode()
    with pytest.warns(InputWarning, match=r"^standard input: left out person 2"):
        assert len(inputs.read(content, "standard input")) == 2
    with pytest.raises(InputWarning, match=r"^standard input"):  # warnings are errors in tests
        inputs.read(content, "standard input")


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(InputError):
        inputs.read(b"{}", "a")
    assert list(tmp_path.iterdir()) == []
