"""The only wiring: one small builder per part; start, drain, stop."""
