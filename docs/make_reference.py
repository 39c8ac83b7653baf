#!/usr/bin/env python3
"""Writes docs/reference.md: every key of experiments, cells and networks, with its unit, its default and its meaning.

    make_reference.py [--program PATH] [--check]

The keys and defaults come from the program: `neurontwin inspect` prints every key that it read, for all experiments with all
their profiles and for the variants below. docs/reference_keys.txt has one line of words for each. A key without words is an
error, and so are words of a key that the program does not know. --check compares and writes nothing.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORDS = ROOT / "docs/reference_keys.txt"
PAGE = ROOT / "docs/reference.md"

# Settings that bring keys to light which no experiment uses.
POINT_NEURON = '''
cell = "{root}/cells/if.toml"
title = "inputs by group"
seed = 1
data = {{ trial_ms = 1000, train_trials = 8, valid_trials = 4, test_trials = 4 }}
twin = {{ taps = [20], width = [1] }}
train = {{ epochs = 1, steps_per_epoch = 1, schedule = [{{ from_epoch = 0, learning_rate = 1e-3 }}] }}
[stimulus.groups]
'''
VARIANTS = [
    POINT_NEURON + 'excitatory = {{ kind = "patterns", interval_ms = 5, pause_ms = 100 }}\n'
                   'inhibitory = {{ kind = "netstim", start = 1, interval = 10 }}\n',
]
KINDS = [("experiments/l5pc-nmda.toml", ["--profile", "quick", "--set", f"twin.kind={kind}"])
         for kind in ("convolutional", "recurrent", "tree", "k-tree")]

# A network that has every key; `file` is one that is there, whatever it holds. Its keys have "network:" before them in reference_keys.txt.
NETWORK = """
populations = [
  {{ name = "e", kind = "cell", neurons = 3, cell = "{root}/cells/if.toml", box_um = [1, 1, 1], record_soma = 1 }},
  {{ name = "t", kind = "twin", neurons = 3, twin = "{file}", spikes = "threshold", threshold = 0.1, refractory_ms = 1, positions = "{file}" }},
  {{ name = "p", kind = "poisson", neurons = 3, rate_hz = 1 }},
  {{ name = "r", kind = "recorded", neurons = 3, file = "{file}", population = "r" }},
]
projections = [
  {{ from = "e", to = "e", rule = "distance", probability = 0.1, length_um = 1, falloff = "step", synapses = "excitatory" }},
  {{ from = "p", to = "e", rule = "fixed-probability", probability = 0.1, synapses = [0] }},
  {{ from = "r", to = "t", rule = "fixed-indegree", indegree = 1, synapses = {{ group = "excitatory", regions = ["basal"], distance_um = [0, 9] }} }},
  {{ from = "e", to = "e", rule = "list", sources = [0], targets = [1], synapses = "excitatory", weight = 1 }},
  {{ from = "e", to = "e", rule = "sonata", file = "{file}", edges = "e", synapses = "excitatory" }},
]
backgrounds = [{{ to = "e", synapses = "excitatory", rate_hz = 1, until_ms = 10 }}]
"""
OF_NETWORKS = "network:"

# Names that stand in the place of any name.
ANY_NAME = [
    (r"^stimulus\.(soma|axon|basal|apical|other)\.", "stimulus.REGION."),
    (r"^stimulus\.groups\.[^.]+\.", "stimulus.groups.NAME."),
    (r"^cell\.(density_factors|vshift_mV)\.[^.]+$", r"cell.\1.MECHANISM"),
    (r"^cell\.reversal_mV\.[^.]+$", "cell.reversal_mV.ION"),
    (r"^cell\.inhibitory\.", "cell.excitatory."),
]
WITH_PARAMETERS = ("cell.insert[].", "cell.excitatory.", "cell.synapses[].")


class Words:
    """docs/reference_keys.txt: sections in order, and each key's (unit, meaning, default or None)."""

    def __init__(self, text):
        self.sections, self.keys = [], {}
        for line in text.splitlines():
            if line.startswith("## "):
                self.sections.append((line[3:], [], []))
            elif line.startswith("> "):
                self.sections[-1][1].append(line[2:])
            elif line and not line.startswith("#"):
                key, unit, meaning, *default = (part.strip() for part in line.split("|"))
                self.sections[-1][2].append(key)
                self.keys[key] = (unit, meaning, default[0] if default else None)


