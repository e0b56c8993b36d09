"""The networks, their geometry and their files."""
