"""A twin's ONNX file answers in onnxruntime as the twin does in PyTorch: whole trials, and streams in pieces of any length."""
import json
import subprocess
import sys
import unittest

import numpy as np
import torch
from support import PROGRAM, ROOT, InTemporaryFolder
from convert_twin import load_twin, safetensors_bytes

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

SYNAPSES = (20, 10)  # excitatory, inhibitory
MS = 400
NAMES = {"spike": "spike_probability"}  # where the two differ


def numbers(generator, shape, sd=0.3):
    return torch.normal(0.0, sd, shape, generator=generator)


def convolutions(generator, layers, **settings):
    specification = {"kind": "convolutional", "window_ms": 1 + sum((taps - 1) * dilation for taps, _, dilation in layers),
                     "layers": [dict(zip(("taps", "features", "dilation"), layer)) for layer in layers],
                     "activation": "relu", "batch_norm": False, "residual": False, "temporal_shapes": 0, **settings}
    arrays, inputs = {}, sum(SYNAPSES)
    for n, (taps, units, _) in enumerate(layers, 1):
        rows = specification["temporal_shapes"] or taps
        arrays[f"layer{n}_weight"] = numbers(generator, (inputs, rows, units) if n == 1 else (taps, inputs, units))
        arrays[f"layer{n}_bias"] = numbers(generator, (units,)) + 0.5
        if specification["batch_norm"]:
            for what in ("scale", "shift", "mean"):
                arrays[f"layer{n}_norm_{what}"] = numbers(generator, (units,)) + (what == "scale")
            arrays[f"layer{n}_norm_variance"] = torch.rand(units, generator=generator) + 0.5
        inputs = units
    return specification, {}, arrays, inputs


def memory(generator, units, branches, history_ms, activation):
    specification = {"kind": "recurrent", "window_ms": history_ms + 1, "memory_units": units, "memory_activation": activation,
                     "learn_time_constants": False, "shortest_memory_ms": 1.0, "longest_memory_ms": 150.0,
                     "history_ms": history_ms}
    # Synapse s feeds branch s, and every third one the next branch too.
    feeds = [[s % branches] + [(s + 1) % branches] * (s % 3 == 0) for s in range(sum(SYNAPSES))]
    first = [0, *np.cumsum([len(f) for f in feeds]).tolist()]
    wiring = {"branches": branches, "first": first, "branch": sum(feeds, []), "tau_ms": [3.0 + 20 * b for b in range(branches)]}
    shapes = {"synapse_weight": (first[-1],), "branch_weight": (branches, 2 * units), "memory_weight": (units, 2 * units),
              "hidden_bias": (2 * units,), "delta_weight": (2 * units, units), "delta_bias": (units,)}
    # A memory that acts strongly on itself would make much of the last digits.
    arrays = {f"recurrent.{name}": numbers(generator, shape, 0.1 if name == "memory_weight" else 0.3) for name, shape in shapes.items()}
    arrays["recurrent.log_time_constant"] = torch.linspace(0, np.log(150), units)
    return specification, {"wiring": json.dumps(wiring)}, arrays, units


def tree(generator, layers, first_child, batch_norm, temporal_shapes=0):
    """Synapse s feeds the leaf s modulo their number, and every third one the next leaf too. Layers of (taps, channels of a node)."""
    leaves = first_child[0][-1]
    feeds = [[s % leaves] + [(s + 1) % leaves] * (s % 3 == 0) for s in range(sum(SYNAPSES))]
    first = [0, *np.cumsum([len(f) for f in feeds]).tolist()]
    merges = {"branches": leaves, "first": first, "branch": sum(feeds, [])}
    merges |= {f"layer{n}_first_child": children for n, children in enumerate(first_child, 2)}
    specification = {"kind": "tree", "window_ms": 1 + sum(taps - 1 for taps, _ in layers),
                     "layers": [dict(zip(("taps", "node_width"), layer)) for layer in layers],
                     "leak": 0.0, "batch_norm": batch_norm, "temporal_shapes": temporal_shapes}
    nodes = [leaves, *(len(children) - 1 for children in first_child)]
    arrays = {}
    for n, (taps, channels) in enumerate(layers, 1):
        rows = first[-1] * (temporal_shapes or taps) if n == 1 else taps * nodes[n - 2] * layers[n - 2][1]
        arrays[f"tree.layer{n}_weight"] = numbers(generator, (rows, channels))
        arrays[f"tree.layer{n}_bias"] = numbers(generator, (nodes[n - 1] * channels,)) + 0.5
        if batch_norm:
            for what in ("scale", "shift", "mean"):
                arrays[f"tree.layer{n}_norm_{what}"] = numbers(generator, (nodes[n - 1] * channels,)) + (what == "scale")
            arrays[f"tree.layer{n}_norm_variance"] = torch.rand(nodes[n - 1] * channels, generator=generator) + 0.5
    return specification, {"merge_tree": json.dumps(merges)}, arrays, nodes[-1] * layers[-1][1]


