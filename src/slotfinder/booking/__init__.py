"""From what was decided to what people's calendars and mailboxes show."""
