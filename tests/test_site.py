"""The documentation as a site: every page is in it, its links hold, and it loads nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import re

import pytest

from tests.pages import ROOT

mkdocs = pytest.importorskip("mkdocs")


@pytest.fixture(scope="module")
def hooks():
    spec = importlib.util.spec_from_file_location("site_hooks", ROOT / "docs/site_hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_has_its_place(hooks):
    named = set(re.findall(r"[\w./-]+\.md", (ROOT / "mkdocs.yml").read_text("utf-8")))
    ours = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert named == ours | set(hooks.OUTSIDE.values()) | set(hooks._of_data()) | {"commands.md", "python.md"}


@pytest.mark.parametrize(
    ("link", "source", "uri", "moved"),
    [
        ("[a](docs/training.md#x)", "README.md", "index.md", "[a](training.md#x)"),
        ("![p](docs/pictures/a.png)", "README.md", "index.md", "![p](pictures/a.png)"),
        ("[a](../README.md)", "docs/a.md", "a.md", "[a](index.md)"),
        ("[a](../../data/README.md)", "docs/tutorials/a.md", "tutorials/a.md", "[a](../data/README.md)"),
        ("[a](https://a.b/c.md)", "README.md", "index.md", "[a](https://a.b/c.md)"),
    ],
)
def test_links_go_where_the_pages_lie(hooks, link, source, uri, moved):
    assert hooks.moved_links(link, source, uri) == moved


def test_docstrings_become_lists(hooks):
    doc = """Sum.

    Args:
        a: one,
            and more.
        b: two.
    """
    assert hooks.formatted(doc).split("\n")[3:] == ["**Args**", "", "- a: one,", "  and more.", "- b: two."]


@pytest.mark.slow
def test_the_site_is_built_without_a_broken_link_or_anything_from_elsewhere(tmp_path, caplog):
    """Slow: it imports every public name and renders all pages."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(tmp_path)))
    assert not [record.message for record in caplog.records if record.levelname == "WARNING"]
    pages = {path.name: path.read_text("utf-8") for path in tmp_path.rglob("*.html")}
    assert {"index.html", "commands.html", "python.html"} <= set(pages)
    for name, page in pages.items():
        assert not re.findall(r'(?:src="|<link[^>]*stylesheet[^>]*href=")https?://', page), name
    assert "--resume" in pages["commands.html"]
    assert "cellseg.weight_map(" in pages["python.html"]
