"""The arrows between the modules of the package, read from their imports."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = "wholebody_lift"
ROOT = Path(__file__).resolve().parents[1]

GROUND = {
    *("_types", "arrays", "errors", "skeleton", "layouts", "extras", "kinds", "atomic", "checks", "tracks"),
    "tensor_files",
}
"""Words, types and tables that most rooms share. They know only each other."""

KNOWN = {
    "body": {"_types", "skeleton"},
    "known": {"skeleton"},
    "model": {"_types", "config", "features", "known", "skeleton"},
    "camera": {"_types", "arrays"},
    "viewpoint": {"_types", "arrays", "camera", "skeleton"},
    "seen": {"_types", "arrays", "camera", "keypoints", "pose", "viewpoint"},
    "from_pixels": {"arrays", "features", "known", "model", "seen", "skeleton", "viewpoint"},
    "backends": GROUND | {"config", "from_pixels", "known", "model", "seen"},
    "video": GROUND | {"body", "camera", "config", "ground", "keypoints", "pose", "seen", "viewpoint"},
    "formats": GROUND | {"body", "ground", "keypoints", "pose"},
    "viewers": GROUND | {"body", "keypoints", "pose"},
    "detectors": GROUND | {"keypoints", "formats", "video"},
    "keypoints": GROUND | {"plausibility"},
    "ground": GROUND,
    "over_time": GROUND | {"body"},
    "pose": GROUND | {"body", "formats", "ground", "outputs", "over_time", "viewers"},
    "checkpoint": GROUND | {"config", "model"},
    "pretrained": GROUND | {"checkpoint", "config", "hub", "model", "onnx_file", "video"},
    "lifter": GROUND
    | {"backends", "config", "keypoints", "model", "plausibility", "pose", "pretrained", "seen", "video"},
    "bulk": GROUND | {"formats", "keypoints", "lifter", "pose", "skeleton", "video"},
    "live": GROUND | {"keypoints", "lifter", "pose", "seen", "video"},
}
"""For a room (a module or package at the top), the rooms that it may import from, at any time."""

ADMITTED = {
    ("pose", "formats"),
    ("pose", "formats.results.dataframe"),
    ("pose", "outputs"),
    ("pose", "viewers.notebook"),
}
"""`Pose3D.save`, `load`, `to_dataframe` and `_repr_html_` reach up, when they are called."""

TENSORS = {
    "backends",
    "checkpoint",
    "features",
    "from_pixels",
    "known",
    "model",
    "onnx_file",
    "train",
}
"""Rooms that may import torch when they are loaded."""

WHEN_CALLED = {
    "PIL",
    "anny",
    "av",
    "cv2",
    "ezc3d",
    "matplotlib",
    "mediapipe",
    "onnx",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "ray",
    "rerun",
    "rtmlib",
}
"""What extras install; only training and bulk lifting import any of it when they are loaded."""


class Import(NamedTuple):
    importer: str
    """Without the package's name: "formats.results.trc"."""
    imported: str
    """Likewise within the package; else the name of another package."""
    ours: bool
    when: str
    """"loaded", "called", or "checked" for what only a type checker reads."""


def _modules() -> dict[str, Path]:
    names = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
        names[".".join(part for part in parts if part != "__init__")] = path
    return names


MODULES = _modules()


def _imports() -> Iterator[Import]:
    for importer, path in MODULES.items():
        yield from _within(ast.parse(path.read_text(encoding="utf-8")), importer, "loaded")


def _within(node: ast.AST, importer: str, when: str) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield _import(importer, alias.name, when)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{importer}: imports are absolute"
            for alias in child.names:
                whole = f"{child.module}.{alias.name}"
                is_module = whole.removeprefix(f"{PACKAGE}.") in MODULES
                yield _import(importer, whole if is_module else str(child.module), when)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and when == "loaded":
            yield from _within(child, importer, "called")
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from _within(child, importer, "checked")
        else:
            yield from _within(child, importer, when)


