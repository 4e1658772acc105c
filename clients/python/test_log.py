"""What the client logs."""

import unittest

import attolytics
from simulation import URL, World


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
