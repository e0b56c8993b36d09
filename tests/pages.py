"""Pages of the documentation as programs: their blocks of commands and of Python, run here, with small sizes.

A page says in comments what is smaller in tests (`<!-- in tests: A => B -->`), which block is left out and why
(`<!-- in tests: skip, REASON -->`, before it), and which files it makes (`<!-- makes: FILES -->`).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from cellseg import cli

ROOT = Path(__file__).parents[1]
PARTS = re.compile(
    r"<!-- (?P<say>in tests|makes): (?P<what>.*?) -->|^```(?P<kind>bash|python)\n(?P<text>.*?)^```", re.S | re.M
)


@dataclass(frozen=True)
class Block:
    """A block of a page, and why it is left out, if it is."""

    kind: str
    text: str
    skipped: str = ""


@dataclass(frozen=True)
class Program:
    blocks: list[Block]
    makes: list[str]


def program_of(page: Path) -> Program:
    """The blocks of a page with the sizes of tests, in order, and the files that it makes."""
    smaller, blocks, makes, skipped = [], [], [], ""
    for part in PARTS.finditer(page.read_text("utf-8")):
        if part["say"] == "makes":
            makes += part["what"].split()
        elif part["say"] and part["what"].startswith("skip, "):
            skipped = part["what"].removeprefix("skip, ")
        elif part["say"]:
            smaller.append(part["what"].split(" => "))
        else:
            text = part["text"]
            for large, small in smaller:
                text = text.replace(large, small)
            blocks.append(Block(part["kind"], text, skipped))
            skipped = ""
    return Program(blocks, makes)


def run_program(program: Program) -> None:
    """Run all blocks in the working folder; a command must end with exit code 0."""
    names: dict = {}
    for block in program.blocks:
        if block.skipped:
            continue
        if block.kind == "python":
            exec(block.text, names)
        else:
            for line in block.text.replace("\\\n", " ").splitlines():
                program_name, *words = shlex.split(line, comments=True)
                assert program_name == "cellseg", line
                assert cli.run(words) == 0, line
