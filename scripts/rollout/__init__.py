"""Deliver a commit: plan, images, Dataform, a first run; or everything as it was before."""
