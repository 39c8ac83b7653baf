"""A twin or a checkpoint that somebody else made, or that was damaged, runs nothing, takes no memory to speak of, and is not believed."""
import importlib.util
import json
import math
import os
import re
import shutil
import struct
import subprocess
import unittest

import torch
from support import PROGRAM, InTemporaryFolder, command, run
from convert_twin import read_safetensors, safetensors_bytes

WRONG_INPUT = 2

TRAP = '''
import torch

class Trap(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.zeros(1)
        self.description = "{{}}"

    @torch.jit.export
    def __getstate__(self) -> int:
        return 5

    @torch.jit.export
    def __setstate__(self, state: int):
        w = torch.from_file("{file}", True, 7, dtype=torch.uint8)
        w.copy_(torch.tensor([119, 114, 105, 116, 116, 101, 110], dtype=torch.uint8))
        self.w = w
        self.description = "{{}}"
        self.training = False

    def forward(self, x):
        return x
'''


class AHostileFile(InTemporaryFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared = InTemporaryFolder()
        cls.shared.setUp()
        cls.whole = cls.shared.folder / "whole"
        cls.shared.succeed(command(out=cls.whole))

    @classmethod
    def tearDownClass(cls):
        cls.shared.doCleanups()

    def setUp(self):
        super().setUp()
        self.out = self.folder / "out"
        shutil.copytree(self.whole, self.out)
        self.twin = self.out / "twin.safetensors"
        self.shard = self.out / "dataset/test-0000.h5"

    def refused_by_every_command(self, twin, *parts):
        """By those that are given the file, and by the stages that find it in the run folder."""
        given = [["inspect", twin], ["export", twin, "--format", "hdf5", "--out", self.folder / "e.h5"],
                 ["predict", twin, "--input", self.shard, "--out", self.folder / "p.h5"]]
        for words in given:
            self.refused([PROGRAM, *words], twin, *parts)
        self.assertFalse((self.folder / "e.h5").exists() or (self.folder / "p.h5").exists())
        if twin != self.twin:
            shutil.copy(twin, self.twin)
        for stage, other in [("evaluate", {"evaluate.skip_ms": 100}), ("interpret", {"interpret.added_spikes": 2})]:  # to be done again
            self.refused(command(stage, self.out, settings=other), self.twin.name)

    def refused(self, words, *parts):
        done = run(words)
        self.assertEqual(done.returncode, WRONG_INPUT, f"{words}\n{done.stderr}\n{done.stdout}")
        for part in parts:
            self.assertIn(str(part), done.stderr)

    def edited(self, change):
        """A twin with the right digest whose arrays and texts `change` has changed."""
        arrays, texts = read_safetensors(self.whole / "twin.safetensors")
        change(arrays, texts)
        file = self.folder / "edited.safetensors"
        file.write_bytes(safetensors_bytes(arrays, texts))
        return file

    def flip(self, file, where=0.9):
        content = bytearray(file.read_bytes())
        content[int(where * len(content))] ^= 0x40
        file.write_bytes(content)

    def test_of_torchscript_is_not_run(self):
        written = self.folder / "written"
        (self.folder / "trap.py").write_text(TRAP.format(file=written))
        spec = importlib.util.spec_from_file_location("trap", self.folder / "trap.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        trap = self.folder / "trap.pt"
        torch.jit.script(module.Trap()).save(str(trap))
        torch.jit.load(str(trap))
        self.assertEqual(written.read_bytes(), b"written", "the trap works: whoever loads it writes the file")
        written.unlink()
        for name in ("trap.pt", "trap.safetensors"):
            file = self.folder / name
            if file != trap:
                shutil.copy(trap, file)
            self.refused_by_every_command(file, "runs the code in it", "convert_twin.py --trust")
            self.assertFalse(written.exists(), name)

    def test_with_a_flipped_bit_is_refused(self):
        size = self.twin.stat().st_size
        for where in (2 / size, 0.1, 0.3, (size - 1) / size):
            with self.subTest(where=where):
                damaged = self.folder / "damaged.safetensors"
                shutil.copy(self.whole / "twin.safetensors", damaged)
                self.flip(damaged, where)
                self.refused_by_every_command(damaged)

    def test_a_checkpoint_with_a_flipped_bit_is_refused(self):
        for name in ("last", "best"):
            for where in (0.02, 0.9):
                with self.subTest(name=name, where=where):
                    file = self.out / f"checkpoints/{name}.safetensors"
                    shutil.copy(self.whole / f"checkpoints/{name}.safetensors", file)
                    self.flip(file, where)
                    self.twin.unlink(missing_ok=True)
                    (self.out / "stages.json").unlink(missing_ok=True)
                    self.refused(command("train", self.out), file, "remove", "train from the start")
                    shutil.copy(self.whole / f"checkpoints/{name}.safetensors", file)

    def test_that_answers_for_less_time_or_other_synapses_than_it_says_is_refused(self):
        def shorter(arrays, texts):
            arrays["layer1_weight"] = arrays["layer1_weight"][:, :-5]

        def fewer_synapses(arrays, texts):
            texts["specification"] = texts["specification"].replace('"excitatory_synapses":80', '"excitatory_synapses":79')

        def shorter_window(arrays, texts):
            texts["specification"] = texts["specification"].replace('"window_ms":80', '"window_ms":75')

        def more_answers(arrays, texts):
            arrays["spike_bias"] = torch.zeros(3)

        def another_head(arrays, texts):
            texts["specification"] = texts["specification"].replace('"heads":[', '"heads":[{"name":"count","outputs":1,"offset":0.0},')

        for change, part in ((shorter, "[100, 75, 1], expected [100, 80, 1]"), (fewer_synapses, "79"), (shorter_window, "75"),
                             (more_answers, "'spike_bias' has the shape [3], expected []"), (another_head, "count_weight")):
            with self.subTest(change.__name__):
                self.refused_by_every_command(self.edited(change), part)

    def test_of_weights_that_are_no_numbers_is_refused(self):
        def spoil(arrays, texts):
            arrays["layer1_weight"][5, 7, 0] = float("nan")

        self.refused([PROGRAM, "predict", self.edited(spoil), "--input", self.shard, "--out", self.folder / "p.h5"],
                     "layer1_weight", "expected finite numbers")

    def test_of_others_in_the_same_format_is_refused(self):
        for texts in ({}, {"format": "pt"}):
            file = self.folder / "other.safetensors"
            file.write_bytes(safetensors_bytes({"weight": torch.ones(2, 3)}, texts))
            self.refused([PROGRAM, "inspect", file], file, "neurontwin")
        header = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
        file.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)
        self.refused([PROGRAM, "inspect", file], file, "not a twin of neurontwin")

    def megabytes_to_inspect(self, file):
        with subprocess.Popen([PROGRAM, "inspect", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, usage.ru_maxrss / 1024

    def test_of_gigabytes_takes_no_more_memory_than_a_small_one(self):
        code, small = self.megabytes_to_inspect(self.twin)
        self.assertEqual(code, 0)
        # 4 GiB of zeros that take no room on the disk: after the end, and as the array that the header promises.
        longer, promised = self.folder / "longer.safetensors", self.folder / "promised.safetensors"
        shutil.copy(self.twin, longer)
        os.truncate(longer, 4 << 30)
        content = self.twin.read_bytes()
        header_bytes = struct.unpack("<Q", content[:8])[0]
        header = re.sub(rb'("layer1_weight":\{"data_offsets":)\[\d+,\d+\](,"dtype":"F32","shape":)\[[^]]*\]',
                        rb"\1[0,4294967296]\2[1073741824]", content[8:8 + header_bytes])
        promised.write_bytes(struct.pack("<Q", len(header)) + header)
        os.truncate(promised, 8 + len(header) + (4 << 30))
        # As a whole, as far as sizes go: 256 MB of weights that its specification asks for.
        consistent = self.folder / "consistent.safetensors"
        shapes = {"layer1_weight": [100, 10000, 64], "layer1_bias": [64], "spike_weight": [64], "spike_bias": [], "soma_weight": [64],
                  "soma_bias": []}
        texts = read_safetensors(self.twin)[1]
        specification = json.loads(texts["specification"])
        specification.update(window_ms=10000, layers=[{"taps": 10000, "features": 64, "dilation": 1}])
        texts["specification"] = json.dumps(specification)
        entries, end = {"__metadata__": texts}, 0
        for name, shape in shapes.items():
            begin, end = end, end + 4 * math.prod(shape)
            entries[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
        header = json.dumps(entries, separators=(",", ":")).encode()
        consistent.write_bytes(struct.pack("<Q", len(header)) + header)
        os.truncate(consistent, 8 + len(header) + end)
        nested = self.folder / "nested.safetensors"
        nested.write_bytes(struct.pack("<Q", 6_000_000) + b'{"a":' + b"[" * 5_999_995)
        for file in (longer, promised, consistent, nested):
            with self.subTest(file.name):
                code, megabytes = self.megabytes_to_inspect(file)
                self.assertEqual(code, WRONG_INPUT)
                self.assertLess(megabytes, small + 64)

    def test_that_is_no_ordinary_file_is_refused(self):
        os.mkfifo(self.folder / "pipe.safetensors")
        os.symlink("/dev/zero", self.folder / "zero.safetensors")
        for name in ("pipe.safetensors", "zero.safetensors"):
            self.refused([PROGRAM, "inspect", self.folder / name], name, "not an ordinary file")

    def test_of_a_search_is_refused_too(self):
        out = self.folder / "search"
        settings = {"search.budget_samples_h": 1, "search.budget_minutes": 1, "search.trials": 2, "search.first_rung_epochs": 2,
                    "search.steps_per_epoch": 20, "search.rungs": 1, "search.depth": "[1, 1]", "search.widths": "[1]"}
        self.succeed(command("simulate", out, settings=settings))
        self.succeed(command("search", out, settings=settings))
        kept = sorted(out.glob("search/trial-*/rung-*.safetensors"))
        self.assertGreater(len(kept), 0)
        for file in kept:
            self.flip(file)
        (out / "search.json").unlink()
        self.refused(command("search", out, settings=settings), "rung-0.safetensors", "is damaged")


if __name__ == "__main__":
    unittest.main()
