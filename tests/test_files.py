"""What is written appears whole, through links, and by one program at a time; what stood there stays on an error."""

import errno

import pytest

from cellseg.errors import InputError
from cellseg.files import complete_file, part_name, spool_beside, write_text
from cellseg.folders import complete_folder, files_together


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def link(tmp_path):
    """A link `here/link` to `disk/real`, which is not there yet."""
    for name in ("here", "disk"):
        (tmp_path / name).mkdir()
    link = tmp_path / "here/link"
    link.symlink_to(tmp_path / "disk/real")
    return link


def test_a_link_to_a_file_stays_and_its_content_is_where_it_leads_to(link):
    for text in ("first", "second"):
        write_text(link, text)
        assert (link.is_symlink(), link.resolve().read_text()) == (True, text)
    assert names(link.parent.parent) == ["disk", "disk/real", "here", "here/link"]


def test_a_link_to_a_folder_stays(link):
    for text in ("first", "second"):
        with complete_folder(link, lambda _: True) as folder:
            (folder / "a").write_text(text)
        assert (link.is_symlink(), (link.resolve() / "a").read_text()) == (True, text)
    with files_together(link) as folder:
        (folder / "b").write_text("more")
    assert names(link.parent.parent) == ["disk", "disk/real", "disk/real/a", "disk/real/b", "here", "here/link"]


@pytest.mark.parametrize("way", [complete_file, complete_folder, files_together])
def test_of_two_that_write_one_name_the_second_is_refused_and_disturbs_nothing(tmp_path, way):
    path = tmp_path / "out"
    with way(path) as first:
        file = first if way is complete_file else first / "a"
        file.write_text("whole")
        with pytest.raises(InputError, match="out: is being written by another cellseg"), way(path):
            raise AssertionError
        assert file.read_text() == "whole"
    assert (path if way is complete_file else path / "a").read_text() == "whole"
    assert not [name for name in names(tmp_path) if name.startswith(".")]


def test_files_that_a_killed_program_left_are_no_hindrance(tmp_path):
    part = part_name(tmp_path / "out")
    part.write_text("half")
    part.with_name(f".{part.name}.lock").write_text("")
    write_text(tmp_path / "out", "whole")
    assert names(tmp_path) == ["out"]


def _written_until(error, out):
    with files_together(out) as folder:
        (folder / "old").write_text("half")
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_files_appear_together_or_not_at_all(tmp_path, error):
    out = tmp_path / "out"
    out.mkdir()
    (out / "other").write_text("stays")
    (out / "old").write_text("old")
    with pytest.raises((KeyboardInterrupt, InputError)):
        _written_until(error, out)
    assert (names(tmp_path), (out / "old").read_text()) == (["out", "out/old", "out/other"], "old")
    with files_together(out) as folder:
        (folder / "in").mkdir()
        for name in ("old", "in/new"):
            (folder / name).write_text("new")
    assert names(out) == ["in", "in/new", "old", "other"]
    assert (out / "old").read_text() == (out / "in/new").read_text() == "new"


def test_what_is_collected_on_the_way_is_told_by_the_name_of_the_result(tmp_path):
    with (
        pytest.raises(InputError, match=r"table.csv: cannot be written \(No space"),
        spool_beside(tmp_path / "table.csv"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == []
