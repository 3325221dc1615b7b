"""Words: vectors, without torch."""

# files that are downloaded while modules are imported; the rest is downloaded when a question needs it
AHEAD = ("vectors",)
