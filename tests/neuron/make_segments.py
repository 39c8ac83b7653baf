"""Makes segments/ again: a cell folder of ball_and_stick in segment_models.py, its input, and NEURON's voltages of it. Or any model's:

    make_segments.py [--model NAME] [--out FOLDER] [--package]

--package: as the Python package writes it (which PYTHONPATH has to name), not this folder's own writer.
"""
import argparse
import pathlib
import sys
import tempfile

import numpy as np

import mechanisms
import segment_models
import segments

HERE = pathlib.Path(__file__).resolve().parent


def make(name, out, package, libraries):
    from neuron import h
    h.load_file("stdrun.hoc")
    if name.startswith("calcium"):
        library, refused = mechanisms.build_library(segment_models.CALCIUM_MODS, libraries / "library")
        if refused:
            sys.exit(str(refused))
        h.nrn_load_dll(str(library))
    model, ms, events = getattr(segment_models, name)(h)
    if package:
        import neurontwin
        h.celsius = model.celsius
        neurontwin.from_neuron(out, mechanisms=sorted({mod.parent for mod in model.mods}), v_init=model.initial_mV)
    else:
        segments.write(out, model)
    segments.write_input(out / "input.h5", events)
    if name in segment_models.MODELS:
        voltages = segments.run(model, ms, events)
        np.savetxt(out / "neuron_mV.txt", voltages[:, :-1:5].T, fmt="%.6f", header="of each segment, at multiples of 1/8 ms; NEURON 8.2.2, dt 0.025 ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="ball_and_stick")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "segments")
    parser.add_argument("--package", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as libraries:
        make(arguments.model, arguments.out, arguments.package, pathlib.Path(libraries))
