"""Random small mechanisms and cells, as people write them: what a differential test against NEURON runs.

A case is one cell with one to three mechanisms of its own. Everything follows from its number and the seed. Mechanisms are kept within what
NEURON defines: no value is read before it is set, no FUNCTION ends without a result. Conductances are small enough that a cell stays quiet or
spikes a few times: rounding has no time to grow.
"""
import random
import re
from dataclasses import dataclass, field


@dataclass
class Mechanism:
    suffix: str
    text: str
    traits: list
    has_table: bool = False
    point: bool = False
    receives: bool = False
    parameters: dict = field(default_factory=dict)  # RANGE parameters that a cell may set: (low, high)


@dataclass
class Case:
    name: str
    mechanisms: list
    toml: str
    swc: str
    ms: int
    events: list            # [kind, synapse, time_ms, weight]
    own_weights: bool = False  # whether each event says its weight, or the cell does

    @property
    def traits(self):
        return sorted({trait for mechanism in self.mechanisms for trait in mechanism.traits})


class Writer:
    """Draws for one mechanism, and collects its blocks."""

    def __init__(self, r, suffix):
        self.r, self.suffix = r, suffix
        self.traits, self.range, self.globals = [], [], []
        self.uses = []            # lines of the NEURON block
        self.parameters, self.assigned, self.states, self.units = {}, {"v": "mV"}, {}, []
        self.file_locals, self.blocks, self.constants = [], [], []
        self.settable = {}
        self.has_table = False

    def chance(self, p):
        return self.r.random() < p

    def pick(self, *choices):
        return self.r.choice(choices)

    def trait(self, name):
        self.traits.append(name)

    def number(self, low, high):
        """A number in one of the ways to write it."""
        x = float(f"{self.r.uniform(low, high):.3g}")
        way = self.r.random()
        if way < 0.15 and x != 0:
            return f"{x:.2e}"
        if way < 0.2 and 0 < x < 1 and "e" not in repr(x):
            return repr(x)[1:]  # .5
        if x == int(x) and abs(x) < 1e6:
            return self.pick(f"{int(x)}", f"{int(x)}.", f"{int(x)}.0")
        return repr(x)

    # ---- functions of voltage, as text

    def shift(self, u, at):
        """u - at, in one of the ways to write it."""
        text = f"{abs(at):.3g}"
        if at < 0:
            return self.pick(f"({u} + {text})", f"({text} + {u})")
        return f"({u} - {text})"

    def sigmoid(self, u, low=-60, high=-20, signs=(1, -1)):
        at, k, sign = self.r.uniform(low, high), float(f"{self.r.uniform(4, 15):.3g}"), self.pick(*signs)
        d = self.shift(u, at)
        up, down = (f"-{d}/{k}", f"{d}/{k}") if sign > 0 else (f"{d}/{k}", f"-{d}/{k}")
        way = self.r.randrange(6)
        if way == 0:
            return f"1/(1 + exp({up}))"
        if way == 1:
            return f"(1/(exp({up}) + 1))"
        if way == 2:
            return f"0.5*(1 + tanh({down}/2))"
        if way == 3:
            return f"exp({down})/(1 + exp({down}))"
        if way == 4:
            return f"(1 - 1/(1 + exp({down})))"
        self.need_sig()
        return f"sig({u}, {at:.3g}, {sign * k})"

    def need_sig(self):
        if not any(kind == "FUNCTION sig" for kind, _ in self.blocks):
            self.blocks.append(("FUNCTION sig", "FUNCTION sig(x, half, slope) {\n  sig = 1/(1 + exp(-(x - half)/slope))\n}"))

    def need_ratio(self):
        """x/(1 - exp(-x/k)) through its removable singularity."""
        if any(kind == "FUNCTION ratio" for kind, _ in self.blocks):
            return
        test = self.pick("fabs(x/k) < 1e-4", "x/k < 1e-4 && x/k > -1e-4", "!(fabs(x/k) >= 1e-4)")
        self.blocks.append(("FUNCTION ratio", f"FUNCTION ratio(x, k) {{\n  IF ({test}) {{\n    ratio = k*(1 + x/k/2)\n  }} ELSE {{\n"
                            "    ratio = x/(1 - exp(-x/k))\n  }\n}"))

    def bell(self, u, low, high):
        """Positive, between low and high."""
        a, b = self.r.uniform(low, low + (high - low)/3), self.r.uniform((high - low)/4, (high - low)*2/3)
        a, b = f"{a:.3g}", f"{b:.3g}"
        at, k = self.r.uniform(-80, -20), float(f"{self.r.uniform(10, 30):.3g}")
        d = self.shift(u, at)
        way = self.r.randrange(6)
        if way == 0:
            return f"{a} + {b}*exp(-({d}/{k})^2)"
        if way == 1:
            return f"({a} + 2*{b}/(exp({d}/{k}) + exp(-{d}/{k})))"
        if way == 2:
            return f"{a} + {b}*{self.sigmoid(u)}"
        if way == 3:
            return f"({a} + {b}/(1 + ({d}/{k})^2))"
        if way == 4:
            return f"{a} + {b}*({u} > {at:.3g})" if self.chance(0.3) else f"{a} + {b}*fabs(tanh({d}/{k}))"
        return f"({a} + {b}*(0.5 + 0.5*sin({d}/{k})))"

    def rate(self, u):
        """Positive, of order 0.01 to 1 /ms for voltages in use."""
        a, at, k = f"{self.r.uniform(0.02, 0.3):.3g}", self.r.uniform(-70, -30), float(f"{self.r.uniform(12, 40):.3g}")
        d, sign = self.shift(u, at), self.pick("", "-")
        way = self.r.randrange(4)
        if way == 0:
            return f"{a}*exp({sign}{d}/{k})"
        if way == 1:
            return f"{a}/(1 + exp({sign}{d}/{k}))"
        if way == 2:
            self.need_ratio()
            return f"{float(a)/20:.3g}*ratio({sign}{d}, {k})"
        return f"{a}*exp({sign}{d}/{k})/(1 + exp({sign}{d}/{k}))"

    # ---- the file

    def declare(self, kind, names):
        """A block of declarations, in one line or several."""
        if not names:
            return None
        parts = []
        for name, (value, unit) in names.items():
            text = name if value is None else f"{name} = {value}"
            if unit and self.chance(0.8):
                text += f" ({unit})"
            # not below zero, and not for what comes from outside: NEURON breaks on such limits
            if value is not None and self.chance(0.1) and not str(value).startswith("-") and name not in ("celsius", "cai"):
                text += " <0, 1e9>"
            parts.append(text)
        if self.chance(0.3):
            return f"{kind} {{ " + "  ".join(parts) + " }"
        return f"{kind} {{\n  " + "\n  ".join(parts) + "\n}"

    def text(self):
        r = self.r
        head = []
        if self.chance(0.3):
            head.append(self.pick("TITLE a random mechanism", "TITLE it's { one : of many"))
            self.trait("TITLE")
        if self.chance(0.15):
            head.append("COMMENT\nWhatever stands here, { } or PROCEDURE or it's odd\nENDCOMMENT")
            self.trait("COMMENT")
        if self.chance(0.15):
            head.append("INDEPENDENT { t FROM 0 TO 1 WITH 1 (ms) }")
            self.trait("INDEPENDENT")
        lines = list(self.uses)
        if self.range:
            names = list(self.range)
            r.shuffle(names)
            if self.chance(0.2) and len(names) > 1:
                cut = r.randrange(1, len(names))
                lines += ["RANGE " + ", ".join(names[:cut]), "RANGE " + ",".join(names[cut:])]
            else:
                lines.append("RANGE " + ", ".join(names))
        if self.globals:
            lines.append("GLOBAL " + ", ".join(self.globals))
        if self.chance(0.2) and not self.globals:
            lines.append("THREADSAFE")
        first, rest = lines[:1], lines[1:]
        r.shuffle(rest)
        joint = "\n  " if self.chance(0.8) else "  "
        neuron = "NEURON {" + joint + joint.join(first + rest) + ("\n}" if joint != "  " else " }")
        units = ["(mV) = (millivolt)", "(mA) = (milliamp)", *self.units]
        if self.units or self.chance(0.5):
            self_units = "UNITS {\n  " + "\n  ".join(units) + "\n}"
        else:
            self_units = None
        declarations = [d for d in (self.declare("PARAMETER", self.parameters),
                                    self.declare("ASSIGNED", {n: (None, u) for n, u in self.assigned.items()}),
                                    self.declare("STATE", self.states)) if d]
        r.shuffle(declarations)
        if self.file_locals:
            declarations.append("LOCAL " + ", ".join(self.file_locals))
        order = list(self.blocks)
        r.shuffle(order)
        # nocmodl wants SOLVE before what it solves; else the order of blocks is free
        order.sort(key=lambda block: block[0].startswith(("DERIVATIVE", "KINETIC")))
        blocks = [text for _, text in order]
        if self.chance(0.3):
            at = r.randrange(len(blocks))
            blocks[at] = "UNITSOFF\n" + blocks[at] + "\nUNITSON"
            self.trait("UNITSOFF")
        parts = [p for p in [*head, neuron, self_units, *self.constants, *declarations, *blocks] if p]
        text = "\n\n".join(parts) if self.chance(0.8) else "\n".join(parts)
        return self.commented(text) + "\n"

    def commented(self, text):
        lines = text.split("\n")
        inside = False
        for i, line in enumerate(lines):
            if line in ("COMMENT", "ENDCOMMENT"):
                inside = line == "COMMENT"
                continue
            if not inside and self.chance(0.05) and not line.startswith("TITLE"):
                lines[i] = line + self.pick("  : a comment", "  ? another, IF { it } matters", " :")
        return "\n".join(lines)

    def finish(self, point=False, receives=False):
        text = self.text()
        return Mechanism(self.suffix, text, self.traits, self.has_table, point, receives, self.settable)


