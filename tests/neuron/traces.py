"""The cells whose voltages NEURON gave us, and how long each ran: what make_traces.py makes and ../neuron_traces_test.py compares.

Every cell is a description of ours. `stick` is a soma with a dendrite that carries one mechanism of cells/*.mod; the others are the project's own.
"""
import pathlib
import tomllib
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
CELLS = HERE / "cells"
PROJECT_CELLS = HERE.parent.parent / "cells"
SAMPLE_MS = 0.5


@dataclass
class Trace:
    name: str
    text: str             # of the description
    folder: pathlib.Path  # where its files are
    ms: int
    events: list          # (kind, synapse, time_ms, weight)
    # Rounding, and NEURON's conductances, which are differences over 0.001 mV where ours are derivatives.
    tolerance_mV: float = 1e-4

    @property
    def sites(self):
        return ["soma", *(site["name"] for site in tomllib.loads(self.text).get("record", []))]


STICK = """kind = "detailed"
morphology = "stick.swc"
compartment_spacing_um = 40
axial_resistivity_ohm_cm = 120
initial_mV = -65
celsius = 30
reversal_mV = { na = 50, k = -80%s }
insert = [
  { mechanism = "leak", regions = ["soma", "basal"], g = 2e-4, e = -65 },
%s]
point = [
  { mechanism = "IClamp", section = "soma[0]", x = 0.5, del = 10, dur = 20, amp = 0.08 },
  { mechanism = "IClamp", section = "dend[0]", x = 0.5, del = 35, dur = 15, amp = -0.05 },
%s]
record = [ { name = "tip", section = "dend[0]", x = 1 } ]
"""
# Calcium that comes in and is felt: through its reversal potential, and by a potassium channel.
CALCIUM = ('  { mechanism = "Ca_HVA", regions = ["soma", "basal"], gbar = 4e-4 },\n'
           '  { mechanism = "SK_E2", regions = ["soma", "basal"], gbar = 1e-3 },\n')


def stick(name, inserts="", points="", reversal="", more="", events=()):
    return Trace(name, more + STICK % (reversal, inserts, points), CELLS, 60, list(events))


def own(name, parameters="", with_calcium=False, file=None, **options):
    """The stick with the mechanism cells/NAME.mod, or another file."""
    insert = f'  {{ mechanism = "{file or name}.mod", regions = ["soma", "basal"]{parameters} }},\n'
    return stick(name, (CALCIUM if with_calcium else "") + insert, **options)


def project_cell(name, file, ms, more="", events=(), **options):
    """A cell of cells/; `more` is put behind its text."""
    return Trace(name, (PROJECT_CELLS / file).read_text() + more, PROJECT_CELLS, ms, list(events), **options)


def in_turn(kind, synapses, first_ms, every_ms, weight=1.0):
    return [(kind, synapse, float(first_ms + every_ms*k), weight) for k, synapse in enumerate(synapses)]


SQUID = '  { mechanism = "squid", regions = ["soma"], gnabar = 0.12 },\n  { mechanism = "squid", regions = ["basal"], gnabar = 0.02 },\n'
HAY = "".join(f'  {{ mechanism = "{name}", regions = ["soma", "basal"], gbar = {gbar} }},\n' for name, gbar in (
    ("Ca_HVA", 2e-4), ("Ca_LVAst", 2e-3), ("Ih", 1e-4), ("Im", 1e-4), ("K_Pst", 2e-3), ("K_Tst", 2e-3), ("NaTa_t", 0.02), ("NaTs2_t", 0.02),
    ("Nap_Et2", 1e-4), ("SKv3_1", 0.02), ("SK_E2", 1e-3))) + '  { mechanism = "CaDynamics_E2", regions = ["soma", "basal"], decay = 40, gamma = 0.002 },\n'

