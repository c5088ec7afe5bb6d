"""Proposals in Slack: their cards, the presses on them, and what is said beside."""
