"""The sound of a recording, copied into a video of it without encoding it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wholebody_lift.errors import DroppedWarning, warn
from wholebody_lift.extras import MP4

_SAME_RATE = 0.02
"""Up to this relative difference, a recording and a video of it have the same rate."""


@contextmanager
def copied(path: str | Path | None, to: Any, start: float, fps: float) -> Iterator[Callable[[float], None]]:
    """Copy the sound of a recording into a container that is being written; None copies nothing.

    Yields a function that copies what is heard until a moment, in seconds of the video that is written.

    Args:
        path: a video or an audio file.
        to: PyAV's container for output, with all its other streams, before anything is written to it.
        start: when the video that is written begins, in seconds of the recording.
        fps: the rate of the recording's frames, as the video that is written has it.

    Warns with `DroppedWarning` if there is sound that cannot be copied.
    """
    if path is None:
        yield lambda until: None
        return
    av = MP4.needed_for("an .mp4")
    with av.open(str(path)) as recording:
        obstacle = _obstacle(recording, to, fps)
        if obstacle:
            warn(f"{path}: its sound is left out: {obstacle}", DroppedWarning)
        if obstacle or not recording.streams.audio:
            yield lambda until: None
            return
        sound = recording.streams.audio[0]
        copy = to.add_stream_from_template(sound)
        packets = (packet for packet in recording.demux(sound) if packet.pts is not None)
        coming = next(packets, None)

        def hear(until: float) -> None:
            nonlocal coming
            while coming is not None and coming.pts * coming.time_base - start < until:
                late = round(start / coming.time_base)
                if coming.pts >= late:
                    coming.pts, coming.dts = coming.pts - late, coming.dts - late
                    coming.stream = copy
                    to.mux(coming)
                coming = next(packets, None)

        yield hear


def _obstacle(recording: Any, to: Any, fps: float) -> str | None:
    """What keeps the sound of a recording from a container; None if nothing does, or there is no sound."""
    if not recording.streams.audio:
        return None
    codec = recording.streams.audio[0].codec_context.name
    if codec not in to.supported_codecs:
        return f"expected sound that an .mp4 can contain, such as AAC or MP3, got {codec}; convert it first"
    rates = [float(stream.average_rate) for stream in recording.streams.video if stream.average_rate]
    if rates and abs(rates[0] / fps - 1) > _SAME_RATE:
        return f"expected the rate at which it was recorded, {rates[0]:g} frames per second, got {fps:g}"
    return None
