/** The map over the picture, and its controls. Where the map lies is the viewer's. */
import { byId, onChange, setOptions } from '../../core/dom.js';
import { nameOf, t } from '../../core/i18n.js';
import { overlayKey, shownMap } from '../../core/state.js';

/** @param {import('../../session.js').Session} session */
export function bindStage(session) {
  const [layers, mapCanvas, controls, toggle, kind, palette, opacity, legend, text] = [
    'layers',
    'map',
    'controls',
    'map-toggle',
    'map-kind',
    'palette',
    'opacity',
    'legend',
    'map-text',
  ].map(byId);

  controls.addEventListener('submit', (event) => event.preventDefault());
  toggle.addEventListener('change', () => session.setMap({ on: toggle.checked }));
  kind.addEventListener('change', () => session.setMap({ kind: kind.value }));
  palette.addEventListener('change', () => session.setMap({ palette: palette.value }));
  opacity.addEventListener('input', () => session.setMap({ opacity: Number(opacity.value) }));

  const drawMap = onChange((/** @type {import('../../core/state.js').State['overlay']} */ overlay) => {
    if (!overlay) return;
    mapCanvas.width = mapCanvas.height = overlay.size;
    mapCanvas.getContext('2d').putImageData(new ImageData(overlay.rgba, overlay.size), 0, 0);
  });

  const drawLegend = onChange((/** @type {import('../../core/state.js').State['ramp']} */ ramp) => {
    if (!ramp) return;
    legend.width = ramp.rgba.length / 4;
    legend.getContext('2d').putImageData(new ImageData(ramp.rgba, legend.width), 0, 0);
  });

  const drawPalettes = onChange((/** @type {string[]} */ names) =>
    setOptions(
      palette,
      names.map((name) => ({ value: name, text: name })),
    ),
  );

  return (/** @type {import('../../core/state.js').State} */ state) => {
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
    mapCanvas.setAttribute(
      'aria-label',
      t('map.label', { kind: shown?.name ?? t(`map.${map.kind}`), finding: nameOf(selected) }),
    );
    text.textContent = shown?.text ?? t(`map.${map.kind}Text`);
  };
}
