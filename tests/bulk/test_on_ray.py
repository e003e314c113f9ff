"""Jobs on a real Ray on this machine: killed workers and drivers leave the rows of an undisturbed run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from bulk.conftest import assert_same, origins, rows

from wholebody_lift.bulk import job, on_ray
from wholebody_lift.bulk.settings import Settings

ray = pytest.importorskip("ray", reason="the extra bulk")
pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # Ray's own
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc"),
]

PARTS = 24


@pytest.fixture(scope="module")
def cluster() -> Iterator[ModuleType]:
    """A Ray with two cores for all tests, so that only one has to start."""
    assert on_ray._start(ray, None, 2)
    yield ray
    ray.shutdown()


@pytest.fixture
def folder(archive: Callable[..., Path]) -> Path:
    bad = rows({"bad": 40})
    bad["keypoints"][7] = None
    files = {f"{i}.parquet": rows({f"video{i}": 100}) for i in range(PARTS - 1)}
    return archive(files | {"bad.parquet": bad | {}})


@pytest.fixture
def settings(weights: str) -> Settings:
    return Settings(weights=weights, part_rows=100)


@pytest.fixture
def undisturbed(folder: Path, settings: Settings, tmp_path: Path) -> Path:
    """The output of one process."""
    job.lift(folder, tmp_path / "undisturbed", settings, device="cpu", ray=False)
    return tmp_path / "undisturbed"


def workers() -> list[int]:
    """The processes of actors that lift, of any Ray that this process may signal."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"MapWorker(MapBatches(_Worker" in path.read_bytes() and b"ray::" in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return [pid for pid in found if is_ours(pid)]


def is_ours(pid: int) -> bool:
    """Whether a process descends from this one."""
    while pid > 1:
        if pid == os.getpid():
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False


def test_a_killed_worker_costs_no_row(
    cluster: ModuleType, folder: Path, settings: Settings, undisturbed: Path, tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill(done: int, total: int | None) -> None:
        if not killed and workers():
            killed.append(workers()[0])
            os.kill(killed[0], signal.SIGKILL)

    report = job.lift(folder, tmp_path / "out", settings, device="cpu", workers=2, progress=kill)
    assert killed
    assert report.counts.rows == 100 * (PARTS - 1) + 40
    assert report.counts.rejected == 1
    assert len(set(origins(tmp_path / "out"))) == len(origins(tmp_path / "out")) == report.counts.rows
    assert_same(tmp_path / "out", undisturbed)


def test_what_a_worker_cannot_write_is_an_error_here(
    cluster: ModuleType, folder: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = job._opened

    def opened(one: job.Job) -> list[job.Part]:
        parts = kept(one)
        (tmp_path / "out" / "people").rmdir()
        (tmp_path / "out" / "people").write_text("no folder")
        return parts

    monkeypatch.setattr(job, "_opened", opened)
    monkeypatch.setattr(job, "_clean", lambda out: None)
    with pytest.raises(OSError, match="people"):
        job.lift(folder, tmp_path / "out", settings, device="cpu", workers=1)


def test_a_killed_driver_can_be_started_again(
    folder: Path, settings: Settings, undisturbed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ["bulk", str(folder), str(out), "--weights", str(settings.weights), "--part-rows", "100"]
    command = [sys.executable, "-m", "wholebody_lift", *arguments, "--workers", "1", "--device", "cpu"]
    driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 300
        while not list(out.glob("people/part-*")) and driver.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        driver.kill()
    finally:
        driver.kill()
        driver.wait()
    done = len(list(out.glob("people/part-*")))
    assert 0 < done < PARTS, "killed in the middle"
    time.sleep(2)  # until its workers are gone too
    report = job.lift(folder, out, settings, device="cpu", ray=False)
    assert report.parts_before >= done
    assert_same(out, undisturbed)


def test_as_many_workers_as_there_are_parts_at_most() -> None:
    assert on_ray._pool(None, 8, 3) == {"size": 3}
    assert on_ray._pool(2, 8, 3) == {"size": 2}
    assert on_ray._pool(20, 8, 30) == {"min_size": 1, "initial_size": 8, "max_size": 20}


def test_a_cluster_without_gpus_is_told(
    cluster: ModuleType, folder: Path, settings: Settings, tmp_path: Path
) -> None:
    one = job.Job(folder, tmp_path, settings, "", "cuda")
    with pytest.raises(RuntimeError, match="a GPU"):
        list(on_ray.lift(one, [], None, None))
