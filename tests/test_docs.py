"""What the documentation says is what the code does: blocks, snippets, links, options, figures."""

import argparse
import ast
import json
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scripts import load

import wholebody_lift
from wholebody_lift import cli, detectors, formats, pretrained
from wholebody_lift.pose import FRAMES, WORLD
from wholebody_lift.skeleton import EDGES, KEYPOINT_NAMES, PARTS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    [
        *DOCS.rglob("*.md"),
        *(
            ROOT / name
            for name in (
                "README.md",
                "CHANGELOG.md",
                "CONTRIBUTING.md",
                "weights/README.md",
                "weights/tiny/README.md",
            )
        ),
    ]
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
SOURCES = [
    ROOT / "wholebody_lift" / "keypoints.py",
    ROOT / "wholebody_lift" / "checks.py",
    *sorted((ROOT / "wholebody_lift" / "formats").glob("*.py")),
]

_FENCE = re.compile(r"(<!-- not run: .+? -->\n)?```(\w*)\n(.*?)```", re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture(params=PAGES, ids=NAMES)
def page(request: pytest.FixtureRequest) -> Path:
    return request.param


def snippets(page: Path) -> list[str]:
    """The Python blocks of a page that are there to be run."""
    return [
        code for skipped, kind, code in _FENCE.findall(page.read_text()) if kind == "python" and not skipped
    ]


def commands(page: Path) -> list[list[str]]:
    """The shell commands of a page, in words."""
    lines = re.findall(
        r"^    (wholebody-lift .+|(?:torchrun .+ -m|python -m) .+)$", page.read_text(), re.MULTILINE
    )
    return [shlex.split(line, comments=True) for line in lines]


# Python


@pytest.mark.parametrize("page", [page for page in PAGES if snippets(page)], ids=lambda page: page.name)
def test_snippets_run_in_order(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = snippets(page)
    if "from_pretrained" in "".join(code) and not (ROOT / "weights" / pretrained.WEIGHTS_FILE).is_file():
        pytest.skip("needs the package's weights, which this checkout lacks")
    if "viewers import figure" in "".join(code):
        pytest.importorskip("matplotlib")
    if '.mp4")' in "".join(code):
        pytest.importorskip("av")
    if "wholebody_lift.bulk" in "".join(code):
        pytest.importorskip("pyarrow")
    (tmp_path / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "snippet"}
    for block in code:
        exec(compile(block, str(page), "exec"), namespace)


# Blocks that the code writes


@pytest.fixture(scope="module")
def tables() -> ModuleType:
    pytest.importorskip("tensorboard", reason="the extra train")
    return load("docs/tables.py")


def test_blocks_are_what_the_code_says(page: Path, tables: ModuleType) -> None:
    text = page.read_text()
    assert tables.render(text) == text, "out of date: run `python docs/tables.py`"


def test_every_block_is_used(tables: ModuleType) -> None:
    text = "".join(page.read_text() for page in PAGES)
    assert set(re.findall(r"<!-- begin ([\w-]+) -->", text)) == set(tables.BLOCKS)


def raised_texts(source: Path) -> list[str]:
    """The longest fixed piece of the text of every InputError in a module."""
    pieces = []
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Raise) and ast.unparse(node).startswith("raise InputError("):
            assert isinstance(node.exc, ast.Call)
            fixed = [
                part.value
                for part in ast.walk(node.exc.args[0])
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ]
            pieces.append(max(fixed, key=len))
    return [piece for piece in pieces if len(piece) > 5]  # a shorter one stands before another error's text


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_error_is_documented(source: Path) -> None:
    documented = " ".join((DOCS / "input.md").read_text().split())
    assert [text for text in raised_texts(source) if " ".join(text.split()) not in documented] == []


# Links, commands, figures


def anchors(page: Path) -> set[str]:
    """What can stand after # in a link to a page."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{link}: nothing is there"
        if DOCS in page.parents:
            assert DOCS in target.resolve().parents, f"{link}: not part of the site"
        if anchor:
            assert anchor in anchors(target), f"{link}: no such heading"


def test_pages_are_in_the_navigation() -> None:
    listed = re.findall(r"^ +- (?:.+: )?([\w/]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


@pytest.fixture(scope="module")
def search_index(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What the search of the site knows: location, title and text of every section."""
    config = pytest.importorskip("mkdocs.config", reason="the extra docs")
    from mkdocs.commands.build import build

    site = tmp_path_factory.mktemp("site")
    settings = {
        "site_dir": str(site),
        "plugins": ["search"],
        "hooks": [],
    }  # without the API, which takes long
    build(config.load_config(str(ROOT / "mkdocs.yml"), **settings))
    return json.loads((site / "search" / "search_index.json").read_text())["docs"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("webcam", "webcam"),
        ("browser", "browser"),
        ("gpu", "gpu"),
        ("jupyter", "viewer"),
        ("mixamo", "exports"),
        ("unreal", "exports"),
        ("fps", "faq"),
        ("slow motion", "faq"),
        ("commercially", "faq"),
        ("mediapipe", "comparison"),
    ],
)
def test_search_finds(words: str, page: str, search_index: list[dict[str, str]]) -> None:
    found = {
        section["location"].split("#")[0].strip("/")
        for section in search_index
        if words in f"{section['title']} {section['text']}".lower()
    }
    assert page in found


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/faq.md"])
def test_accuracy_in_prose_is_that_measured(page: str) -> None:
    mean = json.loads((DOCS / "assets" / "real.json").read_text())["base"]["frame by frame, K given"]["mean"]
    measured = (
        f"PA-MPJPE is {mean['pa_mpjpe']:.0f} mm, and knee angles are off by {mean['angle/knee']:.0f} degrees"
    )
    assert measured in (ROOT / page).read_text()


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_speed_in_prose_is_that_of_the_table(page: str) -> None:
    [quoted] = re.findall(r"two CPU cores lift ([\d,]+) people per second", (ROOT / page).read_text())
    [measured] = re.findall(
        r"people per second on two cores[^|]*\| ([\d,]+) \|", (DOCS / "weights.md").read_text()
    )
    assert quoted == measured


