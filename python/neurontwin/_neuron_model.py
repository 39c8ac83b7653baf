"""What a live NEURON model is made of: sections, membrane, point processes, connections, as plain data."""
import re
from dataclasses import dataclass, field

from . import _neuron_mods as mods
from ._core import InputError

REVERSAL_NAMES = ("e", "erev", "Erev", "e_rev", "E", "vrev", "Vrev")
NAMES_IN_PYTHON = {"del": "delay"}  # a word of Python


class LeftOut(UserWarning):
    """Something of a NEURON model that does not come along, or comes as something else."""


@dataclass
class Connection:
    """One NetCon, or what stands for one."""
    synapse: int
    group: str  # of the synapse; "" where there are none
    point: object
    weight: float
    delay_ms: float


@dataclass
class Model:
    """A live model. Sections come parents first; those that hang by their own end 1 are turned round."""
    h: object
    sections: list
    mods: dict = field(default_factory=dict)       # of each mechanism that has one, its ModFile
    points: list = field(default_factory=list)     # (segment number, point process), by mechanism
    synapses: dict = field(default_factory=lambda: {"exc": [], "inh": []})  # Connections of each kind, by synapse
    celsius: float = 6.3
    v_init: float = -65.0
    tables: str = "as NEURON"
    left_out: list = field(default_factory=list)

    def __post_init__(self):
        self.turned = [section.orientation() == 1 for section in self.sections]
        self.segments = [s for section, turned in zip(self.sections, self.turned) for s in (list(section)[::-1] if turned else section)]
        self.number_of = {str(segment): i for i, segment in enumerate(self.segments)}
        self.section_number = {section: i for i, section in enumerate(self.sections)}

    def along(self, section, x):
        """x as counted here."""
        return 1 - x if self.turned[self.section_number[section]] else x

    def leave_out(self, words):
        self.left_out.append(words)


def roots_of(h):
    return [section for section in h.allsec() if section.parentseg() is None]


def tree_of(h, root):
    """The sections of one tree, parents first. `root`: any section of it; may be left out where there is one tree."""
    if root is None:
        roots = roots_of(h)
        if len(roots) != 1:
            raise InputError(f"NEURON has {len(roots)} trees ({', '.join(str(r) for r in roots[:5])}); say which: root=SECTION")
        root = roots[0]
    while root.parentseg() is not None:
        root = root.parentseg().sec
    tree = [root]
    for section in tree:  # which grows
        tree.extend(sorted(section.children(), key=lambda child: child.parentseg().x))
    return tree


def names_there(h, sections):
    """The names of the density mechanisms that are inserted somewhere."""
    kinds, names = h.MechanismType(0), []
    name = h.ref("")
    for i in range(int(kinds.count())):
        kinds.select(i)
        kinds.selected(name)
        if any(h.ismembrane(name[0], sec=section) for section in sections):
            names.append(name[0])
    return names


def standard_names(h, mechanism, kind, point=False):
    """[(name as the .mod file has it, name in NEURON, length)] of the range variables of a kind: 1 PARAMETER, 2 ASSIGNED, -1 GLOBAL."""
    standard, name, ending = h.MechanismStandard(mechanism, kind), h.ref(""), "_" + mechanism
    result = []
    for i in range(int(standard.count())):
        length = int(standard.name(name, i))
        word = name[0]
        with_ending = not point or kind == -1
        result.append((word[:-len(ending)] if with_ending and word.endswith(ending) else word, word, length))
    return result


def value_of(thing, name):
    """A range variable of a segment or a parameter of a point process."""
    try:
        return float(getattr(thing, name))
    except (AttributeError, LookupError):
        return float(getattr(thing, NAMES_IN_PYTHON[name]))


def parameters_of(model, mechanism, things, point=False):
    """{parameter: [value in each segment or point process]}, or [value] for a GLOBAL; those that are as the .mod file says are left
    out. InputError: values that no .mod file could hold."""
    h, mod, values = model.h, model.mods.get(mechanism), {}
    declared = mod.parameters() if mod else {}
    for name, word, length in standard_names(h, mechanism, 1, point):
        if mod is not None and name not in declared:
            continue
        if length != 1:
            raise InputError(f"{mechanism}: the parameter {name} is an array of {length}, which a cell folder cannot hold")
        values[name] = [value_of(thing, word) for thing in things]
    if mod is None:
        return values
    for name, word, length in standard_names(h, mechanism, -1, point):
        if name in declared and length == 1:
            values[name] = [float(getattr(h, word))]
    for name, word, length in standard_names(h, mechanism, 2, point):
        if length != 1 or mod.assigns(name) or all(value_of(thing, word) == 0 for thing in things):
            continue
        # NeuroML's exporter writes parameters so.
        if mod.promote(name):
            values[name], declared = [value_of(thing, word) for thing in things], {**declared, name: 0.0}
        else:
            raise InputError(f"{mod.path}: the ASSIGNED variable {name} of {mechanism} has got values from outside, which do not come along; "
                             "declare it under PARAMETER")
    # What the file says by itself need not be said.
    return {name: column for name, column in values.items() if any(value != declared[name] for value in column)}


