"""dmt -> Google Sheets, APIs and files: what exports/*.yaml declare.

rows of the mart ─▶ the tab as it should be ─▶ compared with the tab as it is ─▶ one atomic write
"""
