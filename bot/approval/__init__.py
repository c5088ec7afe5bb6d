"""Who may approve what, and what became of it: pure policy and proposals. Empty so far."""
