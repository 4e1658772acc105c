"""Exceptions that signal handlers raise while a method runs."""

import itertools
import json
import sys
import unittest
from unittest import mock

import attolytics
from simulation import URL


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
