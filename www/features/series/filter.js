/** Which rows of a series are on show: by name, and by percentile. */
import { byId, onChange, setOptions } from '../../core/dom.js';
import { nameOf, plural, t } from '../../core/i18n.js';

/** @param {import('../../session.js').Session} session */
export function bindFilter(session) {
  const form = byId('series-filter', HTMLFormElement);
  const name = byId('series-name', HTMLInputElement);
  const above = byId('series-above', HTMLInputElement);
  const finding = byId('series-finding', HTMLSelectElement);
  const shown = byId('series-shown');

  form.addEventListener('submit', (event) => event.preventDefault());
  name.addEventListener('input', () => session.series.filter({ name: name.value }));
  above.addEventListener('input', () => {
    above.reportValidity(); // the browser says which numbers it takes
    session.series.filter({ above: above.value === '' || !above.validity.valid ? null : Number(above.value) });
  });
  finding.addEventListener('change', () => session.series.filter({ finding: finding.value }));

  const drawFindings = onChange((/** @type {readonly string[]} */ findings) => {
    setOptions(finding, [
      { value: '', text: t('series.anyFinding') },
      ...findings.map((value) => ({ value, text: nameOf(value) })),
    ]);
  });

  const tell = onChange((/** @type {number} */ passing, /** @type {number} */ count) => {
    shown.textContent = passing === count ? '' : plural('series.shown', count, { shown: passing });
  });

  /** @param {import('../../core/table.js').Series} series @param {readonly string[]} findings @param {number} passing Rows that pass */
  return ({ rows, filter }, findings, passing) => {
    drawFindings(findings);
    if (document.activeElement !== name) name.value = filter.name;
    if (document.activeElement !== above) above.value = filter.above === null ? '' : String(filter.above);
    finding.value = filter.finding;
    tell(passing, rows.length);
  };
}
