"""Cases of NMODL that were once refused or silently wrong (neuron/cases): the program's voltages against NEURON's."""
import unittest

import h5py
import numpy as np

from support import PROGRAM, ROOT, InTemporaryFolder, run, write_excitation

CASES = ROOT / "tests/neuron/cases"
EVENTS_MS = (20, 40, 45, 50, 55, 120)  # of the case with a synapse
PLAIN = (CASES / "plain-values/cell_tcel.toml").read_text()

# The voltage after 200 ms of a ball with that one current, in mV: exact, or NEURON 9.0.2's.
PLAIN_mV = {"plain-values/tpow": -64.0, "plain-values/tcel": -59.058, "plain-values/tkin": -50.0, "plain-values/tloc": -50.0,
            "plain-values/hhk": -100 * (2 / 3) ** 4, "reactions-under-if/tif": -25.0}


class Cases(InTemporaryFolder):
    def simulate(self, cell, ms, *options):
        out = self.folder / "out.h5"
        done = run([PROGRAM, "simulate", cell, "--out", out, "--ms", ms, "--scheme", "euler", "--precision", "double", *options])
        if done.returncode != 0:
            return done, None
        with h5py.File(out) as file:
            return done, file["soma_mV"][()]

    def test_are_neurons_voltages(self):
        cases = sorted(path.parent for path in CASES.glob("*/expected.txt"))
        self.assertEqual(len(cases), 14)
        for case in cases:
            options = ("--replay", write_excitation(self.folder / "events.h5", EVENTS_MS)) if "excitatory" in (case / "cell.toml").read_text() else ()
            with self.subTest(case.name):
                done, soma = self.simulate(case / "cell.toml", 151, *options)
                self.assertEqual(done.returncode, 0, done.stderr)
                for t_ms, mV in np.loadtxt(case / "expected.txt"):
                    self.assertAlmostEqual(soma[round(8 * t_ms)], mV, delta=2e-4)  # 1e-4, and as much that the table rounds

    def plain(self, name):
        for file in CASES.glob(f"{name}.mod"):
            (self.folder / file.name).write_bytes(file.read_bytes())
        (self.folder / "ball.swc").write_bytes((CASES / "plain-values/ball.swc").read_bytes())
        cell = self.folder / "cell.toml"
        cell.write_text(PLAIN.replace("tcel", name.split("/")[1]))
        return self.simulate(cell, 200)

    def test_end_at_the_plain_value(self):
        for name, mV in PLAIN_mV.items():
            with self.subTest(name):
                done, soma = self.plain(name)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertAlmostEqual(soma[-1], mV, delta=1e-3)

    def test_go_through_the_linear_schemes_course(self):
        done, soma = self.plain("plain-values/hhk")
        self.assertEqual(done.returncode, 0, done.stderr)
        # The voltage follows -100 n4 with the membrane's 1 ms: by backward Euler from n4 = 0 at 0 ms.
        n = np.array([1.0, 0, 0, 0, 0])
        rates = np.zeros((5, 5))
        for k in range(4):
            for to, source, rate in ((k + 1, k, (4 - k) * 0.5), (k, k + 1, (k + 1) * 0.25)):
                rates[to, source] += rate
                rates[source, source] -= rate
        v, dt = -70.0, 0.025
        for step in range(1, 81):
            v = (v + dt * -100 * n[4]) / (1 + dt)
            n = np.linalg.solve(np.eye(5) - dt * rates, n)
            if step in (40, 80):
                self.assertAlmostEqual(n[4], {40: 0.0153, 80: 0.0720}[step], delta=2e-3)  # exact ones; Euler's error
                self.assertAlmostEqual(soma[round(8 * step * dt)], v, delta=1e-4)

    def test_what_nobody_can_solve_is_named(self):
        done, _ = self.plain("plain-values/tloop")
        self.assertEqual(done.returncode, 2)
        self.assertIn("tloop.mod:3", done.stderr)
        self.assertIn("dY", done.stderr)
        done, _ = self.plain("plain-values/tw")
        self.assertEqual(done.returncode, 2)
        self.assertIn("tw.mod:8", done.stderr)
        self.assertIn("not linear", done.stderr)


if __name__ == "__main__":
    unittest.main()
