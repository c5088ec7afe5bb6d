"""The only wiring: turns `Settings` into each part's configuration, opens parts, starts and stops them."""