def _import(importer: str, imported: str, when: str) -> Import:
    ours = imported.split(".")[0] == PACKAGE
    name = imported.removeprefix(PACKAGE).removeprefix(".") if ours else imported.split(".")[0]
    return Import(importer, name, ours, when)


IMPORTS = list(_imports())


def _room(module: str) -> str:
    return module.split(".")[0]


def _told(imports: list[Import]) -> list[str]:
    return [f"{one.importer} imports {one.imported} when {one.when}" for one in imports]


def test_the_imports_are_found() -> None:
    assert Import("body.bone_lengths", "body.girdle", True, "loaded") in IMPORTS
    assert Import("pose", "formats", True, "called") in IMPORTS
    assert Import("live", "lifter", True, "checked") in IMPORTS
    assert Import("model.encoder", "torch", False, "loaded") in IMPORTS


def test_nothing_imports_train() -> None:
    up = [one for one in IMPORTS if one.ours and _room(one.imported) == "train"]
    assert _told([one for one in up if _room(one.importer) != "train"]) == []


@pytest.mark.parametrize("room", KNOWN)
def test_a_room_knows_only_those_below(room: str) -> None:
    assert room in {_room(module) for module in MODULES}
    known = KNOWN[room] | {room, ""}  # the package itself has the version
    assert known - {""} <= {_room(module) for module in MODULES}
    others = [one for one in IMPORTS if one.ours and _room(one.importer) == room]
    assert _told([one for one in others if _room(one.imported) not in known]) == []


@pytest.mark.parametrize("room", sorted(GROUND))
def test_the_ground_rests_on_nothing_above(room: str) -> None:
    own = [one for one in IMPORTS if one.ours and one.importer == room and one.when != "checked"]
    assert _told([one for one in own if one.imported not in GROUND | {""}]) == []


def test_there_is_no_circle_but_the_admitted_one() -> None:
    arrows: dict[str, set[str]] = {module: set() for module in MODULES}
    for one in IMPORTS:
        if (
            one.ours
            and one.imported
            and one.when != "checked"
            and (one.importer, one.imported) not in ADMITTED
        ):
            arrows[one.importer].add(one.imported)
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))
    admitted = {(one.importer, one.imported) for one in IMPORTS if one.when == "called"}
    assert admitted >= ADMITTED


def test_torch_is_loaded_only_where_tensors_are() -> None:
    loaded = [one for one in IMPORTS if one.when == "loaded" and one.imported == "torch"]
    assert _told([one for one in loaded if _room(one.importer) not in TENSORS]) == []


def test_extras_are_imported_where_they_are_used() -> None:
    loaded = [one for one in IMPORTS if one.when == "loaded" and one.imported in WHEN_CALLED]
    assert _told([one for one in loaded if _room(one.importer) not in ("train", "bulk")]) == []


def test_only_the_command_imports_bulk() -> None:
    bulk = [one for one in IMPORTS if one.ours and _room(one.imported) == "bulk"]
    others = [one for one in bulk if _room(one.importer) != "bulk"]
    assert _told(others) == _told(
        [one for one in others if one.importer == "cli.bulk" and one.when == "called"]
    )


def test_torch_is_loaded_by_what_computes_with_it_alone() -> None:
    """Files and help texts start at once, and ONNX Runtime needs no torch."""
    loads: dict[str, set[str]] = {module: set() for module in MODULES}
    for one in IMPORTS:
        if one.when == "loaded":
            loads[one.importer].add(one.imported if one.ours else f"{one.imported}!")
    for start in (
        *("", "formats", "keypoints", "pose", "outputs", "cli", "viewers.html", "app.workshop"),
        *("lifter", "live", "detectors", "backends.onnx_runtime"),
    ):
        reached, open_ends = set(), [start]
        while open_ends:
            module = open_ends.pop()
            if module not in reached:
                reached.add(module)
                parents = [module.rsplit(".", 1)[0]] if "." in module else []
                open_ends += [*loads.get(module, ()), *parents]
        assert "torch!" not in reached, start
        assert not reached & {f"{name}!" for name in WHEN_CALLED}, start
        assert "train" not in {_room(module) for module in reached}, start
