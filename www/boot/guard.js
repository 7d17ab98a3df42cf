/**
 * One script that does not arrive whole keeps the page from starting. Then it is loaded again: once by itself, after that
 * by a button. This is no module and has its own words, so that it needs none of the others.
 */
addEventListener('load', () => {
  if ('started' in document.documentElement.dataset) return; // by app.js
  const [visit] = performance.getEntriesByType('navigation');
  if (visit instanceof PerformanceNavigationTiming && visit.type !== 'reload') return location.reload();
  const [text, again] = navigator.language.startsWith('ja')
    ? ['ページの一部を読み込めませんでした。', '再読み込み']
    : ['A part of the page did not arrive.', 'Load it again'];
  const button = Object.assign(document.createElement('button'), {
    type: 'button',
    className: 'outline',
    textContent: again,
  });
  button.addEventListener('click', () => location.reload());
  const title = document.getElementById('loading-title');
  if (title) title.textContent = text;
  document.getElementById('download')?.replaceWith(button);
});
