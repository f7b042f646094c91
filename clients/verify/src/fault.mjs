/** What is wrong, and at which entry: every check ends in this or in silence. */

/** Something that does not hold. */
export class Fault extends Error {
  /**
   * @param {string} reason one plain sentence
   * @param {number} [index] the entry it was found at, where there is one
   */
  constructor(reason, index) {
    super(reason);
    this.name = "Fault";
    /** @type {number | undefined} */
    this.index = index;
  }
}

/**
 * Ends the check unless the condition holds.
 * @param {unknown} condition
 * @param {string} reason
 * @param {number} [index]
 * @returns {asserts condition}
 */
export function must(condition, reason, index) {
  if (!condition) throw new Fault(reason, index);
}
