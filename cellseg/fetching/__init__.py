"""Public data sets: recipes, downloads that go on where they broke, and the folders that a training opens."""
