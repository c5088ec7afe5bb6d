"""What the queries that propose share: what is to be fixed, planned and said."""
