"""The annotation project: a folder that holds every stroke as it is made."""
