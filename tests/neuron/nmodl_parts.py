"""What random density channels, schemes and synapses share: temperature, ions, the formula of a current."""


def temperature(w):
    """Makes a name of the factor on the rates, or "1"; appends how it is set to lists of statements: (initial, in rates)."""
    initial, local = [], []
    way = w.r.choice(["none", "none", "none", "local", "assigned", "assigned", "parameter", "parameter", "range parameter", "range parameter", "file local", "literal"])
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


def q_text(w, q, local):
    return f"({local[0][1]})" if local else q


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


def refused_in_equation(text):
    """nocmodl reads no powers and no comparisons in an equation that it solves by cnexp."""
    return any(sign in text for sign in "^<>")


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
