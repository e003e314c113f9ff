"""What the page of the app and that of the browser alone share: look, figure, the pictures of a camera."""

from __future__ import annotations

from importlib.resources import files

_FIGURE = "figure.html"


def contents(package: str) -> dict[str, bytes]:
    """The files of a page by name: those of the folder `page` in its package, and what all pages share.

    The shared figure takes the place of `<!-- figure -->` in index.html.
    """
    shared, own = (_folder(name) for name in ("wholebody_lift.pages", package))
    figure = shared.pop(_FIGURE)
    own["index.html"] = own["index.html"].replace(b"<!-- figure -->", figure.strip())
    return {**shared, **own}


def _folder(package: str) -> dict[str, bytes]:
    paths = sorted((files(package) / "page").iterdir(), key=lambda path: path.name)
    return {path.name: path.read_bytes() for path in paths if path.is_file()}
