// A batch has its Idempotency-Key from its first event on, so whatever is sent again is
// stored once.

const MAX_EVENTS = 100; // in a request
const MAX_BYTES = 60_000; // in a request
const KEEPALIVE_BYTES = 65_536; // that a page may send when it is left
const TIMEOUT = 60_000; // longer than --ack_timeout
const MAX_BACKOFF = 60_000; // ms
const MAX_RETRY_AFTER = 3_600_000;
const MAX_AGE = 6 * 86_400_000; // shorter than --idempotency_ttl
const SETTLING = 1_000; // until other processes see what a page has saved

/** localStorage, if the page can lock it: over HTTPS, or from localhost. */
function pageStorage() {
  try {
    return globalThis.document && navigator.locks && localStorage;
  } catch {
    return undefined; // forbidden
  }
}

/** crypto.randomUUID would need HTTPS. */
const newId = () => crypto.getRandomValues(new Uint32Array(4)).join(".");

const byteLength = (text) => new TextEncoder().encode(text).length;

const jitter = (ms) => ms * (0.5 + Math.random());

/** What to do after an answer: see docs/api.md, "Writing a client". */
function verdict(status, stored, type, errors) {
  if (status === 200 && stored !== false) return "done";
  if (status === 413) return "halve";
  if (status < 400 || status > 500 || status === 408 || status === 429) return "retry";
  if (status === 500 || !type) return "postpone";
  if (type === "idempotency_key_reused") return "rename";
  if (errors.length) return "remove";
  if (/^(refused_by_database|conflict|unknown_table)$/.test(type)) return "halve";
  if (status === 403 || status === 404) return "retry";
  return "drop";
}

class Batch {
  due = 0; // by performance.now()

  constructor(key, texts, sent = 0) {
    this.key = key;
    this.texts = texts; // of the events, in JSON
    this.sent = sent; // first, by Date.now()
    this.bytes = byteLength(this.body);
  }

  get body() {
    return `{"events":[${this.texts}]}`;
  }

  /** For the storage. JSON.stringify writes no line breaks. */
  toString() {
    return [this.sent, ...this.texts].join("\n");
  }
}

export class Attolytics {
  #url;
  #options;
  #queue = []; // batches, the oldest first
  #open; // the newest batch, if it takes more events
  #sending; // the batch that waits for its answer
  #failures = 0; // in a row
  #notBefore = 0; // by performance.now()
  #timer; // for the next request or its answer
  #flushed = []; // called when the queue is empty
  #storage = pageStorage();
  #prefix; // of names in the storage
  #id; // of this page, with which its keys begin
  #locked = false; // whether this page has its lock
  #heirOf = new Set(); // ids
  #life; // aborted when this page is left
  #room; // in bytes, for what it sends then

