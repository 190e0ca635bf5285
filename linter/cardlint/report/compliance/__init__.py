"""The compliance report: one file for each format, all from the same document."""
