/** The viewer on the page: what it shows changes, what the model is given does not. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { MICRO, OUTPUT, matchOf, violations } from './setup.mjs';
import { boxOf, builtPage, greysAt, reached, textOf, visit } from './visit.mjs';
/** @import { BrowserContext, BrowserContextOptions, Page } from 'playwright-core' */

const FILE = join(MICRO, 'img0.png'); // 500 × 613: neither square nor symmetric
const built = builtPage({ micro: true });
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

beforeEach(() => start());
afterEach(async () => {
  await context.close();
  assert.deepEqual(problems, []);
});

/** @param {BrowserContextOptions} [options] Of the browser's context */
async function start(options = {}) {
  await context?.close();
  ({ context, page, problems } = await visit(built.browser, options));
  await page.addInitScript(() => {
    // records what the worker is asked
    globalThis.asked = [];
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
      globalThis.asked.push(message);
      return Reflect.apply(post, this, [message, ...rest]);
    };
  });
  await page.goto(`${built.site.origin}/?model=models/micro`);
  await reach('ready');
}

const reach = (/** @type {string} */ state) => reached(page, state);
const open = async (file = FILE) => {
  await page.setInputFiles('[data-testid="file-input"]', file);
  await reach('done');
};
const openPhantom = async (name = 'effusion') => {
  await page.locator(`[data-phantom="${name}"]`).click();
  await reach('done');
};
const tool = (/** @type {string} */ name) => page.getByTestId('tools').getByRole('button', { name, exact: true });
const text = (/** @type {string} */ id) => textOf(page.getByTestId(id));
const scores = () => textOf(page.getByTestId('score-list'));

/** The greys of the picture on show, at fractions of its width and height. @param {[number, number][]} parts */
const greys = (
  parts = [
    [0.3, 0.4],
    [0.5, 0.5],
    [0.7, 0.8],
  ],
) => greysAt(page.getByTestId('picture'), parts);

/** The point of the picture, in fractions, that lies at a point of the page, as the browser laid it out. @param {{x: number, y: number}} point */
const under = (point) =>
  page.locator('#layers').evaluate((layers, { x, y }) => {
    const { left, top } = /** @type {HTMLElement} */ (layers.parentElement).getBoundingClientRect();
    const style = getComputedStyle(layers);
    const at = new DOMMatrix(style.transform).inverse().transformPoint({ x: x - left, y: y - top });
    return { x: at.x / parseFloat(style.width), y: at.y / parseFloat(style.height) };
  }, point);

/** The transform's four factors, without its scale. */
const orientation = () =>
  page.locator('#layers').evaluate((layers) => {
    const { a, b, c, d } = new DOMMatrix(getComputedStyle(layers).transform);
    return [a, b, c, d].map((value) => Math.sign(Math.round(1e6 * value)));
  });

/**
 * Asserts that values are near those of another object or list, which may have fewer.
 *
 * @param {Record<string, number> | number[]} one @param {Record<string, number> | number[]} two @param {number} within @param {string} [message]
 */
function near(one, two, within, message) {
  const values = new Map(Object.entries(one));
  for (const [name, wanted] of Object.entries(two)) {
    const value = values.get(name) ?? NaN;
    assert.ok(Math.abs(value - wanted) <= within, `${message ?? ''} ${name}: ${value} and ${wanted}`);
  }
}

/** @param {[number, number]} from @param {[number, number]} to @param {'left' | 'right' | 'middle'} [button] */
async function drag(from, to, button = 'left') {
  await page.mouse.move(...from);
  await page.mouse.down({ button });
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  await page.mouse.move(...to);
  await page.mouse.up({ button });
}

/** Where a point of the picture, given in fractions, lies on the page. @param {number} x @param {number} y @returns {Promise<[number, number]>} */
const spot = (x, y) =>
  page.locator('#layers').evaluate(
    (layers, part) => {
      const { left, top } = /** @type {HTMLElement} */ (layers.parentElement).getBoundingClientRect();
      const style = getComputedStyle(layers);
      const at = new DOMMatrix(style.transform).transformPoint({
        x: part.x * parseFloat(style.width),
        y: part.y * parseFloat(style.height),
      });
      return [left + at.x, top + at.y];
    },
    { x, y },
  );

