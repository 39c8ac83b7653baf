#!/usr/bin/env python3
"""Builds the documentation as a website: docs/make_site.py [FOLDER], by default build/site. Needs Debian's mkdocs.

The pages are copied, the notebooks become pages, and links to files outside of docs/ lead to copies of these files, so that the
site needs nothing else. `stage` does all of this without MkDocs.
"""
import argparse
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
NOTEBOOKS = ROOT / "examples/notebooks"
LINK = re.compile(r"(\]\()([^)\s]+)(\))")  # of a line: the text before may begin on the line before


def outside_code(text):
    """The lines of a page as (line, whether it is text and not code)."""
    fenced = False
    for line in text.splitlines():
        fence = line.lstrip().startswith("```")
        yield line, not fenced and not fence
        fenced ^= fence


def links(text):
    """The targets of all links of a page, images included."""
    return [m.group(2) for line, is_text in outside_code(text) if is_text
            for m in LINK.finditer(re.sub(r"`[^`]*`", "", line))]


def slug(title):
    """The anchor of a heading, as GitHub makes it."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def slug_of_mkdocs(title):
    """The same as Python-Markdown makes it: runs of spaces and hyphens become one hyphen, and there is ASCII alone."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", words).strip().lower())


def headings(text):
    return [m.group(1) for line, is_text in outside_code(text) if is_text and (m := re.match(r"#{1,6} (.+)", line))]


def anchors(text, make=slug):
    """All anchors of a page; repeated headings are numbered."""
    found, times = set(), {}
    for title in headings(text):
        name = make(title)
        n = times[name] = times.get(name, -1) + 1
        found.add(f"{name}-{n}" if n else name)
    return found


def spaced(text):
    """A blank line before each list and table, which MkDocs needs and GitHub does not."""
    out, before = [], ""
    for line, is_text in outside_code(text):
        starts = re.match(r"([-*] |\d+\. |\|)", line)
        same = re.match(r"([-*] |\d+\. |\||\s)", before)
        if is_text and starts and before and not same:
            out.append("")
        out.append(line)
        before = line
    return "\n".join(out) + "\n"


def page_of_notebook(file, pictures):
    """A notebook as a page; its pictures are written into a folder beside it."""
    parts = []
    for number, cell in enumerate(json.loads(file.read_text())["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for place, output in enumerate(cell.get("outputs", [])):
            data = output.get("data", {})
            if "image/png" in data:
                name = f"{file.stem}-{number}-{place}.png"
                pictures.mkdir(parents=True, exist_ok=True)
                (pictures / name).write_bytes(base64.b64decode("".join(data["image/png"])))
                parts.append(f"![output]({pictures.name}/{name})")
                continue
            text = "".join(output.get("text", data.get("text/plain", "")))
            if text:
                parts.append("```\n" + text.rstrip() + "\n```")
    return "\n\n".join(parts) + "\n"


class Stage:
    """A folder from which MkDocs makes the site."""

    def __init__(self, folder):
        self.folder = folder

    def copied(self, source):
        """A file or folder outside of docs/, copied below files/; where it is there, from the stage's folder."""
        relative = source.relative_to(ROOT)
        if source.parent == NOTEBOOKS and source.suffix == ".ipynb":
            return pathlib.Path("notebooks") / (source.stem + ".md")
        place = pathlib.Path("files") / relative
        target = self.folder / place
        if source.is_dir():
            # A page with the names, and the text files themselves.
            target.mkdir(parents=True, exist_ok=True)
            names = sorted(f.name for f in source.iterdir() if f.is_file() and not f.name.startswith("."))
            for name in names:
                self.copied(source / name)
            lines = [f"- [{name}]({'../' * len(place.parts)}{self.copied(source / name).as_posix()})" for name in names]
            (target / "index.md").write_text(f"# {relative}\n\n" + "\n".join(lines) + "\n")
            return place / "index.md"
        if source.suffix == ".md":
            place = place.with_name(place.name + ".txt")  # as it is, and no page of the site
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        return place

    def relinked(self, text, source, place):
        """A page's text with links that hold on the site. `source`: where it lies here; `place`: there."""
        def moved(match):
            before, target, after = match.groups()
            path, _, anchor = target.partition("#")
            if not path or re.match(r"[a-z]+:", target):
                return match.group(0)
            file = (source.parent / path).resolve()
            if not file.exists():
                return match.group(0)  # tests/docs_test.py says so
            there = file.relative_to(DOCS) if file.is_relative_to(DOCS) else self.copied(file)
            relative = os.path.relpath(there, place.parent)
            return f"{before}{relative}{'#' + anchor if anchor else ''}{after}"

        lines = [LINK.sub(moved, line) if is_text else line for line, is_text in outside_code(text)]
        return "\n".join(lines) + "\n"

    def add_page(self, text, source, place):
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(spaced(self.relinked(text, source, place)))


def stage(folder):
    """Writes the pages of the site into a folder, which need MkDocs to become HTML. Returns the titles of the notebooks."""
    folder = pathlib.Path(folder)
    staged = Stage(folder)
    titles = {}
    for file in sorted(NOTEBOOKS.glob("*.ipynb")):
        place = pathlib.Path("notebooks") / (file.stem + ".md")
        text = page_of_notebook(file, folder / "notebooks/pictures")
        titles[place] = headings(text)[0]
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        # Pictures lie in the stage alone: their links hold already.
        target.write_text(spaced("\n".join(
            line if "](pictures/" in line else staged.relinked(line, file, place).rstrip("\n") if is_text else line
            for line, is_text in outside_code(text))))
    for file in sorted(DOCS.rglob("*")):
        place = file.relative_to(DOCS)
        if file.is_dir() or file.suffix in (".py", ".yml") or "__pycache__" in file.parts:
            continue
        if file.suffix == ".md":
            staged.add_page(file.read_text(), file, place)
        else:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, folder / place)
    return titles


def configuration(titles, pages, site):
    """The text of mkdocs.yml with the folders and the notebooks."""
    notebooks = "".join(f"\n    - '{title.replace(chr(39), chr(39) * 2)}': {place.as_posix()}" for place, title in titles.items())
    text = (DOCS / "mkdocs.yml").read_text().replace(" []\n", f"{notebooks}\n", 1)
    return f"docs_dir: {json.dumps(str(pages))}\nsite_dir: {json.dumps(str(site))}\n{text}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=ROOT / "build/site")
    asked = parser.parse_args()
    if shutil.which("mkdocs") is None:
        sys.exit("mkdocs is missing; on Debian: apt-get install mkdocs")
    with tempfile.TemporaryDirectory(prefix="neurontwin-site-") as folder:
        pages = pathlib.Path(folder) / "pages"
        titles = stage(pages)
        file = pathlib.Path(folder) / "mkdocs.yml"
        file.write_text(configuration(titles, pages, asked.folder.resolve()))
        done = subprocess.run(["mkdocs", "build", "--strict", "--quiet", "--config-file", str(file)])
    if done.returncode:
        sys.exit(done.returncode)
    print(asked.folder / "index.html")


if __name__ == "__main__":
    main()
