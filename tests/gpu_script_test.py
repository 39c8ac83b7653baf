"""bench/gpu/run_all keeps what there is of a measurement whose parts fail, are stopped or find no time. Its programs are sham."""
import json
import shutil
import subprocess
import unittest

from support import ROOT, InTemporaryFolder

SPEED = """#!/usr/bin/env bash
while [ $# -gt 0 ]; do
  case $1 in
    --parts) part=$2 ;;
    --out) out=$2 ;;
  esac
  shift
done
said='"device": "a sham", "architecture": "sm_90"'
case $part in
  solver)
    echo "{$said, \\"solver\\": {\\"compartments\\": 3, \\"dt_ms\\": 0.025, \\"trial_ms\\": 10, \\"s_to_compile_and_load\\": 1,
      \\"rates\\": [{\\"trials\\": 32, \\"seconds\\": 2, \\"cell_s_per_s\\": 0.16}]}}" > "$out" ;;
  training)
    echo "{$said, \\"training\\": [{\\"twin\\": \\"recurrent\\", \\"units\\": 5, \\"window_ms\\": 50, \\"history_ms\\": 9,
      \\"rates\\": [{\\"windows\\": 2, \\"seconds\\": 0.5}]}]}" > "$out"
    echo "device_speed: the GPU: out of memory" >&2
    exit 1 ;;
  twins) sleep 100 ;;
esac
"""
TESTS = """#!/usr/bin/env bash
[ $GTEST_SHARD_INDEX = 0 ] || { echo '[==========] 0 tests ran.'; exit; }
echo "[       OK ] $(basename $0).OnADevice (1 ms)"
[ $(basename $0) != twin_test ] || { echo "[ RUN      ] Twins.OnADevice"; exit 139; }
[ $(basename $0) != train_test ] || echo "[  FAILED  ] Trains.OnADevice (1 ms)"
echo '[==========] 1 test ran.'
"""


class TheScriptForAGpu(InTemporaryFolder):
    def test_keeps_what_was_found_before_a_part_failed_or_was_stopped(self):
        here = self.folder / "there"
        for file in ("gpu/run_all", "gpu/table.py", "gpu/race_pytorch.py", "peers/train_pytorch.py"):
            (here / "bench" / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "bench" / file, here / "bench" / file)
        (here / "packed").mkdir()
        for name in ("device", "simulate", "twin", "train", "network"):
            (here / f"packed/{name}_test").write_text(TESTS)
        (here / "packed/device_speed").write_text(SPEED)
        for program in (here / "packed").iterdir():
            program.chmod(0o755)
        out = self.folder / "out"
        done = subprocess.run([here / "bench/gpu/run_all", "--emulate", "--seconds", "12", "--out", out], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stderr)  # not all is there
        results = json.loads((out / "gpu.json").read_text())
        self.assertEqual(results["solver"]["rates"][0]["trials"], 32)
        self.assertEqual(results["training"][0]["rates"][0]["windows"], 2)
        self.assertIn("the GPU: out of memory", results["ended"]["training"])
        self.assertIn("stopped after", results["ended"]["twins"])
        self.assertEqual(results["ended"]["networks"], "no time was left")
        self.assertEqual(results["tests"]["passed"], 5)
        self.assertEqual(results["tests"]["failed"], ["Trains.OnADevice"])
        self.assertEqual(results["tests"]["without_an_end"], ["twin_test-0 ended in Twins.OnADevice"])
        table = (out / "gpu.md").read_text()
        for words in ("a sham sm_90", "| 32 | 2.00 | 0.16 |", "| 2 | 0.5000 |", "1 failed", "training: failed with exit status 1"):
            self.assertIn(words, table)
        self.assertIn("Twins.OnADevice", (out / "tests.txt").read_text())


if __name__ == "__main__":
    unittest.main()