TRACES = [
    # The catalogue
    project_cell("ball_and_stick", "ball-and-stick.toml", 100, events=in_turn("excitatory", [3, 20, 11], 10, 7) + in_turn("inhibitory", [5, 2], 40, 12),
                 more='record = [ { name = "middle", section = "dend[0]", x = 0.5 } ]\n'),
    project_cell("branch_inward", "branch.toml", 100, events=in_turn("excitatory", range(8, -1, -1), 10, 5),
                 more='record = [ { name = "tip", section = "dend[0]", x = 1 } ]\n'),
    project_cell("branch_outward", "branch.toml", 100, events=in_turn("excitatory", range(9), 10, 5),
                 more='record = [ { name = "tip", section = "dend[0]", x = 1 } ]\n'),
    project_cell("layer_five_rest", "l5pc.toml", 40, more='record = [ { name = "trunk", region = "apical", distance_um = 620 } ]\n'),
    project_cell("layer_five_synapses", "l5pc.toml", 60,
                 events=sorted(in_turn("excitatory", range(0, 633, 9), 5, 0.5) + in_turn("excitatory", range(300, 633, 11), 12, 0.5)
                               + in_turn("inhibitory", range(0, 633, 29), 10, 2), key=lambda event: event[2]),
                 more='record = [ { name = "trunk", region = "apical", distance_um = 620 } ]\n'),
    project_cell("layer_five_step", "l5pc.toml", 60,
                 more='point = [ { mechanism = "IClamp", section = "soma[0]", x = 0.5, del = 5, dur = 50, amp = 1.2 } ]\n'
                      'record = [ { name = "trunk", region = "apical", distance_um = 620 } ]\n'),
    stick("squid_axon", SQUID),
    stick("hay_channels", HAY),
    stick("alpha_synapse", points='  { mechanism = "AlphaSynapse", section = "dend[0]", x = 0.8, onset = 5, tau = 1.5, gmax = 0.004, e = -10 },\n'
                                  '  { mechanism = "EpspLike", section = "soma[0]", start = 40, rise = 0.5, decay = 5, amp = 0.1 },\n'),
    # Our own mechanisms, one kind each
    own("empty_verbatim"),
    own("file_locals"),
    own("chosen_derivative"),
    own("assigned_parameters"),
    own("conserved_sum"),
    own("scaled_constants", with_calcium=True),
    own("steady_start"),
    stick("stream_memory", more='excitatory = { mechanism = "stream_memory.mod", regions = ["basal"], weight = 0.004 }\n',
          events=[("excitatory", synapse, float(t), 0.004) for synapse, t in ((0, 12), (2, 14), (0, 17), (2, 18), (0, 40))]),
    own("shells", with_calcium=True),
    own("own_ion", reversal=", xq = -30"),
    own("comparison"),
    own("resting_calcium", with_calcium=True),
    own("stepped_pool", with_calcium=True),
    own("lagging_pool", with_calcium=True),
    own("reactions_in_if"),
    own("start_values", ", a0 = 0.4"),
    own("forward_euler"),
    own("written_order"),
    own("odd_layout"),
    stick("tabulated", '  { mechanism = "tabulated.mod", regions = ["soma", "basal"] },\n', more='tables = "exact"\n'),
    own("tabulated_as_neuron", file="tabulated"),
    stick("self_events", points='  { mechanism = "self_events.mod", section = "dend[0]", x = 0.5 },\n'),
    stick("depressing", more='excitatory = { mechanism = "depressing.mod", regions = ["basal"], weight = 0.008 }\n',
          events=[("excitatory", synapse, float(t), 0.008) for synapse, t in ((0, 5), (2, 8), (0, 12), (2, 18), (0, 20), (0, 24), (0, 45))]),
    stick("learning", more='excitatory = { mechanism = "learning.mod", regions = ["basal"], weight = 0.0006 }\n',
          events=[("excitatory", 1, float(t), 0.0006) for t in (5, 9, 16, 25, 26, 45)]),
    stick("on_watch", points='  { mechanism = "on_watch.mod", section = "soma[0]", x = 0.5 },\n'),
    own("linear_start"),
    own("buffered", with_calcium=True),
    stick("written_reversal", '  { mechanism = "written_reversal.mod", regions = ["soma", "basal"] },\n'
                              '  { mechanism = "SKv3_1", regions = ["soma", "basal"], gbar = 0.05 },\n'
                              '  { mechanism = "K_Pst", regions = ["soma", "basal"], gbar = 0.002 },\n'),
    own("moments"),
    own("rectified", with_calcium=True),
]
