"""Forms of magicgui's widgets, made from the dataclasses in `cellseg.options`."""
