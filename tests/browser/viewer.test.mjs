/** The viewer's arithmetic, without a browser. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CONTOURS_MAX,
  STYLES,
  clearOf,
  contoursOf,
  farthest,
  levelOf,
  linesAt,
  pathOf,
  refine,
} from '../../www/core/viewport/contours.js';
import { paintMap } from '../../www/core/viewport/heatmap.js';
import { KEYS, keyAction } from '../../www/features/viewer/keys.js';
import { loupeCentre, loupeMatrix, MAGNIFICATION } from '../../www/features/viewer/loupe.js';
import { grab, isSlip, lengthInWords, lengthOf, linesWith, unitNote } from '../../www/core/viewport/measure.js';
import { PRESETS, Pixels, greyOf, halve, levelFor, windowBetween } from '../../www/core/viewport/pixels.js';
import { dragFactor, dragWindow, wheelFactor } from '../../www/core/viewport/gestures.js';
import {
  FITTED,
  apply,
  applyToBox,
  flipAcross,
  flipOver,
  inverse,
  matrixOf,
  panBy,
  partFromPoint,
  pinch,
  pointFromPart,
  scaleOf,
  turnRight,
  zoomAt,
} from '../../www/core/viewport/transform.js';
import { ALL, choiceInWords, mapOfWord, meanOf, patchAt, wordsAtPatch } from '../../www/core/explanation.js';
/** @import { Point } from '../../www/core/viewport/transform.js' */

const PLACE = { grid: { width: 300, height: 200, aspect: 1 }, viewport: { width: 640, height: 480 } };
const VIEW = { zoom: 2, x: 0.4, y: 0.6, turn: 1, mirror: true };
const EPSILON = 1e-9;

/** @param {Record<string, number>} one @param {Record<string, number>} two @param {string} [message] */
function near(one, two, message) {
  assert.deepEqual(Object.keys(one), Object.keys(two));
  for (const name of Object.keys(one))
    assert.ok(Math.abs(one[name] - two[name]) < EPSILON, `${message ?? ''} ${name}: ${one[name]} and ${two[name]}`);
}

/** All eight ways a picture can lie. */
const ways = [0, 1, 2, 3].flatMap((turn) => [false, true].map((mirror) => ({ ...VIEW, turn, mirror })));

