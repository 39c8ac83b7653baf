"""Random point processes: synapses, and electrodes that follow the clock."""
from nmodl_parts import temperature
from nmodl_writer import Writer


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
