"""All that the model may call, one file each: text for the model, typed results for code.

A query reads; it cannot reach `tools.change` or the writer (an import contract says so).
"""