describe('transform', () => {
  test('a fitted picture lies in the middle, whole and as large as can be, in every turn', () => {
    for (const turn of [0, 1, 2, 3]) {
      const box = applyToBox(matrixOf(PLACE, { ...FITTED, turn }), { x: 0, y: 0, ...PLACE.grid });
      assert.ok(box.x >= 0 && box.y >= 0);
      near({ x: 2 * box.x + box.width, y: 2 * box.y + box.height }, { x: 640, y: 480 }, 'centred');
      assert.ok(Math.min(box.x, box.y) < 10, 'one side fills the viewport');
      assert.equal(box.width > box.height, turn % 2 === 0);
    }
  });

  test('parts of the picture and points of the viewport go into each other', () => {
    for (const view of ways) {
      const part = { x: 0.13, y: 0.87 };
      near(partFromPoint(PLACE, view, pointFromPart(PLACE, view, part)), part);
      near(pointFromPart(PLACE, view, { x: view.x, y: view.y }), { x: 320, y: 240 }, 'the centre');
      const matrix = matrixOf(PLACE, view);
      near(apply(inverse(matrix), apply(matrix, { x: 7, y: 9 })), { x: 7, y: 9 });
    }
  });

  test('turns and flips act on what is on show, about the centre', () => {
    for (const view of ways) {
      const point = { x: 400, y: 300 }; // 80 to the right, 60 below the centre
      const part = partFromPoint(PLACE, { ...view, zoom: 1 }, point);
      const at = (/** @type {typeof view} */ next) =>
        pointFromPart(
          PLACE,
          {
            ...next,
            zoom:
              next.turn % 2 === view.turn % 2
                ? 1
                : scaleOf(PLACE, { ...view, zoom: 1 }) / scaleOf(PLACE, { ...next, zoom: 1 }),
          },
          part,
        );
      near(at(turnRight(view)), { x: 320 - 60, y: 240 + 80 }, 'right');
      near(at(flipAcross(view)), { x: 320 - 80, y: 300 }, 'across');
      near(at(flipOver(view)), { x: 400, y: 240 - 60 }, 'over');
    }
  });

  test('four turns, and two flips, change nothing', () => {
    for (const view of ways) {
      assert.deepEqual(turnRight(turnRight(turnRight(turnRight(view)))), view);
      assert.deepEqual(flipAcross(flipAcross(view)), view);
      assert.deepEqual(flipOver(flipOver(view)), view);
    }
  });

  test('a zoom keeps what is under the pointer, and has limits', () => {
    for (const view of ways) {
      const point = { x: 333, y: 250 };
      const before = partFromPoint(PLACE, view, point);
      near(partFromPoint(PLACE, zoomAt(PLACE, view, point, 1.7), point), before);
      assert.ok(zoomAt(PLACE, view, point, 1e-6).zoom >= 0.5);
      assert.ok(scaleOf(PLACE, zoomAt(PLACE, view, point, 1e6)) <= 16 + EPSILON);
    }
  });

  test('a pan moves by as much, and never loses the picture', () => {
    for (const view of ways) {
      const part = { x: 0.5, y: 0.5 };
      const before = pointFromPart(PLACE, view, part);
      near(pointFromPart(PLACE, panBy(PLACE, view, 12, -7), part), { x: before.x + 12, y: before.y - 7 });
      const far = panBy(PLACE, view, 1e5, -1e5);
      assert.ok([far.x, far.y].every((value) => value === 0 || value === 1));
    }
  });

  test('a pinch keeps what is under both fingers', () => {
    /** @type {[Point, Point]} */ const from = [
      { x: 300, y: 200 },
      { x: 360, y: 280 },
    ];
    /** @type {[Point, Point]} */ const to = [
      { x: 290, y: 210 },
      { x: 380, y: 330 },
    ]; // the same direction, longer
    for (const view of ways) {
      const next = pinch(PLACE, view, from, to);
      for (const i of [0, 1])
        near(partFromPoint(PLACE, next, to[i]), partFromPoint(PLACE, view, from[i]), `finger ${i}`);
    }
  });

  test('pixels that are taller than wide are drawn so', () => {
    const box = applyToBox(matrixOf({ ...PLACE, grid: { ...PLACE.grid, aspect: 2 } }, FITTED), {
      x: 10,
      y: 10,
      width: 10,
      height: 10,
    });
    near({ ratio: box.height / box.width }, { ratio: 2 });
  });
});

