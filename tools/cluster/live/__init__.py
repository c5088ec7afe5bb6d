"""Live clusters: their API server read and written, each request limited and timed."""
