"""The file in which the queue survives."""

import json
import os
import pathlib
import tempfile
import unittest

import attolytics


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
