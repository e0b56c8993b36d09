"""Part of a stack that is measured or compared: the plane on the screen, every plane, or the stack as a volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from cellseg.checked import Checked, Help, described
from napari_cellseg.forms.option_form import OptionForm, defaults

StackScope = Literal["plane", "planes", "volume"]
_HELP = Help("Of a stack: one plane, all planes one by one, or volumes that go through the planes.")
_WORDS = {
    "scope": {
        "plane": "the plane that is seen",
        "planes": "every plane by itself",
        "volume": "the stack as a volume",
    }
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeOptions(Checked):
    """Part of a stack."""

    scope: Annotated[StackScope, _HELP] = "plane"

    @property
    def together(self) -> int:
        """Number of axes that belong together: 2 plane by plane, 3 as volumes."""
        return 3 if self.scope == "volume" else 2

    @property
    def everywhere(self) -> bool:
        """True if all planes are taken, one by one."""
        return self.scope == "planes"


class ScopeForm(OptionForm):
    """The scope's form, seen only where the layer is a stack."""

    def __init__(self) -> None:
        options = described(ScopeOptions)
        self.answers = defaults(options)
        super().__init__(self.answers, options.values(), titles={"scope": "Of"}, words=_WORDS, flags=False)
        self.follow(None)

    @property
    def options(self) -> ScopeOptions:
        """Chosen options."""
        return ScopeOptions(**self.answers.values)

    def follow(self, layer: Any) -> None:
        """Show or hide itself; a single plane is a plane."""
        stack = layer is not None and layer.ndim > 2
        if not stack:
            self.answers.reset("scope")
        self.setVisible(stack)
