"""Clips with sound, made with PyAV."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av", reason="the extra mp4")

RATE = 48_000
FPS = 25
BEEP = 1.0
"""When the silence of a clip ends, in seconds."""


def recording(path: Path, codec: str = "aac", seconds: float = 2.0) -> Path:
    """A grey clip with a tone from `BEEP` on."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=FPS)
        video.width, video.height = 64, 48
        audio = container.add_stream(codec, rate=RATE, layout="mono")
        for _ in range(round(seconds * FPS)):
            grey = np.full((48, 64, 3), 128, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(video.encode())
        at = np.arange(round(seconds * RATE)) / RATE
        tone = (0.5 * np.sin(2 * np.pi * 440 * at) * (at >= BEEP)).astype(np.float32)
        resampler = av.AudioResampler(format=audio.format.name, layout="mono", rate=RATE)
        frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        for some in resampler.resample(frame):
            container.mux(audio.encode(some))
        container.mux(audio.encode())
    return path


def has_sound(path: Path) -> bool:
    with av.open(str(path)) as container:
        return bool(container.streams.audio)
