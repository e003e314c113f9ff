"""Uploads as files, for as long as they are read."""

import warnings
from pathlib import Path

import pytest

from wholebody_lift import InputError, InputWarning
from wholebody_lift.app.uploads import as_file


def test_the_file_has_the_content_and_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with as_file(b"content", "photo.jpg", ".jpg") as path:
        assert path.read_bytes() == b"content"
        assert path.suffix == ".jpg"
    assert list(tmp_path.iterdir()) == []


def test_errors_and_warnings_have_the_name_and_no_path() -> None:
    def fail() -> None:
        with as_file(b"", "photo.jpg") as path:
            raise InputError(f"{path}: not a picture")

    with pytest.raises(InputError, match=r"^photo\.jpg: not a picture$"):
        fail()
    with pytest.warns(InputWarning, match=r"^photo\.jpg: dark$"), as_file(b"", "photo.jpg") as path:
        warnings.warn(f"{path}: dark", InputWarning, stacklevel=1)
