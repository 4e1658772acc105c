"""A service for clients with a thread."""

import http.server
import json
import logging
import threading

import attolytics

attolytics.log.addHandler(logging.NullHandler())


class Service:
    """Takes all events, after it has refused a few requests."""

    def __init__(self, test, refusals=0, headers=()):
        self.stored = []
        self.requests = []  # their headers
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.requests.append(self.headers)
                if len(service.requests) <= refusals:
                    self.send_response(503)
                    for header in headers:
                        self.send_header(*header)
                else:
                    service.stored += [event["n"] for event in json.loads(body)["events"]]
                    self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *message):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        test.addCleanup(server.server_close)
        test.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/apps/a/events"
