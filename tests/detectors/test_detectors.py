"""The way from a file to Keypoints2D, with a detector that finds painted markers."""

import subprocess
import sys

import numpy as np
import pytest

from wholebody_lift import detectors
from wholebody_lift.detectors import detect_image, detect_video
from wholebody_lift.errors import DroppedWarning, FrameRateWarning, InputError, InputWarning

RED, BLUE = (40, 30), (120, 50)  # middles of the markers
CORNERS = {"red": (32, 22), "blue": (112, 42)}


@pytest.fixture
def both(picture):
    return picture(**CORNERS)


# Pictures


def test_everybody_in_a_picture(both, find_markers, small):
    people = detect_image(both, find_markers)
    assert len(people) == 2
    for person, middle in zip(people, (RED, BLUE), strict=True):
        seen = person.observed[0]
        np.testing.assert_array_equal(seen, small[:, 2] >= 0.3)
        np.testing.assert_allclose(person.keypoints[0, seen], (small[:, :2] + middle)[seen] - 0.5)
    np.testing.assert_array_equal(people.image_size, [(160, 96)] * 2)
    assert people.track_ids is None
    assert people.image_ids is None


def test_a_file_is_as_good_as_its_pixels(both, find_markers, cv2, tmp_path):
    cv2.imwrite(str(tmp_path / "photo.png"), both[..., ::-1])
    from_file = detect_image(tmp_path / "photo.png", find_markers)
    np.testing.assert_array_equal(from_file.keypoints, detect_image(both, find_markers).keypoints)


def test_the_content_of_a_file_and_its_name(both, find_markers, cv2):
    content = cv2.imencode(".png", both[..., ::-1])[1].tobytes()
    from_content = detect_image(content, find_markers, name="me.png")
    np.testing.assert_array_equal(from_content.keypoints, detect_image(both, find_markers).keypoints)
    with pytest.raises(InputError, match=r"^me\.png: expected a picture"):
        detect_image(content[:20], find_markers, name="me.png")
    with pytest.raises(InputError, match=r"^me\.png: nobody was found"):
        detect_image(content, lambda pixels: [], name="me.png")


def test_what_is_known_besides_is_passed_on(both, find_markers):
    K = np.array([[150.0, 0, 80], [0, 150, 48], [0, 0, 1]])
    people = detect_image(
        both, find_markers, K=K, distortion=[0.1, 0, 0, 0, 0], height_mm=1700, min_score=0.5
    )
    assert (people.K == K).all()
    assert (people.distortion[:, 0] == 0.1).all()
    assert (people.height_mm == 1700).all()
    assert people.min_score == 0.5


def test_nobody_in_a_picture(picture, find_markers, cv2, tmp_path):
    cv2.imwrite(str(tmp_path / "empty.png"), picture())
    with pytest.raises(InputError, match=r"empty\.png: nobody was found in this picture; a person should"):
        detect_image(tmp_path / "empty.png", find_markers)


def test_nobody_who_is_visible(both, find_markers):
    with pytest.raises(InputError, match="lower min_score"):
        detect_image(both, lambda pixels: find_markers(pixels) * (1, 1, 0.1))


def test_people_of_whom_nothing_is_visible_are_left_out(both, find_markers):
    def half(pixels):
        people = find_markers(pixels)
        people[1, :, 2] = 0
        return people

    with pytest.warns(InputWarning, match=r"left out person 1 \(of 2\)"):
        assert len(detect_image(both, half)) == 1


def test_a_detector_that_answers_something_else(both):
    with pytest.raises(
        InputError, match=r"expected people of shape \(N, 133, 3\) from the detector, got \(1, 17, 3\)"
    ):
        detect_image(both, lambda pixels: np.zeros((1, 17, 3)))


# Videos


def test_a_person_is_a_person_across_frames(picture, find_markers, save_video):
    """Red comes later, blue goes for a moment and longer, and then nobody is there."""
    frames = [picture(blue=(120 - 2 * i, 42)) for i in range(3)]
    frames += [picture(red=(16 + 2 * i, 22), blue=(114 - 2 * i, 42)) for i in range(3)]
    frames += [picture(red=(22 + 2 * i, 22)) for i in range(2)]
    frames += [picture(red=(26, 22), blue=(106, 42))]
    frames += [picture()] * 4 + [picture(blue=(106, 42))]
    people = detect_video(save_video(frames, fps=3), find_markers)
    found = list(zip(people.image_ids.tolist(), people.track_ids.tolist(), strict=True))
    assert found == [
        (0, 0),
        (1, 0),
        (2, 0),
        *((frame, track) for frame in (3, 4, 5) for track in (1, 0)),
        (6, 1),
        (7, 1),
        (8, 1),
        (8, 0),
        (13, 0),  # after some seconds, where they were last
    ]
    assert people.fps == 3
    np.testing.assert_array_equal(people.image_size, [(160, 96)] * len(people))
    blue = people[people.track_ids == 0]
    nose = blue.keypoints[:, 0, 0]
    np.testing.assert_allclose(nose - nose[0], [0, -2, -4, -6, -8, -10, -14, -14], atol=1.0)


