"""A live NEURON model becomes a cell folder."""
import warnings
from pathlib import Path

import numpy as np

from ._cell import Cell
from ._core import InputError
from ._neuron_model import LeftOut, mechanism_of, parameters_of, read_model

UNITS = {"length_um": "um", "diameter_um": "um", "area_um2": "um2", "Ra_ohm_cm": "ohm cm", "ri_Mohm": "Mohm", "end_ri_Mohm": "Mohm",
         "cm_uF_cm2": "uF/cm2", "reversal_mV": "mV", "inside_mM": "mM", "outside_mM": "mM", "delay_ms": "ms", "x_um": "um", "y_um": "um",
         "z_um": "um"}
CONCENTRATIONS_AT_START = 4  # a bit of ion_style(): NEURON's cinit


def put(group, name, values, dtype=float):
    data = group.create_dataset(name, data=np.asarray(values, dtype=dtype))
    if name in UNITS:
        data.attrs["units"] = np.bytes_(UNITS[name])


def names_of(sections):
    """As NEURON has them, without the name of the cell where that leaves each its own."""
    whole = [section.name() for section in sections]
    short = [name.rsplit(".", 1)[-1] for name in whole]
    return short if len(set(short)) == len(short) else whole


def write_sections(file, model):
    group, sections = file.create_group("sections"), model.sections
    on = [section.parentseg() for section in sections]
    group["name"] = np.array([name.encode("ascii", "replace") for name in names_of(sections)], dtype="S")
    put(group, "parent", [-1 if p is None else model.section_number[p.sec] for p in on], np.int32)
    put(group, "parent_x", [0 if p is None else model.along(p.sec, p.x) for p in on])
    put(group, "nseg", [section.nseg for section in sections], np.int32)
    put(group, "length_um", [section.L for section in sections])
    put(group, "Ra_ohm_cm", [section.Ra for section in sections])
    put(group, "end_ri_Mohm", [section(0 if turned else 1).ri() for section, turned in zip(sections, model.turned)])


def write_segments(file, model):
    group, segments = file.create_group("segments"), model.segments
    put(group, "diameter_um", [segment.diam for segment in segments])
    put(group, "area_um2", [segment.area() for segment in segments])
    put(group, "ri_Mohm", [segment.ri() for segment in segments])
    put(group, "cm_uF_cm2", [segment.cm for segment in segments])


def write_3d(file, model):
    rows = []
    for number, (section, turned) in enumerate(zip(model.sections, model.turned)):
        points = range(section.n3d())
        rows += [(number, section.x3d(i), section.y3d(i), section.z3d(i), section.diam3d(i)) for i in (reversed(points) if turned else points)]
    if not rows:
        return
    group, columns = file.create_group("points"), np.array(rows).T
    put(group, "section", columns[0], np.int32)
    for name, column in zip(("x_um", "y_um", "z_um", "diameter_um"), columns[1:]):
        put(group, name, column)


def write_mechanisms(file, model, density):
    for name in density:
        there = [i for i, segment in enumerate(model.segments) if hasattr(segment, name)]
        group = file.create_group(f"mechanisms/{name}")
        put(group, "segment", there, np.int32)
        for parameter, values in parameters_of(model, name, [model.segments[i] for i in there]).items():
            put(group, parameter, values)


def write_points(file, model):
    """Returns {point process: its number among those of its mechanism}."""
    number = {}
    for name in sorted({mechanism_of(point) for _, point in model.points}):
        mine = [(segment, point) for segment, point in model.points if mechanism_of(point) == name]
        group = file.create_group(f"point_processes/{name}")
        put(group, "segment", [segment for segment, _ in mine], np.int32)
        for parameter, values in parameters_of(model, name, [point for _, point in mine], point=True).items():
            put(group, parameter, values)
        number.update({point.hname(): i for i, (_, point) in enumerate(mine)})
    return number


def write_synapses(file, model, number):
    for kind, connections in model.synapses.items():
        if not connections:
            continue
        group = file.create_group(f"synapses/{kind}")
        put(group, "synapse", [c.synapse for c in connections], np.int32)
        group["mechanism"] = np.array([mechanism_of(c.point) for c in connections], dtype="S")
        put(group, "instance", [number[c.point.hname()] for c in connections], np.int32)
        put(group, "weight", [c.weight for c in connections])
        put(group, "delay_ms", [c.delay_ms for c in connections])
        if any(c.group for c in connections):
            group["group"] = np.array([c.group.encode("ascii", "replace") for c in connections], dtype="S")


