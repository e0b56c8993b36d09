"""Flags that several commands share."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

JsonFlag = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON object on standard output.")]
