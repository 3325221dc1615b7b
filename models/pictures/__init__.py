"""Pictures: a photo in a painter's style, and what a network dreams."""

AHEAD = ("network",)  # files that are downloaded while modules are imported; dreams send for theirs
