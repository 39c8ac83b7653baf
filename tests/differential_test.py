"""Random mechanisms and cells (neuron/generator.py), simulated by us and by NEURON: what runs in both must agree to 1e-4 mV.

./test runs 100 of them, ./test --slow 5000. A case that differs is printed with its number; to look at it:
    python3 neuron/differential.py --seed 1 --first NUMBER --cases 1 --keep FOLDER
"""
import collections
import sys
import unittest

from support import ROOT, SLOW, InTemporaryFolder

sys.path.insert(0, str(ROOT / "tests/neuron"))
import differential  # noqa: E402
import generator  # noqa: E402
import mechanisms  # noqa: E402

SEED = 1
CASES = 5000 if SLOW else 100
AT_ONCE = 100  # mechanisms of so many cases go into one library of NEURON's


@unittest.skipUnless(mechanisms.available(), "NEURON is not installed")
class RandomCells(InTemporaryFolder):
    def test_do_what_they_do_in_neuron(self):
        outcomes = []
        for first in range(0, CASES, AT_ONCE):
            cases = [generator.generate(SEED, number) for number in range(first, min(first + AT_ONCE, CASES))]
            outcomes += differential.run(cases, self.folder / f"from-{first}")
        kinds = collections.Counter(outcome.kind for outcome in outcomes)
        reasons = collections.Counter((o.kind, differential.reason(o.message)) for o in outcomes if o.kind.startswith("refused"))
        for (kind, reason), count in reasons.most_common():
            print(f"{kind}: {count} x {reason}", file=sys.stderr)
        wrong = [o for o in outcomes if o.kind in ("differs", "failed")]
        self.assertFalse(wrong, "\n".join(f"{o.case.name} {o.kind} by {o.difference_mV:.3g} mV: {', '.join(o.case.traits)} {o.message[:300]}" for o in wrong))
        # The comparison has to happen: most cases run in both programs, and their mechanisms are felt.
        self.assertLessEqual(kinds["refused"], 0.15 * CASES, "refused by us")
        self.assertLessEqual(kinds["refused by NEURON"], 0.05 * CASES)
        felt = sum(o.influence_mV > 100 * differential.TOLERANCE_MV for o in outcomes if o.kind == "agrees")
        self.assertGreaterEqual(felt, 0.7 * CASES)

    def test_that_differ_are_found(self):
        # The same cell with a hundredth more of its mechanism: the comparison has to see it.
        case = next(c for c in (generator.generate(SEED, n) for n in range(100)) if [m.point for m in c.mechanisms] == [False])
        folder = self.folder
        [outcome] = differential.run([case], folder)
        self.assertEqual(outcome.kind, "agrees", outcome.message)
        mechanism = folder / f"{case.mechanisms[0].suffix}.mod"
        mechanism.write_text(case.mechanisms[0].text.replace("gbar*", "1.01*gbar*"))
        code, message, out = differential.simulate(case, folder)
        self.assertEqual(code, 0, message)
        with differential.h5py.File(folder / "neuron.h5") as peers:
            self.assertGreater(differential.difference_mV(out, peers[case.name]), differential.TOLERANCE_MV)


class TheGenerator(unittest.TestCase):
    def test_makes_the_same_case_again(self):
        for number in range(50):
            one, two = generator.generate(SEED, number), generator.generate(SEED, number)
            self.assertEqual((one.toml, one.swc, [m.text for m in one.mechanisms]), (two.toml, two.swc, [m.text for m in two.mechanisms]))

    def test_draws_each_of_its_traits_among_the_cases_of_a_slow_run(self):
        counts = collections.Counter(trait for number in range(1000) for trait in generator.generate(SEED, number).traits)
        for trait in ("METHOD cnexp", "METHOD derivimplicit", "METHOD euler", "METHOD sparse", "CONSERVE", "reactions in IF", "derivative in IF", "x0", "START",
                      "TABLE", "INITIAL sets cai", "pool: breakpoint", "pool: own state first", "pool: own state last", "current: negative base",
                      "current: comparison", "power by a parameter", "temperature: parameter", "temperature: file local", "coupled equations", "clock",
                      "faraday in 10000 coulomb", "GLOBAL rates", "COMMENT", "UNITSOFF", "INDEPENDENT", "TITLE"):
            self.assertGreater(counts[trait], 5, trait)


if __name__ == "__main__":
    unittest.main()