def written_out(specification, texts, arrays, features):
    """The convolutional twin that a tree is: of all its synapses and nodes, with weights of 0 where it has none."""
    merges, layers = json.loads(texts["merge_tree"]), specification["layers"]
    dense = {name.removeprefix("tree."): values for name, values in arrays.items()}
    width = layers[0]["node_width"]
    rows = specification["temporal_shapes"] or layers[0]["taps"]
    first_layer = torch.zeros(len(merges["first"]) - 1, rows, merges["branches"] * width)
    of_contact = arrays["tree.layer1_weight"].reshape(-1, rows, width)
    for s, (begin, end) in enumerate(zip(merges["first"], merges["first"][1:])):
        for contact in range(begin, end):
            column = merges["branch"][contact] * width
            first_layer[s, :, column:column + width] += of_contact[contact]
    dense["layer1_weight"] = first_layer
    convolutional = [{"taps": layers[0]["taps"], "features": merges["branches"] * width, "dilation": 1}]
    for n, layer in enumerate(layers[1:], 2):
        children, channels, below = merges[f"layer{n}_first_child"], layer["node_width"], layers[n - 2]["node_width"]
        weight = torch.zeros(layer["taps"], children[-1] * below, (len(children) - 1) * channels)
        row = 0
        for node, (begin, end) in enumerate(zip(children, children[1:])):
            count = layer["taps"] * (end - begin) * below
            of_node = arrays[f"tree.layer{n}_weight"][row:row + count].reshape(layer["taps"], -1, channels)
            weight[:, begin * below:end * below, node * channels:(node + 1) * channels] = of_node
            row += count
        dense[f"layer{n}_weight"] = weight
        convolutional.append({"taps": layer["taps"], "features": weight.shape[2], "dilation": 1})
    return {"kind": "convolutional", "window_ms": specification["window_ms"], "layers": convolutional, "activation": "relu", "residual": False,
            **{key: specification[key] for key in ("batch_norm", "temporal_shapes")}}, {}, dense, features


ALL_HEADS = {"spike": 1, "soma": 1, "dendrites": 3, "near_spike": 1, "count": 1}
TWO_HEADS = {"spike": 1, "soma": 1}
TWINS = {
    "everything": (lambda g: convolutions(g, [(9, 6, 1), (4, 6, 2), (1, 3, 1), (3, 3, 5)], batch_norm=True, residual=True,
                                          temporal_shapes=3), ALL_HEADS),
    "free filters": (lambda g: convolutions(g, [(30, 5, 1), (8, 4, 3)]), TWO_HEADS),
    "linear": (lambda g: convolutions(g, [(30, 1, 1)], activation="linear"), TWO_HEADS),
    "one ms": (lambda g: convolutions(g, [(1, 4, 1)]), TWO_HEADS),
    "memory": (lambda g: memory(g, 12, 7, 40, "silu"), ALL_HEADS),
    "without history": (lambda g: memory(g, 3, 2, 0, "relu"), TWO_HEADS),
    "one unit": (lambda g: memory(g, 1, 1, 1, "silu"), TWO_HEADS),
}
TREES = {
    "a tree": (lambda g: tree(g, [(9, 3), (4, 2), (1, 3), (3, 5)], [[0, 3, 4, 6], [0, 2, 3], [0, 2]], True, 3), ALL_HEADS),
    "a tree of free filters": (lambda g: tree(g, [(20, 2), (5, 4)], [[0, 4]], False), TWO_HEADS),
    "two trees": (lambda g: tree(g, [(5, 1), (1, 1), (1, 1)], [[0, 2, 3, 5, 6], [0, 2, 4]], False), TWO_HEADS),
}


