"""How fast lifting is: `python -m benchmarks.speed users`, `networks` or `batches`.

`users` times what users wait for: import, first result, one person, many people, and what `Lifter.lift` costs
over the network alone. `networks` times our sizes, backends and precisions beside the networks of others,
which have random weights, as only their size matters. `batches` gives our rates by how many people a call
lifts. Rates are those of processor time, the median of several runs in turn, with one thread unless told
otherwise; shares are of what the machine does in products of large matrices.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from benchmarks.speed.networks import Network, features_of, of_others, ours
from benchmarks.speed.timing import matrix_rates, of_process, timed
from wholebody_lift import InputWarning, Keypoints2D, Lifter, formats, pretrained
from wholebody_lift.backends.onnx_runtime import OnnxRuntime, feed, single
from wholebody_lift.lifter import CHUNK
from wholebody_lift.seen import Seen
from wholebody_lift.train.markdown import table

SQUATS = Path(__file__).parents[2] / "examples" / "data" / "squats.json"

IMPORTS = ("import torch", "import wholebody_lift", "from wholebody_lift import Lifter")

FIRST_RESULT = """
import numpy
from wholebody_lift import Lifter
people = numpy.random.default_rng(0).normal((640, 360), (60, 150), (133, 2))
import warnings
warnings.simplefilter("ignore")
Lifter.from_pretrained({weights!r}, backend={backend!r}, device="cpu").lift(people, image_size=(1280, 720))
"""

MANY = 256


def people_of(n: int) -> Keypoints2D:
    """n people: the frames of the example sequence, over and over."""
    frames = formats.read(SQUATS)
    return frames[np.arange(n) % len(frames)]


def users(options: argparse.Namespace) -> list[dict[str, object]]:
    """Milliseconds of processor time and by the clock for what users wait for."""
    rows: list[dict[str, object]] = []
    for statement in IMPORTS:
        times = of_process(statement, options.repeats)
        rows.append(
            {"what": f"`{statement}`", "ms": 1e3 * times.processor, "ms by the clock": 1e3 * times.clock}
        )
    for weights in options.weights:
        for backend in ("onnx", "torch"):
            times = of_process(FIRST_RESULT.format(weights=weights, backend=backend), options.repeats)
            what = f"start of Python to the first result, {weights}, {backend}"
            rows.append({"what": what, "ms": 1e3 * times.processor, "ms by the clock": 1e3 * times.clock})
    for weights in options.weights:
        for backend, (lifter, bare) in _lifters(weights, options.threads).items():
            rows += [_lift_beside_bare(f"{weights}, {backend}", lifter, bare, n) for n in (1, MANY)]
    return rows


def _lifters(
    weights: str, threads: int
) -> dict[str, tuple[Lifter, Callable[[Keypoints2D], Callable[[], object]]]]:
    """By backend: what lifts, and what runs the network alone for as many people."""
    path, options = pretrained.locate_onnx(weights), onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3  # errors
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    by_torch = Lifter.from_pretrained(weights, backend="torch", device="cpu")

    def network(people: Keypoints2D) -> Callable[[], object]:
        features = [features_of(len(people[start : start + CHUNK])) for start in range(0, len(people), CHUNK)]

        def run() -> None:
            with torch.inference_mode():
                for some in features:
                    by_torch.model(some)

        return run

    def graph(people: Keypoints2D) -> Callable[[], object]:
        fed = [_fed(people[start : start + CHUNK], session) for start in range(0, len(people), CHUNK)]
        return lambda: [session.run(None, some) for some in fed]

    return {"onnx": (Lifter(OnnxRuntime(path, "cpu", threads=threads)), graph), "torch": (by_torch, network)}


def _fed(people: Keypoints2D, session: onnxruntime.InferenceSession) -> dict[str, np.ndarray]:
    """The input of a file for these people."""
    seen = Seen.of(people, array=single)
    inputs = {one.name: one.shape for one in (*session.get_inputs(), *session.get_overridable_initializers())}
    return feed(seen.plane, seen.observed, seen.scores, inputs, camera_given=False, size_given=True)


def _lift_beside_bare(
    name: str, lifter: Lifter, bare: Callable[[Keypoints2D], Callable[[], object]], n: int
) -> dict[str, object]:
    people = people_of(n)
    xy, size = people.keypoints, people.image_size[0]  # type: ignore[index]
    times = timed({"lift": lambda: lifter.lift(xy, image_size=size), "bare": bare(people)})
    lift, alone = times["lift"], times["bare"]
    what = f"`lift` of {n} {'person' if n == 1 else 'people'}, {name}"
    row = {"what": what, "ms": 1e3 * lift.processor, "ms by the clock": 1e3 * lift.clock}
    return {
        **row,
        "people/s by the clock": n / lift.clock,
        "network alone, ms": 1e3 * alone.processor,
        "lift / network": lift.processor / alone.processor,
    }


def networks(options: argparse.Namespace) -> list[dict[str, object]]:
    """One person, many, and the share of the machine's matrix rate, of every network."""
    rates = matrix_rates()
    print(
        ", ".join(f"{name} {rate / 1e9:.0f} GFLOP/s" for name, rate in rates.items()), "in matrix products\n"
    )
    return [_row(network, rates, options.seconds) for network in (*_all_of_ours(options), *of_others())]