def check_extracellular(model):
    """NEURON's extracellular space does nothing where it is a short circuit to ground, as by default."""
    there = [s for section in model.sections if model.h.ismembrane("extracellular", sec=section) for s in section]
    for segment in there:
        if any(g < 1e9 for g in segment.xg) or any(c != 0 for c in segment.xc) or segment.e_extracellular != 0:
            raise InputError(f"{segment}: extracellular has xg, xc or e_extracellular other than the default; a potential outside of the "
                             "membrane is not simulated")
    if there:
        model.leave_out("extracellular is left out: with its default values the outside is at 0 mV everywhere")


def read_mechanisms(model, mechanisms):
    """Checks what there is and finds the .mod files. Returns the names of density mechanisms, without ions."""
    h = model.h
    names = names_there(h, model.sections)
    if "extracellular" in names:
        check_extracellular(model)
    density = [n for n in names if not n.endswith("_ion") and n not in mods.WITHOUT_EFFECT and n != "extracellular"]
    of_points = {mechanism_of(point) for _, point in model.points}
    folders = mods.folders_of(mechanisms)
    needed = {n for n in [*density, *of_points] if n not in mods.SAME_AS_OURS}
    # A file of NEURON's own mechanisms is none of the user's.
    model.mods = mods.find_mods(needed, folders)
    model.tables = read_tables(h, model.mods, [*density, *of_points])
    return density


def read_tables(h, mods, names):
    """Whether formulas are interpolated where their files say TABLE. hh has a TABLE in some builds of NEURON and none in others: PyPI's
    8.2.2 has none."""
    uses = {n: bool(getattr(h, f"usetable_{n}", 0)) for n in names
            if n == "hh" or hasattr(h, f"usetable_{n}") or n in mods and re.search(r"\bTABLE\b", mods[n].text)}
    if len(set(uses.values())) == 2:
        tables, exact = ([n for n in uses if uses[n] == used] for used in (True, False))
        raise InputError(f"{', '.join(tables)} interpolate in tables and {', '.join(exact)} do not; here one rule holds for all: "
                         f"set {', '.join(f'h.usetable_{n} = 0' for n in tables)}")
    return "exact" if False in uses.values() else "as NEURON"


def mechanism_of(point):
    return point.hname().split("[")[0]


def segment_at(section, x):
    """The segment that x is in, named by its centre."""
    return section((int(x * section.nseg) + 0.5) / section.nseg)


def segment_number(model, point, move_ends):
    """The number of its segment. A point process at the end of a section sits on a point without membrane."""
    segment = point.get_segment()
    section, x = segment.sec, segment.x
    if 0 < x < 1:
        return model.number_of[str(section(x))]
    if model.along(section, x) == 0 and section.parentseg() is not None:
        place = section.parentseg()
        if 0 < place.x < 1:  # the same point
            return model.number_of[str(segment_at(place.sec, place.x))]
    inside = section(0.5 / section.nseg if x == 0 else 1 - 0.5 / section.nseg)
    if not move_ends:
        raise InputError(f"{point.hname()} is at {segment}, the end of a section, where NEURON has a point without membrane; here it needs a "
                         f"segment: put it at {inside}, or say move_ends=True")
    model.leave_out(f"{point.hname()} is at {inside} in the place of {segment}")
    return model.number_of[str(inside)]


def read_points(model, move_ends):
    """All point processes on the tree, those of one mechanism in the order of their segments."""
    found = {}
    for section in model.sections:
        for segment in section.allseg():
            for point in segment.point_processes():
                if point.get_segment().sec in model.section_number:
                    found[point.hname()] = point
    for name, point in found.items():
        if mechanism_of(point) not in mods.WITHOUT_EFFECT:
            model.points.append((segment_number(model, point, move_ends), point))
    model.points.sort(key=lambda placed: placed[0])


