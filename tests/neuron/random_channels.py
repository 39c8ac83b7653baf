"""Random density channels: gates with equations, no gates at all, and schemes of states."""
import re

from nmodl_parts import breakpoint_block, ion, q_text, temperature
from nmodl_writer import Writer


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
