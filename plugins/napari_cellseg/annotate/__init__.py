"""The panel for annotating, and what stands behind it."""
