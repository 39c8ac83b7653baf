"""Writes one random .mod file: declarations, blocks, and voltage functions, each in one of the ways people write them."""
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
