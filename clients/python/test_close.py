"""A client that is closed, or whose process ends: each event is stored, refused or reported."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

import attolytics
from local_service import Service


class CloseTest(unittest.TestCase):
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
        for n in range(2):
            client.track({"_t": "events", "n": n})
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
