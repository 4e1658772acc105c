import {advice, adviceWithoutLink} from './advice.js';
import {Chart} from './charts.js';

const PERIOD_MILLIS = 2000;
const TIMEOUT_MILLIS = 5000;
const STALE_MILLIS = 5000; // an answer that is older is marked as old
const SHOWN = 10; // lines of a list, until all are asked for
const LEAST_SHARE = 0.01; // of its time that a writer has to wait to be shown waiting
const BOTTLENECK_SHARE = 0.9; // of its time that a writer is busy
const RECENT_SECONDS = 10;
const NEW_MILLIS = 5 * 60_000; // as long as the charts
const COLORS = ['first', 'second', 'third', 'fourth'];

const byId = id => document.getElementById(id);
const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const precise = new Intl.NumberFormat('en', {maximumSignificantDigits: 3});
const percent = new Intl.NumberFormat('en', {style: 'percent', maximumFractionDigits: 1});
const time = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit'});
const day = new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short'});
const utcDay = new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC'});

const number = value => value === null ? '–' : (value >= 100 ? whole : precise).format(value);
const share = value => value === null ? '–' : percent.format(value);
const unit = (count, one, many) => number(count) === '1' ? one : many;
const plural = (count, one, many) => number(count) + ' ' + unit(count, one, many);
const sum = counts => Object.values(counts).reduce((a, b) => a + b, 0);

function short(value) {
  return value >= 1e6 ? precise.format(value / 1e6) + 'M' : value >= 1e4 ? precise.format(value / 1e3) + 'k' : number(value);
}

function seconds(value) {
  if (value === null) {
    return '–';
  }
  return value < 1 ? precise.format(value * 1000) + ' ms' : precise.format(value) + ' s';
}

/** Seconds of a histogram, which does not know how long it took beyond its last bucket. */
const latency = value => value !== null && value >= latest.longestBucketSeconds
  ? '> ' + seconds(latest.longestBucketSeconds) : seconds(value);

function bytes(value) {
  if (value === null) {
    return '–';
  }
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return precise.format(value) + ' ' + units[unit];
}

function duration(value) {
  value = Math.max(0, Math.round(value));
  const days = Math.floor(value / 86400);
  const hours = Math.floor(value / 3600) % 24;
  const minutes = Math.floor(value / 60) % 60;
  return days > 0 ? `${days} d ${hours} h` : hours > 0 ? `${hours} h ${minutes} min`
    : minutes > 0 ? `${minutes} min ${value % 60} s` : `${value} s`;
}

/** The time of day, and the day if that is another. */
function moment(text) {
  const at = new Date(text);
  return (at.toDateString() === new Date().toDateString() ? '' : day.format(at) + ' ') + time.format(at);
}

