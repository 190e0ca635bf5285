"""Weight evidence: numpy over a byte-range reader; it knows no Hub."""