/** Asserts that the map and the margin that the model did not see agree with the picture as when it opened. */
async function layersAgree() {
  const [picture, map] = await Promise.all([boxOf(page.locator('#layers')), boxOf(page.locator('#map'))]);
  const hole = await page.locator('#unseen').evaluate((unseen) => {
    const { left, top } = unseen.getBoundingClientRect();
    const corners = [...getComputedStyle(unseen).clipPath.matchAll(/(-?[\d.]+)px (-?[\d.]+)px/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    const side = (/** @type {number[][]} */ some) => {
      const [xs, ys] = [0, 1].map((axis) => some.map((corner) => corner[axis]));
      return {
        x: left + Math.min(...xs),
        y: top + Math.min(...ys),
        width: Math.max(...xs) - Math.min(...xs),
        height: Math.max(...ys) - Math.min(...ys),
      };
    };
    return { outer: side(corners.slice(0, -5)), inner: side(corners.slice(-5)) };
  });
  near(hole.inner, map, 0.6, 'the frame around what the model saw');
  near(hole.outer, picture, 0.6, 'the picture');
  return { picture, map };
}

test('a drag with the window tool changes the greys on show, not the scores, and asks nothing of the worker', async () => {
  await open();
  const [before, list, asked] = [await greys(), await scores(), await page.evaluate(() => globalThis.asked.length)];
  await drag([300, 350], [300, 450]);
  const darker = await greys();
  assert.ok(
    darker.every((grey, i) => grey <= before[i]) && darker.some((grey, i) => grey < before[i]),
    `${before} to ${darker}`,
  );
  assert.equal(await text('window-text'), 'W 256  L 178');
  await drag([300, 350], [200, 350]);
  assert.equal(await text('window-text'), 'W 206  L 178');
  for (const key of ['i', 'r', 'h', 'v', '+', '3']) await page.keyboard.press(key);
  assert.equal(await scores(), list);
  assert.equal(await page.evaluate(() => globalThis.asked.length), asked);
  await page.keyboard.press(' ');
  assert.deepEqual(await greys(), before);
  assert.equal(await page.locator('html').getAttribute('data-state'), 'done');
});

test('presets, sliders and inversion', async () => {
  await open();
  const before = await greys();
  for (const key of ['2', '3', '4', '5']) {
    await page.keyboard.press(key);
    assert.notDeepEqual(await greys(), before, `preset ${key}`);
  }
  await page.keyboard.press('1');
  assert.deepEqual(await greys(), before);
  await tool('Window presets').click();
  await page.getByTestId('windows').getByRole('button', { name: 'Lungs' }).click();
  assert.equal(await page.locator('[data-preset="3"]').getAttribute('aria-pressed'), 'true');
  await page.getByTestId('window-width').fill('64');
  assert.match(await text('window-text'), /^W 64 /);
  await page.keyboard.press('Escape');
  await page.getByTestId('windows').waitFor({ state: 'hidden' });
  await page.keyboard.press('1');
  await tool('Invert').click();
  assert.deepEqual(
    await greys(),
    before.map((grey) => 255 - grey),
  );
  assert.equal(await tool('Invert').getAttribute('aria-pressed'), 'true');
});

test('the wheel zooms to the pointer, right and middle drags zoom and pan, a double click fits', async () => {
  await open();
  const fitted = await boxOf(page.locator('#layers'));
  const point = { x: 330, y: 300 };
  const before = await under(point);
  await page.mouse.move(point.x, point.y);
  await page.mouse.wheel(0, -300);
  await page
    .locator('#layers')
    .waitForFunction((layers, width) => layers.getBoundingClientRect().width > width, fitted.width + 1);
  near(await under(point), before, 1e-3, 'wheel');
  await layersAgree();

  await drag([330, 300], [330, 400], 'right');
  near(await under(point), before, 1e-3, 'right drag');
  const wide = await boxOf(page.locator('#layers'));
  assert.ok(wide.width > fitted.width * 1.5);

  await drag([330, 300], [370, 320], 'middle');
  near(await boxOf(page.locator('#layers')), { x: wide.x + 40, y: wide.y + 20, width: wide.width }, 0.1, 'middle drag');
  await layersAgree();
  await tool('Pan').click();
  await drag([370, 320], [330, 300]);
  near(await boxOf(page.locator('#layers')), wide, 0.1, 'pan tool');
  const chosen = await under({ x: 400, y: 350 });
  await page.mouse.click(400, 350);
  const { x, y, width, height } = await boxOf(page.locator('#fit'));
  near(await under({ x: x + width / 2, y: y + height / 2 }), chosen, 1e-3, 'a click with the pan tool centres');
  await page.mouse.dblclick(400, 350);
  near(await boxOf(page.locator('#layers')), fitted, 0.1, 'double click');

  await page.getByRole('button', { name: 'Zoom in' }).click();
  near(await boxOf(page.locator('#layers')), { width: fitted.width * 1.25 }, 0.1, 'zoom in');
  await page.getByRole('button', { name: 'Zoom out' }).click();
  near(await boxOf(page.locator('#layers')), fitted, 0.1, 'zoom out');
});

test('rotation and flips act on what is on show, and every layer follows', async () => {
  await open();
  const { picture, map } = await layersAgree();
  assert.ok(map.height < 0.95 * picture.height, 'the model does not see all of this picture');
  assert.deepEqual(await orientation(), [1, 0, 0, 1]);
  const steps = /** @type {const} */ ([
    ['r', [0, 1, -1, 0]],
    ['h', [0, 1, 1, 0]],
    ['v', [0, -1, 1, 0]],
    ['r', [1, 0, 0, 1]],
  ]);
  for (const [key, wanted] of steps) {
    await page.keyboard.press(key);
    assert.deepEqual(await orientation(), wanted, key);
    await layersAgree();
  }
  near(await boxOf(page.locator('#map')), map, 0.1, 'back again');
  await tool('Flip left to right').click();
  assert.ok(await page.getByTestId('viewport').getByText('Mirrored', { exact: true }).isVisible());
  await tool('Reset').click();
  assert.ok(await page.getByTestId('viewport').getByText('Mirrored', { exact: true }).isHidden());
  near(await boxOf(page.locator('#map')), map, 0.1, 'reset');
});

test('true boxes, and a nodule put down by a click, follow every view', async () => {
  await openPhantom();
  await page.getByTestId('truth-toggle').check();
  const outlined = async () => {
    const [box, picture] = [await boxOf(page.locator('.truth-box')), await boxOf(page.locator('#layers'))];
    return {
      x: (box.x - picture.x) / picture.width,
      y: (box.y - picture.y) / picture.height,
      width: box.width / picture.width,
      height: box.height / picture.height,
    };
  };
  const first = await outlined();
  await page.locator('#fit').focus();
  await page.keyboard.press('h');
  near(await outlined(), { ...first, x: 1 - first.x - first.width }, 2e-3, 'mirrored');
  await page.keyboard.press('r');
  await page.keyboard.press('+');
  near(
    await outlined(),
    { x: 1 - first.y - first.height, y: 1 - first.x - first.width, width: first.height, height: first.width },
    2e-3,
    'turned',
  );

  await page.getByTestId('nodule-toggle').check();
  await reach('done');
  const { x, y } = await boxOf(page.locator('#fit'));
  const at = { x: x + 220, y: y + 260 };
  await page.mouse.click(at.x, at.y);
  const placed = async () => {
    const box = await boxOf(page.locator('#nodule-place'));
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  await page.locator('#nodule-place').waitForFunction(
    (place, [left, top]) => {
      const box = place.getBoundingClientRect();
      return Math.abs(box.x + box.width / 2 - left) < 1 && Math.abs(box.y + box.height / 2 - top) < 1;
    },
    [at.x, at.y],
  );
  await page.locator('#nodule-place').focus();
  await page.keyboard.press('ArrowRight');
  await page.locator('#nodule-place').waitForFunction((place, left) => {
    const box = place.getBoundingClientRect();
    return box.x + box.width / 2 > left + 5;
  }, at.x);
  near(await placed(), { y: at.y }, 1, 'arrow keys move it as the picture is turned now');
  await reach('done');
  assert.deepEqual(await orientation(), [0, -1, -1, 0], 'a redraw keeps the view');
});

test('lengths by drag, by clicks and by keys: in pixels, which the page says; they follow, move and go', async () => {
  await open();
  await page.keyboard.press('l');
  assert.match(await text('unit-note'), /pixels/);
  await drag(await spot(0.2, 0.3), await spot(0.6, 0.3));
  const chip = page.getByTestId('lengths').locator('li');
  assert.equal(await textOf(chip.first().locator('span')), `${0.4 * 500} px`);

  await page.keyboard.press('+');
  await page.keyboard.press('r');
  assert.equal(await textOf(chip.first().locator('span')), '200 px', 'a view changes no length');
  const line = await page
    .locator('#lines line:not(.halo)')
    .first()
    .evaluate((element) => ['x1', 'y1', 'x2', 'y2'].map((name) => Number(element.getAttribute(name))));
  const { x, y } = await boxOf(page.locator('#fit'));
  near(
    [...(await spot(0.2, 0.3)), ...(await spot(0.6, 0.3))],
    line.map((value, i) => value + (i % 2 ? y : x)),
    0.5,
    'the line follows',
  );

  await page.mouse.click(...(await spot(0.5, 0.5)));
  await page.mouse.move(...(await spot(0.5, 0.6)));
  await page.mouse.click(...(await spot(0.5, 0.7)));
  assert.equal(await textOf(chip.nth(1).locator('span')), `${Math.round(0.2 * 613)} px`);

  await drag(await spot(0.6, 0.3), await spot(0.4, 0.3)); // by its end
  assert.deepEqual((await chip.locator('span').allTextContents()).sort(), ['100 px', '123 px']);
  await chip.getByRole('button', { name: 'Remove the length of 123 px' }).click();
  assert.equal(await chip.count(), 1);

  await page.locator('#fit').focus();
  await page.keyboard.press('ArrowRight'); // the cursor appears
  await page.keyboard.press('Enter');
  for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  assert.equal(await chip.count(), 2);
  await page.keyboard.press('Delete');
  assert.equal(await chip.count(), 1);
  await page.keyboard.press(' ');
  assert.equal(await chip.count(), 1, 'a reset keeps lengths');
  await open(join(MICRO, 'img1.png'));
  assert.equal(await chip.count(), 0, 'another picture has none');
});

test('values of full depth keep their window, and a known spacing gives millimetres', async () => {
  built.site.edits.set(
    '/worker/worker.js',
    (body) => `
    const post = self.postMessage.bind(self);
    self.postMessage = (message, transfer) => {
      const { value } = message;
      if (value?.values) Object.assign(value, { values: Uint16Array.from(value.values, (grey) => 16 * grey), spacing: [0.25, 0.2], window: { center: 2048, width: 4096 } });
      post(message, transfer);
    };
    ${body}`,
  );
  try {
    await open();
    const eight = await greys();
    await start();
    await open();
    const deep = await greys();
    assert.ok(
      deep.every((grey, i) => Math.abs(grey - eight[i]) <= 1),
      `${deep} and ${eight}`,
    );
    assert.equal(await text('window-text'), 'W 4096  L 2048');
    await drag([300, 350], [300, 450]);
    assert.ok(
      Number(matchOf(await text('window-text'), /L (\d+)/)[1]) > 2048 + 300,
      'a drag goes by the depth of the values',
    );
    await page.keyboard.press('l');
    await drag(await spot(0.2, 0.3), await spot(0.6, 0.3));
    assert.equal(await textOf(page.getByTestId('lengths').locator('span')), `${(0.4 * 500 * 0.2).toFixed(1)} mm`);
    assert.match(await text('unit-note'), /mm.*not corrected/);
  } finally {
    built.site.edits.clear();
  }
});

test('a reduced picture is painted reduced, enlarged in full, and lies in the same place', async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  await open(join(MICRO, 'img1.png')); // 777 × 420
  const columns = () => page.getByTestId('picture').evaluate((/** @type {HTMLCanvasElement} */ { width }) => width);
  assert.equal(await columns(), 389);
  const { picture } = await layersAgree();
  const canvas = await boxOf(page.locator('#picture'));
  near(canvas, { x: picture.x, y: picture.y, width: (picture.width * 2 * 389) / 777 }, 0.1);
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  assert.equal(await columns(), 777);
  await layersAgree();
});

test('the loupe enlarges what is under the pointer, windowed and turned as on show', async () => {
  await open();
  await page.getByTestId('map-toggle').uncheck();
  await page.keyboard.press('r');
  await page.keyboard.press('i');
  await page.keyboard.press('m');
  await page.mouse.move(...(await spot(0.5, 0.5)));
  const loupe = page.getByTestId('loupe');
  await loupe.waitFor();
  const centre = async () => (await greysAt(loupe, [[0.5, 0.5]]))[0];
  const [wanted] = await greys([[0.5, 0.5]]);
  assert.ok(Math.abs((await centre()) - wanted) <= 12, `${await centre()} and ${wanted}`);
  const box = await boxOf(loupe);
  near(
    { x: box.x + box.width / 2, y: box.y + box.height / 2 },
    Object.fromEntries((await spot(0.5, 0.5)).map((value, i) => ['xy'[i], value])),
    1,
  );
  await page.mouse.move(20, 20);
  await loupe.waitFor({ state: 'hidden' });
  await page.locator('#fit').focus();
  await page.keyboard.press('ArrowDown');
  await loupe.waitFor();
});

test('keys: tools, the sheet, arrows; not where text is typed; and they can be switched off', async () => {
  await open();
  for (const [key, name] of [
    ['z', 'Zoom'],
    ['p', 'Pan'],
    ['l', 'Length'],
    ['m', 'Magnifier'],
    ['w', 'Window'],
  ]) {
    await page.keyboard.press(key);
    assert.equal(await tool(name).getAttribute('aria-pressed'), 'true');
    assert.equal(await page.getByTestId('tools').locator('[data-action="tool"][aria-pressed="true"]').count(), 1);
  }
  const before = await boxOf(page.locator('#layers'));
  await page.locator('#fit').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  near(await boxOf(page.locator('#layers')), { x: before.x - 40, y: before.y - 40 }, 0.1, 'arrows pan');
  await page.keyboard.press('=');
  near(await boxOf(page.locator('#layers')), before, 0.1, 'fit');

  await page.getByTestId('finding-input').pressSequentially('hi zr?');
  assert.equal(await page.getByTestId('finding-input').inputValue(), 'hi zr?');
  assert.deepEqual(await orientation(), [1, 0, 0, 1]);

  await tool('Window').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await tool('Pan').getAttribute('aria-pressed'), 'true', 'arrow keys go along the toolbar');

  await page.keyboard.press('?');
  await page.getByTestId('sheet').waitFor();
  assert.match(await text('sheet'), /always sees the original pixels/);
  await page.keyboard.press('h');
  assert.deepEqual(await orientation(), [1, 0, 0, 1], 'the sheet is modal');
  await page.getByTestId('keys-toggle').uncheck();
  await page.keyboard.press('Escape');
  await page.getByTestId('sheet').waitFor({ state: 'hidden' });
  await page.keyboard.press('h');
  assert.deepEqual(await orientation(), [1, 0, 0, 1], 'switched off');
  await page.reload();
  await reach('ready');
  assert.ok(!(await page.getByTestId('keys-toggle').isChecked()), 'and stay so');
});

test('another picture opens as it is; a change of the device keeps the display', async () => {
  await open();
  await page.keyboard.press('i');
  await page.keyboard.press('r');
  await page.getByTestId('device-label').click();
  await page.locator('input[name="device"][value="cpu"]').check();
  await reach('done');
  assert.deepEqual(await orientation(), [0, 1, -1, 0]);
  assert.equal(await tool('Invert').getAttribute('aria-pressed'), 'true');
  await open(join(MICRO, 'img1.png'));
  assert.deepEqual(await orientation(), [1, 0, 0, 1]);
  assert.equal(await tool('Invert').getAttribute('aria-pressed'), 'false');
});

test('touch: one finger uses the tool, two pinch and pan, and it fits a narrow phone', async () => {
  await start({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  await open();
  const client = await context.newCDPSession(page);
  const touch = (
    /** @type {'touchStart' | 'touchMove' | 'touchEnd'} */ type,
    /** @type {[number, number][]} */ points,
  ) => client.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });

  await page.getByTestId('viewport').scrollIntoViewIfNeeded();
  const { x, y } = await boxOf(page.locator('#fit'));
  const [one, two] = /** @type {[number, number][]} */ ([
    [x + 120, y + 150],
    [x + 200, y + 170],
  ]);
  const [wide, wider] = /** @type {[number, number][]} */ ([
    [x + 90, y + 140],
    [x + 250, y + 180],
  ]);
  const before = [await under({ x: one[0], y: one[1] }), await under({ x: two[0], y: two[1] })];
  await touch('touchStart', [one]);
  await touch('touchStart', [one, two]);
  await touch('touchMove', [
    [x + 105, y + 145],
    [x + 225, y + 175],
  ]);
  await touch('touchMove', [wide, wider]);
  await touch('touchEnd', []);
  near(await under({ x: wide[0], y: wide[1] }), before[0], 5e-3, 'first finger');
  near(await under({ x: wider[0], y: wider[1] }), before[1], 5e-3, 'second finger');
  assert.equal(await text('window-text'), 'W 256  L 128', 'a pinch is no window');
  await layersAgree();

  await touch('touchStart', [[x + 100, y + 100]]);
  await touch('touchMove', [[x + 100, y + 120]]);
  await touch('touchMove', [[x + 100, y + 160]]);
  await touch('touchEnd', []);
  assert.equal(await text('window-text'), 'W 256  L 158');

  await tool('Magnifier').click(); // a tap right after raw touches may be taken for half of a gesture
  await tool('Magnifier').and(page.locator('[aria-pressed="true"]')).waitFor();
  await page.getByTestId('viewport').scrollIntoViewIfNeeded();
  const fit = await boxOf(page.locator('#fit')); // a tap on a tool may have scrolled the page
  await page.touchscreen.tap(fit.x + 180, fit.y + 250);
  await page.getByTestId('loupe').waitFor();
  const box = await boxOf(page.getByTestId('loupe'));
  assert.ok(box.y + box.height < fit.y + 250, 'above the finger');

  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');
  for (const button of await page.getByTestId('tools').getByRole('button').all()) {
    const { width, height } = await boxOf(button);
    assert.ok(width >= 44 && height >= 44, `${await button.getAttribute('aria-label')}: ${width} × ${height}`);
  }
  await page.screenshot({ path: join(OUTPUT, 'viewer-360.png') });
});

test('where the viewer is low, its tools stand in two columns, and none is covered', async () => {
  await open();
  for (const [height, columns] of [
    [900, 1],
    [620, 2],
    [900, 1],
  ]) {
    await page.setViewportSize({ width: 1280, height });
    await page
      .locator('#tools')
      .waitForFunction(
        (tools, wanted) => getComputedStyle(tools).gridTemplateColumns.split(' ').length === wanted,
        columns,
      );
    for (const button of await page.getByTestId('tools').getByRole('button').all()) await button.click({ trial: true }); // a trial click waits until nothing covers the button
  }
});

test('axe-core finds nothing in the tools, the presets, lengths and the sheet', async () => {
  for (const [colorScheme, width, height] of /** @type {const} */ ([
    ['light', 1280, 800],
    ['dark', 360, 740],
  ])) {
    await start({ viewport: { width, height }, colorScheme, bypassCSP: true });
    const audit = async (/** @type {string} */ state) => {
      const found = await violations(page);
      assert.deepEqual(found, [], `${state}, ${colorScheme}, ${width} px`);
    };
    await openPhantom();
    await page.getByTestId('viewport').scrollIntoViewIfNeeded();
    await page.keyboard.press('h');
    await page.keyboard.press('l');
    await drag(await spot(0.3, 0.3), await spot(0.6, 0.5));
    await audit('length');
    await page.screenshot({ path: join(OUTPUT, `viewer-${width}-length.png`) });
    await tool('Window presets').click();
    await page.getByTestId('windows').waitFor();
    await audit('presets');
    await page.screenshot({ path: join(OUTPUT, `viewer-${width}-presets.png`) });
    await page.keyboard.press('Escape');
    await tool('Keys and gestures').click();
    await page.getByTestId('sheet').waitFor();
    await audit('sheet');
    await page.screenshot({ path: join(OUTPUT, `viewer-${width}-sheet.png`) });
  }
});
