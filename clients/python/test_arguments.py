"""Arguments that are refused."""

import unittest

import attolytics
from simulation import URL


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
