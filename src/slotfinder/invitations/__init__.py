"""What is written to people and into their calendars: pure values in, finished bytes out."""
