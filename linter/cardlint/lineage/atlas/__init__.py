"""A folder of sketches, laid out by architecture, that a model can be looked up in."""
