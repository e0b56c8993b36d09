"""The panel for looking at border weights and deformations, and what stands behind it."""
