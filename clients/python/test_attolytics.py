"""Runs the cases that all clients share, ../cases.json, with a simulated clock and network.

python3 -m unittest
"""

import email.message
import json
import pathlib
import sqlite3
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
