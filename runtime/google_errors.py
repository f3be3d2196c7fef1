"""What a call of one of Google's client libraries raises when its request fails."""

import requests
from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

# GoogleAPIError: an answer with an error, or the end of the client's own retry. The other three come from the library
# that sends the request, and the clients do not wrap them; TimeoutError is also a query longer than its limit.
CLIENT_ERRORS = (GoogleAPIError, GoogleAuthError, requests.RequestException, ConnectionError, TimeoutError)
