"""Rules about what a card claims: results, originality, size."""
