/* Charts of the last minutes, by uPlot. All share the pointer; their scales do not jump. */

const HEIGHT = 150;
const AXIS_WIDTH = 58;
const RIGHT_AXIS_WIDTH = 44; // left free where there is none, so that the times of all charts are in line
const AXIS_HEIGHT = 26;
const MINUTE = 60;
const PAUSE = 4; // seconds without a sample, of which there is one per second
const ROOM = 1.25;
const PEAK_SHARE = 0.05; // of the time, at most
const PEAK_FACTOR = 3;
const MARK = 4; // half the width of the mark of a peak

const color = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const clock = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit'});
const exactClock = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit'});

/** The least of 1, 2 and 5 times a power of ten that is not less; of bytes a power of two. */
function roundUp(value, isBytes) {
  const power = isBytes ? 2 ** Math.floor(Math.log2(value)) : 10 ** Math.floor(Math.log10(value));
  return (isBytes ? [1, 2] : [1, 2, 5, 10]).map(factor => factor * power).find(step => step >= value * 0.999999);
}

/** The top of a scale. It grows at once, and shrinks when there is room enough above the maximum not to grow again soon. */
function changingTop(least, needed) {
  let top = least;
  return max => {
    const [enough, roomy] = [max, max * ROOM].map(value => Math.max(least, value > 0 ? needed(value) : 0));
    top = enough > top ? enough : Math.min(top, roomy);
    return top;
  };
}

/** A scale from 0. */
export function linear(least, isBytes) {
  const top = changingTop(least, value => roundUp(value, isBytes));
  return max => [0, top(max)];
}

/** A scale of whole powers of ten. */
export function logarithmic(bottom, least) {
  const top = changingTop(least, value => 10 ** Math.ceil(Math.log10(value) - 1e-9));
  return (max, min) => {
    if (max > 0) {
      bottom = Math.min(bottom, 10 ** Math.floor(Math.log10(min) + 1e-9));
    }
    return [bottom, top(max)];
  };
}

/** The largest value, but for a short peak that towers above all others, as when an outage has ended. */
export function usualMax(points) {
  const descending = points.filter(value => value > 0).sort((a, b) => b - a);
  const max = descending[0] ?? 0;
  const usual = descending[Math.floor(points.length * PEAK_SHARE)] ?? max;
  return max > PEAK_FACTOR * usual ? usual : max;
}

/** The powers of ten of a logarithmic scale, or every other one if there are many. */
function decades(min, max) {
  const [first, last] = [min, max].map(value => Math.round(Math.log10(value)));
  const step = last - first > 4 ? 2 : 1;
  const found = [];
  for (let power = last; power >= first; power -= step) {
    found.unshift(10 ** power);
  }
  return found;
}

/** Without the value after a pause of the process, so that no line crosses the pause. */
export function withGaps(times, values) {
  return values.map(points => points.map((value, i) => i > 0 && times[i] - times[i - 1] >= PAUSE ? null : value));
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className ?? '';
  made.textContent = text ?? '';
  return made;
}

/**
 * A chart in a card of its own.
 *
 * options.format: of values; options.axisFormat: of those at the axis, if they differ
 * options.clip: whether a short peak may be above the scale, with a mark
 * series: [{label, color, format, scale: 'y' or 'right', area, dash}]; changed by setSeries
 */