describe('pixels', () => {
  const eight = new Pixels({ values: Uint8Array.from({ length: 256 }, (_, i) => i), width: 16, height: 16 });

  test('8-bit values open as they are, and inverted are their complement', () => {
    assert.deepEqual(eight.window, { center: 128, width: 256 });
    assert.deepEqual(
      [...eight.lookup(eight.window, false)],
      Array.from({ length: 256 }, (_, i) => i),
    );
    assert.deepEqual(
      [...eight.lookup(eight.window, true)],
      Array.from({ length: 256 }, (_, i) => 255 - i),
    );
    assert.equal(eight.aspect, 1);
    assert.equal(eight.spacing, null);
  });

  test('a window is linear between its ends and flat beyond', () => {
    const window = windowBetween(100, 200);
    assert.equal(greyOf(100, window), 0);
    assert.equal(greyOf(150, window), 0.5);
    assert.equal(greyOf(200, window), 1);
    assert.equal(greyOf(0, window), 0);
    assert.equal(greyOf(255, window), 1);
  });

  test('full-depth values, also negative ones, keep their range, window and spacing', () => {
    const window = { center: 0, width: 1000 };
    const deep = new Pixels({
      values: Int16Array.from([-1024, -500, 0, 3071]),
      width: 2,
      height: 2,
      spacing: [0.2, 0.1],
      window,
    });
    assert.deepEqual(deep.range, { low: -1024, high: 3071 });
    assert.equal(deep.window, window);
    assert.equal(deep.aspect, 2);
    const greys = deep.lookup(window, false);
    assert.deepEqual(
      [-1024, -500, 0, 3071].map((value) => greys[value + 1024]),
      [0, 0, 128, 255],
    );
  });

  test('presets follow the picture, and borders do not count', () => {
    const values = Uint8Array.from({ length: 4000 }, (_, i) => (i < 2000 ? 0 : 50 + (i % 100)));
    const framed = new Pixels({ values, width: 100, height: 40 });
    const { center, width } = framed.preset('2');
    assert.ok(center - width / 2 >= 50 && center + width / 2 <= 151);
    assert.equal(framed.preset('1'), framed.window);
    assert.ok(framed.preset('3').center < framed.preset('4').center, 'lungs are darker than the mediastinum');
    const flat = new Pixels({ values: new Uint8Array(16), width: 4, height: 4 });
    for (const { key } of PRESETS) assert.ok(flat.preset(key).width >= 2, 'also of an empty picture');
  });

  test('a reduced picture is a mean, not a choice of pixels', () => {
    const stripes = { values: Int16Array.from({ length: 15 }, (_, i) => (i % 2 ? 100 : -100)), width: 5, height: 3 };
    const { values, width, height } = halve(stripes);
    assert.deepEqual([width, height], [3, 2]);
    assert.deepEqual([...values], [0, 0, 0, 0, 0, -100]);
    assert.deepEqual([2, 1, 0.6, 0.5, 0.26, 0.25, 1e-9].map(levelFor), [0, 0, 0, 1, 1, 2, 5]);
  });

  test('a window that makes no sense is moved into what does', () => {
    assert.deepEqual(eight.clamp({ center: -5000, width: -3 }), { center: -128, width: 2 });
    assert.deepEqual(eight.clamp({ center: 100, width: 50 }), { center: 100, width: 50 });
  });
});

describe('lengths', () => {
  const line = { from: { x: 0, y: 0 }, to: { x: 0.3, y: 0.4 } };

  test('are in pixels without a spacing, and in millimetres with one, rows and columns apart', () => {
    const grid = { width: 1000, height: 1000 };
    assert.equal(lengthInWords(lengthOf(line, grid, null)), '500 px');
    assert.equal(lengthInWords(lengthOf(line, grid, [0.15, 0.15])), '75.0 mm');
    assert.equal(lengthInWords(lengthOf(line, grid, [0.2, 0.1])), `${Math.hypot(30, 80).toFixed(1)} mm`);
    assert.match(unitNote(null), /pixels/);
    assert.match(unitNote([0.1, 0.1]), /mm.*not corrected/);
  });

  test('the nearest end is taken hold of, and the other stays', () => {
    const place = (/** @type {Point} */ { x, y }) => ({ x: x * 100, y: y * 100 });
    const other = { from: { x: 0.9, y: 0.9 }, to: { x: 0.05, y: 0 } };
    assert.deepEqual(grab([line, other], { x: 1, y: 1 }, place), { line, from: line.to });
    assert.deepEqual(grab([line, other], { x: 29, y: 41 }, place), { line, from: line.from });
    assert.equal(grab([line, other], { x: 60, y: 60 }, place), null);
    assert.ok(isSlip({ from: line.from, to: { x: 0.02, y: 0 } }, place));
    assert.ok(!isSlip(line, place));
    const moved = { from: line.from, to: { x: 1, y: 1 } };
    assert.deepEqual(linesWith([line, other], { ...moved, moves: line }, place), [other, moved]);
    assert.deepEqual(
      linesWith([line, other], { from: line.from, to: line.from, moves: line }, place),
      [line, other],
      'a slip changes nothing',
    );
  });
});