def test_moving_picture_is_small_and_moves() -> None:
    image = pytest.importorskip("PIL.Image")
    path = DOCS / "assets" / "demo.webp"
    assert path.stat().st_size < 1_000_000
    with image.open(path) as picture:
        assert picture.n_frames > 100
    for page in (ROOT / "README.md", DOCS / "index.md"):
        first = next(line for line in page.read_text().splitlines() if line.startswith("!["))
        assert first.endswith("assets/demo.webp)")


def test_moving_picture_interpolates_between_frames() -> None:
    pytest.importorskip("PIL.Image")
    people = formats.read(ROOT / "examples" / "data" / "squats.json")
    finer = load("docs/figures/demo.py").between(people, 15)
    assert len(finer) == 3 * (len(people) - 1) + 1
    assert np.array_equal(finer.observed[::3], people.observed)
    seen = people.observed
    np.testing.assert_allclose(finer.keypoints[::3][seen], people.keypoints[seen], atol=1e-6)
    halves = finer.observed[1::3]
    assert not (halves & ~(people.observed[:-1] & people.observed[1:])).any()


def test_public_names_are_on_the_page_of_the_api() -> None:
    documented = re.findall(r"^::: ([\w.]+)$", (DOCS / "api.md").read_text(), re.MULTILINE)
    names = {name.rsplit(".", 1)[1] for name in documented}
    assert set(wholebody_lift.__all__) <= names
    assert set(detectors.__all__) <= names


def test_commands_are_accepted(page: Path) -> None:
    for words in commands(page):
        if words[0] == "wholebody-lift":
            assert isinstance(cli.parser().parse_args(words[1:]), argparse.Namespace)


def test_training_commands_are_accepted(page: Path) -> None:
    found = [words for words in commands(page) if "wholebody_lift.train" in words]
    if not found:
        return
    pytest.importorskip("tensorboard", reason="the extra train")
    from wholebody_lift.train import __main__ as train

    for words in found:
        arguments = words[words.index("wholebody_lift.train") + 1 :]
        assert callable(train.parser().parse_args(arguments).command)


def test_every_keypoint_and_edge_is_drawn() -> None:
    drawn = (DOCS / "assets" / "keypoints.svg").read_text()
    assert set(re.findall(r'id="keypoint-([^"]+)"', drawn)) == {
        f"{i}-{name}" for i, name in enumerate(KEYPOINT_NAMES)
    }
    panel = {i: "body" if part == "feet" else part for part, indices in PARTS.items() for i in indices}
    within = {f"{a}-{b}" for a, b in EDGES if panel[a] == panel[b]}
    assert set(re.findall(r'id="edge-([^"]+)"', drawn)) == within


def test_every_frame_that_a_camera_defines_is_drawn() -> None:
    drawn = (DOCS / "assets" / "frames.svg").read_text()
    for name, spec in FRAMES.items():
        if name == WORLD:
            continue
        assert f'id="{name}: {spec.handedness}-handed"' in drawn
        for letter in "xyz":
            assert f'id="{name} {letter}: {getattr(spec, letter)}"' in drawn


@pytest.mark.parametrize("name", ["keypoints", "frames"])
def test_figures_can_be_drawn_again(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    script = load(f"docs/figures/{name}.py")
    monkeypatch.setattr(sys, "argv", ["figure", str(tmp_path / "figure.svg")])
    script.main()
    ids = [
        set(re.findall(r'id="((?:keypoint|edge)-[^"]+|[a-z]+(?: [xyz])?: [^"]+)"', path.read_text()))
        for path in (tmp_path / "figure.svg", DOCS / "assets" / f"{name}.svg")
    ]
    assert ids[0] == ids[1]
    assert ids[0]


def test_pictures_of_tools_can_be_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but Blender's, for which Blender is needed."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("trimesh", reason="the extra test")
    if not (ROOT / "weights" / pretrained.WEIGHTS_FILE).is_file():
        pytest.skip("needs the package's weights, which this checkout lacks")
    script = load("docs/figures/tools.py")
    monkeypatch.setattr(sys, "argv", ["tools", str(tmp_path)])
    script.main()
    drawn = {path.name for path in tmp_path.iterdir()} | {"tools-blender.png"}
    kept = {path.name: path.stat().st_size for path in (DOCS / "assets").glob("tools-*.png")}
    assert drawn == set(kept)
    assert drawn == {
        name
        for page in (DOCS / "tools").glob("*.md")
        for name in re.findall(r"\(\.\./assets/(tools-[\w-]+\.png)\)", page.read_text())
    }
    assert max(kept.values()) < 200_000
