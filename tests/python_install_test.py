"""`pip install .` in a clean virtual environment, as a user does it. Compiles everything: among the slow tests."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from support import ROOT, SLOW


@unittest.skipUnless(SLOW, "compiles everything: ./test --slow")
class CleanEnvironment(unittest.TestCase):
    def test_gets_the_package_and_the_program(self):
        with tempfile.TemporaryDirectory(prefix="neurontwin-test-") as folder:
            folder = pathlib.Path(folder)
            subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
            binaries = folder / "venv/bin"
            environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "NEURONTWIN")}
            environment["PATH"] = f"{binaries}:{environment['PATH']}"
            done = subprocess.run([binaries / "pip", "install", "--quiet", ROOT], env=environment, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr[-3000:])

            def said(*words):
                return subprocess.run(words, env=environment, cwd=folder, check=True, capture_output=True, text=True).stdout
            self.assertIn(str(binaries), said("sh", "-c", "command -v neurontwin"))
            self.assertIn("synapses", said("neurontwin", "inspect", ROOT / "cells/ball-and-stick.toml"))
            code = ("import sys, neurontwin as nt\n"
                    f"cell = nt.Cell({str(ROOT / 'cells/ball-and-stick.toml')!r})\n"
                    "print(len(cell.simulate(cell.draw_inputs(2, ms=50), ms=50)), 'torch' in sys.modules, nt.__file__)\n")
            words = said("python", "-c", code).split()
            self.assertEqual(words[:2], ["2", "False"])
            self.assertIn(str(folder), words[2])


if __name__ == "__main__":
    unittest.main()
