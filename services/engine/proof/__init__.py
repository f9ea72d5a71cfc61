"""Proof that everything arrived: what was expected, what is there, and what their comparison is."""
