"""What the program says of published .mod files: accepted, or refused and why; by kind, and for whole models.

    corpus.py LIST.tsv REPOSITORIES [--keep FOLDER] [--refused] [--compare]

LIST.tsv: a line for each file with the columns repo (OWNER/NAME), path, sha1 (of the text) and kind, and, if it has them, corpus and
neuron_8.2.2: then the lines count that say "models" and "ok" there. REPOSITORIES: a folder with a clone of each repository, OWNER/NAME or
OWNER+NAME (also OWNER+NAME/repo), bare or not. --keep: where the texts go, to be used again. --refused: prints each refusal.
--compare: simulates each accepted file in both programs (published_voltages.py; needs NEURON, numpy and h5py), and prints each that is not within
0.01 mV. With --keep, what NEURON computed is used again, and a second call goes on where the first was stopped.
The program is that of the environment variable NEURONTWIN. Files of one folder of a repository are one model.
"""
import argparse
import collections
import csv
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

PROGRAM = os.environ.get("NEURONTWIN", str(pathlib.Path(__file__).resolve().parent.parent.parent / "build/release/neurontwin"))
REASONS = ("accepted", "POINTER", "C code", "otherwise")
TIME_S = 120
NEAR_mV = 0.01


@dataclass
class Entry:
    repo: str
    path: str
    sha1: str
    kind: str
    text: bytes = b""
    reason: str = "not found"
    message: str = ""
    words: str = ""  # what inspect prints of it
    difference_mV: float | None = None
    uncompared: str = ""  # why there is no difference

    @property
    def model(self):
        return self.repo, str(pathlib.PurePosixPath(self.path).parent)

    @property
    def is_played(self):
        """Whether it does nothing but play spikes of a vector: here they are input."""
        return re.search(rb"ARTIFICIAL_CELL\s+(VecStim|VecEvent)\b", self.text) is not None


def read_list(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [Entry(row["repo"], row["path"], row["sha1"], row["kind"]) for row in rows
            if row.get("corpus", "models") == "models" and row.get("neuron_8.2.2", "ok") == "ok"]


def git(clone, *words):
    done = subprocess.run(["git", "-C", str(clone), *words], capture_output=True)
    return done.stdout if done.returncode == 0 else None


def clone_of(repositories, repo):
    for name in (repo, repo.replace("/", "+")):
        for folder in (repositories / name / "repo", repositories / name):
            if folder.is_dir() and git(folder, "rev-parse", "HEAD") is not None:
                return folder
    return None


def text_of(clone, entry):
    """The text of that digest: at its path, else under its name anywhere in what the clone holds."""
    def fits(text):
        return text is not None and hashlib.sha1(text).hexdigest() == entry.sha1
    text = git(clone, "cat-file", "blob", f"HEAD:{entry.path}")
    if fits(text):
        return text
    name = pathlib.PurePosixPath(entry.path).name.encode()
    for line in (git(clone, "rev-list", "--all", "--objects") or b"").split(b"\n"):
        words = line.split(b" ", 1)
        if len(words) == 2 and words[1].split(b"/")[-1] == name:
            text = git(clone, "cat-file", "blob", words[0].decode())
            if fits(text):
                return text
    return None


def reason_of(code, message):
    if code == 0:
        return "accepted"
    if "POINTER" in message:
        return "POINTER"
    return "C code" if "VERBATIM" in message or "C code" in message else "otherwise"


def inspect(entry, folder):
    """Asks the program."""
    file = folder / f"{entry.sha1[:12]}-{pathlib.PurePosixPath(entry.path).name}"
    file.write_bytes(entry.text)
    try:
        done = subprocess.run([PROGRAM, "inspect", str(file)], capture_output=True, text=True, timeout=TIME_S)
        code, message, entry.words = done.returncode, done.stderr.strip(), done.stdout
    except subprocess.TimeoutExpired:
        code, message = 1, f"more than {TIME_S} s"
    entry.message = message.replace(str(folder) + "/", "").replace(file.name, pathlib.PurePosixPath(entry.path).name)
    entry.reason = reason_of(code, message)


def judge(entries, repositories, folder):
    clones = {repo: clone_of(repositories, repo) for repo in {entry.repo for entry in entries}}
    for entry in entries:
        kept = folder / entry.sha1
        if not kept.exists() and clones[entry.repo] is not None:
            text = text_of(clones[entry.repo], entry)
            if text is not None:
                kept.write_bytes(text)
        if kept.exists():
            entry.text = kept.read_bytes()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda entry: inspect(entry, folder), [entry for entry in entries if entry.text]))


