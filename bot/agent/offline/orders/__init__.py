"""Orders: what a person wants changed, read whole or not at all.

A draft is made only where every word of the message is a name that is there, a number that is used, or a
word of that change (`vocabulary.toml`). Anything else is said back, and nothing is drafted.
"""
