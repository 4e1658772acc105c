"""A client for Attolytics: a queue of events, and a thread that sends them. See README.md.

A batch has its Idempotency-Key from its first event on, so whatever is sent again, by a retry or
after a restart, is stored once.
"""

import atexit
import http.client
import json
import logging
import os
import random
import sqlite3
import threading
import time
import urllib.parse
import uuid

__all__ = ["Client"]

MAX_EVENTS = 100  # in a request
MAX_BYTES = 60_000  # in a request
TIMEOUT = 60  # seconds, longer than the service's --ack_timeout
MAX_IDLE = 60  # of a connection: shorter than the service's --idle_timeout
MAX_BACKOFF = 60
MAX_RETRY_AFTER = 3_600
MAX_AGE = 6 * 86_400  # shorter than --idempotency_ttl

INSERT = "INSERT INTO events (key, sent, event) VALUES (?, ?, ?)"

log = logging.getLogger("attolytics")


def _body(texts):
    return '{"events":[' + ",".join(texts) + "]}"


def _jitter(seconds):
    return seconds * (0.5 + random.random())


def _log_drop(event, reason, detail):
    log.warning("dropped, %s: %s %s", reason, event, detail or "")


class _Batch:
    """Events that are sent together."""

    def __init__(self, key, texts=(), sent=0):
        self.key = key
        self.texts = []  # of the events, in JSON
        self.bytes = len(_body([]))
        self.sent = sent  # first, by time.time()
        self.due = 0  # by time.monotonic()
        for text in texts:
            self.add(text)

    def add(self, text):
        self.texts.append(text)
        self.bytes += len(text) + 1  # json.dumps writes ASCII


class _Answer:
    """What an answer says. The status is 0 if there was none."""

    def __init__(self, status=0, type="", detail=None, errors=(), retry_after=0):
        self.status = status
        self.type = type  # of the problem; empty if a proxy answers
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after

    @classmethod
    def parse(cls, response, texts):
        """Reads the answer to a request with these events."""
        try:
            document = json.loads(response.read())
        except ValueError:
            document = {}
        return cls(
            response.status,
            document.get("type", "").partition("urn:attolytics:problem:")[2],
            document.get("detail"),
            [error for error in document.get("errors", []) if error["event"] in range(len(texts))],
            _seconds(response.headers.get("Retry-After")),
        )

    def verdict(self):
        """What to do: the table in docs/api.md, "Writing a client"."""
        if self.status == 200:
            return "done"
        if self.status == 413:
            return "halve"
        if not 400 <= self.status <= 500 or self.status in (408, 429):
            return "retry"
        if self.status == 500 or not self.type:
            return "postpone"
        if self.type == "idempotency_key_reused":
            return "rename"
        if self.errors:
            return "remove"
        if self.type in ("refused_by_database", "conflict", "unknown_table"):
            return "halve"
        return "drop"


def _seconds(header):
    try:
        return max(0, float(header or 0))
    except ValueError:
        return 0


class _Connection:
    """Posts to the service, and stays open in between."""

    def __init__(self, url, headers):
        url = urllib.parse.urlsplit(url)
        schemes = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        self._http = schemes[url.scheme](url.hostname, url.port, timeout=TIMEOUT)
        self._path = url.path
        self._headers = {"Content-Type": "application/json", **headers}
        self._last_used = 0

    def post(self, key, texts):
        if time.monotonic() - self._last_used > MAX_IDLE:
            self._http.close()
        headers = {**self._headers, "Idempotency-Key": key}
        try:
            self._http.request("POST", self._path, _body(texts), headers)
            answer = _Answer.parse(self._http.getresponse(), texts)
        except Exception as error:  # whatever it is, the thread goes on
            log.info("no answer: %r", error)
            self._http.close()
            return _Answer()
        self._last_used = time.monotonic()
        return answer


