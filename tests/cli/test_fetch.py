"""fetch: recipes of the test's own from a server on this machine, which breaks, lies and stalls when it is told to."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import tifffile

from cellseg.fetching import download
from cellseg.fetching.arrange import MAKERS, numbered, painted
from cellseg.fetching.recipe import find_recipe, recipe_names
from tests.cli.conftest import assert_refused
from tests.metrics.drawing import draw


class Server:
    """Files by path; `broken` ones end early that often, `slow` ones come in drops."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.broken: dict[str, int] = {}
        self.slow: set[str] = set()
        self.ranges: list[str] = []
        self.asked: list[str] = []


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "PAUSES", (0.0, 0.0))
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self, state)

        def log_message(self, *_):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    state.address = f"http://127.0.0.1:{made.server_port}"
    yield state
    made.shutdown()
    made.server_close()


def answer(handler, state):
    name = handler.path.strip("/")
    state.asked.append(name)
    body = state.files.get(name)
    if body is None:
        handler.send_error(404)
        return
    begin = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
    state.ranges.append(handler.headers.get("Range") or "")
    handler.send_response(206 if begin else 200)
    if begin:
        handler.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
    handler.send_header("Content-Length", str(len(body) - begin))
    handler.end_headers()
    if state.broken.get(name, 0):
        state.broken[name] -= 1
        body = body[: begin + (len(body) - begin) // 2]
    for k in range(begin, len(body), 1000):
        handler.wfile.write(body[k : k + 1000])
        if name in state.slow:
            handler.wfile.flush()
            time.sleep(0.01)


def picture(values):
    file = io.BytesIO()
    tifffile.imwrite(file, values)
    return file.getvalue()


def archive(names, link=None):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, b"content of " + name.encode())
        if link is not None:
            entry = zipfile.ZipInfo(link)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            made.writestr(entry, "/etc/passwd")
    return file.getvalue()


PAGE = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)


@pytest.fixture
def recipe(server, tmp_path):
    """A recipe of two stacks of two pages, and its file."""
    server.files = {f"{kind}{k}.tif": picture(PAGE + k) for kind in "ab" for k in range(2)}
    return written(
        server, tmp_path, [("pages", "images.tif", ["a0.tif", "a1.tif"]), ("pages", "labels.tif", ["b0.tif", "b1.tif"])]
    )


def written(server, folder, groups, sums=True, size=None):
    lines = ['title = "two stacks"', 'licence = "CC0"', 'citation = "Nobody 2026"', 'images = "images.tif"']
    lines.append('labels = "labels.tif"')
    for make, to, names in groups:
        lines += ["[[groups]]", f'address = "{server.address}"', f'make = "{make}"', f'to = "{to}"', "files = ["]
        for name in names:
            data = server.files.get(name, b"")
            digest = hashlib.sha256(data).hexdigest() if sums else "-"
            lines.append(f'"{digest} {size or len(data)} {name}",')
        lines.append("]")
    path = folder / "two.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_terms_first_then_the_folder_and_nothing_the_second_time(cellseg_cli, server, recipe, tmp_path, monkeypatch):
    monkeypatch.setenv("CELLSEG_DATA", str(tmp_path / "data"))
    out = tmp_path / "data" / "two"
    done = cellseg_cli("fetch", recipe, "--json")
    assert done.code == 0, done.err
    lines = done.err.splitlines()
    assert [
        word in line for word, line in zip(("two stacks", "CC0", "Nobody 2026", "4 files"), lines, strict=False)
    ] == [True] * 4
    assert lines[-1].strip() == f"next: cellseg train --images {out}/images.tif --labels {out}/labels.tif --out RUN"
    assert json.loads(done.out)["downloaded"] is True
    np.testing.assert_array_equal(tifffile.imread(out / "images.tif"), [PAGE, PAGE + 1])
    assert sorted(os.listdir(tmp_path / "data")) == ["two"], "no download is left beside it"
    server.asked.clear()
    again = cellseg_cli("fetch", recipe, "--json")
    assert (again.code, json.loads(again.out)["downloaded"], server.asked) == (0, False, [])
    assert "already there and verified" in again.err


