"""The panel for measuring, and what stands behind it."""
