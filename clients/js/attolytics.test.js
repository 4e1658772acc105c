// Runs the cases that all clients share, ../cases.json, with a simulated clock and network: node --test

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Attolytics } from "./attolytics.js";

const { cases } = JSON.parse(readFileSync(new URL("../cases.json", import.meta.url)));

/** Numbers of events: "0-99", "0 2", 1. */
function numbers(text) {
  return String(text)
    .split(" ")
    .filter(Boolean)
    .flatMap((part) => {
      const [first, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/** Events of these sizes in bytes, or that many small ones. */
function events(sizes) {
  if (typeof sizes === "number")
    return Array.from({ length: sizes }, (_, n) => ({ _t: "events", n }));
  return sizes.map((size, n) => {
    const event = { _t: "events", n, pad: "" };
    event.pad = "x".repeat(size - JSON.stringify(event).length);
    return event;
  });
}

/** What fetch returns, or throws. */
function answer(given, { signal }) {
  const { status, retry_after, body, type, detail, quarantined, errors = [] } = given;
  if (status === 0) throw new TypeError("fetch failed");
  if (status === null) return new Promise((_, reject) => signal.addEventListener("abort", reject));
  const headers = new Headers(retry_after && { "Retry-After": retry_after });
  if (!type && !quarantined) return new Response(body, { status, headers });
  headers.set("Content-Type", type ? "application/problem+json" : "application/json");
  const document = {
    stored: 0,
    quarantined,
    detail,
    errors: errors.map(([event, code]) => ({ event, code })),
  };
  if (type) document.type = `urn:attolytics:problem:${type}`;
  return new Response(JSON.stringify(document), { status, headers });
}

/** Puts a clock and a network into the place of the real ones. The clock jumps from timer to timer. */
function simulate(t, random) {
  const world = { now: 0, timer: undefined, fetch: undefined };
  t.mock.method(Math, "random", () => random);
  t.mock.method(Date, "now", () => 1e12 + world.now);
  t.mock.method(performance, "now", () => world.now);
  t.mock.method(globalThis, "clearTimeout", () => (world.timer = undefined));
  t.mock.method(
    globalThis,
    "setTimeout",
    (call, ms) => (world.timer = { call, at: world.now + Math.max(ms, 0) }),
  );
  t.mock.method(globalThis, "fetch", async (url, request) => world.fetch(url, request));
  return world;
}

const tasks = () => new Promise((resolve) => setImmediate(resolve));

/** Names keys a, b, c, … */
function keyNames() {
  const keys = [];
  return (key) => {
    if (!keys.includes(key)) keys.push(key);
    return String.fromCharCode("a".charCodeAt(0) + keys.indexOf(key));
  };
}

/** Lets a client send these events to a service that gives these answers, and then 200s. */
async function send(t, { sizes, answers, random, options }) {
  const world = simulate(t, random);
  const nameKey = keyNames();
  const remaining = [...answers];
  const seen = { requests: [], dropped: [], retried: [] };
  let answered = 0;
  world.fetch = (url, request) => {
    const { headers, body } = request;
    seen.requests.push({
      wait: Math.round(world.now - answered) / 1000,
      key: nameKey(headers["Idempotency-Key"]),
      events: JSON.parse(body).events.map(({ n }) => n),
      lenient: headers.Prefer === "handling=lenient",
    });
    const next = remaining.shift() ?? { status: 200 };
    world.now += (next.later ?? 0) * 1000;
    answered = world.now;
    return answer(next, request);
  };
  const client = new Attolytics("http://localhost/apps/a/events", "sesame", {
    onDrop: ({ n }, reason) => seen.dropped.push([n, reason]),
    onRetry: (...why) => seen.retried.push(why),
    ...options,
  });
  for (const event of events(sizes)) client.track(event);
  while (world.timer) {
    const { call, at } = world.timer;
    world.timer = undefined;
    world.now = Math.max(world.now, at);
    call();
    await tasks();
  }
  await client.flush();
  return seen;
}

async function run(t, example, random) {
  const { requests, dropped } = await send(t, {
    sizes: example.events,
    answers: example.requests,
    random,
    options: { maxBytes: example.max_bytes ?? 16_000_000, lenient: example.lenient },
  });
  const expected = example.requests.map(({ wait, key, events }) => ({
    wait: wait[random],
    key,
    events: numbers(events),
    lenient: example.lenient ?? false,
  }));
  assert.deepEqual(requests, expected);
  const given = example.dropped ?? [];
  assert.deepEqual(
    dropped,
    given.flatMap(([which, reason]) => numbers(which).map((n) => [n, reason])),
  );
}

for (const example of cases) {
  test(example.name, async (t) => {
    await run(t, example, 0);
    await run(t, example, 1);
  });
}

test("onRetry is called with the cause of each failure", async (t) => {
  const { retried } = await send(t, {
    sizes: 1,
    answers: [
      { status: 0 },
      { status: null },
      { status: 200, body: "<html>Log in</html>" },
      { status: 403 },
      { status: 403, type: "wrong_secret_key", detail: "not a secret key of the app" },
      { status: 500, type: "table_broken" },
    ],
    random: 0,
  });
  assert.deepEqual(retried, [
    ["no_answer", undefined],
    ["no_answer", undefined],
    ["http_200", undefined],
    ["http_403", undefined],
    ["wrong_secret_key", "not a secret key of the app"],
    ["table_broken", undefined],
  ]);
});