def leaves(table, before=""):
    """Every key below a table with its value; `[]` stands for each table of an array."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, before + key + ".")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for one in value:
                yield from leaves(one, before + key + "[].")
        else:
            yield before + key, value


def general(key, known):
    if key.startswith(OF_NETWORKS):
        own = key.removeprefix(OF_NETWORKS)
        if own.startswith("populations[].cell"):
            return OF_NETWORKS + "populations[].cell"  # its keys are those of a cell
        return own if own.startswith("simulation.") and own in known else key
    for pattern, name in ANY_NAME:
        key = re.sub(pattern, name, key)
    if key not in known:
        for table in WITH_PARAMETERS:
            if key.startswith(table) and "." not in key[len(table):]:
                return table + "PARAMETER"
    return key


class Program:
    def __init__(self, path):
        self.path = path

    def inspect(self, file, options=()):
        """What `inspect` prints as TOML, or None and its message."""
        done = subprocess.run([self.path, "inspect", str(file), *options], capture_output=True, text=True, timeout=60)
        return (done.stdout, "") if done.returncode == 0 else (None, done.stderr.strip())

    def resolved(self, file, options=()):
        text, message = self.inspect(file, options)
        if text is None:
            sys.exit(f"neurontwin inspect {file} {' '.join(options)}: {message}")
        return text

    def without(self, text, key):
        """The value of a key where an experiment does not say it: its default. None where it is then missing or not shown."""
        *tables, name = key.split(".")
        header = ".".join(tables).replace("[]", "")
        lines, inside = [], header == ""
        for line in text.splitlines():
            if line.startswith("["):
                inside = line.strip("[] ") == header
            if not (inside and line.startswith(name + " = ")):
                lines.append(line)
        with tempfile.TemporaryDirectory(prefix="neurontwin-docs-") as folder:
            file = pathlib.Path(folder) / "experiment.toml"
            file.write_text("\n".join(lines) + "\n")
            shown, message = self.inspect(file)
        if shown is None:
            return "required" if "missing" in message else ""
        return next((words_of(value) for k, value in leaves(tomllib.loads(shown)) if k == key), "")


def words_of(value):
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, str):
        return f'`"{value}"`' if value else "none"
    if isinstance(value, list):
        return "`[" + ", ".join(words_of(v).strip("`") for v in value) + "]`"
    return f"`{value:g}`" if abs(value) < 1e6 else f"`{value}`"


def resolved_experiments(program):
    """The text of every resolved experiment, in an order that does not change, and that of a network."""
    asked = []
    for file in sorted((ROOT / "experiments").glob("*.toml")):
        profiles = re.findall(r"^\[profile\.([\w-]+)", file.read_text(), re.MULTILINE)
        asked += [(file, ["--profile", p]) for p in sorted(set(profiles))] or [(file, [])]
    asked += [(ROOT / file, options) for file, options in KINDS]
    with ThreadPoolExecutor(4) as pool, tempfile.TemporaryDirectory(prefix="neurontwin-docs-") as folder:
        for number, variant in enumerate(VARIANTS):
            file = pathlib.Path(folder) / f"{number}.toml"
            file.write_text(variant.format(root=ROOT))
            asked.append((file, []))
        network = pathlib.Path(folder) / "network.toml"
        network.write_text(NETWORK.format(root=ROOT, file=WORDS))
        return list(pool.map(lambda one: program.resolved(*one), asked)), program.resolved(network)


def gather(program, words):
    """{general key: default in words} of every key that the program reads, and the keys without words."""
    first = {}  # general key: (key, text of an experiment that has it)
    experiments, network = resolved_experiments(program)
    for text in experiments:
        for key, _ in leaves(tomllib.loads(text)):
            first.setdefault(general(key, words.keys), (key, text))
    for key, _ in leaves(tomllib.loads(network)):
        first.setdefault(general(OF_NETWORKS + key, words.keys), (key, network))

    def default(item):
        name, (key, text) = item
        said = words.keys.get(name)
        if said is None or said[2] is not None or name.endswith((".PARAMETER", ".MECHANISM", ".ION")):
            return name, (said[2] or "") if said else ""
        return name, program.without(text, key)

    with ThreadPoolExecutor(4) as pool:
        return dict(pool.map(default, first.items())), sorted(set(first) - set(words.keys))


def page(words, defaults):
    lines = [
        "# Reference: every key",
        "",
        "Made by `docs/make_reference.py` from what the program reads; do not edit. Words come from",
        "[reference_keys.txt](reference_keys.txt). An experiment is a TOML file: [Files](files.md#an-experiment). A default",
        "holds where neither the file nor the profile nor `--set` has the key. Lists in brackets with two numbers are ranges",
        "where the meaning says so.",
    ]
    for title, notes, keys in words.sections:
        lines += ["", f"## {title}"] + notes + ["", "| key | unit | default | meaning |", "|---|---|---|---|"]
        for key in keys:
            unit, meaning, default = words.keys[key]
            shown = default if default is not None else defaults.get(key, "")
            lines.append(f"| `{key.removeprefix(OF_NETWORKS)}` | {unit} | {shown} | {meaning} |")
    return "\n".join(lines) + "\n"


def make(program, words):
    """The page, and what is wrong with the words."""
    defaults, without_words = gather(program, words)
    unknown = [key for key, (_, _, default) in words.keys.items() if default is None and key not in defaults]
    wrong = [f"{key}: the program reads it, but docs/reference_keys.txt has no words for it" for key in without_words]
    wrong += [f"{key}: docs/reference_keys.txt has words for it, but the program never shows it" for key in unknown]
    return page(words, defaults), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=os.environ.get("NEURONTWIN", str(ROOT / "build/release/neurontwin")))
    parser.add_argument("--check", action="store_true", help="write nothing; fail where docs/reference.md is not what would be written")
    asked = parser.parse_args()
    text, wrong = make(Program(asked.program), Words(WORDS.read_text()))
    if wrong:
        sys.exit("\n".join(wrong))
    if not asked.check:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        sys.exit("docs/reference.md is not what the program reads; run docs/make_reference.py")


if __name__ == "__main__":
    main()
