/** The viewport: every layer by one matrix, pointers and arrow keys. It changes what is shown, never what the model is given. */
import { byId } from '../../core/dom.js';
import { percent } from '../../core/i18n.js';
import { hasPicture, matrixOfState, placeOf, seenBox } from '../../core/derived.js';
import { bindViewport } from '../../core/viewport/input.js';
import { Layers, setStyles } from '../../core/viewport/layers.js';
import { MAGNIFICATION, loupeCentre, loupeMatrix, paintLoupe } from './loupe.js';
import { scaleOf } from '../../core/viewport/transform.js';
import { Viewer } from '../../core/viewport/viewer.js';

/** @param {import('../../session.js').Session} session */
export function bindViewer(session) {
  const viewport = byId('fit');
  const frame = byId('frame');
  const layers = byId('layers');
  const pictureCanvas = byId('picture', HTMLCanvasElement);
  const mapCanvas = byId('map', HTMLCanvasElement);
  const unseen = byId('unseen');
  const unseenKey = byId('unseen-key');
  const loupe = byId('loupe', HTMLCanvasElement);
  const mirrored = byId('mirrored');
  const zoomText = byId('zoom-text');
  const viewer = new Viewer(session.display);

  bindViewport(viewport, viewer, (size) => session.display.setViewport(size));

  const view = new Layers({ layers, picture: pictureCanvas, map: mapCanvas, unseen });

  /** @param {import('../../core/state.js').Viewed} state */
  function drawLoupe(state) {
    const {
      tool,
      display: { cursor },
      picture,
      map,
    } = state;
    loupe.hidden = tool !== 'loupe' || !cursor;
    if (!cursor || loupe.hidden) return;
    const radius = loupe.clientWidth / 2;
    const side = Math.round(2 * radius * devicePixelRatio);
    if (loupe.width !== side) loupe.width = loupe.height = side;
    const at = viewer.point(cursor);
    const { x, y } = loupeCentre(at, state.viewport, radius, cursor.by === 'finger');
    setStyles(loupe, { left: `${x}px`, top: `${y}px` });
    const images = [{ image: pictureCanvas, box: { x: 0, y: 0, ...view.covered }, alpha: 1 }];
    const seen = seenBox(picture);
    if (!mapCanvas.hidden && seen) images.push({ image: mapCanvas, box: seen, alpha: map.opacity / 100 });
    paintLoupe(loupe, loupeMatrix(matrixOfState(state), at, radius, devicePixelRatio), images);
  }

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const {
      picture,
      tool,
      display: {
        view: { mirror },
      },
    } = state;
    frame.hidden = !picture;
    viewport.tabIndex = picture ? 0 : -1;
    viewport.dataset.tool = tool;
    if (!hasPicture(state)) return;
    view.draw(state, tool === 'loupe' ? MAGNIFICATION : 1);
    zoomText.textContent = percent(scaleOf(placeOf(state), state.display.view) * devicePixelRatio);
    mirrored.hidden = !mirror;
    unseenKey.hidden = unseen.hidden;
    drawLoupe(state);
  };
}
