"""A store that never answers in time: it hangs, or drips its answer byte by byte."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

DRIP_SECONDS = 0.05
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2000\r\n\r\n"
)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    ended = threading.Event()
    drips = False


class _Call(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        self.request.recv(65536)
        if not server.drips:
            server.ended.wait()
            return
        try:
            self.request.sendall(_HEAD)
            while not server.ended.wait(DRIP_SECONDS):
                self.request.sendall(b" ")
        except OSError:  # the caller has given up
            pass


@contextmanager
def stuck_store(*, drips: bool) -> Iterator[str]:
    """The URL of such a store on this machine."""
    with _Server(("127.0.0.1", 0), _Call) as server:
        server.ended = threading.Event()
        server.drips = drips
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
