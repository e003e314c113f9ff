"""A result as a pandas DataFrame, with the columns of the CSV. Needs pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from wholebody_lift.extras import PANDAS
from wholebody_lift.formats.results.pose_csv import TableLayout, columns
from wholebody_lift.pose import Pose3D

if TYPE_CHECKING:
    import pandas


def to_dataframe(pose: Pose3D, layout: TableLayout = "long") -> pandas.DataFrame:
    """One row per keypoint ("long"), or per person and image ("wide", or "angles" for joint angles).

    `track_id` is pandas' Int64 and `fps` float64; both are missing where they are not known.

    Raises ImportError without pandas, ValueError for a layout that is not known.
    """
    table = PANDAS.needed_for("a DataFrame").DataFrame(columns(pose, layout))
    return cast("pandas.DataFrame", table.astype({"track_id": "Int64", "fps": "float64"}))
