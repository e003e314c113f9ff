"""What hands touch and hold: where a hand goes, which way it points, and what shape it takes there."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Contact:
    """Where a left hand goes; for the right hand it is mirrored.

    The hand's `part` is brought to `offset` from the head of `bone`, in the axes of the rest pose and in mm
    for the average adult. `fingers` and `palm` are directions in the same axes: along the hand and out of the
    palm. `spread` is the standard deviation of the place in mm. `elbow` is the preferred swivel in degrees: 0
    with the elbow hanging, 90 with the elbow lifted to the side.
    """

    bone: str
    offset: tuple[float, float, float]
    fingers: tuple[float, float, float]
    palm: tuple[float, float, float]
    part: str = "palm"
    spread: float = 15.0
    elbow: float = 25.0


CONTACTS: dict[str, Contact] = {
    "ear": Contact("head", (85, -15, 20), (0, 0.3, 1), (-1, 0.1, 0), spread=10),
    "temple": Contact("head", (80, -60, 60), (-0.4, 0.3, 1), (-1, 0.4, 0), "fingertips"),
    "cheek": Contact("head", (60, -75, -15), (0.1, 0.4, 1), (-1, 0.5, 0)),
    "chin": Contact("head", (12, -110, -75), (-0.5, 0.1, 0.6), (-0.3, 1, 0.3), "fingertips"),
    "chin_rest": Contact("head", (30, -95, -95), (0.0, 0.3, 1), (-0.4, 1, 0.2)),
    "mouth": Contact("head", (15, -140, -25), (-0.7, 0.3, 0.7), (-0.4, 0.9, -0.1), "fingertips"),
    "cup": Contact("head", (30, -200, -40), (-0.9, -0.1, 0.3), (-0.3, 0.9, 0.1), elbow=45),
    "nose": Contact("head", (10, -135, 15), (-0.5, 0.5, 0.8), (-0.4, 0.9, -0.1), "fingertips"),
    "glasses": Contact("head", (55, -115, 40), (-0.3, 0.5, 0.8), (-0.7, 0.6, 0), "fingertips"),
    "forehead": Contact("head", (35, -105, 85), (-0.8, 0.2, 0.6), (0, 1, -0.3), "fingertips", elbow=45),
    "hair": Contact("head", (35, -20, 150), (-0.6, 0.6, 0.5), (-0.2, 0.2, -1), "fingertips", 25, 75),
    "back_of_head": Contact("head", (35, 100, 35), (-1, 0.15, 0.35), (0, -1, 0), elbow=110),
    "neck": Contact("neck02", (25, 80, 0), (-1, 0.2, -0.1), (0.1, -1, 0), "fingertips", elbow=80),
    "camera": Contact("head", (50, -200, 30), (-0.3, -0.1, 1), (-0.8, 0.6, 0), elbow=40),
    "binoculars": Contact("head", (45, -170, 40), (-0.6, -0.2, 0.8), (-0.8, 0.6, 0), elbow=50),
    "salute": Contact("head", (70, -95, 70), (-0.6, -0.1, 0.6), (-0.1, 0, -1), "fingertips", elbow=70),
    "strap": Contact("clavicle.L", (75, -95, -60), (-0.3, 0.2, 1), (-0.2, 1, 0.1), spread=20),
    "chest": Contact("spine01", (-30, -150, 40), (-1, 0, 0.3), (0, 1, 0), spread=35),
    "crossed_outer": Contact(
        "spine01", (-120, -190, -60), (-0.9, 0.35, 0.25), (-0.1, 1, -0.1), spread=15, elbow=20
    ),
    "crossed_inner": Contact(
        "spine01", (-115, -135, -90), (-0.9, 0.3, 0.1), (0.2, 0.7, 0.4), spread=15, elbow=20
    ),
    "other_elbow": Contact("lowerarm01.R", (25, 15, -5), (-0.9, 0, -0.2), (-0.2, 1, 0.1), spread=15),
    "other_hand": Contact("wrist.R", (0, -62, -70), (-0.6, -0.6, -0.3), (-0.78, 0, 0.62), spread=10),
    "other_wrist": Contact("wrist.R", (5, 0, -35), (-0.6, 0, -0.6), (-0.3, -0.2, 1), spread=10),
    "clasp_front": Contact("root", (15, -190, 10), (-0.8, -0.3, -0.5), (0, 1, 0), spread=30),
    "clasp_back": Contact("root", (25, 165, 40), (-0.9, 0.1, -0.4), (0, 1, 0.1), spread=25, elbow=40),
    "back": Contact("spine05", (80, 150, 20), (-1, 0.2, 0.2), (0, -1, 0), spread=30, elbow=60),
    "hip": Contact("root", (170, -10, 85), (-0.35, -0.9, -0.25), (-1, 0.1, -0.2), elbow=60),
    "hip_back": Contact("root", (150, 80, 90), (-0.7, 0.3, -0.6), (-0.8, -0.6, 0), elbow=70),
    "pocket": Contact("root", (185, -50, -60), (-0.15, -0.15, -1), (-1, 0.2, 0), spread=12, elbow=35),
    "back_pocket": Contact("root", (120, 125, -30), (-0.2, 0.1, -1), (0, -1, 0), spread=12, elbow=60),
    "belly": Contact("spine04", (30, -170, -20), (-1, -0.1, -0.1), (0, 1, 0), spread=35),
    "lap": Contact("upperleg02.L", (-10, -95, -130), (-0.6, 0, -0.8), (0, 1, 0), spread=35),
    "thigh": Contact("upperleg02.L", (20, -90, -200), (-0.2, 0, -1), (0, 1, 0), spread=35),
    "knee": Contact("lowerleg01.L", (0, -75, 25), (-0.2, 0, -1), (0, 1, 0), spread=15),
    "knee_other": Contact("lowerleg01.R", (0, -75, 25), (-0.5, 0, -0.8), (0, 1, 0), spread=20),
    "shin": Contact("lowerleg02.L", (0, -70, 60), (-0.6, 0.2, -0.7), (0, 1, 0), spread=40),
    "ankle": Contact("foot.L", (0, -50, 30), (-0.3, 0.2, -1), (0, 1, 0), spread=25),
    "toes": Contact("toe2-1.L", (0, -30, 20), (0, -0.3, -1), (0, 1, -0.5), "fingertips", 30),
    "elbow_on_knee": Contact("lowerleg01.L", (-110, -260, 60), (-0.8, -0.5, 0.2), (-0.3, 0.9, 0), spread=40),
    "floor": Contact("foot.L", (60, -260, -50), (-0.2, -0.7, -0.7), (0, 0.7, -0.7), "fingertips", 60),
    "ground_beside": Contact("root", (250, 60, -95), (0.5, 0.2, -0.2), (0, 0, -1), spread=40, elbow=20),
    "ground_behind": Contact("root", (230, 300, -95), (0.5, 0.6, 0), (0, 0, -1), spread=40, elbow=20),
    "keyboard": Contact("root", (95, -390, 190), (-0.25, -1, 0), (-0.1, 0, -1), spread=35, elbow=35),
    "mouse": Contact("root", (240, -390, 190), (-0.1, -1, 0), (-0.1, 0, -1), spread=35, elbow=35),
    "table": Contact("root", (130, -370, 185), (-0.5, -0.85, 0), (-0.2, 0, -1), spread=70, elbow=35),
    "plate": Contact("root", (70, -330, 220), (-0.5, -0.8, -0.1), (-0.5, 0.1, -0.8), spread=50, elbow=35),
    "wheel": Contact("spine01", (165, -480, -60), (-0.3, -0.3, 0.9), (-0.3, -0.9, -0.1), spread=35, elbow=35),
    "handlebar": Contact(
        "spine01", (190, -400, -330), (-0.1, -0.9, -0.3), (0, -0.1, -1), spread=40, elbow=40
    ),
    "phone_view": Contact(
        "spine01", (60, -330, 20), (-0.4, -0.4, 0.8), (-0.4, 0.8, 0.5), spread=50, elbow=15
    ),
    "phone_both": Contact("spine01", (45, -310, 0), (-0.5, -0.5, 0.7), (-0.6, 0.7, 0.4), spread=40, elbow=15),
    "phone_lap": Contact("root", (45, -260, 200), (-0.5, -0.6, 0.5), (-0.5, 0.5, 0.7), spread=45, elbow=15),
    "book": Contact("spine01", (150, -330, -40), (-0.4, -0.6, 0.7), (-0.6, 0.6, 0.5), spread=40, elbow=20),
    "selfie": Contact("head", (150, -520, 90), (-0.2, -0.4, 0.9), (-0.5, 0.85, 0), spread=90, elbow=35),
    "tray": Contact("spine01", (130, -330, -130), (-0.3, -0.9, 0.1), (0, 0.1, 1), spread=50, elbow=20),
    "box": Contact("spine01", (190, -330, -160), (0, -0.9, -0.3), (-1, 0, 0.2), spread=60, elbow=20),
    "work": Contact("spine01", (120, -380, -150), (-0.2, -0.9, -0.2), (-0.5, 0, -0.8), spread=80, elbow=30),
    "clap": Contact("spine01", (14, -310, 10), (-0.1, -0.75, 0.65), (-1, 0, 0), spread=8, elbow=30),
    "pray": Contact("spine01", (12, -220, 30), (0, -0.2, 1), (-1, 0, 0), spread=6, elbow=45),
    "shake": Contact("spine01", (-20, -480, -120), (-0.1, -1, 0.1), (-1, 0, 0), spread=50),
    "forward": Contact("spine01", (160, -560, 60), (-0.1, -1, 0.1), (-0.4, 0, -0.9), spread=130, elbow=30),
    "side": Contact("spine01", (640, -180, 60), (1, -0.3, 0), (-0.1, -0.5, -0.8), spread=120, elbow=20),
    "above": Contact("spine01", (220, -160, 640), (0, -0.2, 1), (-0.3, -0.9, 0), spread=110, elbow=60),
    "bar": Contact("spine01", (260, -40, 690), (0, -0.1, 1), (0, -1, 0), spread=40, elbow=90),
    "wall": Contact("spine01", (250, -470, 120), (-0.1, -0.2, 1), (0, -1, 0), spread=90, elbow=30),
    "guard": Contact("spine01", (90, -290, 130), (-0.2, -0.2, 0.9), (-0.8, 0.3, 0), spread=45, elbow=15),
    "club": Contact("root", (5, -370, 30), (-0.2, -0.5, -0.8), (-0.9, 0.3, 0), spread=25, elbow=20),
    "bat": Contact("spine01", (230, 10, 130), (-0.4, -0.2, 0.9), (-0.5, -0.8, 0), spread=40, elbow=70),
    "neck_of_guitar": Contact("spine01", (340, -230, -60), (0.1, 0, 1), (-0.3, 0.9, 0), spread=50, elbow=15),
    "strings": Contact("spine04", (-20, -230, 40), (-0.8, -0.2, -0.3), (0.1, 0.95, 0), spread=35, elbow=40),
    "pillow": Contact("head", (95, 10, -20), (0, 0.4, 1), (-1, 0, 0), spread=25, elbow=40),
    "prop": Contact("spine01", (140, -300, 10), (-0.5, -0.8, 0.2), (-0.1, 1, 0), spread=40, elbow=20),
    "push_up": Contact("spine01", (230, -520, 40), (0, -0.1, 1), (0, -1, 0), spread=35, elbow=50),
}
"""What hands touch or hold, by name."""

CONTACT_HANDS: dict[str, str] = {
    contact: shapes
    for shapes, contacts in {
        "flat relaxed half_closed": "cheek",
        "pinch relaxed point half_closed": "chin",
        "fist fist half_closed relaxed flat": "chin_rest",
        "pinch pinch tripod relaxed": "mouth",
        "hold_cup hold_cup hold_cup power_grip": "cup",
        "point pinch relaxed": "nose",
        "pinch pinch tripod": "glasses",
        "flat relaxed": "forehead back_of_head neck belly pillow",
        "relaxed claw half_closed": "hair",
        "point relaxed half_closed": "temple",
        "hold_phone hold_phone power_grip": "camera",
        "hold_cup power_grip": "binoculars",
        "flat": "salute pray",
        "power_grip fist hook": "strap",
        "flat flat relaxed": "chest",
        "power_grip": "other_wrist wheel club",
        "power_grip relaxed": "other_elbow",
        "loose flat half_closed": "hip hip_back knee knee_other",
        "relaxed loose": "lap",
        "flat relaxed loose": "thigh table",
        "power_grip hook": "shin",
        "power_grip half_closed": "ankle",
        "power_grip hook pinch": "toes",
        "ball_grip pinch open": "floor",
        "flat flat open": "ground_beside ground_behind clap",
        "type": "keyboard",
        "relaxed type ball_grip": "mouse",
        "key_grip tripod pinch power_grip": "plate",
        "power_grip fist": "handlebar bat",
        "hold_phone": "phone_view phone_both phone_lap selfie",
        "hold_plate hold_phone key_grip": "book",
        "hold_plate flat": "tray",
        "open flat hook": "box",
        "pinch tripod power_grip key_grip": "work",
        "half_closed power_grip flat": "shake",
        "open relaxed ball_grip": "forward",
        "open ball_grip hook": "above",
        "hook power_grip fist": "bar",
        "flat flat open spread": "wall",
        "fist": "guard",
        "claw power_grip": "neck_of_guitar",
        "pinch claw relaxed": "strings",
        "fist flat relaxed": "prop",
        "flat flat spread open": "push_up",
    }.items()
    for contact in contacts.split()
}
"""The `hands.SHAPES` that suit a contact. A shape that is listed twice is drawn twice as often; contacts that
are not listed take any shape."""
