"""A Pose3D as a cell of a notebook shows it: the page in a frame or, if that is too large, a figure."""

from __future__ import annotations

import base64
from html import escape
from io import BytesIO

from wholebody_lift.extras import PLOT
from wholebody_lift.pose import Pose3D
from wholebody_lift.viewers import figure, html

MAX_BYTES = 4_000_000
"""The largest page that becomes part of a notebook's file: one person for about a minute and a half."""

_HEIGHT = 560  # pixels
_DPI = 100


def cell(pose: Pose3D) -> str:
    """The HTML for a result: the page of `html.render` in a frame, isolated from the notebook.

    A page of more than `MAX_BYTES` is replaced by a figure of the first image, if matplotlib is installed,
    and the call that writes the page. Without people there is only the summary.
    """
    if len(pose) == 0:
        return f"<pre>{escape(repr(pose))}</pre>"
    page = escape(html.render(pose))
    size = len(page.encode())
    if size <= MAX_BYTES:
        return (
            f'<iframe srcdoc="{page}" title="wholebody-lift" sandbox="allow-scripts allow-forms" '
            f'style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
        )
    advice = (
        f"The page of this result takes {size / 1e6:.1f} MB, more than the {MAX_BYTES / 1e6:.0f} MB that are "
        "shown in a notebook. Write it to a file: pose.save('result.html')"
    )
    return f"{_picture(pose)}<pre>{escape(pose.summary())}</pre><p>{escape(advice)}</p>"


def _picture(pose: Pose3D) -> str:
    """The figure of the first image, as an element; nothing without matplotlib."""
    if not PLOT.installed:
        return ""
    content = BytesIO()
    figure.plot(pose).savefig(content, format="png", dpi=_DPI)
    text = base64.b64encode(content.getvalue()).decode()
    return f'<img alt="The first image in 2D and 3D" src="data:image/png;base64,{text}">'
