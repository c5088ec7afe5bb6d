"""The model that needs no model: reads a question by rules, asks the same queries, words their results.

What it is given as data cannot give it orders, because nothing in it reads data for orders.
"""
