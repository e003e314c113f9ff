"""3D results as files, for this library and for other programs; one module a kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from wholebody_lift.errors import InputError
from wholebody_lift.formats.results import bvh, c3d, gltf, mot, pose_csv, pose_json, pose_npz, rerun_log, trc
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import Pose3D

KINDS: dict[str, Kind] = {
    module.KIND.suffix: module.KIND
    for module in (pose_json, pose_npz, pose_csv, trc, mot, c3d, bvh, gltf, rerun_log)
}
"""By suffix, in the order in which they are offered."""


def write(pose: Pose3D, path: str | Path, **options: Any) -> None:
    """Write a result; the suffix decides the format.

    .npz and .json hold everything, for `read_pose`; .csv is a table (`layout`: "long", "wide" or "angles").
    .trc and .mot (OpenSim), .c3d, .bvh, .glb and .rrd (Rerun) are for other programs and hold people over
    time. Options, units and axes of each are in docs/exports.md. The file is replaced when the new one is
    complete.

    Raises:
        InputError: the suffix is none of these.
        ValueError: the format cannot hold the result (it is not known who is who, or the frame rate), or an
            option's value is not known.
        TypeError: the format has no such option.
        ImportError: the format needs a package that is not installed; the text names the extra.
        OSError: the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in KINDS:
        raise InputError(f"{path}: expected one of the suffixes {', '.join(KINDS)}, got {suffix!r}")
    KINDS[suffix].write(pose, Path(path), **options)


def read_pose(path: str | Path | bytes | BinaryIO, *, name: str | None = None) -> Pose3D:
    """Read what `write` wrote as .npz or .json; every array comes back bit by bit.

    Args:
        path: the file, or its content as bytes or a binary file object.
        name: what errors call it; the path by default.

    Raises:
        InputError: this is no such result, or it is damaged.
        OSError: the file cannot be opened.
    """
    from wholebody_lift.formats.loading import ZIP, Content  # imported late: writing does not need it

    content = Content.of(path, name)
    try:
        if content.starts_with(ZIP):
            return pose_npz.read(content)
        kind = KINDS.get(content.suffix)
        if kind is not None and not kind.complete:
            readable = " or ".join(suffix for suffix, kind in KINDS.items() if kind.complete)
            raise InputError(
                f"expected a file that holds everything ({readable}), got {kind.suffix}, which is for other "
                "programs; save the result as one of these to load it again"
            )
        return pose_json.parse(content.json())
    except InputError as error:
        raise InputError(f"{content.name}: {error}") from None
