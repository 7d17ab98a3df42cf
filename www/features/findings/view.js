/** The list of findings: editing it, its ranking, and the choice of one. */
import { byId, create, onChange, setOptions } from '../../core/dom.js';
import { phase, ranked, unscored } from '../../core/state.js';
import { glossOf, number, t } from '../../core/i18n.js';
import { standing } from '../../core/words.js';
import { isUnknown, related, unranked } from '../../core/wording.js';
import { sideOf } from '../../core/zone.js';

/** @param {import('../../session.js').Session} session */
export function bindFindings(session) {
  const [preset, restore, clear, input, list, template] = [
    'preset',
    'restore',
    'clear',
    'finding',
    'list',
    'row-template',
  ].map(byId);
  /** @type {Map<string, {row: HTMLLIElement, draw: (score: import('../../core/state.js').Score | undefined) => void}>} */ const rows =
    new Map();
  /** @type {string[]} */ let order = [];

  preset.addEventListener('change', () => session.choosePreset(preset.value));
  restore.addEventListener('click', () => session.restoreFindings());
  clear.addEventListener('click', () => session.removeFindings(order));
  list.addEventListener('click', ({ target }) => {
    const control = target.closest('button');
    const finding = target.closest('li')?.dataset.finding;
    if (control?.className === 'pick') session.select(finding);
    if (control?.className === 'remove') remove(finding);
  });
  list.addEventListener('keydown', (event) => {
    if (event.target.closest('.detail')) return; // its own controls use these keys
    const row = event.target.closest('li');
    const at = order.indexOf(row?.dataset.finding);
    const aside = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (aside) {
      // within the row
      const controls = [...row.querySelectorAll('.contour-check input, .pick, .remove')].filter(
        (control) => control.checkVisibility() && !control.disabled,
      );
      const next = controls[controls.indexOf(event.target) + aside];
      if (next) event.preventDefault();
      return next?.focus();
    }
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: order.length - 1 }[event.key];
    if (at < 0 || (to === undefined && event.key !== 'Delete')) return;
    event.preventDefault();
    if (to === undefined) return remove(order[at]);
    const next = order[Math.max(0, Math.min(order.length - 1, to))];
    session.select(next);
    rows.get(next).row.querySelector('.pick').focus();
  });

  /** @param {string} finding */
  function remove(finding) {
    const neighbour = order[order.indexOf(finding) + 1] ?? order[order.indexOf(finding) - 1];
    (rows.get(neighbour)?.row.querySelector('.pick') ?? input).focus({ preventScroll: true });
    session.removeFindings([finding]);
  }

  /** @param {string} finding */
  function createRow(finding) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.dataset.finding = finding;
    const created = {
      row,
      draw: onChange((/** @type {import('../../core/state.js').Score | undefined} */ score) =>
        fillRow(row, finding, score),
      ),
    };
    rows.set(finding, created);
    return created;
  }

  /** @param {HTMLLIElement} row @param {string} finding @param {import('../../core/state.js').Score | undefined} score */
  function fillRow(row, finding, score) {
    const { percentile } = score ?? {};
    row.dataset.kind = !score ? 'unscored' : percentile === undefined ? 'unranked' : 'ranked';
    row.toggleAttribute('data-unknown', isUnknown(score));
    row.dataset.apart = t('wording.apart');
    const gloss = glossOf(finding);
    const prompt = Object.assign(create('span', finding, gloss ? 'tag' : ''), { lang: 'en' });
    const name = row.querySelector('.name');
    const near = related(score);
    const parts = [...(gloss ? [gloss, ' '] : []), prompt, ...(near ? [' ', create('span', near, 'near')] : [])];
    if (name.textContent !== parts.map((part) => (typeof part === 'string' ? part : part.textContent)).join(''))
      name.replaceChildren(...parts);
    row.querySelector('.remove').setAttribute('aria-label', t('findings.remove', { finding: gloss || finding }));
    row.querySelector('.unit').textContent = t('findings.percentile');
    const words = { unscored: '', unranked: score ? unranked(score) : '', ranked: standing(percentile ?? 0) };
    const text = words[row.dataset.kind];
    const pick = row.querySelector('.pick');
    row.querySelector('.value').textContent = text;
    row.querySelector('.unit').hidden = row.dataset.kind !== 'ranked';
    pick.title = score ? t('sent', { sentence: score.sentence }) : '';
    row.querySelector('.fill').style.setProperty('--standing', `${percentile ?? 0}%`);
    const side = sideOf(score);
    const [from, to] = side && side !== 'apart' ? score.measured.standings : [0, 0];
    const zone = row.querySelector('.zone');
    zone.style.setProperty('left', `${from}%`);
    zone.style.setProperty('width', `${to - from}%`);
    row.querySelectorAll('.unsure').forEach((word) => {
      word.hidden = side !== 'within';
    });
  }

  const drawRows = onChange(
    (/** @type {string[]} */ findings, /** @type {Map<string, any>} */ scores, /** @type {boolean} */ keep) => {
      const kept = keep && order.length === findings.length && order.every((finding) => findings.includes(finding)); // rows rest while a slider moves
      if (!kept) order = ranked({ findings, scores });
      for (const [finding, { row }] of rows)
        if (!findings.includes(finding)) {
          row.remove();
          rows.delete(finding);
        }
      const focused = list.contains(document.activeElement) ? document.activeElement : null;
      order.forEach((finding, i) => {
        const { row, draw } = rows.get(finding) ?? createRow(finding);
        draw(scores.get(finding));
        if (list.children[i] !== row) list.insertBefore(row, list.children[i] ?? null);
      });
      if (focused && focused !== document.activeElement) focused.focus({ preventScroll: true });
    },
  );

  const drawSelection = onChange((selected, _order) => {
    for (const [finding, { row }] of rows) {
      const chosen = finding === selected;
      const pick = row.querySelector('.pick');
      row.toggleAttribute('data-selected', chosen);
      pick.setAttribute('aria-pressed', String(chosen));
      pick.tabIndex = chosen || (!selected && finding === order[0]) ? 0 : -1;
    }
  });

  /** Scrolls the list, never the page, to a new selection and to its place once scored. */
  const reveal = onChange((selected, _scored) => {
    const row = rows.get(selected)?.row;
    if (!row) return;
    const low = row.offsetTop + row.offsetHeight - list.clientHeight;
    if (list.scrollTop > row.offsetTop || list.scrollTop < low) list.scrollTop = row.offsetTop - list.clientHeight / 3;
  });

  const drawPresets = onChange((info) => {
    if (info)
      setOptions(
        preset,
        info.presets.map(({ id, title, findings }) => ({ value: id, text: `${title} (${number(findings.length)})` })),
      );
  });

  return (/** @type {import('../../core/state.js').State} */ state) => {
    drawPresets(state.info);
    if (state.info) preset.value = state.preset;
    preset.disabled = !state.info;
    restore.hidden = !state.removed.length;
    if (!restore.hidden) restore.textContent = t('findings.restoreCount', { count: state.removed.length });
    clear.hidden = !state.findings.length;
    drawRows(
      state.findings,
      state.scores,
      Boolean(state.picture?.redrawn) && (phase(state) !== 'done' || state.picture.source.moving),
    );
    list.toggleAttribute(
      'data-stale',
      state.findings.some((finding) => state.scores.has(finding)) &&
        state.picture?.redrawn &&
        unscored(state).length > 0,
    );
    drawSelection(state.selected, order);
    reveal(state.selected, state.scores.has(state.selected));
  };
}
