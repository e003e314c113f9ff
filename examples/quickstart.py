"""Lift one detected person and look at the numbers."""

from pathlib import Path

from wholebody_lift import Lifter, formats

people = formats.read(Path(__file__).parent / "data" / "photos.json")
lifter = Lifter.from_pretrained()  # weights come with the package: no network
pose = lifter.lift(people)

print(pose.summary())
left_wrist = pose.names.index("left_wrist")
for person in pose:
    x, y, z = person.xyz[0, left_wrist]
    error = person.error_mm[0, left_wrist]
    print(
        f"left wrist: {x:.0f} mm right of, {y:.0f} mm below, {z:.0f} mm behind the hips (+- {error:.0f} mm)"
    )
