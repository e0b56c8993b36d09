"""Every command that README and the pages show is one that the command line takes, with the options shown.

It is parsed, not run: what it names is not there. The tutorials are run (tests/test_tutorials.py).
"""

from __future__ import annotations

import re
import shlex

import pytest

from cellseg.cli.app import command_line
from tests.pages import ROOT

PAGES = [ROOT / "README.md", ROOT / "data/README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NUMBERS = {"--tile": "64", "--diameter": "20", "--object-diameter": "20", "--minimum-size": "20", "--fill-holes": "20"}
"""What stands for a value that a page names in capitals."""
LEFT_OUT = {"--loss absolute": "run by tests/test_extensions.py, with its package"}
"""Commands that are not parsed, and why."""
ENDS = ("|", ">", "&&", "&", "...", "2>&1")
BLOCK = re.compile(r"(?m)^(?: {4,}|(?=cellseg )).*$")


def commands_of(text: str) -> list[str]:
    """Commands in blocks: indented, or between fences."""
    text = re.sub(r"\\\n\s*", "", text)
    lines = [line.strip().removeprefix("$ ") for line in BLOCK.findall(text)]
    fenced = [line for block in re.findall(r"(?ms)^```bash\n(.*?)^```", text) for line in block.splitlines()]
    known = set(command_line())
    return [
        line
        for line in dict.fromkeys(lines + fenced)
        if re.match(r"cellseg [a-z]+ ", f"{line} ") and line.split()[1] in known
    ]


def mentions_of(text: str) -> list[str]:
    """Commands between backticks, which may be only a part of one."""
    return re.findall(r"`(cellseg [a-z]+[^`]*)`", text.replace("\n", " "))


def words_of(line: str) -> list[str]:
    words = shlex.split(re.sub(r"[\[\]]|(?<=\w)\|\S+", "", line), comments=True)[1:]
    for number, word in enumerate(words[:-1]):
        if word in NUMBERS and words[number + 1].isupper():
            words[number + 1] = NUMBERS[word]
    return words[: next((k for k, word in enumerate(words) if word in ENDS), None)]


def test_commands_are_found():
    page = "a `cellseg info X`\n\n    $ cellseg train --images I   # why\n    cellseg predict A \\\n        --out B\n"
    assert [words_of(line)[0] for line in commands_of(page)] == ["train", "predict"]
    assert mentions_of(page) == ["cellseg info X"]


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_commands_are_taken(page):
    app, wrong = command_line(), []
    for line in commands_of(page.read_text("utf-8")):
        if any(part in line for part in LEFT_OUT):
            continue
        try:
            app.parse_args(words_of(line), exit_on_error=False, print_error=False)
        except Exception as error:
            wrong.append(f"{line}: {error}")
    assert wrong == []


def test_commands_and_flags_that_pages_mention_are_there():
    app = command_line()
    flags = {
        name: {flag for one in app[name].assemble_argument_collection() for flag in one.names}
        for name in app
        if name[0] != "-"
    }
    for page in PAGES:
        for line in mentions_of(page.read_text("utf-8")):
            command, *words = line.split()[1:]
            assert command in flags, f"{page.name}: {line}"
            unknown = {word.split("=")[0].strip("[]") for word in words if word.startswith("--")} - flags[command]
            assert unknown <= {"--help", "--version"}, f"{page.name}: {line}"
