/** The map over the picture, and its controls. Where the map lies is the viewer's. */
import { byId, onChange, setOptions } from '../dom.js';
import { overlayKey, shownMap } from '../state.js';

const TEXTS = {
  similarity: 'How well each patch agrees with the sentence, before the softmax. In published tests of the official model this localises better than the weights.',
  attention: 'How the model divided its attention among the patches for this sentence. The weights add up to one, so something always stands out.',
};

/** Of a map that is not the finding's. @param {ReturnType<typeof shownMap>} shown */
function textOf(shown) {
  if (shown?.part === 'word') return `${shown.name[0].toUpperCase()}${shown.name.slice(1).replace(', not part', '; not part')}.`;
  if (shown?.part === 'choice') return `How ${shown.id} divided their attention among the patches for this sentence. The finding’s own map is the mean over all layers and heads.`;
  return undefined;
}

/** @param {import('../session.js').Session} session */
export function bindStage(session) {
  const [layers, mapCanvas, controls, toggle, kind, palette, opacity, legend, text] = [
    'layers', 'map', 'controls', 'map-toggle', 'map-kind', 'palette', 'opacity', 'legend', 'map-text',
  ].map(byId);

  controls.addEventListener('submit', (event) => event.preventDefault());
  toggle.addEventListener('change', () => session.setMap({ on: toggle.checked }));
  kind.addEventListener('change', () => session.setMap({ kind: kind.value }));
  palette.addEventListener('change', () => session.setMap({ palette: palette.value }));
  opacity.addEventListener('input', () => session.setMap({ opacity: Number(opacity.value) }));

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
    drawMap(overlay);
    drawLegend(state.ramp);
    drawPalettes(state.palettes);
    layers.toggleAttribute('data-working', state.work === 'encoding' && !picture?.redrawn);
    controls.hidden = !picture;
    toggle.checked = map.on;
    kind.value = map.kind;
    palette.value = map.palette;
    opacity.value = String(map.opacity);
    palette.disabled = opacity.disabled = !map.on;
    const shown = shownMap(state);
    kind.disabled = !map.on || shown?.part === 'choice';
    if (shown?.part === 'choice') kind.value = 'attention';
    mapCanvas.style.setProperty('opacity', String(map.opacity / 100));
    mapCanvas.hidden = !map.on || !overlay || overlay.key !== overlayKey(state);
    mapCanvas.setAttribute('aria-label', shown?.part === 'word' ? `Map of ${shown.name}` : `Map of ${shown?.name} for ${selected}`);
    text.textContent = textOf(shown) ?? TEXTS[map.kind];
  };
}
