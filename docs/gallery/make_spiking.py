#!/usr/bin/env python3
"""Draws neuron and twin while they spike together: docs/gallery/spiking.webp, the moving picture of README.md.

    make_spiking.py RUN OUT.webp [--from MS] [--to MS]

RUN is a run folder of a neuron with dendrites. Its neuron.json holds one test trial: the voltage of every compartment, and
what the twin predicts of the same input. Needs Debian's python3-pil, python3-numpy and fonts-dejavu-core.
"""
import argparse
import base64
import json
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SCALE = 2  # drawn larger and reduced, for smooth lines
WIDTH, HEIGHT = 860, 400
TREE = (14, 8, 290, 370)  # left, top, right, bottom of the neuron
LEFT, RIGHT = 350, 844  # of the traces
VOLTAGE, CHANCE = (64, 226), (276, 366)  # top, bottom of their axes
MV = (-80.0, -35.0)  # spikes are cut off
INK, FAINT, NEURON, TWIN = (40, 44, 52), (150, 155, 163), (32, 80, 160), (214, 96, 10)
FRAME_MS = 2  # of the trial, in each frame; the voltages of the compartments are stored every 2 ms
SHOWN_FOR_MS = 60
COLOURS = np.array([[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]], float)  # viridis


def voltage_colour(mV):
    """Of -85 to -20 mV, dark to bright."""
    at = float(np.clip((mV + 85) / 65, 0, 1)) * (len(COLOURS) - 1)
    low = min(int(at), len(COLOURS) - 2)
    return tuple(int(c) for c in COLOURS[low] + (at - low) * (COLOURS[low + 1] - COLOURS[low]))


def read_voltages(trial):
    """[sample, compartment] in mV, a sample every `step_ms`."""
    v = trial["voltages"]
    levels = np.frombuffer(base64.b64decode(v["base64"]), np.uint8).reshape(v["samples"], -1)
    return v["lowest_mV"] + levels / 255 * (v["highest_mV"] - v["lowest_mV"])


def place_lines(lines):
    """The line of each compartment on the picture, as points, and its thickness."""
    x, y = np.array(lines["x_um"]), np.array(lines["y_um"])
    left, top, right, bottom = TREE
    scale = min((right - left) / (x.max() - x.min()), (bottom - top) / (y.max() - y.min()))
    px = (left + right) / 2 + (x - (x.min() + x.max()) / 2) * scale
    py = (top + bottom) / 2 - (y - (y.min() + y.max()) / 2) * scale
    ends = np.cumsum(lines["points"])
    placed = []
    for first, last in zip(np.concatenate([[0], ends[:-1]]), ends):
        points = [(px[i] * SCALE, py[i] * SCALE) for i in range(first, last)]
        thickness = np.mean(lines["diameter_um"][first:last]) * scale
        placed.append((points, max(1.4, 1.6 * thickness) * SCALE))
    return placed


def draw_tree(draw, placed, voltages):
    for (points, thickness), mV in zip(placed, voltages):
        draw.line(points, fill=voltage_colour(mV), width=round(thickness), joint="curve")