  constructor(url, secretKey, options) {
    this.#url = url;
    this.#prefix = `attolytics ${url} `;
    this.#options = {
      secretKey,
      interval: 2_000,
      maxBytes: this.#storage ? 1_000_000 : 16_000_000,
      onDrop: (...about) => console.warn("Attolytics dropped", ...about),
      onRetry: (...about) => console.warn("Attolytics retries", ...about),
      ...options,
    };
    this.#start();
  }

  track(event) {
    const text = JSON.stringify(event);
    const bytes = byteLength(text) + 1;
    if (!(this.#open?.bytes + bytes <= MAX_BYTES)) this.#openBatch();
    const batch = this.#open;
    const isLeft = this.#life.signal.aborted;
    batch.bytes += bytes;
    if (batch.texts.push(text) === MAX_EVENTS || isLeft) this.#close();
    else if (this.#locked) this.#save(batch); // otherwise another page may send it
    if (isLeft) this.#sendLast(batch);
    this.#schedule();
  }

  flush() {
    this.#close();
    return new Promise((resolve) => {
      this.#flushed.push(resolve);
      this.#schedule();
    });
  }

  #openBatch() {
    this.#close();
    this.#trim();
    this.#open = new Batch(`${this.#id}-${newId()}`, []);
    this.#open.due = performance.now() + this.#options.interval;
    this.#queue.push(this.#open);
  }

  /** Lets the open batch be sent, without waiting for more events. */
  #close() {
    const batch = this.#open;
    if (!batch) return;
    this.#open = undefined;
    batch.due = 0;
    this.#save(batch);
  }

  /** Drops the oldest batches of a queue that is too large. */
  #trim() {
    let excess = this.#queue.reduce((sum, { bytes }) => sum + bytes, -this.#options.maxBytes);
    for (const batch of this.#queue.filter((batch) => batch !== this.#sending)) {
      if (excess <= 0) return;
      excess -= batch.bytes;
      this.#drop(batch, "queue_full");
    }
  }

  #schedule() {
    if (this.#sending) return;
    clearTimeout(this.#timer);
    if (!this.#queue.length) return this.#flushed.splice(0).forEach((resolve) => resolve());
    const next = this.#queue.reduce((a, b) => (b.due < a.due ? b : a));
    const wait = Math.max(next.due, this.#notBefore) - performance.now();
    this.#timer = setTimeout(() => this.#send(next), wait);
  }

  async #send(batch) {
    if (batch === this.#open) this.#close();
    this.#sending = batch;
    const answer = await this.#attempt(batch);
    this.#sending = undefined;
    this.#settle(batch, answer);
    this.#schedule();
  }

  async #attempt(batch) {
    const repeated = batch.sent > 0;
    if (repeated && Date.now() - batch.sent > MAX_AGE) return { action: "drop", reason: "expired" };
    const answer = await this.#post(batch);
    const { action } = answer;
    if (action !== "rename" && !(repeated && /halve|remove/.test(action))) return answer;
    // If an earlier attempt is stored, the key is taken. If not, this takes it, and none will be.
    const probe = await this.#post(batch, { body: '{"events":[]}' });
    if (probe.action === "done") return answer;
    if (probe.action === "rename") probe.action = "done";
    return probe;
  }

  /** Returns what to do then. */
  async #post(batch, options) {
    const timeout = new AbortController();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => timeout.abort(), TIMEOUT); // AbortSignal.timeout would let Node.js exit
    try {
      const response = await this.#fetch(batch, { ...options, signal: timeout.signal });
      const text = await response.text();
      const json = new Response(text).json().catch(() => ({}));
      const { stored = !text, type, detail, errors = [] } = await json;
      const problem = type?.split("urn:attolytics:problem:")[1]; // unless a proxy answers
      return {
        action: verdict(response.status, stored, problem, errors),
        reason: problem || `http_${response.status}`,
        detail,
        errors: errors.filter(({ event }) => batch.texts[event]),
        retryAfter: response.headers.get("Retry-After") * 1_000,
      };
    } catch {
      return { action: "retry", reason: "no_answer" };
    }
  }

  #fetch(batch, options) {
    batch.sent ||= Date.now();
    this.#save(batch);
    return fetch(this.#url, {
      method: "POST",
      redirect: "error",
      body: batch.body,
      headers: {
        "Content-Type": "application/json",
        Authorization: `Bearer ${this.#options.secretKey}`,
        "Idempotency-Key": batch.key,
        ...(this.#options.lenient && { Prefer: "handling=lenient" }),
      },
      ...options,
    });
  }

  #settle(batch, { action, reason, detail, errors, retryAfter }) {
    const { texts } = batch;
    if (action === "retry") {
      this.#call("onRetry", reason, detail);
      const wait =
        retryAfter > 0
          ? Math.min(retryAfter, MAX_RETRY_AFTER) * (1 + Math.random() / 2)
          : jitter(Math.min(1_000 * 2 ** this.#failures++, MAX_BACKOFF));
      this.#notBefore = performance.now() + wait;
      return;
    }
    this.#failures = this.#notBefore = 0;
    if (action === "postpone") {
      this.#call("onRetry", reason, detail);
      batch.due = performance.now() + jitter(MAX_BACKOFF); // others go first
    } else if (action === "done") {
      this.#report(batch, errors, "quarantined");
      this.#replace(batch);
    } else if (/remove|rename/.test(action)) {
      this.#report(batch, errors);
      const isValid = (_, i) => !errors.some(({ event }) => event === i);
      this.#replace(batch, texts.filter(isValid));
    } else if (action === "halve" && texts.length > 1) {
      const half = texts.length >> 1;
      this.#replace(batch, texts.slice(0, half), texts.slice(half));
    } else {
      this.#drop(batch, reason, detail);
    }
  }

  #drop(batch, code, detail) {
    const errors = batch.texts.map((_, event) => ({ event, code, detail }));
    this.#report(batch, errors);
    this.#replace(batch);
  }

  #report({ texts }, errors, reason) {
    const byEvent = new Map(errors.map((error) => [error.event, error]));
    byEvent.forEach(({ code, detail }, i) => {
      this.#call("onDrop", JSON.parse(texts[i]), reason ?? code, detail);
    });
  }

  #call(callback, ...about) {
    queueMicrotask(() => this.#options[callback](...about));
  }

  /** After a crash in between, it is split again, into parts with the same keys. */
  #replace(batch, ...parts) {
    const batches = parts
      .filter(({ length }) => length)
      .map((texts, i) => new Batch(`${batch.key}-${i}`, texts));
    this.#queue.splice(this.#queue.indexOf(batch), 1, ...batches);
    batches.forEach((part) => this.#save(part));
    this.#storage?.removeItem(this.#prefix + batch.key);
  }

  #save(batch) {
    try {
      this.#storage?.setItem(this.#prefix + batch.key, batch);
    } catch {
      // The storage is full: the batch is only in memory.
    }
  }

  #start() {
    this.#id = newId();
    this.#life = new AbortController();
    this.#schedule();
    const on = (type, listener) =>
      globalThis.addEventListener?.(type, listener, { signal: this.#life.signal });
    on("pagehide", () => this.#leave());
    on("visibilitychange", () => document.hidden && this.flush());
    on("online", () => {
      this.#notBefore = 0;
      this.#schedule();
    });
    if (!this.#storage) return;
    this.#lock(this.#id, () => {
      this.#locked = true;
      if (this.#open) this.#save(this.#open);
      on("storage", () => this.#inherit());
      this.#inherit();
    });
  }

  /** Takes over what is saved, as soon as the page it is from is gone. */
  #inherit() {
    for (const key of this.#keys()) {
      const [id] = key.split("-");
      if (!this.#heirOf.has(id)) this.#lock(id, () => setTimeout(() => this.#load(id), SETTLING));
    }
  }

  #load(id) {
    for (const key of this.#keys()) {
      if (key.split("-")[0] !== id) continue;
      const [sent, ...texts] = this.#storage.getItem(this.#prefix + key).split("\n");
      this.#queue.unshift(new Batch(key, texts, Number(sent)));
    }
    this.#schedule();
  }

  #keys() {
    return Object.keys(this.#storage).flatMap((name) => name.split(this.#prefix)[1] ?? []);
  }

  #lock(id, locked) {
    this.#heirOf.add(id);
    const { signal } = this.#life;
    const hold = () => {
      locked();
      return new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    navigator.locks
      .request(this.#prefix + id, { signal }, hold)
      .catch(() => this.#heirOf.delete(id));
  }

  #leave() {
    this.#close();
    this.#locked = false;
    this.#life.abort();
    this.#room = KEEPALIVE_BYTES;
    addEventListener("pageshow", () => this.#start(), { once: true });
    this.#queue.forEach((batch) => this.#sendLast(batch));
  }

  /** If there is room. The next page sends it again, as nobody sees the answer. */
  #sendLast(batch) {
    if (batch.bytes > this.#room) return;
    this.#room -= batch.bytes;
    this.#fetch(batch, { keepalive: true }).catch(() => {});
  }
}