# ---- parts of density channels

def temperature(w):
    """Makes a name of the factor on the rates, or "1"; appends how it is set to lists of statements: (initial, in rates)."""
    initial, local = [], []
    way = w.r.choice(["none", "none", "local", "assigned", "parameter", "range parameter", "file local", "literal"])
    at, base = w.pick(6.3, 22, 24), w.pick("2.3", "3", "q10")
    if way == "none":
        return "1", initial, local
    if base == "q10":
        w.parameters["q10"] = (w.number(2, 3.5), None)
        if w.chance(0.5):
            w.range.append("q10")
            w.settable["q10"] = (2, 3.5)
    value = f"{base}^((celsius - {at})/10)"
    if w.chance(0.5):
        w.assigned["celsius"] = "degC"
    else:
        w.parameters["celsius"] = (w.pick(None, "6.3"), "degC")
    w.trait(f"temperature: {way}")
    if way == "literal":
        return f"({value})", initial, local
    if way == "local":
        local.append(("qt", value))
        return "qt", initial, local
    if way == "assigned":
        w.assigned["qt"] = None
    elif way == "file local":
        w.file_locals.append("qt")
    else:
        w.parameters["qt"] = ("1", None)
        if way == "range parameter":
            w.range.append("qt")
    initial.append(f"qt = {value}")
    return "qt", initial, local


def ion(w, allowed=("k", "na", "nonspecific")):
    """Declares where the current goes; returns (current, reversal potential)."""
    kind = w.r.choice(allowed)
    if kind == "nonspecific":
        name = w.pick("i", "il", "ih")
        w.uses.append(f"NONSPECIFIC_CURRENT {name}")
        w.parameters["erev"] = (w.number(-90, 10), "mV")
        if w.chance(0.5):
            w.range.append("erev")
            w.settable["erev"] = (-90, 10)
        w.assigned[name] = "mA/cm2"
        if w.chance(0.3):
            w.range.append(name)
        return name, "erev"
    w.uses.append(f"USEION {kind} READ e{kind} WRITE i{kind}")
    if w.chance(0.3):
        w.parameters[f"e{kind}"] = (w.pick(None, "-70"), "mV")
        w.trait("reversal potential as PARAMETER")
    else:
        w.assigned[f"e{kind}"] = "mV"
    w.assigned[f"i{kind}"] = "mA/cm2"
    return f"i{kind}", f"e{kind}"


def gate_targets(w, gates, input_name="v"):
    """{gate: (target, time constant)} and alpha/beta, as formulas of u."""
    formulas = {}
    for gate in gates:
        if w.chance(0.3):
            formulas[gate] = ("alpha beta", w.rate("u"), w.rate("u"))
        else:
            formulas[gate] = ("inf tau", w.sigmoid("u"), w.bell("u", 1, 30))
    return formulas


