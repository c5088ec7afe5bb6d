"""The words of answers, made from typed results. Pure."""
