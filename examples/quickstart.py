"""Lift the detections of a video and print some of the numbers."""

from pathlib import Path

from wholebody_lift import Lifter, formats

people = formats.read(Path(__file__).parent / "data" / "squats.json")  # 2D keypoints, frame by frame
lifter = Lifter.from_pretrained()  # the weights are in the package: no network
pose = lifter.lift_sequence(people)  # one smooth motion; lifter.lift(people) lifts each image by itself

print(pose.summary())
left_wrist = pose.names.index("left_wrist")
for frame in pose[::13]:
    x, y, z = frame.xyz[0, left_wrist]
    error = frame.error_mm[0, left_wrist]
    print(f"left wrist: {x:.0f} mm right of the hips, {y:.0f} down, {z:.0f} away; expected error {error:.0f}")
