"""Runs the cases that all clients share, ../cases.json, with a simulated clock and network.

python3 -m unittest
"""

import email.message
import http.server
import json
import os
import pathlib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

import attolytics

URL = "http://localhost/apps/a/events"
CASES = json.loads((pathlib.Path(__file__).parent.parent / "cases.json").read_text("utf-8"))[
    "cases"
]


def numbers(text):
    """Numbers of events: "0-99", "0 2", 1."""
    found = []
    for part in str(text).split():
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def events(sizes):
    """Events of these sizes in bytes, or that many small ones."""
    if isinstance(sizes, int):
        return [{"_t": "events", "n": n} for n in range(sizes)]
    made = [{"_t": "events", "n": n, "pad": ""} for n in range(len(sizes))]
    for event, size in zip(made, sizes):
        event["pad"] = "x" * (size - len(json.dumps(event, separators=(",", ":"))))
    return made


class Response:
    """What http.client returns."""

    def __init__(self, answer):
        self.status = answer["status"]
        self.headers = email.message.Message()
        if "retry_after" in answer:
            self.headers["Retry-After"] = answer["retry_after"]
        document = {"errors": [{"event": n, "code": code} for n, code in answer.get("errors", [])]}
        if "type" in answer:
            self.headers["Content-Type"] = "application/problem+json"
            document["type"] = "urn:attolytics:problem:" + answer["type"]
        elif "quarantined" in answer:
            self.headers["Content-Type"] = "application/json"
            document["quarantined"] = answer["quarantined"]
        self._body = json.dumps(document).encode()

    def read(self):
        return self._body


class World:
    """A clock that jumps from request to request, and a network that answers as in a case."""

    def __init__(self, case, chance):
        self.answers = list(case["requests"])
        self.chance = chance
        self.now = 0
        self.answered = 0
        self.keys = []
        self.requests = []

    def replace_real_one(self):
        return mock.patch.multiple(
            attolytics,
            random=mock.Mock(random=lambda: self.chance),
            time=mock.Mock(time=lambda: 1e9 + self.now, monotonic=lambda: self.now),
            http=mock.Mock(client=mock.Mock(HTTPConnection=self.connect)),
            threading=mock.Mock(Condition=threading.Condition),  # no thread
        )

    def run(self, client):
        """Does what the thread would do, until the queue is empty."""

        def wait(seconds):
            if seconds is None:
                client._closed = True
            else:
                self.now += seconds

        with mock.patch.object(client._changed, "wait", wait):
            client._run()

    def connect(self, host, port, timeout):
        self.timeout = timeout
        return self

    def request(self, method, path, body, headers):
        key = headers["Idempotency-Key"]
        if key not in self.keys:
            self.keys.append(key)
        self.requests.append(
            {
                "wait": round(self.now - self.answered, 3),
                "key": chr(ord("a") + self.keys.index(key)),
                "events": [event["n"] for event in json.loads(body)["events"]],
                "lenient": headers.get("Prefer") == "handling=lenient",
            }
        )

    def getresponse(self):
        answer = self.answers.pop(0) if self.answers else {"status": 200}
        self.now += answer.get("later", 0)
        self.answered = self.now
        if answer["status"] == 0:
            raise ConnectionResetError
        if answer["status"] is None:
            self.now += self.timeout
            raise TimeoutError
        return Response(answer)

    def close(self):
        pass


class CasesTest(unittest.TestCase):
    maxDiff = None

    def test_cases(self):
        for case in CASES:
            for chance in (0, 1):
                with self.subTest(case["name"], chance=chance):
                    world = World(case, chance)
                    with world.replace_real_one():
                        self.run_case(case, world)

    def run_case(self, case, world):
        lenient = case.get("lenient", False)
        dropped = []
        client = attolytics.Client(
            URL,
            "sesame",
            max_bytes=case.get("max_bytes", 16_000_000),
            lenient=lenient,
            on_drop=lambda event, reason, detail: dropped.append((event["n"], reason)),
        )
        for event in events(case["events"]):
            client.track(event)
        world.run(client)
        expected = [
            {
                "wait": request["wait"][world.chance],
                "key": request["key"],
                "events": numbers(request["events"]),
                "lenient": lenient,
            }
            for request in case["requests"]
        ]
        self.assertEqual(world.requests, expected)
        given = case.get("dropped", [])
        self.assertEqual(dropped, [(n, reason) for which, reason in given for n in numbers(which)])


class PathTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = directory.name + "/queue.db"

    def store(self):
        store = attolytics._Store(self.path)
        self.addCleanup(store.close)
        return store

    def test_queue_survives_a_restart_with_its_keys(self):
        store = self.store()
        batch = attolytics._Batch("a-0", sent=5)
        for text in ('{"n":1}', '{"n":2}'):
            batch.add(text)
            store.add(batch, text)
        store.mark_sent(batch)
        store.close()
        [loaded] = self.store().load()
        self.assertEqual(vars(loaded), vars(batch))

    def test_another_process_may_not_use_it(self):
        self.store()
        with self.assertRaisesRegex(sqlite3.OperationalError, "locked"):
            self.store()


