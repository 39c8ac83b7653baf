"""Experiments and run folders."""
from pathlib import Path

from . import _arguments as given
from . import _core
from ._inputs import as_settings
from ._progress import shown
from ._twin import Scores


def run(experiment, *, profile="quick", out="", set=(), threads=0, seed=None, device="cpu", progress=True):
    """Simulates, trains, evaluates, interprets and reports, as `neurontwin run` does. `device`: "cpu" or "cuda" (a GPU:
    docs/gpu.md). Returns the run folder."""
    return _core.run(Path(given.file("experiment", experiment)), given.text("profile", profile), given.file("out", out), as_settings(set),
                     given.whole("threads", threads), given.seed_or_none(seed), given.text("device", device),
                     shown(progress))


def read_metrics(folder):
    """The scores of a run that was evaluated."""
    return Scores(_core.read_metrics(Path(given.file("folder", folder))))


def plan(experiment, *, profile="quick", out="", set=(), threads=0, seed=None, device="cpu"):
    """What a run would do in its folder and what that takes: a dict with `stages` (stage, to_do, why, seconds), `missing_trials`,
    `missing_bytes`, `memory_bytes`, `seconds`, and all of it in `words`. Makes nothing."""
    return _core.plan(Path(given.file("experiment", experiment)), given.text("profile", profile), given.file("out", out), as_settings(set),
                      given.whole("threads", threads), given.seed_or_none(seed), given.text("device", device))


def list_runs(*folders):
    """The runs in these folders ("runs", if none is named): a dict each, with `folder`, `finished` (stages), `spike_auc`."""
    return _core.list_runs([Path(given.file("folder", folder)) for folder in folders or ["runs"]])


def plot(run, figure, svg):
    """Writes a figure of a run as an SVG file: one of `figures()`."""
    _core.plot(Path(given.file("run", run)), given.text("figure", figure), Path(given.file("svg", svg)))


def figures():
    """The names of the figures that a run can be shown in."""
    return _core.figures()


def new_experiment(folder, morphology, mechanisms=(), *, title="", rate_hz=1.0):
    """Writes a cell and an experiment that run, from a morphology (.swc, .asc) and .mod files, into a new folder. Returns the
    experiment's file."""
    return _core.new_experiment(Path(given.file("folder", folder)), Path(given.file("morphology", morphology)),
                                [Path(given.file("mechanisms", file)) for file in mechanisms], given.text("title", title),
                                given.number("rate_hz", rate_hz))
