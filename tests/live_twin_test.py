"""The twin that a report carries: it answers added input at once, in the browser, as the program does."""
import json
import pathlib
import shutil
import tempfile
import unittest

import h5py
import numpy as np

from browser import Browser
from report_test import LAYER_FIVE, PAINTED
from support import PROGRAM, ROOT, command, run

# Large weights of the heads: a twin that hardly learned answers by many mV all the same.
RECURRENT = {**LAYER_FIVE, "twin.kind": '"recurrent"', "twin.soma_weight_sd": 3, "twin.spike_weight_sd": 1, "twin.spike_bias": -2,
             "interpret.moments": 4, "interpret.attributed_spikes": 1, "interpret.added_spikes": 1}
ANSWER_MS = 100
TOLERANCE = 1e-4

# A burst by the buttons; how long until it is drawn and said.
ADD = """
  document.getElementById('added-compartment').value = arguments[0];
  document.getElementById('added-burst').value = arguments[1];
  const before = performance.now();
  document.getElementById(arguments[2]).click();
  return performance.now() - before;
"""
SAYS = "return document.getElementById('added-says').textContent"
LIVE = "return [...neuron.added().spikes().map(({channel, ms}) => [channel, ms])]"


class LiveTwin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="neurontwin-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        done = run(command("run", cls.folder / "run", ROOT / "experiments/l5pc-nmda.toml", RECURRENT))
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.page = cls.folder / "run/report.html"
        cls.neuron = json.loads((cls.folder / "run/neuron.json").read_text())
        cls.browser = cls.enterClassContext(Browser())

    def setUp(self):
        self.open(1280)
        self.addCleanup(self.was_content)

    def open(self, width, dark=False):
        self.browser.open(self.page, width, dark=dark, reduced_motion=True)
        self.browser.wait_for("return document.querySelector('.scene').dataset.drawn === 'yes'")

    def was_content(self):
        """It complained of nothing, also not of its Content-Security-Policy, and asked for nothing but itself."""
        self.assertEqual(self.browser.console(), [])
        self.assertEqual(set(self.browser.requests()), {self.page.resolve().as_uri()})

    def traces(self):
        return self.browser.run(PAINTED, ".trace-box canvas")["sum"]

    def compartment_with_synapses(self, nth):
        return self.neuron["synapses"]["excitatory_compartment"][nth]

    def click(self, compartment, drag_to=()):
        """With the mouse, on the middle of a compartment; then along the middles of others."""
        at = [self.browser.run("""const box = document.querySelector('.scene').getBoundingClientRect(), [x, y] = neuron.view().place(arguments[0]);
                                  return [box.left + x, box.top + y]""", c) for c in (compartment, *drag_to)]
        x, y = at[0]
        self.browser.devtools("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", buttons=1, clickCount=1)
        for x, y in at[1:]:
            self.browser.devtools("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, button="left", buttons=1)
        self.browser.devtools("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, button="left", buttons=0, clickCount=1)

    def excite_by_click(self):
        self.browser.run("""document.querySelector('.neuron').scrollIntoView(); document.querySelector('input[name=added-mode][value=excite]').click()""")

    def test_answers_within_a_hundred_milliseconds(self):
        before = self.traces()
        taken_ms = [self.browser.run(ADD, self.compartment_with_synapses(30 * k), 1, "added-excite") for k in range(6)]
        self.assertNotEqual(self.traces(), before)
        self.assertIn("30 input spikes added", self.browser.run(SAYS))
        print(f"\nanswers after {', '.join(f'{ms:.0f}' for ms in taken_ms)} ms", flush=True)
        self.assertLess(min(taken_ms), ANSWER_MS)  # others may be at work on this machine: the fastest counts

    def test_says_what_the_program_predicts_of_the_same_spikes(self):
        for k, (burst, kind) in enumerate([(0, "added-excite"), (2, "added-excite"), (1, "added-inhibit"), (2, "added-inhibit")]):
            self.browser.run("const slider = document.getElementById('trial-time'); slider.value = arguments[0]; slider.dispatchEvent(new Event('input'))", 100 + 90 * k)
            self.browser.run(ADD, self.compartment_with_synapses(100 * k + 5), burst, kind)
        spikes = self.browser.run(LIVE)
        self.assertEqual(len(spikes), 1 + 20 + 5 + 20)
        excitatory = len(self.neuron["synapses"]["excitatory_compartment"])
        trial, file = self.neuron["trial"], self.folder / "added.h5"
        for name, added in (("with", spikes), ("without", [])):
            with h5py.File(file, "w") as replay:
                for kind, key, here in (("exc", "excitatory", lambda c: c < excitatory), ("inh", "inhibitory", lambda c: c >= excitatory)):
                    first = 0 if kind == "exc" else excitatory
                    given = sorted([(float(t), s) for t, s in zip(trial[key]["time_ms"], trial[key]["synapse"])] +
                                   [(float(ms), c - first) for c, ms in added if here(c)])
                    replay[f"input/{kind}/time_ms"] = np.array([t for t, _ in given])
                    replay[f"input/{kind}/synapse"] = np.array([s for _, s in given], dtype=np.uint32)
            out = self.folder / f"{name}.h5"
            done = run([PROGRAM, "predict", self.folder / "run/twin.safetensors", "--input", file, "--out", out])
            self.assertEqual(done.returncode, 0, done.stderr)
            course = self.browser.run("""const course = neuron.added()[arguments[0]]; course.until(1e9);
                                         return [[...course.soma_mV], [...course.spike_probability]]""", name)
            with h5py.File(out) as predicted:
                soma, chance = (predicted[key][0, : trial["duration_ms"]] for key in ("soma_mV", "spike_probability"))
            self.assertGreater(np.ptp(soma), 3)
            error = [np.abs(np.array(live) - expected).max() for live, expected in zip(course, (soma, chance))]
            print(f"\n{name} the added spikes: off by {error[0]:.1e} mV and {error[1]:.1e}", flush=True)
            self.assertLess(max(error), TOLERANCE)

    def test_a_click_and_a_stroke_on_the_picture_add_input_where_they_fall(self):
        self.excite_by_click()
        compartment = self.compartment_with_synapses(60)
        self.click(compartment)
        spikes = self.browser.run(LIVE)
        self.assertEqual(len(spikes), 5)
        at = self.neuron["trial"]["opens_ms"]
        self.assertEqual([ms for _, ms in spikes], [at, at + 2, at + 4, at + 6, at + 8])
        # Another compartment may lie before it on the picture; the one that is named is the one that was excited.
        hit = int(self.browser.run("return document.getElementById('added-compartment').value"))
        self.assertEqual({self.neuron["synapses"]["excitatory_compartment"][c] for c, _ in spikes}, {hit})
        self.click(compartment, drag_to=[self.compartment_with_synapses(k) for k in (200, 330, 450)])
        self.assertGreaterEqual(len(self.browser.run(LIVE)), 5 + 10)
        before = self.traces()
        self.browser.run("document.getElementById('added-undo').click()")  # of the whole stroke
        self.assertEqual(self.browser.run(LIVE), spikes)
        self.assertNotEqual(self.traces(), before)

    def test_the_trial_is_replayed_with_and_without_the_added_input(self):
        without = self.traces()
        self.browser.run(ADD, self.compartment_with_synapses(30), 2, "added-excite")
        with_them = self.traces()
        toggle = "document.getElementById('added-with').click()"
        self.browser.run(toggle)
        self.assertEqual(self.traces(), without)
        self.browser.run(toggle)
        self.assertEqual(self.traces(), with_them)
        self.browser.run("document.getElementById('added-clear').click()")
        self.assertEqual(self.traces(), without)
        self.assertEqual(self.browser.run(SAYS), "Nothing is added yet.")

    def test_the_keyboard_alone_does_it(self):
        self.browser.run("document.getElementById('added-excite').focus()")
        self.assertEqual(self.browser.run("return document.activeElement.id"), "added-excite")
        self.browser.devtools("Input.dispatchKeyEvent", type="keyDown", key="Enter", windowsVirtualKeyCode=13, text="\r")
        self.browser.devtools("Input.dispatchKeyEvent", type="keyUp", key="Enter", windowsVirtualKeyCode=13)
        self.assertEqual(len(self.browser.run(LIVE)), 5)
        self.assertEqual(self.browser.run("""return [...document.querySelectorAll('.added input, .added select, .added button')]
                                                 .filter((e) => e.tabIndex < 0 || (e.tagName !== 'BUTTON' && !e.labels.length)).length"""), 0)

    def test_places_without_a_synapse_are_named(self):
        soma = self.neuron["compartments"]["region"].index("soma")
        for compartment, words in ((soma, "There is no excitatory synapse on soma"), (99999, "There is no compartment 99999")):
            self.browser.run(ADD, compartment, 1, "added-excite")
            self.assertIn(words, self.browser.run(SAYS))
            self.assertEqual(self.browser.run(LIVE), [])

    def test_is_whole_on_a_narrow_dark_window_and_not_on_paper(self):
        self.open(390, dark=True)
        self.browser.run(ADD, self.compartment_with_synapses(30), 2, "added-excite")
        width, inner = self.browser.run("return [document.documentElement.scrollWidth, innerWidth]")
        self.assertLessEqual(width, inner)
        self.assertGreater(self.browser.run("return document.querySelector('.added').getBoundingClientRect().height"), 100)
        self.browser.devtools("Emulation.setEmulatedMedia", media="print")
        try:
            self.assertEqual(self.browser.run("return document.querySelector('.added').getBoundingClientRect().height"), 0)
        finally:
            self.browser.devtools("Emulation.setEmulatedMedia", media="")


if __name__ == "__main__":
    unittest.main()
