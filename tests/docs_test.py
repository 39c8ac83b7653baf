"""The documentation says what is so: its links lead somewhere, its commands exist, its reference is what the program reads."""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

from support import PROGRAM, ROOT, SLOW, InTemporaryFolder

sys.path.insert(0, str(ROOT / "docs"))
import make_reference
import make_site

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / ".github").rglob("*.md"))]


def text_of(page):
    return page.read_text()


def broken_links(page):
    for link in make_site.links(text_of(page)):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            yield f"{page.relative_to(ROOT)}: {link}: no such file"
        elif anchor and target.suffix == ".md":
            for place, make in (("GitHub", make_site.slug), ("MkDocs", make_site.slug_of_mkdocs)):
                if anchor not in make_site.anchors(text_of(target), make):
                    yield f"{page.relative_to(ROOT)}: {link}: no such heading ({place})"


def long_lines(text, most=120):
    """The numbers of the lines of prose that are too long. Rows of tables, code, commands and
    pictures may be as long as they are."""
    code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            code = not code
        elif not code and len(line) > most and not re.match(r"\s*([|<`]|!?\[[^]]*\]\(\S+\)$)", line):
            yield number


class Links(unittest.TestCase):
    def test_every_link_leads_to_a_file_and_a_heading(self):
        self.assertEqual([broken for page in PAGES for broken in broken_links(page)], [])

    def test_every_page_is_linked_from_the_index_and_in_the_menu_of_the_site(self):
        linked = {link.partition("#")[0] for link in make_site.links(text_of(ROOT / "docs/index.md"))}
        menu = (ROOT / "docs/mkdocs.yml").read_text()
        for page in sorted((ROOT / "docs").rglob("*.md")):
            name = page.relative_to(ROOT / "docs").as_posix()
            if name != "index.md":
                self.assertIn(name, linked)
            self.assertIn(f": {name}\n", menu)


class Prose(unittest.TestCase):
    def test_its_lines_have_at_most_120_characters(self):
        long = [f"{page.relative_to(ROOT)}:{number}" for page in PAGES for number in long_lines(text_of(page))]
        self.assertEqual(long, [])


