"""What plans are worked out with: fields and patches, owners, rollouts, what hardening means. Pure."""
