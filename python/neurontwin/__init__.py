"""neurontwin: from a detailed neuron to the deep network that does the same job.

    import neurontwin as nt
    cell = nt.Cell("cells/l5pc.toml")
    inputs = cell.draw_inputs(64, ms=6000)
    trials = cell.simulate(inputs, ms=6000)
    data = cell.make_dataset("data", train_trials=288)
    twin = nt.train(data, memory_units=20)
    probability, soma_mV = twin(inputs, ms=6000)
"""
from . import _loading  # before anything else does  # noqa: F401
from ._allen import from_allen
from ._cell import Cell, Trial
from ._core import InputError, RunError
from ._dataset import Dataset
from ._inputs import as_spikes
from ._network import Network, compare_network, run_network
from ._neuron_check import Comparison, check_against_neuron
from ._neuron_folder import from_neuron
from ._neuron_model import LeftOut
from ._run import figures, list_runs, new_experiment, plan, plot, read_metrics, run
from ._sonata import from_sonata_cell
from ._spike_files import read_spikes
from ._twin import Scores, Stream, Twin, from_torch, load, train

__all__ = ["Cell", "Comparison", "Dataset", "InputError", "LeftOut", "Network", "RunError", "Scores", "Stream", "Trial", "Twin", "as_spikes",
           "check_against_neuron", "compare_network", "figures", "from_allen", "from_neuron", "from_sonata_cell", "from_torch",
           "list_runs", "load", "new_experiment", "plan", "plot", "read_metrics", "read_spikes", "run", "run_network", "train"]
__version__ = "0.2.0"
