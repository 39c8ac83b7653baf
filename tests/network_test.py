"""Networks, as users run them: files that others read, stops and goes, comparisons, refusals."""
import json
import pathlib
import random
import signal
import subprocess
import sys
import time
import unittest

import h5py
import numpy as np

from browser import Browser
from support import PROGRAM, ROOT, SLOW, InTemporaryFolder, command, run

CELL = ROOT / "cells/if.toml"
POPULATIONS = f"""
title = "A network of point neurons"
seed = 3
ms = 2000
[[populations]]
name = "e"
kind = "cell"
cell = "{CELL}"
neurons = 80
record_soma = 3
[[populations]]
name = "noise"
kind = "poisson"
rate_hz = 15
neurons = 50
[[projections]]
from = "e"
to = "e"
rule = "fixed-indegree"
indegree = 8
synapses = "excitatory"
delay_ms = [1, 4]
[[projections]]
from = "noise"
to = "e"
rule = "fixed-probability"
probability = 0.3
synapses = "excitatory"
[[backgrounds]]
to = "e"
synapses = "excitatory"
rate_hz = 3
"""


def spikes_in(folder):
    with h5py.File(pathlib.Path(folder) / "spikes.h5") as file:
        return {name: (group["timestamps"][:], group["node_ids"][:]) for name, group in file["spikes"].items()}


