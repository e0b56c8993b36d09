"""cellseg in napari: annotate, train, segment, correct and measure without leaving the viewer.

One dock widget (`dock`) with a panel a stage, each in a folder of its own: `panel.py` is what is seen, the rest of the
folder knows no window. What the panels share stands in `session`. The plugin calls only cellseg's public names.
"""
