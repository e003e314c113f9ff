"""Build the page: our own files, tables and weights, and what MediaPipe and ONNX Runtime publish on npm.

The result is a folder of static files for any web server. Only the build needs npm and the network.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from wholebody_lift import __version__, cache, pages, pretrained
from wholebody_lift.browser.tables import tables
from wholebody_lift.pretrained import ONNX_FILE, WEIGHTS_FILE
from wholebody_lift.viewers import live_page

_PACKAGES = ("package.json", "package-lock.json")
_WORKER = "sw.js"
_LIST = "files.json"
"""The list of the folder's files with their sizes, and the state of the sources that it was built from."""

_HOLISTIC, _RUNTIME = "@mediapipe/holistic", "onnxruntime-web"
_SIMD = "ort-wasm-simd-threaded"
THIRD_PARTY: dict[str, str] = {
    **{
        f"mediapipe/{name}": f"{_HOLISTIC}/{name}"
        for name in (
            "holistic.js",
            "holistic.binarypb",
            "holistic_solution_packed_assets.data",
            "holistic_solution_packed_assets_loader.js",
            "holistic_solution_simd_wasm_bin.js",
            "holistic_solution_simd_wasm_bin.wasm",
            "pose_landmark_lite.tflite",
        )
    },
    **{
        f"onnxruntime/{runtime}/{name}": f"{_RUNTIME}/dist/{name}"
        for runtime, names in {
            "wasm": ("ort.wasm.min.mjs", f"{_SIMD}.mjs", f"{_SIMD}.wasm"),
            "webgpu": ("ort.jspi.min.mjs", f"{_SIMD}.jspi.mjs", f"{_SIMD}.jspi.wasm"),
        }.items()
        for name in names
    },
}
"""The page's files from npm, each with its place among the packages."""

_UNUSED = "face_landmark_with_attention.tflite"
"""A model of 2.5 MB that the page does not use: it is cut out of the packed ones."""

_LICENCES = f"""\
The page of wholebody-lift {__version__} (Apache License 2.0) contains:

mediapipe/    {_HOLISTIC} from npm, by the MediaPipe authors, Apache License 2.0
              (changed: the packed models are without {_UNUSED})
onnxruntime/  {_RUNTIME} from npm, by Microsoft Corporation, MIT License

Both licences: https://spdx.org/licenses/Apache-2.0.html, https://spdx.org/licenses/MIT.html
"""

WITHOUT_NPM = (
    "expected npm, which fetches MediaPipe and ONNX Runtime for the page, got none; install Node.js 18 or "
    "newer (https://nodejs.org), which includes it, and try again"
)


class BuildError(RuntimeError):
    """The page cannot be built here."""


def build(folder: Path, say: Callable[[str], None] = lambda text: None) -> None:
    """Build the page into a folder, which is created or replaced, unless it is up to date.

    Raises:
        BuildError: without npm, or if npm fails.
        FileExistsError: the folder holds something else.
    """
    state = _state()
    if is_current(folder):
        return
    if folder.exists() and any(folder.iterdir()) and not (folder / _LIST).is_file():
        raise FileExistsError(
            f"expected {folder} to be new, empty or a page built before; give another folder"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as near:
        say("fetching MediaPipe and ONNX Runtime from npm")
        packages = _install(Path(near))
        page = Path(near) / "page"
        page.mkdir()
        _write_own(page)
        for place, source in THIRD_PARTY.items():
            (page / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(packages / source, page / place)
        _cut_unused(page / "mediapipe")
        _write_lists(page, state)
        if folder.exists():
            folder.rename(Path(near) / "before")
        page.rename(folder)


def cached_folder() -> Path:
    """Where the page is kept that `wholebody-lift demo` serves."""
    return cache.directory() / "browser"


def is_current(folder: Path) -> bool:
    """Whether a folder holds the page as it would be built now."""
    try:
        return bool(json.loads((folder / _LIST).read_text(encoding="utf-8"))["state"] == _state())
    except (OSError, ValueError, KeyError):
        return False


def _sources() -> dict[str, bytes]:
    """Our own files of the page by name."""
    return pages.contents("wholebody_lift.browser")


def _made() -> dict[str, str]:
    """What is made from the Python code."""
    return {
        "tables.json": json.dumps(tables(), separators=(",", ":")),
        "viewer.html": live_page.render(1),
        "licences.txt": _LICENCES,
    }


def _state() -> str:
    """A hash of everything that the page is built from."""
    weights = (pretrained.packaged_directory("tiny") / pretrained.SUMS_FILE).read_bytes()
    made = json.dumps([_made(), THIRD_PARTY], sort_keys=True).encode()
    return _hash(b"\0".join([weights, made, *_sources().values()]))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _install(folder: Path) -> Path:
    """Install the packages that the lock file names; returns the folder that holds them."""
    npm = shutil.which("npm")
    if npm is None:
        raise BuildError(WITHOUT_NPM)
    for name in _PACKAGES:
        (folder / name).write_bytes(_sources()[name])
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode:
        lines = [line for line in run.stderr.splitlines() if line.strip()]
        raise BuildError(
            "npm could not fetch MediaPipe and ONNX Runtime; check the network and npm's settings, and try "
            f"again. npm said: {' '.join(lines[:3]) or 'nothing'}"
        )
    return folder / "node_modules"


def _write_own(page: Path) -> None:
    for name, content in _sources().items():
        if name not in (*_PACKAGES, _WORKER):
            (page / name).write_bytes(content)
    for name, text in _made().items():
        (page / name).write_text(text, encoding="utf-8", newline="\n")
    (page / "weights").mkdir()
    weights = pretrained.packaged_directory("tiny")
    for name in (ONNX_FILE, WEIGHTS_FILE):
        shutil.copyfile(weights / name, page / "weights" / name)


def _cut_unused(mediapipe: Path) -> None:
    """Cut a model that is not used out of the packed ones, whose list in the loader has where each begins."""
    loader = mediapipe / "holistic_solution_packed_assets_loader.js"
    models = mediapipe / "holistic_solution_packed_assets.data"
    text, content = loader.read_text(encoding="utf-8"), models.read_bytes()
    listed = re.search(r'\{"files": (\[.*?\]), "remote_package_size": \d+\}', text)
    if listed is None:
        raise BuildError(f"expected a list of files in {loader.name} of {_HOLISTIC}, got none")
    kept, packed = [], b""
    for file in json.loads(listed[1]):
        if not file["filename"].endswith(f"/{_UNUSED}"):
            model = content[file["start"] : file["end"]]
            kept.append({**file, "start": len(packed), "end": len(packed) + len(model)})
            packed += model
    models.write_bytes(packed)
    now = json.dumps({"files": kept, "remote_package_size": len(packed)})
    loader.write_text(text.replace(listed[0], now), encoding="utf-8")


def _write_lists(page: Path, state: str) -> None:
    """The list of files, and the service worker, which knows their hashes."""
    paths = sorted(path for path in page.rglob("*") if path.is_file())
    sizes = {path.relative_to(page).as_posix(): {"bytes": path.stat().st_size} for path in paths}
    listed = json.dumps({"state": state, "files": sizes}, indent=1)
    (page / _LIST).write_text(listed, encoding="utf-8")
    hashes = {name: _hash((page / name).read_bytes()) for name in [*sizes, _LIST]}
    first = [name for name in hashes if "/" not in name]
    worker = _sources()[_WORKER].decode()
    worker = worker.replace("$hashes", json.dumps(hashes, indent=1)).replace("$first", json.dumps(first))
    (page / _WORKER).write_text(worker, encoding="utf-8")
