"""Serve the built book on this machine: `serve.py FOLDER PORT`, or `serve.py --check PORT`."""

import errno
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class Quiet(SimpleHTTPRequestHandler):
    """A request handler that does not print a line for each file."""

    def log_message(self, *_):
        """Say nothing."""


def main(folder, port):
    """Serve until Ctrl-C; say in one line what is wrong with the port."""
    try:
        number = int(port)
        # A restart within a minute must get its port back; a port in use must be refused.
        server = ThreadingHTTPServer(("127.0.0.1", number), partial(Quiet, directory=folder))
    except (ValueError, OverflowError):
        sys.exit(f"make: PORT={port} is not a port; take a number up to 65535")
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "in use" if error.errno == errno.EADDRINUSE else "not yours to open"
        sys.exit(f"make: port {port} is {why}; choose another: make book PORT={other(number)}")
    with server:
        if folder == "--check":
            return
        print(
            f"The book is at http://127.0.0.1:{server.server_port}/ (Ctrl-C stops it)", flush=True
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def other(port):
    """Suggest a port that an ordinary user may open."""
    return port + 1 if 1024 <= port < 65535 else 8000


if __name__ == "__main__":
    main(*sys.argv[1:3])
