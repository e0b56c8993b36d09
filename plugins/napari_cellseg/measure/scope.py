"""Which part of a stack: the plane that is seen, every plane, or the stack as a volume."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QComboBox, QWidget

SCOPES = {
    "the plane that is seen": (2, False),
    "every plane by itself": (2, True),
    "the stack as a volume": (3, False),
}
"""How many axes belong together, and whether all planes are taken."""


class ScopeChoice(QComboBox):
    """Seen only where the layer is a stack."""

    def __init__(self) -> None:
        super().__init__()
        self.addItems(list(SCOPES))
        self.setToolTip("Of a stack: one plane, all planes one by one, or volumes that go through the planes")
        self.label: QWidget | None = None
        self.follow(None)

    @property
    def together(self) -> int:
        """2 plane by plane, 3 as volumes."""
        return SCOPES[self.currentText()][0]

    @property
    def everywhere(self) -> bool:
        return SCOPES[self.currentText()][1]

    def follow(self, layer: Any) -> None:
        """Show or hide itself; a single plane is a plane."""
        stack = layer is not None and layer.ndim > 2
        if not stack:
            self.setCurrentIndex(0)
        self.setVisible(stack)
        if self.label is not None:
            self.label.setVisible(stack)
