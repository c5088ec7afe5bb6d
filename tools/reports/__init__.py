"""One file per output format, pure: a scan in, text out."""
