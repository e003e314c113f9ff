"""Distance between keypoints and the bones that BVH and glTF contain, after forward kinematics.

Measured over the 65 keypoints of body, feet and hands: the distance to where bones begin or fingers end, and,
for keypoints that are attached to a bone (on the head, the palms and the feet), how far they move relative to
it. The clips are the example of the documentation and the synthetic videos of `sequences`: lifted by
`lift_sequence`, lifted frame by frame, and the ground truth.
"""

import dataclasses
import warnings
from pathlib import Path

import numpy as np

from benchmarks.sequences import film_all, lifter_of, parser_of_videos
from wholebody_lift import InputWarning, formats
from wholebody_lift._types import Floats
from wholebody_lift.body.inverse_kinematics import BONE_INDEX, BONES, solve
from wholebody_lift.formats.results.motion import motion
from wholebody_lift.pose import FRAMES, Pose3D
from wholebody_lift.skeleton import INDEX, KEYPOINT_NAMES
from wholebody_lift.train.markdown import table

SQUATS = Path(__file__).parents[1] / "examples" / "data" / "squats.json"
FPS = 30.0
SIDES = ("left", "right")

BEGINS = {bone.keypoint: i for i, bone in enumerate(BONES) if bone.keypoint}
"""The bone that begins at a keypoint."""
ENDS = {
    f"{side}_{finger}4": BONE_INDEX[f"{side}{bone}Distal"]
    for side in SIDES
    for finger, bone in (
        ("thumb", "Thumb"),
        ("forefinger", "Index"),
        ("middle_finger", "Middle"),
        ("ring_finger", "Ring"),
        ("pinky_finger", "Little"),
    )
}
"""The bone that ends at a keypoint."""
RIDES = dict.fromkeys(("nose", "left_eye", "right_eye", "left_ear", "right_ear"), BONE_INDEX["head"]) | {
    f"{side}_{keypoint}": BONE_INDEX[f"{side}{bone}"]
    for side in SIDES
    for keypoint, bone in (
        ("hand_root", "Hand"),
        ("heel", "Foot"),
        ("big_toe", "Toes"),
        ("small_toe", "Toes"),
    )
}
"""The bone on which a keypoint rides that begins or ends none."""
KEYPOINTS = sorted((*BEGINS, *ENDS, *RIDES), key=INDEX.__getitem__)


def distances(xyz: Floats) -> Floats:
    """(T, 65) mm, in the order of `KEYPOINTS`, for one person (T, 133, 3), y up."""
    skeleton = solve(xyz)
    heads, tips, turns = skeleton.heads(), skeleton.tips(), skeleton.turns()
    off = {}
    for keypoint in KEYPOINTS:
        place = xyz[:, INDEX[keypoint]]
        if keypoint in BEGINS:
            off[keypoint] = place - heads[:, BEGINS[keypoint]]
        elif keypoint in ENDS:
            off[keypoint] = place - tips[:, ENDS[keypoint]]
        else:
            bone = RIDES[keypoint]
            on_bone = ((place - heads[:, bone])[:, None] @ turns[:, bone])[:, 0]
            off[keypoint] = on_bone - np.median(on_bone, axis=0)
    return np.stack([np.linalg.norm(off[keypoint], axis=-1) for keypoint in KEYPOINTS], axis=1)


def of_result(pose: Pose3D) -> Floats:
    """The distances (T, 65) of one person over time."""
    return distances(motion(pose, "opengl").tracks[0].without_gaps())


def row(name: str, clips: list[Floats]) -> tuple[str, ...]:
    """A row of the table for distances (T, 65) of clips."""
    every = np.concatenate(clips)
    worst = KEYPOINT_NAMES[INDEX[KEYPOINTS[int(every.max(axis=0).argmax())]]]
    mean, most, largest = every.mean(), np.percentile(every, 95), every.max()
    return name, f"{mean:.2f} mm", f"{most:.2f} mm", f"{largest:.2f} mm ({worst})"


def main() -> None:
    options = parser_of_videos(__doc__).parse_args()
    warnings.simplefilter("ignore", InputWarning)  # detectors do confuse left and right

    lifter = lifter_of(options)
    squats = formats.read(SQUATS, fps=FPS)
    frames = dataclasses.replace(lifter.lift(squats), image_ids=np.arange(len(squats)))
    videos = film_all(options)
    y_up = FRAMES["opengl"].matrix.T
    people = [video.people for video in videos]
    clips = {
        "the example, `lift_sequence`": [of_result(lifter.lift_sequence(squats))],
        "the example, frame by frame": [of_result(frames)],
        f"{len(videos)} synthetic videos, `lift_sequence`": [
            of_result(lifter.lift_sequence(one)) for one in people
        ],
        "the same, frame by frame": [of_result(lifter.lift(one)) for one in people],
        "the same, in truth": [distances(video.xyz.double().numpy() @ y_up) for video in videos],
    }
    rows = (row(name, found) for name, found in clips.items())
    print(table(("Clip", "Mean", "95 of 100 under", "Largest"), rows))


if __name__ == "__main__":
    main()
