"""Reading a model repository: one interface, one file for each place it can be in."""