function show(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

function make(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className ?? '';
  return made;
}

/** Replaces the content only if it is another, so that a selection survives. */
function replace(element, nodes) {
  const next = make(element.tagName, '');
  next.append(...nodes);
  if (next.innerHTML !== element.innerHTML) {
    element.replaceChildren(...next.childNodes);
  }
}

/** Paragraphs: texts, [text, class] or elements. */
function paragraphs(id, ...lines) {
  replace(byId(id), lines.filter(Boolean).map(line =>
    line instanceof Element ? line : Array.isArray(line) ? make('p', ...line) : make('p', line)));
}

/** The lines of a table: a heading and cells, each a text or nodes. */
function rows(id, lines, className = () => '') {
  const table = byId(id);
  const columns = [...table.tHead.rows[0].cells];
  replace(table.tBodies[0], lines.map((line, i) => {
    const row = make('tr', '', className(i));
    line.forEach((content, j) => {
      const cell = make(j === 0 ? 'th' : 'td', '', columns[j].className);
      if (j === 0) {
        cell.scope = 'row';
      }
      const inner = make('div', '');
      inner.append(...(Array.isArray(content) ? content : [content]));
      cell.dataset.label = columns[j].textContent;
      cell.append(...(content === '' ? [] : [inner]));
      row.append(cell);
    });
    return row;
  }));
}

const opened = new Set();

/** A table of which the first lines are shown, and the others on demand. */
function list(id, lines, empty, className) {
  const all = opened.has(id) || lines.length <= SHOWN;
  const table = byId(id);
  table.hidden = lines.length === 0;
  rows(id, all ? lines : lines.slice(0, SHOWN), className);
  let more = table.nextElementSibling;
  if (!more) {
    more = make('button', '');
    more.type = 'button';
    more.addEventListener('click', () => {
      opened.has(id) ? opened.delete(id) : opened.add(id);
      draw(latest);
    });
    table.after(make('p', '', 'quiet'), more);
  }
  [, more] = [table.nextElementSibling, table.nextElementSibling.nextElementSibling];
  show(table.nextElementSibling, lines.length ? '' : empty);
  more.hidden = lines.length <= SHOWN;
  show(more, all ? `Show the newest ${SHOWN}` : `Show all ${lines.length}`);
  more.setAttribute('aria-expanded', String(all));
}

/** When something happened last, and how often. */
function occurrence(repeated) {
  const at = make('time', moment(repeated.last));
  at.dateTime = repeated.last;
  return repeated.count === 1 ? [at]
    : [at, make('small', `${plural(repeated.count, 'time', 'times')} since ${moment(repeated.first)}`)];
}

/** Those counts that are not 0, as rows. */
function counts(id, lines) {
  const counted = lines.filter(([, ...values]) => values.some(value => value > 0));
  rows(id, counted.length ? counted.map(([name, ...values]) => [name, ...values.map(value => whole.format(value))]) : [['none', ...lines.length ? lines[0].slice(1).map(() => '') : []]]);
}

const charts = {};

function makeCharts() {
  const parent = byId('charts');
  charts.rows = new Chart(parent, {id: 'throughput', title: 'Throughput', format: short, clip: true, series: [
    {label: 'rows/s', color: 'first', area: true},
    {label: 'answered/s', color: 'second', scale: 'right', format: short, dash: [5, 3]}]});
  charts.latency = new Chart(parent, {id: 'latency', title: 'Time to answer', format: latency, log: true, series: [
    {label: 'median', color: 'first'}, {label: '99%', color: 'second', dash: [5, 3]}]});
  charts.refused = new Chart(parent, {id: 'refused-rate', title: 'Refused requests', format: short, stacked: true});
  charts.buffer = new Chart(parent, {id: 'buffer', title: 'Buffer', format: bytes, least: 64 * 1024, bytes: true, series: [
    {label: 'in use', color: 'first', area: true}]});
  charts.flushes = new Chart(parent, {id: 'flushes', title: 'Flushes', format: latency, log: true, series: [
    {label: 'median', color: 'first'}, {label: '99%', color: 'second', dash: [5, 3]},
    {label: 'failed/s', format: number, hidden: true}]});
  charts.writers = new Chart(parent, {id: 'busy', title: 'Writers', format: share, least: 1});
}

/** The numbers above a chart: [number, unit, class]. */
function figures(chart, ...values) {
  replace(chart.figures, values.map(([value, unit, className]) => {
    const span = make('span', '');
    span.append(make('b', value, className), ' ' + unit);
    return span;
  }));
}

/** What the charts shade: when the service was not ready, and when the requests for a table waited. */
function shaded({history, outages}) {
  const ofService = outages.filter(({part}) => part === 'service');
  const spans = unready(history).map(([from, to], i) => {
    const isOutage = ofService.some(outage => epoch(outage.from) <= to && epoch(outage.until) >= from);
    return {from, to, kind: i === 0 && from < history.time[0] && !isOutage ? 'starting' : 'unready'};
  });
  const held = outages.filter(({part}) => part.startsWith('table '))
    .map(({from, until}) => ({from: epoch(from), to: epoch(until), kind: 'held'}));
  return [...spans, ...held].filter(({to}) => to >= history.time[0]);
}

/** Seconds since the Unix epoch; of a time that has not come yet more than any. */
const epoch = text => text === null ? Infinity : new Date(text) / 1000;

/** The spans of time in which the service was not ready. */
function unready(history) {
  const spans = [];
  history.ready.forEach((ready, i) => {
    if (!ready) {
      const before = history.time[i - 1] ?? history.time[i] - 1;
      const last = spans[spans.length - 1];
      if (last && last[1] === before) {
        last[1] = history.time[i];
      } else {
        spans.push([before, history.time[i]]);
      }
    }
  });
  return spans;
}

/** What the shades and marks of the charts mean, as far as there are any. */
function drawKey(spans) {
  const shown = new Set(spans.map(({kind}) => kind));
  if (charts.rows.isClipped()) {
    shown.add('clipped');
  }
  byId('key').hidden = shown.size === 0;
  ['unready', 'held', 'starting', 'clipped'].forEach(kind => byId('key-' + kind).hidden = !shown.has(kind));
}

function drawCharts({levels, totals, recent, history, writers, outages}) {
  const spans = shaded({history, outages});
  const draw = (chart, values) => chart.show(history.time, values, history.length, spans);

  figures(charts.rows, [number(recent.rows), unit(recent.rows, 'row/s', 'rows/s')],
    [number(recent.requests), unit(recent.requests, 'request answered/s', 'requests answered/s')]);
  draw(charts.rows, [history.rows, history.requests]);
  show(charts.rows.note, recent.requests === 0 && levels.ringRows > 0 ? waiting(levels)
    : `${plural(sum(totals.committed), 'row', 'rows')} committed since the start`);
  drawKey(spans);

  figures(charts.latency, [latency(recent.requestP50), 'median'], [latency(recent.requestP99), '99%']);
  draw(charts.latency, [history.requestP50, history.requestP99]);
  show(charts.latency.note, levels.oldestSeconds > 0
    ? `the oldest request has waited for ${seconds(levels.oldestSeconds)}` : 'no request is waiting');

  drawRefused(draw, history, recent, totals, outages);

  figures(charts.buffer, [share(levels.bufferBytes / (levels.bufferCapacityBytes || 1)), 'full']);
  draw(charts.buffer, [history.bufferBytes]);
  show(charts.buffer.note, `${bytes(levels.bufferBytes)} of ${bytes(levels.bufferCapacityBytes)}; `
    + `${number(levels.ringRows)} of ${plural(levels.ringCapacityRows, 'row', 'rows')}`);

  figures(charts.flushes, [number(recent.flushes), 'per second'], [number(recent.flushRows), unit(recent.flushRows, 'row each', 'rows each')]);
  draw(charts.flushes, [history.flushP50, history.flushP99, history.flushErrors]);
  show(charts.flushes.note, `${number(levels.connectionsInUse)} of ${plural(levels.connections, 'connection', 'connections')} in use`);

  charts.writers.setSeries(writers.map(({writer}) => ({label: 'writer ' + writer, color: COLORS[writer % COLORS.length]})));
  const mean = name => writers.reduce((all, writer) => all + writer[name], 0) / (writers.length || 1);
  const away = mean('waitingShare');
  figures(charts.writers, [share(mean('busyShare')), 'busy'],
    ...(away >= LEAST_SHARE ? [[share(away), 'waiting for the database', 'bad']] : []));
  draw(charts.writers, history.writers.map(({busyShare}) => busyShare));
  replace(charts.writers.note, mean('busyShare') >= BOTTLENECK_SHARE ? advice('busy').childNodes
    : ['busy: share of the time spent on flushes']);
}

/** Which reasons have a colour of their own: 4xx and 5xx. A reason keeps it while the chart shows it. */
const colored = {client: [null, null, null], server: [null, null, null]};

function color(kind, reasons) {
  const slots = colored[kind].map(reason => reasons.some(shown => shown.reason === reason) ? reason : null);
  for (const {reason} of [...reasons].sort((a, b) => sum(b.perSecond) - sum(a.perSecond))) {
    if (!slots.includes(reason) && slots.includes(null)) {
      slots[slots.indexOf(null)] = reason;
    }
  }
  colored[kind] = slots;
}

/** 4xx and 5xx in colours of their own; the reasons without one are one series. */
function drawRefused(draw, history, recent, totals, outages) {
  const series = [];
  const values = [];
  for (const kind of ['client', 'server']) {
    const reasons = history.refused.filter(({status}) => (status < 500) === (kind === 'client'));
    color(kind, reasons);
    colored[kind].forEach((name, i) => {
      const found = reasons.find(({reason}) => reason === name);
      if (found) {
        series.push({label: `${found.status} ${name}`, color: `${kind}-${i + 1}`});
        values.push(found.perSecond);
      }
    });
    const others = reasons.filter(({reason}) => !colored[kind].includes(reason));
    if (others.length) {
      series.push({label: `other ${kind === 'client' ? '4xx' : '5xx'}`, color: `${kind}-4`});
      values.push(history.time.map((_, i) => others.reduce((all, {perSecond}) => all + perSecond[i], 0)));
    }
  }
  charts.refused.setSeries(series);
  figures(charts.refused, [number(recent.refused), '4xx/s'],
    [number(recent.failed), '5xx/s', failedNow({history, outages}).length > 0 ? 'bad' : '']);
  draw(charts.refused, values);
  show(charts.refused.note, `${plural(sum(totals.rejected), 'event', 'events')} rejected since the start`);
}

function state(good, text, name) {
  byId('state').className = good ? 'good' : 'bad';
  show(byId('state'), text);
  document.title = `Attolytics${name ? ' ' + name : ''}: ${text}`;
}

function drawFacts({instance, database, schema, version, writers, totals, quarantine, levels}) {
  paragraphs('instance', instance.host, instance.url ?? 'the public port is not open yet',
    `version ${version}, Java ${instance.java}`, `pid ${instance.pid}, started ${moment(instance.started)}`);
  const size = database.bytes === null ? '' : `, ${bytes(database.bytes)}`;
  paragraphs('database',
    database.name ? `${database.name}` : '–',
    database.serverVersion ? `PostgreSQL ${database.serverVersion}${size}` : null,
    (database.embedded ? 'embedded, ' : '') + (database.url ?? ''),
    database.problem ? [database.problem, 'bad'] : levels.databaseUp ? ['answers', 'good'] : null,
    database.cause ? [database.cause, 'bad'] : null);
  const file = make('p', schema.file);
  file.title = schema.absoluteFile;
  paragraphs('schema', file, `loaded ${moment(schema.loaded)}`,
    `${plural(Object.keys(totals.committed).length, 'table', 'tables')}, `
    + plural(Object.keys(totals.acceptedByApp).filter(app => app !== 'unknown').length, 'app', 'apps'),
    ...(schema.refused ? [[`a reload was refused ${moment(schema.refused)}: see the log`, 'bad'], advice('a reload was refused')] : []));
  drawWriters(writers ?? []);
  const held = quarantine.groups.reduce((all, group) => all + group.rows, 0);
  paragraphs('quarantine', held === 0 ? 'empty' : plural(held, 'event', 'events'),
    ...quarantine.groups.slice(0, 3).map(group => `${group.app}: ${whole.format(group.rows)} ${group.code}`),
    quarantine.groups.length > 3 ? `and ${plural(quarantine.groups.length - 3, 'more kind', 'more kinds')}, see below` : null,
    held > 0 ? advice('events in quarantine') : null);
}

function drawWriters(writers) {
  const rowsPerSecond = writers.reduce((all, writer) => all + writer.rowsPerSecond, 0);
  const busy = writers.map(({writer, busyShare, waitingShare, rowsPerSecond: own}) => {
    const line = make('p', `writer ${writer}: ${share(busyShare)} busy`
      + (waitingShare >= LEAST_SHARE ? `, ${share(waitingShare)} waiting for the database` : '')
      + (rowsPerSecond > 0 ? `, ${share(own / rowsPerSecond)} of the rows` : ''));
    return [line, bar(busyShare)];
  });
  replace(byId('writers'), [make('p', plural(writers.length, 'writer', 'writers')), ...busy.flat()]);
}

function bar(part) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 100 1');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  for (const [className, width] of [['all', 100], ['part', Math.min(100, 100 * part)]]) {
    const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    rect.setAttribute('class', className);
    rect.setAttribute('width', width.toFixed(1));
    rect.setAttribute('height', 1);
    svg.append(rect);
  }
  return svg;
}

