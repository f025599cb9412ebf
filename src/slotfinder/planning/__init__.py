"""From facts to a plan: pure, heavy arithmetic."""
