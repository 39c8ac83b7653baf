"""Mechanisms that draw random numbers: single trials differ from NEURON's, whose generators are others; their distributions do not."""
import json
import subprocess
import sys
import unittest

import h5py
import numpy as np

from support import PROGRAM, ROOT, InTemporaryFolder, write_excitation

sys.path.insert(0, str(ROOT / "tests/neuron"))
import mechanisms  # noqa: E402

# A current that fluctuates (Uhlenbeck and Ornstein 1930), as Gfluct and its like draw it.
NOISE = """NEURON { POINT_PROCESS Noise NONSPECIFIC_CURRENT i RANGE sd, tau }
PARAMETER { sd = 0.03 (nA) tau = 4 (ms) }
ASSIGNED { i (nA) x (nA) dt (ms) }
INITIAL { x = 0 }
BREAKPOINT { SOLVE fluctuate
  i = x }
PROCEDURE fluctuate() { x = x*exp(-dt/tau) + sd*sqrt(1 - exp(-2*dt/tau))*normrand(0, 1) }
"""
# A synapse that releases by chance, with a generator that NEURON's interpreter has to give.
RELEASE = """NEURON { POINT_PROCESS Release NONSPECIFIC_CURRENT i RANGE p POINTER rng }
PARAMETER { p = 0.35 }
ASSIGNED { v (mV) i (nA) rng }
STATE { g (uS) }
INITIAL { g = 0 }
BREAKPOINT { SOLVE decay METHOD cnexp
  i = g*v }
DERIVATIVE decay { g' = -g/2 }
NET_RECEIVE(weight (uS)) { IF (urand() < p) { g = g + weight } }
VERBATIM
double nrn_random_pick(void* r);
void* nrn_random_arg(int argpos);
ENDVERBATIM
PROCEDURE setRNG() {
VERBATIM
  _p_rng = nrn_random_arg(1);
ENDVERBATIM
}
FUNCTION urand() {
VERBATIM
  double value = 0;
  if (_p_rng) { value = nrn_random_pick(_p_rng); }
  return value;
ENDVERBATIM
}
"""
CELL = """kind = "detailed"
morphology = "ball.swc"
initial_mV = -65
insert = [ { mechanism = "leak", regions = ["soma"], g = 2e-4, e = -65 } ]
"""
MS, EVERY_MS, WEIGHT, CHANCE = 40000, 40, 0.002, 0.35
EVENTS_MS = np.arange(EVERY_MS, MS - EVERY_MS, EVERY_MS)
THEIRS = """
import json, sys
from neuron import h
library, kind, ms, every = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
h.nrn_load_dll(library)
h.load_file("stdrun.hoc")
soma = h.Section(name="soma")
soma.L = soma.diam = 20
soma.insert("pas")
soma(0.5).pas.g, soma(0.5).pas.e = 2e-4, -65
point = getattr(h, kind)(soma(0.5))
if kind == "Release":
    rng = h.Random()
    rng.Random123(1, 2, 3)
    rng.uniform(0, 1)
    point.setRNG(rng)
    times = h.Vector([every * (k + 1) for k in range(int(ms / every) - 2)])
    con = h.NetCon(None, point)
    con.weight[0] = 0.002
    start = h.FInitializeHandler(lambda: [con.event(t) for t in times])
v = h.Vector().record(soma(0.5)._ref_v, 1)
h.dt, h.steps_per_ms = 0.025, 40
h.finitialize(-65)
h.continuerun(ms)
json.dump(list(v), open(sys.argv[5], "w"))
"""


def spread(mV):
    """Mean and standard deviation past the start."""
    return np.mean(mV[200:]), np.std(mV[200:])


def releases(mV):
    """How many of the events raised the voltage: one that is released raises it by more than 1 mV at its peak."""
    peaks = np.array([np.max(mV[t:t + 15]) for t in EVENTS_MS])
    return int(np.sum(peaks > -64))


@unittest.skipUnless(mechanisms.available(), "NEURON is not installed")
class Draws(InTemporaryFolder):
    def setUp(self):
        super().setUp()
        (self.folder / "ball.swc").write_text("1 1 0 -10 0 10 -1\n2 1 0 10 0 10 1\n")
        for name, text in (("noise", NOISE), ("release", RELEASE)):
            (self.folder / f"{name}.mod").write_text(text)

    def theirs(self, name, kind):
        library, refused = mechanisms.build_library([self.folder / f"{name}.mod"], self.folder / name)
        self.assertFalse(refused)
        script, out = self.folder / "theirs.py", self.folder / f"{name}.json"
        script.write_text(THEIRS)
        done = subprocess.run([sys.executable, script, library, kind, str(MS), str(EVERY_MS), out], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return np.array(json.loads(out.read_text()))[:MS]

    def ours(self, cell, *options):
        (self.folder / "cell.toml").write_text(CELL + cell)
        out = self.folder / "out.h5"
        self.succeed([PROGRAM, "simulate", self.folder / "cell.toml", "--out", out, "--ms", MS, "--scheme", "euler", *options])
        with h5py.File(out) as file:
            return file["soma_mV"][::8]

    def test_of_a_current_have_neurons_mean_and_spread(self):
        ours = self.ours('point = [ { mechanism = "noise.mod", section = "soma[0]", x = 0.5 } ]\n')
        theirs = self.theirs("noise", "Noise")
        # The voltage forgets within the noise's 4 ms and the membrane's 5: 40 s are about 2000 independent values.
        for trace in (ours, theirs):
            self.assertGreater(spread(trace)[1], 3)
        independent = MS / 20
        sd = spread(theirs)[1]
        self.assertAlmostEqual(spread(ours)[0], spread(theirs)[0], delta=5 * sd * np.sqrt(2 / independent))
        self.assertAlmostEqual(spread(ours)[1], sd, delta=5 * sd * np.sqrt(2 / (2 * independent)))
        self.assertFalse(np.array_equal(ours, theirs))

    def test_of_a_synapse_release_as_often_as_neurons(self):
        replay = write_excitation(self.folder / "events.h5", EVENTS_MS)
        cell = f'excitatory = {{ mechanism = "release.mod", regions = ["soma"], weight = {WEIGHT} }}\n'
        ours = releases(self.ours(cell, "--replay", replay))
        n, error = len(EVENTS_MS), np.sqrt(len(EVENTS_MS) * CHANCE * (1 - CHANCE))  # binomial
        self.assertAlmostEqual(ours, n * CHANCE, delta=5 * error)
        self.assertAlmostEqual(releases(self.theirs("release", "Release")), ours, delta=5 * np.sqrt(2) * error)
        # Without a generator, it always releases, as in NEURON.
        self.assertEqual(releases(self.ours('generators = "none"\n' + cell, "--replay", replay)), n)

    def test_depend_on_the_seed_alone(self):
        cell = 'point = [ { mechanism = "noise.mod", section = "soma[0]", x = 0.5 } ]\n'
        first = self.ours(cell, "--seed", 7)
        np.testing.assert_array_equal(self.ours(cell, "--seed", 7), first)
        self.assertFalse(np.array_equal(self.ours(cell, "--seed", 8), first))


if __name__ == "__main__":
    unittest.main()