def batches(options: argparse.Namespace) -> list[dict[str, object]]:
    """People per second of each of our networks by how many are lifted in a call."""
    return [
        {
            "weights": network.name,
            "computed by": network.computed_by,
            **{
                f"{n:,}": n / timed({"": network.lift(n)}, options.seconds)[""].processor
                for n in options.sizes
            },
        }
        for network in _all_of_ours(options)
    ]


def _all_of_ours(options: argparse.Namespace) -> list[Network]:
    people = people_of(MANY)
    if options.folder is not None:
        return [
            one for name in options.weights for one in ours(name, people, options.folder, options.threads)
        ]
    with tempfile.TemporaryDirectory() as folder:
        return [one for name in options.weights for one in ours(name, people, Path(folder), options.threads)]


def _row(network: Network, rates: dict[str, float], seconds: float) -> dict[str, object]:
    least, together = network.people_at_least, network.together
    times = {n: timed({"": network.lift(n)}, seconds)[""] for n in {least, together}}
    per_second = together / times[together].processor
    best = (
        rates["torch bf16"]
        if "bf16" in network.computed_by
        else max(rates["numpy fp32"], rates["torch fp32"])
    )
    return {
        "network": network.name,
        "computed by": network.computed_by,
        "parameters, M": network.parameters / 1e6,
        "MFLOP a person": network.flops / 1e6,
        "ms, one person": 1e3 * times[least].processor / least,
        "people/s": per_second,
        "share of the matrix rate": per_second * network.flops / best,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)
    for name, run in (("users", users), ("networks", networks), ("batches", batches)):
        command = commands.add_parser(name, help=(run.__doc__ or "").rstrip("."))
        command.add_argument("--weights", nargs="+", default=["tiny", "base"], help="(default: tiny base)")
        command.add_argument("--threads", type=int, default=1, help="CPU threads (default: %(default)s)")
        command.add_argument("--out", type=Path, help="write everything as JSON as well")
        command.set_defaults(run=run)
    commands.choices["users"].add_argument(
        "--repeats", type=int, default=5, help="fresh processes of each kind"
    )
    for name in ("networks", "batches"):
        command = commands.choices[name]
        command.add_argument("--seconds", type=float, default=2.0, help="processor time for each figure")
        command.add_argument(
            "--folder", type=Path, help="keep the exported files here, or use those that are here"
        )
    commands.choices["batches"].add_argument("--sizes", type=int, nargs="+", default=[1, 16, 128, 1024, 4096])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.simplefilter("ignore", InputWarning)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {options.threads} threads, "
        f"Python {platform.python_version()},"
    )
    print(f"torch {version('torch')}, onnxruntime {version('onnxruntime')}\n")
    rows = options.run(options)
    head = list(dict.fromkeys(name for row in rows for name in row))
    print(table(head, [[_cell(name, row.get(name, "")) for name in head] for row in rows]))
    if options.out is not None:
        options.out.write_text(json.dumps(rows, indent=1) + "\n")


def _cell(name: str, value: object) -> str:
    if not isinstance(value, int | float):
        return str(value)
    if "share" in name:
        return f"{value:.0%}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


if __name__ == "__main__":
    main()
