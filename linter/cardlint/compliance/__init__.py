"""What frameworks ask of a model release, answered from one scan; the report's data."""
