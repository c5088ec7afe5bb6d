"""The loop of `oakum execute`: the only caller of `tools.change`. Nothing can be executed yet."""
