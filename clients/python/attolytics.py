"""A client for Attolytics: a queue of events, and a thread that sends them. See README.md.

A batch has its Idempotency-Key from its first event on, so whatever is sent again, by a retry or
after a restart, is stored once.
"""

import atexit
import collections
import http.client
import itertools
import json
import logging
import multiprocessing.util
import os
import random
import re
import sqlite3
import threading
import time
import urllib.parse
import uuid

__all__ = ["Client"]
__version__ = "0.1.0"

MAX_EVENTS = 100  # in a request
MAX_BYTES = 60_000  # in a request
TIMEOUT = 60  # seconds, longer than the service's --ack_timeout
MAX_IDLE = 60  # of a connection: shorter than the service's --idle_timeout
MAX_BACKOFF = 60
MAX_RETRY_AFTER = 3_600
MAX_AGE = 6 * 86_400  # shorter than --idempotency_ttl
MAX_SLEEP = 1  # if nothing wakes the thread

INSERT = "INSERT INTO events (key, sent, event) VALUES (?, ?, ?)"

log = logging.getLogger("attolytics")


def _body(texts):
    return '{"events":[' + ",".join(texts) + "]}"


def _jitter(seconds):
    return seconds * (0.5 + random.random())


def _log_drop(event, reason, detail):
    what = "in quarantine" if reason == "quarantined" else "dropped, " + reason
    log.warning("%s: %s %s", what, event, detail or "")


class _Batch:
    """Events that are sent together."""

    def __init__(self, key, texts=(), sent=0):
        self.key = key
        self.texts = []  # of the events, in JSON
        self.bytes = len(_body([]))
        self.sent = sent  # first, by time.time()
        self.due = 0  # by time.monotonic()
        self.failing = False
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
        body = response.read()
        try:
            document = dict(json.loads(body))
        except (TypeError, ValueError):
            document = {}
        if response.status == 200 and body and "stored" not in document:
            return cls(detail="200, but not from Attolytics")
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
        if self.status in (403, 404):
            return "retry"  # until an operator has acted
        return "drop"

    def __str__(self):
        if not self.status:
            return self.detail
        return f"{self.status} {self.type or 'not from Attolytics'} {self.detail or ''}".rstrip()


def _seconds(header):
    try:
        return max(0, float(header or 0))
    except ValueError:
        return 0


class _Connection:
    """Posts to the service, and stays open in between."""

    def __init__(self, url, headers):
        parts = urllib.parse.urlsplit(url)
        schemes = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        if not (parts.scheme in schemes and parts.hostname and parts.path.strip("/")):
            raise ValueError(f"{url!r} is not like https://events.example.com/apps/ID/events")
        self._http = schemes[parts.scheme](parts.hostname, parts.port, timeout=TIMEOUT)
        self._path = parts.path
        self._headers = {
            "Content-Type": "application/json",
            "User-Agent": "attolytics-python/" + __version__,
            **headers,
        }
        self._last_used = 0

    def post(self, key, texts):
        if time.monotonic() - self._last_used > MAX_IDLE:
            self._http.close()
        headers = {**self._headers, "Idempotency-Key": key}
        try:
            self._http.request("POST", self._path, _body(texts), headers)
            answer = _Answer.parse(self._http.getresponse(), texts)
        except Exception as error:  # whatever it is, the thread goes on
            self._http.close()
            return _Answer(detail=repr(error))
        self._last_used = time.monotonic()
        return answer

    def close(self):
        self._http.close()


def _open_store(path):
    """Opens a file, or, with {} in its name, the first one that no other client uses."""
    for n in itertools.count():
        name = path.replace("{}", str(n))
        try:
            return _Store(name)
        except sqlite3.Error as error:
            if "locked" not in str(error):
                raise OSError(f"cannot open {name}: {error}") from error
            if name == path:
                raise OSError(
                    f"{name} is used by another client: give each its own,"
                    ' such as path="events-{}.db"'
                ) from error


class _Store:
    """Keeps the queue in an SQLite database, which one process has for itself."""

    def __init__(self, path):
        self._failed = False
        # Of processes that open it at the same moment, the most patient one gets it.
        timeout = random.random() / 5
        self._db = sqlite3.connect(path, timeout=timeout, check_same_thread=False)
        try:
            self._set_up()
        except sqlite3.Error:
            self._db.close()
            raise

    def _set_up(self):
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA auto_vacuum = FULL")  # the file shrinks with the queue
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
            if not self._failed:
                log.error("the file cannot be written, events are only in memory: %s", error)
            self._failed = True
        else:
            if self._failed:
                log.warning("the file can be written again")
            self._failed = False

    def close(self):
        self._db.close()