def compare(entries, folder):
    """Simulates what is accepted."""
    import published_voltages

    def one(entry):
        entry.difference_mV, entry.uncompared = published_voltages.difference(PROGRAM, entry.text, entry.words, folder / f"{entry.sha1}-voltages")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, [entry for entry in entries if entry.reason == "accepted"]))


def print_comparison(entries):
    compared = [entry for entry in entries if entry.difference_mV is not None]
    within = [entry for entry in compared if entry.difference_mV < NEAR_mV]
    print(f"\ncompared with NEURON: {len(compared)}; within {NEAR_mV} mV: {len(within)}, the largest of these "
          f"{max((entry.difference_mV for entry in within), default=0):.2g} mV\n")
    for kind in sorted({entry.kind for entry in entries}):
        mine = [entry for entry in compared if entry.kind == kind]
        print(f"  {kind}: {len(mine)} compared, {sum(entry in within for entry in mine)} within")
    for entry in entries:
        where = f"{entry.repo}/{entry.path}"
        if entry.uncompared:
            print(f"not compared\t{where}\t{entry.uncompared}")
        elif entry in compared and entry not in within:
            print(f"differs\t{where}\t{entry.difference_mV:.3g} mV")


def table(entries):
    kinds = [*sorted({entry.kind for entry in entries}), "all"]
    lines = ["| kind | files | accepted | refused: POINTER | refused: C code | refused otherwise |", "|---|---|---|---|---|---|"]
    for kind in kinds:
        count = collections.Counter(entry.reason for entry in entries if kind in (entry.kind, "all"))
        lines.append(f"| {kind} | {count.total()} | " + " | ".join(str(count[reason]) for reason in REASONS) + " |")
    return lines


def models(entries):
    """What stops each model: {reasons: models}; nothing where every file is accepted."""
    files = collections.defaultdict(list)
    for entry in entries:
        files[entry.model].append(entry)
    stopped = collections.defaultdict(list)
    for model, members in files.items():
        lacking = [entry for entry in members if entry.reason != "accepted"]
        reasons = {"a player of spikes" if entry.is_played else entry.reason for entry in lacking}
        stopped[" and ".join(sorted(reasons))].append(model)
    return stopped


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("list", type=pathlib.Path)
    parser.add_argument("repositories", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--refused", action="store_true")
    parser.add_argument("--compare", action="store_true")
    options = parser.parse_args()
    entries = read_list(options.list)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        judge(entries, options.repositories, folder)
        if options.compare:
            compare(entries, folder)
    print("\n".join(table(entries)))
    missing = sum(entry.reason == "not found" for entry in entries)
    if missing:
        print(f"\n{missing} files are in no clone", file=sys.stderr)
    good = sum(entry.reason in ("accepted", "POINTER", "C code") for entry in entries)
    print(f"\naccepted, or refused for POINTER or C code alone: {good} of {len(entries)}, {100*good/max(len(entries), 1):.1f} %\n")
    if options.compare:
        print_comparison(entries)
    stopped = models(entries)
    print(f"whole models: {sum(map(len, stopped.values()))}; every file accepted: {len(stopped.pop('', []))}")
    for reasons, names in sorted(stopped.items(), key=lambda item: -len(item[1])):
        print(f"  stopped by {reasons}: {len(names)}")
    if options.refused:
        for entry in entries:
            if entry.reason != "accepted":
                print(f"{entry.repo}/{entry.path}\t{entry.reason}\t{entry.message}")


if __name__ == "__main__":
    main()