/** Requests that have no answer yet: they are not among those that are counted. */
const waiting = ({ringRows, oldestSeconds, bufferBytes, bufferCapacityBytes}) => ringRows === 0 ? 'No request waits'
  : `Requests with ${plural(ringRows, 'row', 'rows')} wait for their commit, the oldest for ${seconds(oldestSeconds)}; `
    + `the buffer is ${share(bufferBytes / (bufferCapacityBytes || 1))} full`;

/** The statuses from 500 of the last seconds, but for those of an outage that has ended. */
function failedNow({history, outages}) {
  const ended = Math.max(0, ...outages.filter(({until}) => until !== null).map(({until}) => epoch(until)));
  // The end is cut to the second, and a point stands for the second before it.
  const isNow = i => i >= history.time.length - RECENT_SECONDS && history.time[i] > ended + 2;
  return history.refused.filter(({status, perSecond}) => status >= 500 && perSecond.some((count, i) => count > 0 && isNow(i)))
    .map(({status}) => status);
}

/** What is wrong now and what to do about it, or else when something was. */
function drawNow(report) {
  const lines = [...drawOutagesOfNow(report), ...drawFailed(report)];
  byId('now').classList.toggle('bad', lines.length > 0);
  const [last] = report.outages;
  paragraphs('now', ...(lines.length ? lines : ['Nothing is wrong now.',
    last ? [`Last outage: ${moment(last.from)}, for ${lasting(last, report.now)}: ${last.reason}.`, 'quiet']
      : ['No outage since the start.', 'quiet']]));
}

