/* What is wrong now, and what was wrong before. */

import {advice} from './advice.js';
import {byId, list, make, paragraphs} from './elements.js';
import {duration, epoch, moment, plural, seconds, share, whole} from './format.js';

const RECENT_SECONDS = 10;
const NOTICED_SECONDS = 5; // from the log's line to the outage, at most

export const isOfTable = ({part}) => part.startsWith('table ');

export const waiting = ({ringRows, oldestSeconds, bufferBytes, bufferCapacityBytes}) => ringRows === 0 ? 'No row waits'
  : `${plural(ringRows, 'row waits', 'rows wait')}, the oldest for ${seconds(oldestSeconds)}; `
    + `the buffer is ${share(bufferBytes / (bufferCapacityBytes || 1))} full`;

/** A request that got its 503 leaves its rows to a writer, which drops them when it comes to them. */
const mayBeAnswered = ({ringRows}, {answered503, answered504}) => ringRows > 0 && answered503 + answered504 > 0
  ? '; their rows may be among those that wait' : '';

/** The statuses from 500 of the last seconds, but for those of an outage that has ended. */
export function failedNow({history, outages}) {
  const ended = Math.max(0, ...outages.filter(({until}) => until !== null).map(({until}) => epoch(until)));
  // The end is cut to the second, and a point stands for the second before it.
  const isNow = i => i >= history.time.length - RECENT_SECONDS && history.time[i] > ended + 2;
  return history.refused.filter(({status, perSecond}) => status >= 500 && perSecond.some((count, i) => count > 0 && isNow(i)))
    .map(({status}) => status);
}

/** What is wrong now and what to do about it, or else when something was. */
export function drawNow(report) {
  const lines = [...drawOutagesOfNow(report), ...drawFailed(report), ...drawRefusedReload(report.schema)];
  byId('now').classList.toggle('bad', lines.length > 0);
  const [last] = report.outages;
  paragraphs('now', ...(lines.length ? lines : ['Nothing is wrong now.',
    last ? [`Last outage: ${moment(last.from)}, for ${lasting(last, report.now)}: ${last.reason}.`, 'quiet']
      : ['No outage since the start.', 'quiet']]));
}

function drawOutagesOfNow({ready, reason, cause, outages, log, now, levels}) {
  const present = outages.filter(outage => outage.until === null);
  const presentReason = outage => outage.part === 'service' && reason || outage.reason;
  const lines = present.flatMap(outage => [
    [`${presentReason(outage)}, since ${moment(outage.from)} (${lasting(outage, now)})`, 'bad'], causeOf(outage, log),
    advice(presentReason(outage))]);
  if (!ready && !present.some(({part}) => part === 'service')) { // starting, or just noticed
    lines.push([reason, 'bad'], cause, advice(reason));
  }
  return [...lines, ...present.slice(-1).map(longest =>
    `${waiting(levels)}. Meanwhile answered: ${answered(longest)}${mayBeAnswered(levels, longest)}.`)];
}

/** 5xx for another reason than an outage. */
function drawFailed({recent, history, outages}) {
  const failed = history && outages.every(({until}) => until !== null) ? failedNow({history, outages}) : [];
  return failed.length === 0 ? [] : [
    [`${plural(recent.failed, 'request per second is', 'requests per second are')} answered with 5xx, see the refusals`, 'bad'],
    advice(String(failed.find(status => status !== 503) ?? 503))];
}

const drawRefusedReload = ({refused}) => refused ? [
  [`a reload was refused ${moment(refused)}: see the log`, 'bad'], advice('a reload was refused')] : [];

const lasting = ({from, until}, now) => duration((new Date(until ?? now) - new Date(from)) / 1000);
const answered = outage => `${whole.format(outage.answered503)} × 503, ${whole.format(outage.answered504)} × 504`;

/** The words of the database; of a table those of the log, which say whether it is locked, and have the SQLSTATE. */
function causeOf({part, from, until, cause}, log) {
  return cause ?? log.find(({message, first, last}) => message.startsWith(`Deferring requests for ${part}, `)
    && epoch(last) > epoch(from) - NOTICED_SECONDS && epoch(first) < epoch(until))?.message;
}

function why(outage, log) {
  const cause = causeOf(outage, log);
  return [outage.reason, ...(cause ? [make('small', cause)] : []), ...(isOfTable(outage) ? [advice(outage.reason)] : [])];
}

export function drawOutages({outages, log, now}) {
  byId('outages').hidden = outages.length === 0;
  list('outage', outages.map(outage => [
    moment(outage.from), outage.until ? moment(outage.until) : 'now', lasting(outage, now),
    whole.format(outage.answered503), whole.format(outage.answered504),
    why(outage, log)]), '');
}
