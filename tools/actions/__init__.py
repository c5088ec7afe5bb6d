"""One file per action, pure: the fields it may touch, risk, disruption, patch, preconditions."""
