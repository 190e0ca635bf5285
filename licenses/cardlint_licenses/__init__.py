"""What licenses ask for, as data with a source for each fact."""
