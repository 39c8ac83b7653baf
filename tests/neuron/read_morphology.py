"""What NEURON's Import3d makes of SWC and ASC files, in a process of its own: a file that breaks it breaks no test.

    read_morphology.py OUT.json FILE...

OUT.json: {FILE: [[name, parent or "-", parent x, [[x, y, z, diameter] of each point]] of each section]}; null where NEURON refuses the file.
"""
import json
import sys

from neuron import h


def sections(file):
    reader = h.Import3d_SWC_read() if file.endswith(".swc") else h.Import3d_Neurolucida3()
    reader.quiet = 1
    try:
        reader.input(file)
        h.Import3d_GUI(reader, False).instantiate(None)
        if len(reader.type) < 1:
            return None
    except RuntimeError:
        return None
    read = []
    for section in h.allsec():
        on = section.parentseg()
        points = [[section.x3d(i), section.y3d(i), section.z3d(i), section.diam3d(i)] for i in range(section.n3d())]
        read.append([section.name(), "-" if on is None else on.sec.name(), 0 if on is None else on.x, points])
    return read


def main():
    h.load_file("stdlib.hoc")
    h.load_file("import3d.hoc")
    read = {}
    for file in sys.argv[2:]:
        read[file] = sections(file)
        for section in list(h.allsec()):
            h.delete_section(sec=section)
    with open(sys.argv[1], "w") as out:
        json.dump(read, out)


if __name__ == "__main__":
    main()
