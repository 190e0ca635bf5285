"""Rules about the front matter: whether it can be read, and holds what the Hub takes."""
