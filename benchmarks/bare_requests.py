"""The same loop with `requests`, the HTTP client of the connector: sixteen threads read and discard the pages.

python -m benchmarks.bare_requests URL PAGES
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter

from benchmarks.bare import IN_FLIGHT


def main(url: str, pages: int) -> None:
    http = requests.Session()
    # The default pool of ten would close the surplus connections after each response.
    http.mount("http://", HTTPAdapter(pool_maxsize=IN_FLIGHT))

    def read(page: int) -> None:
        while not http.get(f"{url}/sales", params={"page": page}, timeout=10).ok:
            pass

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        list(pool.map(read, range(1, pages + 1)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
