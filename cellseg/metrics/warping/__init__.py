"""The warping error of the ISBI 2012 challenge: topological mistakes, with boundaries free to move."""
