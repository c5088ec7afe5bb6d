"""Controls that objects alone cannot settle: unknown, with what was found that helps a person."""
