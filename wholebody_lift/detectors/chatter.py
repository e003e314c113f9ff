"""What the libraries of detectors say about themselves, which concerns nobody unless something is wrong.

At the level DEBUG of the logger "wholebody_lift" (`wholebody-lift --debug`) all of it is on stderr.
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

_STDERR = 2  # native code writes to the descriptor, and knows nothing of sys.stderr
_ONE_AT_A_TIME = threading.Lock()  # as the descriptor belongs to the whole process

_CHATTER = re.compile(rb"INFO: |WARNING: |[IW]\d{4} \d\d:\d\d:\d+\.\d+ ")
"""How lines of information and of warning begin: TensorFlow Lite's, then those of Abseil's log."""


def is_wanted() -> bool:
    """Whether somebody wants to read it."""
    return _LOGGER.isEnabledFor(logging.DEBUG)


@contextmanager
def left_out() -> Iterator[None]:
    """Leave out what native code within writes to stderr as information or warning.

    Everything else, errors above all, gets there when the code has ended, however it does. Only if it takes
    the whole process with it is its last word lost; `is_wanted` brings that back.
    """
    if is_wanted() or sys.stderr is None:
        yield
        return
    with _ONE_AT_A_TIME, tempfile.TemporaryFile() as said, os.fdopen(os.dup(_STDERR), "wb") as stderr:
        sys.stderr.flush()
        os.dup2(said.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(stderr.fileno(), _STDERR)
            said.seek(0)
            stderr.writelines(line for line in said if not _CHATTER.match(line))
