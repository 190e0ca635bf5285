"""Reports: one interface, one file for each format. A report reads findings and nothing else."""
