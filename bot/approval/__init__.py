"""Who may approve what, and what became of it: pure policy, and the proposals that it decides on."""
