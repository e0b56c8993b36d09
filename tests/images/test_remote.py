"""OME-Zarr on servers of this machine: over http, and by the protocol of s3; connections that break."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.images.cache import shared_blocks
from cellseg.images.listing import list_images
from cellseg.images.omezarr import remote
from cellseg.images.omezarr.remote import address_of
from cellseg.images.open import open_image
from cellseg.inference.segment import segment
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions

from .zarrs import write_image

PIXELS = np.random.default_rng(0).integers(0, 60_000, (2, 3, 70, 90)).astype(np.uint16)
"""C, Z, Y, X."""


class Server(SimpleHTTPRequestHandler):
    """Serves a folder; some answers break off in the middle."""

    breaks: list[str] = []  # noqa: RUF012 - of the test
    """Parts of the names that break, each once; "*" for ever."""

    whole = -1
    """So many answers with chunks are whole, all later ones break; -1: all are."""

    asked: list[dict[str, str]] = []  # noqa: RUF012 - the same
    """Headers of all requests."""

    def end_headers(self):
        self.asked.append({name.lower(): value for name, value in self.headers.items()})
        self.send_header("ETag", '"1"')  # as s3 has it
        super().end_headers()

    def log_message(self, *_):
        pass

    def copyfile(self, source, outputfile):
        whole = source.read()
        cut = next((part for part in self.breaks if part == "*" or part in self.path), None)
        if "/c/" in self.path and Server.whole >= 0:
            cut, Server.whole = ("*" if Server.whole == 0 else cut), max(Server.whole - 1, 0)
        if cut not in (None, "*"):
            self.breaks.remove(cut)
        outputfile.write(whole[: len(whole) // 2] if cut else whole)


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A folder, and the address at which it is served."""
    pytest.importorskip("obstore")
    monkeypatch.setattr(remote, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(Server, "breaks", [])
    monkeypatch.setattr(Server, "asked", [])
    monkeypatch.setattr(Server, "whole", -1)
    remote._store.cache_clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(tmp_path)))
    yield from _serving(server, tmp_path, "http")


@pytest.fixture
def served_by_https(served, monkeypatch):
    """The same over TLS, with a certificate that signs itself."""
    openssl, folder = shutil.which("openssl"), served[0]
    if openssl is None:
        pytest.skip("no openssl")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    added = "basicConstraints=critical,CA:FALSE", "subjectAltName=DNS:localhost"
    extensions = [word for one in added for word in ("-addext", one)]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, *words.split(), *extensions, *files], check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(folder)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr(server, "handle_error", lambda *_: None)  # of a client that does not trust it
    yield from _serving(server, folder, "https")


def _serving(server, folder, protocol):
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"{protocol}://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
    remote._store.cache_clear()


def write(folder: Path, version: str = "0.5") -> None:
    write_image(folder / "a.ome.zarr", PIXELS, "czyx", scale=[1, 2, 0.5, 0.25], chunks=(1, 1, 32, 32), version=version)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("s3://bucket/a.zarr", "s3://bucket/a.zarr"),
        (Path("s3://bucket/a.zarr"), "s3://bucket/a.zarr"),
        (Path("https://host:8000/b/a.zarr/"), "https://host:8000/b/a.zarr"),
        ("folder/s3:/a.zarr", None),
        (Path("a.zarr"), None),
        ("C:/a.zarr", None),
    ],
)
def test_what_is_an_address(given, address):
    assert address_of(given) == address
    assert address is None or list_images(given) == [Path(given)]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_image_over_http_is_that_of_the_folder(served, version):
    folder, address = served
    write(folder, version)
    here, there = open_image(folder / "a.ome.zarr"), open_image(f"{address}/a.ome.zarr", channel="1")
    assert (there.name, there.path, there.channels) == ("a.ome.zarr", None, 1)
    assert (there.plane_axes, there.pixel_size_um) == (here.plane_axes, here.pixel_size_um)
    for plane in range(3):
        np.testing.assert_array_equal(there.read(plane)[0], PIXELS[1, plane])
    np.testing.assert_array_equal(there.read(2, slice(30, 40), slice(60, 90))[0], PIXELS[1, 2, 30:40, 60:90])


