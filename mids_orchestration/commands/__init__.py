"""The verbs of the command line, one module per room; cli.py registers them."""
