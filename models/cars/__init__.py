"""Cars: a VAE that reconstructs, generates and edits pictures of cars."""

AHEAD = ("network", "latents")  # files that are downloaded while modules are imported
