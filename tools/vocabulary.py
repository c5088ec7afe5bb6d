"""The closed union of actions, listed by hand: decodes and refuses. It has no member yet."""
