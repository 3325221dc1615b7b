"""NAME: removes the noise from a series of numbers. An example to start from."""

AHEAD = ("network",)  # files that are downloaded while modules are imported
