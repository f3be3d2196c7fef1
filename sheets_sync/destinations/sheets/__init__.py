"""A tab of a spreadsheet as a destination.

desired (mart as cells) ─┐
                         ├─▶ diff ─▶ requests ─▶ one atomic batch
current (tab as it is) ──┘
"""
