"""Writes a cell folder (docs/files.md) of what NEURON has in memory, whatever built it: for cells that are hoc or Python code.

    import cell_folder_from_neuron as folder
    folder.write("mycell", h, h.soma, {"na": "na.mod", "kv": "kv.mod"}, clamps=[clamp], initial_mV=-70)

Call it after h.finitialize(initial_mV). It takes the tree that `root` belongs to, its density mechanisms, its ions and the IClamps that are
named, and raises ValueError where the tree holds something else. Needs h5py.
"""
import pathlib
import re
import shutil

import h5py
import numpy as np

NEURONS_OWN = ("pas", "hh")


def tree(root):
    """The sections of a tree, parents first."""
    while root.parentseg() is not None:
        root = root.parentseg().sec
    sections, rest = [], [root]
    while rest:
        section = rest.pop()
        sections.append(section)
        rest.extend(reversed(section.children()))
    return sections


def parameters(h, mechanism, mod):
    """Names of the parameters that each segment has for itself, and of those that are GLOBAL."""
    def sizes(standard):
        """{name: how many numbers it has}."""
        name, all_of_them = h.ref(""), {}
        for i in range(int(standard.count())):
            size = int(standard.name(name, i))
            all_of_them[name[0].removesuffix("_" + mechanism)] = size
        return all_of_them
    of_each, of_all = sizes(h.MechanismStandard(mechanism, 1)), sizes(h.MechanismStandard(mechanism, -1))
    text = re.sub(r"(?s)\bCOMMENT\b.*?\bENDCOMMENT\b|[:?][^\n]*", "", mod.read_text(errors="replace")) if mod else ""
    declared = set(re.findall(r"\w+", " ".join(re.findall(r"(?s)\bPARAMETER\s*\{(.*?)\}", text))))
    of_all = {name: size for name, size in of_all.items() if name in declared}  # the others the mechanism computes
    for name, size in {**of_each, **of_all}.items():
        if size != 1:
            raise ValueError(f"{name} of {mechanism} is an array; give its values in the .mod file")
    return list(of_each), list(of_all)


def refuse_others(segments, mechanisms, clamps):
    for segment in segments:
        for mechanism in segment:
            if not mechanism.is_ion() and mechanism.name() not in mechanisms:
                raise ValueError(f"{segment}: the .mod file of {mechanism.name()} is not among those given")
        for point in segment.point_processes():
            if point not in clamps:
                raise ValueError(f"{segment}: {point} is not among the clamps given; only IClamps come along")


def write_tree(file, sections, segments):
    number = {section: i for i, section in enumerate(sections)}
    on = [section.parentseg() for section in sections]
    file["sections/name"] = np.array([section.name() for section in sections], dtype="S")
    file["sections/parent"] = np.array([-1 if p is None else number[p.sec] for p in on], np.int32)
    file["sections/parent_x"] = [0.0 if p is None else p.x for p in on]
    file["sections/nseg"] = np.array([section.nseg for section in sections], np.int32)
    file["sections/length_um"] = [float(section.L) for section in sections]
    file["sections/Ra_ohm_cm"] = [float(section.Ra) for section in sections]
    file["sections/end_ri_Mohm"] = [section(1).ri() for section in sections]
    file["segments/diameter_um"] = [segment.diam for segment in segments]
    file["segments/area_um2"] = [segment.area() for segment in segments]
    file["segments/ri_Mohm"] = [segment.ri() for segment in segments]
    file["segments/cm_uF_cm2"] = [segment.cm for segment in segments]


def write_mechanisms(file, h, segments, mods):
    for name in [*NEURONS_OWN, *mods]:
        there = [i for i, segment in enumerate(segments) if h.ismembrane(name, sec=segment.sec)]
        if not there:
            continue
        of_each, of_all = parameters(h, name, mods.get(name))
        group = file.create_group(f"mechanisms/{name}")
        group["segment"] = np.array(there, np.int32)
        for parameter in of_each:
            group[parameter] = [float(getattr(getattr(segments[i], name), parameter)) for i in there]
        for parameter in of_all:
            group[parameter] = [float(getattr(h, f"{parameter}_{name}"))]


def write_clamps(file, segments, clamps):
    at = sorted((segments.index(clamp.get_segment()), i) for i, clamp in enumerate(clamps))
    if not at:
        return
    group = file.create_group("point_processes/IClamp")
    group["segment"] = np.array([segment for segment, _ in at], np.int32)
    for ours, neurons in (("del", "delay"), ("dur", "dur"), ("amp", "amp")):
        group[ours] = [float(getattr(clamps[i], neurons)) for _, i in at]


def write_ions(file, h, segments):
    ions = sorted({mechanism.name().removesuffix("_ion") for segment in segments for mechanism in segment if mechanism.is_ion()})
    for ion in ions:
        there = [i for i, segment in enumerate(segments) if h.ismembrane(f"{ion}_ion", sec=segment.sec)]
        style = [int(h.ion_style(f"{ion}_ion", sec=segments[i].sec)) for i in there]
        group = file.create_group(f"ions/{ion}")
        group["segment"], group["style"] = np.array(there, np.int32), np.array(style, np.int32)
        group["reversal_mV"] = [float(getattr(segments[i], f"e{ion}")) for i in there]
        for side, name in (("i", "inside_mM"), ("o", "outside_mM")):
            at_start = getattr(h, f"{ion}{side}0_{ion}_ion")  # where finitialize sets the concentration
            group[name] = [at_start if s & 4 else float(getattr(segments[i], ion + side)) for i, s in zip(there, style)]


def write(folder, h, root, mods, clamps=(), initial_mV=-65.0):
    """mods: {SUFFIX: path of its .mod file} of the density mechanisms that NEURON has not by itself; those without segments are left out."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    sections = tree(root)
    segments = [segment for section in sections for segment in section]
    refuse_others(segments, [*NEURONS_OWN, *mods], clamps)
    mods = {name: pathlib.Path(mod) for name, mod in mods.items() if any(h.ismembrane(name, sec=section) for section in sections)}
    with h5py.File(folder / "segments.h5", "w") as file:
        file.attrs["format"] = np.bytes_("neurontwin segments 1")
        write_tree(file, sections, segments)
        write_mechanisms(file, h, segments, mods)
        write_clamps(file, segments, clamps)
        write_ions(file, h, segments)
    for mod in mods.values():
        shutil.copy(mod, folder)
    names = ", ".join(f'{name} = "{mod.name}"' for name, mod in mods.items())
    (folder / "cell.toml").write_text(f'kind = "segments"\nsegments = "segments.h5"\ninitial_mV = {float(initial_mV)}\n'
                                      f"celsius = {float(h.celsius)}\nmechanisms = {{ {names} }}\n")
