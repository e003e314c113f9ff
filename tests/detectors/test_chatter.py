"""What native code writes to the descriptor of stderr."""

import logging
import os
import subprocess
import sys
import threading

import pytest

from wholebody_lift.detectors import chatter

CHATTER = (
    b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"W0000 00:00:1795426787.798103   30365 inference_feedback_manager.cc:114] Feedback manager requires\n"
    b"I0613 11:02:55.123456   30365 gl_context.cc:357] GL version: 3.2\n"
)
ERRORS = (
    b"E0000 00:00:1795426787.798103   30365 calculator_graph.cc:928] INTERNAL: no such file\n"
    b"Segmentation fault\n"
    b"half a line"
)


def test_only_information_and_warnings_are_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    with chatter.quiet_stderr():
        os.write(2, CHATTER + ERRORS)
    os.write(2, b" and the rest\nWARNING: of somebody else\n")
    expected = ERRORS + b" and the rest\nWARNING: of somebody else\n"
    assert capfd.readouterr().err == expected.decode()


def test_errors_come_out_when_it_fails(capfd: pytest.CaptureFixture[str]) -> None:
    @chatter.quiet_stderr()
    def fail() -> None:
        os.write(2, CHATTER + ERRORS)
        raise RuntimeError("it failed")

    with pytest.raises(RuntimeError, match="it failed"):
        fail()
    os.write(2, b"\n")
    assert capfd.readouterr().err == ERRORS.decode() + "\n"


def test_everything_for_those_who_want_it(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert not chatter.is_wanted()
    caplog.set_level(logging.DEBUG, logger="wholebody_lift")
    assert chatter.is_wanted()
    with chatter.quiet_stderr():
        os.write(2, CHATTER)
        assert capfd.readouterr().err == CHATTER.decode()  # at once


def test_several_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    """The descriptor of one must not become that of another."""

    def start(number: int) -> None:
        for _ in range(20):
            with chatter.quiet_stderr():
                os.write(2, b"W0000 00:00:1.5 1 x.cc:1] x\n%d\n" % number)

    threads = [threading.Thread(target=start, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"after\n")
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1] == "after"
    assert sorted(lines[:-1]) == sorted(str(number) for number in range(8) for _ in range(20))


def test_without_a_stderr() -> None:
    """As in programs that have no window of text."""
    code = (
        "import sys; sys.stderr = None\n"
        "from wholebody_lift.detectors import chatter\n"
        "with chatter.quiet_stderr(): print('done')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "done\n"
