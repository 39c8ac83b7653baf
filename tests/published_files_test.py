"""tests/neuron/corpus.py counts what the program says of published files: with a small repository of our own."""
import csv
import hashlib
import os
import subprocess
import sys
import unittest

from support import PROGRAM, ROOT, InTemporaryFolder

CHANNEL = "NEURON { SUFFIX a NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nBREAKPOINT { i = 1e-4*v }\n"
FILES = {  # path: (text, kind)
    "whole/a.mod": (CHANNEL, "channel"),
    "whole/b.mod": (CHANNEL.replace("SUFFIX a", "SUFFIX b"), "channel"),
    "part/a.mod": (CHANNEL + ": another text\n", "channel"),
    "part/gap.mod": ("NEURON { POINT_PROCESS gap NONSPECIFIC_CURRENT i POINTER vgap }\nASSIGNED { v i vgap }\nBREAKPOINT { i = v - vgap }\n", "synapse"),
    "part/c.mod": (CHANNEL.replace("i = 1e-4*v", "VERBATIM\n i = f(v);\n ENDVERBATIM"), "channel"),
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
        done = subprocess.run([sys.executable, ROOT / "tests/neuron/corpus.py", self.folder / "list.tsv", self.folder / "clones", "--refused"],
                              capture_output=True, text=True, env={**os.environ, "NEURONTWIN": PROGRAM})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| channel | 5 | 3 | 0 | 1 | 0 |", done.stdout)
        self.assertIn("| synapse | 2 | 0 | 1 | 0 | 1 |", done.stdout)
        self.assertIn("| all | 7 | 3 | 1 | 1 | 1 |", done.stdout)
        self.assertIn("1 files are in no clone", done.stderr)
        self.assertIn("5 of 7, 71.4 %", done.stdout)
        self.assertIn("stopped by C code and POINTER: 1", done.stdout)
        self.assertIn("stopped by otherwise: 1", done.stdout)
        self.assertIn("Owner/Name/other/odd.mod\totherwise\t", done.stdout)
        self.assertIn("odd.mod:3: 'w' is not declared", done.stdout)


if __name__ == "__main__":
    unittest.main()