def channel(r, suffix, reads_calcium=False):
    """A density channel with up to three gates and a formula for its current."""
    w = Writer(r, suffix)
    w.uses.append(f"SUFFIX {suffix}")
    current, reversal = ion(w)
    if reads_calcium:
        w.uses.append("USEION ca READ cai")
        (w.parameters if w.chance(0.3) else w.assigned)["cai"] = (None, "mM") if "cai" in w.parameters else "mM"
        if "cai" not in w.assigned:
            w.parameters["cai"] = (None, "mM")
    w.parameters["gbar"] = (w.number(1e-4, 6e-4), "S/cm2")
    w.range.append("gbar")
    w.settable["gbar"] = (1e-4, 6e-4)
    gates = r.sample(["m", "h", "n", "w1", "s", "zz", "Aa"], r.choice([1, 1, 2, 2, 3]))
    powers = {g: r.choice([1, 1, 2, 3, 4]) for g in gates}
    q, initial, local = temperature(w)
    method = r.choice(["cnexp"] * 6 + ["derivimplicit", "derivimplicit", "euler"])
    w.trait(f"METHOD {method}")
    formulas = gate_targets(w, gates)
    for gate in gates:
        w.states[gate] = (None, w.pick(None, "1"))
    style = r.choice(["procedure", "procedure", "procedure", "functions", "locals", "helper chain"])
    w.trait(f"rates by {style}")
    names, setting = rates(w, gates, formulas, style, q, local)
    body = []
    equations(w, gates, formulas, names, style, method, body)
    if setting:
        body.insert(0, setting)
    said = memory(w, method, body)
    w.blocks.append(("DERIVATIVE states", "DERIVATIVE states {\n  " + "\n  ".join(body) + "\n}"))
    starts(w, gates, formulas, names, setting, initial, style)
    calcium = calcium_factor(w) if reads_calcium else None
    breakpoint_block(w, gates, powers, current, reversal, calcium, f"SOLVE states METHOD {method}", said)
    return w.finish()


def memory(w, method, body):
    """What is kept from block to block, and what a block knows beside the voltage. Returns statements for BREAKPOINT."""
    way = w.r.choice(["none"] * 8 + ["set in BREAKPOINT", "set in DERIVATIVE", "clock", "constant", "second current", "geometry"])
    if way == "none":
        return []
    w.trait(f"memory: {way}")
    if way == "set in BREAKPOINT":
        w.assigned["seen"] = "mV"
        w.states["mem"] = (None, None)
        body.append(w.pick("mem' = (seen/100 - mem)/10", "mem' = -mem/10 + seen/1000"))
        w.assigned["extra"] = "S/cm2"
        return ["seen = v", "extra = 2e-5*mem"]
    if way == "set in DERIVATIVE":
        w.assigned["seen"] = "mV"
        w.assigned["extra"] = "S/cm2"
        body.insert(0 if not body[0].startswith("LOCAL") else 1, "seen = v + 3")
        return ["extra = 1e-6*seen/60"]
    if way == "clock":
        w.states["mem"] = (None, None)
        body.append("mem' = sin(t/5)/10 - mem/20")
        w.assigned["extra"] = "S/cm2"
        return ["extra = 5e-5*mem"]
    if way == "constant":
        w.constants.append(w.pick("DEFINE COUNT 3", "CONSTANT { COUNT = 3 }", "CONSTANT {\n  COUNT = 3 (1)\n  other = 2\n}"))
        w.assigned["extra"] = "S/cm2"
        return ["extra = 1e-5*COUNT"]
    if way == "geometry":
        w.assigned["diam"] = "um"
        w.assigned["extra"] = "S/cm2"
        if w.chance(0.5):
            w.assigned["area"] = "um2"
            return ["extra = 1e-8*area + 1e-6*diam"]
        return ["extra = 5e-6*diam"]
    w.uses.append("NONSPECIFIC_CURRENT isecond")
    w.assigned["isecond"] = "mA/cm2"
    return ["isecond = 2e-5*(v + 50)"]


def refused_in_equation(text):
    """nocmodl reads no powers and no comparisons in an equation that it solves by cnexp."""
    return any(sign in text for sign in "^<>")


def calcium_factor(w):
    kd = w.number(2e-4, 2e-3)
    w.trait("reads cai")
    return w.pick(f"cai/(cai + {kd})", f"(cai/{kd})^2/(1 + (cai/{kd})^2)", f"1/(1 + ({kd}/cai)^1.7)", f"(1 - exp(-cai/{kd}))")


def rates(w, gates, formulas, style, q, local):
    """Adds the blocks that compute targets and time constants. Returns {gate: (target, tau)} or {gate: (alpha, beta)} as text, and the call."""
    names = {}
    lines = []
    if style == "functions":
        for gate in gates:
            kind, a, b = formulas[gate]
            first, second = (f"{gate}inf", f"{gate}tau") if kind == "inf tau" else (f"{gate}al", f"{gate}be")
            scaled = (a, f"({b})/{q_text(w, q, local)}") if kind == "inf tau" else (f"({a})*{q_text(w, q, local)}", f"({b})*{q_text(w, q, local)}")
            for name, value in zip((first, second), scaled):
                unit = w.pick("", " (mV)")
                w.blocks.append((f"FUNCTION {name}", f"FUNCTION {name}(u{unit}) {{\n  {name} = {value}\n}}"))
            names[gate] = (f"{first}(v)", f"{second}(v)")
        return names, None
    declared = [f"LOCAL {', '.join(name for name, _ in local)}"] if local else []
    lines += [f"{name} = {value}" for name, value in local]
    for gate in gates:
        kind, a, b = formulas[gate]
        if kind == "alpha beta" and style != "locals" and w.chance(0.6):
            # turned into target and time constant, through LOCALs
            declared = [f"LOCAL {', '.join([*(name for name, _ in local), 'al', 'be'])}"]
            lines += [f"al = {a}", f"be = {b}", f"{gate}inf = al/(al + be)", f"{gate}tau = 1/({q}*(al + be))"]
            formulas[gate] = ("inf tau", a, b)
            names[gate] = (f"{gate}inf", f"{gate}tau")
        elif kind == "inf tau":
            names[gate] = (f"{gate}inf", f"{gate}tau")
            lines += [f"{gate}inf = {a}", f"{gate}tau = ({b})/{q}" if q != "1" else f"{gate}tau = {b}"]
        else:
            names[gate] = (f"{gate}al", f"{gate}be")
            lines += [f"{gate}al = {q}*({a})" if q != "1" else f"{gate}al = {a}", f"{gate}be = {b}*{q}" if q != "1" else f"{gate}be = {b}"]
    if w.chance(0.2):
        gate = w.r.choice(gates)
        if formulas[gate][0] == "inf tau":
            at = w.number(-70, -40)
            way = w.pick("IF", "IF ELSE", "lower case")
            word = "if" if way == "lower case" else "IF"
            if way == "IF ELSE":
                lines.append(f"IF (u < {at}) {{\n    {gate}tau = {gate}tau + 1.5\n  }} ELSE {{\n    {gate}tau = 1.2*{gate}tau\n  }}")
            else:
                lines.append(f"{word} (u < {at}) {{ {gate}tau = {gate}tau*1.3 }}")
            w.trait("IF in rates")
    targets = [name for pair in names.values() for name in pair]
    if style == "locals":
        # all inside DERIVATIVE and INITIAL, as LOCALs
        return names, ("LOCAL " + ", ".join([*(name for name, _ in local), *(["al", "be"] if any("al = " in x for x in lines) else []), *targets])
                       + "\n  " + "\n  ".join(in_v(line) for line in lines))
    for name in targets:
        w.assigned[name] = None
    way = w.r.choice(["plain", "plain", "RANGE", "GLOBAL"])
    if way == "RANGE":
        w.range += targets
    elif way == "GLOBAL":
        w.globals += targets
        w.trait("GLOBAL rates")
    body = declared + lines
    if style == "procedure" and w.chance(0.15) and way != "RANGE":
        # exact values are asked of NEURON, too: the table itself is another test
        depend = "DEPEND celsius " if q != "1" else ""
        if not (q != "1" and "q10" in w.parameters) and q != "qt":
            body.insert(1 if declared else 0, f"TABLE {', '.join(targets)} {depend}FROM -100 TO 100 WITH {w.r.choice([200, 400])}")
            w.has_table = True
            w.trait("TABLE")
    name = w.pick("rates", "trates", "settle")
    unit = w.pick("", " (mV)")
    if style == "helper chain":
        w.blocks.append(("PROCEDURE inner", f"PROCEDURE inner(u{unit}) {{\n  " + "\n  ".join(body) + "\n}"))
        w.blocks.append((f"PROCEDURE {name}", f"PROCEDURE {name}(x{unit}) {{ LOCAL y1\n  y1 = x + 1\n  inner(y1 - 1)\n}}"))
    else:
        w.blocks.append((f"PROCEDURE {name}", f"PROCEDURE {name}(u{unit}) {{\n  " + "\n  ".join(body) + "\n}"))
    return names, f"{name}(v)"


