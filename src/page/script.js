// All that a script adds: values under the pointer and the arrow keys, and new content while a page is live.
// The tables behind "Values as a table" are its only source. Everything else works without it.
'use strict';
(() => {
  const cursors = new Map(); // plot's id -> row, so that a live page keeps it

  const rowsOf = plot => [...plot.closest('figure').querySelectorAll('tr[data-x]')];

  function line(plot) {
    const svg = plot.querySelector('svg');
    let cursor = svg.querySelector('.cursor');
    if (!cursor) {
      cursor = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      cursor.setAttribute('class', 'cursor');
      svg.append(cursor);
    }
    return cursor;
  }

  // "1:30: offered 10, enrolled 9": what the row says of the series that are shown
  function words(figure, row) {
    const heads = [...figure.querySelectorAll('.data thead th')].map(th => th.textContent);
    const cells = [...row.cells].map(cell => cell.textContent);
    const shown = i => figure.querySelector('.t' + (i - 1))?.checked !== false;
    const values = cells.map((value, i) => heads[i] + ' ' + value).filter((_, i) => i > 0 && shown(i));
    return heads[0] + ' ' + cells[0] + ': ' + values.join(', ');
  }

  function show(plot, index) {
    const figure = plot.closest('figure'), rows = rowsOf(plot);
    if (rows.length === 0) return;
    index = Math.max(0, Math.min(rows.length - 1, index));
    cursors.set(plot.id, index);
    const height = plot.querySelector('svg').viewBox.baseVal.height;
    line(plot).setAttribute('d', 'M' + rows[index].dataset.x + ' 24V' + (height - 40));
    figure.querySelector('.readout').textContent = words(figure, rows[index]);
  }

  function nearest(plot, clientX) {
    const svg = plot.querySelector('svg'), box = svg.getBoundingClientRect();
    const x = (clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    const away = rowsOf(plot).map(row => Math.abs(row.dataset.x - x));
    return away.indexOf(Math.min(...away));
  }

  // Charts with a table of points can be read point by point.
  function enhance(root) {
    for (const plot of root.querySelectorAll('.plot')) {
      if (rowsOf(plot).length === 0) continue;
      plot.tabIndex = 0;
      plot.setAttribute('role', 'group');
      plot.setAttribute('aria-label', plot.querySelector('title').textContent + '. Arrow keys read its values.');
      const readout = document.createElement('p');
      readout.className = 'readout';
      readout.setAttribute('role', 'status');
      plot.after(readout);
      if (cursors.has(plot.id)) show(plot, cursors.get(plot.id));
    }
  }

  document.addEventListener('pointermove', e => {
    const plot = e.target.closest?.('.plot[role]');
    if (plot) show(plot, nearest(plot, e.clientX));
  });

  const steps = {ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity};
  document.addEventListener('keydown', e => {
    const plot = e.target.closest?.('.plot[role]');
    if (!plot || !(e.key in steps) || e.altKey || e.ctrlKey || e.metaKey) return;
    const at = cursors.has(plot.id) ? cursors.get(plot.id) : steps[e.key] > 0 ? -1 : rowsOf(plot).length;
    show(plot, at + steps[e.key]);
    e.preventDefault();
  });

  // Paper has everything: what is folded is unfolded for it, but for tables of values.
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details.paper:not([open])')];
    for (const d of folded) d.open = true;
  });
  addEventListener('afterprint', () => { for (const d of folded) d.open = false; });

  // Where to find an element's successor: by its own name, or (a fold's summary) by its parent's.
  function placeOf(e) {
    if (e?.id) return '#' + CSS.escape(e.id);
    return e?.parentElement?.id ? '#' + CSS.escape(e.parentElement.id) + ' > ' + e.localName : null;
  }

  function swap(html) {
    const main = document.querySelector('main'), focus = placeOf(document.activeElement);
    const next = new DOMParser().parseFromString(html, 'text/html').body;
    for (const old of main.querySelectorAll('details[id], input[id]')) {
      const now = next.querySelector('#' + CSS.escape(old.id));
      if (now && old.localName === 'details') now.open = old.open;
      else if (now) now.checked = old.checked;
    }
    main.replaceChildren(...next.childNodes);
    enhance(main);
    if (focus) document.querySelector(focus)?.focus({preventScroll: true});
  }

  window.scepstorm = {show: swap};
  document.addEventListener('DOMContentLoaded', () => enhance(document));
})();
