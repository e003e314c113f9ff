"""Keeps the information and warnings that detectors' native code logs off stderr; errors stay.

At level DEBUG of the logger "wholebody_lift" (`wholebody-lift --debug`) everything is shown.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGER = logging.getLogger(__name__)

_STDERR = 2  # native code writes to the descriptor, not to sys.stderr
_ONE_AT_A_TIME = threading.Lock()  # the descriptor belongs to the whole process

_CHATTER = re.compile(rb"INFO: |WARNING: |[IW]\d{4} \d\d:\d\d:\d+\.\d+ ")
"""How lines of information and of warnings begin: those of TensorFlow Lite, then those of Abseil."""


def is_wanted() -> bool:
    """Whether the user wants to see these lines."""
    return _LOGGER.isEnabledFor(logging.DEBUG)


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drop the lines of information and warnings that native code writes to stderr within the block.

    All other lines, errors above all, are written when the block ends, also by an exception. They are lost
    only if the process dies within; with `is_wanted` nothing is held back.
    """
    if is_wanted() or sys.stderr is None:
        yield
        return
    with _ONE_AT_A_TIME, tempfile.TemporaryFile() as written, os.fdopen(os.dup(_STDERR), "wb") as stderr:
        sys.stderr.flush()
        os.dup2(written.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(stderr.fileno(), _STDERR)
            written.seek(0)
            stderr.writelines(line for line in written if not _CHATTER.match(line))
