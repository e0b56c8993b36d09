"""CITATION.cff as the format's schema 1.2.0 wants it, and of this version."""

from pathlib import Path

import pytest

import cellseg

ROOT = Path(__file__).parents[1]
WANTED = {"cff-version", "message", "title", "authors"}
KNOWN = WANTED | {"type", "abstract", "version", "license", "keywords", "preferred-citation"}
PERSON, ENTITY = {"family-names", "given-names"}, {"name"}
OF_A_PAPER = {"type", "title", "authors", "year", "doi", "url", "collection-title", "start", "end", "conference"}


def test_the_citation_is_valid_and_of_this_version():
    yaml = pytest.importorskip("yaml")
    tree = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert set(tree) >= WANTED
    assert set(tree) <= KNOWN
    assert (tree["cff-version"], tree["version"], tree["license"]) == ("1.2.0", cellseg.__version__, "BSD-3-Clause")
    paper = tree["preferred-citation"]
    assert set(paper) == OF_A_PAPER
    assert paper["doi"].startswith("10.")
    for author in tree["authors"] + paper["authors"]:
        assert set(author) in (PERSON, ENTITY)
