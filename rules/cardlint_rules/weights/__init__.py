"""Rules about what the weights themselves say about their parents."""
