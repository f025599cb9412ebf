"""What every test can rely on."""

import os

# Test runners set a width of their own; what a test does not say is as in a pipe.
os.environ.pop("COLUMNS", None)