def in_v(line):
    """The same line with v for u."""
    return re.sub(r"\bu\b", "v", line)


def q_text(w, q, local):
    return f"({local[0][1]})" if local else q


def equations(w, gates, formulas, names, style, method, body):
    order = list(gates)
    w.r.shuffle(order)
    for k, gate in enumerate(order):
        a, b = names[gate]
        other = order[k - 1] if k else order[-1]
        if formulas[gate][0] == "inf tau":
            ways = [f"({a} - {gate})/{b}", f"({a} - {gate})/{b}", f"{a}/{b} - {gate}/{b}", f"-({gate} - {a})/{b}", f"(1/{b})*({a} - {gate})"]
            if other != gate:
                ways.append(f"({a}*(1 - 0.3*{other}) - {gate})/{b}")
        else:
            ways = [f"{a}*(1 - {gate}) - {b}*{gate}", f"{a} - ({a} + {b})*{gate}", f"-{b}*{gate} + {a}*(1 - {gate})"]
            if other != gate:
                ways.append(f"{a}*(1 - {gate}) - {b}*{gate}*(0.5 + {other})")
        if method == "derivimplicit":
            ways.append(f"{ways[0]} - 0.05*{gate}*{gate}")
            ways.append(f"{ways[0]} - 0.02*{gate}*{other}")
        right = w.r.choice(ways)
        if "0.3*" in right or "(0.5 +" in right:
            w.trait("coupled equations")
        if method == "cnexp" and w.chance(0.08):
            w.trait("derivative in IF")
            at = w.number(-66, -50)
            body.append(f"IF (v > {at}) {{\n    {gate}' = {right}\n  }} ELSE {{\n    {gate}' = 0.5*({ways[0]})\n  }}")
        else:
            body.append(f"{gate}' = {right}")


def starts(w, gates, formulas, names, setting, initial, style):
    body = list(initial)
    if setting:
        body.append(setting)
    for gate in gates:
        a, b = names[gate]
        steady = a if formulas[gate][0] == "inf tau" else f"{a}/({a} + {b})"
        way = w.r.choice(["steady"] * 6 + ["number", "x0", "START", "nothing", "IF"])
        if way == "steady":
            body.append(f"{gate} = {steady}")
        elif way == "number":
            body.append(f"{gate} = {w.number(0, 0.5)}")
        elif way == "x0":
            w.parameters[f"{gate}0"] = (w.number(0.05, 0.9), None)
            w.trait("x0")
            if w.chance(0.5):
                w.range.append(f"{gate}0")
        elif way == "START":
            w.states[gate] = (None, None)
            w.states = {(f"{g} START 0.3" if g == gate else g): v for g, v in w.states.items()}
            w.trait("START")
        elif way == "IF":
            body.append(f"IF ({steady} > 0.5) {{ {gate} = 0.5 }} ELSE {{ {gate} = {steady} }}")
    if body:
        lines = [line for part in body for line in part.split("\n  ")]
        lines.sort(key=lambda line: not line.startswith("LOCAL"))  # they come first
        w.blocks.append(("INITIAL", "INITIAL {\n  " + "\n  ".join(lines) + "\n}"))


def breakpoint_block(w, gates, powers, current, reversal, calcium, solve, before=()):
    product = "*".join(f"{g}^{p}" if p > 1 and w.chance(0.7) else "*".join([g] * p) for g, p in powers.items())
    if w.chance(0.1):
        w.parameters["pw"] = (w.pick("2", "1.5", "3"), None)
        gate = gates[0]
        product = "*".join([f"{gate}^pw", *(g for g in gates[1:])])
        w.trait("power by a parameter")
    factor = "gbar*" + product + (f"*{calcium}" if calcium else "")
    lines = []
    way = w.r.choice(["plain", "plain", "plain", "g", "local", "if", "comparison", "negative base", "voltage power", "exp", "two parts", "clip", "nested if"])
    w.trait(f"current: {way}")
    force = w.pick(f"(v - {reversal})", f"(v - {reversal})", f"(-{reversal} + v)")
    if way == "plain":
        lines.append(f"{current} = {factor}*{force}")
    elif way == "g":
        w.assigned["g"] = "S/cm2"
        if w.chance(0.5):
            w.range.append("g")
        lines += [f"g = {factor}", f"{current} = g*{force}"]
    elif way == "local":
        lines += ["LOCAL open, drive", f"open = {product}", f"drive = v - {reversal}", f"{current} = gbar*open*drive" + (f"*{calcium}" if calcium else "")]
    elif way == "if":
        at = w.number(-70, -50)
        lines += [f"{current} = {factor}*{force}", f"IF (v < {at}) {{ {current} = {current}*(1 + (v - {at})/200) }}"]
    elif way == "comparison":
        at = w.number(-64, -50)
        lines.append(f"{current} = {factor}*(1 + (v > {at})*(v - {at})/50)*{force}")
    elif way == "negative base":
        w.parameters["pn"] = (w.pick("2", "3"), None)
        lines.append(f"{current} = {factor}*{force} + 1e-6*((v + 60)/10)^pn")
    elif way == "voltage power":
        lines.append(f"{current} = {factor}*{force}*(1 + 0.1*((v + 60)/30)^{w.pick(2, 3)})")
    elif way == "exp":
        lines.append(f"{current} = {factor}*{force}*(1 - 0.5/(1 + exp(-(v + 30)/15)))")
    elif way == "two parts":
        lines += [f"{current} = {factor}*{force}", f"{current} = {current} + 1e-6*(v + 60)"]
    elif way == "clip":
        lines += ["LOCAL cut", f"cut = {product}", "IF (cut > 0.5) { cut = 0.5 }", f"{current} = gbar*cut*{force}" + (f"*{calcium}" if calcium else "")]
    else:
        # continuous: NEURON's conductance at a jump is the jump over 0.001 mV
        lines += ["LOCAL s1", f"IF (v < -62) {{\n    IF (v < -75 || v > 100 && v < 101) {{ s1 = 0.5 }} ELSE {{ s1 = 0.5 + (v + 75)/26 }}\n  }} ELSE IF (v < -36) {{ s1 = 1 }} ELSE {{ s1 = 1 - (v + 36)/1000 }}",
                  f"{current} = s1*{factor}*{force}"]
    declared = [line for line in lines if line.startswith("LOCAL")]
    others = [*before, *(line for line in lines if not line.startswith("LOCAL"))]
    if "extra" in w.assigned:
        others.append(f"{current} = {current} + extra*(v - {reversal})")
    w.blocks.append(("BREAKPOINT", "BREAKPOINT {\n  " + "\n  ".join([*declared, *([solve] if solve else []), *others]) + "\n}"))


