"""The anatomical angles of a pose, their limits, and their values in relaxed standing."""

from typing import NamedTuple


class Range(NamedTuple):
    """Minimum and maximum of an angle, and its mean and standard deviation in relaxed standing; degrees."""

    low: float
    high: float
    mean: float
    spread: float


CENTRAL: dict[str, Range] = {
    "root_pitch": Range(-180, 180, 0, 3),
    "root_lean": Range(-180, 180, 0, 2),
    "root_spin": Range(-180, 180, 0, 10),
    "spine_flexion": Range(-25, 80, 3, 5),
    "spine_lateral": Range(-35, 35, 0, 3),
    "spine_twist": Range(-45, 45, 0, 5),
    "neck_flexion": Range(-45, 45, 5, 10),
    "neck_lateral": Range(-45, 45, 0, 5),
    "neck_twist": Range(-60, 60, 0, 14),
}
SIDED: dict[str, Range] = {
    "clavicle_elevation": Range(-10, 35, 0, 4),
    "clavicle_protraction": Range(-20, 25, 0, 4),
    "arm_raise": Range(0, 180, 12, 6),
    "arm_plane": Range(-90, 130, 25, 25),
    "arm_rotation": Range(-70, 90, -5, 12),
    "elbow_flexion": Range(0, 150, 18, 10),
    "pronation": Range(-80, 80, 15, 18),
    "wrist_flexion": Range(-70, 80, 3, 10),
    "wrist_deviation": Range(-30, 20, -4, 6),
    "hip_flexion": Range(-30, 125, 1, 5),
    "hip_abduction": Range(-30, 50, 1, 3),
    "hip_rotation": Range(-45, 60, 6, 6),
    "knee_flexion": Range(0, 155, 5, 5),
    "ankle_dorsiflexion": Range(-50, 35, 2, 4),
    "ankle_inversion": Range(-15, 35, 0, 3),
    "toe_extension": Range(-40, 70, 0, 3),
}
SIDES = ("left", "right")

ANGLES: tuple[str, ...] = tuple(CENTRAL) + tuple(f"{side}_{name}" for side in SIDES for name in SIDED)
"""Names of the anatomical angles, in the order of the angle axis A."""

LIMITS: dict[str, Range] = {
    name: (CENTRAL | SIDED)[name.removeprefix("left_").removeprefix("right_")] for name in ANGLES
}
"""The range of each angle. The limits are the normal ranges of the American Academy of Orthopaedic Surgeons
(1965) as tabulated by Norkin and White, "Measurement of Joint Motion"; knee, ankle and hip rotation are
widened to what weight-bearing squats and cross-legged sitting use (Hemmerich et al. 2006). The root is free.

Zero is upright standing, arms hanging, palms to the thighs. Positive is: root_pitch forward, root_lean to the
left, root_spin about the body's long axis to the left; flexion forward, lateral and twist to the left;
arm_raise away from hanging, in the plane arm_plane (0 sideways, 90 forward, -90 backward); arm_rotation and
hip_rotation outward; pronation palm down; wrist_deviation to the thumb; the knee bends backward."""