class _Store:
    """Keeps the queue in an SQLite database, which one process has for itself."""

    def __init__(self, path):
        self._db = sqlite3.connect(path, timeout=0, check_same_thread=False)
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")  # a commit does not wait for the disk
        with self._db:
            self._db.execute("CREATE TABLE IF NOT EXISTS events (key TEXT, sent REAL, event TEXT)")
            self._db.execute("CREATE INDEX IF NOT EXISTS events_key ON events (key)")

    def load(self):
        batches = {}
        rows = self._db.execute("SELECT key, sent, event FROM events ORDER BY rowid")
        for key, sent, text in rows:
            batches.setdefault(key, _Batch(key, sent=sent)).add(text)
        return list(batches.values())

    def add(self, batch, text):
        self._write((INSERT, [(batch.key, batch.sent, text)]))

    def mark_sent(self, batch):
        self._write(("UPDATE events SET sent = ? WHERE key = ?", [(batch.sent, batch.key)]))

    def replace(self, batch, parts):
        rows = [(part.key, part.sent, text) for part in parts for text in part.texts]
        self._write(("DELETE FROM events WHERE key = ?", [(batch.key,)]), (INSERT, rows))

    def _write(self, *statements):
        try:
            with self._db:
                for sql, rows in statements:
                    self._db.executemany(sql, rows)
        except sqlite3.Error as error:
            log.error("not saved, only in memory: %s", error)

    def close(self):
        self._db.close()


