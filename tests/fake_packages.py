"""npm packages with the right names and hardly any content, so that the page can be built without npm."""

import json
from pathlib import Path

import pytest

from wholebody_lift.browser import build
from wholebody_lift.browser.build import THIRD_PARTY

MODELS = {"face.tflite": b"face", "face_landmark_with_attention.tflite": b"unused", "hand.tflite": b"hands"}


def install(folder: Path) -> Path:
    """In place of `build._install`."""
    packages = folder / "node_modules"
    for source in THIRD_PARTY.values():
        (packages / source).parent.mkdir(parents=True, exist_ok=True)
        (packages / source).write_bytes(b"")
    holistic = packages / "@mediapipe" / "holistic"
    models, start = [], 0
    for name, content in MODELS.items():
        models.append({"filename": f"/models/{name}", "start": start, "end": start + len(content)})
        start += len(content)
    packed = {"files": models, "remote_package_size": start}
    (holistic / "holistic_solution_packed_assets.data").write_bytes(b"".join(MODELS.values()))
    (holistic / "holistic_solution_packed_assets_loader.js").write_text(f"loadPackage({json.dumps(packed)});")
    return packages


def build_page(folder: Path) -> Path:
    """The page, complete but for what is in these packages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_install", install)
        build.build(folder)
    return folder
