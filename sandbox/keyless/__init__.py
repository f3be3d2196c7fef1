"""Keyless access: a run of CI exchanges its OIDC token for that of a service account.

issuer       signs a token with the claims of a run, as GitHub Actions does
exchange     the Security Token Service: a provider of a pool accepts the token, or not
claims       the provider's mapping and condition, evaluated by a CEL library
credentials  IAM Credentials: an access token of the service account that the run may act as
"""

from starlette.routing import BaseRoute, Route

from sandbox.keyless.credentials import Credentials
from sandbox.keyless.exchange import Exchange
from sandbox.keyless.issuer import Issuer
from sandbox.resources.store import Store
from sandbox.state import State


def routes(state: State) -> list[BaseRoute]:
    store = Store(state.root)
    issuer = Issuer(state.root)
    exchange, credentials = Exchange(state, store, issuer), Credentials(state, store)
    account = "/iamcredentials/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
    return [
        Route("/oidc/token", issuer.issue),
        Route("/sts/v1/token", exchange.answer, methods=["POST"]),
        Route(account, credentials.answer, methods=["POST"]),
    ]
