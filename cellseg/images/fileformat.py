"""Formats of files by their first bytes; a name may lie."""

from __future__ import annotations

from pathlib import Path

START = 16
"""Bytes that tell the formats apart."""
PNG, JPEG, BMP, WEBP = "a PNG", "a JPEG", "a BMP", "a WebP"
PICTURES = (PNG, JPEG, BMP, WEBP)
NUMPY = "a NumPy array"
CZI, ND2, LIF = "a Zeiss CZI", "a Nikon ND2", "a Leica LIF"
MICROSCOPES = (CZI, ND2, LIF)
READ_FORMATS = "TIFF, OME-Zarr, PNG, JPEG, BMP, WebP, .npy, CZI, ND2 and LIF"
"""Formats of images that are read, for people."""
STARTS = {
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"II+\0": "a BigTIFF",
    b"MM\0+": "a BigTIFF",
    b"\x89PNG": PNG,
    b"\xff\xd8\xff": JPEG,
    b"\0\0\0\x0cjP": "a JPEG 2000",
    b"BM": BMP,
    b"GIF8": "a GIF",
    b"RIFF": "an AVI or WAV",
    b"\x89HDF": "HDF5",
    b"\x93NUMPY": NUMPY,
    b"ZISRAWFILE": CZI,
    b"\xda\xce\xbe\x0a": ND2,
    b"p\0\0\0": LIF,
    b"\xd0\xcf\x11\xe0": "an Olympus OIB or Zeiss ZVI",
    b"PK\x03\x04": "a zip archive",
    b"Iout": "a Fiji ROI",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive",
}
JSON = (b"{", b"[")


def format_of(start: bytes) -> str:
    """The format of a file in words, from its first `START` bytes."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return WEBP
    found = next((name for key, name in STARTS.items() if start.startswith(key)), "")
    return found or _of_text(start)


def format_of_file(path: Path) -> str:
    """The format of a file in words; empty where there is no file that can be read, or nothing in it."""
    try:
        with open(path, "rb") as file:
            start = file.read(START)
    except OSError:
        return ""
    return format_of(start) if start else ""


def is_model(path: Path) -> bool:
    """True if a file is a model (safetensors), by its content."""
    with open(path, "rb") as file:
        return _is_safetensors(file.read(START))


def _of_text(start: bytes) -> str:
    if _is_safetensors(start):
        return "a model file (safetensors)"
    return "JSON" if start.lstrip().startswith(JSON) else "something else"


def _is_safetensors(start: bytes) -> bool:
    """A header's length of 8 bytes, little-endian, then the header, which is JSON."""
    return len(start) > 8 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 2**32
