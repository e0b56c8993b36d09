"""Valid contents damaged at random, by what they are: bytes, text, trees of JSON, zips, the tags of a TIFF, PNG chunks.

All follows from the generator that is given: the same seed gives the same bytes.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

Mutation = Callable[[bytes, Random], bytes]

NUMBERS = (0, 1, -1, 2, 127, 128, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64 - 1)
"""Whole numbers at which programs break."""
VALUES: tuple[Any, ...] = (
    *NUMBERS,
    *(None, True, False, 0.5, -0.5, 1e308, -1e308, 1e-320, float("nan"), float("inf"), -float("inf")),
    *("", "x", "0", "NaN", "1e400", "../other", "/etc/passwd", "C:\\x", "\0", "\ud800", "漢" * 300, "9" * 5000),
    *([], {}, [[]], [None], {"a": None}, [[[[[1]]]]], [1, "x"], [-1, -1]),
)
"""Values in place of those of a tree."""
WORDS = (
    *(b"0", b"-1", b"1e308", b"-1e308", b"nan", b"inf", b"1e400", b"1099511627776", b"18446744073709551616", b""),
    *(
        b"9" * 5000,
        b"../x",
        b"/etc/passwd",
        b"\0",
        b"\xff\xfe",
        b"'",
        b'"',
        b"[",
        b"{",
        b"<",
        b"&",
        b"&a;",
        b"=",
        b"\n",
    ),
)
"""Words in place of those of a text."""
DEEP = 3000
"""Brackets within brackets."""


def mutated(content: bytes, random: Random) -> bytes:
    """The content with one to three changes that fit what it is, now and then with any change of bytes."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        content = _mutation_of(content, random)(content, random)
    return content


def _mutation_of(content: bytes, random: Random) -> Mutation:
    if random.random() < 0.2:
        return of_bytes
    return next((mutation for start, mutation in BY_START if content.startswith(start)), _of_other)


def _of_other(content: bytes, random: Random) -> bytes:
    """Text, safetensors, or just bytes."""
    if content[8:9] == b"{" and int.from_bytes(content[:8], "little") < len(content):
        return of_safetensors(content, random)
    is_text = b"\0" not in content[:1000] and content[:1000].isascii()
    return (of_text if is_text else of_bytes)(content, random)


# bytes ----------------------------------------------------------------------------------------------------------


def of_bytes(content: bytes, random: Random) -> bytes:
    """Bits turned, ends cut, pieces put in, left out, exchanged, and numbers of 1 to 8 bytes replaced."""
    if not content:
        return random.randbytes(random.randrange(20))
    return random.choice(BYTE_CHANGES)(content, random)


def _flip(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut_end(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content))]


def _leave_out(content: bytes, random: Random) -> bytes:
    start, length = random.randrange(len(content)), random.choice((1, 2, 4, 8, 100))
    return content[:start] + content[start + length :]


def _put_in(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content))
    return content[:at] + random.randbytes(random.choice((1, 2, 4, 8, 100))) + content[at:]


def _double(content: bytes, random: Random) -> bytes:
    start, length = random.randrange(len(content)), random.choice((4, 8, 12, 64, 1000))
    piece, at = content[start : start + length], random.randrange(len(content))
    return content[:at] + piece + content[at:]


def _zeros(content: bytes, random: Random) -> bytes:
    start, length = random.randrange(len(content)), random.choice((1, 4, 16, 200))
    fill = random.choice((b"\0", b"\xff"))
    return content[:start] + fill * len(content[start : start + length]) + content[start + length :]


def _number(content: bytes, random: Random) -> bytes:
    """A number of 1 to 8 bytes somewhere, most likely at the beginning."""
    width, order = random.choice((1, 2, 4, 4, 8)), random.choice(("little", "big"))
    end = max(1, len(content) - width)
    at = random.randrange(min(end, random.choice((16, 64, 512, end))))
    value = random.choice((*NUMBERS, random.getrandbits(64))) % (1 << 8 * width)
    return content[:at] + value.to_bytes(width, order) + content[at + width :]


BYTE_CHANGES: tuple[Mutation, ...] = (_flip, _flip, _cut_end, _leave_out, _put_in, _double, _zeros, _number, _number)


# text -----------------------------------------------------------------------------------------------------------


def of_text(content: bytes, random: Random) -> bytes:
    """A word or number replaced, left out or doubled."""
    words = list(re.finditer(rb"[\w.+-]+", content))
    if not words or random.random() < 0.1:
        return of_bytes(content, random)
    word = random.choice(words)
    numbers = [found for found in words if found[0][:1].isdigit()]
    if numbers and random.random() < 0.6:
        word = random.choice(numbers)
    instead = random.choice((*WORDS, word[0] * 2, random.choice(words)[0], str(random.choice(NUMBERS)).encode()))
    return content[: word.start()] + instead + content[word.end() :]


# trees ----------------------------------------------------------------------------------------------------------


def of_json(content: bytes, random: Random) -> bytes:
    """A value of the tree replaced, left out, doubled or wrapped; now and then the text itself."""
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError):
        return of_text(content, random)
    if random.random() < 0.03:
        return b"[" * DEEP + b"]" * DEEP
    if random.random() < 0.1:
        return of_text(content, random)
    return json.dumps(changed_tree(tree, random)).encode("utf-8", "surrogatepass")


