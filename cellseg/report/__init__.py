"""What is carried away from a folder of predictions: the table of its cells, and a page to look through."""
