"""The rooms of src/ see only what CMakeLists.txt says, and others see nothing of them but their public headers."""
import re
import unittest
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = PROJECT / "src"
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
ANY_INCLUDE = re.compile(r'^#include [<"]([^>"]+)[>"]', re.MULTILINE)
# Rooms and headers above `run` that show JSON: what reads it, what is kept as it, and the page.
WITH_JSON = {"files", "twin", "report", "train/train_state.hpp"}


def rooms_above():
    """Of each room, all rooms that it may include: those before it in CMakeLists.txt, and its own."""
    rooms = re.findall(r"^room\((\w+)", (PROJECT / "CMakeLists.txt").read_text(), re.MULTILINE)
    return {room: set(rooms[:i + 1]) for i, room in enumerate(rooms)}


def sources(folder):
    return [file for ending in ("*.cpp", "*.hpp", "*.cu") for file in sorted(folder.rglob(ending))]


def shared_classes(text):
    """Full names of the classes that a file defines for more than itself. The formatting puts each at a line's start."""
    inside = []
    for line in text.splitlines():
        if line.startswith("namespace"):
            inside.append(line.split()[1] if line != "namespace {" else "")
        elif line.startswith("}  // namespace"):
            inside.pop()
        elif found := re.match(r"(?:struct|class) (\w+)(?: final)?(?: : [^{]*)? \{$", line):
            if not any(name in ("", "HWY_NAMESPACE") for name in inside):
                yield "::".join([*inside, found[1]])


class Rooms(unittest.TestCase):
    def test_a_room_includes_only_rooms_above_it(self):
        above = rooms_above()
        self.assertGreater(len(above), 15)
        ground = {"neurontwin"}  # errors and whoever waits: what the front door and all rooms share
        for room, allowed in above.items():
            for file in sources(SOURCES / room):
                for path in INCLUDE.findall(file.read_text()):
                    if "/" not in path:
                        continue
                    of = path.split("/")[0]
                    if of not in above and of not in ground:
                        continue  # a file of another kind
                    tests_may_read = file.name.endswith("_test.cpp")
                    with self.subTest(file=str(file.relative_to(PROJECT)), include=path):
                        if of in ground:
                            self.assertTrue(path == "neurontwin/error.hpp" or room in ("run", "front_door", "cli"))
                        elif not tests_may_read:
                            self.assertIn(of, allowed)

    def test_private_headers_are_included_by_their_own_room_alone(self):
        for folder in (SOURCES, PROJECT / "tests", PROJECT / "bench"):
            for file in sources(folder):
                own = file.relative_to(SOURCES).parts[0] if folder == SOURCES else ""
                for path in INCLUDE.findall(file.read_text()):
                    parts = path.split("/")
                    if len(parts) == 3 and parts[1] == "detail":
                        with self.subTest(file=str(file.relative_to(PROJECT)), include=path):
                            self.assertEqual(parts[0], own)

    def test_a_class_has_one_definition(self):
        """Of two with one name the linker takes the destructor of either for both, and no compiler says so."""
        where = {}
        for file in sources(SOURCES):
            for name in shared_classes(file.read_text()):
                where.setdefault(name, []).append(str(file.relative_to(PROJECT)))
        self.assertGreater(len(where), 300)
        self.assertEqual({name: files for name, files in where.items() if len(files) > 1}, {})

    def test_each_room_has_a_namespace_of_its_own(self):
        for room in rooms_above():
            if room in ("front_door",):
                continue
            for file in sources(SOURCES / room):
                for name in re.findall(r"^namespace (nt(?:::\w+)*) \{", file.read_text(), re.MULTILINE):
                    with self.subTest(file=str(file.relative_to(PROJECT))):
                        self.assertTrue(name == "nt" or name.split("::")[1] == room, name)

    def test_results_are_values_and_json_is_made_in_run(self):
        rooms = list(rooms_above())
        for room in rooms[:rooms.index("run")]:
            for file in sources(SOURCES / room):
                path = str(file.relative_to(SOURCES))
                may_keep_json = file.suffix == ".cpp" and room not in ("evaluate", "interpret")
                if may_keep_json or {room, path} & WITH_JSON:
                    continue
                with self.subTest(file=path):
                    includes = ANY_INCLUDE.findall(file.read_text())
                    self.assertFalse([i for i in includes if re.match(r"nlohmann/|files/\w*json\.hpp", i)])

    def test_the_command_line_uses_the_front_door_alone(self):
        for file in sources(SOURCES / "cli"):
            for path in INCLUDE.findall(file.read_text()):
                with self.subTest(file=str(file.relative_to(PROJECT)), include=path):
                    self.assertTrue(path.startswith(("cli/", "neurontwin/")) or path in ("config/error.hpp", "config/nearest_word.hpp", "config/printable.hpp", "config/shown.hpp"))

    def test_the_front_door_shows_nothing_but_the_standard_library(self):
        headers = sorted((PROJECT / "include/neurontwin").glob("*.hpp"))
        self.assertEqual([header.stem for header in headers],
                         ["dataset", "error", "evaluate", "input", "neuron", "run", "simulate", "train", "twin"])
        for header in headers:
            text = header.read_text()
            for path in INCLUDE.findall(text):
                self.assertTrue(path.startswith("neurontwin/"), f"{header.name} includes {path}")
            for word in ("nlohmann", "toml::", "torch", "Eigen", "fmt::"):
                self.assertNotIn(word, text, header.name)


if __name__ == "__main__":
    unittest.main()