function drawOutagesOfNow({ready, reason, cause, outages, now, levels}) {
  const present = outages.filter(outage => outage.until === null);
  const presentReason = outage => outage.part === 'service' && reason || outage.reason;
  const lines = present.flatMap(outage => [
    [`${presentReason(outage)}, since ${moment(outage.from)} (${lasting(outage, now)})`, 'bad'], outage.cause,
    advice(presentReason(outage))]);
  if (!ready && !present.some(({part}) => part === 'service')) { // starting, or just noticed
    lines.push([reason, 'bad'], cause, advice(reason));
  }
  return [...lines, ...present.slice(-1).map(longest =>
    `${waiting(levels)}. Meanwhile answered: ${answered(longest)}.`)];
}

/** 5xx for another reason than an outage. */
function drawFailed({recent, history, outages}) {
  const failed = history && outages.every(({until}) => until !== null) ? failedNow({history, outages}) : [];
  return failed.length === 0 ? [] : [
    [`${plural(recent.failed, 'request per second is', 'requests per second are')} answered with 5xx, see the refusals`, 'bad'],
    advice(String(failed.find(status => status !== 503) ?? 503))];
}

const lasting = ({from, until}, now) => duration((new Date(until ?? now) - new Date(from)) / 1000);
const answered = outage => `${whole.format(outage.answered503)} × 503, ${whole.format(outage.answered504)} × 504`;

