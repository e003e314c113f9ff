"""`Kind`: what the module that writes a kind of file declares about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Literal, NamedTuple

from wholebody_lift.extras import Extra

Obstacle = Literal["who", "when", "several"]
"""What keeps people over time from a file: it is not known who is who, or what the frame rate is; or the file
holds one person and there are several."""


class Kind(NamedTuple):
    """A kind of file that a result can become.

    Attributes:
        suffix: what its name ends in, in lower case.
        name: what people call it.
        purpose: what it is for, in two or three words.
        write: takes a Pose3D, a path and options by keyword; returns what it wrote, unless that is the path.
        programs: examples of what reads it.
        unit: of lengths in the file.
        frame: the axes that every such file has; None where they can be chosen.
        extra: what must be installed to write it.
        obstacles: what can keep a result from becoming such a file.
        one_person: whether a file holds one person; of several, `write` makes a file each, if it can.
        complete: whether `formats.read_pose` reads it again.
        names: what its option `names` can be, if it has one.
        right_handed: whether its axes must be right-handed, where they can be chosen.
    """

    suffix: str
    name: str
    purpose: str
    write: Callable[..., list[Path] | None]
    programs: str = ""
    unit: str = "mm"
    frame: str | None = None
    extra: Extra | None = None
    obstacles: frozenset[Obstacle] = frozenset()
    one_person: bool = False
    complete: bool = False
    names: tuple[str, ...] = ()
    right_handed: bool = False

    def takes(self, option: str, value: Any) -> bool:
        """Whether `write` takes an option with this value; names of bones are not those of markers.

        Frame "world" makes the result level, whatever axes the file has.
        """
        if option == "frame" and value == "world":
            return True
        return option in self.options and (option != "names" or value in self.names)

    @property
    def options(self) -> Mapping[str, Any]:
        """A description of such a file, with the defaults: what `write` takes, and the axes, where they
        can be chosen; None stands for those of the result.
        """
        own = {
            name: parameter.default
            for name, parameter in signature(self.write).parameters.items()
            if parameter.kind is Parameter.KEYWORD_ONLY
        }
        return own if self.frame else {"frame": None, **own}

    @property
    def missing(self) -> Extra | None:
        """The extra that it needs, if that is not installed."""
        return None if self.extra is None or self.extra.installed else self.extra
