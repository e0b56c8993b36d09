"""Work beside the window: programs of their own, and threads."""
