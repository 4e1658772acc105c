"""A pause after a failure, here of an hour, ends when somebody waits."""

import time
import unittest
from unittest import mock

import attolytics
from local_service import Service


class FlushTest(unittest.TestCase):
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
