"""What a person runs: bootstrap, deploy, secret, release. Thin, over the official clients."""
