import {advice, adviceWithoutLink} from './advice.js';
import {byId, list, make, paragraphs, replace, rows, show} from './elements.js';
import {bytes, duration, moment, number, plural, share, time, utcDay, whole} from './format.js';
import {LEAST_SHARE, drawCharts, makeCharts} from './history.js';
import {drawNow, drawOutages, isOfTable} from './outages.js';

const PERIOD_MILLIS = 2000;
const TIMEOUT_MILLIS = 5000;
const STALE_MILLIS = 5000; // an answer that is older is marked as old
const SHOWN_TABLES = 3; // in the headline
const NEW_MILLIS = 5 * 60_000; // as long as the charts

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

function state(className, text, name) {
  byId('state').className = className;
  show(byId('state'), text);
  document.title = `Attolytics${name ? ' ' + name : ''}: ${text}`;
}

/** A locked table delays only its own requests: the service is ready for all others. */
function drawState({ready, reason, outages}, name) {
  const tables = outages.filter(outage => outage.until === null && isOfTable(outage)).map(({part}) => part.replace('table ', ''));
  const shown = tables.slice(0, SHOWN_TABLES).join(', ')
    + (tables.length > SHOWN_TABLES ? ` and ${tables.length - SHOWN_TABLES} more` : '');
  if (!ready) {
    state('bad', 'Not ready: ' + reason, name);
  } else if (tables.length > 0) {
    state('partly', `Ready, but requests for ${tables.length === 1 ? 'table' : 'tables'} ${shown} wait`, name);
  } else {
    state('good', 'Ready', name);
  }
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
  const file = make('p', '');
  schema.file.split(/(?<=[/_-])/).forEach(part => file.append(part, make('wbr', '')));
  file.title = schema.absoluteFile;
  paragraphs('schema', file, `loaded ${moment(schema.loaded)}`,
    `${plural(Object.keys(totals.committed).length, 'table', 'tables')}, `
    + plural(Object.keys(totals.acceptedByApp).filter(app => app !== 'unknown').length, 'app', 'apps'));
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

function draw(report) {
  const port = report.instance.url ? ':' + new URL(report.instance.url).port : '';
  const name = report.instance.host + port;
  show(byId('name'), name);
  drawState(report, name);
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
  state('bad', problem, byId('name').textContent);
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
