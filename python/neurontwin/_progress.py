"""How far long work is, on a terminal or in a notebook."""
import sys
import time

from ._core import InputError


class Bar:
    """Shows one line on standard error, at most a few times a second; on no terminal a line every ten seconds."""

    def __init__(self):
        self._what, self._start, self._shown, self._first = None, 0.0, 0.0, 0.0

    def __call__(self, what, done, total, unit, note):
        now = time.monotonic()
        if what != self._what:
            self._what, self._start, self._first = what, now, done
        finished = done >= total
        terminal = sys.stderr.isatty() or "ipykernel" in sys.modules
        if not finished and now - self._shown < (0.2 if terminal else 10):
            return
        self._shown = now
        rate = (done - self._first) / (now - self._start) if now > self._start else 0
        left = f", {(total - done) / rate:.0f} s left" if rate > 0 and not finished else ""
        line = f"{what} {done:.0f}/{total:.0f} {unit}{left}{'  ' + note if note else ''}"
        sys.stderr.write(f"\r{line[:118]:<118}" if terminal else line + "\n")
        if terminal and finished:
            sys.stderr.write("\n")
        sys.stderr.flush()


def shown(progress):
    """What the compiled part calls: a Bar for True, nothing for False, else the caller's own."""
    if progress is True:
        return Bar()
    if progress is False or progress is None:
        return None
    if not callable(progress):
        raise InputError(f"progress is {progress!r}, expected True, False or a function(what, done, total, unit, note)")
    return progress