describe('loupe', () => {
  test('what is under it is in its middle, enlarged', () => {
    for (const view of ways) {
      const matrix = matrixOf(PLACE, view);
      const point = { x: 350, y: 260 };
      const loupe = loupeMatrix(matrix, point, 100, 2);
      const under = apply(inverse(matrix), point);
      near(apply(loupe, under), { x: 200, y: 200 });
      const aside = apply(inverse(matrix), { x: 360, y: 260 });
      near(apply(loupe, aside), { x: 200 + 10 * MAGNIFICATION * 2, y: 200 });
    }
  });

  test('it lies on the pointer, but beside a finger', () => {
    const viewport = { width: 360, height: 360 };
    assert.deepEqual(loupeCentre({ x: 10, y: 10 }, viewport, 75, false), { x: 10, y: 10 });
    for (const point of [
      { x: 180, y: 300 },
      { x: 20, y: 20 },
      { x: 340, y: 100 },
      { x: 100, y: 180 },
    ]) {
      const { x, y } = loupeCentre(point, viewport, 75, true);
      assert.ok(x >= 75 && x <= 285 && y >= 75 && y <= 285, 'whole');
      assert.ok(Math.hypot(x - point.x, y - point.y) > 75, 'the finger does not cover it');
    }
  });
});

describe('input', () => {
  test('wheel up and drag down zoom in; one turn of the wheel is bounded', () => {
    assert.ok(wheelFactor({ deltaY: -100, deltaMode: 0, ctrlKey: false }) > 1);
    assert.ok(wheelFactor({ deltaY: 3, deltaMode: 1, ctrlKey: false }) < 1);
    assert.ok(wheelFactor({ deltaY: -1e6, deltaMode: 0, ctrlKey: true }) < 4);
    assert.ok(dragFactor(10) > 1);
  });

  test('across widens the window, down raises its level, by the depth of the values', () => {
    const range = { low: 0, high: 1023 };
    assert.deepEqual(dragWindow({ center: 500, width: 400 }, range, 10, -5), { center: 490, width: 420 });
  });

  test('keys are left to where text is typed, to buttons and to the browser', () => {
    const element = (/** @type {string} */ tag, type = '') =>
      Object.assign(new EventTarget(), {
        type,
        closest: (/** @type {string} */ list) => (list.split(', ').includes(tag) ? { type } : null),
      });
    const press = (/** @type {string} */ key, target = element('div'), more = {}) =>
      keyAction({ key, target, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, ...more })?.action;
    assert.equal(press('i'), 'invert');
    assert.equal(press('R'), 'turn');
    assert.equal(press('3'), 'preset');
    assert.equal(press(' '), 'reset');
    assert.equal(press('i', element('textarea', 'textarea')), undefined);
    assert.equal(press('3', element('input', 'text')), undefined);
    assert.equal(press('h', element('select', 'select-one')), undefined);
    assert.equal(press('h', element('input', 'range')), 'across');
    assert.equal(press(' ', element('button', 'button')), undefined);
    assert.equal(press('r', element('div'), { ctrlKey: true }), undefined);
    assert.equal(new Set(KEYS.map(({ key }) => key)).size, KEYS.length, 'no key twice');
  });
});

