/** The actions of a conversion: a checkpoint is completed by its tokenizer, a worker of its own makes a model folder of it, and that is used. */
import { Actions } from '../../core/actions.js';
import { OFFICIAL, checkpointAmong, nameOf } from '../../core/conversion.js';
import { codedFrom } from '../../core/errors.js';
import { WorkerClient } from '../../worker/client.js';

/**
 * @typedef {import('../../core/conversion.js').Conversion} Conversion
 * @typedef {import('../../worker/converter.js').Jobs} Jobs
 */

export class ConversionActions extends Actions {
  /** @type {WorkerClient<Jobs> | null} */ #client = null;

  /** @param {Partial<Conversion>} change */
  change(change) {
    const { conversion } = this.state;
    if (conversion) this.update({ conversion: { ...conversion, ...change } });
  }

  /** Takes a checkpoint, or a tokenizer for the one that is there, from among files, unless a conversion runs. Returns whether there was one. @param {import('../../core/files.js').Named[]} files */
  take(files) {
    const { conversion } = this.state;
    const { checkpoint, tokenizer } = checkpointAmong(files);
    if (!checkpoint && !(conversion && tokenizer)) return false;
    if (conversion?.running) return true; // it has to end or be cancelled first
    const file = checkpoint ?? conversion?.file;
    const known = { tokenizer: null, heads: OFFICIAL, ...conversion };
    if (file)
      this.update({
        conversion: {
          ...known,
          file,
          tokenizer: tokenizer ?? known.tokenizer,
          running: false,
          progress: undefined,
          error: '',
        },
        notice: null,
      });
    return true;
  }

  /** Converts the checkpoint. A failure is told, and changes nothing else. */
  async convert() {
    const { conversion } = this.state;
    if (!conversion?.tokenizer || conversion.running) return;
    const { file, tokenizer, heads } = conversion;
    /** @type {WorkerClient<Jobs>} */ const client = new WorkerClient('./converter.js');
    this.#client = client;
    this.change({ running: true, progress: undefined, error: '' });
    try {
      const files = await client.call('convert', { file, tokenizer, heads }, (progress) => this.change({ progress }));
      this.cancel();
      await this.session.model.choose({ kind: 'disk', name: nameOf(file), files, where: 'page' });
    } catch (error) {
      if (client !== this.#client) return; // cancelled, or the model is in use already
      this.#end();
      const known = codedFrom(error);
      const cause = known.cause instanceof Error ? codedFrom(known.cause) : known; // why the worker ended
      this.change({ running: false, error: { key: 'convert.failed', values: { message: cause.message } } });
    }
  }

  #end() {
    this.#client?.stop();
    this.#client = null;
  }

  /** Cancels the conversion, and drops what was done of it. */
  cancel() {
    this.#end();
    this.update({ conversion: null });
  }
}
