"""Keeps reverse-mentoring pairs meeting."""

import zoneinfo

# Zone rules come from the pinned tzdata package alone: an operating system's files may be a year
# old, and a plan must not depend on the machine that made it.
zoneinfo.reset_tzpath(())

__version__ = "0.1.0"