describe('contours', () => {
  const SIDE = 14;
  /** @param {(x: number, y: number) => number} value At a patch's middle, from 0 to 1 each way */
  const mapOf = (value) =>
    Float32Array.from({ length: SIDE * SIDE }, (_, i) =>
      value(((i % SIDE) + 0.5) / SIDE, (Math.floor(i / SIDE) + 0.5) / SIDE),
    );
  const bump =
    (/** @type {number} */ x0, /** @type {number} */ y0, spread = 0.1) =>
    (/** @type {number} */ x, /** @type {number} */ y) =>
      Math.exp(-((x - x0) ** 2 + (y - y0) ** 2) / (2 * spread ** 2));
  const isClosed = (/** @type {Point[]} */ line) =>
    line.length > 3 && line[0].x === line.at(-1)?.x && line[0].y === line.at(-1)?.y;

  test('the level lies half-way between median and maximum, also of an even count', () => {
    assert.equal(levelOf([5, 1, 2]), 3.5);
    assert.equal(levelOf([1, 2, 4, 9]), 6);
  });

  test('a refined map keeps the values of the patches’ middles, and goes on to its edges', () => {
    const map = mapOf((x, y) => 3 * x - y);
    const { values, size } = refine(map, SIDE);
    const step = (size - 1) / SIDE;
    for (const [x, y] of [
      [0, 0],
      [5, 9],
      [13, 13],
    ])
      assert.ok(Math.abs(values[(y + 0.5) * step * size + (x + 0.5) * step] - map[y * SIDE + x]) < EPSILON);
    assert.equal(values[0], map[0]);
    assert.equal(values.at(-1), map.at(-1));
    assert.equal(
      refine([7], 1).values.every((value) => value === 7),
      true,
    );
  });

  test('a label gives way to others by whole lines, to the nearest that is free, and stays within', () => {
    const label = { x: 10, y: 20, width: 30, height: 10 };
    const at = (/** @type {number} */ y, x = 10) => ({ ...label, x, y });
    assert.deepEqual(clearOf([], label, 100), label);
    assert.deepEqual(clearOf([at(20, 40), at(30), at(10)], label, 100), label, 'what touches does not overlap');
    assert.deepEqual(clearOf([at(20)], label, 100), at(30));
    assert.deepEqual(clearOf([at(25)], label, 100), at(10), 'above, where below is taken too');
    assert.deepEqual(clearOf([at(20)], label, 35), at(10), 'nothing below');
    assert.deepEqual(clearOf([at(20), at(30), at(10)], label, 45), at(0));
    assert.deepEqual(clearOf([at(0), at(10), at(20), at(30)], label, 40), label, 'no room at all');
  });

  test('one bump has one closed line, a circle around it', () => {
    const lines = contoursOf(mapOf(bump(0.4, 0.6)), SIDE);
    assert.equal(lines.length, 1);
    assert.ok(isClosed(lines[0]));
    const radii = lines[0].map(({ x, y }) => Math.hypot(x - 0.4, y - 0.6));
    assert.ok(Math.max(...radii) < 0.14 && Math.min(...radii) > 0.1, `${Math.min(...radii)} to ${Math.max(...radii)}`); // 0.1 √(2 ln 2) = 0.118
    assert.ok(pathOf(lines).startsWith('M0.'));
  });

  test('two bumps have two lines; one at the edge stays open, and a flat map has none', () => {
    const [one, two] = [bump(0.25, 0.3, 0.07), bump(0.75, 0.7, 0.07)];
    assert.equal(
      contoursOf(
        mapOf((x, y) => one(x, y) + two(x, y)),
        SIDE,
      ).length,
      2,
    );
    const [edge] = contoursOf(mapOf(bump(0, 0.5)), SIDE);
    assert.ok(!isClosed(edge));
    assert.deepEqual([edge[0].x, edge.at(-1)?.x], [0, 0]);
    assert.deepEqual(
      contoursOf(
        mapOf(() => 0.3),
        SIDE,
      ),
      [],
    );
    assert.deepEqual(linesAt([0, 0, 0, 0], 2, 0), []);
  });

  test('each point of a line is used once, also at saddles', () => {
    for (const middle of [0.2, 0.8]) {
      // saddles: two opposite corners, apart and joined
      const lines = linesAt([1, 0, 1, 0, middle, 0, 1, 0, 1], 3, 0.5);
      const points = lines.flatMap((line) => (isClosed(line) ? line.slice(1) : line)).map(({ x, y }) => `${x} ${y}`);
      assert.equal(new Set(points).size, points.length);
    }
    assert.equal(linesAt([1, 0, 0, 1], 2, 0.4).length, 2, 'together: two lines between the low corners');
    assert.deepEqual(
      farthest(
        [
          { x: 0, y: 0 },
          { x: 3, y: 1 },
          { x: 1, y: 4 },
        ],
        Math.PI / 2,
      ),
      { x: 1, y: 4 },
    );
  });

  test('no two findings share a colour or dashes', () => {
    assert.equal(STYLES.length, CONTOURS_MAX);
    for (const name of /** @type {const} */ (['colour', 'dash']))
      assert.equal(new Set(STYLES.map((style) => style[name])).size, CONTOURS_MAX);
  });
});

