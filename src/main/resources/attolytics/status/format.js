/* Numbers and times as texts. */

export const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const precise = new Intl.NumberFormat('en', {maximumSignificantDigits: 3});
const percent = new Intl.NumberFormat('en', {style: 'percent', maximumFractionDigits: 1});
export const time = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit'});
const day = new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short'});
export const utcDay = new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC'});

export const number = value => value === null ? '–' : (value >= 100 ? whole : precise).format(value);
export const share = value => value === null ? '–' : percent.format(value);
export const unit = (count, one, many) => number(count) === '1' ? one : many;
export const plural = (count, one, many) => number(count) + ' ' + unit(count, one, many);
export const sum = counts => Object.values(counts).reduce((a, b) => a + b, 0);

export function short(value) {
  return value >= 1e6 ? precise.format(value / 1e6) + 'M' : value >= 1e4 ? precise.format(value / 1e3) + 'k' : number(value);
}

export function seconds(value) {
  if (value === null) {
    return '–';
  }
  return value < 1 ? precise.format(value * 1000) + ' ms' : precise.format(value) + ' s';
}

export function bytes(value) {
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

export function duration(value) {
  value = Math.max(0, Math.round(value));
  const days = Math.floor(value / 86400);
  const hours = Math.floor(value / 3600) % 24;
  const minutes = Math.floor(value / 60) % 60;
  return days > 0 ? `${days} d ${hours} h` : hours > 0 ? `${hours} h ${minutes} min`
    : minutes > 0 ? `${minutes} min ${value % 60} s` : `${value} s`;
}

/** The time of day, and the day if that is another. */
export function moment(text) {
  const at = new Date(text);
  return (at.toDateString() === new Date().toDateString() ? '' : day.format(at) + ' ') + time.format(at);
}

/** Seconds since the Unix epoch; of a time that has not come yet more than any. */
export const epoch = text => text === null ? Infinity : new Date(text) / 1000;
