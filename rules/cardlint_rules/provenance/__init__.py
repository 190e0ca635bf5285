"""Rules about declared parents: whether card, configuration, adapter and prose name the same ones."""
