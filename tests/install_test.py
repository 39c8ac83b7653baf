"""What cmake --install puts in place: the program, and libraries that other programs build against."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ["NEURONTWIN"]).resolve().parent


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.prefix = Path(cls.folder.name) / "prefix"
        cls.examples = Path(cls.folder.name) / "examples"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        run("cmake", "-S", PROJECT / "examples", "-B", cls.examples, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
            f"-DCMAKE_PREFIX_PATH={cls.prefix}")
        run("cmake", "--build", cls.examples)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_the_program_runs_where_it_was_installed(self):
        self.assertRegex(run(self.prefix / "bin/neurontwin", "--version"), r"^neurontwin \d")

    def test_the_manual_page_names_every_command_and_option_that_help_shows(self):
        page = (self.prefix / "share/man/man1/neurontwin.1").read_text().replace("\\-", "-")
        self.assertTrue(page.startswith(".TH NEURONTWIN 1 "))
        helped = run(self.prefix / "bin/neurontwin", "--help").split("Subcommands:")[1]
        commands = [line.split()[0] for line in helped.splitlines() if re.match(r"  \w", line)]
        self.assertIn("predict", commands)
        for command in commands:
            part = page.split(f".SS {command} ")[1].split(".SS ")[0]
            for option in re.findall(r"^  (--[\w-]+)", run(self.prefix / "bin/neurontwin", command, "--help"), re.M):
                self.assertIn(option, part)

    def completed_by_bash(self, *words):
        file = self.prefix / "share/bash-completion/completions/neurontwin"
        return run("bash", "-c", 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _neurontwin; '
                   'echo "${COMPREPLY[@]}"', "bash", file, *words).split()

    def test_bash_completes_commands_options_and_values(self):
        self.assertEqual(self.completed_by_bash("neurontwin", "in"), ["interpret", "inspect"])
        self.assertEqual(self.completed_by_bash("neurontwin", "predict", "twin.safetensors", "--i"), ["--input"])
        self.assertEqual(self.completed_by_bash("neurontwin", "run", "a.toml", "--device", "c"), ["cpu", "cuda"])
        self.assertEqual(self.completed_by_bash("neurontwin", "completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.completed_by_bash("neurontwin", "run", "a"), [])  # bash goes on with file names

    def test_completion_is_installed_for_zsh_and_fish(self):
        zsh = (self.prefix / "share/zsh/site-functions/_neurontwin").read_text()
        fish = (self.prefix / "share/fish/vendor_completions.d/neurontwin.fish").read_text()
        self.assertIn("#compdef neurontwin", zsh)
        self.assertIn("*--scheme[", zsh)
        self.assertIn("-l scheme -r -f -a 'euler crank-nicolson'", fish)

    def test_no_header_of_a_room_is_installed(self):
        headers = {str(file.relative_to(self.prefix / "include")) for file in (self.prefix / "include").rglob("*.h*")}
        self.assertIn("neurontwin/simulate.hpp", headers)
        self.assertTrue(all(name.startswith("neurontwin/") for name in headers), headers)

    def test_the_library_shows_no_name_but_its_own(self):
        library = next(self.prefix.rglob("libneurontwin.so"))
        names = [line.split(maxsplit=2)[2] for line in
                 run("nm", "-D", "--defined-only", "-C", library).splitlines() if len(line.split(maxsplit=2)) == 3]
        foreign = [name for name in names if "neurontwin::" not in name]
        self.assertGreater(len(names), 30)
        self.assertEqual(foreign, [])

    def test_an_example_simulates_a_cell(self):
        out = run(self.examples / "simulate_cell", PROJECT / "cells/ball-and-stick.toml")
        self.assertIn("detailed neuron of", out)
        self.assertEqual(out.count("trial "), 4)

    def test_examples_train_on_arrays_and_put_the_twin_to_work(self):
        out = Path(self.folder.name) / "trained"
        self.assertIn("spike AUC", run(self.examples / "train_on_arrays", out))
        self.assertIn("ms by ms it differs", run(self.examples / "predict", out / "twin.safetensors"))
        run(self.examples / "engine", out / "twin.safetensors")

    def test_an_error_of_the_library_is_caught_by_its_type(self):
        done = subprocess.run([self.examples / "simulate_cell", "/nowhere.toml"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nowhere.toml", done.stderr)


class AddedAsASubdirectory(unittest.TestCase):
    def test_another_project_adds_this_one_and_links_its_library(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / "CMakeLists.txt").write_text(
                "cmake_minimum_required(VERSION 3.25)\nproject(other LANGUAGES C CXX)\n"
                f"add_subdirectory({PROJECT} neurontwin)\n"
                f"add_executable(other {PROJECT}/examples/simulate_cell.cpp)\n"
                "target_link_libraries(other PRIVATE neurontwin::neurontwin)\n")
            run("cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release")
            rules = (folder / "build/build.ninja").read_text()
            self.assertIn("build other: CXX_EXECUTABLE_LINKER", rules)
            self.assertNotIn("config_test", rules)
            if os.environ.get("NEURONTWIN_SLOW"):
                run("cmake", "--build", folder / "build", "--target", "other")
                run(folder / "build/other", PROJECT / "cells/ball-and-stick.toml")


if __name__ == "__main__":
    unittest.main()
