"""Reads a question: its kind, its names, the topics and changes it speaks of. Pure."""
