"""Runs the cases that all clients share, ../cases.json, with a simulated clock and network.

python3 -m unittest
"""

import email.message
import http.server
import itertools
import json
import logging
import os
import pathlib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

import attolytics

attolytics.log.addHandler(logging.NullHandler())

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
        self._body = answer.get("body", "").encode()
        document = {"errors": [{"event": n, "code": code} for n, code in answer.get("errors", [])]}
        if "type" in answer:
            self.headers["Content-Type"] = "application/problem+json"
            document["type"] = "urn:attolytics:problem:" + answer["type"]
            self._body = json.dumps(document).encode()
        elif "quarantined" in answer:
            self.headers["Content-Type"] = "application/json"
            document.update(stored=0, quarantined=answer["quarantined"])
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
            threading=mock.Mock(RLock=threading.RLock),  # no thread
        )

    def run(self, client):
        """Does what the thread would do, until the queue is empty."""

        def sleep(timeout):
            if client._queue:
                self.now += timeout
            else:
                client._ended = True

        client._asleep.acquire = sleep
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

    def test_other_servers_200_is_no_success(self):
        for body in ("<html>", '{"ok": true}', "[]", '"stored"', "1"):
            self.check(
                [
                    {"wait": [2, 2], "key": "a", "events": "0", "status": 200, "body": body},
                    {"wait": [0.5, 1.5], "key": "a", "events": "0", "status": 200},
                ]
            )

    def test_wrong_configuration_keeps_the_events(self):
        for status, type in ((403, "wrong_secret_key"), (404, "unknown_app")):
            answer = {"status": status, "type": type}
            self.check(
                [
                    {"wait": [2, 2], "key": "a", "events": "0", **answer},
                    {"wait": [0.5, 1.5], "key": "a", "events": "0", **answer},
                    {"wait": [1, 3], "key": "a", "events": "0", "status": 200},
                ]
            )

    def check(self, requests):
        for chance in (0, 1):
            with self.subTest(requests[0], chance=chance):
                case = {"events": 1, "requests": requests}
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

    def open_store(self, path):
        store = attolytics._open_store(path)
        self.addCleanup(store.close)
        return store

    def test_another_client_may_not_use_it(self):
        self.open_store(self.path)
        with self.assertRaisesRegex(OSError, "queue.db is used by another client"):
            self.open_store(self.path)

    def test_file_that_is_no_database_is_refused(self):
        pathlib.Path(self.path).write_text("not a database" * 100)
        with self.assertRaisesRegex(OSError, "cannot open .*queue.db: file is not a database"):
            self.open_store(self.path)

    def test_number_in_the_name_is_the_first_that_is_not_used(self):
        directory = pathlib.Path(self.path).parent
        for expected in ("queue-0.db", "queue-1.db", "queue-2.db"):
            with self.subTest(expected):
                store = self.open_store(str(directory / "queue-{}.db"))
                self.assertTrue((directory / expected).exists())
                if expected == "queue-1.db":
                    store.close()
                    self.open_store(str(directory / "queue-{}.db"))
        self.assertEqual(sorted(path.suffix for path in directory.iterdir()).count(".db"), 3)

    def test_file_shrinks_with_the_queue(self):
        store = self.store()
        batch = attolytics._Batch("a-0")
        for _ in range(100):
            store.add(batch, json.dumps("x" * 10_000))
        store.replace(batch, [])
        store.close()
        self.assertLess(os.path.getsize(self.path), 100_000)

    def test_file_that_cannot_be_written_is_logged_once(self):
        store = self.store()
        batch = attolytics._Batch("a-0")
        with self.assertLogs("attolytics") as logs:
            store._db.execute("PRAGMA query_only = TRUE")
            for _ in range(3):
                store.add(batch, "{}")
            store._db.execute("PRAGMA query_only = FALSE")
            for _ in range(3):
                store.add(batch, "{}")
        [broken, works] = logs.records
        self.assertEqual(broken.levelname, "ERROR")
        self.assertIn("readonly", broken.getMessage())
        self.assertEqual(works.getMessage(), "the file can be written again")


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


