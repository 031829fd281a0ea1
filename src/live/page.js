// The report while it happens: asks for the content every second and has the page's own script put it in, which keeps what is unfolded
// and chosen. Here: where the reader is stays where it is, selected text is left alone, and what the run is doing is said.
(() => {
  const EVERY_MS = 1000, PATIENCE_MS = 8000;
  const words = {
    preparing: 'Preparing: the load has not started',
    running: 'Running',
    ended: 'Ended',
    interrupted: 'Interrupted',
    lost: 'Connection lost: the run has ended or this machine cannot reach it; what is shown is the last that was heard'
  };
  let tag = '', failures = 0, status, title;

  function say(state) {
    if (status.dataset.state === state) return;
    status.dataset.state = state;
    status.textContent = words[state] || state;
    document.title = (state === 'lost' ? 'Connection lost' : words[state].split(':')[0]) + ' - ' + title;
  }

  const main = () => document.querySelector('main');
  const marked = () => [...main().querySelectorAll('[id]')].filter(e => e.getClientRects().length > 0);

  // What is at the upper edge of the window: if what is above it grows, it stays there.
  function edge() {
    const at = marked().find(e => e.getBoundingClientRect().top >= 0);
    return at && {id: at.id, top: at.getBoundingClientRect().top};
  }

  function put(html) {
    const held = scrollY > 0 ? edge() : undefined;
    const left = [...main().querySelectorAll('.scroll')].map(e => e.scrollLeft);
    window.scepstorm.show(html);
    main().querySelectorAll('.scroll').forEach((e, i) => { e.scrollLeft = left[i] || 0; });
    const now = held && document.getElementById(held.id);
    if (now) scrollBy({top: now.getBoundingClientRect().top - held.top, behavior: 'instant'});
  }

  function isReading() {
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && main().contains(selection.anchorNode);
  }

  const run = t => t.replace(/-.*/, '');

  async function ask() {
    const reply = await fetch('sections', {
      headers: tag ? {'If-None-Match': tag} : {}, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS)
    });
    const state = reply.headers.get('Scepstorm-State'), fresh = reply.headers.get('ETag') || '';
    if (reply.status !== 200 && reply.status !== 304) throw new Error('HTTP ' + reply.status);
    if (reply.status === 200 && tag && run(tag) !== run(fresh)) return location.reload(); // another run is here now
    if (reply.status === 200 && !isReading()) {
      put(await reply.text());
      tag = fresh;
    }
    return isReading() ? 'running' : state;
  }

  async function loop() {
    let state = 'lost';
    try {
      state = await ask();
      failures = 0;
    } catch (e) {
      failures++;
    }
    if (!state) return;
    if (failures !== 1) say(state); // one request may fail
    if (state !== 'ended' && state !== 'interrupted') setTimeout(loop, EVERY_MS * Math.min(1 + failures, 5));
  }

  addEventListener('DOMContentLoaded', () => {
    title = document.title;
    status = document.createElement('p');
    status.className = 'live';
    status.setAttribute('role', 'status');
    document.querySelector('header.top .brand').after(status);
    loop();
  });
})();
