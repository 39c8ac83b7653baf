"""Experiments and run folders."""
from pathlib import Path

from . import _arguments as given
from . import _core
from ._inputs import as_settings
from ._progress import shown
from ._twin import Scores


def run(experiment, *, profile="quick", out="", set=(), threads=0, seed=None, progress=True):
    """Simulates, trains, evaluates, interprets and reports, as `neurontwin run` does. Returns the run folder."""
    return _core.run(Path(given.file("experiment", experiment)), given.text("profile", profile), given.file("out", out), as_settings(set),
                     given.whole("threads", threads), None if seed is None else given.whole("seed", seed, 0), shown(progress))


def read_metrics(folder):
    """The scores of a run that was evaluated."""
    return Scores(_core.read_metrics(Path(given.file("folder", folder))))
