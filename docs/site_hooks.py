"""Pages of the site that lie elsewhere or are made of the program itself: README, data sets, commands, Python.

`make docs` reads this (mkdocs' hooks). Links between pages are those of the repository, so that they work on a forge
too; here they are changed to where the pages lie in the site.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

import cellseg

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = {"README.md": "index.md", "CHANGELOG.md": "CHANGELOG.md", "CONTRIBUTING.md": "CONTRIBUTING.md"}
"""Pages outside of docs/, by their place in the site."""
CITATION = "CITATION.cff"
LINK = re.compile(r"(\]\()([^)#:\s]+)((?:#[^)]*)?\))")
LIST = re.compile(r"(?m)^(?!\s*[-*|]|\s*$|\d)(.*\S.*)\n(?=(?:- |\* |\d+\. ))")
LABEL = re.compile(r"(Args|Returns|Yields|Raises|Attributes):")
ANNOTATION = re.compile(r"(: |-> )'([^']+)'")
SIGNATURE = "```python\ncellseg.{}{}\n```"


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that lie outside of docs/, and those that are made."""
    from mkdocs.structure.files import File

    for source, uri in {**OUTSIDE, **_of_data()}.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, uri, content=moved_links(text, source, uri)))
    files.append(File.generated(config, CITATION, content=(ROOT / CITATION).read_text(encoding="utf-8")))
    for uri, content in {"commands.md": commands(), "python.md": python_names()}.items():
        files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links of a page of docs/ to what lies outside; lists stand apart from the text before them, as is wanted."""
    uri = page.file.src_uri
    if page.file.generated_by is None:
        markdown = moved_links(markdown, f"docs/{uri}", uri)
    return LIST.sub(r"\1\n\n", markdown)


def moved_links(text: str, source: str, uri: str) -> str:
    """The text with links from where the page lies in the repository changed to those in the site."""

    def moved(found: re.Match[str]) -> str:
        target = PurePosixPath(_normal(PurePosixPath(source).parent / found[2]))
        place = OUTSIDE.get(str(target)) or str(target).removeprefix("docs/")
        return f"{found[1]}{_relative(place, uri)}{found[3]}"

    return LINK.sub(moved, text)


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def _relative(place: str, uri: str) -> str:
    return "../" * (len(PurePosixPath(uri).parts) - 1) + place


def _of_data() -> dict[str, str]:
    pages = [*(ROOT / "data").glob("*/README.md"), ROOT / "data/README.md"]
    return {path.relative_to(ROOT).as_posix(): path.relative_to(ROOT).as_posix() for path in pages}


def commands() -> str:
    """The reference of the command line, from options and docstrings."""
    from cellseg.cli.app import command_line
    from cellseg.cli.flags import explain

    explain()
    text: str = command_line().generate_docs(output_format="markdown")
    first, rest = text.split("## Table of Contents", 1)
    return f"{first}{rest.split('**Commands**', 1)[0]}\n## cellseg" + rest.split("\n## cellseg", 1)[1]


def python_names() -> str:
    """The reference of the public names, from their docstrings."""
    parts = [
        "# Python",
        "",
        "The names of `import cellseg`; arrays are NumPy's. Errors for people are `cellseg.InputError`.",
        "",
    ]
    for name in (name for name in cellseg.__all__ if name != "__version__"):
        parts += [f"## {name}", "", _described(name), ""]
    return "\n".join(parts)


def _described(name: str) -> str:
    thing = getattr(cellseg, name)
    if isinstance(thing, ModuleType):
        listed = [word for word in getattr(thing, "__all__", dir(thing)) if not word.startswith("_")]
        functions = [word for word in listed if inspect.isfunction(getattr(thing, word))]
        return f"{formatted(thing.__doc__ or '')}\n\n" + "\n".join(_line_of(thing, name, word) for word in functions)
    if not callable(thing):
        return f"`{', '.join(thing)}`" if isinstance(thing, dict) else ""
    return SIGNATURE.format(name, _signature(thing)) + f"\n\n{formatted(thing.__doc__ or '')}"


def _line_of(module: ModuleType, name: str, word: str) -> str:
    function = getattr(module, word)
    first = (function.__doc__ or "").split("\n\n")[0]
    return f"- `{name}.{word}{_signature(function)}`: {' '.join(first.split())}"


def _signature(thing: Any) -> str:
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    return ANNOTATION.sub(r"\1\2", str(signature))


def formatted(doc: str) -> str:
    """A docstring as Markdown: its sections become lists."""
    lines, inside = [], False
    for line in inspect.cleandoc(doc).splitlines():
        label = LABEL.fullmatch(line.strip())
        inside = bool(label) or (inside and (not line or line.startswith(" ")))
        if label:
            lines += ["", f"**{label[1]}**", ""]
        elif inside and line.startswith("    ") and not line.startswith("     "):
            lines.append(f"- {line.strip()}")
        else:
            lines.append(line if not inside else f"  {line.strip()}" if line else "")
    return "\n".join(lines)
