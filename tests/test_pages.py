"""What the pages for camera and file share is in each of them, and each names only files that it has."""

import re

import pytest

from wholebody_lift import pages

PACKAGES = ("wholebody_lift.app", "wholebody_lift.browser")


@pytest.mark.parametrize("package", PACKAGES)
def test_it_names_only_files_that_it_has(package: str) -> None:
    page = pages.contents(package)
    index = page["index.html"].decode()
    named = re.findall(r'(?:src|href)="([\w.]+)"', index)
    for name, content in page.items():
        if name.endswith(".js"):
            named += re.findall(r'from "\./([\w.]+)"', content.decode())
    assert {"base.css", "style.css", "app.js", "frames.js"} <= set(named) <= page.keys()
    assert '<svg class="figure"' in index


def test_nothing_is_there_twice() -> None:
    """A name of the shared files is not that of a file of a page, which would hide it."""
    shared = set(pages.contents("wholebody_lift.app")) & set(pages.contents("wholebody_lift.browser"))
    own = [pages._folder(package).keys() for package in PACKAGES]
    assert pages._folder("wholebody_lift.pages").keys() - {"figure.html"} <= shared
    assert all(not pages._folder("wholebody_lift.pages").keys() & names for names in own)
