/** Inputs of the peers, made as the page's module makes its own: pixels, and sentences as word pieces. */
/** @typedef {{image: {crop: number, mean: number, std: number}, text_encoder: {rows: number}}} Config */

const MASKED = -1e4;

/** @param {string} folder A model's */
export async function inputsOf(folder) {
  const read = async (/** @type {string} */ file) => (await fetch(`${folder}/${file}`)).json();
  /** @type {Config} */ const config = await read('config.json');
  /** @type {Record<string, number>} */ const pieces = (await read('tokenizer.json')).model.vocab;

  /** WordPiece: the identifiers of a sentence, and the row each piece belongs to. @param {string} finding */
  function tokens(finding) {
    const ids = [pieces['[CLS]']];
    const rows = [0];
    let row = 0;
    for (const [word] of `there is ${finding}`.toLowerCase().matchAll(/\w+/g)) {
      row++;
      for (let start = 0; start < word.length;) {
        let end = word.length;
        const piece = () => (start ? '##' : '') + word.slice(start, end);
        while (end > start && !(piece() in pieces)) end--;
        ids.push(pieces[piece()]);
        rows.push(row);
        start = end;
      }
    }
    return { ids: [...ids, pieces['[SEP]']], rows: [...rows, row + 1], used: row + 2 };
  }

  return {
    /** The middle of a square picture, as the image encoder takes it. @param {Uint8Array} grey */
    pixels(grey) {
      const { crop, mean, std } = config.image;
      const side = Math.sqrt(grey.length);
      const from = (side - crop) / 2;
      const at = (/** @type {number} */ index) =>
        grey[(from + Math.floor(index / crop)) * side + from + (index % crop)];
      return Float32Array.from({ length: crop * crop }, (_, index) => (at(index) / 255 - mean) / std);
    },
    /** How many pieces a sentence has. @param {string} finding */
    pieces: (finding) => tokens(finding).ids.length,
    /**
     * Sentences as one batch, each padded to `length` pieces. Of the text memory's rows `kept` are given: those without
     * a word are all alike, so fewer stand for all of them, with a weight (`bias`).
     *
     * @param {string[]} findings @param {number} [length] @param {number} [kept] Both as few as possible by default
     */
    texts(findings, length = 0, kept = 0) {
      const batch = findings.map(tokens);
      const count = batch.length;
      const all = config.text_encoder.rows;
      length ||= Math.max(...batch.map(({ ids }) => ids.length));
      kept ||= Math.min(all, Math.max(...batch.map(({ used }) => used)) + 1);
      const ids = new Int32Array(count * length);
      const mask = new Float32Array(count * length).fill(MASKED);
      const gather = new Float32Array(count * kept * length);
      const bias = new Float32Array(count * (1 + kept));
      batch.forEach((text, index) => {
        text.ids.forEach((id, position) => {
          ids[index * length + position] = id;
          mask[index * length + position] = 0;
          gather[(index * kept + text.rows[position]) * length + position] = 1;
        });
        const extra = Math.log((all - text.used) / (kept - text.used));
        bias.fill(extra, index * (1 + kept) + 1 + text.used, (index + 1) * (1 + kept));
      });
      return { count, length, kept, ids, mask, gather, bias };
    },
  };
}

/** Tensors of one side, as the scoring graph names them. @template T @param {string} prefix @param {Record<string, T>} outputs */
export const prefixed = (prefix, outputs) =>
  Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`${prefix}.${name}`, value]));
