"""Notifications by mail or webhook when an export changed its target, failed, or recovered.

outcome of a sync ─▶ is it news? ─▶ recorded as due ─▶ sent ─▶ recorded as delivered, or sent again later
"""
