"""The command line: options, commands, views. The only package that uses typer and rich."""
