"""The list of images with their thumbnails, and the start page around it."""
