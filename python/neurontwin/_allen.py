"""Biophysical models of the Allen Cell Types Database, perisomatic and all-active, from their files: no NEURON needed."""
import json
import shutil
from pathlib import Path

from . import _arguments as given
from ._cell import Cell
from ._core import InputError
from ._neuron_folder import emptied
from ._neuron_mods import SAME_AS_OURS, find_mods, folders_of

SWC_TYPES = {"soma": 1, "axon": 2, "dend": 3, "apic": 4}


def regions_of(swc):
    """The names of section arrays that a reconstruction makes; the stub makes an axon always."""
    if not Path(given.file("morphology", swc)).is_file():
        raise InputError(f"{swc}: there is no such file")
    types = {int(float(words[1])) for line in Path(swc).read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")
             for words in [line.replace(",", " ").split()] if len(words) >= 7}
    return [name for name, number in SWC_TYPES.items() if number in types or name in ("soma", "axon")]


def table(entries):
    return "{ " + ", ".join(f"{key} = {value}" for key, value in entries.items()) + " }"


def listed(name, rows):
    return f"{name} = [\n" + "".join(f"  {table(row)},\n" for row in rows) + "]\n" if rows else ""


def quoted(words):
    return json.dumps(words)


def read_json(file):
    try:
        return json.loads(Path(given.file("file", file)).read_text())
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{file}: is no JSON ({error})") from None


def read_fit(fit):
    content = read_json(fit)
    for key in ("passive", "genome", "conditions"):
        if key not in content:
            raise InputError(f"{fit}: '{key}' is missing; expected the parameters of a biophysical model, as fit_parameters.json")
    return content


class Membrane:
    """What a file says of each region: capacitance, and parameters of mechanisms."""

    def __init__(self, fit, file, there):
        self.cm, self.inserted, self.resistivity = {}, {}, None
        passive, conditions = fit["passive"][0], fit["conditions"][0]
        for region in there:
            self.inserted[("pas", region)] = {"e": float(passive["e_pas"])} if "e_pas" in passive else {}
        for entry in passive.get("cm", []):
            self.cm[entry["section"]] = float(entry["cm"])
        self.resistivity = {region: float(passive["ra"]) for region in there}
        for gene in fit["genome"]:
            self.add(gene, file, there)
        self.reversal = [{"regions": quoted([e["section"]]), "na": float(e["ena"]), "k": float(e["ek"])} for e in conditions["erev"]
                         if e["section"] in there]

    def add(self, gene, file, there):
        region, name, value, mechanism = gene["section"], gene["name"], float(gene["value"]), gene.get("mechanism", "")
        if region == "glob":
            raise InputError(f"{file}: the global parameter {name} is not understood; set it in the .mod file")
        if region not in there:
            return  # as AllenSDK does
        if name == "cm":
            self.cm[region] = value
        elif name == "Ra":
            self.resistivity[region] = value
        else:
            mechanism = mechanism or name.rsplit("_", 1)[-1]
            if not name.endswith("_" + mechanism):
                raise InputError(f"{file}: '{name}' is no parameter of {mechanism}, expected a name that ends with _{mechanism}")
            self.inserted.setdefault((mechanism, region), {})[name[:-len(mechanism) - 1]] = value


def from_allen(folder, fit, morphology, *, mechanisms=None, axon=None):
    """Makes a cell folder of a model of the Allen Cell Types Database and returns it as a Cell.

    fit: fit_parameters.json, or ID_fit.json. morphology: its .swc. mechanisms: the folder with the .mod files, which come with every
    model. axon: "allen", the stub of 60 by 1 um of perisomatic models and of all-active ones with axon_type "stub"; "bluepyopt", the
    reconstructed axon cut to 60 um of other all-active ones. Unless said, by the file: all-active models fit capacitances."""
    content = read_fit(fit)
    conditions = content["conditions"][0]
    axon = axon or ("bluepyopt" if "cm" not in content["passive"][0] else "allen")
    v_init = float(conditions.get("v_init", content["passive"][0].get("e_pas", -65)))
    return write_cell(folder, content, fit, morphology, mechanisms, f"axon = {quoted(axon)}", v_init, float(conditions["celsius"]), 40)


def write_cell(folder, content, fit, morphology, mechanisms, axon, v_init, celsius, spacing_um):
    """The cell folder of what a file of parameters says. axon: a line of cell.toml. spacing_um: the longest compartment."""
    there = regions_of(morphology)
    membrane = Membrane(content, fit, there)
    names = sorted({mechanism for mechanism, _ in membrane.inserted})
    mods = find_mods([n for n in names if n not in SAME_AS_OURS], folders_of(mechanisms))
    folder = emptied(folder)
    shutil.copyfile(morphology, folder / Path(morphology).name)
    for mod in mods.values():
        shutil.copyfile(mod.path, folder / mod.path.name)
    inserted = [{"mechanism": quoted(mods[m].path.name if m in mods else m), "regions": quoted([region]), **parameters}
                for (m, region), parameters in membrane.inserted.items()]
    (folder / "cell.toml").write_text(
        f'kind = "detailed"\nmorphology = {quoted(Path(morphology).name)}\n{axon}\ncompartment_rule = "spacing"\n'
        f'compartment_spacing_um = {spacing_um}\ninitial_mV = {v_init}\ncelsius = {celsius}\n'
        + listed("axial_resistivity_ohm_cm", [{"regions": quoted([r]), "ohm_cm": value} for r, value in membrane.resistivity.items()])
        + listed("capacitance", [{"regions": quoted([r]), "uF_cm2": membrane.cm.get(r, 1.0)} for r in there])
        + listed("reversal", membrane.reversal) + listed("insert", inserted))
    return Cell(folder)
