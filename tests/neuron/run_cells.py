"""Runs cells in NEURON, one after the other, in a process of its own: a mechanism that breaks it breaks no test.

    run_cells.py JOBS.json OUT.h5

JOBS.json: {"library": PATH, "cells": [{"name", "toml", "ms", "events": [[kind, synapse, time_ms, weight]]}]}
OUT.h5: NAME/soma_mV at 1/8 ms, NAME/compartments_mV [compartment, ms], NAME/{section,x}; or NAME with attribute "error".
"""
import json
import pathlib
import sys

import h5py
import numpy as np

import cell


def write(group, traces, soma, ms, dt_ms):
    sample, whole = round(0.125 / dt_ms), round(1 / dt_ms)
    group["soma_mV"] = traces[soma][:-1:sample].astype(np.float32)
    group["compartments_mV"] = np.array([trace[:-1:whole] for trace in traces.values()], dtype=np.float32)
    group["section"] = [section for section, _ in traces]
    group["x"] = [x for _, x in traces]


def main():
    jobs = json.loads(pathlib.Path(sys.argv[1]).read_text())
    from neuron import h
    cell.load(h, jobs["library"])
    with h5py.File(sys.argv[2], "w") as out:
        for job in jobs["cells"]:
            group = out.create_group(job["name"])
            toml = pathlib.Path(job["toml"])
            try:
                neuron = cell.Cell(h, cell.parse(toml.read_text()), toml.parent)
                traces = neuron.run(job["ms"], events=[tuple(event) for event in job.get("events", [])])
                write(group, traces, (neuron.soma.name(), 0.5), job["ms"], 0.025)
                neuron.remove()
            except RuntimeError as error:
                group.attrs["error"] = str(error)
                for section in list(h.allsec()):
                    h.delete_section(sec=section)


if __name__ == "__main__":
    main()
