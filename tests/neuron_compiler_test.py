"""NEURON takes what we take: every mechanism of the catalogue passes its compiler and loads."""
import subprocess
import sys
import unittest

from support import ROOT, InTemporaryFolder

sys.path.insert(0, str(ROOT / "tests/neuron"))
import mechanisms  # noqa: E402

NEURONS_OWN = {"hh", "pas", "ExpSyn", "Exp2Syn", "SEClamp"}


@unittest.skipUnless(mechanisms.available(), "NEURON is not installed")
class TheCatalogue(InTemporaryFolder):
    def test_passes_neurons_compiler(self):
        mods = sorted((ROOT / "src/mechanism/catalogue").glob("*.mod"))
        self.assertGreater(len(mods), 15)
        # NEURON has some of these names itself: such files pass its compiler, but cannot be loaded beside its own.
        own = [mod for mod in mods if mechanisms.name_in_neuron(mod) in NEURONS_OWN]
        self.assertEqual({mechanisms.name_in_neuron(mod) for mod in own}, NEURONS_OWN)
        self.assertEqual(mechanisms.build_library(own, self.folder / "own")[1], {})
        mods = [mod for mod in mods if mod not in own]
        library, refused = mechanisms.build_library(mods, self.folder / "others")
        self.assertEqual(refused, {})
        names = [mechanisms.name_in_neuron(mod) for mod in mods]
        program = f"from neuron import h; h.nrn_load_dll({str(library)!r}); print([n for n in {names} if not hasattr(h, n) and not h.Section().insert(n)])"
        done = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "[]"), done.stderr)

    def test_would_not_pass_with_a_function_that_neuron_has_not(self):
        mod = self.folder / "odd.mod"
        mod.write_text("NEURON { SUFFIX odd NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nBREAKPOINT { i = 1e-6*fmax(v, 0) }\n")
        _, refused = mechanisms.build_library([mod], self.folder / "library")
        self.assertEqual(list(refused), ["odd.mod"])


if __name__ == "__main__":
    unittest.main()
