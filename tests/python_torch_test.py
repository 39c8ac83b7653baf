"""Twins in the user's PyTorch: the same answers, gradients, streams, and back."""
import copy
import json
import unittest

import numpy as np
from python_package_test import leaky_trials, nt

try:
    import torch
except ImportError as error:
    raise unittest.SkipTest(f"no torch: {error}")
from neurontwin.torch_twin import Stepwise

SETTINGS = "[train]\nepochs = 1\nsteps_per_epoch = 60\nwindow_ms = 150\n"
HEADS = "near_spike_ms = 5\nrate_sd_ms = 10\n"
KINDS = {
    "recurrent": ({"kind": "recurrent", "memory_units": 5, "branches": 3, "history_ms": 60, "learn_time_constants": True}, SETTINGS),
    "convolutional": ({"kind": "convolutional", "taps": [9, 4, 3], "width": [4, 4, 3], "dilation": [1, 2, 3], "residual": True, "batch_norm": True,
                       "activation": "relu", "temporal_shapes": 3}, SETTINGS + HEADS),
    "plain": ({"kind": "convolutional", "taps": [12], "width": [3]}, SETTINGS),
    "tree": ({"kind": "tree", "taps": [8, 3], "node_width": [2, 2], "branches": 3, "batch_norm": True, "leak": 0.1}, SETTINGS),
    "k-tree": ({"kind": "k-tree", "trees": 2, "taps": [8]}, SETTINGS),
}


def shaken(twin):
    """Other weights, so that answers differ widely from ms to ms, which a short training does not reach."""
    module, generator = twin.to_torch(), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            how_much = 0.1 if name.endswith("log_time_constant") else 4 if name == "weight" else 0.5
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=how_much)
    return nt.from_torch(module)


class InPyTorch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.inputs, spikes, soma_mV = leaky_trials(12, 300)
        cls.data = nt.Dataset.from_arrays(cls.inputs, spikes, soma_mV, excitatory_synapses=8)
        cls.twins = {name: shaken(nt.train(cls.data, threads=1, progress=False, settings=settings, **twin)) for name, (twin, settings) in KINDS.items()}

    def each(self):
        return [(name, twin, twin.to_torch()) for name, twin in self.twins.items()]

    def test_a_twin_says_what_it_says_here(self):
        spikes = torch.from_numpy(self.inputs[:4])  # bool
        for name, twin, module in self.each():
            with self.subTest(name):
                with torch.no_grad():
                    probability, soma_mV = module(spikes)
                # float32 sums of some hundred terms in another order
                ours, ours_mV = twin(self.inputs[:4])
                np.testing.assert_allclose(probability.numpy(), ours, atol=1e-5)
                np.testing.assert_allclose(soma_mV.numpy(), ours_mV, atol=1e-5 * 70)
                self.assertGreater(ours_mV.std(), 0.05, "the answers differ from ms to ms")
                script = torch.jit.script(module)
                torch.testing.assert_close(script(spikes), (probability, soma_mV))

    def test_pieces_of_a_stream_say_what_the_whole_does(self):
        spikes = torch.from_numpy(self.inputs[:3]).float()
        for name, twin, module in self.each():
            with self.subTest(name):
                with torch.no_grad():
                    whole, state, pieces, at = module(spikes), module.silence(3), [], 0
                    for ms in (1, 1, 7, 100, 1, 190):
                        *answer, state = module.advance(spikes[:, :, at:at + ms], state)
                        pieces.append(answer)
                        at += ms
                self.assertEqual(at, 300)
                for i in range(2):
                    torch.testing.assert_close(torch.cat([piece[i] for piece in pieces], 1), whole[i], atol=2e-5, rtol=1e-5)

    def test_gradients_are_those_of_finite_differences(self):
        random = np.random.default_rng(1)
        for name, twin, module in self.each():
            with self.subTest(name):
                module = module.double()
                spikes = torch.from_numpy(random.random((2, 10, 40)) < 0.2)
                target = torch.from_numpy((random.random((2, 40)) < 0.1).astype(float))

                def loss():
                    answers = module.before_link(spikes)
                    return (torch.nn.functional.binary_cross_entropy_with_logits(answers["spike"], target)
                            + 0.01 * ((answers["soma_mV"] + 70) ** 2).mean())
                loss().backward()
                learned = [p for p in module.parameters() if p.requires_grad]
                self.assertGreater(sum(p.numel() for p in learned), 20)
                for parameter in learned:
                    direction = torch.from_numpy(random.standard_normal(tuple(parameter.shape)))
                    values = []
                    with torch.no_grad():
                        before = parameter.clone()
                        for step in (1e-6, -1e-6):
                            parameter.copy_(before + step * direction)
                            values.append(loss().item())
                        parameter.copy_(before)
                    slope = (parameter.grad * direction).sum().item()
                    # central differences of double numbers: 1e-10 of rounding over 2e-6, and the square of the step
                    self.assertAlmostEqual((values[0] - values[1]) / 2e-6, slope, delta=2e-7 + 1e-5 * abs(slope), msg=name)

    def test_a_twin_trained_further_comes_back(self):
        spikes = torch.from_numpy(self.inputs[:6])
        for name, twin, module in self.each():
            with self.subTest(name):
                same = nt.from_torch(module)
                for array, values in twin.describe()["arrays"].items():
                    np.testing.assert_array_equal(same.describe()["arrays"][array], values)
                optimiser = torch.optim.SGD([p for p in module.parameters() if p.requires_grad], lr=1e-4)
                before = copy.deepcopy(module)
                for _ in range(2):
                    optimiser.zero_grad()
                    ((module(spikes)[1] + 60) ** 2).mean().backward()
                    optimiser.step()
                back = nt.from_torch(module)
                with torch.no_grad():
                    np.testing.assert_allclose(back(self.inputs[:6])[1], module(spikes)[1].numpy(), atol=1e-5 * 70)
                    self.assertGreater((module(spikes)[1] - before(spikes)[1]).abs().max().item(), 1e-3)
                self.assertIsNone(back.spike_threshold)

    def test_what_does_not_fit_is_refused_in_words(self):
        module = self.twins["plain"].to_torch()
        for wrong in (torch.zeros(10, 50), torch.zeros(1, 9, 50), torch.zeros(1, 10, 0), torch.zeros(1, 10, 50)[0, 0]):
            with self.assertRaisesRegex(ValueError, r"expected \[batch, 10 synapses, at least 1 ms\]"):
                module(wrong)
        for wrong, words in ((torch.full((1, 10, 5), float("nan")), "nan"), (np.zeros((1, 10, 5)), "torch.Tensor"), (torch.zeros(1, 10, 5) * 1j, "complex")):
            with self.assertRaisesRegex((ValueError, TypeError), words):
                module(wrong)
        self.assertEqual(tuple(module(torch.zeros(0, 10, 5))[0].shape), (0, 5))

    @unittest.skipUnless(hasattr(torch, "export") and hasattr(torch.export, "export"), "torch.export is of PyTorch 2")
    def test_twins_are_exported(self):
        spikes = torch.from_numpy(self.inputs[:2, :, :20]).float()
        for name, twin, module in self.each():
            with self.subTest(name):
                exported = torch.export.export(module, (spikes,)).module()
                torch.testing.assert_close(exported(spikes), module(spikes))
                piece, state = spikes[:, :, :2], module.silence(2)
                stepwise = torch.export.export(Stepwise(module), (piece, state)).module()
                torch.testing.assert_close(stepwise(piece, state), module.advance(piece, state))


if __name__ == "__main__":
    unittest.main()
