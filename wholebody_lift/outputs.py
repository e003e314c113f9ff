"""The files that a result can be written as: data files, viewer pages and figures, by suffix.

The command line and the app share it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wholebody_lift import tracks
from wholebody_lift.errors import InputError
from wholebody_lift.formats import results
from wholebody_lift.kinds import Kind, Obstacle
from wholebody_lift.pose import WORLD, Pose3D
from wholebody_lift.viewers import clip, figure, html

KINDS: dict[str, Kind] = results.KINDS | {kind.suffix: kind for kind in (html.KIND, clip.KIND, *figure.KINDS)}
"""By suffix, in the order in which they are offered."""


def kind_of(path: str | Path) -> Kind:
    """The kind of file that a suffix says. Raises InputError for any other suffix."""
    suffix = Path(path).suffix.lower()
    if suffix not in KINDS:
        raise InputError(f"{path}: expected one of the suffixes {', '.join(KINDS)}, got {suffix!r}")
    return KINDS[suffix]


def write(pose: Pose3D, path: Path, **options: Any) -> list[Path]:
    """Write a result as the kind of file that the suffix says, and return the files.

    Args:
        pose: the result.
        path: a suffix of `KINDS`; folders on the way are made.
        options: those of the kind's `options`.

    Raises what the kind's `write` raises, and InputError for another suffix.
    """
    kind = kind_of(path)
    unknown = [name for name in options if name not in kind.options and not kind.takes(name, options[name])]
    if unknown:
        raise InputError(
            f"expected options that {kind.suffix} takes ({', '.join(kind.options) or 'none'}), got "
            f"{unknown[0]}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    if options.get("frame") == WORLD or ("frame" in options and kind.options["frame"] is None):
        pose = pose.to(options.pop("frame"))
    return kind.write(pose, path, **options) or [path]


def obstacle(pose: Pose3D, kind: Kind, *, one_file: bool = False) -> Obstacle | None:
    """What keeps a result from becoming files of this kind, or one file."""
    who = tracks.numbers(pose)
    several_frames = len(tracks.images(pose)) > 1
    met: dict[Obstacle, bool] = {
        "who": who is None,
        "several": who is not None and len(set(who.tolist())) > 1,
        "when": several_frames and pose.fps is None,
    }
    known = kind.obstacles | ({"several"} if one_file and kind.one_person else set())
    return next((name for name, is_met in met.items() if is_met and name in known), None)