function drawOutages({outages, now}) {
  byId('outages').hidden = outages.length === 0;
  list('outage', outages.map(outage => [
    moment(outage.from), outage.until ? moment(outage.until) : 'now', lasting(outage, now),
    whole.format(outage.answered503), whole.format(outage.answered504),
    [outage.reason, ...(outage.cause ? [make('small', outage.cause)] : [])]]), '');
}

/** The links to the parts of the page, with the number of lines of the last minutes. */
function drawLinks({outages, refusals, log, now}) {
  const count = (lines, at) => lines.filter(line => new Date(now) - new Date(at(line)) < NEW_MILLIS).length;
  const link = (id, name, lines, ...units) => show(byId(id), lines > 0 ? `${name} (${plural(lines, ...units)} in 5 min)` : name);
  byId('to-outages').hidden = outages.length === 0;
  link('to-outages', 'Outages', count(outages, outage => outage.until ?? now), 'outage', 'outages');
  link('to-refusals', 'Refusals', count(refusals, refusal => refusal.last), 'kind', 'kinds');
  link('to-log', 'Log', count(log, line => line.last), 'line', 'lines');
}

/** What the classes of SQLSTATE mean for a flush, as in deploy/RUNBOOK.md. */
const SQLSTATES = {
  '08': 'connection failed or lost', 22: 'invalid value', 23: 'constraint violated', 25: 'read-only, or idle for too long',
  28: 'login refused', '3D': 'database missing', '3F': 'schema missing', 40: 'deadlock or serialization failure',
  42: 'table, column or privilege missing', 53: 'out of connections, memory or disk', 54: 'limit exceeded',
  55: 'lock not available in time', 57: 'statement timeout, or server stopping', 58: 'operating system error',
  P0: 'raised by a trigger', XX: 'internal error of PostgreSQL', none: 'no response in time'};

