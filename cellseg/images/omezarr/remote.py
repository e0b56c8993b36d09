"""OME-Zarr images on servers: s3://bucket/image.ome.zarr and https://host/image.ome.zarr, read chunk by chunk.

Credentials, endpoint and region of s3 come from the usual environment variables (AWS_...); without credentials the
bucket is read anonymously. A connection that breaks is tried again; then one line says so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePath, PurePosixPath
from time import sleep
from typing import TYPE_CHECKING, Any, TypeVar

from cellseg.errors import InputError
from cellseg.extras import wanted

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource

ADDRESS = re.compile(r"(s3|https?):/+([^/].*)")
"""Addresses; a Path keeps one slash of two."""
PAUSES = (0.5, 1.0, 2.0)
"""Seconds before another try."""
FINAL = (FileNotFoundError, PermissionError)
"""Errors that do not pass with time."""
CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
"""Environment variables of which one is there where a bucket is not read anonymously."""
CERTIFICATES = ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
"""Environment variables that name a file of certificates (PEM), trusted beside those of the system."""
UNTRUSTED = re.compile(r"InvalidCertificate\W+(?:Other\W+OtherError\W+)?(\w+)")
"""Words of an error by which a server's certificate is not trusted, and why."""
GO_ON = "Check the address and the network; an interrupted prediction goes on with --resume."

T = TypeVar("T")


def reason_of(error: Exception) -> str:
    """Cause of an error, without what obstore adds for programmers."""
    return " ".join(str(error).split("Debug source")[0].split()) or type(error).__name__


def address_of(path: str | PurePath) -> str | None:
    """The address that a path is; None for one on this machine."""
    found = ADDRESS.fullmatch(path.as_posix() if isinstance(path, PurePath) else path)
    return None if found is None else f"{found[1]}://{found[2].rstrip('/')}"


def again(work: Callable[[], T]) -> T:
    """The result of `work`, which is tried again where it fails; the last error is raised."""
    for pause in PAUSES:
        try:
            return work()
        except FINAL:
            raise
        except Exception as error:  # each server and library has errors of its own
            if UNTRUSTED.search(str(error)):
                raise
            sleep(pause)
    return work()


def refuse_untrusted(error: Exception, address: str) -> None:
    """InputError where a server is not trusted."""
    found = UNTRUSTED.search(str(error))
    if found is not None:
        remedy = "If it is yours: SSL_CERT_FILE=FILE.pem names its certificate, or that of who signed it."
        raise InputError(
            f"is on a server whose certificate is not trusted ({found[1]})", remedy, path=address
        ) from error


def open_remote(address: str, *, axes: str | None = None, channel: int | str | None = None) -> ImageSource:
    """Open an OME-Zarr image on a server for reading region by region.

    Args:
        address: begins with s3://, https:// or http://, and is the folder of the image.
        axes: as in `open_omezarr`.
        channel: as there.

    Raises:
        InputError: no OME-Zarr there, no answer, or as `open_omezarr`; or a library is missing.
    """
    from cellseg.images.omezarr.image import source_of

    with wanted("remote", "images on servers"):
        import obstore  # noqa: F401
    folder = RemoteFolder(address)
    if not folder.is_dir():
        found = "is no OME-Zarr image that can be seen from here"
        raise InputError(found, "Of other formats download the file; check the address and your rights.", path=address)
    return source_of(folder, axes).only(channel)


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A folder of a zarr hierarchy on a server; what of a path is wanted of it."""

    address: str
    contents: dict[str, str | None] = field(default_factory=dict)
    """Small files that were read, by their address; None where there is none."""

    def __truediv__(self, name: str) -> RemoteFolder:
        return RemoteFolder(f"{self.address}/{name}" if name else self.address, self.contents)

    def __str__(self) -> str:
        return self.address

    @property
    def name(self) -> str:
        """The last part."""
        return PurePosixPath(self.address).name

    @property
    def parent(self) -> RemoteFolder:
        """The folder around it."""
        return RemoteFolder(self.address.rsplit("/", 1)[0], self.contents)

    def is_file(self) -> bool:
        """True of a file of metadata; its content is kept."""
        return self._content() is not None

    def is_dir(self) -> bool:
        """True of a group or an array: folders themselves are nowhere on such servers."""
        from cellseg.images.omezarr.folder import MARKS

        return any((self / mark).is_file() for mark in MARKS)

    def read_text(self, encoding: str = "utf-8") -> str:
        """The content of a file. Raises FileNotFoundError where there is none."""
        content = self._content()
        if content is None:
            raise FileNotFoundError(self.address)
        return content

    def open_array(self) -> Any:
        """The array that it is, of the zarr library."""
        import zarr
        from zarr.storage import ObjectStore

        server, key = _parts(self.address)
        store: Any = ObjectStore(_store(server), read_only=True)
        return again(lambda: zarr.open_array(store, path=key, mode="r"))

    def _content(self) -> str | None:
        if self.address not in self.contents:
            self.contents[self.address] = self._read()
        return self.contents[self.address]

    def _read(self) -> str | None:
        server, key = _parts(self.address)
        try:
            return bytes(again(lambda: _store(server).get(key).bytes())).decode("utf-8")
        except FileNotFoundError:
            return None
        except Exception as error:  # as above
            refuse_untrusted(error, self.address)
            raise InputError(f"cannot be read ({reason_of(error)})", GO_ON, path=self.address) from error


def _parts(address: str) -> tuple[str, str]:
    """The server or bucket, and the key in it."""
    protocol, rest = address.split("://", 1)
    server, _, key = rest.partition("/")
    return f"{protocol}://{server}", key


@cache
def _store(server: str) -> Any:
    """The store of a server or bucket; tries again are ours."""
    from obstore.store import from_url

    plain = server.startswith("http:") or os.environ.get("AWS_ENDPOINT_URL", "").startswith("http:")
    options: Any = {"client_options": {"allow_http": plain, **_certificates()}, "retry_config": {"max_retries": 0}}
    if not server.startswith("s3:"):
        return from_url(server, **options)
    return from_url(server, config={"skip_signature": not any(name in os.environ for name in CREDENTIALS)}, **options)


def _certificates() -> dict[str, str]:
    """The certificates that the environment names. Raises InputError where they cannot be read."""
    name = next((name for name in CERTIFICATES if os.environ.get(name)), None)
    if name is None:
        return {}
    try:
        return {"root_certificate": Path(os.environ[name]).read_text(encoding="ascii")}
    except (OSError, ValueError) as error:
        found = f"the certificates that {name} names cannot be read ({error})"
        raise InputError(found, "Name a file of certificates (PEM).", path=os.environ[name]) from error


ZarrPlace = Path | RemoteFolder
"""A folder of a zarr hierarchy, on this machine or on a server."""
