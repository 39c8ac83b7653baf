"""Makes segments/ again: a cell folder of ball_and_stick in segment_models.py, its input, and NEURON's voltages of it. Or any model's:

    make_segments.py [--model NAME] [--out FOLDER]

The Python package, which PYTHONPATH has to name, writes the folder.
"""
import argparse
import pathlib
import sys
import tempfile

import h5py
import numpy as np

import mechanisms
import neurontwin
import segment_models
import segments

HERE = pathlib.Path(__file__).resolve().parent


def make(name, out, libraries):
    from neuron import h
    h.load_file("stdrun.hoc")
    if name.startswith("calcium"):
        library, refused = mechanisms.build_library(segment_models.CALCIUM_MODS, libraries / "library")
        if refused:
            sys.exit(str(refused))
        h.nrn_load_dll(str(library))
    model, ms, events = getattr(segment_models, name)(h)
    h.celsius = model.celsius
    neurontwin.from_neuron(out, mechanisms=sorted({mod.parent for mod in model.mods}), v_init=model.initial_mV)
    with h5py.File(out / "segments.h5") as file:
        order = [name.decode() for name in file["sections/name"][()]]
    model.sections.sort(key=lambda section: order.index(section.name()))
    segments.write_input(out / "input.h5", events)
    voltages = segments.run(model, ms, events)
    np.savetxt(out / "neuron_mV.txt", voltages[:, :-1:5].T, fmt="%.6f", header="of each segment, at multiples of 1/8 ms; NEURON 8.2.2, dt 0.025 ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="ball_and_stick")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "segments")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as libraries:
        make(arguments.model, arguments.out, pathlib.Path(libraries))
