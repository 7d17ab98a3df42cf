/** The picture, the map over it, and the map's controls. */
import { byId, onChange, setOptions } from '../dom.js';
import { overlayKey } from '../state.js';

const TEXTS = {
  similarity: 'How well each patch agrees with the sentence, before the softmax. In published tests of the official model this localises better than the weights.',
  attention: 'How the model divided its attention among the patches for this sentence. The weights add up to one, so something always stands out.',
};

/** @param {import('../session.js').Session} session */
export function bindStage(session) {
  const [frame, pictureCanvas, unseen, mapCanvas, controls, toggle, kind, palette, opacity, legend, unseenKey, text] = [
    'frame', 'picture', 'unseen', 'map', 'controls', 'map-toggle', 'map-kind', 'palette', 'opacity', 'legend', 'unseen-key', 'map-text',
  ].map(byId);

  controls.addEventListener('submit', (event) => event.preventDefault());
  toggle.addEventListener('change', () => session.setMap({ on: toggle.checked }));
  kind.addEventListener('change', () => session.setMap({ kind: kind.value }));
  palette.addEventListener('change', () => session.setMap({ palette: palette.value }));
  opacity.addEventListener('input', () => session.setMap({ opacity: Number(opacity.value) }));

  const drawPicture = onChange((/** @type {ImageBitmap | undefined} */ bitmap) => {
    frame.hidden = !bitmap;
    if (!bitmap) return;
    const { width, height } = bitmap;
    Object.assign(pictureCanvas, { width, height });
    frame.style.setProperty('--ratio', String(width / height));
    pictureCanvas.getContext('bitmaprenderer').transferFromImageBitmap(bitmap);
  });

  /** Places the map on the view, in parts of the picture, and hatches what lies outside it. */
  const place = onChange((/** @type {import('../state.js').Picture['view']} */ view, width, height) => {
    const whole = view && view.x <= 0 && view.y <= 0 && view.x + view.width >= width && view.y + view.height >= height;
    unseen.hidden = unseenKey.hidden = !view || whole;
    if (!view) return;
    const x = (/** @type {number} */ value) => `${(100 * value) / width}%`;
    const y = (/** @type {number} */ value) => `${(100 * value) / height}%`;
    const [left, top, right, bottom] = [x(view.x), y(view.y), x(view.x + view.width), y(view.y + view.height)];
    for (const [name, value] of Object.entries({ left, top, width: x(view.width), height: y(view.height) })) mapCanvas.style.setProperty(name, value);
    const hole = `${left} ${top}, ${right} ${top}, ${right} ${bottom}, ${left} ${bottom}, ${left} ${top}`;
    unseen.style.setProperty('clip-path', `polygon(evenodd, 0 0, 100% 0, 100% 100%, 0 100%, 0 0, ${hole})`);
  });

  const drawMap = onChange((/** @type {import('../state.js').State['overlay']} */ overlay) => {
    if (!overlay) return;
    mapCanvas.width = mapCanvas.height = overlay.size;
    mapCanvas.getContext('2d').putImageData(new ImageData(overlay.rgba, overlay.size), 0, 0);
  });

  const drawLegend = onChange((/** @type {import('../state.js').State['ramp']} */ ramp) => {
    if (!ramp) return;
    legend.width = ramp.rgba.length / 4;
    legend.getContext('2d').putImageData(new ImageData(ramp.rgba, legend.width), 0, 0);
  });

  const drawPalettes = onChange((/** @type {string[]} */ names) => setOptions(palette, names.map((name) => ({ value: name, text: name }))));

  return (/** @type {import('../state.js').State} */ state) => {
    const { picture, map, overlay, selected } = state;
    drawPicture(picture?.bitmap);
    place(picture?.view ?? null, picture?.width, picture?.height);
    drawMap(overlay);
    drawLegend(state.ramp);
    drawPalettes(state.palettes);
    frame.toggleAttribute('data-working', state.work === 'encoding' && !picture?.redrawn);
    controls.hidden = !picture;
    toggle.checked = map.on;
    kind.value = map.kind;
    palette.value = map.palette;
    opacity.value = String(map.opacity);
    kind.disabled = palette.disabled = opacity.disabled = !map.on;
    mapCanvas.style.setProperty('opacity', String(map.opacity / 100));
    mapCanvas.hidden = !map.on || !overlay || overlay.key !== overlayKey(state);
    mapCanvas.setAttribute('aria-label', `Map of ${map.kind} for ${selected}`);
    text.textContent = TEXTS[map.kind];
  };
}