def write_twin(file, make, heads):
    generator = torch.Generator().manual_seed(1)
    specification, texts, arrays, features = make(generator)
    for name, outputs in heads.items():
        single = name in ("spike", "soma")
        arrays[f"{name}_weight"] = numbers(generator, (features,) if single else (features, outputs), sd=0.5)
        arrays[f"{name}_bias"] = numbers(generator, () if single else (outputs,))
    specification.update(excitatory_synapses=SYNAPSES[0], inhibitory_synapses=SYNAPSES[1],
                         heads=[{"name": n, "outputs": o, "offset": -67.7 if n == "soma" else 0.0} for n, o in heads.items()])
    nobody_knows = {name: [] for name in ("section", "region", "x", "length_um", "diameter_um", "area_um2", "path_um")}
    texts.update(format="neurontwin twin 2", specification=json.dumps(specification), thresholds='{"spike.threshold":0.25}', scores="{}",
                 provenance="{}", synapses=json.dumps({"excitatory_compartment": [], "inhibitory_compartment": [],
                                                       "compartments": nobody_knows}))
    file.write_bytes(safetensors_bytes(arrays, texts))


@unittest.skipIf(onnxruntime is None, "onnxruntime is not there: ./test installs it where pip can")
class AnOnnxFile(InTemporaryFolder):
    def exported(self, twin):
        file = twin.with_suffix(".onnx")
        self.succeed([PROGRAM, "export", twin, "--format", "onnx", "--out", file])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3  # it warns that start states can be overridden
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def answers(self, session, spikes, state):
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(None, {"spikes": spikes, **state})))

    def stream(self, session, spikes, piece_ms):
        state, pieces = {}, []
        for begin in range(0, spikes.shape[2], piece_ms):
            all_outputs = self.answers(session, spikes[:, :, begin:begin + piece_ms], state)
            state = {name.replace("state_out.", "state_in."): all_outputs.pop(name) for name in list(all_outputs)
                     if name.startswith("state_out.")}
            pieces.append(all_outputs)
        return {name: np.concatenate([piece[name] for piece in pieces], 1) for name in pieces[0]}

    def check(self, file, reference=None):
        twin, session = load_twin(reference or file), self.exported(file)
        synapses = session.get_inputs()[0].shape[1]
        generator = torch.Generator().manual_seed(2)
        spikes = torch.poisson(torch.full((3, synapses, MS), 0.03), generator=generator)  # two in a ms now and then
        with torch.no_grad():
            expected = {NAMES.get(name, name): values.numpy() for name, values in twin.answers(spikes).items()}
        answers = {"the whole": self.answers(session, spikes.numpy(), {})}
        for piece_ms in (1, 7, 100):
            answers[f"{piece_ms} ms"] = self.stream(session, spikes.numpy(), piece_ms)
        for way, outputs in answers.items():
            self.assertEqual({name for name in outputs if not name.startswith("state_out.")}, set(expected))
            for name, values in expected.items():
                self.assertGreater(values.std(), 1e-4, f"{name} differs from ms to ms")
                # Sums of many float terms in another order; and what float can say of -68 mV.
                np.testing.assert_allclose(outputs[name].reshape(values.shape), values, rtol=1e-6, atol=3e-5 * values.std(),
                                           err_msg=f"{name}, {way}")
        return session

    def test_answers_as_the_twin_does(self):
        for name, (make, heads) in TWINS.items():
            with self.subTest(name):
                file = self.folder / "twin.safetensors"
                write_twin(file, make, heads)
                session = self.check(file)
                shapes = {output.name: output.shape for output in session.get_outputs()}
                self.assertEqual(shapes["soma_mV"], ["batch", "ms"])
                for head, outputs in list(heads.items())[2:]:
                    self.assertEqual(shapes[head], ["batch", "ms", outputs])

    def test_of_a_tree_answers_as_the_convolutional_twin_that_it_is(self):
        for name, (make, heads) in TREES.items():
            with self.subTest(name):
                file, reference = self.folder / "tree.safetensors", self.folder / "twin.safetensors"
                write_twin(file, make, heads)
                write_twin(reference, lambda g: written_out(*make(g)), heads)
                self.check(file, reference)

    def test_answers_as_a_twin_of_version_01(self):
        for kind in ("convolutional", "recurrent"):
            with self.subTest(kind):
                file = self.folder / f"{kind}.safetensors"
                subprocess.run([sys.executable, ROOT / "python/convert_twin.py", "--trust", ROOT / f"tests/twins-0.1/{kind}.pt", file],
                               check=True, capture_output=True)
                self.check(file)

    def test_says_what_it_is(self):
        file = self.folder / "twin.safetensors"
        write_twin(file, *TWINS["memory"])
        texts = self.exported(file).get_modelmeta().custom_metadata_map
        self.assertEqual((texts["kind"], texts["excitatory_synapses"], texts["inhibitory_synapses"]), ("recurrent", "20", "10"))
        self.assertEqual(json.loads(texts["specification"])["memory_units"], 12)
        self.assertEqual(json.loads(texts["thresholds"]), {"spike.threshold": 0.25})


if __name__ == "__main__":
    unittest.main()
