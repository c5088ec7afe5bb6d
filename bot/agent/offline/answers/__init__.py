"""One file for each kind of answer: which queries it asks, and what it says."""