def test_a_broken_connection_is_tried_again(served):
    folder, address = served
    write(folder)
    Server.breaks += ["a.ome.zarr/zarr.json", "/c/", "/c/"]
    np.testing.assert_array_equal(open_image(f"{address}/a.ome.zarr").read(0)[:, :32], PIXELS[:, 0, :32])
    assert not Server.breaks


def test_a_connection_that_stays_broken_is_one_line(served):
    folder, address = served
    write(folder)
    source = open_image(f"{address}/a.ome.zarr")
    Server.breaks.append("*")
    with pytest.raises(InputError, match=r"a.ome.zarr: chunk 0/0/0/0 .*cannot be read .*--resume") as caught:
        source.read(0)
    assert "\n" not in str(caught.value)
    assert "Debug" not in str(caught.value)


def test_what_is_not_there_is_one_line(served):
    folder, address = served
    (folder / "a.tif").write_bytes(b"II*\0")
    for name in ("none.zarr", "a.tif"):
        with pytest.raises(InputError, match=f"{name}: is no OME-Zarr image that can be seen from here"):
            open_image(f"{address}/{name}")
    with pytest.raises(InputError, match="cannot be read"):
        open_image("http://127.0.0.1:9/a.zarr")


@pytest.mark.parametrize("secret", [True, False])
def test_an_image_in_a_bucket(served, monkeypatch, secret):
    """With credentials of the environment and, of a public bucket, without; AWS_ENDPOINT_URL names the server."""
    folder, address = served
    write(folder / "cells")
    for name in (*remote.CREDENTIALS, "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    if secret:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    np.testing.assert_array_equal(open_image(Path("s3://cells/a.ome.zarr")).read(1), PIXELS[:, 1])
    assert {"authorization" in headers for headers in Server.asked} == {secret}
    with pytest.raises(InputError, match=r"s3://cells/none.zarr: is no OME-Zarr"):
        open_image("s3://cells/none.zarr")


def test_https_with_a_certificate_that_the_environment_names(served_by_https, monkeypatch):
    folder, address = served_by_https
    write(folder)
    for name in remote.CERTIFICATES:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(
        InputError, match=r"a.ome.zarr/zarr.json: is on a server .* not trusted \(\w+\)\. .*SSL_CERT_FILE"
    ):
        open_image(f"{address}/a.ome.zarr")
    remote._store.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "certificate.pem"))
    np.testing.assert_array_equal(open_image(f"{address}/a.ome.zarr").read(1), PIXELS[:, 1])
    remote._store.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "none.pem"))
    with pytest.raises(InputError, match="SSL_CERT_FILE names cannot be read"):
        open_image(f"{address}/a.ome.zarr")


def test_a_prediction_goes_on_from_kept_tiles_after_a_broken_connection(served, monkeypatch):
    """An image that is larger than the cache of its chunks; without it the grey values' pass reads all of it."""
    folder, address = served
    pixels = np.random.default_rng(0).integers(0, 255, (64, 256), dtype=np.uint8)
    write_image(folder / "a.ome.zarr", pixels, "yx", chunks=(32, 32))
    torch.manual_seed(0)
    model, options = (
        as_model(cellseg.build("unet", base=2, depth=1)),
        PredictOptions(tile=32, result="classes", precision="float32"),
    )
    here = [*segment(model, open_image(folder / "a.ome.zarr"), folder / "here.tif", options)]
    assert here
    monkeypatch.setattr(shared_blocks, "limit", 0)  # as with an image that is larger than the cache
    image = f"{address}/a.ome.zarr"

    def tiles(resume):
        return list(segment(model, open_image(image), folder / "o.tif", options, resume=resume))

    Server.whole = 60
    with pytest.raises(InputError, match=r"cannot be read .*--resume"):
        tiles(resume=False)
    assert not (folder / "o.tif").exists()
    Server.whole = -1
    first = tiles(resume=True)[0]
    assert 0 < first.done < first.total
    found, wanted = (open_image(folder / name).read(0) for name in ("o.tif", "here.tif"))
    np.testing.assert_array_equal(found, wanted)
