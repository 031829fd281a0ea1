// Looks at a page as tests/integration/page.py wants to know it; each returns a list of complaints.
const look = (() => {
  const visible = e => e.checkVisibility({opacityProperty: true, visibilityProperty: true});
  const name = e => e.localName + (e.id ? '#' + e.id : '') + (e.classList.length ? '.' + [...e.classList].join('.') : '');

  const channel = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const rgba = text => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const ratio = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };

  function ground(e) {
    for (; e; e = e.parentElement) {
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  }

  // Letters on parts of a chart stand on the part's colour.
  function behind(e) {
    if (!e.matches('svg .inside')) return ground(e);
    return rgba(getComputedStyle(e.previousElementSibling).fill);
  }

  function contrast() {
    const bad = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let texts = 0;
    for (let node; (node = walk.nextNode());) {
      const e = node.parentElement;
      if (!node.data.trim() || e.closest('script, style, title, desc, .sr') || !visible(e)) continue;
      const style = getComputedStyle(e), color = rgba(e.closest('svg') ? style.fill : style.color);
      const is = ratio(color, behind(e));
      texts++;
      if (is < 4.5) bad.add(name(e) + ' ' + is.toFixed(2) + ': ' + node.data.trim().slice(0, 30));
    }
    for (const e of document.querySelectorAll('svg .line, svg .sign, svg .span')) {
      if (!visible(e)) continue;
      const is = ratio(rgba(getComputedStyle(e).stroke), ground(e));
      if (is < 3) bad.add('line ' + name(e) + ' ' + is.toFixed(2));
    }
    return texts > 50 ? [...bad] : ['only ' + texts + ' texts'];
  }

  function structure() {
    const bad = [], all = s => [...document.querySelectorAll(s)];
    if (document.documentElement.lang !== 'en') bad.push('no language');
    if (all('main').length !== 1 || all('header').length < 1 || all('nav[aria-label]').length !== 1) bad.push('landmarks');
    if (all('h1').length !== 1) bad.push('not one h1');
    let level = 0;
    for (const h of all('h1, h2, h3, h4')) {
      const at = Number(h.localName[1]);
      if (at > level + 1) bad.push('heading skips a level: ' + h.textContent);
      if (!h.textContent.trim()) bad.push('empty heading');
      level = at;
    }
    const ids = all('[id]').map(e => e.id);
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) bad.push('twice: id ' + id);
    const referred = e => ['aria-labelledby', 'aria-describedby'].flatMap(a => (e.getAttribute(a) || '').split(' ').filter(Boolean));
    for (const e of all('[aria-labelledby], [aria-describedby]'))
      for (const id of referred(e)) if (!document.getElementById(id)?.textContent.trim()) bad.push('names nothing: ' + id);
    for (const svg of all('svg'))
      if (svg.getAttribute('aria-hidden') !== 'true' &&
          !(svg.getAttribute('role') === 'img' && svg.querySelector('title')?.textContent && svg.querySelector('desc')?.textContent))
        bad.push('a drawing without name');
    for (const t of all('table')) {
      if (!t.caption?.textContent.trim()) bad.push('a table without caption');
      for (const th of t.querySelectorAll('th')) if (!th.scope) bad.push('th without scope in ' + t.caption?.textContent);
    }
    for (const d of all('details')) if (d.firstElementChild?.localName !== 'summary') bad.push('details without summary');
    for (const i of all('input')) if (!i.labels.length || !i.labels[0].textContent.trim()) bad.push('input without label');
    for (const a of all('a')) {
      const to = a.getAttribute('href');
      if (!a.textContent.trim()) bad.push('a link without words');
      if (to.startsWith('#') && !document.getElementById(to.slice(1))) bad.push('link to nowhere: ' + to);
    }
    for (const p of all('.plot'))
      if (p.closest('figure').querySelector('tr[data-x]') && (p.tabIndex !== 0 || !p.getAttribute('aria-label'))) bad.push('plot ' + p.id);
    return bad;
  }

  // What reaches beyond the window, unless it scrolls by itself.
  function wide() {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const out = [...document.querySelectorAll('body *')].filter(e => visible(e) && !e.closest('.scroll, svg, .sr') &&
      e.getBoundingClientRect().right > innerWidth + 1);
    return ['scrolls sideways: ' + document.documentElement.scrollWidth, ...out.slice(0, 5).map(name)];
  }

  return {contrast, structure, wide};
})();
