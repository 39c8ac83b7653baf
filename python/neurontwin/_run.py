"""Experiments and run folders."""
from os import fspath
from pathlib import Path

from . import _core
from ._inputs import as_settings
from ._progress import shown
from ._twin import Scores


def run(experiment, *, profile="quick", out="", set=(), threads=0, seed=None, progress=True):
    """Simulates, trains, evaluates, interprets and reports, as `neurontwin run` does. Returns the run folder."""
    return _core.run(Path(experiment), profile, fspath(out), as_settings(set), threads, seed, shown(progress))


def read_metrics(folder):
    """The scores of a run that was evaluated."""
    return Scores(_core.read_metrics(Path(folder)))


def plan(experiment, *, profile="quick", out="", set=(), threads=0, seed=None):
    """What a run would do in its folder and what that takes: a dict with `stages` (stage, to_do, why, seconds), `missing_trials`,
    `missing_bytes`, `memory_bytes`, `seconds`, and all of it in `words`. Makes nothing."""
    return _core.plan(Path(experiment), profile, fspath(out), as_settings(set), threads, seed)


def list_runs(*folders):
    """The runs in these folders ("runs", if none is named): a dict each, with `folder`, `finished` (stages), `spike_auc`."""
    return _core.list_runs([Path(folder) for folder in folders or ["runs"]])


def plot(run, figure, svg):
    """Writes a figure of a run as an SVG file: one of `figures()`."""
    _core.plot(Path(run), figure, fspath(svg))


def figures():
    """The names of the figures that a run can be shown in."""
    return _core.figures()


def new_experiment(folder, morphology, mechanisms=(), *, title="", rate_hz=1.0):
    """Writes a cell and an experiment that run, from a morphology (.swc, .asc) and .mod files, into a new folder. Returns the
    experiment's file."""
    return _core.new_experiment(Path(folder), Path(morphology), [Path(file) for file in mechanisms], title, rate_hz)