class FlushTest(unittest.TestCase):
    """A pause after a failure, here of an hour, ends when somebody waits."""

    def setUp(self):
        patch = mock.patch.object(attolytics, "_jitter", lambda seconds: 3600)
        patch.start()
        self.addCleanup(patch.stop)

    def failed_client(self, service):
        client = attolytics.Client(service.url, "sesame", interval=0)
        self.addCleanup(client.close, 0)
        with self.assertLogs("attolytics", "WARNING"):
            client.track({"_t": "events", "n": 0})
            while not client._failures:
                time.sleep(0.01)
        return client

    def test_flush_sends_at_once(self):
        service = Service(self, refusals=1)
        client = self.failed_client(service)
        self.assertTrue(client.flush(30))
        self.assertEqual(service.stored, [0])

    def test_close_sends_at_once_and_in_the_end(self):
        service = Service(self, refusals=2)
        client = self.failed_client(service)
        self.assertTrue(client.close(5))
        self.assertEqual(service.stored, [0])

    def test_postponed_events_are_sent_too(self):
        service = Service(self)
        client = attolytics.Client(service.url, "sesame", interval=0)
        client.track({"_t": "events", "n": 0})
        with client._lock:
            for batch in client._queue:
                batch.due = time.monotonic() + 3600
        self.assertTrue(client.close(30))
        self.assertEqual(service.stored, [0])

    def test_retry_after_is_waited_for(self):
        service = Service(self, refusals=1, headers=[("Retry-After", "60")])
        client = attolytics.Client(service.url, "sesame", interval=0)
        client.track({"_t": "events", "n": 0})
        with self.assertLogs("attolytics", "WARNING"):
            while not client._not_before:
                time.sleep(0.01)
        self.assertFalse(client.close(0.5))
        self.assertEqual(len(service.requests), 1)


class LogTest(unittest.TestCase):
    def log(self, *answers, events=1):
        """What is logged if these are the answers, then 200s."""
        world = World({"requests": answers}, 0)
        with world.replace_real_one(), self.assertLogs("attolytics", "INFO") as logs:
            client = attolytics.Client(URL, "sesame", on_drop=lambda *dropped: None)
            for n in range(events):
                client.track({"_t": "events", "n": n})
            world.run(client)
        self.assertEqual({record.levelname for record in logs.records}, {"WARNING"})
        return [record.getMessage() for record in logs.records]

    def test_failure_is_logged_once_and_its_end(self):
        for answer, text in [
            ({"status": 500, "type": "table_broken"}, "500 table_broken"),
            ({"status": 403, "type": "wrong_secret_key"}, "403 wrong_secret_key"),
            ({"status": 503}, "503 not from Attolytics"),
            ({"status": 301}, "301 not from Attolytics"),
            ({"status": 204}, "204 not from Attolytics"),
            ({"status": 404}, "404 not from Attolytics"),
            ({"status": 200, "body": "<html>"}, "200, but not from Attolytics"),
            ({"status": 0}, "ConnectionResetError()"),
        ]:
            with self.subTest(answer):
                self.assertEqual(
                    self.log(answer, answer, answer),
                    [f"sending fails, 1 waiting: {text}", "sending works again"],
                )

    def test_other_cause_is_logged(self):
        self.assertEqual(
            self.log({"status": 0}, {"status": 500, "type": "table_broken"}, {"status": 0}),
            [
                "sending fails, 1 waiting: ConnectionResetError()",
                "sending fails, 1 waiting: 500 table_broken",
                "sending works again",
            ],
        )

    def test_other_events_that_are_stored_are_no_end(self):
        broken = {"status": 500, "type": "table_broken"}
        self.assertEqual(
            self.log(broken, {"status": 200}, broken, events=101),
            ["sending fails, 101 waiting: 500 table_broken", "sending works again"],
        )

    def test_key_that_was_used_with_other_events_is_logged(self):
        reused = {"status": 422, "type": "idempotency_key_reused"}
        [line] = self.log(reused, reused)
        self.assertRegex(line, "batch .*-0 was sent before")

    def test_quarantined_event_is_not_called_dropped(self):
        with self.assertLogs("attolytics", "WARNING") as logs:
            attolytics._log_drop({"n": 1}, "quarantined", "score must be an integer")
        self.assertEqual(
            logs.records[0].getMessage(), "in quarantine: {'n': 1} score must be an integer"
        )


