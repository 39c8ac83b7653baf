"""Random calcium: channels that let it in, and pools that hold it."""
from nmodl_parts import breakpoint_block, refused_in_equation
from nmodl_writer import Writer


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
