"""Does: looks at clusters, judges what it sees, works out changes, changes.

Knows no person, no Slack and no database. May use `knowledge`, never `bot`.
"""
