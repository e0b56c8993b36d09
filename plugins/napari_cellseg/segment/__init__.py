"""The panel for segmenting, and what stands behind it."""
