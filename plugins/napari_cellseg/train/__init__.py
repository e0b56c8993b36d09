"""The panel for training, and what stands behind it."""
