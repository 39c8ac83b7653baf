#!/usr/bin/env python3
"""How long a report takes to open in a headless Chromium: first paint, the neuron drawn in space, the page loaded.
open_report.py REPORT.html [TIMES]"""
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from browser import Browser  # noqa: E402

MOMENTS = """
  const at = (name) => performance.getEntriesByName(name).map((entry) => entry.startTime)[0];
  const neuron = document.querySelector('.scene') ? at('neuron-drawn') : 0, loaded = performance.timing.loadEventEnd - performance.timing.navigationStart;
  return at('first-contentful-paint') && neuron !== undefined && loaded > 0 && [at('first-contentful-paint'), neuron, loaded]"""

page, times = pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
with Browser() as browser:
    opened = []
    for _ in range(times):
        browser.open(page, 1280, reduced_motion=True)
        opened.append(browser.wait_for(MOMENTS))
print(f"{page}: {page.stat().st_size / 1e6:.1f} MB, opened {times} times")
for name, ms in zip(("first paint", "neuron drawn", "loaded"), zip(*opened)):
    print(f"  {name:<13} {statistics.median(ms):5.0f} ms ({min(ms):.0f} to {max(ms):.0f})")
