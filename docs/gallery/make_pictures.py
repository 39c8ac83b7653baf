#!/usr/bin/env python3
"""Keeps how the report and the terminal look, as pictures of docs/report.md and docs/cli.md.

    make_pictures.py REPORT.html OUT [--program neurontwin]

OUT/report-wide.webp (1280 px), report-narrow.webp (390 px), report-dark.webp and report-print.webp are the first screen of
the report, and of its print the first page. OUT/terminal-80.webp and terminal-200.webp are terminals of so many columns
after `neurontwin run experiments/if.toml`. Needs Debian's chromium, chromium-driver, poppler-utils, webp and python3-pyte.
"""
import argparse
import fcntl
import html
import os
import pathlib
import pty
import struct
import subprocess
import sys
import tempfile
import termios

import pyte

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from browser import Browser  # noqa: E402: found by the line above

REPORTS = {"wide": (1280, 900, False), "narrow": (390, 844, False), "dark": (1280, 900, True)}
COLUMNS = (80, 200)
ROWS = 40
COLOURS = {"default": "#24292f", "red": "#b3261e", "green": "#1a7f37", "brown": "#9a6700", "blue": "#0550ae", "magenta": "#8250df",
           "cyan": "#1b7c83"}
TERMINAL = """<!doctype html><meta charset="utf-8"><style>body {{ margin: 0; padding: 12px; background: #fff }}
pre {{ margin: 0; font: 13px/1.35 "DejaVu Sans Mono", monospace }}</style><pre>{}</pre>"""


def keep(png, to):
    subprocess.run(["cwebp", "-quiet", "-q", "80", str(png), "-o", str(to)], check=True)


def picture_report(browser, report, out, folder):
    for name, (width, height, dark) in REPORTS.items():
        browser.open(report, width, height, dark=dark, reduced_motion=True)
        browser.wait_for("return document.querySelector('.scene').dataset.drawn === 'yes'", seconds=300)
        browser.screenshot(folder / "page.png")
        keep(folder / "page.png", out / f"report-{name}.webp")
    browser.open(report, 1280)
    (folder / "page.pdf").write_bytes(browser.pdf())
    subprocess.run(["pdftoppm", "-png", "-singlefile", "-r", "80", "page.pdf", "print"], cwd=folder, check=True)
    keep(folder / "print.png", out / "report-print.webp")


def run_on_terminal(words, columns):
    """The screen of a terminal of so many columns after the command, [row][column]."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm-256color"})
    os.close(slave)
    screen = pyte.Screen(columns, ROWS)
    stream = pyte.ByteStream(screen)
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # nobody writes any more
            break
        if not piece:
            break
        stream.feed(piece)
    os.close(master)
    if process.wait() != 0:
        sys.exit(f"make_pictures.py: {' '.join(words)} failed:\n" + "\n".join(screen.display))
    return screen


def as_page(screen):
    def cell(c):
        style = f"color: {COLOURS.get(c.fg, COLOURS['default'])}" + ("; font-weight: bold" if c.bold else "")
        return f'<span style="{style}">{html.escape(c.data)}</span>'
    used = [row for row in range(screen.lines) if screen.display[row].strip()]
    rows = ["".join(cell(screen.buffer[row][column]) for column in range(screen.columns)) for row in range(max(used) + 1)]
    return TERMINAL.format("\n".join(rows))


def picture_terminal(browser, program, out, folder):
    for columns in COLUMNS:
        shown = folder / "terminal.html"
        words = [program, "run", str(ROOT / "experiments/if.toml"), "--out", str(folder / f"run-{columns}")]
        shown.write_text(as_page(run_on_terminal(words, columns)))
        browser.open(shown, 8 * columns + 24, 18 * ROWS)
        browser.screenshot(folder / "terminal.png", whole=True)
        keep(folder / "terminal.png", out / f"terminal-{columns}.webp")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--program", default="neurontwin")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, Browser() as browser:
        picture_report(browser, arguments.report, arguments.out, pathlib.Path(temporary))
        picture_terminal(browser, arguments.program, arguments.out, pathlib.Path(temporary))


if __name__ == "__main__":
    main()
