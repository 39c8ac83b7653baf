"""Reconstructions with the faults of real ones, read by us and by NEURON's Import3d: the same sections, joints and points.

Also what inspect says and draws of them, and how long a large one takes.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import unittest
import xml.etree.ElementTree

from support import PROGRAM, ROOT, SLOW, InTemporaryFolder, run

sys.path.insert(0, str(ROOT / "tests/neuron"))
import mechanisms  # noqa: E402

POINTS = pathlib.Path(PROGRAM).parent / "morphology_points"
CASES = 2000 if SLOW else 150
SHARED = next((folder / "shared" for folder in ROOT.resolve().parents if (folder / "shared/cases/morphology").exists()), None)


def grow(draw, points, first, kind, length, places):
    """A tree from point `first` on: (parent, type) by depth-first order."""
    tips = [first]
    for _ in range(length):
        parent = draw.choice(tips[-3:])
        if draw.random() < 0.7 and parent == len(points) - 1 or parent == first:
            tips = [t for t in tips if t != parent] or tips
        if draw.random() < 0.05:
            kind = draw.choice([0, 2, 3, 4, 5, 7])
        points.append([len(points), kind, *places(parent), parent])
        tips.append(len(points) - 1)


def random_swc(seed):
    """Lines of a file: points (number, type, x, y, z, radius, parent) from 0 on, parents first; and whether each branch is in one piece."""
    draw = random.Random(seed)
    points = []

    def places(parent):
        if parent >= 0 and draw.random() < 0.08:
            return points[parent][2:6]  # no length
        at = points[parent][2:5] if parent >= 0 else [0, 0, 0]
        radius = 0 if draw.random() < 0.03 else round(draw.uniform(0.1, 3), 2)
        return [round(x + draw.uniform(-20, 20), 2) for x in at] + [radius]

    start = draw.choice(["none", "point", "ball", "stack", "branched", "later"])
    if start == "point":
        points.append([0, 1, 0, 0, 0, 6, -1])
    elif start == "ball":
        points += [[0, 1, 0, 0, 0, 6, -1], [1, 1, 0, -6, 0, 6, 0], [2, 1, 0, 6, 0, 6, 0]]
    elif start == "stack":
        points += [[i, 1, 0, 5 * i, 0, draw.randint(3, 6), i - 1] for i in range(draw.randint(2, 5))]
    elif start == "branched":
        points.append([0, 1, 0, 0, 0, 6, -1])
        for _ in range(draw.randint(2, 5)):
            parent = draw.randrange(len(points))
            points.append([len(points), 1, *places(parent)[:3], 5, parent])
    else:
        points.append([0, 3, 0, 0, 0, 1, -1])
        grow(draw, points, 0, 3, draw.randint(1, 4), places)
        if start == "later":
            for _ in range(draw.randint(1, 3)):
                points.append([len(points), 1, *places(len(points) - 1)[:3], 5, len(points) - 1])
    for _ in range(draw.randint(1, 6)):
        parent = draw.randrange(len(points)) if draw.random() < 0.3 else draw.randrange(min(3, len(points)))
        kind = draw.choice([2, 3, 3, 4])
        points.append([len(points), kind, *places(parent), parent])
        grow(draw, points, len(points) - 1, kind, draw.randint(0, 8), places)
    if draw.random() < 0.2:  # a second root
        points[draw.randrange(1, len(points))][6] = -1
    return depth_first(points) if draw.random() < 0.8 else points


def depth_first(points):
    children = {i: [] for i in range(-1, len(points))}
    for p in points:
        children[p[6]].append(p[0])
    order, waiting = [], children[-1][::-1]
    while waiting:
        order.append(waiting.pop())
        waiting += children[order[-1]][::-1]
    moved = {old: new for new, old in enumerate(order)} | {-1: -1}
    return [[moved[i], *points[i][1:6], moved[points[i][6]]] for i in order]


def text_of(points):
    return "".join("%d %d %g %g %g %g %d\n" % (p[0] + 1, *p[1:6], p[6] + 1 if p[6] >= 0 else -1) for p in points)


def ours(file):
    done = run([POINTS, file])
    if done.returncode:
        return done.stderr
    sections = []
    for line in done.stdout.splitlines():
        words = line.split()
        if words[0] == "section":
            sections.append([words[1], words[2], float(words[3]) if words[2] != "-" else 0, []])
        else:
            sections[-1][3].append([float(word) for word in words])
    return sections


def by_name(sections):
    return {section[0]: section[1:] for section in sections}


@unittest.skipUnless(mechanisms.available() and POINTS.exists(), "NEURON is not installed")
class Reconstructions(InTemporaryFolder):
    def in_neuron(self, files):
        out = self.folder / "neuron.json"
        subprocess.run([sys.executable, ROOT / "tests/neuron/read_morphology.py", out, *map(str, files)], check=True, capture_output=True)
        return {pathlib.Path(file): read for file, read in json.loads(out.read_text()).items()}

    def assert_same(self, file, neurons):
        mine = ours(file)
        self.assertIsInstance(mine, list, mine)
        mine, theirs = by_name(mine), by_name(neurons)
        self.assertEqual(mine.keys(), theirs.keys(), file)
        for name, (parent, x, points) in mine.items():
            self.assertEqual((parent, x), tuple(theirs[name][:2]), f"{file}: {name}")
            self.assertEqual(len(points), len(theirs[name][2]), f"{file}: {name}")
            for here, there in zip(points, theirs[name][2]):
                for a, b in zip(here, there):
                    self.assertAlmostEqual(a, b, delta=2e-7 * max(1, abs(b)), msg=f"{file}: {name}")

    def test_of_random_trees_with_faults_are_neurons(self):
        files, sorted_files = [], []
        for seed in range(CASES):
            points = random_swc(seed)
            files.append(self.folder / f"{seed}.swc")
            files[-1].write_text(text_of(points))
            sorted_files.append(self.folder / f"{seed}-sorted.swc")
            sorted_files[-1].write_text(text_of(depth_first(points)))
        neurons = self.in_neuron(files + sorted_files)
        compared = 0
        for file, in_order in zip(files, sorted_files):
            if neurons[in_order] is None:
                continue
            compared += 1
            self.assert_same(in_order, neurons[in_order])
            # Branches that are mixed up: as NEURON reads them where it keeps neighbours together, else as it reads them sorted.
            try:
                self.assert_same(file, neurons[in_order])
            except AssertionError:
                self.assertIsNotNone(neurons[file], file)
                self.assert_same(file, neurons[file])
        self.assertGreater(compared, 0.9 * CASES)

    @unittest.skipIf(SHARED is None, "the cases are not at hand")
    def test_of_the_shared_cases_are_neurons(self):
        files = sorted((SHARED / "cases/morphology").glob("*.swc"))
        for file, read in self.in_neuron(files).items():
            if read is not None:  # parents after their children: it refuses
                self.assert_same(file, read)


class Inspect(InTemporaryFolder):
    def inspect(self, text, *options):
        file = self.folder / "cell.swc"
        file.write_text(text)
        return self.succeed([PROGRAM, "inspect", file, *options]).stdout

    def test_says_what_was_done_about_zero_radii_and_a_missing_soma(self):
        said = self.inspect("1 3 0 0 0 1 -1\n2 3 0 50 0 0 1\n")
        self.assertIn("cell.swc:2: a radius of 0; left so, as NEURON does", said)
        self.assertIn("cell.swc: has no soma (points of type 1); its first section stands for it", said)
        self.assertIn("50.0     157.1", said)  # a cone: pi 1 sqrt(50^2 + 1)

    def test_draws_the_tree(self):
        out = self.folder / "tree.svg"
        self.inspect("1 1 0 0 0 6 -1\n2 3 0 10 0 1 1\n3 3 0 60 0 0.8 2\n4 2 0 -10 0 1 1\n5 2 0 -60 0 0.5 4\n", "--svg", out)
        root = xml.etree.ElementTree.parse(out).getroot()
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        titles = [e.text for e in root.iter("{http://www.w3.org/2000/svg}title")]
        for name in ("soma[0]", "axon[0]", "dend[0]"):
            self.assertTrue(any(title.startswith(name) for title in titles), name)

    def test_of_a_cell_draws_it_too_and_of_other_files_refuses(self):
        out = self.folder / "tree.svg"
        self.succeed([PROGRAM, "inspect", ROOT / "cells/ball-and-stick.toml", "--svg", out])
        self.assertIn("dend[0]", out.read_text())
        for file in ("cells/if.toml", "src/mechanism/catalogue/Ih.mod", "experiments/if.toml"):
            done = run([PROGRAM, "inspect", ROOT / file, "--svg", out])
            self.assertEqual(done.returncode, 2, file)
            self.assertIn("--svg", done.stderr)

    def test_of_a_hundred_thousand_sections_takes_seconds(self):
        draw = random.Random(1)
        lines = ["1 1 0 0 0 6 -1"]
        for i in range(2, 200_002):  # each point bears two more: a section of two points each
            parent = max(1, i // 2)
            lines.append(f"{i} 3 {draw.uniform(-20, 20):.2f} {i % 20} 0 0.5 {parent}")
        before = os.times().children_user  # of whatever else this process has run
        said = self.inspect("\n".join(lines))
        self.assertGreater(int(said.split("basal")[1].split()[0]), 100_000)
        self.assertLess(os.times().children_user - before, 20)


if __name__ == "__main__":
    unittest.main()