def instantaneous(r, suffix):
    """A current without states: rates in BREAKPOINT."""
    w = Writer(r, suffix)
    w.uses.append(f"SUFFIX {suffix}")
    current, reversal = ion(w)
    w.parameters["gbar"] = (w.number(1e-4, 4e-4), "S/cm2")
    w.range.append("gbar")
    w.settable["gbar"] = (1e-4, 4e-4)
    w.trait("no states")
    gate = w.sigmoid("v")
    way = w.r.choice(["inline", "procedure", "function"])
    if way == "inline":
        lines = [f"{current} = gbar*({gate})*(v - {reversal})"]
    elif way == "function":
        w.blocks.append(("FUNCTION opened", f"FUNCTION opened(u (mV)) {{ LOCAL a1\n  a1 = {w.sigmoid('u')}\n  opened = a1*a1\n}}"))
        lines = [f"{current} = gbar*opened(v)*(v - {reversal})"]
    else:
        w.assigned["oo"] = None
        w.blocks.append(("PROCEDURE setoo", f"PROCEDURE setoo(u) {{\n  oo = {w.sigmoid('u')}\n}}"))
        lines = ["setoo(v)", f"{current} = gbar*oo*(v - {reversal})"]
    w.blocks.append(("BREAKPOINT", "BREAKPOINT {\n  " + "\n  ".join(lines) + "\n}"))
    return w.finish()


def kinetic(r, suffix):
    """A channel as a scheme of two to five states."""
    w = Writer(r, suffix)
    w.uses.append(f"SUFFIX {suffix}")
    current, reversal = ion(w)
    w.parameters["gbar"] = (w.number(1e-4, 8e-4), "S/cm2")
    w.range.append("gbar")
    w.settable["gbar"] = (1e-4, 8e-4)
    n = r.choice([2, 3, 3, 4, 5])
    states = r.sample(["c1", "c2", "c3", "o", "ii", "b1", "Ax"], n)
    for s in states:
        w.states[s] = (None, None)
    links = list(zip(states, states[1:]))
    if n > 2 and w.chance(0.3):
        links.append((states[-1], states[0]))
        w.trait("a ring")
    q, initial, local = temperature(w)
    w.trait("METHOD sparse")
    style = r.choice(["inline", "locals", "procedure", "assigned"])
    w.trait(f"reaction rates: {style}")
    lines, reactions, named = [], [], []
    for k, (a, b) in enumerate(links):
        forward, backward = w.rate("v" if style != "procedure" else "u"), w.rate("v" if style != "procedure" else "u")
        qf = q_text(w, q, local)
        if q != "1":
            forward, backward = f"{forward}*{qf}", f"{qf}*{backward}"
        if style == "inline":
            reactions.append((a, b, forward, backward))
        else:
            named += [f"f{k}", f"r{k}"]
            lines += [f"f{k} = {forward}", f"r{k} = {backward}"]
            reactions.append((a, b, f"f{k}", f"r{k}"))
    body, first = [], []
    if style == "locals":
        first = ["LOCAL " + ", ".join(named)]
        if w.chance(0.3):  # rates set again between reactions
            w.trait("a rate set between reactions")
            for (a, b, f, s), two in zip(reactions, zip(lines[::2], lines[1::2])):
                body += [two[0].replace(f + " =", "f0 ="), two[1].replace(s + " =", "r0 ="), f"~ {a} <-> {b} (f0, r0)"]
            first = ["LOCAL f0, r0"]
            reactions = [(a, b, "f0", "r0") for a, b, _, _ in reactions]
        else:
            body += lines + [f"~ {a} <-> {b} ({f}, {s})" for a, b, f, s in reactions]
    else:
        if style == "procedure":
            w.blocks.append(("PROCEDURE rates", "PROCEDURE rates(u (mV)) {\n  " + "\n  ".join(lines) + "\n}"))
            body.append("rates(v)")
        elif style == "assigned":
            body += lines
        for name in named:
            w.assigned[name] = "/ms"
        body += [f"~ {a} <-> {b} ({f}, {s})" for a, b, f, s in reactions]
    if w.chance(0.15):
        w.trait("reactions in IF")
        a, b, f, s = reactions[-1]
        body[-1] = f"IF (v > {w.number(-64, -50)}) {{ ~ {a} <-> {b} ({f}, {s}) }} ELSE {{ ~ {a} <-> {b} ({s}, {f}) }}"
    elif w.chance(0.15):
        w.trait("reaction ->")
        body.append(f"~ {states[0]} -> (0.002)")
    conserve = w.chance(0.6) and not body[-1].endswith("(0.002)")
    if conserve:
        order = list(states)
        r.shuffle(order)
        body.insert(len(body) if w.chance(0.7) else (1 if body and not body[0].startswith("~") else 0), f"CONSERVE {' + '.join(order)} = 1")
        w.trait("CONSERVE")
    start = r.choice(["first", "first", "even", "not one", "nothing"])
    if start == "first":
        initial += [f"{s} = {int(s == states[0])}" for s in states]
    elif start == "even":
        initial += [f"{s} = 1/{n}" for s in states]
    elif start == "not one":
        initial += [f"{s} = {w.number(0.05, 0.3)}" for s in states]
        w.trait("states that do not sum to 1 at the start")
    if initial:
        w.blocks.append(("INITIAL", "INITIAL {\n  " + "\n  ".join(initial) + "\n}"))
    w.blocks.append(("KINETIC", "KINETIC scheme {\n  " + "\n  ".join(first + body) + "\n}"))
    breakpoint_block(w, [states[-1]], {states[-1]: 1}, current, reversal, None, "SOLVE scheme METHOD sparse")
    return w.finish()


