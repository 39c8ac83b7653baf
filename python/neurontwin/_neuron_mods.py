"""The .mod files of a live NEURON model: which file has which mechanism, and what its text says."""
import re
import shutil
from pathlib import Path

from ._core import InputError

# What NEURON has by itself and the catalogue has alike; of what else it has, what does nothing to a voltage.
SAME_AS_OURS = {"hh", "pas", "IClamp", "SEClamp", "ExpSyn", "Exp2Syn"}
OTHERS_OF_NEURON = {"AlphaSynapse": "an Exp2Syn or a .mod file of another name", "VClamp": "SEClamp", "OClamp": "IClamp", "fastpas": "pas"}
WITHOUT_EFFECT = {"morphology", "capacitance", "APCount", "PointProcessMark"}
USUAL_FOLDERS = (".", "mod", "mods", "modfiles", "mechanisms", "mechanism")


def without_comments(text):
    text = re.sub(r"\bCOMMENT\b.*?\bENDCOMMENT\b", " ", text, flags=re.S)
    text = re.sub(r"^\s*TITLE.*$", " ", text, flags=re.M)
    return re.sub(r"[:?].*$", " ", text, flags=re.M)


class ModFile:
    """One .mod file: its path, the mechanism's name, and what stands in its blocks."""

    def __init__(self, path):
        self.path = Path(path)
        self.text = without_comments(self.path.read_text(errors="replace"))
        named = re.search(r"\b(SUFFIX|POINT_PROCESS|ARTIFICIAL_CELL)\s+(\w+)", self.text)
        self.name = named[2] if named else None

        self.promoted = []  # ASSIGNED variables that are given from outside, parameters in all but name

    def promote(self, name):
        """Makes a parameter of an ASSIGNED variable in the copy of the file. False: there is no such declaration."""
        found = self._declared(self.path.read_text(errors="replace"), name)
        if found and name not in self.promoted:
            self.promoted.append(name)
        return found is not None

    @staticmethod
    def _declared(text, name):
        """Where the block ASSIGNED declares a name, with its unit."""
        block = re.search(r"\bASSIGNED\s*\{[^}]*\}", text)
        return block and re.compile(rf"^[ \t]*({name}\b[ \t]*(?:\([^)\n]*\))?)", re.M).search(text, block.start(), block.end())

    def copy(self, folder):
        """Writes the file into a folder, as it is but for what was promoted."""
        if not self.promoted:
            shutil.copyfile(self.path, folder / self.path.name)
            return
        text = self.path.read_text(errors="replace")
        for name in self.promoted:
            found = self._declared(text, name)
            text = text[:found.start(1)] + text[found.end(1):]
            text = re.sub(r"\bPARAMETER\s*\{", lambda m: f"{m[0]}\n    {found[1]}", text, count=1) if re.search(r"\bPARAMETER\s*\{", text) \
                else f"{text}\nPARAMETER {{\n    {found[1]}\n}}\n"
        (folder / self.path.name).write_text(text)

    def block(self, keyword):
        """The text of a block without blocks in it, as PARAMETER { ... }."""
        found = re.search(rf"\b{keyword}\s*\{{(.*?)\}}", self.text, re.S)
        return found[1] if found else ""

    def parameters(self):
        """{name: default value} of what PARAMETER declares."""
        text = re.sub(r"\([^)]*\)|<[^>]*>|\bFROM\b[^\n]*", " ", self.block("PARAMETER"))
        found = re.findall(r"\b([A-Za-z_]\w*)\b\s*(?:=\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))?", text)
        return {name: float(value or 0) for name, value in found}

    def assigns(self, name):
        """Whether code of the file gives it a value."""
        code = self.text.replace(self.block("PARAMETER"), " ")
        return re.search(rf"\b{name}\s*(\[[^\]]*\])?\s*=(?!=)", code) is not None or \
            re.search(rf"(READ|WRITE|NONSPECIFIC_CURRENT|ELECTRODE_CURRENT)[^\n]*\b{name}\b", self.text) is not None


def find_mods(names, folders):
    """{name: ModFile} of these mechanisms, looked for in folders and their .mod files. InputError: one has two files that differ, or none."""
    for name in sorted(set(names) & set(OTHERS_OF_NEURON)):  # of which a file of that name may be another
        raise InputError(f"NEURON's own {name} is not simulated here; put {OTHERS_OF_NEURON[name]} in its place")
    found = {}
    for folder in folders:
        if not Path(folder).is_dir():
            raise InputError(f"mechanisms: {folder} is no folder")
        for path in sorted(Path(folder).glob("*.mod")):
            mod = ModFile(path)
            if mod.name not in names:
                continue
            other = found.setdefault(mod.name, mod)
            if other.path.read_bytes() != path.read_bytes():
                raise InputError(f"mechanisms: {other.path} and {path} are two files of the mechanism {mod.name}; name the folder of "
                                 "the one that NEURON has loaded")
    missing = sorted(set(names) - set(found))
    if missing:
        raise InputError(f"no .mod file of {', '.join(missing)} in {', '.join(map(str, folders)) or 'any folder'}; say where they are: "
                         "mechanisms=FOLDER, or a list of folders")
    return found


def folders_of(mechanisms):
    """What the user said, or where .mod files usually are, from the current folder."""
    if mechanisms is None:
        return [Path(folder) for folder in USUAL_FOLDERS if Path(folder).is_dir()]
    return [Path(m) for m in ([mechanisms] if isinstance(mechanisms, (str, Path)) else mechanisms)]