class Interrupt(Exception):
    """Raised by a signal handler."""


class InterruptTest(unittest.TestCase):
    """A signal handler may raise an exception after a call, and at the start of a function."""

    def interrupt(self, call, at):
        """Whether the call has such a place with this number. There it raises an exception."""
        places = itertools.count()

        def profile(frame, event, argument):
            if event in ("call", "c_return") and next(places) == at:
                raise Interrupt

        try:
            sys.setprofile(profile)
            call()
        except Interrupt:
            return True
        finally:
            sys.setprofile(None)
        return False

    def test_client_works_after_an_exception_anywhere(self):
        for max_events in (1, 2, 3):
            for method in ("track", "flush"):
                with self.subTest(method, max_events=max_events):
                    with mock.patch.object(attolytics, "MAX_EVENTS", max_events):
                        self.interrupt_everywhere(method)

    def interrupt_everywhere(self, method):
        client = attolytics.Client(URL, "sesame", interval=0)
        sent = {}

        def post(key, texts):
            for text in texts:
                sent.setdefault(json.loads(text)["n"], []).append(key)
            return attolytics._Answer(200)

        client._connection.post = post
        for at in itertools.count():
            event = {"_t": "events", "n": f"interrupted {at}"}
            argument = {"track": event, "flush": 0}[method]
            interrupted = self.interrupt(lambda: getattr(client, method)(argument), at)
            client.track({"_t": "events", "n": at})
            if not interrupted:
                break
        self.assertGreater(at, 5)
        self.assertTrue(client.close())
        self.assertFalse(client._thread.is_alive())
        self.assertLessEqual(set(range(at + 1)), set(sent))
        self.assertEqual([keys for keys in sent.values() if len(keys) > 1], [])


class ArgumentsTest(unittest.TestCase):
    def test_url_that_is_none_is_refused(self):
        for url in ("localhost:80/apps/a/events", "http://localhost", "http:///a", "ftp://a/b"):
            with self.subTest(url), self.assertRaisesRegex(ValueError, "is not like https://"):
                attolytics.Client(url, "sesame")

    def test_secret_key_that_fits_no_header_is_refused(self):
        for key in ("", "sesame\n", "s€same"):
            with self.subTest(key), self.assertRaisesRegex(ValueError, "secret key"):
                attolytics.Client(URL, key)

    def test_event_without_a_table_is_refused(self):
        client = attolytics.Client(URL, "sesame")
        self.addCleanup(client.close)
        for event in ([1], None, {"n": 1}, {"_t": None}):
            with self.subTest(event), self.assertRaisesRegex(ValueError, "name of its table"):
                client.track(event)


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

    def test_event_tracked_during_close_is_refused(self):
        refused = []

        def post(key, texts):
            with self.assertRaisesRegex(ValueError, "the client is closed"):
                client.track({"_t": "events", "n": 1})
            refused.append(1)
            return attolytics._Answer(200)

        client = self.client(self.unreachable(), interval=3600)
        client.track({"_t": "events", "n": 0})
        with mock.patch.object(client._connection, "post", post):
            self.assertTrue(client.close())
        self.assertEqual(refused, [1])

    def test_close_closes_the_connection(self):
        service = Service(self)
        client = self.client(service.url)
        client.track({"_t": "events", "n": 0})
        self.assertTrue(client.close())
        self.assertIsNone(client._connection._http.sock)
        self.assertRegex(service.requests[0]["User-Agent"], "^attolytics-python/[0-9.]+$")

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
    def test_process_of_multiprocessing_sends_its_events(self):
        service = Service(self)
        output = self.run_script(
            """
import attolytics, multiprocessing, sys

def work():
    attolytics.Client(sys.argv[1], "sesame", interval=3600).track({"_t": "events", "n": 0})

process = multiprocessing.get_context("fork").Process(target=work)
process.start()
process.join()
""",
            service.url,
        )
        self.assertEqual((service.stored, output), ([0], ""))

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