# ---- calcium

def calcium_channel(r, suffix):
    """Lets calcium in; enough for a pool to move."""
    w = Writer(r, suffix)
    own_reversal = w.chance(0.25)
    w.uses += [f"SUFFIX {suffix}", "USEION ca READ cai, cao WRITE ica" if own_reversal else "USEION ca READ eca WRITE ica"]
    w.assigned.update({"ica": "mA/cm2", **({"cai": "mM", "cao": "mM", "rev": "mV"} if own_reversal else {"eca": "mV"})})
    w.parameters["gbar"] = (w.number(5e-5, 2e-4), "S/cm2")
    w.range.append("gbar")
    w.settable["gbar"] = (5e-5, 2e-4)
    w.states["m"] = (None, None)
    inf, tau = w.sigmoid("v", -60, -45, (1,)), w.bell("v", 1, 10)
    if refused_in_equation(inf + tau) or w.chance(0.3):
        equation = f"LOCAL mi, mt\n  mi = {inf}\n  mt = {tau}\n  m' = (mi - m)/mt"
    else:
        equation = f"m' = ({inf} - m)/({tau})"
    w.blocks.append(("DERIVATIVE", f"DERIVATIVE states {{\n  {equation}\n}}"))
    w.blocks.append(("INITIAL", f"INITIAL {{ m = {inf} }}"))
    before = ["rev = 12.9*log(cao/cai)"] if own_reversal else []
    if own_reversal:
        w.trait("reversal potential from cai and cao")
    breakpoint_block(w, ["m"], {"m": r.choice([1, 2])}, "ica", "rev" if own_reversal else "eca", None, "SOLVE states METHOD cnexp", before)
    return w.finish()


def pool(r, suffix):
    """Writes cai from ica."""
    w = Writer(r, suffix)
    w.uses.append(f"SUFFIX {suffix}")
    way = r.choice(["cai'", "cai'", "own state first", "own state last", "breakpoint", "kinetic", "buffer", "procedure", "assigned cai"])
    w.trait(f"pool: {way}")
    reads_cai = way == "breakpoint" or w.chance(0.3) and way != "cai'"
    w.uses.append(f"USEION ca READ ica{', cai' if reads_cai else ''} WRITE cai")
    w.assigned["ica"] = "mA/cm2"
    w.parameters["tau"] = (w.number(10, 200), "ms")
    w.settable["tau"] = (10, 200)
    w.range.append("tau")
    w.parameters["rest"] = (w.pick("5e-5", "1e-4", "2e-4", "1e-3"), "mM")
    inflow = "-ica*0.05"
    if w.chance(0.4):
        scale, value = w.pick(("coulomb", 1), ("coulombs", 1), ("10000 coulomb", 1e4), ("kilocoulomb", 1e3), ("kilocoulombs", 1e3))
        w.units.append(f"FARADAY = (faraday) ({scale})")
        w.parameters["depth"] = (w.number(0.1, 1), "um")
        w.range.append("depth")
        w.settable["depth"] = (0.1, 1)
        inflow = f"-{1e4/value:g}*ica/(2*FARADAY*depth)"
        w.trait(f"faraday in {scale}")
    elif w.chance(0.3):
        w.assigned["diam"] = "um"
        inflow = "-ica*0.5/diam"
        w.trait("diam")
    initial = []
    where = w.states if way in ("cai'", "kinetic", "buffer") else None
    if where is not None:
        w.states["cai"] = (None, "mM")
    else:
        w.states["pool"] = (None, "mM")
        if way == "breakpoint" or w.chance(0.3):
            w.parameters["cai"] = (w.pick(None, "1e-4"), "mM")
        else:
            w.assigned["cai"] = "mM"
    start = r.choice(["rest", "rest", "number", "nothing"])
    value = "rest" if start == "rest" else w.number(5e-5, 5e-4)
    if way in ("cai'", "kinetic", "buffer"):
        if start != "nothing":
            initial.append(f"cai = {value}")
            w.trait("INITIAL sets cai")
    else:
        initial.append(f"pool = {value}")
        if way != "breakpoint" or w.chance(0.5):
            initial.append("cai = pool")
            w.trait("INITIAL sets cai")
    decay = w.pick("(cai - rest)/tau", "(cai - rest)/tau", "cai/tau")
    if way == "cai'":
        equation = w.pick(f"cai' = {inflow} - {decay}", f"cai' = {inflow} + (rest - cai)/tau", f"cai' = -{decay} {inflow}" if inflow.startswith("-") else f"cai' = {inflow}")
        method = r.choice(["cnexp", "cnexp", "derivimplicit", "euler"])
        extra = ["LOCAL drive", f"drive = {inflow}", "IF (drive < 0) { drive = 0 }", f"cai' = drive - {decay}"] if w.chance(0.3) else [equation]
        if len(extra) > 1:
            w.trait("drive cut at 0")
        w.blocks.append(("DERIVATIVE", "DERIVATIVE flow {\n  " + "\n  ".join(extra) + "\n}"))
        solve = f"SOLVE flow METHOD {method}"
        w.trait(f"METHOD {method}")
    elif way in ("own state first", "own state last", "procedure", "assigned cai"):
        equation = f"pool' = {inflow} - (pool - rest)/tau"
        write = "cai = pool" if w.chance(0.7) else "cai = pool + 1e-6"
        if way == "procedure":
            w.blocks.append(("PROCEDURE put", f"PROCEDURE put() {{\n  {write}\n}}"))
            write = "put()"
        lines = [write, equation] if way == "own state first" else [equation, write]
        w.blocks.append(("DERIVATIVE", "DERIVATIVE flow {\n  " + "\n  ".join(lines) + "\n}"))
        solve = "SOLVE flow METHOD cnexp"
    elif way == "breakpoint":
        w.parameters["dt"] = (None, "ms")
        solve = f"pool = pool + dt*({inflow} - (pool - rest)/tau)\n  IF (pool < 1e-6) {{ pool = 1e-6 }}\n  cai = pool"
    elif way == "kinetic":
        rate = "(rest - cai)/tau"
        w.blocks.append(("KINETIC", f"KINETIC flow {{\n  ~ cai << ({inflow})\n  ~ cai << ({rate})\n}}"))
        solve = "SOLVE flow METHOD sparse"
    else:
        w.states["bound"] = (None, "mM")
        w.parameters["total"] = (w.number(1e-3, 1e-2), "mM")
        initial.append("bound = total*0.05")
        rate = "(rest - cai)/tau"
        w.blocks.append(("KINETIC", f"KINETIC flow {{\n  ~ cai << ({inflow} + {rate})\n  ~ cai <-> bound ({w.number(0.05, 0.5)}*(total - bound)*10, {w.number(0.05, 0.3)})\n}}"
                         if w.chance(0.5) else
                         f"KINETIC flow {{\n  ~ cai << ({inflow})\n  ~ cai << ({rate})\n  ~ cai + free <-> bound ({w.number(10, 100)}, {w.number(0.05, 0.3)})\n}}"))
        if "free" in w.blocks[-1][1]:
            w.states["free"] = (None, "mM")
            initial.append("free = total*0.95")
        solve = "SOLVE flow METHOD sparse"
    pump = ""
    if way == "cai'" and w.chance(0.15):
        w.trait("pump current")
        w.uses[-1] = "USEION ca READ cai, ica WRITE cai, ica"
        pump = "\n  ica = 1e-3*cai/(cai + 1e-3)"
    if initial:
        if w.chance(0.2):
            r.shuffle(initial) if way not in ("own state first", "own state last", "procedure", "assigned cai", "breakpoint") else None
        w.blocks.append(("INITIAL", "INITIAL {\n  " + "\n  ".join(initial) + "\n}"))
    w.blocks.append(("BREAKPOINT", "BREAKPOINT {\n  " + solve + pump + "\n}"))
    return w.finish()


