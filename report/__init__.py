"""The page about last night: reads ops, draws one HTML file and metrics.prom, and writes them to a bucket.

An image of its own: the library that draws the charts is 84 MB, which no other job needs (docs/adr/0015).
"""
