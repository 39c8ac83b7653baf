#!/usr/bin/env python3
"""The table of what bench/gpu/device_speed printed as JSON, for docs/performance.md."""
import json
import sys


def rows(of, keys):
    lines = ["| " + " | ".join(title for title, _, _ in keys) + " |", "|" + "---|" * len(keys)]
    for row in of:
        lines.append("| " + " | ".join(format(row[key], form) for _, key, form in keys) + " |")
    return lines


def main():
    with open(sys.argv[1]) as file:
        all_ = json.load(file)
    solver, twins, training = all_["solver"], all_["twins"], all_["training"]
    lines = [f"{all_['device']} {all_['architecture']}".rstrip(), "",
             f"Layer-5 cell of {solver['compartments']} compartments, dt {solver['dt_ms']} ms, trials of {solver['trial_ms']} ms "
             f"(compiling and loading: {solver['s_to_compile_and_load']:.1f} s)", ""]
    lines += rows(solver["rates"], [("trials at once", "trials", "d"), ("seconds", "seconds", ".2f"),
                                    ("cell-seconds per second", "cell_s_per_s", ".3g")])
    for name in ("float", "double"):
        against = solver[f"against_cpu_{name}"]
        lines += ["", f"Against the CPU in {name}: {against['of_these_within_1_ms']} of {against['spikes_of_cpu']} spikes within 1 ms "
                      f"({against['spikes']} on the device); below -55 mV {against['rms_below_minus_55_mV']:.4f} mV RMS, "
                      f"{against['largest_below_minus_55_mV']:.3f} at most; one core: {against['cell_s_per_s_of_one_core']:.2f} "
                      "cell-seconds per second"]
    lines += ["", f"Twins: {twins['twin']}, {twins['input_spikes_per_ms']:g} input spikes per ms, {twins['ms_of_a_launch']} ms a launch", ""]
    lines += rows(twins["rates"], [("twins", "twins", "d"), ("neuron-ms per s, device alone", "neuron_ms_per_s_of_the_device", ".3g"),
                                   ("with input and answers on the host", "neuron_ms_per_s_with_input_and_answers_on_the_host", ".3g")])
    lines += ["", f"Networks of such twins, 100 connections each, {all_['networks'][0]['ms']} ms", ""]
    lines += rows(all_["networks"], [("twins", "twins", "d"), ("contacts", "contacts", "d"), ("seconds to wire", "s_to_wire", ".2f"),
                                     ("neuron-ms per s", "neuron_ms_per_s", ".3g")])
    for one in training:
        lines += ["", f"Training steps: {one['twin']}, windows of {one['window_ms']} ms after {one['history_ms']} ms"
                      + (f"; against PyTorch {all_['torch']}" if "torch" in all_ else ""), ""]
        columns = [("windows", "windows", "d"), ("seconds", "seconds", ".4f"), ("one core of the CPU", "seconds_of_one_core", ".4f"),
                   ("apart from the CPU after a step", "apart_after_a_step", ".1g")]
        if all("torch" in rate for rate in one["rates"]):
            for rate in one["rates"]:
                rate |= rate["torch"] | {"factor": min(rate["torch"].values()) / rate["seconds"]}
            columns += [("PyTorch eager", "eager", ".4f"), ("scripted", "scripted", ".4f"), ("times as fast as the faster", "factor", ".3g")]
        lines += rows(one["rates"], columns)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