def is_inhibitory(model, point, weight):
    """By its reversal potential, below -50 mV; of a synapse without one by the sign of its weight."""
    for name in REVERSAL_NAMES:
        value = getattr(point, name, None)
        if isinstance(value, (int, float)):
            return value < -50
    return weight < 0


def source_of(model, connection):
    """What sends the events of a NetCon: (key, words), or None if it is a spike of this very tree."""
    if connection.pre() is not None:
        return connection.pre().hname(), f"what {connection.pre().hname()} sends"
    segment = connection.preseg()
    if segment is None:
        return object(), None
    if segment.sec in model.section_number:
        return None
    return str(segment), f"what a threshold at {segment} sends"


def read_connections(model, inhibitory, weight, group):
    """NetCons to the point processes of the tree. Those of one source are one synapse; synapses of a group follow each other."""
    mine = {point.hname(): point for _, point in model.points}
    sources, reached = {}, set()
    netcons = model.h.List("NetCon")
    for i in range(int(netcons.count())):
        netcon = netcons.o(i)
        if netcon.syn() is None or netcon.syn().hname() not in mine or not netcon.active():
            continue
        name = netcon.syn().hname()
        source = source_of(model, netcon)
        if source is None:
            model.leave_out(f"{netcon.hname()}, by which the cell's own spikes reach {name}, is left out: a cell has no input from itself")
            continue
        later = [netcon.weight[k] for k in range(1, int(netcon.wcnt()))]
        if any(later):
            model.leave_out(f"{netcon.hname()}: weight[1] and later ones are {later}; here NET_RECEIVE's INITIAL block sets them, else 0")
        reached.add(name)
        sources.setdefault(source[0], (source[1], []))[1].append((mine[name], netcon.weight[0], netcon.delay))
    left = []
    for _, point in model.points:
        if point.hname() in reached or not receives_events(model, point):
            continue
        if weight is None:
            left.append(point.hname())
        else:
            sources[object()] = (None, [(point, float(weight), 0.0)])
    if left:
        model.leave_out(f"{', '.join(left[:5])}{' and others' if len(left) > 5 else ''} ({len(left)}) get no events, as no NetCon "
                        "leads there; weight=NUMBER makes an input synapse of each")
    spoken = [words for words, _ in sources.values() if words]
    if spoken:
        model.leave_out(f"{', '.join(spoken[:5])}{' and others' if len(spoken) > 5 else ''} ({len(spoken)}) is left out; "
                        "each is an input synapse here")
    by_group = {}
    for _, targets in sources.values():
        point, first_weight, _ = targets[0]
        decide = inhibitory or (lambda p: is_inhibitory(model, p, first_weight))
        by_group.setdefault(("inh" if decide(point) else "exc", str(group(point)) if group else ""), []).append(targets)
    for (kind, name), synapses in by_group.items():
        connections = model.synapses[kind]
        for targets in synapses:
            number = connections[-1].synapse + 1 if connections else 0
            connections.extend(Connection(number, name, *target) for target in targets)
    check_groups(by_group)


def check_groups(by_group):
    """A group is of one kind. What its name may be, the reader of cell folders says."""
    kinds = {}
    for kind, name in by_group:
        if name and kinds.setdefault(name, kind) != kind:
            raise InputError(f"group= gives the name {name!r} to excitatory and to inhibitory synapses; give them two names")


def receives_events(model, point):
    mod = model.mods.get(mechanism_of(point))
    return mechanism_of(point) in ("ExpSyn", "Exp2Syn") if mod is None else "NET_RECEIVE" in mod.text


def check_the_rest(model):
    """What belongs to no section and still acts on voltages."""
    h = model.h
    for section in model.sections:
        if section.rallbranch != 1:
            raise InputError(f"{section}: rallbranch is {section.rallbranch:g}, expected 1")
    if int(h.List("LinearMechanism").count()):
        raise InputError("the model has a LinearMechanism, which is not simulated here")
    handlers = int(h.List("FInitializeHandler").count())
    if handlers:
        model.leave_out(f"{handlers} FInitializeHandler: what they do at the start is left out")


def read_model(h, root, mechanisms, v_init, inhibitory, weight, move_ends, group):
    """Model and the names of its density mechanisms. InputError: something that cannot come along and would make a difference."""
    model = Model(h, tree_of(h, root))
    model.celsius = float(h.celsius)
    model.v_init = float(v_init if v_init is not None else getattr(h, "v_init", -65))
    check_the_rest(model)
    read_points(model, move_ends)
    density = read_mechanisms(model, mechanisms)
    read_connections(model, inhibitory, weight, group)
    return model, density
