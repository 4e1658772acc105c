/* The charts of the last minutes. */

import {advice} from './advice.js';
import {Chart} from './charts.js';
import {byId, make, replace, show} from './elements.js';
import {bytes, epoch, number, plural, seconds, share, short, sum, unit} from './format.js';
import {failedNow, isOfTable, waiting} from './outages.js';

const BOTTLENECK_SHARE = 0.9; // of its time that a writer is busy
const COLORS = ['first', 'second', 'third', 'fourth'];

export const LEAST_SHARE = 0.01; // of its time that a writer has to wait to be shown waiting

let longestBucketSeconds;

/** Seconds of a histogram, which does not know how long it took beyond its last bucket. */
const latency = value => value !== null && value >= longestBucketSeconds
  ? '> ' + seconds(longestBucketSeconds) : seconds(value);

const charts = {};
const QUANTILES = [{label: 'median', color: 'first'}, {label: 'p99', color: 'second', dash: [5, 3]}];
const FAILED = {label: 'failed/s', color: 'bad', scale: 'right', format: short};
const WAITING = {label: 'waiting for the database', color: 'bad', dash: [2, 2]};

export function makeCharts() {
  const parent = byId('charts');
  charts.rows = new Chart(parent, {id: 'throughput', title: 'Throughput', format: short, clip: true, series: [
    {label: 'rows/s', color: 'first', area: true},
    {label: 'answered/s', color: 'second', scale: 'right', format: short, dash: [5, 3]}]});
  charts.latency = new Chart(parent, {id: 'latency', title: 'Time to answer', format: latency, axisFormat: seconds, log: true, series: QUANTILES});
  charts.refused = new Chart(parent, {id: 'refused-rate', title: 'Refused requests', format: short, stacked: true});
  charts.buffer = new Chart(parent, {id: 'buffer', title: 'Buffer', format: bytes, least: 64 * 1024, bytes: true, series: [
    {label: 'in use', color: 'first', area: true}]});
  charts.flushes = new Chart(parent, {id: 'flushes', title: 'Time of a flush', format: latency, axisFormat: seconds, log: true,
    series: QUANTILES});
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
  const held = outages.filter(isOfTable)
    .map(({from, until}) => ({from: epoch(from), to: epoch(until), kind: 'held'}));
  return [...spans, ...held].filter(({to}) => to >= history.time[0]);
}

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

export function drawCharts(report) {
  const {levels, totals, recent, history, writers, outages} = report;
  longestBucketSeconds = report.longestBucketSeconds;
  const spans = shaded({history, outages});
  const draw = (chart, values) => chart.show(history.time, values, history.length, spans);

  figures(charts.rows, [number(recent.rows), unit(recent.rows, 'row/s', 'rows/s')],
    [number(recent.requests), unit(recent.requests, 'request answered/s', 'requests answered/s')]);
  draw(charts.rows, [history.rows, history.requests]);
  show(charts.rows.note, recent.requests === 0 && levels.ringRows > 0 ? waiting(levels)
    : `${plural(sum(totals.committed), 'row', 'rows')} committed since the start`);
  drawKey(spans);

  figures(charts.latency, [latency(recent.requestP50), 'median'], [latency(recent.requestP99), 'p99']);
  draw(charts.latency, [history.requestP50, history.requestP99]);
  show(charts.latency.note, levels.oldestSeconds > 0
    ? `the oldest row has waited for ${seconds(levels.oldestSeconds)}` : 'no row is waiting');

  drawRefused(draw, history, recent, totals, outages);

  figures(charts.buffer, [share(levels.bufferBytes / (levels.bufferCapacityBytes || 1)), 'full']);
  draw(charts.buffer, [history.bufferBytes]);
  show(charts.buffer.note, `${bytes(levels.bufferBytes)} of ${bytes(levels.bufferCapacityBytes)}; `
    + `${number(levels.ringRows)} of ${plural(levels.ringCapacityRows, 'row', 'rows')}`);

  const failed = history.flushErrors.some(count => count > 0);
  charts.flushes.setSeries(failed ? [...QUANTILES, FAILED] : QUANTILES);
  figures(charts.flushes, [latency(recent.flushP50), 'median'], [latency(recent.flushP99), 'p99']);
  draw(charts.flushes, [history.flushP50, history.flushP99, ...(failed ? [history.flushErrors] : [])]);
  const flushes = recent.flushes === 0 ? 'no flush'
    : `${plural(recent.flushes, 'flush/s', 'flushes/s')}, ${plural(recent.flushRows, 'row', 'rows')} each`;
  show(charts.flushes.note, `${flushes}; `
    + `${number(levels.connectionsInUse)} of ${plural(levels.connections, 'connection', 'connections')} in use`);

  drawWriterChart(draw, history, writers);
}

/** How busy each writer was, and, if they ever waited for the database, how much of their time all of them did. */
function drawWriterChart(draw, history, writers) {
  const mean = values => values.reduce((all, value) => all + value, 0) / (values.length || 1);
  const allWaiting = history.time.map((_, i) => mean(history.writers.map(({waitingShare}) => waitingShare[i])));
  const waited = allWaiting.some(part => part >= LEAST_SHARE);
  charts.writers.setSeries([...writers.map(({writer}) => ({label: 'writer ' + writer, color: COLORS[writer % COLORS.length]})),
    ...(waited ? [WAITING] : [])]);
  const busy = mean(writers.map(({busyShare}) => busyShare));
  const away = mean(writers.map(({waitingShare}) => waitingShare));
  figures(charts.writers, [share(busy), 'busy'],
    ...(away >= LEAST_SHARE ? [[share(away), 'waiting for the database', 'bad']] : []));
  draw(charts.writers, [...history.writers.map(({busyShare}) => busyShare), ...(waited ? [allWaiting] : [])]);
  replace(charts.writers.note, busy >= BOTTLENECK_SHARE ? advice('busy').childNodes
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
