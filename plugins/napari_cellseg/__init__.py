"""cellseg in napari: annotate, train, segment, correct and measure without leaving the viewer.

One dock widget (`dock`) with a panel a stage, each in a folder of its own. Widgets (panels, forms, tables, curves)
show; the modules beside them that import no Qt decide, and are tested without a window. What the panels share stands
in `session`. The plugin calls only cellseg's public names.
"""
