"""Translates .mod files with NEURON's own compiler and makes the library that NEURON loads.

What nrnivmodl does, without it: Debian's nrnivmodl looks for its makefile where Debian does not put it. Needs neuron and neuron-dev.
"""
import os
import pathlib
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

# NEURON has mechanisms of these names: ours of the catalogue go by others there.
RENAMED = {"AlphaSynapse": "OurAlphaSynapse", "IClamp": "OurIClamp"}
UNITS = "/usr/share/nrn/lib/nrnunits.lib"
INCLUDE = ["-I/usr/include", "-I/usr/lib/x86_64-linux-gnu/openmpi/include"]
FLAGS = ["-fPIC", "-w", "-DHAVE_CONFIG_H", "-DMPI_NO_CPPBIND=1", "-DOMPI_SKIP_MPICXX=1", "-DMPICH_SKIP_MPICXX=1"]


def available():
    """Whether this machine has NEURON with its compiler of mechanisms."""
    return shutil.which("nocmodl") is not None and pathlib.Path(UNITS).exists()


def name_in_neuron(mod):
    """The SUFFIX or POINT_PROCESS of a .mod file, as NEURON knows it."""
    name = re.search(r"\b(?:SUFFIX|POINT_PROCESS)\s+(\w+)", mod.read_text()).group(1)
    return RENAMED.get(name, name)


def translate(mod, folder):
    """NMODL to C, in `folder`; returns what nocmodl said where it refused, None where it did not."""
    text = mod.read_text()
    for ours, theirs in RENAMED.items():
        text = re.sub(rf"POINT_PROCESS {ours}\b", f"POINT_PROCESS {theirs}", text)
    source = folder / mod.name
    source.write_text(text)
    done = subprocess.run(["nocmodl", source.name], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "MODLUNIT": UNITS})
    return None if done.returncode == 0 else (done.stdout + done.stderr).strip()


def build_library(mods, folder, optimise=("-O0",)):
    """Compiles the .mod files into folder/libnrnmech.so. Returns its path and {file name: why NEURON refused it}; the library holds the others."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        refused = {mod.name: why for mod, why in zip(mods, pool.map(lambda mod: translate(mod, folder), mods)) if why is not None}
        names = [mod.stem for mod in mods if mod.name not in refused]
        entry = folder / "mod_func.c"
        entry.write_text("".join(f"extern void _{name}_reg(void);\n" for name in names)
                         + "void modl_reg(void) {\n" + "".join(f"  _{name}_reg();\n" for name in names) + "}\n")

        def compile_c(name):
            done = subprocess.run(["cc", *optimise, *FLAGS, *INCLUDE, "-c", f"{name}.c", "-o", f"{name}.o"], cwd=folder, capture_output=True, text=True)
            return done.stderr if done.returncode else None

        for name, why in zip(names, pool.map(compile_c, names)):
            if why is not None:
                refused[f"{name}.mod"] = why
    kept = [name for name in names if f"{name}.mod" not in refused]
    if kept != names:
        return build_library([mod for mod in mods if mod.stem in kept], folder, optimise)[0], refused
    objects = [f"{name}.o" for name in kept]
    subprocess.run(["cc", *FLAGS, *INCLUDE, "-c", "mod_func.c", "-o", "mod_func.o"], cwd=folder, check=True)
    library = folder / "libnrnmech.so"
    subprocess.run(["cc", "-shared", "-o", str(library), "mod_func.o", *objects, "-L/usr/lib/nrn", "-lnrniv", "-Wl,-rpath,/usr/lib/nrn"], cwd=folder, check=True)
    return library, refused
