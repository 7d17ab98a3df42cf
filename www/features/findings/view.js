/** The list of findings: editing it, its ranking, and the choice of one. */
import { byId, cloned, closest, create, find, findAll, focusFirst, onChange, setOptions } from '../../core/dom.js';
import { phase, ranked, unscored } from '../../core/derived.js';
import { glossOf, number, t } from '../../core/i18n.js';
import { standing } from '../../core/words.js';
import { isNegated, isUnknown, related, unranked } from '../../core/wording.js';
import { sideOf, zoneOf } from '../../core/zone.js';

/** @param {import('../../session.js').Session} session */
export function bindFindings(session) {
  const preset = byId('preset', HTMLSelectElement);
  const restore = byId('restore', HTMLButtonElement);
  const clear = byId('clear', HTMLButtonElement);
  const input = byId('finding', HTMLTextAreaElement);
  const list = byId('list');
  const template = byId('row-template', HTMLTemplateElement);
  /** @type {Map<string, {row: HTMLLIElement, draw: (score: import('../../core/state.js').Score | undefined) => void}>} */ const rows =
    new Map();
  /** @type {string[]} */ let order = [];

  preset.addEventListener('change', () => {
    if (preset.value) session.findings.choosePreset(preset.value);
  });
  /** Calls `act` on a click, and keeps the focus near if the button is gone then. @param {HTMLButtonElement} button @param {HTMLElement[]} others @param {() => void} act */
  const onClick = (button, others, act) =>
    button.addEventListener('click', () => {
      act();
      requestAnimationFrame(() => focusFirst(button, ...others)); // once it is drawn
    });
  onClick(restore, [clear, input], () => session.findings.restore());
  onClick(clear, [restore, input], () => session.findings.remove(order));
  list.addEventListener('click', (event) => {
    const control = closest(event, 'button');
    const finding = closest(event, 'li')?.dataset.finding;
    if (finding === undefined) return;
    if (control?.className === 'pick') session.findings.select(finding);
    if (control?.className === 'remove') remove(finding);
  });
  list.addEventListener('keydown', (event) => {
    if (closest(event, '.detail')) return; // its own controls use these keys
    const row = closest(event, 'li');
    const at = order.indexOf(row?.dataset.finding ?? '');
    /** @type {Record<string, number>} */ const aside = { ArrowLeft: -1, ArrowRight: 1 };
    if (row && aside[event.key]) {
      // within the row
      const controls = findAll(row, '.contour-check input, .pick, .remove', HTMLElement).filter(
        (control) => control.checkVisibility() && !control.matches(':disabled'),
      );
      const to = controls[controls.findIndex((control) => control === event.target) + aside[event.key]];
      if (to) event.preventDefault();
      return to?.focus();
    }
    /** @type {Record<string, number>} */ const places = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: order.length - 1,
    };
    const to = places[event.key];
    if (at < 0 || (to === undefined && event.key !== 'Delete')) return;
    event.preventDefault();
    if (to === undefined) return remove(order[at]);
    const next = order[Math.max(0, Math.min(order.length - 1, to))];
    session.findings.select(next);
    pickOf(next)?.focus();
  });

  /** A row's button. @param {string} finding */
  function pickOf(finding) {
    const row = rows.get(finding)?.row;
    return row && find(row, '.pick');
  }

  /** @param {string} finding */
  function remove(finding) {
    const neighbour = order[order.indexOf(finding) + 1] ?? order[order.indexOf(finding) - 1];
    (pickOf(neighbour) ?? input).focus({ preventScroll: true });
    session.findings.remove([finding]);
  }

  /** @param {string} finding */
  function createRow(finding) {
    const row = cloned(template, HTMLLIElement);
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
    const kind = !score ? 'unscored' : percentile === undefined ? 'unranked' : 'ranked';
    row.dataset.kind = kind;
    row.toggleAttribute('data-unknown', isUnknown(score));
    row.toggleAttribute('data-untested', Boolean(related(score)));
    row.dataset.apart = t('wording.apart');
    const gloss = glossOf(finding);
    const prompt = Object.assign(create('span', finding, gloss ? 'tag' : ''), { lang: 'en' });
    const name = find(row, '.name');
    const near = [related(score), score && isNegated(score) ? t('wording.negated') : ''].filter(Boolean).join(' · ');
    const parts = [...(gloss ? [gloss, ' '] : []), prompt, ...(near ? [' ', create('span', near, 'near')] : [])];
    if (name.textContent !== parts.map((part) => (typeof part === 'string' ? part : part.textContent)).join(''))
      name.replaceChildren(...parts);
    find(row, '.remove').setAttribute('aria-label', t('findings.remove', { finding: gloss || finding }));
    find(row, '.unit').textContent = t('findings.percentile');
    const words = { unscored: '', unranked: score ? unranked(score) : '', ranked: standing(percentile ?? 0) };
    const text = words[kind];
    const pick = find(row, '.pick');
    find(row, '.value').textContent = text;
    find(row, '.unit').hidden = kind !== 'ranked';
    pick.title = score ? t('sent', { sentence: score.sentence }) : '';
    find(row, '.fill').style.setProperty('--standing', `${percentile ?? 0}%`);
    const side = sideOf(score);
    const [from, to] = side === 'apart' ? [0, 0] : (zoneOf(score)?.standings ?? [0, 0]);
    const zone = find(row, '.zone');
    zone.style.setProperty('left', `${from}%`);
    zone.style.setProperty('width', `${to - from}%`);
    for (const word of findAll(row, '.unsure', HTMLElement)) word.hidden = side !== 'within'; // a visible one, and one for screen readers
  }

  const drawRows = onChange(
    (
      /** @type {string[]} */ findings,
      /** @type {import('../../core/state.js').State['scores']} */ scores,
      /** @type {boolean} */ keep,
    ) => {
      const kept = keep && order.length === findings.length && order.every((finding) => findings.includes(finding)); // rows keep their order while a slider moves
      if (!kept) order = ranked({ findings, scores });
      for (const [finding, { row }] of rows)
        if (!findings.includes(finding)) {
          row.remove();
          rows.delete(finding);
        }
      const { activeElement } = document;
      const focused = activeElement instanceof HTMLElement && list.contains(activeElement) ? activeElement : null;
      order.forEach((finding, i) => {
        const { row, draw } = rows.get(finding) ?? createRow(finding);
        draw(scores.get(finding));
        if (list.children[i] !== row) list.insertBefore(row, list.children[i] ?? null);
      });
      if (focused && focused !== document.activeElement) focused.focus({ preventScroll: true });
    },
  );

  const drawSelection = onChange((/** @type {string} */ selected, /** @type {string[]} */ _order) => {
    for (const [finding, { row }] of rows) {
      const chosen = finding === selected;
      const pick = find(row, '.pick');
      row.toggleAttribute('data-selected', chosen);
      pick.setAttribute('aria-pressed', String(chosen));
      pick.tabIndex = chosen || (!selected && finding === order[0]) ? 0 : -1;
    }
  });

  /** Scrolls the list, never the page, to a new selection and to its place once scored. */
  const reveal = onChange((/** @type {string} */ selected, /** @type {boolean} */ _scored) => {
    const row = rows.get(selected)?.row;
    if (!row) return;
    const low = row.offsetTop + row.offsetHeight - list.clientHeight;
    if (list.scrollTop > row.offsetTop || list.scrollTop < low) list.scrollTop = row.offsetTop - list.clientHeight / 3;
  });

  const drawPresets = onChange((/** @type {import('../../worker/jobs.js').ModelInfo | null} */ info) => {
    if (!info) return;
    const sets = info.presets.map(({ id, title, findings }) => ({
      value: id,
      text: `${title} (${number(findings.length)})`,
    }));
    setOptions(preset, [{ value: '', text: t('findings.ownList') }, ...sets]);
    preset.options[0].hidden = true; // it is shown, and cannot be chosen
  });

  /** Shows the chosen preset, or how the list differs from it. @param {import('../../core/state.js').State} state */
  function drawSet({ info, preset: id, findings }) {
    const set = info?.presets.find((each) => each.id === id);
    const whole = set?.findings.every((finding) => findings.includes(finding));
    const added = findings.length - (set?.findings.length ?? 0);
    preset.options[0].text =
      set && whole && added ? t('findings.setAnd', { title: set.title, added }) : t('findings.ownList');
    preset.value = whole && !added ? id : '';
  }

  return (/** @type {import('../../core/state.js').State} */ state) => {
    drawPresets(state.info);
    if (state.info) drawSet(state);
    preset.disabled = !state.info;
    restore.hidden = !state.removed.length;
    if (!restore.hidden) restore.textContent = t('findings.restoreCount', { count: state.removed.length });
    clear.hidden = !state.findings.length;
    const { source, fromLab = false } = state.picture ?? {};
    const moving = Boolean(source && 'moving' in source && source.moving);
    drawRows(state.findings, state.scores, fromLab && (phase(state) !== 'done' || moving));
    list.toggleAttribute(
      'data-stale',
      fromLab && state.findings.some((finding) => state.scores.has(finding)) && unscored(state).length > 0,
    );
    drawSelection(state.selected, order);
    reveal(state.selected, state.scores.has(state.selected));
  };
}
