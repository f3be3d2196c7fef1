"""Errors of the retail API.

Exception
└── Refused    answered to the client as {"error": sentence}; the client heals it
"""


class Refused(Exception):
    """A request that the API does not serve: `status` is the HTTP status, `sentence` says what to do."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
