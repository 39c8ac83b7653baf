"""tests/neuron/corpus.py counts what the program says of published files: with a small repository of our own."""
import csv
import hashlib
import os
import subprocess
import sys
import unittest

from support import PROGRAM, ROOT, InTemporaryFolder

sys.path.insert(0, str(ROOT / "tests/neuron"))
import mechanisms  # noqa: E402

CHANNEL = "NEURON { SUFFIX a NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nBREAKPOINT { i = 1e-4*v }\n"
FILES = {  # path: (text, kind)
    "whole/a.mod": (CHANNEL, "channel"),
    "whole/b.mod": (CHANNEL.replace("SUFFIX a", "SUFFIX b"), "channel"),
    "part/a.mod": (CHANNEL + ": another text\n", "channel"),
    "part/gap.mod": ("NEURON { POINT_PROCESS gap NONSPECIFIC_CURRENT i POINTER vgap }\nASSIGNED { v i vgap }\nBREAKPOINT { i = v - vgap }\n", "synapse"),
    "part/c.mod": (CHANNEL.replace("i = 1e-4*v", "VERBATIM\n i = f(v);\n ENDVERBATIM\n"), "channel"),
    "other/synapse.mod": ("NEURON { POINT_PROCESS Syn NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nSTATE { g }\nINITIAL { g = 0 }\n"
                          "BREAKPOINT { SOLVE s METHOD cnexp\n i = 1e-3*g*v }\nDERIVATIVE s { g' = -g/5 }\nNET_RECEIVE(w) { g = g + w }\n", "synapse"),
    "other/odd.mod": (CHANNEL.replace("1e-4*v", "1e-4*w"), "synapse"),
}


class PublishedFiles(InTemporaryFolder):
    def test_are_counted_by_kind_and_model(self):
        clone = self.folder / "clones/Owner+Name"
        for path, (text, _) in FILES.items():
            (clone / path).parent.mkdir(parents=True, exist_ok=True)
            (clone / path).write_text(text)
        for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "all"]):
            subprocess.run(["git", "-C", clone, *words], check=True)
        with open(self.folder / "list.tsv", "w", newline="") as file:
            rows = csv.writer(file, delimiter="\t")
            rows.writerow(["repo", "path", "sha1", "kind"])
            for path, (text, kind) in FILES.items():
                rows.writerow(["Owner/Name", path, hashlib.sha1(text.encode()).hexdigest(), kind])
            rows.writerow(["Owner/Name", "whole/gone.mod", "0" * 40, "channel"])
        compare = ["--compare"] if mechanisms.available() else []
        done = subprocess.run([sys.executable, ROOT / "tests/neuron/corpus.py", self.folder / "list.tsv", self.folder / "clones", "--refused", *compare],
                              capture_output=True, text=True, env={**os.environ, "NEURONTWIN": PROGRAM})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| channel | 5 | 3 | 0 | 1 | 0 |", done.stdout)
        self.assertIn("| synapse | 3 | 1 | 1 | 0 | 1 |", done.stdout)
        self.assertIn("| all | 8 | 4 | 1 | 1 | 1 |", done.stdout)
        self.assertIn("1 files are in no clone", done.stderr)
        self.assertIn("6 of 8, 75.0 %", done.stdout)
        self.assertIn("stopped by C code and POINTER: 1", done.stdout)
        self.assertIn("stopped by otherwise: 1", done.stdout)
        if compare:
            self.assertIn("compared with NEURON: 4; within 0.01 mV: 4", done.stdout)
            self.assertIn("channel: 3 compared, 3 within", done.stdout)
        self.assertIn("Owner/Name/other/odd.mod\totherwise\t", done.stdout)
        self.assertIn("odd.mod:3: 'w' is not declared", done.stdout)


if __name__ == "__main__":
    unittest.main()
