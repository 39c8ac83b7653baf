"""The notebooks of examples/notebooks: each runs from start to end, explains first and has its pictures inside.

    notebooks_test.py --store    runs them and stores what they print and draw
"""
import os
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "examples/notebooks"
PROGRAM = pathlib.Path(os.environ.get("NEURONTWIN", ROOT / "build/release/neurontwin")).resolve()
PACKAGE = PROGRAM.parent / "python"
if not list((PACKAGE / "neurontwin").glob("_core*")):
    raise unittest.SkipTest("the Python package is not built")
try:
    import matplotlib  # noqa: F401
    import nbclient
    import nbformat
except ImportError as error:
    raise unittest.SkipTest(f"no notebooks can be run: {error}")


def executed(name):
    """The notebook, run in its folder. nbclient raises with the cell's error."""
    os.environ.update(PYTHONPATH=str(PACKAGE), NEURON_MODULE_OPTIONS="-nogui", MPLBACKEND="module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    nbclient.NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    return notebook


def texts(notebook):
    return "".join(output.get("text", "") for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)


class Notebook(unittest.TestCase):
    def run_through(self, name, says):
        stored = nbformat.read(NOTEBOOKS / name, as_version=4)
        self.assertEqual(stored.cells[0].cell_type, "markdown")
        pictures = [output for cell in stored.cells if cell.cell_type == "code" for output in cell.outputs if "image/png" in output.get("data", {})]
        self.assertGreaterEqual(len(pictures), 1, "without pictures; python3 tests/notebooks_test.py --store")
        self.assertRegex(texts(executed(name)), says)


class YourNeuronModelToItsTwin(Notebook):
    def test_runs(self):
        try:
            import h5py  # noqa: F401
            import neuron  # noqa: F401
        except ImportError as error:
            self.skipTest(f"NEURON or h5py is not installed: {error}")
        self.run_through("1-your-neuron-model-to-its-twin.ipynb", r"(?s)spikes in both.*spike\.auc +0\.9")


class HowDeepIsMyNeuron(Notebook):
    def test_runs(self):
        self.run_through("2-how-deep-is-my-neuron.ipynb", r"(?s)3 layers .*AUC 0\.9.*recurrent .*AUC 0\.9")


class WhatDidTheTwinLearn(Notebook):
    def test_runs(self):
        self.run_through("3-what-did-the-twin-learn.ipynb", r"correlation (0\.[89]|1)")


class TrainOnYourOwnTraces(Notebook):
    def test_runs(self):
        self.run_through("4-train-on-your-own-traces.ipynb", r"(?s)not known: where the synapses sit.*spikes are \[60, 500\].*AUC 0\.9")


class FineTuneInPyTorch(Notebook):
    def test_runs(self):
        try:
            import torch  # noqa: F401
        except ImportError as error:
            self.skipTest(f"no torch: {error}")
        self.run_through("5-fine-tune-in-pytorch.ipynb", r"(?s)before .*after .*largest difference from the whole trial: (0\.0e\+00|\d\.\de-0[4-9])")


def store():
    for file in sorted(NOTEBOOKS.glob("*.ipynb")):
        print(file.name, flush=True)
        notebook = executed(file.name)
        for cell in notebook.cells:
            cell.metadata.clear()  # times of this machine; and places on it
            for output in cell.get("outputs", []):
                if "text" in output:
                    output.text = re.sub(r"/tmp/(tmp|neurontwin-)\w+", "/tmp/work", re.sub(r"/tmp/ipykernel\S+ ", "", output.text))
        nbformat.write(notebook, file)


if __name__ == "__main__":
    store() if "--store" in sys.argv else unittest.main()
