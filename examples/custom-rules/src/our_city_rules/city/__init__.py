"""Rules about contact and accountability."""