describe('heat maps', () => {
  const ramp = Uint8ClampedArray.from({ length: 1024 }, (_, i) => (i % 4 === 0 ? i >> 2 : 7));
  const reds = (/** @type {number[]} */ map, /** @type {number} */ size) =>
    [...paintMap(Float32Array.from(map), ramp, size).rgba].filter((_, i) => i % 4 === 0);

  test('the highest patch has the last colour, and half of the patches the first', () => {
    const painted = paintMap(Float32Array.from([0, 0, 0, 0, 0, 2, 0, 0, 0]), ramp, 3);
    assert.equal(painted.size, 3);
    assert.deepEqual([...painted.rgba.subarray(20, 24)], [255, 7, 7, 7]);
    assert.deepEqual(reds([1, 2, 3, 4, 5, 6, 7, 8, 9], 3), [0, 0, 0, 0, 0, 64, 128, 191, 255]);
  });

  test('values between patches follow the spline of src/engine/heatmap.rs', () => {
    const map = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0, 0, 0, 2];
    assert.deepEqual(reds(map, 8).slice(32, 48), [0, 0, 0, 63, 196, 189, 43, 0, 0, 0, 0, 46, 189, 197, 71, 26]);
  });

  test('flat and broken maps stay in the first colour', () => {
    for (const map of [[0.5, 0.5, 0.5, 0.5], [NaN, NaN, NaN, NaN], []])
      assert.deepEqual(new Set(reds(map, 2)), new Set([0]), String(map));
  });
});

describe('explanations', () => {
  const explanation = {
    words: ['[CLS]', 'there', '[SEP]'],
    layers: 2,
    heads: 2,
    patches: Float32Array.from([1, 0, 0, 1, 0.5, 0.5, 0.25, 0.75]),
    attendedWords: new Float32Array(12),
    wordPatches: Float32Array.from([1, 2, 3, 4, 5, 6]),
  };

  test('a choice of layer and head is one map, no choice their mean', () => {
    const at = (/** @type {number} */ layer, /** @type {number} */ head) => [
      ...meanOf(explanation.patches, explanation, { layer, head }),
    ];
    assert.deepEqual(at(1, 1), [0.25, 0.75]);
    assert.deepEqual(at(0, ALL), [0.5, 0.5]);
    assert.deepEqual(at(ALL, 0), [0.75, 0.25]);
    assert.deepEqual(at(ALL, ALL), [0.4375, 0.5625]);
    assert.equal(choiceInWords({ layer: 1, head: ALL }), 'layer 2, all heads');
  });

  test('words and patches by their places', () => {
    assert.deepEqual([...mapOfWord(explanation, 1)], [3, 4]);
    assert.deepEqual(wordsAtPatch(explanation, 1), [2, 4, 6]);
    const seen = { x: 100, y: 0, width: 200, height: 200 };
    const at = (/** @type {number} */ x, /** @type {number} */ y) =>
      patchAt({ x, y }, seen, { width: 400, height: 200 }, 2);
    assert.deepEqual([at(0.3, 0.1), at(0.6, 0.9), at(0.1, 0.5), at(0.9, 0.5), at(0.5, 1.2)], [0, 3, -1, -1, -1]);
  });
});