export class Chart {
  constructor(parent, options) {
    this.options = options;
    this.series = options.series ?? [];
    this.range = options.log ? logarithmic(0.0001, 0.1) : linear(options.least ?? 1, options.bytes);
    this.rightRange = linear(1);
    this.card = element('section', 'card');
    const heading = element('h2', '', options.title);
    heading.id = 'h-' + options.id;
    this.card.setAttribute('aria-labelledby', heading.id);
    this.figures = element('p', 'figures');
    this.figures.id = options.id;
    this.plot = element('figure', 'plot');
    this.plot.id = 'p-' + options.id;
    this.plot.tabIndex = 0;
    this.plot.setAttribute('role', 'group');
    this.plot.addEventListener('keydown', event => this.onKey(event));
    this.plot.addEventListener('blur', () => this.point(null));
    this.legend = element('ul', 'legend');
    this.note = element('p', 'quiet');
    this.note.id = options.id + '-note';
    this.card.append(heading, this.figures, this.plot, this.legend, this.note);
    parent.append(this.card);
    new ResizeObserver(() => this.fit()).observe(this.plot);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.rebuild());
  }

  setSeries(series) {
    if (JSON.stringify(series.map(s => s.label)) !== JSON.stringify(this.series.map(s => s.label))) {
      this.series = series;
      this.clear(); // until their values are shown
    }
  }

  /**
   * values: for each series its points, of which those before the start are missing
   * shaded: [{from, to, kind}]
   */
  show(times, values, length, shaded) {
    this.times = times;
    this.values = withGaps(times, values);
    this.length = length;
    this.shaded = shaded;
    const data = [times, ...this.drawn()];
    if (this.uplot) {
      this.uplot.setData(data);
    } else if (times.length) {
      this.uplot = new uPlot(this.uplotOptions(), data, this.plot);
    }
    this.showLegend();
    this.describe();
  }

  /** What is drawn: of stacked series the sums, the largest first. */
  drawn() {
    if (!this.options.stacked) {
      return this.values;
    }
    const sums = [];
    let below = this.times.map(() => 0);
    for (const points of this.values) {
      below = below.map((sum, i) => points[i] === null ? null : sum + points[i]);
      sums.unshift(below);
    }
    return sums;
  }

  uplotOptions() {
    const {options} = this;
    const inOrder = options.stacked ? [...this.series].reverse() : this.series;
    const halves = (u, i, min, max) => [0, max / 2, max];
    const axis = {stroke: color('quiet'), grid: {stroke: color('grid'), width: 1}, ticks: {show: false},
      font: '12px system-ui, sans-serif'};
    const right = this.series.find(series => series.scale === 'right');
    return {
      width: Math.max(200, this.plot.clientWidth),
      height: HEIGHT,
      padding: [10, right ? 0 : RIGHT_AXIS_WIDTH, 0, 0],
      legend: {show: false},
      cursor: {sync: {key: 'page', scales: ['x', null], setSeries: false}, drag: {x: false, y: false}, y: false,
        points: {size: 7}},
      select: {show: false},
      scales: {
        x: {time: true, range: () => this.window()},
        y: {distr: options.log ? 3 : 1, range: (u, min, max) => this.range(this.top('y', max), min)},
        ...(right ? {right: {range: (u, min, max) => this.rightRange(this.top('right', max))}} : {}),
      },
      axes: [
        {...axis, size: AXIS_HEIGHT, space: 50, incrs: [MINUTE, 2 * MINUTE, 5 * MINUTE], values: (u, all) => all.map(at => clock.format(at * 1000))},
        {...axis, size: AXIS_WIDTH, splits: options.log ? (u, i, min, max) => decades(min, max) : halves,
          filter: (u, all) => all, values: (u, all) => all.map(options.axisFormat ?? options.format)},
        ...(right ? [{...axis, scale: 'right', side: 1, size: RIGHT_AXIS_WIDTH, grid: {show: false}, splits: halves,
          stroke: color(right.color), values: (u, all) => all.map(right.format)}] : []),
      ],
      series: [{}, ...inOrder.map(series => ({
        scale: series.scale ?? 'y',
        stroke: color(options.stacked ? 'quiet' : series.color),
        width: options.stacked ? .5 : 1.75,
        dash: series.dash,
        fill: options.stacked ? color(series.color) : series.area ? color(series.color) + '22' : undefined,
        points: {show: false},
      }))],
      hooks: {
        drawClear: [u => this.shade(u)],
        draw: [u => this.markPeaks(u)],
        setCursor: [() => this.showLegend()],
      },
    };
  }

  window() {
    const now = this.times[this.times.length - 1] ?? 0;
    return [now - this.length, now];
  }

  /** The value that a scale goes up to. */
  top(scale, max) {
    return this.options.clip ? Math.max(0, ...this.series
      .map((series, i) => (series.scale ?? 'y') === scale ? usualMax(this.values[i]) : 0)) : max;
  }

  isClipped() {
    return this.series.some((series, i) => this.values[i].reduce((a, b) => Math.max(a, b), 0)
      > (this.uplot?.scales[series.scale ?? 'y'].max ?? Infinity));
  }

  /** A mark where a series leaves the scale. */
  markPeaks(u) {
    u.series.slice(1).forEach(({scale}, i) => {
      const points = u.data[i + 1];
      const isAbove = value => value > u.scales[scale].max;
      u.ctx.fillStyle = color('text');
      points.forEach((value, j) => {
        if (isAbove(value) && !isAbove(points[j - 1])) {
          const x = u.valToPos(u.data[0][j], 'x', true);
          const size = MARK * devicePixelRatio;
          u.ctx.beginPath();
          u.ctx.moveTo(x - size, u.bbox.top);
          u.ctx.lineTo(x, u.bbox.top - 2 * size);
          u.ctx.lineTo(x + size, u.bbox.top);
          u.ctx.fill();
        }
      });
    });
  }

  /** Marks the times in which something was not as usual. */
  shade(u) {
    this.shaded.forEach(({from, to, kind}) => {
      u.ctx.fillStyle = color(kind);
      const left = Math.max(u.bbox.left, u.valToPos(from, 'x', true));
      const right = Math.min(u.bbox.left + u.bbox.width, u.valToPos(to, 'x', true));
      u.ctx.fillRect(left, u.bbox.top, Math.max(1, right - left), u.bbox.height);
    });
  }

  fit() {
    const width = this.plot.clientWidth;
    if (this.uplot && width && width !== this.uplot.width) {
      this.uplot.setSize({width, height: HEIGHT});
    }
  }

  clear() {
    this.uplot?.destroy();
    this.uplot = null;
    this.legend.replaceChildren();
  }

  rebuild() {
    this.clear();
    if (this.times) {
      this.show(this.times, this.values, this.length, this.shaded);
    }
  }

  /** The values under the pointer, or else the newest. */
  showLegend() {
    const pointed = this.uplot?.cursor.idx ?? null;
    const at = pointed ?? this.times.length - 1;
    if (this.legend.children.length !== this.series.length + 1) {
      this.legend.replaceChildren(element('li', 'at'), ...this.series.map(series => {
        const item = element('li');
        item.append(element('span', 'swatch ' + series.color),
          element('span', '', series.label), element('span', 'value'));
        return item;
      }));
    }
    const time = this.times[at];
    this.legend.children[0].textContent = pointed === null ? 'now' : exactClock.format(time * 1000);
    this.series.forEach((series, i) => {
      const format = series.format ?? this.options.format;
      this.legend.children[i + 1].lastChild.textContent = format(this.values[i][at] ?? null);
    });
  }

  describe() {
    const texts = this.series.map((series, i) => {
      const points = this.values[i].filter(value => value !== null);
      const format = series.format ?? this.options.format;
      return points.length ? `${series.label} now ${format(points[points.length - 1])}, at most ${format(points.reduce((a, b) => Math.max(a, b)))}` : `${series.label} none`;
    });
    this.plot.setAttribute('aria-label', `${this.options.title} over the last ${Math.round(this.length / 60)} minutes: `
      + `${texts.join('; ') || 'none'}. Arrow keys show earlier values.`);
  }

  onKey(event) {
    const last = this.times.length - 1;
    const at = this.uplot?.cursor.idx ?? last;
    const to = {ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last, Escape: null}[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.point(to === null ? null : Math.min(last, Math.max(0, to)));
    }
  }

  point(index) {
    if (this.uplot) {
      const left = index === null ? -10 : this.uplot.valToPos(this.times[index], 'x');
      this.uplot.setCursor({left, top: index === null ? -10 : 10}, true, true);
    }
  }
}
