"""Collects warnings separately for each thread."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, get_ident
from typing import Any


class Notes:
    """Collects the warnings of each thread; `warnings.catch_warnings` alone catches those of all threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._texts: dict[int, list[str]] = {}
        self._catching = ExitStack()

    @contextmanager
    def collected(self) -> Iterator[list[str]]:
        """The texts of the warnings that this thread raises in the block, each once and on one line."""
        thread, texts = get_ident(), list[str]()
        with self._lock:
            if not self._texts:  # the first thread sets this up, the last one restores it
                self._catching.enter_context(warnings.catch_warnings())
                warnings.simplefilter("always")
                self._show_others = warnings.showwarning
                warnings.showwarning = self._collect
            self._texts[thread] = texts
        try:
            yield texts
        finally:
            with self._lock:
                del self._texts[thread]
                if not self._texts:
                    self._catching.close()

    def _collect(self, message: Warning | str, *where: Any, **more: Any) -> None:
        texts = self._texts.get(get_ident())
        if texts is None:
            self._show_others(message, *where, **more)
        elif (text := " ".join(str(message).split())) not in texts:
            texts.append(text)
