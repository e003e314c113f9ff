import argparse
from pathlib import Path

import pytest

from wholebody_lift.errors import InputError
from wholebody_lift.train.settings import Settings, add_arguments, from_arguments


def _parse(*words: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return from_arguments(parser.parse_args(words))


def test_without_options_settings_are_the_defaults() -> None:
    assert _parse() == Settings()


def test_every_setting_is_an_option_of_its_type() -> None:
    given = _parse(
        "--folder", "a/b", "--bank", "bank.npz", "--steps", "5", "--learning-rate", "0.1", "--resume"
    )
    assert given == Settings(
        folder=Path("a/b"), bank=Path("bank.npz"), steps=5, learning_rate=0.1, resume=True
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--close-ups", "--known-only"), "expected one of --close-ups and --known-only, got both"),
        (("--close-ups", "--camera", "webcam"), "got --camera webcam; omit one of the two"),
        (("--known-only", "--dataset", "h3wb.json"), "people for --known-only, got --dataset h3wb.json"),
    ],
)
def test_layers_without_people_to_learn_from_are_an_error(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        _parse(*words)