def ions_there(model):
    kinds, name = model.h.MechanismType(0), model.h.ref("")
    for i in range(int(kinds.count())):
        kinds.select(i)
        kinds.selected(name)
        if name[0].endswith("_ion"):
            yield name[0][:-len("_ion")]


def write_ions(file, model):
    h = model.h
    for ion in list(ions_there(model)):
        there = [i for i, segment in enumerate(model.segments) if h.ismembrane(f"{ion}_ion", sec=segment.sec)]
        if not there:
            continue
        group, segments = file.create_group(f"ions/{ion}"), [model.segments[i] for i in there]
        style = [int(h.ion_style(f"{ion}_ion", sec=segment.sec)) for segment in segments]
        put(group, "segment", there, np.int32)
        put(group, "style", style, np.int32)
        put(group, "reversal_mV", [getattr(segment, f"e{ion}") for segment in segments])
        for side, name in (("i", "inside_mM"), ("o", "outside_mM")):
            at_start = getattr(h, f"{ion}{side}0_{ion}_ion")
            put(group, name, [at_start if s & CONCENTRATIONS_AT_START else getattr(segment, f"{ion}{side}") for s, segment in zip(style, segments)])


def write_description(folder, model):
    own = []
    for name, mod in sorted(model.mods.items()):
        mod.copy(folder)
        own.append(f'{name} = "{mod.path.name}"')
    (folder / "cell.toml").write_text(f'kind = "segments"\nsegments = "segments.h5"\ninitial_mV = {model.v_init!r}\n'
                                      f'celsius = {model.celsius!r}\ntables = "{model.tables}"\nmechanisms = {{ {", ".join(own)} }}\n')


def emptied(folder):
    """The folder, without an earlier cell in it. InputError: something else is in there."""
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and (not any(folder.iterdir()) or (folder / "cell.toml").exists() or (folder / "segments.h5").exists())):
        raise InputError(f"{folder} is there and is no cell folder; give a new or empty one")
    folder.mkdir(parents=True, exist_ok=True)
    for file in (*folder.glob("*.mod"), folder / "segments.h5", folder / "cell.toml"):
        file.unlink(missing_ok=True)
    return folder


def from_neuron(folder, *, root=None, mechanisms=None, v_init=None, inhibitory=None, weight=None, move_ends=False,
                group=None):
    """Reads the live NEURON model (8.2 or 9) into a cell folder, and returns it as a Cell.

    folder: where the files go. root: any section of the cell, where NEURON has several trees. mechanisms: the folder, or folders, with
    the .mod files that were compiled for it; looked for in the usual places unless said. v_init: mV, h.v_init unless said. inhibitory: a
    function of a point process that says whether its synapse is inhibitory; by the reversal potential, below -50 mV, unless said.
    weight: makes an input synapse of each point process to which no NetCon leads (in the unit of NetCon.weight). move_ends: point
    processes at the very end of a section, where NEURON has a point without membrane, go into the segment beside it. group: a function of
    a point process that says the name of its synapse's group, as lambda point: point.hname().split("[")[0]; a synapse with several has
    the first one's. cell.groups then says which synapses these are.

    NetCons become input synapses, those of one source one synapse. What does not come along is said by a warning, LeftOut, and stands
    in cell.left_out; what would make a difference and cannot come along is an InputError."""
    import h5py
    from neuron import h
    model, density = read_model(h, root, mechanisms, v_init, inhibitory, weight, move_ends, group)
    folder = emptied(folder)
    with h5py.File(folder / "segments.h5", "w") as file:
        file.attrs["format"] = np.bytes_("neurontwin segments 1")
        write_sections(file, model)
        write_segments(file, model)
        write_3d(file, model)
        write_mechanisms(file, model, density)
        number = write_points(file, model)
        write_synapses(file, model, number)
        write_ions(file, model)
    write_description(folder, model)
    cell = Cell(folder)
    cell.left_out = model.left_out
    cell._neuron_model = model
    for words in model.left_out:
        warnings.warn(words, LeftOut, stacklevel=2)
    return cell