def test_what_was_changed_since_is_said_and_kept(cellseg_cli, recipe, tmp_path):
    out = tmp_path / "out"
    assert cellseg_cli("fetch", recipe, "--out", out).code == 0
    (out / "labels.tif").write_bytes(b"mine")
    assert_refused(cellseg_cli("fetch", recipe, "--out", out), "labels.tif", "was changed")
    assert (out / "labels.tif").read_bytes() == b"mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").touch()
    assert_refused(cellseg_cli("fetch", recipe, "--out", other), "not empty")


def test_a_broken_connection_goes_on_where_it_broke(cellseg_cli, server, recipe, tmp_path):
    server.broken = {"a1.tif": 2}
    done = cellseg_cli("fetch", recipe, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert sum(bool(begin) for begin in server.ranges) == 2
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out" / "images.tif"), [PAGE, PAGE + 1])


def test_a_body_that_stays_truncated_is_one_line_and_the_next_call_goes_on(cellseg_cli, server, recipe, tmp_path):
    server.broken = {"a1.tif": 3}
    assert_refused(cellseg_cli("fetch", recipe, "--out", tmp_path / "out"), "a1.tif", "it ended after", "goes on")
    assert not (tmp_path / "out").exists()
    assert cellseg_cli("fetch", recipe, "--out", tmp_path / "out").code == 0
    assert server.asked.count("a0.tif") == 1, "what was whole is not downloaded again"


def test_no_server_is_one_line(cellseg_cli, server, recipe, tmp_path):
    text = recipe.read_text("utf-8").replace(server.address, "http://127.0.0.1:9")
    recipe.write_text(text, encoding="utf-8")
    assert_refused(cellseg_cli("fetch", recipe, "--out", tmp_path / "out"), "cannot be downloaded", "Check the network")


@pytest.mark.parametrize("change", [lambda data: data[:-1] + b"!", lambda data: data + b"more"])
def test_another_content_is_refused_and_nothing_is_left(cellseg_cli, server, recipe, tmp_path, change):
    server.files["b1.tif"] = change(server.files["b1.tif"])
    assert_refused(cellseg_cli("fetch", recipe, "--out", tmp_path / "out"), "b1.tif", "recipe", "nothing of it is kept")
    assert not (tmp_path / "out").exists()
    kept = [path.suffix for path in (tmp_path / ".out.download").iterdir()]
    assert kept == [""] * 3, "the others stay for the next call"


def test_a_damaged_beginning_is_taken_anew(cellseg_cli, server, recipe, tmp_path):
    server.broken = {"a0.tif": 3}
    assert cellseg_cli("fetch", recipe, "--out", tmp_path / "out").code == 2
    (part,) = (tmp_path / ".out.download").iterdir()
    part.write_bytes(b"?" * part.stat().st_size)
    assert cellseg_cli("fetch", recipe, "--out", tmp_path / "out").code == 0


def test_what_is_gone_is_said_at_once(cellseg_cli, server, recipe, tmp_path):
    del server.files["a1.tif"]
    assert_refused(cellseg_cli("fetch", recipe, "--out", tmp_path / "out"), "a1.tif", "404")
    assert server.asked.count("a1.tif") == 1


@pytest.mark.parametrize(
    ("names", "link", "words"),
    [
        (["a.txt", "../b.txt"], None, "leads out"),
        (["/etc/b.txt"], None, "leads out"),
        (["a\\..\\b.txt"], None, "leads out"),
        (["a.txt"], "l", "is a link"),
    ],
)
def test_archives_that_would_do_harm(cellseg_cli, server, tmp_path, names, link, words):
    server.files = {"all.zip": archive(names, link)}
    recipe = written(server, tmp_path, [("unpacked", "files", ["all.zip"])])
    assert_refused(cellseg_cli("fetch", recipe, "--out", tmp_path / "out"), "all.zip", words)
    assert not (tmp_path / "out").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.download", "two.toml"]


def test_an_archive_known_by_its_content(cellseg_cli, server, tmp_path):
    server.files = {"all.zip": archive(["top/set/x1/a", "top/set/x2/b", "top/other"])}
    content = hashlib.sha256(
        f"{hashlib.sha256(b'content of top/set/x1/a').hexdigest()} set/x1/a\n".encode()
    ).hexdigest()
    recipe = written(server, tmp_path, [("unpacked", "files", ["all.zip"])], sums=False)
    more = f'under = "set"\ninside = ["x1"]\ncontent = "{content}"\n'
    recipe.write_text(recipe.read_text("utf-8") + "\n" + more, encoding="utf-8")
    assert cellseg_cli("fetch", recipe, "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out/files/set/x1/a").read_bytes() == b"content of top/set/x1/a"
    for data, words in ((archive(["top/set/x1/b"]), "holds other files"), (b"no zip", "damaged")):
        server.files["all.zip"] = data
        assert_refused(cellseg_cli("fetch", recipe, "--out", tmp_path / "new"), words)
        assert not (tmp_path / "new").exists()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="rights of POSIX; root may write anywhere")
