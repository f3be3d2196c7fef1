"""Who is told, by mail or webhook, that a sheet changed, stopped following its mart, or follows it again.

what a sync did ─▶ is it news? ─▶ written down as due ─▶ sent ─▶ written down as delivered, or tried again
"""
