import subprocess
import sys

import pytest

import wholebody_lift


def test_the_public_names_are_sorted_and_all_there() -> None:
    assert wholebody_lift.__all__ == sorted(wholebody_lift.__all__)
    for name in wholebody_lift.__all__:
        assert getattr(wholebody_lift, name).__name__ == name
    assert set(wholebody_lift.__all__) <= set(dir(wholebody_lift))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lift'"):
        wholebody_lift.lift  # noqa: B018


def test_importing_the_package_loads_no_other_module_of_it() -> None:
    script = "import sys, wholebody_lift\nprint([name for name in sys.modules if 'wholebody_lift' in name])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "['wholebody_lift']"


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import wholebody_lift", ("torch", "numpy", "matplotlib")),
        ("from wholebody_lift import Pose3D, Keypoints2D, formats", ("torch", "matplotlib")),
        ("from wholebody_lift import Lifter", ("matplotlib", "anny", "wholebody_lift.train")),
    ],
)
def test_importing_loads_nothing_that_is_not_needed(code: str, absent: tuple[str, ...]) -> None:
    script = f"{code}\nimport sys\nprint([name for name in {absent!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
