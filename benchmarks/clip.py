"""How long it takes to make a video of a result: processor time per frame, for painting and for x264.

    python benchmarks/clip.py

It needs the extra mp4. A clip of the examples, repeated to several hundred frames, becomes an .mp4 with noise
for a picture. Processor time, of all threads, does not suffer from whatever else the machine does.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from wholebody_lift import Lifter, Pose3D, formats
from wholebody_lift.viewers import clip

ROOT = Path(__file__).resolve().parents[1]
REPEATS = 3
FPS = 30.0


def people() -> Pose3D:
    frames = formats.read(ROOT / "examples" / "data" / "squats.json", fps=FPS)
    pose = Lifter.from_pretrained("tiny").lift_sequence(frames)
    pieces = [replace(pose, image_ids=pose.image_ids + len(pose) * i) for i in range(REPEATS)]
    return Pose3D.concatenate(pieces)


def main() -> None:
    pose = people()
    assert pose.image_size is not None
    width, height = pose.image_size[0].astype(int)
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pictures = [(int(id), noise) for id in pose.image_ids]
    with tempfile.TemporaryDirectory() as folder:
        clip.write(pose[:5], Path(folder) / "warm.mp4", pictures=pictures)
        start, clock = time.process_time(), time.perf_counter()
        clip.write(pose, Path(folder) / "a.mp4", pictures=pictures)
        whole, wall = time.process_time() - start, time.perf_counter() - clock
    start = time.process_time()
    for shape in (frame.shape for frame in clip.frames(pose, pictures)):
        rows, columns, _ = shape
    painting = time.process_time() - start
    per_frame = 1000 / len(pose)
    print(
        f"{len(pose)} frames of {columns} x {rows} pixels: painting {painting * per_frame:.0f} ms per frame, "
        f"x264 {(whole - painting) * per_frame:.0f} ms; {len(pose) / wall:.0f} frames per second here and now"
    )


if __name__ == "__main__":
    main()
