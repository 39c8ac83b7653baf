"""Makes segments/ again: a cell folder of ball_and_stick in segment_models.py, its input, and NEURON's voltages of it. Or any model's:

    make_segments.py [--model NAME] [--out FOLDER] [--script]

--script: as python/cell_folder_from_neuron.py writes it, not this folder's own writer.
"""
import argparse
import pathlib
import sys

import numpy as np

import mechanisms
import segment_models
import segments

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "python"))
import cell_folder_from_neuron  # noqa: E402


def make(name, out, script):
    from neuron import h
    h.load_file("stdrun.hoc")
    if name.startswith("calcium"):
        library, refused = mechanisms.build_library(segment_models.CALCIUM_MODS, out / "library")
        if refused:
            sys.exit(str(refused))
        h.nrn_load_dll(str(library))
    model, ms, events = getattr(segment_models, name)(h)
    if script:
        h.celsius = model.celsius
        h.finitialize(model.initial_mV)
        mods = {mod.stem: mod for mod in model.mods}
        cell_folder_from_neuron.write(out, h, model.sections[0], mods, model.points, model.initial_mV)
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
    parser.add_argument("--script", action="store_true")
    arguments = parser.parse_args()
    make(arguments.model, arguments.out, arguments.script)
