"""A whole job in one process: every row once, going on after an interruption, files that cannot be read."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bulk.conftest import assert_same, everything, origins, rows, seen

from wholebody_lift import Keypoints2D, Lifter, formats
from wholebody_lift.bulk import job, part, sources
from wholebody_lift.bulk.job import Report
from wholebody_lift.bulk.settings import Settings
from wholebody_lift.errors import DroppedWarning, InputError

pa = pytest.importorskip("pyarrow", reason="the extra bulk")
pq = pytest.importorskip("pyarrow.parquet", reason="the extra bulk")

Archive = Callable[..., Path]


def lift(folder: Path, out: Path, weights: str, **options: object) -> Report:
    settings = {"weights": weights, "part_rows": 10, **options}
    return job.lift(folder, out, Settings(**settings), device="cpu", ray=False)  # type: ignore[arg-type]


def write_lines(path: Path, columns: dict, **replaced: str) -> None:
    """Columns as JSON lines, in which lines can be replaced by number."""
    lines = [json.dumps(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]
    for number, text in replaced.items():
        lines[int(number[1:])] = text
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("smooth", [False, True])
def test_every_row_is_in_the_output_once(
    archive: Archive, tmp_path: Path, weights: str, monkeypatch: pytest.MonkeyPatch, smooth: bool
) -> None:
    monkeypatch.setattr(sources, "READ_AT_ONCE", 4)
    bad = rows({"f": 5})
    bad["keypoints"][2] = None
    folder = archive(
        {
            "one.parquet": rows({"a": 13, "b": 4}),
            "deep/two.parquet": rows({"b": 3, "c": 9}, tracks=2),
            "bad.parquet": bad,
        },
        row_group_size=6,
    )
    write_lines(folder / "three.jsonl", rows({"d": 7, "c": 2}), _3="not JSON", _5='{"frame": 1}')
    people = Keypoints2D(seen(3), image_ids=range(3), image_size=(1280, 720), fps=30)
    formats.write_keypoints(people, folder / "four.json")
    formats.write_keypoints(people, folder / "five", "openpose")
    (folder / "broken.json").write_text("{}")
    report = lift(folder, tmp_path / "out", weights, smooth=smooth, fps=30)
    sizes = {"one.parquet": 17, "deep/two.parquet": 24, "bad.parquet": 5, "three.jsonl": 9}
    sizes |= {"four.json": 3, "five": 3}
    expected = sorted((source, row) for source, count in sizes.items() for row in range(count))
    assert origins(tmp_path / "out") == expected
    assert report.counts.rows == len(expected) == report.counts.lifted + report.counts.rejected
    assert report.counts.files == 1
    aside = {(row["source"], row["row"]): row["reason"] for row in everything(tmp_path / "out", "rejected")}
    assert {"bad.parquet", "broken.json", "three.jsonl"} <= {source for source, _ in aside}
    assert "JSON" in aside["three.jsonl", 3]
    assert "keypoints" in aside["three.jsonl", 5]


def test_rows_without_a_video_are_of_the_file(archive: Archive, tmp_path: Path, weights: str) -> None:
    columns = rows({"": 3}) | {"video": [None, "", "named"]}
    lift(archive({"clips/walk.parquet": columns}), tmp_path / "out", weights)
    videos = [row["video"] for row in everything(tmp_path / "out", "people")]
    assert videos == ["clips/walk", "clips/walk", "named"]


@pytest.mark.parametrize("smooth", [False, True])
def test_where_rows_lie_changes_nothing(archive: Archive, tmp_path: Path, weights: str, smooth: bool) -> None:
    columns = rows({"a": 11, "b": 9, "c": 12})
    order = np.random.default_rng(1).permutation(32)
    mixed = {name: [values[i] for i in order] for name, values in columns.items()}
    found = []
    for name, table in (("sorted", columns), ("mixed", mixed)):
        lift(archive({f"{name}.parquet": table}) / f"{name}.parquet", tmp_path / name, weights, smooth=smooth)
        people = everything(tmp_path / name, "people")
        found.append({(row["video"], row["frame"]): row["xyz"] for row in people})
    assert found[0].keys() == found[1].keys()
    for key, xyz in found[0].items():
        assert np.allclose(xyz, found[1][key], atol=0.01)


def test_videos_are_never_divided(archive: Archive, tmp_path: Path, weights: str) -> None:
    folder = archive({"a.parquet": rows({"a": 25, "b": 3, "c": 3, "d": 8})})
    report = lift(folder, tmp_path / "out", weights, smooth=True)
    paths = sorted((tmp_path / "out" / "people").iterdir())
    parts = [set(pq.read_table(path)["video"].to_pylist()) for path in paths]
    assert parts == [{"a"}, {"b", "c", "d"}]
    assert report.parts == 2


@pytest.mark.parametrize("smooth", [False, True])
def test_a_restart_does_only_what_is_missing(
    archive: Archive, tmp_path: Path, weights: str, smooth: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = archive({"a.parquet": rows({f"v{i}": 9 for i in range(6)})})
    whole = lift(folder, tmp_path / "whole", weights, smooth=smooth)
    kept = part.PartLifter.lift

    def interrupted(self: part.PartLifter, one: part.Part) -> part.Counts:
        if one.name == "part-000002":
            raise KeyboardInterrupt
        return kept(self, one)

    monkeypatch.setattr(part.PartLifter, "lift", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lift(folder, tmp_path / "out", weights, smooth=smooth)
    (tmp_path / "out" / "people" / ".0123.parquet").write_bytes(b"half")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out/people").glob("part*")}
    assert sorted(before) == ["part-000000.parquet", "part-000001.parquet"]
    monkeypatch.setattr(part.PartLifter, "lift", kept)
    report = lift(folder, tmp_path / "out", weights, smooth=smooth)
    assert report.parts_before == 2
    assert report.counts.rows == whole.counts.rows == 54
    for name, written in before.items():
        assert (tmp_path / "out" / "people" / name).stat().st_mtime_ns == written
    assert_same(tmp_path / "out", tmp_path / "whole")


def test_a_finished_job_answers_at_once(
    archive: Archive, tmp_path: Path, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = archive({"a.parquet": rows({"a": 12})})
    first = lift(folder, tmp_path / "out", weights)
    monkeypatch.setattr(part.PartLifter, "lift", None)
    again = lift(folder, tmp_path / "out", weights)
    assert again.counts == first.counts
    assert again.parts_before == 2
    assert "12 lifted" in again.summary()


def test_a_full_disk_leaves_whole_files_and_the_next_run_goes_on(
    archive: Archive, tmp_path: Path, weights: str
) -> None:
    """A limit on the size of files stands for the disk; writing fails in the same place."""
    resource = pytest.importorskip("resource", reason="POSIX")
    assert resource
    folder = archive({"a.parquet": rows({"a": 10, "b": 400})})
    lift(folder, tmp_path / "whole", weights, part_rows=300)
    code = (
        "import resource, signal, sys\n"
        "from wholebody_lift.bulk import job\n"
        "from wholebody_lift.bulk.settings import Settings\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "import torch; torch.set_num_threads(1)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))\n"
        "settings = Settings(weights=sys.argv[3], part_rows=300)\n"
        "job.lift(sys.argv[1], sys.argv[2], settings, device='cpu', ray=False)\n"
    )
    sizes = [path.stat().st_size for path in sorted((tmp_path / "whole/people").iterdir())]
    assert sizes[1] < sizes[0]
    command = [sys.executable, "-c", code, str(folder), str(tmp_path / "out"), weights, str(sizes[1] + 9000)]
    failed = subprocess.run(command, capture_output=True, text=True)
    assert failed.returncode == 1
    assert "OSError" in failed.stderr.splitlines()[-1]
    assert "part-000000.parquet" in failed.stderr.splitlines()[-1]
    assert list((tmp_path / "out" / "people").iterdir()) == []
    lift(folder, tmp_path / "out", weights, part_rows=300)
    assert_same(tmp_path / "out", tmp_path / "whole")


def test_a_damaged_file_is_set_aside_from_where_it_is_damaged(
    archive: Archive, tmp_path: Path, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "READ_AT_ONCE", 5)
    folder = archive({"a.parquet": rows({"a": 20}), "z.parquet": rows({"z": 3})}, row_group_size=10)
    cut = pq.ParquetFile(folder / "a.parquet").metadata.row_group(1).column(3)
    damaged = bytearray((folder / "a.parquet").read_bytes())
    start = cut.dictionary_page_offset or cut.data_page_offset
    damaged[start : start + cut.total_compressed_size] = b"\xff" * cut.total_compressed_size
    (folder / "a.parquet").write_bytes(damaged)
    (folder / "b.parquet").write_bytes(b"PAR1 no more")
    report = lift(folder, tmp_path / "out", weights, part_rows=50)
    assert report.counts.lifted == 13
    assert report.counts.files == 1
    aside = everything(tmp_path / "out", "rejected")
    assert [(row["source"], row["row"], row["rows"]) for row in aside if row["row"] is not None] == [
        ("a.parquet", 10, 10)
    ]
    assert any("b.parquet" in reason for reason in report.counts.reasons)


def test_a_part_that_kills_its_process_is_not_tried_for_ever(
    archive: Archive, tmp_path: Path, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = archive({"a.parquet": rows({"a": 15})})
    monkeypatch.setattr(job, "_clean", lambda out: None)  # as within one run
    (tmp_path / "out" / part.ATTEMPTS).mkdir(parents=True)
    (tmp_path / "out" / part.ATTEMPTS / "part-000001").write_bytes(b"." * part.MAX_ATTEMPTS)
    (tmp_path / "out" / part.ATTEMPTS).rename(tmp_path / "attempts")
    (tmp_path / "out").rmdir()
    kept = job._opened

    def opened(one: job.Job) -> list[part.Part]:
        parts = kept(one)
        (tmp_path / "attempts").rename(tmp_path / "out" / part.ATTEMPTS)
        return parts

    monkeypatch.setattr(job, "_opened", opened)
    with pytest.raises(RuntimeError, match=r"1 of 2 parts failed: part-000001: .*died 3 times"):
        lift(folder, tmp_path / "out", weights)
    monkeypatch.undo()
    assert lift(folder, tmp_path / "out", weights).counts.lifted == 15


@pytest.mark.parametrize("change", ["settings", "files", "weights"])
def test_another_job_does_not_write_into_the_same_folder(
    archive: Archive, tmp_path: Path, weights: str, lifter: Lifter, change: str
) -> None:
    folder = archive({"a.parquet": rows({"a": 3})})
    lift(folder, tmp_path / "out", weights)
    options: dict = {}
    if change == "settings":
        options = {"min_score": 0.5}
    elif change == "files":
        archive({"b.parquet": rows({"b": 3})})
    else:
        other = tmp_path / "other"
        lifter.save_pretrained(other)
        from safetensors.numpy import load_file, save_file

        tensors = load_file(other / "model.safetensors")
        save_file({name: value * 1.01 for name, value in tensors.items()}, other / "model.safetensors")
        weights_file = Path(weights)
        copies = {path.name: path.read_bytes() for path in weights_file.iterdir()}
        for path in other.iterdir():
            (weights_file / path.name).write_bytes(path.read_bytes())
    try:
        with pytest.raises(InputError, match=change):
            lift(folder, tmp_path / "out", weights, **options)
    finally:
        if change == "weights":
            for name, content in copies.items():
                (weights_file / name).write_bytes(content)


def test_folders_that_are_no_output_are_left_alone(archive: Archive, tmp_path: Path, weights: str) -> None:
    folder = archive({"a.parquet": rows({"a": 3})})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("all of it")
    with pytest.raises(InputError, match="empty folder"):
        lift(folder, tmp_path / "mine", weights)
    with pytest.raises(InputError, match="outside the archive"):
        lift(folder, folder / "out", weights)
    with pytest.raises(FileNotFoundError):
        lift(tmp_path / "nowhere", tmp_path / "out", weights)
    (tmp_path / "nothing").mkdir()
    with pytest.raises(InputError, match=r"\.parquet"):
        lift(tmp_path / "nothing", tmp_path / "out", weights)


def test_columns_that_are_not_used_are_told(archive: Archive, tmp_path: Path, weights: str) -> None:
    with pytest.warns(DroppedWarning, match="bbox"):
        lift(archive({"a.parquet": rows({"a": 2}, bbox=1.0)}), tmp_path / "out", weights)


def test_progress_counts_parts(archive: Archive, tmp_path: Path, weights: str) -> None:
    seen_so_far: list[tuple[int, int | None]] = []
    job.lift(
        archive({"a.parquet": rows({"a": 25})}),
        tmp_path / "out",
        Settings(weights=weights, part_rows=10),
        device="cpu",
        ray=False,
        progress=lambda done, total: seen_so_far.append((done, total)),
    )
    assert seen_so_far == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("known", [{"gravity": "level"}, {"bone_lengths": {"left_thigh": 400.0}}])
def test_what_the_weights_cannot_be_told_fails_before_the_work(
    archive: Archive, tmp_path: Path, weights: str, known: dict[str, object]
) -> None:
    folder = archive({"one.parquet": rows({"a": 13})})
    with pytest.raises(InputError, match=next(iter(known))):
        lift(folder, tmp_path / "out", weights, known=known)
    assert not (tmp_path / "out").exists()


def test_gravity_is_of_use_in_motions_of_any_weights(archive: Archive, tmp_path: Path, weights: str) -> None:
    folder = archive({"one.parquet": rows({"a": 13})})
    report = lift(folder, tmp_path / "out", weights, known={"gravity": "level"}, smooth=True, fps=30)
    assert report.counts.lifted == 13


def test_weights_may_be_a_path(archive: Archive, tmp_path: Path, weights: str) -> None:
    """The same job as with the path as text, so that one goes on where the other stopped."""
    folder = archive({"one.parquet": rows({"a": 13})})
    first = lift(folder, tmp_path / "out", weights)
    again = job.lift(
        folder, tmp_path / "out", Settings(weights=Path(weights), part_rows=10), device="cpu", ray=False
    )
    assert again.counts == first.counts


def test_names_of_videos(archive: Archive) -> None:
    """Files with points in their names, and with one name but for the suffix, are videos of their own."""
    one = rows({"a": 1})
    del one["video"]
    names = ("2024.01.05.parquet", "2024.01.06.parquet", "deep/a.parquet", "b.parquet")
    folder = archive(dict.fromkeys(names, one))
    write_lines(folder / "deep" / "a.jsonl", one)
    formats.write_keypoints(Keypoints2D(seen(1), image_ids=[3]), folder / "b", "openpose")
    assert {source.path: source.video for source in sources.find(folder)} == {
        "2024.01.05.parquet": "2024.01.05",
        "2024.01.06.parquet": "2024.01.06",
        "deep/a.parquet": "deep/a.parquet",
        "deep/a.jsonl": "deep/a.jsonl",
        "b.parquet": "b.parquet",
        "b": "b",
    }


def test_a_torn_first_line_is_set_aside_alone(tmp_path: Path, weights: str) -> None:
    write_lines(tmp_path / "in" / "a.jsonl", rows({"a": 3}, mood=1), _0='{"frame": 0}')
    with pytest.warns(DroppedWarning, match="mood"):
        lift(tmp_path / "in", tmp_path / "out", weights)
    assert [row["row"] for row in everything(tmp_path / "out", "people")] == [1, 2]
    (rejected,) = everything(tmp_path / "out", "rejected")
    assert (rejected["row"], rejected["reason"]) == (0, "expected keypoints, got null")


def test_what_is_known_of_people_in_detector_files_reaches_the_lifter(tmp_path: Path) -> None:
    people = Keypoints2D(
        seen(3),
        image_ids=range(3),
        gravity="level",
        bone_lengths={"left_thigh": 500, "right_thigh": 500},
        depth=np.random.default_rng(0).normal(0, 200, (3, 133)),
    )
    (tmp_path / "in").mkdir()
    formats.write_keypoints(people, tmp_path / "in" / "known.npz", "arrays")
    lift(tmp_path / "in", tmp_path / "out", "tiny")
    lifted = everything(tmp_path / "out", "people")
    assert {row["scale_source"] for row in lifted} == {"bone_lengths"}
    alone = Lifter.from_pretrained("tiny", device="cpu").lift(people)
    np.testing.assert_allclose([row["xyz"] for row in lifted], alone.xyz, atol=0.05)