def test_progress_and_every_nth_frame(picture, find_markers, save_video):
    path = save_video([picture(red=(16 + i, 22)) for i in range(7)])
    told = []
    people = detect_video(
        path, find_markers, every=3, progress=lambda *done: told.append(done), height_mm=1700
    )
    assert people.image_ids.tolist() == [0, 3, 6]
    assert people.fps == 25  # of the file, as the numbers of the frames are
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert (people.height_mm == 1700).all()


def test_one_frame_at_a_time(picture, find_markers, save_video):
    """No frame is kept once the next one is looked at."""
    import weakref

    seen = []

    def detect(pixels):
        assert sum(frame() is not None for frame in seen) <= 1  # the one before, until its name is taken over
        seen.append(weakref.ref(pixels))
        return find_markers(pixels)

    detect_video(save_video([picture(red=(16 + i, 22)) for i in range(9)]), detect)
    assert len(seen) == 9


def test_nobody_in_a_video(picture, find_markers, save_video):
    with pytest.raises(InputError, match=r"clip\.mp4: nobody was found in this video"):
        detect_video(save_video([picture()] * 3), find_markers)


def test_no_frames_at_all(find_markers, tmp_path):
    with pytest.raises(InputError, match="expected every of 1 or more, got 0"):
        detect_video(tmp_path / "clip.mp4", find_markers, every=0)


# Which detector


def test_auto_takes_the_first_that_is_there(install, uninstall):
    uninstall("mediapipe", "rtmlib")
    assert detectors.available() == []
    install("rtmlib", {})
    install("onnxruntime", {})
    assert detectors.available() == ["rtmlib"]
    install("mediapipe", {"python/solutions/holistic.py": ""})
    assert detectors.available() == ["mediapipe", "rtmlib"]


def test_a_mediapipe_without_models_does_not_count(install, uninstall):
    uninstall("rtmlib")
    install("mediapipe", {"tasks/python/vision/holistic_landmarker.py": ""})
    assert detectors.available() == []


@pytest.mark.parametrize(
    ("name", "extra"), [("auto", "detect"), ("mediapipe", "detect"), ("rtmlib", "rtmlib")]
)
def test_one_that_is_missing(both, uninstall, name, extra):
    uninstall("mediapipe", "rtmlib")
    with pytest.raises(ImportError, match=rf'pip install "wholebody-lift\[{extra}\]"'):
        detect_image(both, name)


def test_one_that_nobody_knows(both):
    with pytest.raises(InputError, match="expected a detector from auto, mediapipe, rtmlib, got 'openpose'"):
        detect_image(both, "openpose")


def test_importing_it_loads_neither_torch_nor_any_detector():
    absent = ("torch", "cv2", "mediapipe", "rtmlib", "matplotlib")
    script = (
        f"import sys, wholebody_lift.detectors\nprint([name for name in {absent} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_false_detections_of_a_video_are_dropped_unless_tracking_is_off(picture, find_markers, save_video):
    frames = [picture(blue=(120 - 2 * i, 42), **({"red": (16, 22)} if i == 4 else {})) for i in range(20)]
    path = save_video(frames, fps=25)
    with pytest.warns(DroppedWarning, match="dropped 1 person seen in no more than 3 frames, in image 4"):
        people = detect_video(path, find_markers)
    assert len(people) == 20
    everyone = detect_video(path, find_markers, track=False)
    assert len(everyone) == 21
    assert everyone.track_ids is None


def test_the_frame_rate_of_a_video_that_the_caller_knows(picture, find_markers, save_video):
    path = save_video([picture(blue=(120, 42))] * 3, fps=25)
    with pytest.warns(FrameRateWarning, match="states 25 frames per second; the 240 passed"):
        assert detect_video(path, find_markers, fps=240).fps == 240
