"""moto's server, its CloudFormation completed: ``python -m tests.deploy.moto_server``.

Prints its URL and serves on the loopback interface until its standard input ends.
"""

import os
import sys

from moto.server import ThreadedMotoServer

from tests.deploy.change_sets import complete
from tests.deploy.taught import teach

HOST = "127.0.0.1"


def main() -> None:
    """Serve until standard input ends."""
    complete()
    taught = teach()
    server = ThreadedMotoServer(ip_address=HOST, port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    # By this name moto's CloudFormation finds a template in a bucket.
    os.environ["AWS_ENDPOINT_URL"] = f"http://localhost:{port}"
    print(os.environ["AWS_ENDPOINT_URL"], flush=True)  # noqa: T201  # whoever started it waits for it
    sys.stdin.read()
    taught.clear()


if __name__ == "__main__":
    main()
