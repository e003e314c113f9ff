import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wholebody_lift import InputError, Keypoints2D, Lifter, formats
from wholebody_lift.errors import DroppedWarning
from wholebody_lift.skeleton import PARTS
from wholebody_lift.video.tracker import FORGET_SECONDS, RE_ENTRY_SECONDS, REACH, Tracker, follow, moved

FPS = 10.0


@pytest.fixture
def tracker():
    return Tracker(FPS, 0.3)


def at(small, *places):
    """People (N, 133, 3) at x, y."""
    return np.array([small + np.array((x, y, 0)) for x, y in places])


def test_whoever_moves_a_little_is_the_same(small, tracker):
    for frame in range(20):
        assert tracker.update(frame, at(small, (5 * frame, 0), (60 + 5 * frame, 3 * frame))) == [0, 1]


def test_the_order_in_which_people_come_does_not_matter(small, tracker):
    tracker.update(0, at(small, (0, 0), (40, 0), (80, 0)))
    assert tracker.update(1, at(small, (82, 0), (2, 0), (42, 0))) == [2, 0, 1]


def test_the_nearest_pairs_go_together(small, tracker):
    """Both are within reach of the first track; the nearer one gets it, though the other comes first."""
    tracker.update(0, at(small, (0, 0)))
    assert tracker.update(1, at(small, (8, 0), (2, 0))) == [1, 0]


def test_two_who_pass_one_another_keep_their_numbers(small, tracker):
    for frame in range(31):
        ids = tracker.update(frame, at(small, (4 * frame, 0), (122 - 4 * frame, 14)))
        assert ids == [0, 1]


def test_a_cut_brings_somebody_new(small, tracker):
    assert tracker.update(0, at(small, (0, 0))) == [0]
    assert tracker.update(1, at(small, (30, 0))) == [1]  # elsewhere
    closer = np.concatenate((4 * small[:, :2], small[:, 2:]), axis=1)
    assert tracker.update(2, closer[None] + (30, 0, 0)) == [2]  # much larger, around the same place


def test_a_person_lost_for_a_moment_comes_back(small, tracker):
    tracker.update(0, at(small, (0, 0), (50, 0)))
    last = int(FORGET_SECONDS * FPS)
    for frame in range(1, last):
        assert tracker.update(frame, at(small, (0, 0))) == [0]
    assert tracker.update(last, at(small, (50, 0), (0, 0))) == [1, 0]


def test_a_person_lost_for_longer_is_new(small, tracker):
    tracker.update(0, at(small, (0, 0)))
    assert tracker.update(1 + int(RE_ENTRY_SECONDS * FPS), at(small, (0, 0))) == [1]


def test_a_rate_that_is_not_known_is_the_usual_one(small):
    tracker = Tracker(None, 0.3)
    tracker.update(0, at(small, (0, 0)))
    assert tracker.update(30, at(small, (0, 0))) == [0]
    assert tracker.update(30 + 151, at(small, (0, 0))) == [1]


def test_what_is_not_seen_does_not_count(small, tracker):
    """A hand and a face that jump about with a low score."""
    tracker.update(0, small[None])
    later = small.copy()
    for part in ("face", "left_hand", "right_hand"):
        later[PARTS[part]] = (-500, 900, 0.2)
    assert tracker.update(1, later[None]) == [0]


def test_nobody_in_common_is_nobody_known(small, tracker):
    body, hand = small.copy(), small.copy()
    body[PARTS["left_hand"], 2] = 0
    hand[: PARTS["left_hand"].start, 2] = 0
    hand[PARTS["right_hand"], 2] = 0
    assert tracker.update(0, body[None]) == [0]
    assert tracker.update(1, hand[None]) == [1]
    assert tracker.update(2, np.empty((0, 133, 3))) == []


