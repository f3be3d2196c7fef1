"""dmt -> Google Sheets: what exports/*.yaml declare, a tab for each.

rows of the mart ─▶ the tab as it should be ─▶ compared with the tab as it is ─▶ one atomic write
"""