class Service:
    """Takes all events."""

    def __init__(self, test):
        self.stored = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
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


class CloseTest(unittest.TestCase):
    """What becomes of events that are tracked late: each is stored, refused or reported."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = directory.name + "/queue.db"
        self.dropped = []

    def client(self, url, **arguments):
        return attolytics.Client(
            url,
            "sesame",
            on_drop=lambda event, reason, detail: self.dropped.append((event["n"], reason)),
            **arguments,
        )

    def unreachable(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            return f"http://127.0.0.1:{unused.getsockname()[1]}/apps/a/events"

    def saved(self):
        store = attolytics._Store(self.path)
        self.addCleanup(store.close)
        return [json.loads(text)["n"] for batch in store.load() for text in batch.texts]

    def test_event_tracked_as_soon_as_the_queue_is_empty_is_refused(self):
        class Lock(threading.Condition):
            """Lets another thread track an event whenever the closing one has not the lock."""

            def __exit__(self, *exception):
                super().__exit__(*exception)
                if threading.current_thread() is closing and not self._is_owned():
                    thread = threading.Thread(target=track)
                    thread.start()
                    thread.join()

        def track():
            try:
                client.track({"_t": "events"})
                accepted.append("an event")
            except ValueError:
                refused.append("an event")

        closing = threading.current_thread()
        accepted, refused = [], []
        threads = mock.Mock(Condition=Lock, Thread=threading.Thread)
        with mock.patch.object(attolytics, "threading", threads):
            client = self.client(self.unreachable(), interval=3600)
        self.assertTrue(client.close())
        self.assertTrue(refused)
        self.assertEqual(accepted, [])

    def test_close_reports_what_it_has_not_sent(self):
        client = self.client(self.unreachable())
        for event in events(2):
            client.track(event)
        self.assertFalse(client.close(timeout=0))
        self.assertEqual(self.dropped, [(0, "closed"), (1, "closed")])
        with self.assertRaisesRegex(ValueError, "closed"):
            client.track({"_t": "events"})

    def test_close_reports_what_is_being_sent(self):
        requested, answered = threading.Event(), threading.Event()

        def post(key, texts):
            requested.set()
            answered.wait()
            return attolytics._Answer(200)

        client = self.client(self.unreachable(), interval=0)
        with mock.patch.object(client._connection, "post", post):
            client.track({"_t": "events", "n": 0})
            requested.wait()
            self.assertFalse(client.close(timeout=0))
            answered.set()
            client._thread.join()
        self.assertEqual(self.dropped, [(0, "closed")])

    def test_close_leaves_what_it_has_not_sent_in_the_file(self):
        client = self.client(self.unreachable(), path=self.path)
        client.track({"_t": "events", "n": 0})
        self.assertFalse(client.close(timeout=0))
        client._thread.join()
        self.assertEqual((self.saved(), self.dropped), ([0], []))

    def test_flush_of_a_closed_client_returns(self):
        client = self.client(self.unreachable(), path=self.path)
        client.track({"_t": "events", "n": 0})
        client.close(timeout=0)
        flush = threading.Thread(target=client.flush, daemon=True)
        flush.start()
        flush.join(timeout=30)
        self.assertFalse(flush.is_alive())

    def run_script(self, script, *arguments):
        """Runs a program that may import attolytics, and returns what it prints."""
        run = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=pathlib.Path(__file__).parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return run.stdout

    def test_process_that_ends_sends_its_events_and_refuses_later_ones(self):
        service = Service(self)
        output = self.run_script(
            """
import atexit, attolytics, sys

def track(n):
    client.track({"_t": "events", "n": n})

class Finalized:
    def __del__(self):
        track(3)

atexit.register(track, 2)  # called after the client's own
client = attolytics.Client(sys.argv[1], "sesame", interval=3600)
atexit.register(track, 1)
finalized = Finalized()
track(0)
""",
            service.url,
        )
        self.assertEqual(service.stored, [0, 1])
        self.assertEqual(output.count("ValueError: the client is closed"), 2, output)

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_forked_process_is_refused_and_leaves_the_file_alone(self):
        output = self.run_script(
            """
import attolytics, os, sys

client = attolytics.Client(sys.argv[1], "sesame", path=sys.argv[2], interval=3600)
client.track({"_t": "events", "n": 0})
child = os.fork()
if child == 0:
    with client:
        client.track({"_t": "events", "n": 1})
os.waitpid(child, 0)
client.track({"_t": "events", "n": 2})
os._exit(0)  # as if killed
""",
            self.unreachable(),
            self.path,
        )
        self.assertIn("RuntimeError: the client was created before fork", output)
        self.assertEqual(self.saved(), [0, 2])
