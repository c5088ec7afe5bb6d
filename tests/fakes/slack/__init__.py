"""A Slack workspace on this machine that enforces Slack's limits; start with `server.FakeSlack`."""