def test_a_read_only_folder(cellseg_cli, recipe, tmp_path):
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o500)
    assert_refused(cellseg_cli("fetch", recipe, "--out", shut / "out"), "cannot be written")


def test_a_folder_that_cannot_be_written(cellseg_cli, recipe, tmp_path):
    """As above, for whoever is root: a file is where the folder should be."""
    (tmp_path / "file").touch()
    assert_refused(cellseg_cli("fetch", recipe, "--out", tmp_path / "file" / "out"), "cannot be written")


def test_killed_half_way_and_run_again(cellseg_cli, server, recipe, tmp_path):
    server.files["a1.tif"] = server.files["a1.tif"] + bytes(200_000)
    recipe = written(server, tmp_path, [("copies", "images", ["a0.tif", "a1.tif"])])
    server.slow = {"a1.tif"}
    out, kept = tmp_path / "out", tmp_path / ".out.download"
    words = [sys.executable, "-m", "cellseg", "fetch", recipe, "--out", out]
    process = subprocess.Popen(list(map(str, words)), stderr=subprocess.DEVNULL)
    begun = time.monotonic()
    while not any(path.stat().st_size > 20_000 for path in kept.glob("*.part")):
        assert process.poll() is None
        assert time.monotonic() - begun < 60
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not out.exists()
    server.slow = set()
    done = cellseg_cli("fetch", recipe, "--out", out)
    assert done.code == 0, done.err
    assert (out / "images/a1.tif").read_bytes() == server.files["a1.tif"]
    assert server.asked.count("a0.tif") == 1
    assert server.ranges[-1], "it goes on from the bytes that are there"


def test_names(cellseg_cli):
    done = cellseg_cli("fetch")
    assert done.code == 0
    assert all(name in done.out for name in recipe_names())
    assert [one["name"] for one in json.loads(cellseg_cli("fetch", "--json").out)["data_sets"]] == recipe_names()
    assert_refused(cellseg_cli("fetch", "nowhere"), "'nowhere'", ", ".join(recipe_names()))


@pytest.mark.parametrize("text", ["", "title = 3", "groups = [{address = 'file:///etc'}]", "]"])
def test_what_is_no_recipe(cellseg_cli, tmp_path, text):
    (tmp_path / "r.toml").write_text(text, encoding="utf-8")
    assert_refused(cellseg_cli("fetch", tmp_path / "r.toml"), "is no recipe")


def test_recipes_in_the_package_are_whole():
    assert recipe_names() == ["bbbc039", "dsb2018", "isbi2012", "ssTEM_vnc"]
    for recipe in map(find_recipe, recipe_names()):
        assert recipe.licence
        assert all(group.make in MAKERS for group in recipe.groups)
        assert all(one.sha256 or group.content for group in recipe.groups for one in group.files)
        assert all(one.url.startswith("https://") for one in recipe.files)


def test_labels_of_masks_and_of_colours():
    masks = [draw("aaaa") > 0, draw(".aa.") > 0]
    assert painted(masks).tolist() == [[1, 2, 2, 1]], "the smaller one goes before"
    colours = draw("""
        aab.
        .aba
        a...
    """)
    assert numbered(colours).tolist() == [[1, 1, 3, 0], [0, 1, 3, 2], [1, 0, 0, 0]]