class Client:
    """Collects events and sends them from a background thread. Any thread may call its methods.

    url -- where the app's events go: https://events.example.com/apps/com.example.myapp/events
    secret_key -- the app's
    path -- a file in which the queue survives a restart; each process needs its own: with {} in
        the name, the client takes the first number whose file no other one uses
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
        if not re.fullmatch("[ -~\xa0-\xff]+", secret_key):
            raise ValueError("the secret key is empty, or does not fit into a header")
        headers = {"Authorization": "Bearer " + secret_key}
        if lenient:
            headers["Prefer"] = "handling=lenient"
        self._connection = _Connection(url, headers)
        self._interval = interval
        self._max_bytes = max_bytes
        self._on_drop = on_drop
        self._id = uuid.uuid4().hex  # begins the keys
        self._numbers = itertools.count()  # of batches
        self._pid = os.getpid()
        self._path = path
        self._store = _open_store(os.fspath(path or ":memory:"))
        self._queue = self._store.load()  # the oldest batch first
        self._open = None  # the newest batch, if it takes more events
        self._sending = None  # the batch that waits for its answer
        self._failures = 0  # in a row
        self._retry_at = 0  # by time.monotonic()
        self._not_before = 0  # as the service asks for, in Retry-After
        self._causes = set()  # of failures, that are logged
        self._dropped = collections.deque()  # for on_drop
        self._closed = False  # for events
        self._ended = False
        # Guards all of these. No Condition or Event: they are written in Python, so an exception
        # of a signal handler can leave them locked.
        self._lock = threading.RLock()
        self._asleep = threading.Lock()  # released to wake the thread
        self._thread = threading.Thread(target=self._run, name="attolytics", daemon=True)
        self._thread.start()
        atexit.register(self.close)
        # What multiprocessing starts by fork ends without atexit.
        self._at_exit = multiprocessing.util.Finalize(None, self.close, exitpriority=0)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def track(self, event):
        """Puts an event, a dict with "_t", into the queue. It is saved when this returns."""
        if not (isinstance(event, dict) and isinstance(event.get("_t"), str)):
            raise ValueError('an event is a dict with "_t", the name of its table')
        text = json.dumps(event, allow_nan=False, separators=(",", ":"))
        self._check_process()
        with self._lock:
            if self._closed:
                raise ValueError("the client is closed")
            batch = self._open_batch(len(text) + 1)
            batch.add(text)
            self._store.add(batch, text)
            if len(batch.texts) >= MAX_EVENTS:
                self._close_batch()
        self._wake()
        self._call_back()

    def flush(self, timeout=None):
        """Sends at once, waits until the queue is empty, for some seconds at most, and returns
        whether it is."""
        self._check_process()
        with self._lock:
            self._open = None
            self._failures = self._retry_at = 0
            for batch in self._queue:
                batch.due = 0
        self._wake()
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        while self._queue and not self._ended and time.monotonic() < end:
            time.sleep(0.01)
        return not self._queue

    def close(self, timeout=10):
        """Takes no more events, flushes, and ends. What is not sent by then is given up, unless
        there is a path."""
        if self._pid != os.getpid():
            return False  # the parent process sends the events, and closes its file
        self._at_exit.cancel()  # not again if this is interrupted at the end of the process
        self._closed = True
        last = timeout and timeout / 5  # for another attempt
        self.flush(timeout and timeout - last) or self.flush(last)
        with self._lock:
            flushed = not self._queue
            if not self._path:
                for batch in list(self._queue):
                    self._drop(batch, "closed")
            self._ended = True
        self._wake()
        self._call_back()
        self._thread.join(1)  # unless it waits for an answer
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
            batch = _Batch(f"{self._id}-{next(self._numbers)}")
            batch.due = time.monotonic() + self._interval
            self._queue.append(batch)
            self._open = batch
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

    def _wake(self):
        try:
            self._asleep.release()
        except RuntimeError:
            pass  # it is awake

    def _run(self):
        while not self._ended:
            with self._lock:
                batch, wait = self._next()
                if wait <= 0:
                    self._take(batch)
            if wait <= 0:
                self._send(batch)
            else:
                self._asleep.acquire(timeout=min(wait, MAX_SLEEP))
        self._connection.close()
        self._store.close()

    def _next(self):
        """The batch to send next, and in how many seconds."""
        if not self._queue:
            return None, MAX_SLEEP
        batch = min(self._queue, key=lambda batch: batch.due)
        return batch, max(batch.due, self._retry_at, self._not_before) - time.monotonic()

    def _take(self, batch):
        if batch is self._open:
            self._close_batch()
        self._sending = batch

    def _send(self, batch):
        action, answer = self._attempt(batch)
        batch.failing = action in ("retry", "postpone")
        self._log(batch, answer)
        with self._lock:
            self._sending = None
            if batch in self._queue:  # unless it was given up by close
                self._settle(batch, action, answer)
        self._call_back()

    def _log(self, batch, answer):
        """Logs each cause once, until no batch fails any more. Without the lock, as handlers may
        take their time."""
        queue = list(self._queue)
        if batch.failing:
            cause = (answer.status, answer.type)
            if cause not in self._causes:
                waiting = sum(len(batch.texts) for batch in queue)
                log.warning("sending fails, %d waiting: %s", waiting, answer)
            self._causes.add(cause)
        elif self._causes and answer.status and not any(batch.failing for batch in queue):
            log.warning("sending works again")
            self._causes.clear()

    def _attempt(self, batch):
        """Sends a batch, and returns what to do then, and why."""
        repeated = batch.sent > 0
        if repeated and time.time() - batch.sent > MAX_AGE:
            return "drop", _Answer(type="expired")
        if not repeated:
            batch.sent = time.time()
            with self._lock:
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
        if action == found == "rename":
            log.warning("batch %s was sent before, perhaps with more events: done", batch.key)
        return "done" if found == "rename" else found, probe

    def _settle(self, batch, action, answer):
        texts = batch.texts
        if action == "retry":
            self._pause(answer)
            return
        self._failures = 0
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

    def _pause(self, answer):
        """Leaves the service alone."""
        now = time.monotonic()
        if answer.retry_after:
            wait = min(answer.retry_after, MAX_RETRY_AFTER) * (1 + random.random() / 2)
            self._not_before = now + wait
        else:
            self._retry_at = now + _jitter(min(2**self._failures, MAX_BACKOFF))
            self._failures += 1

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
        while True:
            try:
                dropped = self._dropped.popleft()
            except IndexError:
                return
            try:
                self._on_drop(*dropped)
            except Exception:
                log.exception("on_drop failed")
