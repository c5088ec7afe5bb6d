"""The only door to langchain: the loop, its toolbox and limits, grounding, and the offline model."""
