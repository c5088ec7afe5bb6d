"""What `tools.redact` is made of: names, values and shapes, command lines, text, chance."""
