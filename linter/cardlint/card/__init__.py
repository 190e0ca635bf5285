"""The card: front matter with positions, Markdown body, the Hub's vocabulary."""
