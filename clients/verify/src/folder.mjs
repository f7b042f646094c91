/** An exported log as files, whoever reads them: a disk, or a folder dropped onto a page. */

import { equal } from "./bytes.mjs";
import { must } from "./fault.mjs";
import { MAX_FILE_BYTES, tilePath, WIDTH } from "./tiles.mjs";

/**
 * @typedef {object} Files
 * @property {(path: string, limit: number) => Promise<Uint8Array | null>} read null where there is no such file
 * @property {() => Promise<string[]>} list every path, with `/` between its parts
 */

const TILE = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** The files of a log of a known size. */
export class Folder {
  /** Widths of the partial files of each tile. @type {Map<string, number[]>} */
  #partials = new Map();
  /** @type {Set<string>} */
  #unread;

  /**
   * @param {Files} files
   * @param {string[]} paths
   */
  constructor(files, paths) {
    this.files = files;
    this.#unread = new Set(paths.filter((path) => path.startsWith("tile/")));
    for (const path of this.#unread) {
      const [, level, place, width] = TILE.exec(path) ?? [];
      if (width === undefined) continue;
      const whole = `tile/${level}/${place}`;
      this.#partials.set(whole, [...(this.#partials.get(whole) ?? []), Number(width)]);
    }
  }

  /**
   * A tile or bundle of this width; a file of another width beside it must begin alike.
   * @param {number | "entries"} level
   * @param {number} n
   * @param {number} width
   * @param {(bytes: Uint8Array, width: number) => Uint8Array} cut the part of a wider file that has this width
   * @returns {Promise<Uint8Array | null>}
   */
  async tile(level, n, width, cut) {
    const whole = tilePath(level, n, WIDTH);
    let bytes = await this.#read(tilePath(level, n, width));
    if (width < WIDTH && this.#unread.has(whole)) {
      const wider = cut((await this.#read(whole)) ?? new Uint8Array(0), width);
      bytes = same(bytes ?? wider, wider, whole);
    }
    for (const narrow of this.#partials.get(whole) ?? []) {
      if (narrow >= width || bytes === null) continue;
      const path = tilePath(level, n, narrow);
      same((await this.#read(path)) ?? new Uint8Array(0), cut(bytes, narrow), path);
    }
    return bytes;
  }

  /** Files under `tile/` that the checkpoint does not reach. @returns {string[]} */
  get uncovered() {
    return [...this.#unread].sort();
  }

  /**
   * @param {string} path
   * @returns {Promise<Uint8Array | null>}
   */
  #read(path) {
    this.#unread.delete(path);
    return this.files.read(path, MAX_FILE_BYTES);
  }
}

/**
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 * @param {string} path
 * @returns {Uint8Array}
 */
function same(one, other, path) {
  must(equal(one, other), `${path} does not fit the file of another width beside it`);
  return one;
}
