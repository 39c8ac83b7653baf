#!/usr/bin/env python3
"""The table of what bench/gpu/device_speed wrote as JSON, for docs/performance.md. Of several files it makes one first: each holds
parts of what was measured. What is missing in them is left out.

  bench/gpu/table.py build/gpu/gpu.json
  bench/gpu/table.py --into build/gpu/gpu.json solver.json training.json
"""
import argparse
import json
import pathlib
import re


def rows(of, keys):
    """Keys that none of them has are no columns."""
    keys = [key for key in keys if any(key[1] in row for row in of)]
    lines = ["| " + " | ".join(title for title, _, _ in keys) + " |", "|" + "---|" * len(keys)]
    for row in of:
        lines.append("| " + " | ".join(format(row[key], form) if key in row else "" for _, key, form in keys) + " |")
    return lines + [""]


def solver_lines(solver):
    lines = [f"Layer-5 cell of {solver['compartments']} compartments, dt {solver['dt_ms']} ms, trials of {solver['trial_ms']} ms "
             f"(compiling and loading: {solver['s_to_compile_and_load']:.1f} s)", ""]
    lines += rows(solver.get("rates", []), [("trials at once", "trials", "d"), ("seconds", "seconds", ".2f"),
                                            ("cell-seconds per second", "cell_s_per_s", ".3g")])
    for name in ("float", "double"):
        against = solver.get(f"against_cpu_{name}")
        if against is None:
            continue
        lines += [f"Against the CPU in {name}: {against['of_these_within_1_ms']} of {against['spikes_of_cpu']} spikes within 1 ms "
                  f"({against['spikes']} on the device); below -55 mV {against['rms_below_minus_55_mV']:.4f} mV RMS, "
                  f"{against['largest_below_minus_55_mV']:.3f} at most; one core: {against['cell_s_per_s_of_one_core']:.2f} "
                  "cell-seconds per second", ""]
    return lines


def training_lines(one, torch):
    rates = [dict(rate) for rate in one.get("rates", [])]
    for rate in rates:
        times = rate.get("torch")
        if times:
            rate |= times | {"factor": min(times.values()) / rate["seconds"]}
    raced = torch is not None and any("factor" in rate for rate in rates)
    lines = [f"Training steps: {one['twin']}, windows of {one['window_ms']} ms after {one['history_ms']} ms"
             + (f"; against PyTorch {torch}" if raced else ""), ""]
    return lines + rows(rates, [("windows", "windows", "d"), ("seconds", "seconds", ".4f"),
                                ("one core of the CPU", "seconds_of_one_core", ".4f"),
                                ("apart from the CPU after a step", "apart_after_a_step", ".1g"), ("PyTorch eager", "eager", ".4f"),
                                ("scripted", "scripted", ".4f"), ("times as fast as the faster", "factor", ".3g")])


def tests_in(folder):
    """What the tests of device code said, each program in a file."""
    passed, failed, skipped, cut = 0, [], [], []
    for file in sorted(folder.glob("*.txt")):
        said = file.read_text(errors="replace")
        passed += len(re.findall(r"^\[       OK \]", said, re.M))
        failed += re.findall(r"^\[  FAILED  \] (\S+) \(", said, re.M)
        failed += re.findall(r"^\[  FAILED  \] (\S+), where .* \(", said, re.M)
        skipped += re.findall(r"^\[  SKIPPED \] (\S+) \(", said, re.M)
        if not re.search(r"^\[==========\] .* ran\.", said, re.M):
            begun = re.findall(r"^\[ RUN      \] (\S+)", said, re.M)
            cut.append(f"{file.stem} ended in {begun[-1]}" if begun else f"{file.stem} did not start: {said[-200:].strip()}")
    return {"passed": passed, "failed": failed, "skipped": skipped, "without_an_end": cut}


def test_lines(tests):
    lines = [f"Tests of device code: {tests['passed']} passed, {len(tests['failed'])} failed, {len(tests['skipped'])} skipped", ""]
    for what in ("failed", "skipped", "without_an_end"):
        lines += [f"- {what.replace('_', ' ')}: {name}" for name in tests[what]]
    return lines if lines[-1] == "" else lines + [""]


def table(results):
    lines = [f"{results.get('device', 'No device')} {results.get('architecture', '')}".rstrip(), ""]
    if "products" in results:
        lines += [f"Matrix products of convolutions: {results['products']}", ""]
    if results.get("tests"):
        lines += test_lines(results["tests"])
    if results.get("solver"):
        lines += solver_lines(results["solver"])
    twins = results.get("twins") or {}
    if twins.get("rates"):
        lines += [f"Twins: {twins['twin']}, {twins['input_spikes_per_ms']:g} input spikes per ms, {twins['ms_of_a_launch']} ms a launch", ""]
        lines += rows(twins["rates"], [("twins", "twins", "d"), ("neuron-ms per s, device alone", "neuron_ms_per_s_of_the_device", ".3g"),
                                       ("with input and answers on the host", "neuron_ms_per_s_with_input_and_answers_on_the_host", ".3g")])
    networks = results.get("networks") or []
    if networks:
        lines += [f"Networks of such twins, 100 connections each, {networks[0]['ms']} ms", ""]
        lines += rows(networks, [("twins", "twins", "d"), ("contacts", "contacts", "d"), ("seconds to wire", "s_to_wire", ".2f"), ("Hz", "rate_hz", ".1f"),
                                 ("neuron-ms per s", "neuron_ms_per_s", ".3g")])
    for one in results.get("training") or []:
        lines += training_lines(one, results.get("torch"))
    for what, how in results.get("ended", {}).items():
        lines += [f"{what}: {how}", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=pathlib.Path, nargs="+")
    parser.add_argument("--into", type=pathlib.Path, help="what the files hold, in one")
    parser.add_argument("--tests", type=pathlib.Path, help="folder of what the tests said")
    parser.add_argument("--ended", nargs=2, action="append", default=[], metavar=("WHAT", "HOW"), help="of parts without an end")
    o = parser.parse_args()
    results = {}
    for file in o.files:
        if file.exists():
            results |= json.loads(file.read_text())
    if o.tests is not None:
        results["tests"] = tests_in(o.tests)
    if o.ended:
        results["ended"] = dict(o.ended)
    if o.into is not None:
        o.into.write_text(json.dumps(results, indent=1) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()
