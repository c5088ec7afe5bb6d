"""The `oakum` command, one file per subcommand; heavy imports stay inside a command's function."""
