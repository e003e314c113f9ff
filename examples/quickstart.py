"""Lift detected people and print some of the numbers."""

from pathlib import Path

from wholebody_lift import Lifter, formats

people = formats.read(Path(__file__).parent / "data" / "photos.json")
lifter = Lifter.from_pretrained()  # the weights are in the package: no network
pose = lifter.lift(people)

print(pose.summary())
left_wrist = pose.names.index("left_wrist")
for person in pose:
    x, y, z = person.xyz[0, left_wrist]
    error = person.error_mm[0, left_wrist]
    print(f"left wrist: {x:.0f} mm right of the hips, {y:.0f} down, {z:.0f} away; expected error {error:.0f}")
