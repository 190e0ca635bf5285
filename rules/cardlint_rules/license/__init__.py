"""Rules about license."""
