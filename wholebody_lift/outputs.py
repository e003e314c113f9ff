"""What a result can become: files for this library and for others, pages and figures, by suffix.

The command line and the app share it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wholebody_lift.formats import results
from wholebody_lift.kinds import Kind, Obstacle
from wholebody_lift.pose import Pose3D
from wholebody_lift.viewers import figure, html

if TYPE_CHECKING:
    from wholebody_lift.keypoints import Keypoints2D

KINDS: dict[str, Kind] = results.KINDS | {kind.suffix: kind for kind in (html.KIND, *figure.KINDS)}
"""By suffix, in the order in which they are offered."""


def write(pose: Pose3D, path: Path, **options: Any) -> None:
    """Write a result as the kind of file that the suffix says.

    Args:
        pose: the result.
        path: a suffix of `KINDS`; folders on the way are made.
        options: those of the kind's `options`.

    Raises what the kind's `write` raises; KeyError for another suffix.
    """
    kind = KINDS[path.suffix.lower()]
    path.parent.mkdir(parents=True, exist_ok=True)
    if "frame" in options and kind.options["frame"] is None:
        pose = pose.to(options.pop("frame"))
    kind.write(pose, path, **options)


def obstacle(pose: Pose3D, kind: Kind) -> Obstacle | None:
    """What keeps a result from becoming a file of this kind."""
    who = numbers(pose)
    several_frames = len(set(pose.image_ids.tolist())) > 1
    met: dict[Obstacle, bool] = {
        "who": who is None,
        "several": who is not None and len(set(who.tolist())) > 1,
        "when": several_frames and pose.fps is None,
    }
    return next((name for name, is_met in met.items() if is_met and name in kind.obstacles), None)


def numbers(people: Pose3D | Keypoints2D) -> npt.NDArray[np.int64] | None:
    """(N,) who each row is: the track id; without those 0, 1, ... in a single image, and 0 for one person per
    image. None where it is not known who is who. Formats of motion see it the same way.
    """
    if people.track_ids is not None:
        return people.track_ids
    images = 1 if people.image_ids is None else len(np.unique(people.image_ids))
    if images == 1:
        return np.arange(len(people))
    return np.zeros(len(people), dtype=np.int64) if images == len(people) else None
