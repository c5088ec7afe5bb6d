"""Text of a policy file -> Policy, or a complaint that names line and key."""
