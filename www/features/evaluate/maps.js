/** Maps of the findings that have boxes, as `carzero evaluate --maps` reads them. */
import { linesOf } from '../../core/csv.js';
import { scoredAs } from '../../core/evaluation.js';

const HEAD = ['key', 'finding', 'view_x', 'view_y', 'view_width', 'view_height'];

/**
 * Encodes and scores the images that have boxes once more, as the scores of a series come without maps.
 *
 * @param {import('../../core/evaluation.js').Evaluation} evaluation @param {readonly import('../../core/table.js').Row[]} rows
 * @param {'similarity' | 'attention'} kind @param {import('../../worker/jobs.js').Call} call
 * @param {(done: number, of: number) => boolean} goesOn Is told how far it is, and says whether to go on
 * @returns {Promise<string | undefined>} Undefined if there are no boxes, or if `goesOn` said no
 */
export async function mapsOf(evaluation, rows, kind, call, goesOn) {
  const { understood, chosen } = evaluation;
  const boxed = (understood?.boxed ?? [])
    .map(({ image, findings }) => ({
      row: rows.find(({ name, state }) => name === image && state === 'done'),
      names: findings.filter((name) => chosen.includes(name)),
    }))
    .filter(({ row, names }) => row && names.length);
  /** @type {(string | number)[][]} */ const lines = [];
  for (const [i, { row, names }] of boxed.entries()) {
    if (!goesOn(i, boxed.length) || !row) return undefined;
    const picture = -row.id; // the ids of the viewer's pictures are positive
    await call('decode', { picture, source: row.source });
    try {
      const { view } = await call('encode', { picture });
      const findings = names.map((name) => scoredAs(evaluation, name));
      const { scores } = await call('score', { picture, findings });
      const place = [view.x, view.y, view.width, view.height];
      for (const [j, name] of names.entries()) lines.push([row.name, name, ...place, ...scores[j][kind]]);
    } finally {
      await call('drop', { picture });
    }
  }
  if (!lines.length) return undefined;
  const patches = Array.from({ length: lines[0].length - HEAD.length }, (_, i) => `v${i}`);
  return linesOf([[...HEAD, ...patches], ...lines]);
}
