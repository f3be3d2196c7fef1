"""What the workflows report on GitHub: a comment on a pull request, an issue about drift, a pull request of pins.

settings   where a run is, and its token
client     requests: errors, rate limits, pages
bodies     text with a hidden marker, cut to what GitHub stores
comments   one comment of an environment on a pull request
issues     one issue of an environment while it drifts
branches   a commit of some files on a branch, without a checkout that can push
pins       one pull request with new pins
"""