@settings(deadline=None)
@given(st.floats(0.1, 100), st.floats(-1e4, 1e4), st.floats(0, 2 * REACH))
def test_distances_are_in_sizes(scale, place, distance):
    """Whatever the picture's resolution, and wherever in it."""
    person = np.random.default_rng(0).uniform(0, 1, (133, 2))
    size = np.ptp(person, axis=0).max()
    before = scale * person + place
    after = before + np.array((distance * size * scale, 0))
    np.testing.assert_allclose(moved(before, after), distance, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(moved(after, before), distance, rtol=1e-6, atol=1e-8)


def test_a_point_has_no_size():
    assert moved(np.zeros((133, 2)), np.zeros((133, 2))) == np.inf


# From files and arrays


def crowd(squats, *ways):
    """Keypoints2D of people who are at x, y = way(t) in frame t of 20, in any order; None is nowhere."""
    rng = np.random.default_rng(3)
    xy, images, who = [], [], []
    for frame in range(20):
        for number in rng.permutation(len(ways)):
            at = ways[number](frame)
            if at is not None:
                xy.append(squats.keypoints[frame] + np.array(at))
                images.append(frame)
                who.append(number)
    return Keypoints2D(np.stack(xy), image_ids=images, fps=5), np.array(who)


def same_people(found, who):
    """Whether the track ids are the true numbers, under other names."""
    pairs = set(zip(found.tolist(), who.tolist(), strict=True))
    return len(pairs) == len(set(found.tolist())) == len(set(who.tolist()))


def test_people_who_cross_keep_their_numbers(squats):
    people, who = crowd(squats, lambda t: (60 * t, 0), lambda t: (1140 - 60 * t, 40))
    assert same_people(follow(people).track_ids, who)


def test_a_false_detection_is_dropped_and_named(squats):
    people, _ = crowd(squats, lambda t: (0, 0), lambda t: (700, -200) if t == 7 else None)
    with pytest.warns(DroppedWarning, match=r"dropped 1 person .* in image 7"):
        kept = follow(people)
    assert len(kept) == 20
    assert len(set(kept.track_ids.tolist())) == 1


def test_a_second_detection_of_one_person_does_not_end_their_track(squats):
    people, who = crowd(squats, lambda t: (0, 0), lambda t: (8, 8) if t == 7 else None)
    # nearer to where the person is expected than the person
    found = people.keypoints.copy()
    row = np.flatnonzero((people.image_ids == 7) & (who == 1))[0]
    found[row] = people.keypoints[np.flatnonzero((people.image_ids == 6) & (who == 0))[0]]
    with pytest.warns(DroppedWarning, match="in image 7"):
        kept = follow(Keypoints2D(found, image_ids=people.image_ids, fps=5))
    assert kept.image_ids.tolist() == list(range(20))
    assert len(set(kept.track_ids.tolist())) == 1


@pytest.mark.parametrize("lasting", [1, 3, 6])
def test_a_second_detection_that_lasts_does_not_end_the_track_either(squats, lasting):
    """The second detection is where the person is expected; the person has moved on a little."""
    doubled = range(7, 7 + lasting)
    people, who = crowd(squats, lambda t: (8 * t, 0), lambda t: (8 * t - 6, 0) if t in doubled else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DroppedWarning)
        kept = follow(people)
    first = [track for track, one in zip(follow_all(people), who, strict=True) if one == 0]
    assert len(set(first)) == 1
    assert set(range(20)) == set(kept.image_ids[kept.track_ids == first[0]].tolist())


def follow_all(people) -> list[int]:
    """The tracks of everyone, false detections among them."""
    tracker, tracks = Tracker(people.fps, 0.3), np.empty(len(people), int)
    triples = np.concatenate((people.keypoints, people.scores[..., None]), axis=-1)
    for frame in np.unique(people.image_ids):
        rows = people.image_ids == frame
        tracks[rows] = tracker.update(int(frame), triples[rows])
    return tracks.tolist()


@pytest.mark.parametrize(
    ("fps", "frames", "dropped"), [(5, 3, False), (30, 3, True), (None, 3, False), (30, 6, False)]
)
def test_how_long_a_false_detection_lasts(squats, fps, frames, dropped):
    people, _ = crowd(squats, lambda t: (0, 0), lambda t: (700, -200) if 7 <= t < 7 + frames else None)
    people = people.model_copy(update={"fps": fps})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DroppedWarning)
        assert (len(follow(people)) == 20) == dropped


@pytest.mark.parametrize(("clip", "dropped"), [(3, False), (4, True), (7, True)])
def test_short_clips_lose_false_detections_too(squats, clip, dropped):
    people, _ = crowd(
        squats, lambda t: (0, 0) if t < clip else None, lambda t: (700, -200) if t == 1 else None
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DroppedWarning)
        assert (len(follow(people)) == clip) == dropped


def test_whoever_leaves_and_comes_back_has_the_same_number(squats):
    people, who = crowd(squats, lambda t: (0, 0), lambda t: (700, 0) if not 5 <= t < 14 else None)
    assert same_people(follow(people).track_ids, who)


def test_track_ids_that_are_given_stay(squats):
    people = squats.model_copy(update={"track_ids": np.arange(len(squats)) + 40})
    assert follow(people) is people


def test_frames_must_be_known(squats):
    with pytest.raises(InputError, match="image_ids"):
        follow(squats.model_copy(update={"image_ids": None}))


@pytest.mark.parametrize("lift", ["lift", "lift_sequence"])
def test_a_ghost_costs_a_clip_neither_its_smoothing_nor_its_bvh(squats, lift, tmp_path):
    people, _ = crowd(squats, lambda t: (0, 0), lambda t: (700, -200) if t == 7 else None)
    lifter = Lifter.from_pretrained("tiny", device="cpu")
    with pytest.raises(InputError, match="track=True"):
        lifter.lift_sequence(people)
    with pytest.warns(DroppedWarning):
        pose = getattr(lifter, lift)(people, track=True)
    assert len(pose) == 20
    formats.write(pose, tmp_path / "walk.bvh")


def test_the_rate_that_is_passed_counts(squats):
    """However it comes, it says for how many frames somebody may be out of sight, and what a ghost is."""
    people, _ = crowd(squats, lambda t: (0, 0), lambda t: (700, -200) if 3 <= t < 7 else None)
    lifter = Lifter.from_pretrained("tiny", device="cpu")
    stated = people.model_copy(update={"fps": 240.0})
    unstated = people.model_copy(update={"fps": None})
    seen = []
    for clip, fps in ((stated, None), (unstated, 240), (unstated, 5)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DroppedWarning)
            seen.append(len(lifter.lift_sequence(clip, fps, track=True)))
    assert seen[0] == seen[1] < seen[2]