def changed_tree(tree: Any, random: Random) -> Any:
    """The tree with one place of it changed."""
    if isinstance(tree, dict | list) and tree and random.random() < 0.92:
        key = random.choice(list(tree) if isinstance(tree, dict) else range(len(tree)))
        if random.random() < 0.08:
            return _without(tree, key)
        copy: Any = dict(tree) if isinstance(tree, dict) else list(tree)
        copy[key] = changed_tree(tree[key], random)
        return copy
    return random.choice((random.choice(VALUES), random.choice(VALUES), [tree], {"a": tree}, [tree, tree], str(tree)))


def _without(tree: Any, key: Any) -> Any:
    if isinstance(tree, dict):
        return {name: value for name, value in tree.items() if name != key}
    return tree[:key] + tree[key + 1 :]


# containers -----------------------------------------------------------------------------------------------------


def of_zip(content: bytes, random: Random) -> bytes:
    """A file in the zip changed, left out, renamed or doubled; everything else as it was."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [(one, archive.read(one)) for one in archive.infolist()]
    except Exception:  # it was damaged before
        return of_bytes(content, random)
    if not files:
        return of_bytes(content, random)
    chosen = random.randrange(len(files))
    new = io.BytesIO()
    with zipfile.ZipFile(new, "w") as archive:
        for number, (one, text) in enumerate(files):
            for name, inside in _entry(one.filename, text, random) if number == chosen else [(one.filename, text)]:
                archive.writestr(zipfile.ZipInfo(name), inside, one.compress_type)
    return new.getvalue()


def _entry(name: str, text: bytes, random: Random) -> list[tuple[str, bytes]]:
    kind = random.random()
    if kind < 0.05:
        return []
    if kind < 0.1:
        return [(random.choice(("../" + name, "/" + name, "x", name + "/")), text)]
    return [(name, mutated(text, random))]


def of_safetensors(content: bytes, random: Random) -> bytes:
    """The header changed as a tree, its length kept right; the card in it as a tree of its own."""
    length = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + length])
        card = header["__metadata__"]["cellseg"].encode()
    except (ValueError, LookupError, TypeError, AttributeError):  # changed before
        return of_bytes(content, random)
    if random.random() < 0.7:
        new = of_json(card, random).decode("utf-8", "replace")
        header["__metadata__"]["cellseg"] = new
    else:
        header = changed_tree(header, random)
    text = json.dumps(header).encode("utf-8", "replace")
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def of_tiff(content: bytes, random: Random) -> bytes:
    """An entry of the first directory changed: its tag, type, count or value; or its description as a text."""
    order = "<" if content[:2] == b"II" else ">"
    big = content[2:4] in (b"+\0", b"\0+")
    width, head = (8, 8) if big else (4, 2)
    try:
        (first,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", content, 8 if big else 4)
        (count,) = struct.unpack_from(f"{order}{'Q' if big else 'H'}", content, first)
    except (struct.error, OverflowError):
        return of_bytes(content, random)
    entry = 4 + 2 * width
    at = first + head + entry * random.randrange(max(1, min(count, 200)))
    described = content.find(b"<?xml") if b"<?xml" in content else content.find(b"ImageJ=")
    if described >= 0 and random.random() < 0.4:
        end = content.index(b"\0", described) if b"\0" in content[described:] else len(content)
        text = of_text(content[described:end], random)[: end - described]
        return content[:described] + text.ljust(end - described) + content[end:]
    place, size = random.choice(((0, 2), (2, 2), (4, width), (4 + width, width), (4 + width, 2)))
    value = random.choice((*NUMBERS, random.randrange(70000), random.randrange(20))) % (1 << 8 * size)
    number = value.to_bytes(size, "little" if order == "<" else "big")
    return content[: at + place] + number + content[at + place + size :]


def of_png(content: bytes, random: Random) -> bytes:
    """Chunks exchanged, doubled, left out or changed, with right checksums."""
    chunks = []
    at = 8
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    if not chunks:
        return of_bytes(content, random)
    chosen, kind = random.randrange(len(chunks)), random.random()
    name, data = chunks[chosen]
    if kind < 0.6:
        chunks[chosen] = (name, of_bytes(data, random))
    elif kind < 0.75:
        chunks.insert(random.randrange(len(chunks)), chunks[chosen])
    elif kind < 0.9:
        random.shuffle(chunks)
    else:
        del chunks[chosen]
    return content[:8] + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def of_npy(content: bytes, random: Random) -> bytes:
    """The header of an array changed as a text."""
    end = content.find(b"\n") + 1
    if end <= 10:
        return of_bytes(content, random)
    text = of_text(content[10:end].rstrip(), random)[:60000] + b"\n"
    return content[:8] + struct.pack("<H", len(text)) + text + content[end:]


BY_START: tuple[tuple[bytes, Mutation], ...] = (
    (b"PK\x03\x04", of_zip),
    (b"{", of_json),
    (b"[", of_json),
    (b"II*\0", of_tiff),
    (b"MM\0*", of_tiff),
    (b"II+\0", of_tiff),
    (b"\x89PNG", of_png),
    (b"\x93NUMPY", of_npy),
)
"""Changes that fit a content, by its first bytes."""
