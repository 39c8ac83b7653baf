"""Our voltages against NEURON's: its traces of our own cells and mechanisms lie in neuron/traces; where NEURON is installed it makes them again."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

from support import PROGRAM, ROOT, InTemporaryFolder, run

sys.path.insert(0, str(ROOT / "tests/neuron"))
import mechanisms  # noqa: E402
import traces  # noqa: E402

def committed(name, folder=traces.HERE / "traces"):
    """[sample, column]: t_ms, soma, sites."""
    return np.loadtxt(folder / f"{name}.txt", ndmin=2)


class OurVoltages(InTemporaryFolder):
    def simulate(self, trace):
        toml = self.folder / f"{trace.name}.toml"
        for file in trace.folder.iterdir():
            if file.suffix in (".mod", ".swc"):
                (self.folder / file.name).write_bytes(file.read_bytes())
        toml.write_text(trace.text)
        out = self.folder / f"{trace.name}.h5"
        words = [PROGRAM, "simulate", toml, "--out", out, "--ms", trace.ms, "--scheme", "euler", "--precision", "double"]
        if trace.events:
            words += ["--replay", self.replay(trace)]
        return run(words), out

    def replay(self, trace):
        path = self.folder / f"{trace.name}-input.h5"
        with h5py.File(path, "w") as file:
            for short, kind in (("exc", "excitatory"), ("inh", "inhibitory")):
                mine = [event for event in trace.events if event[0] == kind]
                file[f"input/{short}/synapse"] = np.array([event[1] for event in mine], dtype=np.uint32)
                file[f"input/{short}/time_ms"] = np.array([event[2] for event in mine], dtype=float)
        return path

    def compare(self, trace):
        done, out = self.simulate(trace)
        self.assertEqual(done.returncode, 0, done.stderr)
        theirs = committed(trace.name)
        every = round(8 * traces.SAMPLE_MS)
        with h5py.File(out) as file:
            ours = [file["soma_mV"][()], *(file[f"sites/{site}"][()] for site in trace.sites[1:])]
        self.assertEqual(len(theirs), trace.ms / traces.SAMPLE_MS)
        self.assertEqual(theirs.shape[1], 1 + len(ours))
        for site, mine, peer in zip(trace.sites, ours, theirs.T[1:]):
            difference = np.abs(mine[::every] - peer)
            k = int(np.argmax(difference))
            self.assertLess(difference[k], trace.tolerance_mV, f"{site} at {theirs[k, 0]} ms: ours {mine[k * every]}, NEURON's {peer[k]}")

    def test_are_neurons(self):
        for trace in traces.TRACES:
            with self.subTest(trace.name):
                self.compare(trace)


class NeuronsTraces(unittest.TestCase):
    def test_tell_their_cells_apart_from_one_that_rests(self):
        # A comparison with a flat line would show nothing.
        for trace in traces.TRACES:
            with self.subTest(trace.name):
                soma = committed(trace.name)[:, 1]
                self.assertGreater(soma.max() - soma.min(), 0.5)

    @unittest.skipUnless(mechanisms.available(), "NEURON is not installed")
    def test_are_made_again_by_neuron_itself(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["/usr/bin/python3", str(traces.HERE / "make_traces.py"), "--out", folder,
                                   "--points", str(pathlib.Path(PROGRAM).parent / "morphology_points")], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(sorted(p.name for p in pathlib.Path(folder).iterdir()), sorted(p.name for p in (traces.HERE / "traces").iterdir()))
            for trace in traces.TRACES:
                with self.subTest(trace.name):
                    # The last digit written, and what another processor's exponential makes of the last bit in a cell that spikes.
                    np.testing.assert_allclose(committed(trace.name, pathlib.Path(folder)), committed(trace.name), rtol=0, atol=1e-5)


if __name__ == "__main__":
    unittest.main()
