"""Biophysical cells of SONATA circuits as BMTK builds them, from `dynamics_params` and morphology: no NEURON needed."""
import csv
import re
import tempfile
from pathlib import Path

from . import _arguments as given
from ._allen import quoted, read_fit, read_json, write_cell
from ._cell import Cell
from ._core import InputError

# What BMTK's model_processing makes of the axon.
PERISOMATIC, ALL_ACTIVE = "aibs_perisomatic", "aibs_allactive"


def expanded(text, manifest, folder):
    """A path of a configuration, with the variables of its manifest."""
    for _ in range(len(manifest) + 1):
        text = re.sub(r"\$\{?\w+\}?", lambda m: manifest.get(m[0], manifest.get("$" + m[0].strip("${}"), m[0])), text)
    if "$" in text:
        raise InputError(f"{text}: a variable that the manifest does not name")
    return folder / text


class Circuit:
    """A circuit configuration: where components are, and what node types there are."""

    def __init__(self, file):
        self.file, self.content = Path(given.file("circuit", file)), read_json(file)
        if "components" not in self.content or "nodes" not in self.content.get("networks", {}):
            raise InputError(f"{file}: is no circuit configuration of SONATA, which has components and networks.nodes")
        self.manifest = {"${configdir}": ".", "$configdir": ".", **self.content.get("manifest", {})}

    def path(self, text):
        return expanded(text, self.manifest, self.file.parent)

    def component(self, key, name=""):
        if key not in self.content["components"]:
            raise InputError(f"{self.file}: components has no {key}")
        return self.path(self.content["components"][key]) / name

    def node_type(self, number):
        """The row of a node type, {column: text}."""
        known = []
        for nodes in self.content["networks"]["nodes"]:
            if not nodes.get("node_types_file"):
                continue
            with open(self.path(nodes["node_types_file"]), newline="") as rows:
                for row in csv.DictReader(rows, delimiter=" ", skipinitialspace=True):
                    if row["node_type_id"] == str(number):
                        return row
                    known.append(row["node_type_id"])
        raise InputError(f"{self.file}: there is no node type {number}; there are {', '.join(known[:20]) or 'none'}")


def axon_diameters_um(morphology):
    """Of the first and the last axon section, whole: what BMTK gives its stub of all-active models."""
    with tempfile.TemporaryDirectory(prefix="neurontwin-") as folder:
        file = Path(folder) / "tree.toml"
        file.write_text(f'kind = "detailed"\nmorphology = {quoted(str(Path(morphology).resolve()))}\ncompartment_rule = "spacing"\n'
                        "compartment_spacing_um = 100000\naxial_resistivity_ohm_cm = 100\ninitial_mV = -65\ncelsius = 34\n"
                        'insert = [ { mechanism = "leak", regions = ["soma"], g = 1e-4, e = -65 } ]\n')
        table = Cell(file).compartments
    axon = [d for region, d in zip(table["region"], table["diameter_um"]) if region == "axon"]
    if not axon:
        raise InputError(f"{morphology}: has no axon, which {ALL_ACTIVE} replaces")
    return float(axon[0]), float(axon[-1])


def axon_of(processing, morphology):
    if processing == PERISOMATIC:
        return 'axon = "allen"'
    if processing == ALL_ACTIVE:
        first, last = axon_diameters_um(morphology)
        return f"axon_stub = {{ sections = 2, lengths_um = [30, 30], diameters_um = [{first}, {last}], on = \"soma[0]\", x = 1 }}"
    raise InputError(f"model_processing is '{processing}', expected {PERISOMATIC} or {ALL_ACTIVE}; build others with BMTK and hand them to from_neuron()")


def from_sonata_cell(folder, circuit, node_type, *, celsius=34.0, v_init=-80.0, dL=20.0):
    """Makes a cell folder of a biophysical node type of a SONATA circuit and returns it as a Cell, without NEURON.

    circuit: circuit_config.json. node_type: its node_type_id, with model_template ctdb:Biophys1.hoc and model_processing
    aibs_perisomatic or aibs_allactive. celsius, v_init (mV), dL (um, half of the longest compartment): as the simulation's
    configuration says; BMTK's defaults unless said. What single nodes say of their own is not looked at."""
    circuit = Circuit(circuit)
    row = circuit.node_type(node_type)
    if row.get("model_template") != "ctdb:Biophys1.hoc":
        raise InputError(f"{circuit.file}: node type {node_type} has the model_template '{row.get('model_template')}', expected "
                         "ctdb:Biophys1.hoc; build it with BMTK and hand it to from_neuron()")
    morphology = circuit.component("morphologies_dir", row["morphology"])
    fit = circuit.component("biophysical_neuron_models_dir", row["dynamics_params"])
    mechanisms = circuit.component("mechanisms_dir")
    mechanisms = mechanisms / "modfiles" if (mechanisms / "modfiles").is_dir() else mechanisms
    content = read_fit(fit)
    return write_cell(folder, content, fit, morphology, mechanisms, axon_of(row.get("model_processing"), morphology),
                      given.number("v_init", v_init), given.number("celsius", celsius), 2 * given.number("dL", dL))
