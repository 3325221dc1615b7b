"""NAME: your own TorchScript file, served as it is."""

AHEAD = ("network",)  # files that are downloaded while modules are imported
