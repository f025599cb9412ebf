"""The command line: thin commands over the agent's use cases."""