class Client:
    """Collects events and sends them from a background thread. Any thread may call its methods.

    url -- where the app's events go: https://events.example.com/apps/com.example.myapp/events
    secret_key -- the app's
    path -- a file in which the queue survives a restart; each process needs its own
    interval -- how many seconds an event waits for others
    max_bytes -- how large the queue may be; then the oldest events are dropped
    lenient -- asks the service to store the valid events of a batch with invalid ones
    on_drop -- called with each event that is given up, the reason, and a detail or None
    """

    def __init__(
        self,
        url,
        secret_key,
        *,
        path=None,
        interval=2,
        max_bytes=16_000_000,
        lenient=False,
        on_drop=_log_drop,
    ):
        headers = {"Authorization": "Bearer " + secret_key}
        if lenient:
            headers["Prefer"] = "handling=lenient"
        self._connection = _Connection(url, headers)
        self._interval = interval
        self._max_bytes = max_bytes
        self._on_drop = on_drop
        self._id = uuid.uuid4().hex  # begins the keys
        self._count = 0  # of batches
        self._pid = os.getpid()
        self._path = path
        self._store = _Store(path or ":memory:")
        self._queue = self._store.load()  # the oldest batch first
        self._open = None  # the newest batch, if it takes more events
        self._sending = None  # the batch that waits for its answer
        self._failures = 0  # in a row
        self._not_before = 0  # by time.monotonic()
        self._dropped = []  # for on_drop
        self._closed = False
        self._changed = threading.Condition()  # guards all of these
        self._thread = threading.Thread(target=self._run, name="attolytics", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def track(self, event):
        """Puts an event, a dict with "_t", into the queue. It is saved when this returns."""
        text = json.dumps(event, allow_nan=False, separators=(",", ":"))
        self._check_process()
        with self._changed:
            if self._closed:
                raise ValueError("the client is closed")
            batch = self._open_batch(len(text) + 1)
            batch.add(text)
            self._store.add(batch, text)
            if len(batch.texts) == MAX_EVENTS:
                self._close_batch()
            self._changed.notify_all()
        self._call_back()

    def flush(self, timeout=None):
        """Waits until the queue is empty, for some seconds at most, and returns whether it is."""
        self._check_process()
        with self._changed:
            self._close_batch()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or not self._queue, timeout)
            return not self._queue

    def close(self, timeout=10):
        """Flushes, and ends. What is not sent by then is given up, unless there is a path."""
        if self._pid != os.getpid():
            return False  # the parent process sends the events, and closes its file
        with self._changed:
            flushed = self.flush(timeout)
            if not self._path:
                for batch in list(self._queue):
                    self._drop(batch, "closed")
            self._closed = True  # nothing was tracked since, as this has the lock
            self._changed.notify_all()
        self._call_back()
        if flushed:
            self._thread.join()
        atexit.unregister(self.close)
        return flushed

    def _check_process(self):
        if self._pid != os.getpid():
            raise RuntimeError("the client was created before fork: create it afterwards")

    def _open_batch(self, more):
        """The batch that takes an event of so many bytes."""
        if not (self._open and self._open.bytes + more <= MAX_BYTES):
            self._close_batch()
            self._trim()
            self._open = _Batch(f"{self._id}-{self._count}")
            self._open.due = time.monotonic() + self._interval
            self._count += 1
            self._queue.append(self._open)
        return self._open

    def _close_batch(self):
        """Lets the open batch be sent, without waiting for more events."""
        if self._open:
            self._open.due = 0
            self._open = None

    def _trim(self):
        """Drops the oldest batches of a queue that is too large."""
        excess = sum(batch.bytes for batch in self._queue) - self._max_bytes
        for batch in [batch for batch in self._queue if batch is not self._sending]:
            if excess <= 0:
                break
            excess -= batch.bytes
            self._drop(batch, "queue_full")

    def _run(self):
        while not self._closed:
            with self._changed:
                batch, wait = self._next()
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                self._take(batch)
            self._send(batch)
        self._store.close()

    def _next(self):
        """The batch to send next, and in how many seconds."""
        if not self._queue:
            return None, None
        batch = min(self._queue, key=lambda batch: batch.due)
        return batch, max(batch.due, self._not_before) - time.monotonic()

    def _take(self, batch):
        if batch is self._open:
            self._close_batch()
        self._sending = batch

    def _send(self, batch):
        action, answer = self._attempt(batch)
        with self._changed:
            self._sending = None
            if batch in self._queue:  # unless it was given up by close
                self._settle(batch, action, answer)
            self._changed.notify_all()
        self._call_back()

    def _attempt(self, batch):
        """Sends a batch, and returns what to do then, and why."""
        repeated = batch.sent > 0
        if repeated and time.time() - batch.sent > MAX_AGE:
            return "drop", _Answer(type="expired")
        if not repeated:
            batch.sent = time.time()
            with self._changed:
                self._store.mark_sent(batch)
        answer = self._connection.post(batch.key, batch.texts)
        action = answer.verdict()
        if not (action == "rename" or repeated and action in ("halve", "remove")):
            return action, answer
        # If an earlier attempt is stored, its key is taken. If not, this takes it: none will be.
        probe = self._connection.post(batch.key, [])
        found = probe.verdict()
        if found == "done":
            return action, answer
        return "done" if found == "rename" else found, probe

    def _settle(self, batch, action, answer):
        texts = batch.texts
        if action == "retry":
            self._not_before = time.monotonic() + self._backoff(answer)
            return
        self._failures = self._not_before = 0
        if action == "postpone":
            batch.due = time.monotonic() + _jitter(MAX_BACKOFF)  # others go first
        elif action == "done":
            self._report(batch, answer.errors, "quarantined")
            self._replace(batch)
        elif action in ("remove", "rename"):
            invalid = self._report(batch, answer.errors)
            self._replace(batch, [text for i, text in enumerate(texts) if i not in invalid])
        elif action == "halve" and len(texts) > 1:
            half = len(texts) // 2
            self._replace(batch, texts[:half], texts[half:])
        else:
            self._drop(batch, answer.type or f"http_{answer.status}", answer.detail)

    def _backoff(self, answer):
        """How many seconds to leave the service alone."""
        if answer.retry_after:
            return min(answer.retry_after, MAX_RETRY_AFTER) * (1 + random.random() / 2)
        self._failures += 1
        return _jitter(min(2 ** (self._failures - 1), MAX_BACKOFF))

    def _drop(self, batch, code, detail=None):
        errors = [{"event": i, "code": code, "detail": detail} for i in range(len(batch.texts))]
        self._report(batch, errors)
        self._replace(batch)

    def _report(self, batch, errors, reason=None):
        """Notes the events that have errors for on_drop, and returns which have."""
        by_event = {error["event"]: error for error in errors}
        for i, error in by_event.items():
            event = json.loads(batch.texts[i])
            self._dropped.append((event, reason or error.get("code"), error.get("detail")))
        return by_event

    def _replace(self, batch, *parts):
        """Puts parts of a batch in its place, each under a key of its own."""
        parts = [_Batch(f"{batch.key}-{i}", texts) for i, texts in enumerate(parts) if texts]
        at = self._queue.index(batch)
        self._queue[at : at + 1] = parts
        self._store.replace(batch, parts)

    def _call_back(self):
        """Without the lock, as the callback may take its time."""
        with self._changed:
            dropped, self._dropped = self._dropped, []
        for event, reason, detail in dropped:
            try:
                self._on_drop(event, reason, detail)
            except Exception:
                log.exception("on_drop failed")