# ---- point processes

def synapse(r, suffix):
    """Receives events."""
    w = Writer(r, suffix)
    w.uses += [f"POINT_PROCESS {suffix}", "NONSPECIFIC_CURRENT i"]
    w.assigned["i"] = "nA"
    w.parameters["gmax"] = (w.number(2e-4, 3e-3), "uS")
    w.parameters["e"] = (w.number(-80, 0), "mV")
    w.range += ["gmax", "e", "i"]
    w.settable["gmax"] = (2e-4, 3e-3)
    n = r.choice([1, 1, 2, 2, 3])
    names = r.sample(["A", "B", "g", "C"], n)
    times = []
    for k, name in enumerate(names):
        w.states[name] = (None, w.pick(None, "uS"))
        w.parameters[f"tau{k}"] = (w.number(0.5, 20), "ms")
        w.settable[f"tau{k}"] = (0.5, 20)
        w.range.append(f"tau{k}")
        times.append(f"tau{k}")
    q, initial, local = temperature(w)
    if local or q.startswith("("):  # in an equation beside NET_RECEIVE nocmodl takes names of the whole file only
        w.assigned["qs"] = None
        initial.append(f"qs = {local[0][1] if local else q}")
        q = "qs"
    over = f"/{q}" if q != "1" else ""
    method = r.choice(["cnexp", "cnexp", "cnexp", "derivimplicit", "euler"])
    w.trait(f"METHOD {method}")
    body = [f"{name}' = -{name}/({tau}{over})" if over else f"{name}' = -{name}/{tau}" for name, tau in zip(names, times)]
    if n > 1 and w.chance(0.3):
        body[0] = f"{names[0]}' = ({names[1]} - {names[0]})/{times[0]}"
        w.trait("coupled equations")
    w.blocks.append(("DERIVATIVE", "DERIVATIVE fall {\n  " + "\n  ".join(body) + "\n}"))
    factor = ""
    if w.chance(0.5) and n > 1:
        w.assigned["factor"] = None
        initial += ["factor = 1/(1 + tau0/tau1)" if w.chance(0.5) else "factor = exp(-tau0/(tau0 + tau1))"]
        factor = "*factor"
    initial += [f"{name} = 0" for name in names if w.chance(0.8)]
    if initial:
        w.blocks.append(("INITIAL", "INITIAL {\n  " + "\n  ".join(initial) + "\n}"))
    weight = w.pick("weight", "w", "wgt (uS)")
    plain = weight.split()[0]
    w.blocks.append(("NET_RECEIVE", f"NET_RECEIVE({weight}) {{\n  " + "\n  ".join(
        w.pick(f"{name} = {name} + {plain}{factor}", f"{name} = {plain}{factor} + {name}", f"{name} = {name} + 0.5*{plain}{factor}") for name in names) + "\n}"))
    conductance = " + ".join(f"{name}" for name in names) if w.chance(0.7) or n == 1 else f"{names[0]} + 0.5*{names[1]}"
    block = r.choice(["none", "none", "magnesium", "saturating", "if"])
    w.trait(f"synapse: {block}")
    lines = []
    if block == "magnesium":
        w.parameters["mg"] = ("1", "mM")
        lines.append(f"i = gmax*({conductance})*(v - e)/(1 + mg*exp(-0.062*v)/3.57)")
    elif block == "saturating":
        lines += ["LOCAL gg", f"gg = {conductance}", "i = gmax*gg/(1 + gg)*(v - e)"]
    elif block == "if":
        at = w.number(-60, -40)
        lines += [f"i = gmax*({conductance})*(v - e)", f"IF (v > {at}) {{ i = i*(1 + (v - {at})/100) }}"]
    else:
        lines.append(f"i = gmax*({conductance})*(v - e)")
    declared = [line for line in lines if line.startswith("LOCAL")]
    others = [line for line in lines if not line.startswith("LOCAL")]
    w.blocks.append(("BREAKPOINT", "BREAKPOINT {\n  " + "\n  ".join([*declared, f"SOLVE fall METHOD {method}", *others]) + "\n}"))
    return w.finish(point=True, receives=True)


def electrode(r, suffix):
    """A point process that follows the clock."""
    w = Writer(r, suffix)
    w.uses.append(f"POINT_PROCESS {suffix}")
    inward = w.chance(0.5)
    w.uses.append("ELECTRODE_CURRENT i" if inward else "NONSPECIFIC_CURRENT i")
    w.assigned["i"] = "nA"
    w.range.append("i")
    w.parameters.update({"amp": (w.number(0.01, 0.05), "nA"), "on": (w.number(2, 10), "ms"), "period": (w.number(5, 20), "ms")})
    w.range += ["amp", "on"]
    w.settable["amp"] = (0.01, 0.05)
    w.trait("clock")
    sign = "" if inward else "-"
    way = r.choice(["sine", "step", "alpha", "conductance"])
    if way == "sine":
        w.units.append("PI = (pi) (1)")
        lines = ["i = 0", f"IF (t > on) {{ i = {sign}amp*sin(2*PI*(t - on)/period) }}"]
    elif way == "step":
        lines = [f"IF (t >= on && t < on + period) {{ i = {sign}amp }} ELSE {{ i = 0 }}"]
    elif way == "alpha":
        lines = ["LOCAL x", "x = (t - on)/period", f"i = {sign}amp*x*exp(1 - x)*(x > 0)"]
    else:
        lines = ["LOCAL gg", "gg = 0", "IF (t > on) { gg = 1e-3*(1 - exp(-(t - on)/period)) }", f"i = {'-' if inward else ''}gg*(v + 20)"]
    w.blocks.append(("BREAKPOINT", "BREAKPOINT {\n  " + "\n  ".join(lines) + "\n}"))
    return w.finish(point=True)