function drawTables({totals, recent, quarantine, partitions, partitionsEnd, refusals, log}) {
  list('refusal', refusals.map(refusal => [
    occurrence(refusal), refusal.app,
    [make('span', refusal.status, 'status ' + (refusal.status < 500 ? 'client' : 'server')), ' ', make('code', refusal.reason)],
    refusal.code && refusal.code !== refusal.reason ? [make('code', refusal.code)] : '', refusal.pointer ? [make('code', refusal.pointer)] : '',
    [refusal.detail, ...(refusal.userAgent ? [make('small', refusal.userAgent)] : [])]]),
  'No request has been refused since the start.');
  list('line', log.map(line => [occurrence(line), line.level, line.logger, line.message]),
    'Nothing since the start.', i => log[i].level);
  rows('tables', Object.keys(totals.committed).map(table => [
    table, number(recent?.rowsByTable[table] ?? 0), whole.format(totals.committed[table]),
    whole.format(totals.leftOut[table] ?? 0),
    partitions[table] === undefined ? '–' : `${partitions[table]}`
      + (partitionsEnd[table] === undefined ? '' : `, until ${utcDay.format(partitionsEnd[table] * 1000)} UTC`)]));
  rows('apps', Object.keys(totals.requestsByApp)
    .filter(app => app !== 'unknown' || totals.requestsByApp[app] > 0)
    .map(app => [app, ...[totals.requestsByApp, totals.refusedByApp, totals.acceptedByApp, totals.rejectedByApp,
      totals.duplicatesByApp].map(counted => whole.format(counted[app] ?? 0))]));
  counts('answers', Object.entries(totals.requests));
  counts('refused', Object.keys(totals.refused).map(reason =>
    [reason, totals.refused[reason], totals.rejected[reason] ?? 0]));
  counts('transactions', [...Object.entries(totals.flushes).map(([trigger, count]) => [`flush: ${trigger}`, count]),
    ...Object.entries(totals.flushErrors).map(([state, count]) => [`failed transaction: ${SQLSTATES[state] ?? 'other cause'} (SQLSTATE ${state})`, count])]);
  byId('in-quarantine').hidden = quarantine.groups.length === 0;
  rows('quarantined', quarantine.groups.map(group => [group.app, [make('code', group.code)], whole.format(group.rows)]));
  rows('newest', quarantine.newest.map(event =>
    [moment(event.received), event.app, event.table ?? '', [make('code', event.code)], event.pointer ? [make('code', event.pointer)] : '']));
}

let latest = null;

function draw(report) {
  latest = report;
  const port = report.instance.url ? ':' + new URL(report.instance.url).port : '';
  const name = report.instance.host + port;
  show(byId('name'), name);
  state(report.ready, report.ready ? 'Ready' : 'Not ready: ' + report.reason, name);
  show(byId('since'), `since ${moment(report.since)} (${duration((new Date(report.now) - new Date(report.since)) / 1000)})`);
  show(byId('times'), `up ${duration(report.uptimeSeconds)}`);
  byId('all').hidden = false;
  drawNow(report);
  drawLinks(report);
  drawFacts(report);
  drawOutages(report);
  drawTables(report);
  if (report.history) {
    drawCharts(report);
  }
}

let answeredAt = null; // by the clock of this browser
let failed = false;

/** The report, or null if there is no answer. */
async function report() {
  try {
    const answer = await fetch('status.json', {cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MILLIS)});
    return answer.ok ? await answer.json() : null;
  } catch (e) {
    console.debug(e);
    return null;
  }
}

async function update() {
  const answer = await report();
  failed = answer === null;
  if (answer) {
    draw(answer);
    answeredAt = Date.now();
    byId('all').classList.remove('stale');
  }
  drawAge();
}

/** Marks everything as old if the service does not answer: what is shown may not be so any more. */
function drawAge() {
  const silent = answeredAt === null ? 0 : Date.now() - answeredAt;
  if (document.hidden || !failed && silent < STALE_MILLIS) {
    return;
  }
  const problem = failed ? 'No answer from the service' : 'Waiting for an answer from the service';
  state(false, problem, byId('name').textContent);
  show(byId('times'), '');
  if (answeredAt === null) {
    return;
  }
  const last = time.format(answeredAt);
  show(byId('since'), `last answer at ${last}, ${duration(silent / 1000)} ago`);
  byId('all').classList.add('stale');
  byId('now').classList.add('bad');
  paragraphs('now', [problem, 'bad'], adviceWithoutLink('no answer'), `Everything below is as it was at ${last}.`);
}

let timer;
let isAsking = false;

async function refresh() {
  if (isAsking || document.hidden) {
    return;
  }
  clearTimeout(timer);
  isAsking = true;
  try {
    await update();
  } finally {
    isAsking = false;
    timer = setTimeout(refresh, PERIOD_MILLIS);
  }
}

show(byId('zone'), `Times are in the time zone of this browser, ${Intl.DateTimeFormat().resolvedOptions().timeZone}`);
makeCharts();
refresh();
setInterval(drawAge, 1000);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    document.title = 'Attolytics ' + byId('name').textContent; // its state is not asked for meanwhile
  } else {
    drawAge();
    refresh();
  }
});
