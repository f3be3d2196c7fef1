"""Errors of the retail API.

Exception
└── RequestRejected    sent to the client as {"error": message}; the client has to change its request
"""


class RequestRejected(Exception):
    """`status` is the HTTP status; `message` names the value and the values that are valid."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
