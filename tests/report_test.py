"""The report in a browser: drawn whole, without errors and without a network, wide and narrow."""
import base64
import json
import pathlib
import shutil
import tempfile
import unittest

import h5py
import numpy as np

from browser import Browser
from support import PROGRAM, ROOT, command, run

# A layer-5 cell's twin in seconds. What it learns does not matter here; that it has spikes and filters does.
LAYER_FIVE = {
    "data.trial_ms": 600, "data.train_trials": 8, "data.valid_trials": 8, "data.test_trials": 8, "data.trials_per_shard": 8,
    "data.dendritic_components": 0, "train.batch_windows": 4, "train.steps_per_epoch": 4, "train.epochs": 1,
    "train.window_ms": 150, "train.skip_ms": 0, "evaluate.skip_ms": 0,
    "evaluate.baselines": "false", "evaluate.bootstrap_resamples": 20, "evaluate.examples": 1,
    "twin.kind": '"convolutional"', "twin.taps": "[20, 5]", "twin.width": "[4]", "twin.temporal_shapes": 0,
    "interpret.moments": 16, "interpret.attributed_spikes": 4, "interpret.added_spikes": 6,
}

# How much of a canvas is not as its upper left corner.
PAINTED = """
  const canvas = document.querySelector(arguments[0]), copy = document.createElement('canvas');
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext('2d');
  context.drawImage(canvas, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer);
  let painted = 0, sum = 0;
  for (const p of pixels) { if (p !== pixels[0]) ++painted; sum = (Math.imul(sum, 31) + p) | 0; }
  return {painted, share: painted / pixels.length, sum};
"""
SCENE = ".scene canvas"
PROMISED_S = 4  # of two cores for two seconds


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="neurontwin-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        for name, settings in {"l5pc-nmda": LAYER_FIVE, "if": {"evaluate.baselines": "false", "train.epochs": 1}}.items():
            done = run(command("run", cls.folder / name, ROOT / f"experiments/{name}.toml", settings))
            if done.returncode != 0:
                raise AssertionError(done.stderr)
        cls.browser = cls.enterClassContext(Browser())

    def setUp(self):
        self.page = None
        self.addCleanup(self.was_content)

    def open(self, name, width, reduced_motion=True, **options):
        """Without motion unless a test asks for it: pictures drawn all the time are work for the processor here."""
        self.was_content()
        page = self.folder / name / "report.html"
        self.page = page.resolve().as_uri()
        self.browser.open(page, width, reduced_motion=reduced_motion, **options)

    def was_content(self):
        """Whatever a test did with the page: it complained of nothing and asked for nothing but itself."""
        console, requests = self.browser.console(), set(self.browser.requests())
        if self.page:
            self.assertEqual(console, [])
            self.assertEqual(requests, {self.page})

    def pixels(self, selector=SCENE):
        return self.browser.run(PAINTED, selector)

    def wait_for_neuron(self):
        self.browser.wait_for("return document.querySelector('.scene').dataset.drawn === 'yes'")

    def assert_every_chart_is_drawn(self):
        ids = self.browser.run("return [...document.querySelectorAll('figure')].map((f) => f.id)")
        self.assertGreater(len(ids), 10)
        for chart in ids:
            # Charts draw themselves when they come into sight.
            self.browser.run("document.getElementById(arguments[0]).scrollIntoView()", chart)
            size = self.browser.wait_for("""
                const box = document.getElementById(arguments[0]).querySelector('.canvas'), drawing = box.querySelector('svg, canvas');
                if (box.dataset.drawn !== 'yes' || !drawing) return null;
                const {width, height} = drawing.getBoundingClientRect();
                return {width, height, marks: drawing.tagName === 'CANVAS' ? -1 : drawing.querySelectorAll('path[d], text').length}""", chart)
            self.assertGreater(size["width"], 150, chart)
            self.assertGreater(size["height"], 50, chart)
            self.assertNotIn(size["marks"], range(10), chart)
            if size["marks"] == -1:  # a tenth of a per cent: the axes alone are more
                self.assertGreater(self.pixels(f"#{chart} .canvas canvas")["share"], 0.001, chart)

    def assert_no_horizontal_overflow(self):
        width, inner = self.browser.run("return [document.documentElement.scrollWidth, innerWidth]")
        self.assertLessEqual(width, inner)

    def test_the_layer_five_report_is_whole_on_a_wide_and_on_a_narrow_window(self):
        for width in (1280, 390):
            with self.subTest(width=width):
                self.open("l5pc-nmda", width)
                self.wait_for_neuron()
                self.assertGreater(self.pixels()["share"], 0.01)  # dendrites are thin: of 480 x 540 pixels some thousands
                self.assert_no_horizontal_overflow()
                self.assert_every_chart_is_drawn()
                self.assert_no_horizontal_overflow()

    def test_the_report_of_a_point_neuron_is_whole_without_a_view_in_space(self):
        self.open("if", 1280)
        self.assert_every_chart_is_drawn()
        self.assertFalse(self.browser.run("return document.querySelector('.scene')"))
        self.assertFalse((self.folder / "if/neuron.json").exists())
        self.assertGreater(self.browser.run("return document.querySelectorAll('#finer tbody tr').length"), 10)

    def test_header_and_neuron_are_there_at_once(self):
        # When the first chart was there, seen from within the page.
        observer = self.browser.devtools("Page.addScriptToEvaluateOnNewDocument", source="""
            new MutationObserver((_, observer) => {
              if (!document.querySelector('.canvas[data-drawn=yes]')) return;
              performance.mark('first-chart');
              observer.disconnect();
            }).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ['data-drawn']});""")
        before_s = self.browser.processor_s()
        self.open("l5pc-nmda", 1280, reduced_motion=False)
        self.wait_for_neuron()
        taken_s = self.browser.processor_s() - before_s
        self.browser.devtools("Page.removeScriptToEvaluateOnNewDocument", identifier=observer["identifier"])
        paint_ms, neuron_ms, chart_ms = self.browser.wait_for("""
            const at = ['first-contentful-paint', 'neuron-drawn', 'first-chart'].map((name) => performance.getEntriesByName(name)[0]);
            return at[0] && at[1] && at.map((entry) => entry ? entry.startTime : Infinity)""")
        chart_ms = float("inf") if chart_ms is None else chart_ms  # charts out of sight wait until they are scrolled to
        print(f"\nfirst paint after {paint_ms:.0f} ms, the neuron after {neuron_ms:.0f} ms; {taken_s:.1f} s of the processor", flush=True)
        # Two seconds are the promise. Other programs here may make them longer, but neither the order of things nor the work: by the
        # clock of the processor, which also draws what a graphics card would, in all of the browser's processes.
        self.assertLess(max(paint_ms, neuron_ms), chart_ms)
        self.assertLess(taken_s, PROMISED_S)

    def test_the_time_slider_plays_the_trial(self):
        self.open("l5pc-nmda", 1280)
        self.wait_for_neuron()
        to = """const slider = document.getElementById('trial-time'); slider.value = arguments[0]; slider.dispatchEvent(new Event('input'))"""
        shows = "return document.getElementById('trial-label').textContent"
        pictures, traces = set(), set()
        for t in (100, 320, 533):
            self.browser.run(to, t)
            self.assertEqual(self.browser.run(shows), f"{t} ms")
            # The next frames draw it.
            self.browser.run("window.seen = 0; const count = () => { if (++window.seen < 3) requestAnimationFrame(count); }; requestAnimationFrame(count)")
            self.browser.wait_for("return window.seen >= 3")
            pictures.add(self.pixels()["sum"])
            traces.add(self.pixels(".trace-box canvas")["sum"])
        self.assertEqual((len(pictures), len(traces)), (3, 3))
        self.browser.run("document.getElementById('play').click()")
        self.browser.wait_for(f"{shows} !== '533 ms'")
        self.browser.run("document.getElementById('play').click()")

    def test_the_neuron_turns_by_itself_and_stands_still_where_motion_is_not_wanted(self):
        turns = "window.before = document.querySelector('.scene canvas').toDataURL()"
        turned = "return document.querySelector('.scene canvas').toDataURL() !== window.before"
        self.open("l5pc-nmda", 1280, reduced_motion=False)
        self.wait_for_neuron()
        self.browser.run(turns)
        self.browser.wait_for(turned)
        self.open("l5pc-nmda", 1280)
        self.wait_for_neuron()
        self.browser.run(turns + "; window.seen = 0; const count = () => { ++window.seen; requestAnimationFrame(count); }; count()")
        self.browser.wait_for("return window.seen > 10")
        self.assertFalse(self.browser.run(turned))
        # The keyboard turns it.
        self.browser.run("document.querySelector('.scene').focus()")
        self.browser.press("ArrowLeft")
        self.browser.wait_for(turned)

    def test_every_quantity_colours_it_and_has_a_legend(self):
        self.open("l5pc-nmda", 1280)
        self.wait_for_neuron()
        names = self.browser.run("return [...document.getElementById('colour-by').options].map((o) => o.textContent)")
        for wanted in ("voltage while the trial plays (mV)", "region", "path distance from the soma (µm)",
                       "first-layer weight, excitatory synapses (sum of |w|)", "first-layer weight, inhibitory synapses (sum of |w|)"):
            self.assertIn(wanted, names)
        pictures = set()
        for i in range(len(names)):
            self.browser.run("""const choose = document.getElementById('colour-by'); choose.value = arguments[0]; choose.dispatchEvent(new Event('change'));
                             window.seen = 0; const count = () => { if (++window.seen < 3) requestAnimationFrame(count); }; requestAnimationFrame(count)""", i)
            self.browser.wait_for("return window.seen >= 3")
            pictures.add(self.pixels()["sum"])
            self.assertTrue(self.browser.run("return document.querySelector('.legend').textContent"), names[i])
        self.assertEqual(len(pictures), len(names))

    def test_light_and_dark_are_told_apart(self):
        colours = "return getComputedStyle(document.body).backgroundColor"
        self.open("l5pc-nmda", 1280, dark=True)
        self.wait_for_neuron()
        self.assertEqual(self.browser.run(colours), "rgb(20, 24, 28)")
        self.browser.run("document.getElementById('theme').click()")
        self.assertEqual(self.browser.run(colours), "rgb(255, 255, 255)")
        self.assertGreater(self.pixels()["share"], 0.01)

    def test_begins_with_a_verdict_and_what_it_holds(self):
        self.open("l5pc-nmda", 1280)
        self.assertIn("This twin does not run in the page. It is a convolutional one", self.browser.run("return document.getElementById('added-why-not').textContent"))
        self.assertRegex(self.browser.run("return document.querySelector('.verdict').textContent"),
                         r"the twin finds \d+ % of the neuron’s spikes .* explains -?\d+ % of the variance of the voltage")
        targets = self.browser.run("return [...document.querySelectorAll('nav a[href^=\"#\"]')].map((a) => document.querySelector(a.getAttribute('href')) !== null)")
        self.assertEqual(targets, [True] * 5)

    def test_headings_skip_no_level(self):
        for name in ("l5pc-nmda", "if"):
            self.open(name, 1280)
            levels = self.browser.run("return [...document.querySelectorAll('h1, h2, h3, h4, h5')].map((h) => +h.tagName[1])")
            self.assertEqual(levels[0], 1)
            self.assertEqual([b for a, b in zip(levels, levels[1:]) if b > a + 1], [])

    def test_no_part_of_the_neuron_has_a_colour_that_means_something_else(self):
        self.open("l5pc-nmda", 1280)
        for _ in range(2):
            parts, others = self.browser.run("""const {excitatory, inhibitory, predicted, threshold} = themeColours();
                                                return [Object.values(partColours()), [excitatory, inhibitory, predicted, threshold]]""")
            self.assertFalse(set(parts) & set(others))
            self.browser.run("document.getElementById('theme').click()")

    def test_the_neuron_is_saved_as_a_picture_of_4k_as_strokes_and_as_a_film(self):
        self.open("l5pc-nmda", 1280)
        self.wait_for_neuron()
        self.browser.run("""window.saved = {}; save = (name, type, content) => { window.saved[name] = content; };
                            window.tool = (words) => [...document.querySelectorAll('.neuron .tools button')].find((b) => b.textContent === words);
                            tool('PNG').click(); tool('SVG').click(); tool('film').click();
                            window.opened = +document.getElementById('trial-label').textContent.split(' ')[0]""")
        wide = self.browser.wait_for("""if (!window.picture) { window.picture = new Image(); window.picture.src = window.saved['neuron.png']; }
                                        return window.picture.complete && window.picture.naturalWidth""")
        self.assertAlmostEqual(wide, 3840, delta=4)
        strokes = self.browser.run("return window.saved['neuron.svg']")
        self.assertGreater(strokes.count("<path"), 600)
        self.browser.wait_for("return +document.getElementById('trial-label').textContent.split(' ')[0] - window.opened > 5")  # some pictures; each takes long without a graphics card
        self.browser.run("tool('stop').click()")
        size = self.browser.wait_for("return window.saved['trial.webm'] && window.saved['trial.webm'].size")
        self.assertGreater(size, 50)  # how much was filmed by then is the machine's matter; an empty film has no header

    def test_on_paper_no_picture_is_stretched(self):
        self.open("l5pc-nmda", 1280)
        self.wait_for_neuron()
        self.browser.devtools("Emulation.setEmulatedMedia", media="print")
        try:
            shapes = self.browser.run("""return [...document.querySelectorAll('.scene canvas, .trace-box canvas')].map((c) => {
                                            const {width, height} = c.getBoundingClientRect(); return [width / height, c.width / c.height]; })""")
        finally:
            self.browser.devtools("Emulation.setEmulatedMedia", media="")
        self.assertEqual(len(shapes), 2)
        for shown, drawn in shapes:
            self.assertAlmostEqual(shown / drawn, 1, delta=0.02)

    def test_on_paper_names_stay_with_their_parts(self):
        """The place of each name, as a share of the picture, is that on the screen."""
        self.open("l5pc-nmda", 1280)
        self.wait_for_neuron()
        places = """const {left, top, width, height} = document.querySelector('.scene canvas').getBoundingClientRect();
                    return [...document.querySelectorAll('.part-labels span')].map((span) => {
                      const box = span.getBoundingClientRect(); return [(box.left - 10 - left) / width, (box.top + 8 - top) / height]; })"""
        on_screen = self.browser.run(places)
        self.browser.devtools("Emulation.setEmulatedMedia", media="print")
        try:
            on_paper = self.browser.run(places)
        finally:
            self.browser.devtools("Emulation.setEmulatedMedia", media="")
        self.assertGreater(len(on_screen), 3)
        for (x, y), (paper_x, paper_y) in zip(on_screen, on_paper):
            self.assertAlmostEqual(paper_x, x, delta=0.01)
            self.assertAlmostEqual(paper_y, y, delta=0.01)

    def test_runs_are_compared_on_a_page(self):
        other, page = self.folder / "other", self.folder / "compare.html"
        done = run(command("run", other, settings={"evaluate.baselines": "false", "train.epochs": 2}))
        self.assertEqual(done.returncode, 0, done.stderr)
        done = run([PROGRAM, "compare", self.folder / "if", other, "--resamples", 50, "--page", page])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.was_content()
        self.page = page.resolve().as_uri()
        self.browser.open(page, 1280, reduced_motion=True)
        self.assertGreater(self.browser.run("return document.querySelectorAll('tbody tr').length"), 8)
        self.browser.wait_for("return [...document.querySelectorAll('figure .canvas')].every((c) => c.dataset.drawn === 'yes')")

    def test_a_training_can_be_watched(self):
        out = self.folder / "watched"
        done = run(command("run", out, settings={"train.epochs": 2, "evaluate.baselines": "false"}, options=["--watch"]))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("watch.html", done.stderr)
        self.was_content()
        page = out / "watch.html"
        self.page = page.resolve().as_uri()
        self.browser.open(page, 1280, reduced_motion=True)
        self.assertIn("Epoch 2 of 2: validation loss", self.browser.run("return document.querySelector('.verdict').textContent"))
        self.browser.wait_for("return [...document.querySelectorAll('figure .canvas')].every((c) => c.dataset.drawn === 'yes')")

    def test_it_prints_every_chart(self):
        self.open("l5pc-nmda", 1280, dark=True)
        self.wait_for_neuron()
        paper = self.browser.pdf()
        self.assertTrue(paper.startswith(b"%PDF"))
        self.assertTrue(self.browser.run("return [...document.querySelectorAll('figure .canvas')].every((c) => c.dataset.drawn === 'yes')"))
        self.assertEqual(self.browser.run("return document.documentElement.dataset.theme"), "dark")  # again

    def test_without_webgl_it_says_so_and_the_trial_still_plays(self):
        script = self.browser.devtools("Page.addScriptToEvaluateOnNewDocument", source="""
            const given = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...more) { return kind.startsWith('webgl') ? null : given.call(this, kind, ...more); };""")
        try:
            self.open("l5pc-nmda", 1280)
            self.browser.wait_for("return document.querySelector('.scene').textContent.includes('no WebGL')")
            before = self.pixels(".trace-box canvas")["sum"]
            self.browser.run("document.getElementById('play').click()")
            self.browser.wait_for("return document.getElementById('trial-label').textContent !== arguments[0]",
                                  self.browser.run("return document.getElementById('trial-label').textContent"))
            self.assertNotEqual(self.pixels(".trace-box canvas")["sum"], before)
        finally:
            self.browser.devtools("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])

    def test_neuron_json_plays_a_trial_of_the_data_set(self):
        neuron = json.loads((self.folder / "l5pc-nmda/neuron.json").read_text())
        trial, voltages = neuron["trial"], neuron["trial"]["voltages"]
        with h5py.File(self.folder / "l5pc-nmda/dataset/test-0000.h5") as data:
            offset = data["output/spikes/offset"][()].astype(int)
            spikes, soma = np.diff(offset), data["output/soma_mV"][trial["trial"]]
            regions = [r.decode() for r in data["cell/region"]]
            times_ms = np.split(np.floor(data["output/spikes/time_ms"][()]).astype(int), offset[1:-1])
        # The most typical of the trials in which neuron and twin spike together, or of all; shortly before they do.
        together = [self.together(i, times_ms[i]) for i in range(len(spikes))]
        able = [i for i, moments in enumerate(together) if moments] or range(len(spikes))
        enough = [spikes[i] for i in able if spikes[i] >= min(2, spikes.max())] or [spikes[i] for i in able]
        self.assertIn(trial["trial"], able)
        self.assertEqual(spikes[trial["trial"]], min(enough, key=lambda n: abs(n - spikes.mean())))
        moments = together[trial["trial"]] or list(times_ms[trial["trial"]]) or [4]
        self.assertEqual(trial["opens_ms"], max(0, next((t for t in moments if t > 500), moments[0]) - 4))
        self.assertEqual(len(trial["spikes_ms"]), spikes[trial["trial"]])
        self.assertEqual(neuron["compartments"]["region"], regions)
        self.assertEqual(len(neuron["lines"]["points"]), len(regions))
        self.assertEqual(sum(neuron["lines"]["points"]), len(neuron["lines"]["x_um"]))
        # Simulated once more for its dendrites, the trial is the same: the soma is where the data set has it, to half of a level
        # (0.25 mV) and the rounding of either to a float.
        levels = np.frombuffer(base64.b64decode(voltages["base64"]), np.uint8).reshape(voltages["samples"], len(regions))
        mV = voltages["lowest_mV"] + levels / 255 * (voltages["highest_mV"] - voltages["lowest_mV"])
        np.testing.assert_allclose(mV[:, regions.index("soma")], soma[:: voltages["step_ms"]].clip(-90, 40), atol=0.256)

    def together(self, trial, times_ms):
        """When the twin spikes within 2 ms of the neuron: the earlier time of each pair."""
        folder = self.folder / "l5pc-nmda"
        predicted = self.folder / "predicted.h5"
        if not predicted.exists():
            done = run([PROGRAM, "predict", folder / "twin.safetensors", "--input", folder / "dataset/test-0000.h5", "--out", predicted])
            self.assertEqual(done.returncode, 0, done.stderr)
        threshold = json.loads((folder / "metrics.json").read_text())["spike.threshold"]
        with h5py.File(predicted) as data:
            chance = data["spike_probability"][trial]
        above = np.flatnonzero(chance > threshold * (1 + 1e-6))
        runs = np.split(above, np.flatnonzero(np.diff(above) > 1) + 1) if len(above) else []
        twin = [run_of[np.argmax(chance[run_of])] for run_of in runs]
        return [min(a, p) for a in times_ms for p in twin if abs(a - p) <= 2]

    def test_neuron_json_is_made_once(self):
        folder = self.folder / "l5pc-nmda"
        before = (folder / "neuron.json").stat().st_mtime_ns
        (folder / "report.html").unlink()
        done = run(command("report", folder, ROOT / "experiments/l5pc-nmda.toml", LAYER_FIVE))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((folder / "report.html").exists())
        self.assertEqual((folder / "neuron.json").stat().st_mtime_ns, before)


if __name__ == "__main__":
    unittest.main()
