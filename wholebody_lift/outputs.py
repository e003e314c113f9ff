"""What a result can become: files for this library and for others, pages and figures, by suffix.

The command line and the app share it. It knows what each kind of file is for, which extra brings it, and why
a result cannot become one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from wholebody_lift.extras import C3D, PLOT, RERUN, Extra

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from wholebody_lift.keypoints import Keypoints2D
    from wholebody_lift.pose import Pose3D

ORIGINS = ("ground", "camera", "hips")
LAYOUTS = ("long", "wide")
NAMES = ("keypoints", "pose2sim")
"""Choices of the options `origin`, `layout` and `names`; docs/exports.md says what they mean."""

Obstacle = Literal["who", "when", "several"]
"""Why people over time cannot be written: nobody knows who is who; nor how fast frames follow; or the file
holds one person and there are several."""


class Kind(NamedTuple):
    """A kind of file."""

    suffix: str
    name: str
    purpose: str
    options: frozenset[str] = frozenset({"frame"})
    """What `write` can be told: frame, origin, layout, names, inferred."""
    extra: Extra | None = None
    obstacles: frozenset[Obstacle] = frozenset()
    """What can keep a result from becoming such a file."""
    complete: bool = False
    """It can be read again."""

    @property
    def missing(self) -> Extra | None:
        """The extra that it needs, if that is not installed."""
        return None if self.extra is None or self.extra.installed else self.extra


KINDS: dict[str, Kind] = {
    kind.suffix: kind
    for kind in (
        Kind(".json", "JSON", "everything, text", complete=True),
        Kind(".npz", "NumPy", "everything, small", complete=True),
        Kind(".csv", "CSV", "spreadsheets", frozenset({"frame", "layout"})),
        Kind(".html", "Page", "to view, to send"),
        Kind(".png", "PNG", "a figure", extra=PLOT),
        Kind(".pdf", "PDF", "figure for print", extra=PLOT),
        Kind(".svg", "SVG", "figure to edit", extra=PLOT),
        Kind(
            ".trc",
            "TRC",
            "OpenSim",
            frozenset({"frame", "origin", "names", "inferred"}),
            obstacles=frozenset({"who", "when", "several"}),
        ),
        Kind(
            ".c3d",
            "C3D",
            "biomechanics",
            frozenset({"frame", "origin", "inferred"}),
            extra=C3D,
            obstacles=frozenset({"who", "when"}),
        ),
        Kind(
            ".bvh",
            "BVH",
            "animation",
            frozenset({"origin"}),
            obstacles=frozenset({"who", "when", "several"}),
        ),
        Kind(
            ".glb",
            "glTF",
            "Blender, Unity",
            frozenset({"origin"}),
            obstacles=frozenset({"who", "when"}),
        ),
        Kind(
            ".rrd",
            "Rerun",
            "the Rerun viewer",
            frozenset(),
            extra=RERUN,
            obstacles=frozenset({"who"}),
        ),
    )
}
"""By suffix, in the order in which they are offered."""

_OWN_FRAME = (".trc", ".c3d")
"""They have axes of their own unless told otherwise, whatever those of the result are."""


def write(pose: Pose3D, path: Path, *, title: str = "wholebody-lift", **options: Any) -> None:
    """Write a result as the kind of file that the suffix says.

    Args:
        pose: the result.
        path: a suffix of `KINDS`; folders on the way are made.
        title: of a page.
        options: those of the kind's `options`.

    Raises what `formats.write` and the viewers raise; KeyError for another suffix.
    """
    kind = KINDS[path.suffix.lower()]
    path.parent.mkdir(parents=True, exist_ok=True)
    if "frame" in options and kind.suffix not in _OWN_FRAME:
        pose = pose.to(options.pop("frame"))
    if kind.suffix == ".html":
        from wholebody_lift.viewers import html

        html.write(pose, path, title=title)
    elif kind.extra is PLOT:
        from wholebody_lift.viewers import figure

        figure.write(pose, path)
    else:
        from wholebody_lift import formats

        formats.write(pose, path, **options)


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
    import numpy as np

    if people.track_ids is not None:
        return people.track_ids
    images = 1 if people.image_ids is None else len(np.unique(people.image_ids))
    if images == 1:
        return np.arange(len(people))
    return np.zeros(len(people), dtype=np.int64) if images == len(people) else None
