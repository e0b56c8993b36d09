"""From labels to training samples: weight map, elastic deformation, augmentation."""
