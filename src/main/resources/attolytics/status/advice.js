/* What to do about a problem: one sentence, and the entry of the runbook that says more. */

/** By the reason of an outage, or why the service is not ready. The first that fits is taken. */
const ADVICE = [
  {reason: /^starting(?!: waiting for the database)/, text: 'Wait. A start that fails says why in the log.', entry: 'What the status page says'},
  {reason: /^draining/, text: 'Nothing: the service is shutting down, and clients send again.', entry: 'Upgrading'},
  {reason: /is read-only/, text: 'Let the database URL lead to the primary: this is a standby.', entry: 'AttolyticsDatabaseAway'},
  {reason: /embedded PostgreSQL/, text: 'Wait: it is restarted, after pauses of up to 30 seconds. If that fails, the cause says why.', entry: 'What the status page says'},
  {reason: /the database/, text: 'See whether PostgreSQL runs and accepts connections from this machine. The service continues on its own when it does.', entry: 'AttolyticsDatabaseAway'},
  {reason: /^the buffer is full/, text: 'See whether flushes are slow, or more rows arrive than PostgreSQL can store.', entry: 'AttolyticsBufferFilling'},
  {reason: /^table .* is locked/, text: 'While it is locked, the query in the runbook finds the session that holds the lock. Other tables are not affected.', entry: 'Locks'},
  {reason: /^(writer|the thread) /, text: 'Restart the instance, and report it with the log.', entry: 'What the status page says'},
  {reason: /^503/, text: 'Recent refusals say why.', entry: 'What the status page says'},
  {reason: /^50/, text: 'Recent refusals say why; mend it in the database, a restart is not necessary.', entry: 'AttolyticsServerErrors'},
  {reason: /^no answer/, text: 'See whether its process runs, and its admin port can be reached.', entry: 'AttolyticsInstanceDown'},
  {reason: /^a reload was refused/, text: 'Correct the schema file, and reload it.', entry: 'AttolyticsReloadRefused'},
  {reason: /^events in quarantine/, text: '', entry: 'Events in quarantine'},
  {reason: /^busy/, text: 'The database is the bottleneck.', entry: 'Sizing'},
  {reason: /./, text: 'The log says more.', entry: 'What the status page says'},
];

/** A paragraph for a reason. Its link is the runbook in the jar, at the entry. */
export function advice(reason) {
  const {text, entry} = ADVICE.find(one => one.reason.test(reason));
  const paragraph = document.createElement('p');
  const link = document.createElement('a');
  link.href = 'runbook.md#:~:text=' + encodeURIComponent('# ' + entry);
  link.textContent = `Runbook: ${entry}`;
  paragraph.className = 'advice';
  paragraph.append(text, text ? ' ' : '', link);
  return paragraph;
}

/** The same where the service, and so the runbook in its jar, does not answer. */
export function adviceWithoutLink(reason) {
  const paragraph = advice(reason);
  const link = paragraph.lastChild;
  link.replaceWith(`deploy/RUNBOOK.md: ${link.textContent.replace('Runbook: ', '')}`);
  return paragraph;
}
