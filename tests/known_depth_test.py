"""Neurons whose answer is known: the search must find it. Minutes each on 2 cores, so only with --slow."""
import json
import unittest

from support import ROOT, SLOW, InTemporaryFolder, PROGRAM


@unittest.skipUnless(SLOW, "twenty minutes; NEURONTWIN_SLOW=1 runs it")
class TheSearchFinds(InTemporaryFolder):
    def answer(self, experiment, size, *options):
        """The size of the smallest network that the experiment's own search finds, and all that it found."""
        self.succeed([PROGRAM, "search", ROOT / "experiments" / experiment, "--out", self.folder / "out", *options], timeout_s=3000)
        found = json.loads((self.folder / "out/search.json").read_text())
        answer = next(a for a in found["answers"] if a["size"] == size)
        self.assertIsNotNone(answer["smallest"], answer)
        return answer["smallest"], found

    def test_one_unit_for_the_integrate_and_fire_neuron(self):
        units, found = self.answer("if.toml", "units", "--profile", "quick")
        self.assertEqual(units, 1)
        self.assertGreater(found["test"][0]["auc"], 0.997)  # the paper: 0.9973

    def test_two_layers_for_a_neuron_of_two_layers(self):
        depth, found = self.answer("two-layer.toml", "depth", "--profile", "paper")
        self.assertEqual(depth, 2)
        # One layer was tried as long as the best was, and is worse beyond doubt.
        one = next(n for n in found["answer"]["networks"] if n["size"] == 1)
        self.assertEqual(one["good"], "no")

    def test_about_four_units_for_the_branch_of_nine_synapses(self):
        units, _ = self.answer("branch-nmda.toml", "units", "--profile", "quick")
        self.assertIn(units, (3, 4, 5, 6))


if __name__ == "__main__":
    unittest.main()
