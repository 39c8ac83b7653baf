"""What the program is built from comes from the packages that ./quickstart installs, and from nothing else that
happens to be on this machine."""
import os
import re
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PLACES = ["/usr/include", "/usr/include/x86_64-linux-gnu", "/usr/include/aarch64-linux-gnu", "/usr/include/eigen3",
          "/usr/include/hdf5/serial"]
# What any compiler brings, and what the packages of the list need themselves.
WITH_THE_COMPILER = re.compile(r"(libc6-dev|linux-libc-dev|libstdc\+\+-\d+-dev|libgcc-\d+-dev|.*-cross)(:.*)?$")


def build_packages():
    words = subprocess.run(["bash", "-c", '. cmake/packages.sh; printf "%s\n" "${build_packages[@]}"'], cwd=ROOT,
                           check=True, capture_output=True, text=True)
    return set(words.stdout.split())


def included():
    """Each header that sources of the program include by <...>, and a file that does."""
    headers = {}
    for top in ("src", "include"):
        for folder, _, files in os.walk(os.path.join(ROOT, top)):
            for file in files:
                if not file.endswith((".cpp", ".hpp", ".h")) or file.endswith("_test.cpp"):
                    continue
                path = os.path.join(folder, file)
                with open(path) as text:
                    named = re.findall(r"^#include <([^>]+)>", text.read(), re.M)
                if "gtest/gtest.h" in named:
                    continue  # of the tests
                for header in named:
                    headers.setdefault(header, os.path.relpath(path, ROOT))
    return headers


@unittest.skipUnless(os.path.exists("/usr/bin/dpkg-query"), "not a Debian machine: its packages have other names")
class Packages(unittest.TestCase):
    def test_every_header_comes_from_the_compiler_or_from_a_package_of_quickstart(self):
        allowed = build_packages()
        owned = 0
        for header, file in included().items():
            path = next((os.path.join(place, header) for place in PLACES if os.path.exists(os.path.join(place, header))),
                        None)
            if path is None:
                continue  # a header of the language, which no package owns under these names
            found = subprocess.run(["dpkg-query", "-S", os.path.realpath(path)], capture_output=True, text=True)
            owners = {line.split(": ")[0].split(":")[0] for line in found.stdout.splitlines()}
            owned += len(owners)
            with self.subTest(header=header):
                self.assertTrue(any(o in allowed or WITH_THE_COMPILER.match(o) for o in owners),
                                f"{file} includes <{header}> of {owners}, which ./quickstart does not install")
        self.assertGreater(owned, 20)


class WhereNothingCanBeInstalled(unittest.TestCase):
    """./quickstart says what to do, on a machine without dpkg, or for a user without root and sudo."""

    def quickstart(self, folder, programs, extra=""):
        for program in programs:
            os.symlink(f"/usr/bin/{program}", os.path.join(folder, program))
        script = f'. cmake/packages.sh; id() {{ echo 1000; }}; {extra} install_packages nothing-of-this-name; echo went on'
        return subprocess.run(["/bin/bash", "-ec", script], cwd=ROOT, env={"PATH": folder}, capture_output=True, text=True)

    def assert_says(self, done, why):
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("went on", done.stdout)
        for words in (why, "apt-get install", "dnf install", "pacman -S", "brew install", "conda create"):
            self.assertIn(words, done.stderr)

    def test_on_another_system(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assert_says(self.quickstart(folder, ["cat"]), "This is no Debian system")

    def test_for_a_user_without_sudo(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.quickstart(folder, ["cat", "grep", "dpkg-query"])
            self.assert_says(done, "takes root or sudo")
            self.assertIn("Missing: nothing-of-this-name", done.stderr)


if __name__ == "__main__":
    unittest.main()
