"""Runs the cells of traces.py in NEURON and writes their voltages: traces/NAME.txt, as committed.

    make_traces.py [--out FOLDER] [--points PROGRAM]

Needs python3-neuron, neuron and neuron-dev. PROGRAM prints the points of the built-in tree: build/release/morphology_points.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import cell
import mechanisms
import traces

ROOT = traces.HERE.parent.parent


def sampled(trace, neuron, voltages, dt_ms):
    """Lines "t soma site ..." each half millisecond."""
    segments = [neuron.soma(0.5), *(neuron.segment_at(site) for site in neuron.description.get("record", []))]
    # x of a place is anywhere in its compartment; the trace has the centre's
    columns = [voltages[s.sec.name(), s.sec((int(min(s.x, 1 - 1e-9) * s.sec.nseg) + 0.5) / s.sec.nseg).x] for s in segments]
    every = round(traces.SAMPLE_MS / dt_ms)
    lines = [f"# {trace.name}: mV at t_ms {' '.join(trace.sites)}; NEURON, backward Euler, {dt_ms} ms\n"]
    for k in range(0, round(trace.ms / dt_ms), every):
        lines.append(" ".join([f"{k * dt_ms:g}", *(f"{column[k]:.6f}" for column in columns)]) + "\n")
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, default=traces.HERE / "traces")
    parser.add_argument("--points", default=str(ROOT / "build/release/morphology_points"))
    arguments = parser.parse_args()
    tree = subprocess.run([arguments.points], capture_output=True, text=True, check=True).stdout.splitlines()
    arguments.out.mkdir(exist_ok=True)
    descriptions = {trace.name: cell.parse(trace.text) for trace in traces.TRACES}
    mods = sorted({file for trace in traces.TRACES for file in cell.mod_files(descriptions[trace.name], trace.folder)}, key=lambda file: file.name)
    with tempfile.TemporaryDirectory() as folder:
        library, refused = mechanisms.build_library(mods, folder)
        if refused:
            sys.exit("\n".join(f"NEURON refuses {name}: {why}" for name, why in refused.items()))
        from neuron import h
        cell.load(h, library)
        for trace in traces.TRACES:
            neuron = cell.Cell(h, descriptions[trace.name], trace.folder, tree)
            voltages = neuron.run(trace.ms, events=trace.events)
            (arguments.out / f"{trace.name}.txt").write_text("".join(sampled(trace, neuron, voltages, 0.025)))
            neuron.remove()


if __name__ == "__main__":
    main()
