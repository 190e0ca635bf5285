"""Bills of materials: one file for each format, all from the same facts."""
