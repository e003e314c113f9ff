import numpy as np
import pytest
from moving import clip, without_tracks

from wholebody_lift import formats

rerun = pytest.importorskip("rerun", reason="the extra rerun")


def test_a_recording_is_written(tmp_path):
    pose = clip(5, tracks=(3, 8))
    formats.write(pose[np.arange(9)], tmp_path / "walk.rrd")
    content = (tmp_path / "walk.rrd").read_bytes()
    assert content.startswith(b"RRF")
    for entity in (b"/people/person3", b"/people/person8", b"/image/person3", b"/description"):
        assert entity in content


def test_who_is_who_must_be_known(tmp_path):
    with pytest.raises(ValueError, match="expected to know who is who"):
        formats.write(without_tracks(clip(5, tracks=(3, 8))), tmp_path / "walk.rrd")
    assert not list(tmp_path.iterdir())