class Traces:
    def __init__(self, trial, threshold, start_ms, end_ms):
        self.trial, self.threshold, self.start_ms, self.end_ms = trial, threshold, start_ms, end_ms
        self.font = ImageFont.truetype("DejaVuSans.ttf", 13 * SCALE)
        self.bold = ImageFont.truetype("DejaVuSans-Bold.ttf", 14 * SCALE)
        chances = np.array(trial["predicted_spike_probability"])
        self.chances = chances[start_ms:end_ms]
        self.top = float(self.chances.max())
        above = chances > threshold
        starts = np.flatnonzero(above & ~np.concatenate([[False], above[:-1]]))
        # One predicted spike for each run of bins above the threshold, where it is likeliest.
        self.predicted = []
        for first in starts:
            end = first
            while end < len(above) and above[end]:
                end += 1
            self.predicted.append(first + int(np.argmax(chances[first:end])))

    def x(self, ms):
        return (LEFT + (ms - self.start_ms) / (self.end_ms - self.start_ms) * (RIGHT - LEFT)) * SCALE

    @staticmethod
    def y(value, low, high, axis):
        return (axis[1] - (value - low) / (high - low) * (axis[1] - axis[0])) * SCALE

    def words(self, draw, x, y, words, colour=INK, bold=False, anchor="la"):
        draw.text((x * SCALE, y * SCALE), words, fill=colour, font=self.bold if bold else self.font, anchor=anchor)

    def line(self, draw, values, low, high, axis, until_ms, colour):
        points = [(self.x(ms), self.y(values[ms], low, high, axis)) for ms in range(self.start_ms, until_ms)]
        if len(points) > 1:
            draw.line(points, fill=colour, width=2 * SCALE, joint="curve")

    def marks(self, draw, spikes_ms, now_ms, top, colour):
        for ms in spikes_ms:
            if self.start_ms <= ms < now_ms:
                x = self.x(ms)
                draw.line([(x, top * SCALE), (x, (top + 10) * SCALE)], fill=colour, width=3 * SCALE)

    def draw(self, draw, now_ms):
        trial = self.trial
        self.words(draw, LEFT, 14, "Voltage of the soma:", bold=True)
        self.words(draw, LEFT + 178, 15, "neuron", NEURON)
        self.words(draw, LEFT + 236, 15, "twin", TWIN)
        self.words(draw, RIGHT, 15, "marks: their spikes", FAINT, anchor="ra")
        for mV in (-80, -60, -40):
            self.words(draw, LEFT - 6, VOLTAGE[1] - (mV - MV[0]) / (MV[1] - MV[0]) * (VOLTAGE[1] - VOLTAGE[0]), str(mV), FAINT, anchor="rm")
        self.line(draw, [min(v, MV[1]) for v in trial["soma_mV"]], *MV, VOLTAGE, now_ms, NEURON)
        self.line(draw, trial["predicted_soma_mV"], *MV, VOLTAGE, now_ms, TWIN)
        self.marks(draw, trial["spikes_ms"], now_ms, VOLTAGE[0] - 24, NEURON)
        self.marks(draw, self.predicted, now_ms, VOLTAGE[0] - 12, TWIN)
        self.words(draw, LEFT, 252, "Chance of a spike in each ms, from the twin", bold=True)
        low, high = 0.0, self.top * 1.08
        y = self.y(self.threshold, low, high, CHANCE)
        draw.line([(LEFT * SCALE, y), (RIGHT * SCALE, y)], fill=FAINT, width=SCALE)
        self.words(draw, RIGHT, y / SCALE - 3, "threshold", FAINT, anchor="rd")
        self.line(draw, trial["predicted_spike_probability"], low, high, CHANCE, now_ms, TWIN)
        x = self.x(now_ms)
        draw.line([(x, (VOLTAGE[0] - 24) * SCALE), (x, CHANCE[1] * SCALE)], fill=FAINT, width=SCALE)
        for axis in (VOLTAGE, CHANCE):
            draw.line([(LEFT * SCALE, axis[1] * SCALE), (RIGHT * SCALE, axis[1] * SCALE)], fill=FAINT, width=SCALE)
        self.words(draw, RIGHT, 376, f"{now_ms - self.start_ms} ms", INK, anchor="ra")


def picture(placed, voltages, traces, now_ms, step_ms):
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), "white")
    draw = ImageDraw.Draw(image)
    draw_tree(draw, placed, voltages[now_ms // step_ms])
    traces.words(draw, 14, 378, f"{len(placed)} compartments, coloured by voltage", FAINT)
    traces.draw(draw, now_ms)
    return image.resize((WIDTH, HEIGHT), Image.LANCZOS)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--from", dest="start", type=int, default=900, help="ms of the trial")
    parser.add_argument("--to", dest="end", type=int, default=1050, help="ms of the trial")
    parser.add_argument("--still", type=pathlib.Path, help="a PNG file of the last frame, too")
    asked = parser.parse_args()
    neuron = json.loads((asked.run / "neuron.json").read_text())
    threshold = json.loads((asked.run / "metrics.json").read_text())["spike.threshold"]
    trial = neuron["trial"]
    voltages, step_ms = read_voltages(trial), trial["voltages"]["step_ms"]
    placed = place_lines(neuron["lines"])
    traces = Traces(trial, threshold, asked.start, asked.end)
    frames = [picture(placed, voltages, traces, ms, step_ms) for ms in range(asked.start + FRAME_MS, asked.end, FRAME_MS)]
    pauses = [SHOWN_FOR_MS] * (len(frames) - 1) + [2500]
    frames[0].save(asked.out, save_all=True, append_images=frames[1:], duration=pauses, loop=0, quality=45, method=4)
    if asked.still:
        frames[-1].save(asked.still)


if __name__ == "__main__":
    main()