class Networks(InTemporaryFolder):
    def network(self, text=POPULATIONS, name="network.toml"):
        file = self.folder / name
        file.write_text(text)
        return file

    def words(self, *options, out="out", text=POPULATIONS):
        return [PROGRAM, "network", self.network(text), "--out", self.folder / out, *options]

    def same_spikes(self, a, b):
        a, b = spikes_in(self.folder / a), spikes_in(self.folder / b)
        self.assertEqual(list(a), list(b))
        for name in a:
            for of_a, of_b in zip(a[name], b[name]):
                np.testing.assert_array_equal(of_a, of_b)

    def test_leave_sonata_files_and_numbers(self):
        done = self.succeed(self.words())
        self.assertIn("times real time", done.stdout)
        out = self.folder / "out"
        with h5py.File(out / "spikes.h5") as file:
            self.assertEqual(file.attrs["magic"], 0x0A7A)
            self.assertEqual(list(file.attrs["version"]), [0, 1])
            group = file["spikes/e"]
            self.assertEqual(h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype), {"none": 0, "by_id": 1, "by_time": 2})
            self.assertEqual(group.attrs["sorting"], 2)
            times, nodes = group["timestamps"], group["node_ids"]
            self.assertEqual((times.dtype, nodes.dtype), (np.float64, np.uint64))
            self.assertIn(times.attrs["units"], ("ms", b"ms"))
            self.assertTrue((np.diff(times[:]) >= 0).all())
            self.assertLess(nodes[:].max(), 80)
            spikes = len(times)
        with h5py.File(out / "soma.h5") as file:
            report = file["report/e"]
            self.assertEqual(report["data"].shape, (2000, 3))
            self.assertIn(report["data"].attrs["units"], ("mV", b"mV"))
            np.testing.assert_array_equal(report["mapping/node_ids"][:], [0, 1, 2])
            np.testing.assert_array_equal(report["mapping/index_pointers"][:], [0, 1, 2, 3])
            np.testing.assert_array_equal(report["mapping/index_pointer"][:], [0, 1, 2, 3])  # by bmtk's name
            np.testing.assert_array_equal(report["mapping/element_ids"][:], [0, 0, 0])
            self.assertEqual(len(report["mapping/element_pos"]), 3)
            np.testing.assert_array_equal(report["mapping/time"][:], [0, 2000, 1])
            fired = (report["data"][:, 0] > -55).sum()
        self.assertEqual(fired, (spikes_in(out)["e"][1] == 0).sum())
        metrics = json.loads((out / "metrics.json").read_text())
        e = metrics["populations"]["e"]
        self.assertEqual(e["spikes"], spikes)
        self.assertAlmostEqual(e["rate_hz"], spikes / 80 / 2, places=9)
        self.assertAlmostEqual(metrics["populations"]["noise"]["rate_hz"], 15, delta=5 * (15 / 50 / 2) ** 0.5)
        self.assertEqual(metrics["projections"][0]["contacts"], 640)

    def test_spike_the_same_on_any_number_of_threads_and_by_another_seed_otherwise(self):
        self.succeed(self.words("--threads", "1"))
        self.succeed(self.words("--threads", "3", out="three"))
        self.same_spikes("out", "three")
        self.succeed(self.words("--seed", "4", out="other"))
        self.assertNotEqual(len(spikes_in(self.folder / "out")["e"][0]), len(spikes_in(self.folder / "other")["e"][0]))

    def test_killed_at_any_moment_they_go_on_to_the_same_spikes(self):
        long = ("--ms", "1000000" if SLOW else "400000", "--threads", "1", "--checkpoint-s", "1")
        self.succeed(self.words(*long))
        moments, kills = random.Random(5), 100 if SLOW else 6
        for attempt in range(kills + 1):
            process = subprocess.Popen([str(w) for w in self.words(*long, out="killed")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=0.3 + 1.2 * moments.random() if attempt < kills else 600)
                break
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT if attempt % 2 else signal.SIGKILL)
                process.wait(timeout=60)
        self.assertGreaterEqual(attempt, 2)  # so many were killed
        self.assertEqual(process.returncode, 0)
        self.same_spikes("out", "killed")

    def test_stopped_they_keep_what_they_have(self):
        process = subprocess.Popen([str(w) for w in self.words("--ms", "100000000")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 130, said)
        self.assertTrue((self.folder / "out/checkpoint.h5").exists())

    def test_a_longer_run_goes_on_where_the_shorter_one_ended(self):
        self.succeed(self.words("--ms", "700"))
        done = self.succeed(self.words("--ms", "1500"))
        self.assertIn("goes on at 700 ms", done.stderr)
        self.succeed(self.words("--ms", "1500", out="whole"))
        self.same_spikes("out", "whole")

    def test_take_the_connections_of_a_sonata_file(self):
        edges = self.folder / "edges.h5"
        with h5py.File(edges, "w") as file:
            group = file.create_group("edges/e_to_e")
            group["source_node_id"], group["target_node_id"] = np.uint64([0, 7, 3, 79]), np.uint64([1, 2, 2, 0])
            group["edge_group_id"], group["edge_group_index"] = np.zeros(4, np.uint32), np.arange(4, dtype=np.uint32)
            group["0/delay"], group["0/nsyns"] = np.float64([1, 2, 3, 4]), np.int32([5, 1, 2, 4])
        text = POPULATIONS.replace('rule = "fixed-indegree"\nindegree = 8', f'rule = "sonata"\nfile = "{edges}"')
        self.succeed(self.words("--ms", "100", text=text))
        self.assertEqual(json.loads((self.folder / "out/metrics.json").read_text())["projections"][0]["contacts"], 12)
        with h5py.File(edges, "a") as file:
            file["edges/e_to_e/source_node_id"][1] = 80
        done = run(self.words("--ms", "100", text=text))
        self.assertEqual(done.returncode, 2)
        self.assertIn("edge 1: there is no neuron 80 in 'e', which has 80 neurons, numbered from 0", done.stderr)

    def test_take_what_each_group_of_sonata_edges_says(self):
        text = POPULATIONS.replace('rule = "fixed-indegree"\nindegree = 8', f'rule = "sonata"\nfile = "{self.folder}/edges.h5"')
        def contacts_or_error(data, groups=None):
            with h5py.File(self.folder / "edges.h5", "w") as file:
                group = file.create_group("edges/e_to_e")
                group["source_node_id"], group["target_node_id"] = np.uint64([0, 7, 3]), np.uint64([1, 2, 2])
                if groups:
                    group["edge_group_id"], group["edge_group_index"] = np.uint32(groups[0]), np.uint32(groups[1])
                for name, values in data.items():
                    group[name] = values
            done = run(self.words("--dry-run", text=text))
            return done.stderr if done.returncode else int(done.stdout.split(" contacts in ")[0].split()[-1])
        plain = contacts_or_error({})
        self.assertEqual(contacts_or_error({"0/nsyns": [3, 1], "1/delay": [2.0]}, ([0, 1, 0], [1, 0, 0])) - plain, 2)
        self.assertEqual(contacts_or_error({"0/nsyns": [3, 1], "1/nsyns": [5]}, ([0, 1, 0], [1, 0, 0])) - plain, 6)
        self.assertIn("edge 1: number 1 of /edges/e_to_e/0/delay is NaN", contacts_or_error({"0/delay": [1, np.nan, 2]}))
        for delays in ([2.0], [2.0] * 4):
            self.assertIn(f"0/delay has {len(delays)} numbers, expected one for each of 3 edges", contacts_or_error({"0/delay": delays}))
        self.assertIn("edge 2 is number 9 of /edges/e_to_e/0/delay, which has 3 numbers",
                      contacts_or_error({"0/delay": [2.0] * 3}, ([0, 0, 0], [0, 1, 9])))

    def test_of_another_file_or_seed_do_not_replace_results(self):
        self.succeed(self.words("--ms", "100"))
        for words in (self.words("--ms", "100", "--seed", "7"), self.words("--ms", "100", text=POPULATIONS.replace("rate_hz = 3", "rate_hz = 4"))):
            done = run(words)
            self.assertEqual((done.returncode, "is of another network" in done.stderr), (2, True), done.stderr)
        (self.folder / "out/checkpoint.h5").unlink()  # as a user does who is told that it is damaged
        self.succeed(self.words("--ms", "100"))
        foreign = self.folder / "foreign"
        foreign.mkdir()
        (foreign / "report.html").write_text("mine")
        done = run(self.words("--ms", "100", out="foreign"))
        self.assertEqual((done.returncode, (foreign / "report.html").read_text()), (2, "mine"), done.stderr)

    def test_run_from_the_file_that_they_leave(self):
        self.succeed(self.words("--ms", "100"))
        self.succeed([PROGRAM, "network", self.folder / "out/network.toml", "--out", self.folder / "again"])
        self.same_spikes("out", "again")

    def test_put_synapses_where_sonata_edges_have_sections_and_positions(self):
        # Sections of the built-in tree: soma, then axon, basal and apical ones.
        cell = ROOT / "cells/l5pc.toml"
        text = POPULATIONS.replace(f'cell = "{CELL}"\nneurons = 80\nrecord_soma = 3', f'cell = "{cell}"\nneurons = 2')
        edges = self.folder / "edges.h5"
        text = text.replace('rule = "fixed-indegree"\nindegree = 8', f'rule = "sonata"\nfile = "{edges}"')
        def refused(sections, positions, nsyns=(1, 1)):
            with h5py.File(edges, "w") as file:
                group = file.create_group("edges/e_to_e")
                group["source_node_id"], group["target_node_id"] = np.uint64([0, 1]), np.uint64([1, 0])
                group["0/afferent_section_id"], group["0/afferent_section_pos"] = np.uint64(sections), np.float64(positions)
                group["0/nsyns"] = np.int32(nsyns)
            done = run(self.words("--dry-run", text=text))
            return done.stdout if done.returncode == 0 else done.stderr
        self.assertIn("edge 0: section 0, 'soma", refused([0, 5], [0.5, 0.5]))  # which has no synapse
        self.assertIn("edge 1: afferent_section_id 9999, but the neuron has", refused([5, 9999], [0.5, 0.5]))
        self.assertIn("edge 1: afferent_section_pos 1.5, expected from 0 to 1", refused([5, 6], [0.5, 1.5]))
        both, one = (int(refused([5, 6], [0, 1], n).split(" contacts in ")[0].split()[-1]) for n in ((3, 2), (1, 1)))
        self.assertEqual(both - one, 3)  # beside those of the other projection

    def test_a_dry_run_writes_nothing(self):
        done = self.succeed(self.words("--dry-run"))
        self.assertIn("80 e (cell), 50 noise (poisson)", done.stdout)
        self.assertRegex(done.stdout, r"1837 contacts in [\d.]+ kB; (about|less than)")
        self.assertFalse((self.folder / "out").exists())

    def test_a_dry_run_refuses_what_a_run_would_refuse(self):
        edges = self.folder / "edges.csv"
        edges.write_text("source,target,contacts\n0,1,1\n0,2,1000000000\n")
        listed = POPULATIONS.replace('rule = "fixed-indegree"\nindegree = 8', f'rule = "list"\nfile = "{edges}"')
        for text, said in ((listed, "edges.csv:3: 1000000000 contacts of one connection, expected from 1 to 10000"),
                           (POPULATIONS.replace("indegree = 8", "indegree = 80"), "network.toml:"),
                           (POPULATIONS + "[measures]\ntransient_ms = 3000\n", "measures.transient_ms"),
                           (POPULATIONS.replace("record_soma = 3", "record_soma = 81"), "record_soma")):
            planned, done = run(self.words("--dry-run", text=text)), run(self.words(text=text))
            self.assertEqual((planned.returncode, done.returncode), (2, 2), planned.stderr + done.stderr)
            self.assertIn(said, planned.stderr)
            self.assertIn(said, done.stderr)
            self.assertFalse((self.folder / "out").exists())  # not even a .lock

    def test_leave_the_same_bytes_whenever_they_run(self):
        self.succeed(self.words("--ms", "300"))
        time.sleep(1.1)  # a file system's second later
        self.succeed(self.words("--ms", "300", out="later"))
        for name in ("spikes.h5", "soma.h5", "network.toml", "report.html"):
            self.assertEqual((self.folder / "out" / name).read_bytes(), (self.folder / "later" / name).read_bytes(), name)

    def test_are_inspected(self):
        self.succeed(self.words("--ms", "300"))
        def inspected(file, *options):
            return self.succeed([PROGRAM, "inspect", file, *options]).stdout
        out = self.folder / "out"
        self.assertRegex(inspected(out), r"# results of a network\ntitle +A network of point neurons\nms +300\nseed +3\n")
        self.assertRegex(inspected(out), r"\n  e +80 +\d+ +[\d.]+")
        self.assertRegex(inspected(out / "checkpoint.h5"), r"# a network's checkpoint\nidentity +[0-9a-f]{32}\nms +300\n")
        self.assertIn("# spikes of populations (SONATA)\n/spikes/e/node_ids", inspected(out / "spikes.h5"))
        self.assertIn("# values of populations (SONATA)\n/report/e/data", inspected(out / "soma.h5"))
        self.assertIn("populations.e.rate_hz", inspected(out / "metrics.json"))
        self.assertIn("# a report\ntitle", inspected(out / "report.html"))
        said = inspected(self.folder / "network.toml", "--set", "seed=9")
        self.assertIn("# a network, with every default\n", said)
        self.assertIn("seed = 9", said)
        self.assertIn("record_soma = 3", said)
        self.assertIn("has no profiles", run([PROGRAM, "inspect", self.folder / "network.toml", "--profile", "quick"]).stderr)

    def test_leave_no_lock(self):
        self.succeed(self.words("--ms", "50"))
        self.assertFalse((self.folder / "out/.lock").exists())

    def test_a_perturbation_is_checked_at_once_and_belongs_to_a_comparison(self):
        for asked in ("nan", "1e30", "0", "-1"):
            for dry in ((), ("--dry-run",)):
                done = run([PROGRAM, "network", "compare", self.network(), f"--perturb-mV={asked}", *dry, "--out", self.folder / "out"])
                self.assertEqual(done.returncode, 2)
                self.assertIn("expected more than 0 and at most 20", done.stderr)
        done = run(self.words("--perturb-mV", "0.2"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("--perturb-mV belongs to 'network compare NETWORK.toml'", done.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_refuse_with_the_line_and_what_would_be_right(self):
        def refused(text, *options):
            done = run(self.words(*options, text=text))
            self.assertEqual(done.returncode, 2, done.stderr)
            return done.stderr
        self.assertIn("network.toml:4: ", refused(POPULATIONS.replace("ms = 2000", "ms = 2000\nspeed = 1").replace("seed = 3\n", "")))
        self.assertIn("there is no population 'noice'; there are e, noise; did you mean 'noise'?", refused(POPULATIONS.replace('from = "noise"', 'from = "noice"')))
        self.assertIn("add twin = \"FILE\"", refused(POPULATIONS, "--as", "twins"))
        self.assertIn("which cannot name a group of spikes.h5", refused(POPULATIONS.replace('"noise"', '"."')))
        self.assertIn("the rule 'list' needs 'file', or 'sources' and 'targets'",
                      refused(POPULATIONS.replace('rule = "fixed-indegree"\nindegree = 8', 'rule = "list"')))
        (self.folder / "list.csv").write_text("source,target,target\n0,1,1\n")
        self.assertIn("list.csv:1: has the column 'target' twice", refused(
            POPULATIONS.replace('rule = "fixed-indegree"\nindegree = 8', f'rule = "list"\nfile = "{self.folder}/list.csv"')))
        twin = f'cell = "{CELL}"\ntwin = "{ROOT}/docs/twins/l5pc-ampa.safetensors"'
        self.assertIn("is that of another neuron: it has 633 excitatory and 633 inhibitory synapses, the cell 80 and 20",
                      refused(POPULATIONS.replace(f'cell = "{CELL}"', twin)))
        self.assertIn("fixed-indegreee", refused(POPULATIONS.replace("fixed-indegree", "fixed-indegreee")))
        self.assertIn("delay_ms", refused(POPULATIONS.replace("[1, 4]", "0.2")))
        self.assertIn("did you mean 'compare'?", run([PROGRAM, "network", "campare", self.network()]).stderr)


class NetworksOfTwins(InTemporaryFolder):
    def test_are_held_against_their_neurons_and_against_these_from_another_state(self):
        learning = {"twin.kind": "recurrent", "twin.memory_units": 8, "twin.spike_bias": -5, "train.epochs": 8, "data.train_trials": 100,
                    "train.steps_per_epoch": 100}
        self.succeed(command(out=self.folder / "run", settings=learning))
        network = self.folder / "network.toml"
        weaker = POPULATIONS.replace("indegree = 8", "indegree = 2").replace("rate_hz = 15", "rate_hz = 8").replace("rate_hz = 3", "rate_hz = 2")
        network.write_text(weaker.replace('kind = "cell"', f'kind = "twin"\ntwin = "{self.folder / "run"}"'))
        compare = [PROGRAM, "network", "compare", network, "--out", self.folder / "out", "--ms", "3000"]
        done = self.succeed(compare)
        self.assertIn("perturbed neurons against neurons", done.stdout)
        compared = json.loads((self.folder / "out/compare.json").read_text())
        neurons, perturbed, twins = compared["courses"]
        self.assertGreater(neurons["populations"]["e"]["rate_hz"], 1)
        # Leaky neurons forget a tenth of a mV, or a spike moves and with it what follows; the twin of ten seconds of training finds
        # half of the spikes.
        self.assertGreater(perturbed["differences"]["e"]["matched_share"], 0.9)
        self.assertGreater(twins["differences"]["e"]["matched_share"], 0.3)
        noise = [spikes_in(self.folder / "out" / course)["noise"][0] for course in ("neurons", "perturbed", "twins")]
        np.testing.assert_array_equal(noise[0], noise[1])
        np.testing.assert_array_equal(noise[0], noise[2])
        again = self.succeed(compare)
        self.assertIn("goes on at 3000 ms", again.stderr)
        self.assertEqual(json.loads((self.folder / "out/compare.json").read_text())["courses"][2]["differences"], twins["differences"])


class InPython(InTemporaryFolder):
    def setUp(self):
        super().setUp()
        sys.path.insert(0, str(pathlib.Path(PROGRAM).resolve().parent / "python"))
        try:
            import neurontwin
        except ImportError as error:
            self.skipTest(f"the package is not built: {error}")
        self.nt = neurontwin
        self.file = self.folder / "network.toml"
        self.file.write_text(POPULATIONS)

    def test_go_ms_by_ms_to_the_spikes_of_the_program(self):
        self.succeed([PROGRAM, "network", self.file, "--out", self.folder / "out", "--ms", "300"])
        network = self.nt.Network(self.file)
        self.assertEqual(network.populations, {"e": 80, "noise": 50})
        state = network.run(100).state()
        network.run(200)
        self.assertEqual(network.now_ms, 300)
        time_ms, neuron = network.spikes("e")
        expected = spikes_in(self.folder / "out")["e"]
        np.testing.assert_array_equal(time_ms, expected[0])
        np.testing.assert_array_equal(neuron, expected[1])
        with h5py.File(self.folder / "out/soma.h5") as file:
            np.testing.assert_array_equal(network.soma_mV("e"), file["report/e/data"][:])
        self.assertAlmostEqual(network.activity()["e"]["rate_hz"], len(time_ms) / 80 / 0.3)
        other = self.nt.Network(self.file, threads=1)
        other.set_state(state)
        np.testing.assert_array_equal(other.run(200).spikes("e")[0], time_ms)

    def test_run_to_the_end_in_a_folder_and_refuse_as_the_program_does(self):
        run = self.nt.run_network(self.file, out=self.folder / "out", ms=200, progress=False)
        self.assertEqual((run["ms"], run["computed_ms"]), (200, 200))
        self.assertEqual([p["name"] for p in run["populations"]], ["e", "noise"])
        with self.assertRaisesRegex(self.nt.InputError, "does not name a twin"):
            self.nt.compare_network(self.file, out=self.folder / "out", progress=False)
        with self.assertRaises(self.nt.InputError):
            self.nt.Network(self.file).set_state(b"something else")


class Pages(InTemporaryFolder):
    """report.html of a network, in a browser: drawn whole, without errors and without asking for anything."""

    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(Browser())

    def assert_whole(self, page, rasters):
        for width in (1280, 390):
            self.browser.open(page, width, reduced_motion=True)
            charts = self.browser.run("return [...document.querySelectorAll('figure')].map((f) => f.id)")
            self.assertEqual(sum(c.startswith("chart-raster") for c in charts), rasters)
            for name in ("rates_hz-e", "cvs-e", "correlations-e", "spectrum-e"):
                self.assertIn("chart-" + name, charts)
            for chart in charts:
                self.browser.run("document.getElementById(arguments[0]).scrollIntoView()", chart)
                marks = self.browser.wait_for("""
                    const box = document.getElementById(arguments[0]).querySelector('.canvas');
                    return box.dataset.drawn === 'yes' && box.querySelectorAll('path[d], text, image').length""", chart)
                self.assertGreater(marks, 5, chart)
            overflow, inner = self.browser.run("return [document.documentElement.scrollWidth, innerWidth]")
            self.assertLessEqual(overflow, inner)
            self.assertEqual(self.browser.console(), [])
            self.assertEqual(set(self.browser.requests()), {page.resolve().as_uri()})

    def test_of_one_network_and_of_a_comparison_are_whole(self):
        file = self.folder / "network.toml"
        file.write_text(POPULATIONS)
        self.succeed([PROGRAM, "network", file, "--out", self.folder / "one"])
        self.assert_whole(self.folder / "one/report.html", rasters=1)
        said = self.browser.run("return document.getElementById('wiring').textContent")
        self.assertIn("fixed-indegree", said)
        self.assertIn("640", said)
        # The page of a comparison is made of files alone: here of a network beside itself.
        self.succeed(command(out=self.folder / "run"))
        file.write_text(POPULATIONS.replace('kind = "cell"', f'kind = "twin"\ntwin = "{self.folder / "run"}"'))
        self.succeed([PROGRAM, "network", "compare", file, "--out", self.folder / "three"])
        self.assert_whole(self.folder / "three/report.html", rasters=3)
        self.assertIn("perturbed neurons", self.browser.run("return document.body.textContent"))


if __name__ == "__main__":
    unittest.main()
