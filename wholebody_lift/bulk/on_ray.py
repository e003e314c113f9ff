"""Parts on Ray Data: a pool of actors, each with the network, takes one part after the other.

Only the descriptions of parts and their counts pass through Ray; workers read and write the files themselves.
So the object store stays small, and a lost worker costs no more than the part that it was at.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import warnings
from collections.abc import Iterator
from typing import Any

from wholebody_lift.bulk.part import Counts, PartLifter
from wholebody_lift.bulk.plan import Part
from wholebody_lift.bulk.settings import Job
from wholebody_lift.errors import one_line
from wholebody_lift.extras import BULK

OBJECT_STORE_BYTES = 100 * 2**20
"""Shared memory of a Ray that is started here; only descriptions and counts pass through it."""

MAX_BLOCKS = 10_000
"""Ray Data keeps an account of every block; with more parts than these, a block has several."""


class _Worker:
    """The loop of an actor: one part after another. An error is reported and does not end the actor."""

    def __init__(self, job: Job) -> None:
        self._lifter = PartLifter(job)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        outcomes = []
        for text in batch["part"]:
            part = Part.from_json(json.loads(str(text)))
            try:
                outcome: dict[str, Any] = {"counts": self._lifter.lift(part).as_json()}
            except OSError as error:
                outcome = {
                    "os_error": [
                        error.errno,
                        error.strerror or str(error),
                        error.filename and str(error.filename),
                    ]
                }
            except Exception as error:
                outcome = {"error": f"{type(error).__name__}: {one_line(error)}"}
            outcomes.append(json.dumps({"name": part.name, **outcome}))
        return {"outcomes": outcomes}


def lift(
    job: Job, parts: list[Part], address: str | None, workers: int | None
) -> Iterator[tuple[str, Counts | str]]:
    """Lift parts on the cluster at `address`, or on a Ray that is started here and stopped at the end.

    Args:
        job: what to do.
        parts: all that are left to do.
        address: of a Ray cluster; RAY_ADDRESS by default.
        workers: actors, each with one CPU core or one GPU; as many as the cluster has by default.

    Yields:
        The name of each part with its counts, or with what went wrong.

    Raises:
        OSError: the output cannot be written.
        RuntimeError: the cluster has none of what a worker needs, or workers cannot start.
        ImportError: Ray is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # before Ray is imported
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # the driver's; workers log into Ray's files
    ray = BULK.needed_for("lifting on several workers")
    import ray.data as data

    ours = _start(ray, address or os.environ.get("RAY_ADDRESS"), workers)
    try:
        kind = _resource(ray, job.device)
        available = int(ray.cluster_resources().get(kind, 0))
        if not available:
            raise RuntimeError(
                f"expected a Ray cluster with a {kind}, got one without; choose another --device"
            )
        _quiet(data)
        rows = [{"part": json.dumps(part.as_json())} for part in parts]
        pool = data.ActorPoolStrategy(**_pool(workers, available, len(parts)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Ray's own
            outcomes = data.from_items(rows, override_num_blocks=min(len(rows), MAX_BLOCKS)).map_batches(
                _Worker,
                fn_constructor_args=(job,),
                batch_size=1,
                compute=pool,
                **{"CPU": {"num_cpus": 1}, "GPU": {"num_gpus": 1}}[kind],
            )
            for row in outcomes.iter_rows():
                outcome = json.loads(row["outcomes"])
                if "os_error" in outcome:
                    raise OSError(*outcome["os_error"])
                yield (
                    outcome["name"],
                    Counts.from_json(outcome["counts"]) if "counts" in outcome else outcome["error"],
                )
    finally:
        if ours:
            ray.shutdown()


def _start(ray: Any, address: str | None, workers: int | None) -> bool:
    """Connect to a cluster, or start a Ray here; True if it was started here, and so must be stopped."""
    if ray.is_initialized():
        return False
    if address is not None:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    else:
        if "RAY_AUTH_TOKEN_PATH" not in os.environ:  # Ray's own choice is a file in the home directory
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex())
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    return True


def _resource(ray: Any, device: str) -> str:
    """What a worker takes: a GPU if that is asked for or, with auto, if there is one."""
    if device == "auto":
        return "GPU" if ray.cluster_resources().get("GPU", 0) else "CPU"
    return "GPU" if device.startswith("cuda") else "CPU"


def _pool(workers: int | None, available: int, parts: int) -> dict[str, int]:
    """How many actors: fewer than asked for begin if the cluster must grow first."""
    most = min(workers or available, parts)
    return (
        {"size": most} if most <= available else {"min_size": 1, "initial_size": available, "max_size": most}
    )


def _quiet(data: Any) -> None:
    """Our own progress and report take the place of Ray's."""
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
