"""A notice as a person reads it."""

from html import escape

from sheets_sync.notices.notice import Notice

VERBS = {"change": "changed", "failure": "failed", "recovery": "recovered"}


def subject(notice: Notice) -> str:
    """`[retail-platform-prod] daily_sales changed: 2 inserted, 1 updated`. It holds no word of a cell."""
    said = counted(notice)
    return f"[{notice.project}] {notice.export} {VERBS[notice.event]}{f': {said}' if said else ''}"


def counted(notice: Notice) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in notice.counts.items() if count)


def sentence(notice: Notice) -> str:
    if notice.event == "failure":
        return f"{notice.place} could not be brought up to date. The next run tries again."
    if notice.event == "recovery":
        return (
            f"{notice.place} is up to date again: {notice.rows:,} rows, {counted(notice) or 'none changed'}."
        )
    return f"{notice.place} has changed: {counted(notice)}. It has {notice.rows:,} rows now."


def plain(notice: Notice) -> str:
    parts = [sentence(notice), notice.error or "", "\n".join(f"- {line}" for line in notice.examples)]
    return "\n\n".join([*filter(None, parts), notice.link, small_print(notice)]) + "\n"


def html(notice: Notice) -> str:
    examples = "".join(f"<li>{escape(line)}</li>" for line in notice.examples)
    parts = [
        f"<p>{escape(sentence(notice))}</p>",
        f"<p>{escape(notice.error)}</p>" if notice.error else "",
        f"<ul>{examples}</ul>" if examples else "",
        f'<p><a href="{escape(notice.link)}">{escape(notice.link)}</a></p>' if notice.link else "",
        f"<p><small>{escape(small_print(notice))}</small></p>",
    ]
    return f"<!doctype html>\n<html><body>{''.join(parts)}</body></html>\n"


def small_print(notice: Notice) -> str:
    return f"Export {notice.export} of project {notice.project}, run {notice.run_id}, {notice.at}."
