"""A hook of MkDocs: the page that runs in the browser alone becomes a part of the site, if it has been built.

The folder of the built page is `extra.live_demo` in mkdocs.yml; it must be up to date. A link to the page
takes the place of each line `<!-- live demo -->` in the documentation. Without the page, there is no link.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from wholebody_lift.browser import build

FOLDER = "demo"
"""In the site."""

_MARK = re.compile(r"^<!-- live demo -->$", re.MULTILINE)
_LINK = (
    "[See yourself in 3D, now]({address}){{ .md-button .md-button--primary }}\n\n"
    "<small>In this browser: no picture leaves your machine, and nothing is installed.</small>"
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    page = Path(config.config_file_path).parent / config.extra["live_demo"]
    if build.is_current(page):
        for path in sorted(page.rglob("*")):
            if path.is_file():
                place = f"{FOLDER}/{path.relative_to(page).as_posix()}"
                files.append(File.generated(config, place, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    start = files.get_file_from_path(f"{FOLDER}/index.html")
    address = "../" * page.file.src_uri.count("/") + f"{FOLDER}/index.html"
    return _MARK.sub(_LINK.format(address=address) if start else "", markdown)
