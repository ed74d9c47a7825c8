"""The command ``narrate``: one module per sub-command."""
