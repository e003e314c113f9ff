"""Draw the moving picture of the home page, the example sequence in 2D and 3D: docs/assets/demo.webp.

Run from anywhere: `python docs/figures/demo.py [FILE]`; it takes two minutes. The example has 5 frames per
second; its keypoints are interpolated to 15, so that the picture moves smoothly. The view swings once, and
begins and ends with a similar pose, so that it repeats without a jump.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from wholebody_lift import Keypoints2D, Lifter, formats
from wholebody_lift.viewers import clip

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "assets" / "demo.webp"
FPS = 15
SECONDS = 9.0  # of a swing of the view
HEIGHT = 400  # pixels


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    people = between(formats.read(ROOT / "examples" / "data" / "squats.json"), FPS)
    pose = Lifter.from_pretrained(device="cpu").lift_sequence(people, lock_feet=True)
    frames = round(SECONDS * FPS)
    start = best_start(pose.xyz, frames)
    pictures = [shrink(picture) for picture in clip.frames(pose[start : start + frames])]
    pictures[0].save(
        out,
        save_all=True,
        append_images=pictures[1:],
        duration=[round(1000 * (i + 1) / FPS) - round(1000 * i / FPS) for i in range(frames)],
        loop=0,
        quality=60,
        method=6,
    )
    print(f"wrote {out}: {len(pictures)} frames, {out.stat().st_size / 1e3:.0f} kB")


def between(people: Keypoints2D, fps: int) -> Keypoints2D:
    """One person at a higher frame rate; a keypoint is missing where a neighbour in time is."""
    assert people.fps is not None
    times = np.arange(len(people)) / people.fps
    finer = np.arange(int(times[-1] * fps) + 1) / fps

    def interpolate(values: np.ndarray) -> np.ndarray:
        """(T, ...) at the finer times."""
        flat = values.reshape(len(values), -1)
        columns = [np.interp(finer, times, column) for column in flat.T]
        return np.stack(columns, axis=1).reshape(-1, *values.shape[1:])

    seen = interpolate(people.observed.astype(float)) == 1
    xy = interpolate(np.nan_to_num(people.keypoints))
    return Keypoints2D(
        np.where(seen[..., None], xy, np.nan),
        interpolate(people.scores),
        image_size=people.image_size[0],
        image_ids=np.arange(len(finer)),
        fps=fps,
    )


def best_start(xyz: np.ndarray, frames: int) -> int:
    """The first frame of the stretch whose last frame leads back to its first."""
    starts = np.arange(len(xyz) - frames)
    return int(np.argmin(np.linalg.norm(xyz[starts + frames] - xyz[starts], axis=-1).mean(axis=1)))


def shrink(picture: np.ndarray) -> Image.Image:
    """(H, W, 3) at the height of the page's picture."""
    image = Image.fromarray(picture)
    return image.resize((round(image.width * HEIGHT / image.height), HEIGHT), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
