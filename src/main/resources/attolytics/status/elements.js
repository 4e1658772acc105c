/* Parts of the page, and how they get their content. */

const SHOWN = 10; // lines of a list, until all are asked for

export const byId = id => document.getElementById(id);

export function show(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

export function make(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className ?? '';
  return made;
}

/** Replaces the content only if it is another, so that a selection survives. */
export function replace(element, nodes) {
  const next = make(element.tagName, '');
  next.append(...nodes);
  if (next.innerHTML !== element.innerHTML) {
    element.replaceChildren(...next.childNodes);
  }
}

/** Paragraphs: texts, [text, class] or elements. */
export function paragraphs(id, ...lines) {
  replace(byId(id), lines.filter(Boolean).map(line =>
    line instanceof Element ? line : Array.isArray(line) ? make('p', ...line) : make('p', line)));
}

/** The lines of a table: a heading and cells, each a text or nodes. */
export function rows(id, lines, className = () => '') {
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
export function list(id, lines, empty, className) {
  const all = opened.has(id) || lines.length <= SHOWN;
  const table = byId(id);
  table.hidden = lines.length === 0;
  rows(id, all ? lines : lines.slice(0, SHOWN), className);
  if (!table.nextElementSibling) {
    const button = make('button', '');
    button.type = 'button';
    table.after(make('p', '', 'quiet'), button);
  }
  const note = table.nextElementSibling;
  const more = note.nextElementSibling;
  show(note, lines.length ? '' : empty);
  more.hidden = lines.length <= SHOWN;
  show(more, all ? `Show the newest ${SHOWN}` : `Show all ${lines.length}`);
  more.setAttribute('aria-expanded', String(all));
  more.onclick = () => {
    opened.has(id) ? opened.delete(id) : opened.add(id);
    list(id, lines, empty, className);
  };
}