class Site(unittest.TestCase):
    def test_its_pages_link_to_files_that_are_there(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            titles = make_site.stage(folder)
            self.assertEqual(len(titles), len(list(make_site.NOTEBOOKS.glob("*.ipynb"))))
            for page in folder.rglob("*.md"):
                for link in make_site.links(text_of(page)):
                    path = link.partition("#")[0]
                    if path and not re.match(r"[a-z]+:", link):
                        self.assertTrue((page.parent / path).exists(), f"{page.relative_to(folder)}: {link}")


def known_commands():
    """{command: its options}, as the program's completion knows them."""
    done = subprocess.run([PROGRAM, "completion", "bash"], capture_output=True, text=True, check=True)
    found = {}
    for command, body in re.findall(r"^    (\w+)\)\n(.*?);;\s*$\n(?=    \w+\)|  esac)", done.stdout, re.MULTILINE | re.DOTALL):
        found[command] = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", " ".join(re.findall(r'words="([^"]*)"', body))))
    return found


def commands_in(page):
    """Each `neurontwin ...` of the page's code, as words."""
    text = re.sub(r"\\\n\s*", " ", text_of(page))
    lines = [line for line, is_text in make_site.outside_code(text) if not is_text]
    lines += [code for line, is_text in make_site.outside_code(text) if is_text for code in re.findall(r"`([^`]+)`", line)]
    for line in lines:
        # The command, not the package or a URL; in a line of the shell after what comes before.
        match = re.match(r"\s*(?:\S+=\S+ )?(?:\S*/)?neurontwin ([a-z-].*)", line.partition("   #")[0])
        if match and not re.fullmatch(r"\w+ \d+", match.group(1)):  # formats: "neurontwin twin 2"
            try:
                yield ["neurontwin", *shlex.split(match.group(1).replace("[", " ").replace("]", " "), comments=True)]
            except ValueError:  # a quotation that goes on in the next line
                yield ["neurontwin", *match.group(1).split()]


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.known = known_commands()

    def wrong(self, words):
        command, options = words[1], [w.partition("=")[0] for w in words[2:] if re.fullmatch(r"--?[a-z][\w-]*(=.*)?", w)]
        if command in ("-h", "--help", "--version"):
            return None
        if command == "man":  # nobody completes it
            return None
        if command not in self.known:
            return None if command == "COMMAND" else f"no command '{command}'"
        unknown = [o for o in options if o not in self.known[command]]
        return f"'{command}' has no option {', '.join(unknown)}" if unknown else None

    def test_the_completion_is_understood(self):
        self.assertIn("--profile", self.known["run"])
        self.assertIn("--svg", self.known["inspect"])

    def test_every_command_on_a_page_names_a_command_and_options_of_the_program(self):
        found, wrong = 0, []
        for page in PAGES:
            for words in commands_in(page):
                found += 1
                if problem := self.wrong(words):
                    wrong.append(f"{page.relative_to(ROOT)}: {' '.join(words)[:100]}: {problem}")
        self.assertEqual(wrong, [])
        self.assertGreater(found, 50)

    def test_the_page_of_the_command_line_has_every_command_and_option(self):
        page = text_of(ROOT / "docs/cli.md")
        for command, options in self.known.items():
            self.assertRegex(page, rf"(neurontwin|##.*|,) {command}\b")
            for option in options - {"-h", "--help"}:
                self.assertIn(f"{option}", page, f"{option} of {command}")


# The tutorial's experiment in seconds: what its commands do is what is asked, not how good the twin becomes.
SMALL = {
    "data.trial_ms": 1000, "data.train_trials": 8, "data.valid_trials": 8, "data.test_trials": 8, "data.trials_per_shard": 8,
    "stimulus.calibrate.trials": 4, "stimulus.calibrate.tolerance": 0.5, "train.epochs": 1, "train.steps_per_epoch": 20,
    "train.warm_up_steps": 0, "evaluate.bootstrap_resamples": 50, "evaluate.interventions.trials": 0, "interpret.moments": 8,
    "interpret.attributed_spikes": 4, "interpret.added_spikes": 0,
}


@unittest.skipUnless(SLOW, "NEURONTWIN_SLOW is not 1")
class Tutorial(InTemporaryFolder):
    def test_its_commands_run_one_after_the_other(self):
        (self.folder / "cells").symlink_to(ROOT / "cells")
        small = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
        for words in commands_in(ROOT / "docs/tutorial.md"):
            if len(words) < 3 and words[1] != "list" or "NAME" in " ".join(words):
                continue  # named in the text
            if words[1] == "run":
                words = words + small  # the last --set of a key counts
            done = subprocess.run([PROGRAM, *words[1:]], cwd=self.folder, capture_output=True, text=True, timeout=1200,
                                  env={**os.environ, "BROWSER": "true"})
            self.assertEqual(done.returncode, 0, f"{' '.join(words)}: {done.stderr[-2000:]}")
        for file in ("tree.svg", "runs/my-neuron-quick/report.html", "predicted.h5", "twin.onnx", "roc.svg"):
            self.assertTrue((self.folder / file).exists(), file)


class Reference(unittest.TestCase):
    def test_it_is_what_the_program_reads_and_has_words_for_every_key(self):
        text, wrong = make_reference.make(make_reference.Program(PROGRAM), make_reference.Words(make_reference.WORDS.read_text()))
        self.assertEqual(wrong, [])
        self.assertEqual(make_reference.PAGE.read_text(), text, "docs/reference.md is old; run docs/make_reference.py")


class Project(unittest.TestCase):
    def test_the_readme_fits_on_a_screen(self):
        self.assertLess(len(text_of(ROOT / "README.md").splitlines()), 60)

    def test_files_that_name_a_version_agree(self):
        version = re.search(r"project\(neurontwin VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
        cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE).group(1)
        self.assertEqual(cited, version)
        self.assertRegex(text_of(ROOT / "CHANGELOG.md"), rf"(?m)^## {re.escape(version)}")


if __name__ == "__main__":
    unittest.main()