# ---- cells

def tree(r):
    """SWC of a soma with up to three dendrites, and the regions it has."""
    radius = r.uniform(5, 12)
    lines = [f"1 1 0 0 0 {radius:.4g} -1"]
    regions = ["soma"]
    number = 1
    for _ in range(r.choice([0, 0, 1, 1, 2, 3])):
        kind = r.choice([3, 3, 4])
        direction = r.uniform(-1, 1), r.uniform(-1, 1), r.uniform(-1, 1)
        norm = sum(x*x for x in direction)**0.5 or 1
        length, d = r.uniform(40, 160), r.uniform(0.5, 1.5)
        at = [radius*x/norm for x in direction]
        number += 1
        lines.append(f"{number} {kind} {at[0]:.5g} {at[1]:.5g} {at[2]:.5g} {d:.3g} 1")
        for k in range(r.choice([1, 2])):
            at = [a + length*x/norm + r.uniform(-5, 5) for a, x in zip(at, direction)]
            number += 1
            d *= r.uniform(0.5, 1)
            lines.append(f"{number} {kind} {at[0]:.5g} {at[1]:.5g} {at[2]:.5g} {d:.3g} {number - 1}")
        regions.append("basal" if kind == 3 else "apical")
    return "\n".join(lines) + "\n", sorted(set(regions))


def regions_text(regions):
    return "[" + ", ".join(f'"{x}"' for x in regions) + "]"


def settings(r, mechanism, formulas=True):
    parts = []
    for name, (low, high) in mechanism.parameters.items():
        if r.random() < 0.6:
            value = f"{r.uniform(low, high):.4g}"
            if formulas and name == "gbar" and r.random() < 0.4:
                parts.append(f'{name} = "{value}*exp(-distance/100)"')
            else:
                parts.append(f"{name} = {value}")
    return "".join(f", {part}" for part in parts)


def generate(seed, number):
    """The case of a number: a Case."""
    r = random.Random(f"{seed} {number}")
    name = f"c{number:05d}"
    kind = r.choice(["channel"] * 7 + ["kinetic"] * 3 + ["pool"] * 5 + ["synapse"] * 4 + ["instantaneous", "electrode", "two channels", "two channels"])
    mechanisms = []
    letter = iter("abcdef")

    def suffix():
        return f"{r.choice(['q', 'z', 'K', 'na'])}{next(letter)}{number:05d}"

    if kind == "channel":
        mechanisms = [channel(r, suffix())]
    elif kind == "two channels":
        mechanisms = [channel(r, suffix()), r.choice([channel, kinetic, instantaneous])(r, suffix())]
    elif kind == "kinetic":
        mechanisms = [kinetic(r, suffix())]
    elif kind == "instantaneous":
        mechanisms = [instantaneous(r, suffix())]
    elif kind == "pool":
        mechanisms = [calcium_channel(r, suffix()), pool(r, suffix())]
        if r.random() < 0.7:
            mechanisms.append(channel(r, suffix(), reads_calcium=True))
    elif kind == "synapse":
        mechanisms = [synapse(r, suffix())]
    else:
        mechanisms = [electrode(r, suffix())]
    swc, regions = tree(r)
    spacing = r.uniform(15, 60)
    lines = ['kind = "detailed"', f'morphology = "{name}.swc"', f"compartment_spacing_um = {spacing:.4g}",
             f"axial_resistivity_ohm_cm = {r.uniform(80, 200):.4g}", f"initial_mV = {r.uniform(-75, -55):.4g}", f"celsius = {r.choice([6.3, 22, 25.5, 34, 37])}",
             f"reversal_mV = {{ na = {r.uniform(45, 60):.4g}, k = {r.uniform(-95, -75):.4g} }}"]
    if kind == "pool" or r.random() < 0.2:
        lines.append(f"calcium = {{ inside_mM = {r.choice(['5e-5', '1e-4', '2.4e-4'])}, outside_mM = {r.choice(['2', '1.2'])} }}")
    lines.append("capacitance = [ " + ", ".join(f'{{ regions = ["{x}"], uF_cm2 = {r.choice([1, 1, 0.9, 2])} }}' for x in regions) + " ]")
    inserts = [f'  {{ mechanism = "leak", regions = {regions_text(regions)}, g = {r.uniform(5e-5, 3e-4):.4g}, e = {r.uniform(-75, -60):.4g} }},']
    points, synapses, events, own_weights = [], [], [], False
    ms = r.choice([30, 40, 60])
    for mechanism in mechanisms:
        where = regions if kind == "pool" or r.random() < 0.6 else sorted(r.sample(regions, r.randint(1, len(regions))))
        if mechanism.receives:
            weight, own_weights = float(f"{r.uniform(0.3, 2):.3g}"), r.random() < 0.3
            synapses.append(f'excitatory = {{ mechanism = "{mechanism.suffix}.mod", regions = {regions_text(regions)}, weight = {weight}{settings(r, mechanism)} }}')
            for _ in range(r.randint(2, 7)):
                t = float(r.randrange(1, ms - 5)) if r.random() < 0.5 else round(r.uniform(0.1, ms - 5), 2)
                events.append(["excitatory", r.randrange(len(regions)), t, float(f"{r.uniform(0.2, 2):.3g}") if own_weights else weight])
            events.sort(key=lambda event: event[2])
        elif mechanism.point:
            points.append(f'  {{ mechanism = "{mechanism.suffix}.mod", section = "soma[0]", x = 0.5{settings(r, mechanism, False)} }},')
        else:
            inserts.append(f'  {{ mechanism = "{mechanism.suffix}.mod", regions = {regions_text(where)}{settings(r, mechanism)} }},')
    r.shuffle(inserts)
    for _ in range(r.choice([1, 1, 2])):
        points.append(f'  {{ mechanism = "IClamp", section = "soma[0]", x = 0.5, del = {r.uniform(2, 15):.3g}, dur = {r.uniform(5, 25):.3g}, amp = {r.uniform(-0.03, 0.12):.3g} }},')
    toml = "\n".join([*lines, *synapses, "insert = [", *inserts, "]", "point = [", *points, "]", ""])
    return Case(name, mechanisms, toml, swc, ms, events, own_weights)
