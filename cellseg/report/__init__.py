"""Table of the cells of a folder of predictions, and a page to look through."""
